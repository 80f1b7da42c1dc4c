"""`firewall models compare`: two injection classifiers on the same labelled texts."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from firewall.cli import checkout
from firewall.cli.output import console, line, progress
from firewall.errors import ConfigurationError
from firewall.settings import Settings, load

if TYPE_CHECKING:
    from firewall.inference.model import Model

_NAMES = ("A", "B")


def command(
    a: Annotated[Path, typer.Argument(metavar="A", help="Model folder, for example the one in use.")],
    b: Annotated[Path, typer.Argument(metavar="B", help="Model folder, for example the tuned one.")],
    data: Annotated[Path, typer.Option(help="Labelled texts: JSON Lines, plain or .gz.")],
    policy: Annotated[
        str | None, typer.Option(help="Policy whose thresholds are tried, by id; by default `default`.")
    ] = None,
    png: Annotated[Path | None, typer.Option(help="Also draw ROC, scores and disagreements to this file.")] = None,
    rules_dir: Annotated[Path | None, typer.Option(help="Folder of rules and policies. [FIREWALL_RULES_DIR]")] = None,
    seed: Annotated[int, typer.Option(help="Seed of the intervals.")] = 17,
    as_json: Annotated[bool, typer.Option("--json", help="Write JSON, with the scores of every row.")] = False,
) -> None:
    """Compare two injection classifiers on labelled texts: figures with intervals, cost, and where they differ.

    Rows are {"text": ..., "label": 0 or 1, "surface": ...}; models/README.md describes them. Each text goes through
    the detector that the service runs. Rows are named by their line; no text is printed, drawn or written.

    Examples:

        firewall models compare models/injection var/injection-tuned --data held-out.jsonl

        firewall models compare models/injection ../other-model --data traffic.jsonl.gz --png compare.png --json

    Exit code 0: compared, whoever is better. 2: a file or folder cannot be used.
    """
    from firewall.check import comparison, labelled
    from firewall.cli.compared import show, to_json

    settings = load(rules_dir=rules_dir)
    if png is not None:
        if not png.parent.is_dir():
            raise ConfigurationError(f"--png: there is no folder {png.parent}")
        checkout.require_module("matplotlib", "--png draws with matplotlib", "matplotlib")
        root = checkout.root(settings, "benchmarks/comparison_plot.py", "--png")
    file = labelled.read(data)
    wanted = _policy_thresholds(settings, policy)
    models = (_model(a, settings), _model(b, settings))
    paces = comparison.pace(models, [row.text for row in file.rows])
    judged = []
    with progress(in_bytes=False) as bar:
        for name, model, pace in zip(_NAMES, models, paces, strict=True):
            advance = partial(bar.advance, bar.add_task(f"scoring with {name}", total=len(file.rows)))
            judged.append(comparison.judged(model, comparison.judge(model, file.rows, advance), pace))
    found = comparison.compare(file.rows, (judged[0], judged[1]), wanted, seed=seed)
    told_json = to_json(found)
    if as_json:
        typer.echo(json.dumps({"data": {"file": file.name, "sha256": file.sha256}, **told_json}, indent=1))
    else:
        show(found, file.name)
    if png is not None:
        checkout.run(root, "benchmarks.comparison_plot", str(png.resolve()), given=json.dumps(told_json))
        if not as_json:
            console().print(Text(f"drawn: {line(str(png))}"))


def _model(folder: Path, settings: Settings) -> Model:
    from firewall.inference.manifest import Task
    from firewall.inference.model import Model

    model = Model.load(
        folder,
        threads=settings.threads,
        provider=settings.provider,
        allow_unsigned=settings.allow_unsigned_models,
        screen=settings.screen,
    )
    if model.manifest.task is not Task.SEQUENCE:
        raise ConfigurationError(f"model {folder.name}: classifies tokens; injection classifiers are compared here")
    return model


def _policy_thresholds(settings: Settings, wanted: str | None) -> dict[str, float]:
    """Return the thresholds of a policy; without a policies folder there are none, unless one was asked for by name."""
    from firewall.check.comparison import policy_thresholds
    from firewall.policy import policy as policies

    if wanted is None and not (settings.rules_dir / "policies").is_dir():
        return {}
    found = policies.load(settings.rules_dir).policies.get(wanted or "default")
    if found is None:
        raise ConfigurationError(f"there is no policy with the id {line(wanted or 'default')}")
    return policy_thresholds(found)
