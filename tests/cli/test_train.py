"""`firewall models train-injection`: what is wrong is said before anything is trained, and how to put it right.

Training itself needs torch, which is no part of the service; tests/models/test_tune.py runs it where it is installed.
"""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from firewall.cli import checkout
from tests.conftest import ROOT


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Return a few labelled texts."""
    rows = [{"text": f"{word} text", "label": label} for word in ("one", "other") for label in (0, 1)]
    rows = [row | {"text": f"{row['text']} {row['label']}"} for row in rows]
    path = tmp_path / "my.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)), "utf-8")
    return path


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[tuple[list[str], Path]]:
    """Pretend that torch is there; keep the programs that are started instead of starting them."""
    calls: list[tuple[list[str], Path]] = []

    def run(command: list[str], *, cwd: Path, **_: object) -> SimpleNamespace:
        calls.append((command, cwd))
        return SimpleNamespace(returncode=1)

    monkeypatch.setattr(subprocess, "run", run)
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: SimpleNamespace())
    monkeypatch.chdir(ROOT)
    return calls


def test_without_torch_the_line_that_installs_it_is_told(
    firewall: Callable[..., Any], data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is written, and the interpreter that lacks it is named."""
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    told = firewall("models", "train-injection", "--data", data)
    assert told.code == 2
    assert "torch" in told.err
    assert f"{sys.executable} -m pip install -e '.[train]'" in told.err


def test_outside_a_checkout_it_is_told_where_to_run_it(
    firewall: Callable[..., Any], data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The recipes are no part of the package."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(
        checkout, "firewall", SimpleNamespace(__file__=str(tmp_path / "site" / "firewall" / "__init__.py"))
    )
    told = firewall("models", "train-injection", "--data", data)
    assert told.code == 2
    assert "checkout" in told.err


def test_the_recipe_is_started_in_the_checkout_with_whole_paths(
    firewall: Callable[..., Any], data: Path, small_models: Path, started: list[tuple[list[str], Path]]
) -> None:
    """Relative paths mean the caller's folder, and the recipe's exit code comes back."""
    told = firewall("models", "train-injection", "--data", data, "--out", "var/mine", "--minutes", 2, "--no-resume")
    ((command, cwd),) = started
    assert told.code == 1
    assert command[:3] == [sys.executable, "-m", "models.injection.tune"]
    options = dict(zip(command[3:-1:2], command[4:-1:2], strict=True))
    assert command[-1] == "--no-resume"
    assert options["--data"] == str(data)
    assert options["--base"] == str(small_models / "injection")
    assert options["--out"] == str(ROOT / "var" / "mine")
    assert float(options["--minutes"]) == 2
    assert int(options["--threads"]) >= 1
    assert cwd == ROOT


def test_texts_and_model_are_checked_before_anything_is_started(
    firewall: Callable[..., Any], data: Path, small_models: Path, tmp_path: Path, started: list[tuple[list[str], Path]]
) -> None:
    """A broken row, one label only, a changed base, and places that may not be written over."""
    broken = tmp_path / "broken.jsonl"
    broken.write_text('{"text": "a", "label": 3}', "utf-8")
    single = tmp_path / "single.jsonl"
    single.write_text('{"text": "a", "label": 1}', "utf-8")
    occupied = tmp_path / "occupied"
    occupied.mkdir()
    (occupied / "notes.txt").write_text("mine", "utf-8")
    for arguments, part in (
        (("--data", broken), "broken.jsonl:1: label"),
        (("--data", single), "1 rows with label 1 and 0 with label 0"),
        (("--data", data, "--base", tmp_path / "nowhere"), "does not exist"),
        (("--data", data, "--out", small_models / "injection"), "is the model that is tuned"),
        (("--data", data, "--out", small_models / "entities"), "--overwrite"),
        (("--data", data, "--out", occupied), "no model folder"),
    ):
        told = firewall("models", "train-injection", *arguments)
        assert told.code == 2
        assert part in told.err
    assert started == []


def test_what_the_recipe_reads_is_what_is_given() -> None:
    """Every option of the recipe is one that the command passes on, and the other way round."""
    text = (ROOT / "models" / "injection" / "tune.py").read_text("utf-8")
    given = (ROOT / "firewall" / "cli" / "train.py").read_text("utf-8")
    taken = {line.split('"')[1] for line in text.splitlines() if "parser.add_argument(" in line}
    assert {option for option in taken if f'"{option}"' not in given} == set()
    assert len(taken) == 14
