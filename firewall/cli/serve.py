"""`firewall serve`: the service on one port, ready when it says so."""

from __future__ import annotations

import socket
import sys
import time
from pathlib import Path
from typing import Annotated

import typer
import uvicorn

from firewall.api.app import create_app
from firewall.settings import Settings, load
from firewall.telemetry import configure_logging

_CURL = """try it:
  curl -s http://{place}/inspect -H 'content-type: application/json' -d '{{
    "direction": "outbound", "tool": {{"server": "demo", "name": "fetch"}},
    "result": "Patient: Maria Gonzalez, DOB 04/12/1961, SSN 219-09-9999"}}'"""


class _Server(uvicorn.Server):
    """Says on standard output when requests are answered."""

    began = time.perf_counter()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and print the ready line with the port that was taken."""
        await super().startup(sockets)
        if self.should_exit:
            return
        host, port = self.servers[0].sockets[0].getsockname()[:2]
        place = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        print(f"ready: http://{place} (docs at /docs), in {time.perf_counter() - self.began:.1f} s")
        print(_CURL.format(place=place))
        sys.stdout.flush()


def command(
    host: Annotated[str | None, typer.Option(help="Address to listen on. [FIREWALL_HOST]")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on; 0 takes a free one. [FIREWALL_PORT]")] = None,
    rules_dir: Annotated[Path | None, typer.Option(help="Folder of rules. [FIREWALL_RULES_DIR]")] = None,
    models_dir: Annotated[Path | None, typer.Option(help="Folder of models. [FIREWALL_MODELS_DIR]")] = None,
    audit_database: Annotated[Path | None, typer.Option(help="Audit trail. [FIREWALL_AUDIT_DATABASE]")] = None,
) -> None:
    """Serve POST /inspect and /inspect/batch.

    Everything is checked first: rules, policies, registry, every byte of the models, the audit chain. The service that
    starts is right. Callers are not authenticated yet, so it listens on loopback unless FIREWALL_ALLOW_OPEN_NETWORK is
    set. All FIREWALL_* settings are in the README.

    Examples:

        firewall serve

        FIREWALL_THREADS=2 firewall serve --port 9000
    """
    settings = load(host=host, port=port, rules_dir=rules_dir, models_dir=models_dir, audit_database=audit_database)
    run(settings)


def run(settings: Settings) -> None:
    """Run the service until it is told to stop; exit code 2 when it could not start."""
    configure_logging(settings.log_level)
    config = uvicorn.Config(
        create_app(settings),
        host=settings.host,
        port=settings.port,
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=10,
        h11_max_incomplete_event_size=65_536,
    )
    server = _Server(config)
    server.run()
    if not server.started:
        raise typer.Exit(2)
