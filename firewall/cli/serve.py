"""`firewall serve`: the service on one port, ready when it says so."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer


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
    began = time.perf_counter()
    from firewall.cli.server import run  # heavy: `firewall audit tail` does not wait for it
    from firewall.settings import load

    settings = load(host=host, port=port, rules_dir=rules_dir, models_dir=models_dir, audit_database=audit_database)
    if not run(settings, began):
        raise typer.Exit(2)
