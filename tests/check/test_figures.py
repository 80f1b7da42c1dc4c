"""Figures over scores are what their definitions say, and intervals are as wide as chance."""

from __future__ import annotations

import math

import numpy as np
import pytest

from firewall.check import figures


def labels_and_scores(count: int, shift: float, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return as many injections as harmless texts, whose scores are normal and `shift` apart."""
    rng = np.random.default_rng(seed)
    labels = np.repeat([1.0, 0.0], count)
    return labels, 1 / (1 + np.exp(-(rng.normal(0, 1, 2 * count) + shift * labels)))


def test_auc_counts_pairs() -> None:
    """Each injection is held against each harmless text; ties count half."""
    bad, good = np.array([0.9, 0.5, 0.1]), np.array([0.5, 0.2])
    wins = sum(1.0 if b > g else 0.5 if b == g else 0.0 for b in bad for g in good)
    assert figures.auc(bad, good) == pytest.approx(wins / 6)
    assert math.isnan(figures.auc(bad, good[:0]))


@pytest.mark.parametrize("rate", [0.001, 0.005, 0.01, 0.3, 1.0])
def test_no_more_than_the_rate_lies_above_the_cutoff(rate: float) -> None:
    """And the next lower score would let more through."""
    good = np.random.default_rng(1).permutation(1000) / 1000
    limit = figures.cutoff(good, rate)
    assert (good > limit).mean() <= rate
    lower = good[good < limit].max(initial=-1.0)
    assert rate == 1.0 or (good > lower).mean() > rate


def test_recall_at_a_rate_too_small_to_tell_allows_no_false_alarm() -> None:
    """With ten harmless texts, 1 % is none of them."""
    bad, good = np.array([0.95, 0.8, 0.99]), np.linspace(0, 0.9, 10)
    assert figures.recall_at(bad, good, 0.01) == pytest.approx(2 / 3)


def test_calibration_error_is_the_gap_between_said_and_seen() -> None:
    """Scores of 0.8 that come true half the time are off by 0.3."""
    assert figures.calibration_error(np.array([1.0, 0.0] * 50), np.full(100, 0.8)) == pytest.approx(0.3)


def test_intervals_hold_the_figure_and_narrow_with_more_rows() -> None:
    """A sixteenfold set has an interval about a quarter as wide, and the true AUC lies in it."""
    true = 0.5 * (1 + math.erf(1.5 / 2))
    few, many = (figures.bootstrap(*labels_and_scores(count, 1.5))[0]["auc"] for count in (100, 1600))
    for found in (few, many):
        assert found.low < found.value < found.high
        assert found.low < true < found.high
    assert 2.5 < (few.high - few.low) / (many.high - many.low) < 6


def test_a_difference_is_drawn_on_the_same_rows() -> None:
    """Two models that nearly agree differ by far less than each alone could vary."""
    labels, scores = labels_and_scores(150, 1.5)
    better = np.where(labels == 1, np.minimum(1, scores + 0.03), scores)
    first, second, apart = figures.bootstrap(labels, scores, better)
    assert apart["auc"].value == pytest.approx(second["auc"].value - first["auc"].value)
    assert apart["auc"].low > 0
    assert apart["auc"].high - apart["auc"].low < 0.5 * (first["auc"].high - first["auc"].low)


def test_one_label_alone_has_no_figures() -> None:
    """Nothing is made up where a class is missing, and JSON says null."""
    found = figures.bootstrap(np.zeros(5), np.linspace(0, 1, 5))[0]["auc"]
    assert found.as_json() == {"value": None, "low": None, "high": None}


def test_shares_of_few_rows_are_wide() -> None:
    """None of ten flagged may still be a quarter; none of a thousand may not."""
    assert figures.share_between(0, 10).high == pytest.approx(0.278, abs=0.001)
    assert figures.share_between(0, 1000).high < 0.005
    assert math.isnan(figures.share_between(0, 0).value)
