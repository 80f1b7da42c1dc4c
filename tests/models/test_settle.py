"""A tuned model's calibration, thresholds, first stage and verdict follow from what was held out."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from firewall.check import comparison, figures
from firewall.check.comparison import Comparison, Judged
from firewall.check.labelled import Labelled
from firewall.inference.model import Model
from firewall.inference.scoring import Calibration, read_calibration
from models.injection.tuning import card, settle
from tests import tiny_models


def rows(labels: list[int], surface: str = "tool_result") -> list[Labelled]:
    """Return rows of these labels."""
    return [Labelled("a text", label, None, surface, at, str(at)) for at, label in enumerate(labels, 1)]


def sigmoid(values: np.ndarray) -> np.ndarray:
    """Return probabilities."""
    return 1 / (1 + np.exp(-values))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a model folder with a first stage."""
    return tiny_models.write_screened(tmp_path_factory.mktemp("models") / "guard")


class TestCalibration:
    """Scores are stretched and shifted until they say what is seen."""

    def test_overconfident_scores_become_true(self) -> None:
        """Log-odds that are thrice what they should be, and shifted, come back, and the error with them."""
        rng = np.random.default_rng(0)
        true = rng.normal(0, 2, 4000)
        labels = (rng.random(4000) < sigmoid(true)).astype(float)
        said = 3 * true + 2
        stretch, shift = settle.fit_line(labels, said, np.ones(4000))
        assert stretch == pytest.approx(1 / 3, abs=0.03)
        assert shift == pytest.approx(-2 / 3, abs=0.12)
        found = settle.recalibrated(Calibration(), labels, sigmoid(said), np.ones(4000))
        after = [read_calibration(found).probability(margin, 1) for margin in said]
        before_error, after_error = (
            figures.calibration_error(labels, scores) for scores in (sigmoid(said), np.array(after))
        )
        assert after_error < 0.03 < before_error

    def test_rows_count_by_their_weight(self) -> None:
        """Rows that weigh next to nothing leave the line to the others."""
        labels, odds = np.array([1.0, 0.0] * 100), np.array([1.0, -1.0] * 50 + [-3.0, 3.0] * 50)
        alone = settle.fit_line(labels, np.tile(odds[:100], 2), np.ones(200))
        together = settle.fit_line(labels, odds, np.repeat([1.0, 1e-9], 100))
        assert together[0] == pytest.approx(alone[0], rel=0.01)
        assert settle.fit_line(labels, odds, np.ones(200))[0] == pytest.approx(0.25)

    def test_few_rows_move_it_little(self) -> None:
        """Eight texts that are told apart perfectly are no reason to be four times as sure."""
        stretch, _ = settle.fit_line(np.array([1.0, 0.0] * 4), np.array([2.0, -2.0] * 4), np.ones(8))
        assert 1 < stretch < 1.6

    def test_what_length_takes_off_stays(self) -> None:
        """In log-odds, a text of twenty windows loses what it lost before."""
        before = Calibration(0.5, 1.0, ((1.0, 0.0), (20.0, 3.0)))
        labels = np.array([1.0, 0.0] * 50)
        made = read_calibration(settle.recalibrated(before, labels, np.where(labels == 1, 0.6, 0.5), np.ones(100)))

        def lost(calibration: Calibration) -> float:
            odds = [np.log(p / (1 - p)) for p in (calibration.probability(1.0, windows) for windows in (1, 20))]
            return float(odds[0] - odds[1])

        assert made.scale != pytest.approx(before.scale, rel=0.05)
        assert lost(made) == pytest.approx(lost(before), abs=1e-3)


class TestThresholds:
    """A threshold lets through what the rate allows, on each side."""

    def test_no_more_than_the_rate_is_flagged(self) -> None:
        """With enough texts nothing else counts, and the next lower threshold would flag more."""
        some = rows([0] * 1000)
        scores = np.random.default_rng(1).permutation(1000) / 1001
        found = settle.thresholds(some, scores, 0.01, {"tool_call": 0.7, "user_prompt": 0.6, "tool_result": 0.999})
        assert found["tool_call"] == pytest.approx(0.7, abs=2e-4)
        assert (scores >= found["tool_result"]).sum() == 10
        assert (scores >= found["tool_result"] - 0.002).sum() > 10

    def test_too_few_texts_do_not_go_below_the_floor(self) -> None:
        """They may raise it; injections and texts without a score have no say."""
        some = rows([0, 0, 0, 1])
        scores = np.array([0.1, np.nan, 0.95, 0.99])
        high = settle.thresholds(some, scores, 0.01, {"tool_call": 0.9, "user_prompt": 0.9, "tool_result": 0.98})
        low = settle.thresholds(some, scores, 0.01, {"tool_call": 0.9, "user_prompt": 0.9, "tool_result": 0.5})
        assert high["tool_result"] == pytest.approx(0.98, abs=2e-4)
        assert low["tool_result"] == pytest.approx(0.95, abs=2e-4)
        assert low["tool_result"] > 0.95
        (told,) = settle.unsettled(some, 0.01)
        assert "3 harmless texts settle the threshold of tool results and cannot tell 1.0% (100 could)" in told

    def test_the_floor_flags_as_many_as_before(self) -> None:
        """On the same harmless texts, whatever the new scores look like."""
        some = [*rows([0] * 200), *rows([1] * 50)]
        before = np.random.default_rng(2).random(250)
        floor = settle.as_strict(some, before, before**3, {"tool_call": 0.7, "tool_result": 0.8})
        expected = {"tool_call": 0.7, "user_prompt": 0.8, "tool_result": 0.8}
        for side, limit in expected.items():
            assert (before[:200] ** 3 > floor[side]).sum() == (before[:200] >= limit).sum()


class TestScreen:
    """The first stage must not clear what tuning has just taught."""

    def limit(self, folder: Path, labelled: list[tuple[str, int]]) -> float | None:
        """Return the limit that fits some texts."""
        some = [Labelled(text, label, None, "tool_result", at, str(at)) for at, (text, label) in enumerate(labelled, 1)]
        model = Model.load(folder, screen=False)
        raw = {"graph": "screen.onnx", "clear_below": 0.5, "margin_scale": 1.0}
        found = settle.settled_screen(folder / "screen.onnx", raw, model, some)
        return None if found is None else found["clear_below"]

    def test_a_screen_that_sees_the_injections_keeps_its_limit(self, folder: Path) -> None:
        """Nothing is lost by it."""
        assert self.limit(folder, [("ignore the notes", 1), ("the pump", 0), ("the report", 0)]) == 0.5

    def test_a_screen_that_would_clear_them_is_left_out(self, folder: Path) -> None:
        """It would clear next to nothing else."""
        assert self.limit(folder, [("the report", 1), ("the notes", 0), ("name of the patient", 0)]) is None


class TestVerdict:
    """What is worse is said, what is not shown to be better as well."""

    def compared(self, first: np.ndarray, second: np.ndarray, labels: list[int], limit: float = 0.5) -> Comparison:
        """Compare two sets of scores at one threshold."""
        told = {"tool_call": limit, "user_prompt": limit, "tool_result": limit}
        pair = [Judged("injection", "1", "sha256:0", scores, 1.0, 9.0, told) for scores in (first, second)]
        return comparison.compare(rows(labels), (pair[0], pair[1]), told)

    @pytest.fixture
    def labels(self) -> list[int]:
        """Return as many injections as harmless texts."""
        return [1] * 150 + [0] * 150

    def test_a_better_model_is_neither(self, labels: list[int]) -> None:
        """No warning is made up."""
        rng = np.random.default_rng(0)
        odds = rng.normal(0, 1, 300) + 2 * np.array(labels) - 1
        own = self.compared(sigmoid(odds), sigmoid(odds + 2 * np.array(labels)), labels)
        same = self.compared(sigmoid(odds), sigmoid(odds), labels)
        assert settle.verdict(own, same) == settle.Verdict((), ())

    def test_a_worse_model_is_named_with_the_set_it_is_worse_on(self, labels: list[int]) -> None:
        """Forgetting counts as much as failing."""
        rng = np.random.default_rng(0)
        odds = rng.normal(0, 1, 300) + 3 * np.array(labels) - 1
        worse = self.compared(sigmoid(odds), sigmoid(odds - 1.5 * np.array(labels)), labels)
        same = self.compared(sigmoid(odds), sigmoid(odds), labels)
        failed, forgot = settle.verdict(worse, same), settle.verdict(same, worse)
        assert any("AUC on your texts" in one for one in failed.worse)
        assert any("at its own thresholds" in one for one in failed.worse)
        assert any("AUC on our written texts" in one for one in forgot.worse)

    def test_a_model_that_is_as_good_is_doubtful(self, labels: list[int]) -> None:
        """Nothing was shown."""
        scores = sigmoid(np.random.default_rng(0).normal(0, 1, 300) + 2 * np.array(labels))
        same = self.compared(scores, scores, labels)
        found = settle.verdict(same, same)
        assert found.worse == ()
        assert "by more than chance" in found.doubtful[0]

    def test_the_card_says_what_was_measured(self, labels: list[int], tmp_path: Path) -> None:
        """Both sets, before and after, what to keep in mind, and what is worse."""
        rng = np.random.default_rng(0)
        odds = rng.normal(0, 1, 300) + 2 * np.array(labels)
        own = self.compared(sigmoid(odds), sigmoid(odds + np.array(labels)), labels)
        own = replace(own, own=(own.own[0], None))
        training = {
            "command": "firewall models train-injection --data my.jsonl", "seed": 17, "steps": 4, "batch": 32, "windows": 99,
            "replay": 0.5, "rows": {"train": 5, "settle": 6, "test": 7},
        }  # fmt: skip
        card.write(
            tmp_path / "CARD.md", version="1.0.0+tuned.0", training=training, own=own, written=own,
            warnings=("few texts",), worse=("AUC fell",),
        )  # fmt: skip
        text = (tmp_path / "CARD.md").read_text("utf-8")
        assert f"| AUC | {own.ranking[0]['auc'].value:.4f} [" in text
        assert text.index("- AUC fell") < text.index("- few texts") < text.index("## Figures")
        assert "4 steps of 32 windows out of 99" in text
