"""The identifiers and look-alikes of `benchmarks/phi_cases` are what they promise, and rules alone tell them apart."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from benchmarks.accuracy import identifiers, keep_identifiers, run
from tests.conftest import ROOT

FOLDER = ROOT / "benchmarks" / "phi_cases"
SHAPELESS = {"PERSON", "CITY"}  # what only the model can find


def rows(name: str) -> list[dict[str, Any]]:
    """Read a file of cases."""
    return [json.loads(line) for line in (FOLDER / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()]


def figures(name: str) -> dict[str, Any]:
    """Measure a file with rules and structure, without a model, under the strict policy."""
    data = rows(name)
    return identifiers(data, asyncio.run(run(data, "hipaa-strict", keep_identifiers, rules_only=True)))


@pytest.mark.parametrize("name", ["identifiers", "lookalikes", "heldout_identifiers", "heldout_lookalikes"])
def test_marks_lie_in_their_text_and_apart(name: str) -> None:
    """Each mark covers a letter or digit, ends inside its text and overlaps no other; a look-alike is in no text of people."""
    for row in rows(name):
        marks = [(one["start"], one["end"]) for one in row["entities"]] + [
            tuple(one) for one in row.get("lookalikes", ())
        ]
        marks.sort()
        assert all(0 <= start < end <= len(row["text"]) for start, end in marks)
        assert all(any(map(str.isalnum, row["text"][start:end])) for start, end in marks)
        assert all(before[1] <= after[0] for before, after in zip(marks, marks[1:], strict=False))
        assert not (row["entities"] and row.get("lookalikes"))


@pytest.mark.parametrize(("name", "most"), [("identifiers", 0.05), ("heldout_identifiers", 0.06)])
def test_identifiers_with_a_shape_are_found_by_rules(name: str, most: float) -> None:
    """Dates, numbers, addresses and web addresses leak in one of twenty spans at most when no model helps."""
    by_type = figures(name)["by_type"]
    shaped = [one for kind, one in by_type.items() if kind not in SHAPELESS]
    leaked = sum(one["spans"] * one["leaked_spans"] for one in shaped)
    assert leaked / sum(one["spans"] for one in shaped) <= most


@pytest.mark.parametrize("name", ["lookalikes", "heldout_lookalikes"])
def test_lookalikes_are_left_alone(name: str) -> None:
    """Lots, codes, doses, vital signs, versions and the like are hit in one of fifty at most."""
    assert figures(name)["lookalikes_hit"] <= 0.02
