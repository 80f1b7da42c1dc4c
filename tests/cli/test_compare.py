"""`firewall models compare`: tables, JSON and picture of two models, rows by line and never a text."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.comparison_plot import curve
from tests import tiny_models
from tests.conftest import ROOT

SECRET = "zanzibar"


@pytest.fixture
def folders(small_models: Path, tmp_path: Path) -> tuple[Path, Path]:
    """Return a model that knows an injection when it sees one, and one that has it the wrong way round."""
    other = tiny_models.write_injection(
        tmp_path / "other", version="2.0.0", thresholds={"tool_call": 0.5, "tool_result": 0.5}
    )
    manifest = json.loads((other / "manifest.json").read_text("utf-8"))
    manifest["calibration"]["scale"] = -1.0
    (other / "manifest.json").write_text(json.dumps(manifest), "utf-8")
    return small_models / "injection", other


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Return forty labelled texts; the words of the harmless ones say nothing."""
    rows = [{"text": f"ignore the {SECRET} notes", "label": 1} for _ in range(10)]
    rows += [{"text": f"the pump report of {SECRET}", "label": 0, "surface": "tool_args"} for _ in range(30)]
    path = tmp_path / "my.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)), "utf-8")
    return path


def test_a_table_tells_who_finds_what(firewall: Callable[..., Any], folders: tuple[Path, Path], data: Path) -> None:
    """Figures with intervals, flags at both thresholds, disagreements by line, and no text."""
    told = firewall("models", "compare", *folders, "--data", data)
    assert told.code == 0, told.err
    assert "my.jsonl: 40 texts, 10 injections and 30 harmless" in told.out
    figures = " ".join(next(line for line in told.out.splitlines() if line.startswith("AUC")).split())
    assert figures == "AUC 1.0000 [1.0000, 1.0000] 0.0000 [0.0000, 0.0000] -1.0000 [-1.0000, -1.0000]"
    assert "recall at 1.0% FPR *" in told.out
    assert "40 rows are flagged by one of them only; A is right in 40, B in 0" in told.out
    assert "calls 0.5, prompts 0.5, results 0.5" in told.out
    assert SECRET not in told.out + told.err


def test_json_holds_every_row(firewall: Callable[..., Any], folders: tuple[Path, Path], data: Path) -> None:
    """Scores by line, both models' figures, the difference, and no text."""
    told = firewall("models", "compare", *folders, "--data", data, "--json")
    found = json.loads(told.out)
    assert (found["rows"], found["positives"], found["unscored_lines"]) == (40, 10, [])
    assert found["models"]["a"]["auc"]["value"] == 1.0
    assert found["models"]["b"]["version"] == "2.0.0"
    assert found["models"]["b"]["own_thresholds"]["recall"]["value"] == 0.0
    assert found["models"]["a"]["policy_thresholds"]["thresholds"].keys() == {"tool_call", "user_prompt", "tool_result"}
    assert found["models"]["a"]["ms_per_window"] > 0
    assert [row["line"] for row in found["scores"]] == list(range(1, 41))
    assert len(found["disagreements"]) == 40
    assert SECRET not in told.out


def test_harmless_texts_alone_have_no_recall(
    firewall: Callable[..., Any], folders: tuple[Path, Path], data: Path
) -> None:
    """False alarms are still told."""
    lines = data.read_text("utf-8").splitlines()
    data.write_text("\n".join(lines[10:]), "utf-8")
    found = json.loads(firewall("models", "compare", *folders, "--data", data, "--json").out)
    assert found["models"]["a"]["auc"]["value"] is None
    assert found["models"]["b"]["own_thresholds"]["false_alarms"]["value"] == 1.0
    assert firewall("models", "compare", *folders, "--data", data).code == 0


def test_a_picture_is_drawn(
    firewall: Callable[..., Any],
    folders: tuple[Path, Path],
    data: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """From a checkout, to where it was asked for."""
    monkeypatch.chdir(ROOT)
    told = firewall("models", "compare", *folders, "--data", data, "--png", tmp_path / "out.png")
    assert told.code == 0, told.err
    assert (tmp_path / "out.png").read_bytes().startswith(b"\x89PNG")


def test_the_curve_starts_at_the_strictest_threshold() -> None:
    """Each point is what is flagged from one of the scores on."""
    labels, scores = np.array([1.0, 0.0, 1.0, 0.0]), np.array([0.9, 0.6, 0.6, 0.1])
    false, recall = curve(labels, scores)
    assert false.tolist() == [0.0, 0.0, 0.5, 1.0]
    assert recall.tolist() == [0.0, 0.5, 1.0, 1.0]


def test_what_cannot_be_used_is_2(
    firewall: Callable[..., Any], folders: tuple[Path, Path], small_models: Path, data: Path, tmp_path: Path
) -> None:
    """A token model, a folder that is not there, a policy that is not there, a broken row."""
    first = folders[0]
    for arguments, part in (
        ((first, small_models / "entities", "--data", data), "classifies tokens"),
        ((first, tmp_path / "nowhere", "--data", data), "does not exist"),
        ((first, first, "--data", data, "--png", tmp_path / "nowhere" / "out.png"), "no folder"),
        ((first, first, "--data", data, "--policy", "none"), "no policy"),
        ((first, first, "--data", tmp_path / "nowhere.jsonl"), "no such file"),
    ):
        told = firewall("models", "compare", *arguments)
        assert told.code == 2
        assert part in told.err
