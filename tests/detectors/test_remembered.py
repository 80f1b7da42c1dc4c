"""What a session held is known in its next result, to nobody else, for a while, and not as text."""

from __future__ import annotations

import asyncio
import pickle

import pytest

from firewall.detectors.propagation import Propagation
from firewall.detectors.remembered import SessionMemory
from firewall.vocabulary import Finding, Identity, Origin, Segment, Severity, Span

ONE = Identity(tenant="north", session="s-1")
FIRST = "Seen: Ida Lindqvist, MRN 00412377"


def source(text: str, value: str, kind: str) -> Finding:
    """Return a sure finding of a value."""
    at = text.index(value)
    return Finding("patterns", "x", kind, "", Span(at, at + len(value)), 0.9, Severity.HIGH, Origin.TOOL_RESULT)


def told(propagation: Propagation, text: str, findings: list[Finding], who: Identity) -> list[str]:
    """Return what the pass adds to a result of a session."""
    known = propagation.known_of(who)
    report = asyncio.run(propagation.follow(findings, [Segment("", Origin.TOOL_RESULT, text)], known))
    return [text[one.span.start : one.span.end] for one in report.findings if one.span]


def teach(propagation: Propagation, who: Identity = ONE) -> None:
    """Let a session see a name and a number."""
    findings = [source(FIRST, "Ida Lindqvist", "PERSON"), source(FIRST, "00412377", "MEDICAL_RECORD_NUMBER")]
    assert told(propagation, FIRST, findings, who) == []


def test_the_next_result_of_the_session_knows_names_and_numbers() -> None:
    """Without a finding of its own, in parts and other spellings; and once more in the result after that."""
    propagation = Propagation()
    teach(propagation)
    for _ in range(2):
        assert told(propagation, "LINDQVIST, I. and 0041-2377 today", [], ONE) == ["LINDQVIST, I.", "0041-2377"]


@pytest.mark.parametrize("who", [Identity(tenant="north", session="s-2"), Identity(tenant="south", session="s-1")])
def test_nobody_else_knows(who: Identity) -> None:
    """Another session of the tenant, or a session of that name of another tenant."""
    propagation = Propagation()
    teach(propagation)
    assert told(propagation, "LINDQVIST, I. and 0041-2377 today", [], who) == []


def test_names_of_two_results_are_not_taken_for_one() -> None:
    """A first name of one result beside a surname of another, both common words, is no name."""
    propagation = Propagation()
    for name in ("Grace Lindqvist", "Ida Young"):
        text = f"Seen: {name}"
        told(propagation, text, [source(text, name, "PERSON")], ONE)
    assert told(propagation, "grace young things", [], ONE) == []


def test_it_is_forgotten_in_time_and_in_number() -> None:
    """After the seconds it may be kept, and when there are more sessions or entries than there may be."""
    now = [0.0]
    propagation = Propagation(SessionMemory(ttl_s=60, most_sessions=2, clock=lambda: now[0]))
    teach(propagation)
    now[0] = 59
    assert told(propagation, "Lindqvist", [], ONE) == ["Lindqvist"]
    now[0] = 120
    assert told(propagation, "Lindqvist", [], ONE) == []
    teach(propagation)
    for number in range(2):
        propagation.known_of(Identity(tenant="north", session=f"other-{number}"))
    assert len(propagation.memory) == 2
    assert told(propagation, "Lindqvist", [], ONE) == []
    small = Propagation(SessionMemory(most_entries=1))
    teach(small)
    assert told(small, "Lindqvist, 0041-2377", [], ONE) == ["0041-2377"]


def test_limits_are_at_least_one() -> None:
    """A memory without room is a mistake."""
    with pytest.raises(ValueError, match="one session"):
        SessionMemory(most_sessions=0)


def test_what_is_kept_is_no_text() -> None:
    """Neither names, logins nor numbers stand in what the process keeps of a session."""
    memory = SessionMemory()
    teach(Propagation(memory))
    known = memory.of(ONE)
    kept = pickle.dumps(list(known._entries.items())).lower()
    assert known.filled
    for planted in (b"lindqvist", b"ilindqvist", b"ida lind", b"00412377", b"412377"):
        assert planted not in kept
    assert "indqvist" not in repr(known)
