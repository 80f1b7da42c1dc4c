"""`firewall models`: verify the model folders, compare two of them, tune the injection classifier on own texts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from firewall.cli import compare, train
from firewall.cli.output import console, line, say
from firewall.errors import ConfigurationError, ModelIntegrityError
from firewall.inference import manifest
from firewall.settings import Settings, load

app = typer.Typer(help="Verify, compare and tune models.", no_args_is_help=True)
app.command("compare")(compare.command)
app.command("train-injection")(train.command)


@app.command()
def verify(
    folders: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[FOLDER]...", help="Model folders; by default those that the service loads."),
    ] = None,
    models_dir: Annotated[Path | None, typer.Option(help="Folder of models. [FIREWALL_MODELS_DIR]")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Write JSON.")] = False,
) -> None:
    """Check that every file of a model is the one that its manifest names, and that no other file is there.

    The service does the same at its start and refuses to run on a changed byte. Folders without a manifest of ours
    are refused unless FIREWALL_ALLOW_UNSIGNED_MODELS is set; their digest is then taken from the files as they are.

    Examples:

        firewall models verify

        firewall models verify models/injection --json

    Exit code 0: all as named. 1: a file is changed, missing or not named. 2: there is no such model.
    """
    settings = load(models_dir=models_dir)
    rows: list[dict[str, Any]] = []
    code = 0
    for folder in folders or _loaded(settings):
        try:
            found = manifest.verify(folder, allow_unsigned=settings.allow_unsigned_models)
        except ModelIntegrityError as error:
            rows.append({"folder": str(folder), "ok": False, "problem": error.detail})
            code = 1
        except ConfigurationError as error:
            rows.append({"folder": str(folder), "ok": False, "problem": error.detail})
            code = code or 2
        else:
            rows.append(_row(folder, found))
    if as_json:
        typer.echo(json.dumps(rows, indent=1))
    else:
        _print(rows)
    if code:
        raise typer.Exit(code)


def _loaded(settings: Settings) -> list[Path]:
    """Return the folders that the service loads."""
    from firewall.assembly import MODEL_NAMES, model_folder

    return [model_folder(settings, name) for name in MODEL_NAMES]


def _row(folder: Path, found: manifest.Manifest) -> dict[str, Any]:
    return {
        "folder": str(folder),
        "ok": True,
        "name": found.name,
        "version": found.version,
        "files": len(found.files),
        "bytes": sum(entry.bytes for entry in found.files.values()),
        "digest": found.digest,
        "signed": found.signed,
    }


def _print(rows: list[dict[str, Any]]) -> None:
    table = Table("folder", "name", "version", "files", "digest", "", box=None, pad_edge=False)
    for row in rows:
        cells = [str(row.get(name, "")) for name in ("folder", "name", "version", "files", "digest")]
        state = ("ok" if row["signed"] else "ok, no manifest") if row["ok"] else "refused"
        table.add_row(*(Text(line(cell)) for cell in cells), Text(state, style="green" if row["ok"] else "bold red"))
    console().print(table)
    for row in rows:
        if not row["ok"]:
            say(f"{row['folder']}: {row['problem']}")
