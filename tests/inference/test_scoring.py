"""What a manifest says of reading a model's answers: taken as it stands, refused where it could not be meant."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firewall.errors import ConfigurationError
from firewall.inference.scoring import (
    Calibration,
    Passages,
    Screening,
    read_calibration,
    read_passages,
    read_screening,
)


@given(st.floats(0.01, 0.99), st.floats(0.2, 5), st.floats(-3, 3))
def test_a_margin_has_its_probability(probability: float, scale: float, bias: float) -> None:
    """The margin of a probability has that probability in a text of one window, and no more in a longer one."""
    calibration = Calibration(scale, bias, ((1.0, 0.0), (4.0, 0.7)))
    margin = calibration.margin(probability)
    assert calibration.probability(margin, 1) == pytest.approx(probability)
    assert calibration.probability(margin, 9) < probability


def test_what_is_not_said_has_its_default() -> None:
    """Older manifests say nothing of calibration, passages or a screen."""
    assert read_calibration(None) == Calibration()
    assert read_passages({}) == Passages()
    assert read_passages({"threshold": 0.7}) == Passages(0.7)
    assert read_screening(None, Calibration()) is None
    assert read_screening({"graph": "s.onnx", "clear_below": -2}, Calibration()) == Screening("s.onnx", -2.0, 1.0, 0.0)


@pytest.mark.parametrize(
    "rise", [[], [[2, 0]], [[1, 0.1]], [[1, 0], [1, 1]], [[1, 0], [9, 2], [20, 1]], [[1, 0], [3, 1e999]]]
)
def test_a_rise_starts_at_nothing_and_grows(rise: list[list[float]]) -> None:
    """Otherwise a longer text could score higher for being longer."""
    with pytest.raises(ConfigurationError):
        read_calibration({"kind": "max-logit-rise", "scale": 1, "bias": 0, "rise": rise})


def test_the_rise_is_straight_over_the_logarithm_and_level_at_the_end() -> None:
    """Between two lengths it runs in a straight line over ln n; beyond the last it stays."""
    calibration = read_calibration({"kind": "max-logit-rise", "scale": 1, "bias": 0, "rise": [[1, 0], [100, 2]]})
    assert calibration.probability(1.0, 10) == pytest.approx(0.5)
    assert calibration.probability(2.0, 100) == pytest.approx(calibration.probability(2.0, 10**6))


@pytest.mark.parametrize("data", [{"threshold": 0}, {"threshold": 1}, {"bridge": -1}, {"least": 0}, {"thresold": 0.5}])
def test_marks_out_of_range_are_refused(data: dict[str, Any]) -> None:
    """So are misspelled ones: a silent default would cut another passage than was meant."""
    with pytest.raises(ConfigurationError, match="marks"):
        read_passages(data)


@pytest.mark.parametrize("more", [{"margin_scale": 0}, {"margin_bias": float("nan")}, {"clear_bellow": 1}])
def test_a_screen_out_of_range_is_refused(more: dict[str, Any]) -> None:
    """A screen whose answer would not grow with its margin, or is no number, or is misspelled."""
    with pytest.raises(ConfigurationError, match="screen"):
        read_screening({"graph": "s.onnx", "clear_below": -2, **more}, Calibration())


@pytest.mark.parametrize("calibration", [Calibration(0.0), Calibration(-1.0)])
def test_a_screen_needs_a_calibration_that_bounds_it(calibration: Calibration) -> None:
    """Otherwise a cleared window could reach any score in some text."""
    with pytest.raises(ConfigurationError, match="calibration"):
        read_screening({"graph": "s.onnx", "clear_below": -2}, calibration)
