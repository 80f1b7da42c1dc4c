"""`firewall models train-injection`: tune the injection classifier on own labelled texts."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from firewall.check import labelled
from firewall.cli import checkout
from firewall.errors import ConfigurationError
from firewall.inference import manifest
from firewall.settings import load

_RECIPE, _SHARED = "models/injection/tune.py", "models/training/thaw.py"  # images hold the first without the second
_EXTRA = "-e '.[train]' (in a checkout of the repository)"
_MOST_THREADS = 8


def command(
    data: Annotated[Path, typer.Option(help="Labelled texts: JSON Lines, plain or .gz.")],
    out: Annotated[Path, typer.Option(help="Model folder to write.")] = Path("var/injection-tuned"),
    base: Annotated[
        Path | None, typer.Option(help="Model folder to start from; by default the one that the service loads.")
    ] = None,
    epochs: Annotated[int, typer.Option(min=1, max=50, help="Passes over the texts.")] = 3,
    minutes: Annotated[
        float,
        typer.Option(
            min=0.1,
            help="About the most minutes of training, estimated at its start; fewer batches are taken if need be.",
        ),
    ] = 30.0,
    fpr: Annotated[
        float, typer.Option(min=0.0001, max=0.2, help="Share of harmless texts that thresholds may flag.")
    ] = 0.005,
    held_out: Annotated[
        float,
        typer.Option(
            min=0.1, max=0.6, help="Share of the texts kept from training: half for thresholds, half to test."
        ),
    ] = 0.3,
    replay: Annotated[
        float,
        typer.Option(min=0.0, max=0.9, help="Share of windows from the texts that the shipped model was taught with."),
    ] = 0.5,
    rate: Annotated[float, typer.Option(min=1e-6, max=1e-3, help="Learning rate.")] = 5e-5,
    seed: Annotated[int, typer.Option(min=0, help="Seed of split, order and replay.")] = 17,
    threads: Annotated[int, typer.Option(min=0, help="Threads; 0 takes every core, at most eight.")] = 0,
    runs: Annotated[Path, typer.Option(help="Folder of checkpoints; the same command goes on from there.")] = Path(
        ".runs"
    ),
    no_resume: Annotated[bool, typer.Option("--no-resume", help="Start anew even if there is a checkpoint.")] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a model folder at --out.")] = False,
) -> None:
    """Tune the injection classifier on your own labelled texts, on the CPU, and test it against the one in use.

    Rows are {"text": ..., "label": 0 or 1, "span": ..., "surface": ...}: label 1 is a text that gives orders to the model,
    span where it does (start and end in code points, or null), surface what the text is; models/README.md says more. A part
    is held out to test on. The rest is mixed with texts that the shipped model was taught with, so that it forgets little.
    The folder that is written has a manifest, a card, calibration and thresholds, and passes `firewall models verify`.
    Needs the extra `train`.

    Examples:

        firewall models train-injection --data traffic.jsonl

        firewall models train-injection --data traffic.jsonl.gz --out var/mine --minutes 10 --fpr 0.002

        FIREWALL_INJECTION_MODEL=var/injection-tuned firewall serve

    Exit code 0: written. 1: written, but worse than the model in use. 2: nothing written; the message says why.
    """
    from firewall.assembly import model_folder
    from firewall.inference.model import usable_cores

    settings = load()
    base = base or model_folder(settings, "injection")
    root = checkout.root(settings, _RECIPE, "training")
    checkout.root(settings, _SHARED, "training")
    _check_out(out, base, overwrite=overwrite)
    file = labelled.read(data)  # before seconds go into imports
    file.require(each=1, what="tuning")
    manifest.verify(base)
    for module in ("torch", "onnx"):
        checkout.require_module(module, f"training needs {module}", _EXTRA)
    arguments = {
        "--data": data.resolve(), "--base": base.resolve(), "--out": out.resolve(), "--runs": runs.resolve(),
        "--rules": settings.rules_dir.resolve(), "--epochs": epochs, "--minutes": minutes, "--held-out": held_out,
        "--replay": replay, "--fpr": fpr, "--rate": rate, "--seed": seed,
        "--threads": threads or min(usable_cores(), _MOST_THREADS),
    }  # fmt: skip
    given = [str(part) for option in arguments.items() for part in option]
    checkout.run(root, "models.injection.tune", *given, *(["--no-resume"] if no_resume else []))


def _check_out(out: Path, base: Path, *, overwrite: bool) -> None:
    """Refuse to write over the model that is read, over what is no model, and over a model without being told to.

    Raises:
        ConfigurationError: with what to do instead.
    """
    if out.resolve() == base.resolve():
        raise ConfigurationError(f"--out is the model that is tuned, {out}; name another folder")
    if not out.exists() or (out.is_dir() and not any(out.iterdir())):
        return
    if not (out / manifest.MANIFEST).is_file():
        raise ConfigurationError(f"--out, {out}, is there and is no model folder; name another one")
    if not overwrite:
        raise ConfigurationError(f"--out, {out}, holds a model; name another folder, or give --overwrite")
