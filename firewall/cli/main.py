"""The `firewall` command."""

from __future__ import annotations

import sys

import typer

from firewall import __version__
from firewall.cli import audit, bench, explain, inspect, models, policy, rules, scrub, serve, tools
from firewall.errors import FirewallError

app = typer.Typer(
    name="firewall",
    help="A firewall between LLM agents and regulated systems.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command("serve")(serve.command)
app.command("inspect")(inspect.command)
app.command("explain")(explain.command)
app.command("scrub")(scrub.command)
app.add_typer(tools.app, name="tools")
app.add_typer(rules.app, name="rules")
app.add_typer(policy.app, name="policy")
app.add_typer(audit.app, name="audit")
app.add_typer(models.app, name="models")
app.add_typer(bench.app, name="bench")


@app.command()
def version() -> None:
    """Print the version."""
    typer.echo(__version__)


def main() -> None:
    """Run the command; one clear sentence and exit code 2 for anything that is wrongly configured."""
    try:
        app()
    except FirewallError as error:
        print(f"firewall: {error.detail}", file=sys.stderr)
        sys.exit(2)


if __name__ == "__main__":
    main()
