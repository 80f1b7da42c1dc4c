"""The HTTP server behind `firewall serve`; it says on standard output when requests are answered."""

from __future__ import annotations

import socket
import sys
import time

import uvicorn

from firewall.api.app import create_app
from firewall.settings import Settings
from firewall.telemetry import configure_logging

_CURL = """try it:
  curl -s http://{place}/inspect -H 'content-type: application/json' -d '{{
    "direction": "outbound", "tool": {{"server": "demo", "name": "fetch"}},
    "result": "Patient: Maria Gonzalez, DOB 04/12/1961, SSN 219-09-9999"}}'"""


class _Server(uvicorn.Server):
    """Prints the ready line with the port that was taken, and how long the start took (seconds)."""

    def __init__(self, config: uvicorn.Config, began: float) -> None:
        super().__init__(config)
        self.began = began

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and say so."""
        await super().startup(sockets)
        if self.should_exit:
            return
        host, port = self.servers[0].sockets[0].getsockname()[:2]
        place = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        print(f"ready: http://{place} (contract at /openapi.json), in {time.perf_counter() - self.began:.1f} s")
        print(_CURL.format(place=place))
        sys.stdout.flush()


def run(settings: Settings, began: float) -> bool:
    """Serve until told to stop. Returns whether the service ever started; `began` is a reading of perf_counter."""
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
    server = _Server(config, began)
    server.run()
    return server.started
