"""`firewall bench`: the measurements of benchmarks/, from a checkout."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

from firewall.errors import ConfigurationError

app = typer.Typer(help="Measure latency and accuracy (in a checkout).", no_args_is_help=True)


def _run(module: str, *arguments: str) -> None:
    if not Path("benchmarks", f"{module}.py").is_file():
        raise ConfigurationError("benchmarks/ is not here: run this in the folder of a checkout")
    done = subprocess.run([sys.executable, "-m", f"benchmarks.{module}", *arguments], check=False)  # noqa: S603 - our own
    raise typer.Exit(done.returncode)


@app.command()
def latency(quick: Annotated[bool, typer.Option("--quick", help="Concurrency 1 only.")] = False) -> None:
    """Measure latency and throughput through HTTP, beside a bare session, a DeBERTa shape and stock Presidio.

    Example:

        firewall bench latency --quick
    """
    _run("latency", *(["--quick"] if quick else []))


@app.command()
def accuracy(
    data: Annotated[Path, typer.Argument(help="JSON lines: text and label, or text and entities; plain or .gz.")],
    policy: Annotated[str | None, typer.Option(help="A policy's id.")] = None,
    name: Annotated[str | None, typer.Option(help="Name of the result.")] = None,
    rules_only: Annotated[
        bool, typer.Option("--rules-only", help="Past rules and structure alone, without a model.")
    ] = False,
) -> None:
    """Measure accuracy on a labelled set, through the real road.

    Example:

        firewall bench accuracy attacks.jsonl --policy default
    """
    chosen = [*(["--policy", policy] if policy else []), *(["--name", name] if name else [])]
    _run("accuracy", str(data), *chosen, *(["--rules-only"] if rules_only else []))


@app.command()
def evasion(
    data: Annotated[
        Path | None,
        typer.Option(help="JSON lines with text, label and perhaps passage; plain or .gz. Default: our own."),
    ] = None,
    limit: Annotated[int | None, typer.Option(help="Draw at most so many rows.", min=1)] = None,
    seed: Annotated[int, typer.Option(help="Of the disguises, and of what is drawn.")] = 0,
    policy: Annotated[str, typer.Option(help="A policy's id.")] = "default",
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")] = False,
) -> None:
    """Put a labelled set into twenty disguises and measure what is still detected, and what is flagged wrongly.

    Example:

        firewall bench evasion --data attacks.jsonl --limit 200
    """
    _run(
        "evasion",
        *(["--data", str(data)] if data else []),
        *(["--limit", str(limit)] if limit else []),
        *("--seed", str(seed), "--policy", policy),
        *(["--json"] if as_json else []),
    )


@app.command()
def injection(
    cases: Annotated[Path | None, typer.Option(help="Folder of JSON lines: text, label, kind, lang, passage.")] = None,
) -> None:
    """Measure what is flagged among attacks and clean texts by kind, language and length, and how well it is cut out.

    Example:

        firewall bench injection
    """
    _run("injection", *(["--cases", str(cases)] if cases else []))


@app.command()
def verdicts(
    models: Annotated[Path | None, typer.Option(help="Folder of the models; default models/.")] = None,
) -> None:
    """Measure what the verdict cache costs and saves on streams of tool results, in process and in Redis.

    Example:

        firewall bench verdicts
    """
    _run("verdicts", *(["--models", str(models)] if models else []))


@app.command()
def report() -> None:
    """Write the README's tables from benchmarks/results.

    Example:

        firewall bench report
    """
    _run("report")
