"""`firewall explain`: for people, with their own text."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

SSN = "219-09-9999"


def test_a_table_says_what_saw_each_finding(firewall: Callable[..., Any]) -> None:
    """The rule with its name, the glass, the tokens with their probabilities, and the clause."""
    told = firewall("explain", f"SSN {SSN} of Alice")
    assert told.code == 0
    assert "identifiers.us_ssn." in told.out
    assert "identifier-result" in told.out
    assert "Alice PERSON 0." in told.out or "Alice PERSON 1.00" in told.out
    assert "canonical" in told.out


def test_a_file_and_standard_input_do_as_well(firewall: Callable[..., Any], tmp_path: Path) -> None:
    """JSON is read as JSON; --json is the answer with explanations and with what was dropped."""
    (tmp_path / "a.json").write_text(json.dumps({"ssn": SSN}))
    told = json.loads(firewall("explain", tmp_path / "a.json", "--json").out)
    assert {one["pointer"] for one in told["findings"]} == {"/ssn"}
    assert all("why" in one["explanation"] for one in told["findings"])
    assert told["dropped"] == []
    assert "identifiers.us_ssn." in firewall("explain", "-", stdin=f"SSN {SSN}".encode()).out


def test_nothing_seen_is_said(firewall: Callable[..., Any]) -> None:
    """An empty table would look like a mistake."""
    assert "nothing was seen" in firewall("explain", "all well").out


def test_what_was_found_once_and_again_is_told_apart(firewall: Callable[..., Any]) -> None:
    """What says again what a rule found has no match of its own."""
    told = firewall("explain", f"SSN {SSN}, or 219 099999")
    assert "propagation, after identifiers.us_ssn." in told.out
    assert "says again" in told.out
