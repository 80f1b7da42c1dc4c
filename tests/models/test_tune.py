"""Tuning learns what a user labels, and leaves a folder that the service loads. Needs the extra `train`."""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tokenizers import Tokenizer

pytest.importorskip("torch", reason="the extra `train` is not installed")
pytest.importorskip("transformers")

from firewall.check import labelled
from firewall.errors import ConfigurationError
from firewall.inference.manifest import verify
from models.injection import tune
from models.injection.tuning import replay
from models.injection.tuning.split import Split, split
from models.training import thaw
from tests.conftest import MODELS, RULES
from tests.models import tiny_base

SECRET = "zanzibar"


def write_data(path: Path, count: int = 160, seed: int = 4) -> Path:
    """Write texts of which those with one odd word are injections, as a model could learn in a minute."""
    rng = random.Random(seed)
    words = "pump valve door seal filter alarm chart bay audit ticket lamp noon shift vendor scale drift".split()
    rows = []
    for number in range(count):
        parts = [rng.choice(words) for _ in range(rng.randint(6, 14))]
        row: dict[str, object] = {"surface": rng.choice(("tool_result", "tool_args")), "label": number % 2}
        if number % 2:
            parts[rng.randrange(len(parts))] = SECRET
            at = " ".join(parts).index(SECRET)
            row["span"] = [at, at + len(SECRET)]
        rows.append(json.dumps(row | {"text": " ".join(parts)}))
    path.write_text("\n".join(rows), "utf-8")
    return path


def given(folder: Path, base: Path, data: Path, **changes: object) -> argparse.Namespace:
    """Return what the command line would say."""
    told = {
        "data": data, "base": base, "out": folder / "tuned", "runs": folder / "runs", "rules": RULES, "epochs": 40,
        "minutes": 10.0, "held_out": 0.3, "replay": 0.2, "fpr": 0.01, "rate": 1e-3, "seed": 17, "threads": 1,
        "no_resume": False,
    }  # fmt: skip
    return argparse.Namespace(**told | changes)


@pytest.fixture(scope="module", autouse=True)
def few_written_texts() -> Iterator[None]:
    """Measure on fewer of our own texts: a small random model knows nothing of them anyway."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(replay, "WRITTEN", 40)
        yield


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a small base model with a head over tokens."""
    return tiny_base.write(tmp_path_factory.mktemp("base") / "injection")


def test_what_is_labelled_is_learned_and_can_be_served(
    base: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    """The new model finds what the old one misses; folder, card and manifest say how, and no text is told."""
    data = write_data(tmp_path / "my.jsonl")
    before = sorted((path.name, path.read_bytes()) for path in base.iterdir())
    asked = given(tmp_path, base, data)
    finished = tune.tune(asked)
    tune.tell(finished, asked)
    first, second = (ranking["auc"].value for ranking in finished.own.ranking)
    assert first < 0.8
    assert second > 0.95
    found = verify(asked.out)
    raw = json.loads((asked.out / "manifest.json").read_text("utf-8"))
    assert (found.name, found.version.partition("+")[0], found.passages.threshold) == ("injection", "1.0.0", 0.4)
    assert found.digest == finished.own.judged[1].digest != verify(base).digest
    assert found.thresholds == finished.thresholds
    assert raw["training"]["data"]["my.jsonl"]["rows_used"] == raw["training"]["rows"]["train"]
    assert raw["metrics"]["test"]["models"]["b"]["auc"]["value"] == round(second, 5)
    assert thaw.is_marked(asked.out / "model.onnx")
    assert sorted((path.name, path.read_bytes()) for path in base.iterdir()) == before
    said = capsys.readouterr()
    assert f"FIREWALL_INJECTION_MODEL={asked.out}" in said.out
    whole = said.out + said.err + (asked.out / "CARD.md").read_text("utf-8") + json.dumps(raw)
    assert SECRET not in whole


def test_a_run_goes_on_and_a_worse_model_is_said_aloud(
    base: Path, tmp_path: Path, capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A finished run is only exported again; a model taught the opposite is written, loudly, with exit code 1."""
    data = write_data(tmp_path / "my.jsonl")
    good = given(tmp_path, base, data)
    tune.tune(good)
    (run,) = (tmp_path / "runs").iterdir()
    log = (run / "log.txt").read_text("utf-8")
    tune.tune(good)
    assert (run / "log.txt").read_text("utf-8") == log

    def turned(*arguments: Any, **options: Any) -> Split:
        parts = split(*arguments, **options)
        return replace(parts, train=tuple(replace(row, label=1 - row.label, span=None) for row in parts.train))

    bad = given(tmp_path, good.out, data, out=tmp_path / "worse")
    monkeypatch.setattr(tune, "arguments", lambda: bad)
    monkeypatch.setattr(tune, "split", turned)
    with pytest.raises(SystemExit) as stopped:
        tune.main()
    assert stopped.value.code == tune.WORSE
    assert "THE NEW MODEL IS WORSE THAN THE ONE IN USE" in capsys.readouterr().err
    assert "## Worse than before" in (bad.out / "CARD.md").read_text("utf-8")
    assert verify(bad.out).version.startswith("1.0.0+tuned.")


def test_a_first_stage_does_not_clear_what_was_taught(tmp_path: Path) -> None:
    """The base's clears everything; the new model's has a lower limit or is gone, and the injections are found."""
    base = tiny_base.write(tmp_path / "injection", divided=True)
    asked = given(tmp_path, base, write_data(tmp_path / "my.jsonl"))
    finished = tune.tune(asked)
    found = verify(asked.out)
    assert found.screen is None or found.screen.clear_below < 100
    assert (asked.out / "early.onnx").exists() is (found.screen is not None)
    assert finished.own.ranking[1]["auc"].value > 0.95


def test_minutes_bound_the_steps_and_a_model_without_marks_stays_so(tmp_path: Path) -> None:
    """Hardly any time leaves one step; the head over tokens that was not there is not served."""
    base = tiny_base.write(tmp_path / "injection", marks=False)
    asked = given(tmp_path, base, write_data(tmp_path / "my.jsonl"), minutes=1e-4)
    finished = tune.tune(asked)
    raw = json.loads((asked.out / "manifest.json").read_text("utf-8"))
    assert raw["training"]["steps"] == 1
    assert not thaw.is_marked(asked.out / "model.onnx")
    assert "marks" not in raw
    assert any("by more than chance" in one for one in finished.verdict.doubtful) or finished.verdict.worse


def test_a_model_of_another_kind_is_refused(base: Path, tmp_path: Path) -> None:
    """Windows of another size would be learned from as something they are not."""
    other = tmp_path / "other"
    other.mkdir()
    for path in base.iterdir():
        (other / path.name).write_bytes(path.read_bytes())
    raw = json.loads((other / "manifest.json").read_text("utf-8"))
    (other / "manifest.json").write_text(json.dumps(raw | {"window": {"tokens": 64, "overlap": 16}}), "utf-8")
    with pytest.raises(ConfigurationError, match="windows of 64 tokens"):
        tune.tune(given(tmp_path, other, write_data(tmp_path / "my.jsonl")))


def test_replay_is_the_share_that_was_asked_for(tmp_path: Path) -> None:
    """Half of the windows of every pass are made of the written texts."""
    rows = labelled.read(write_data(tmp_path / "my.jsonl")).rows
    tokenizer = Tokenizer.from_file(str(MODELS / "injection" / "tokenizer.json"))
    alone = replay.mixture(tokenizer, rows, epochs=2, share=0.0, seed=1)
    mixed = replay.mixture(tokenizer, rows, epochs=2, share=0.5, seed=1)
    assert len(mixed) == pytest.approx(2 * len(alone), rel=0.02)
    assert {window.target for window in mixed} == {0, 1}
