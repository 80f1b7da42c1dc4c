"""The entry: what it keeps, how it is written, and what it can never show."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firewall.audit.record import (
    IDENTITY_LIMIT,
    MCP_FIELDS,
    AuditEntry,
    AuditFinding,
    AuditSkipped,
    ToolRef,
    canonical,
    identity,
    place_of,
    rfc3339,
)
from firewall.vocabulary import Action, Finding, Origin, Severity, Skipped, SkipReason, Span
from tests.audit.trails import make_entry


class TestPlace:
    """Where a finding stands, without the keys that may be somebody's data."""

    @pytest.mark.parametrize(
        ("pointer", "expected"),
        [
            ("", ""),
            ("/content/0/text", "/content/0/text"),
            ("/John Smith/dob", "/*/*"),
            ("/structuredContent/rows/9999/a~1b", "/structuredContent/*/9999/a~1b"),
            ("/123456789", "/*"),
            ("/007", "/*"),
            ("/0", "/0"),
            ("/٣", "/*"),
            ("//text", "//text"),
        ],
    )
    def test_only_structure_stays(self, pointer: str, expected: str) -> None:
        """Indices and known names stay as they were spelled; every other token becomes a star."""
        assert place_of(pointer, MCP_FIELDS | {"a/b"}) == expected

    @given(st.lists(st.text(min_size=1), min_size=1))
    def test_nothing_unknown_survives(self, names: list[str]) -> None:
        """Whatever the keys, a place holds stars, indices and known names only."""
        pointer = "".join("/" + name.replace("~", "~0").replace("/", "~1") for name in names)
        kept = place_of(pointer, MCP_FIELDS).split("/")[1:]
        assert len(kept) == len(names)
        assert all(token == "*" or token in MCP_FIELDS or re.fullmatch("[0-9]{1,4}", token) for token in kept)


class TestIdentity:
    """Values that a caller chose."""

    def test_ordinary_values_stay(self) -> None:
        """A printable value of ordinary length is kept as it came."""
        assert identity("Zoë O'Neill <zoe@example.org>") == "Zoë O'Neill <zoe@example.org>"

    @given(st.text(max_size=600))
    def test_bounded_and_printable(self, value: str) -> None:
        """Whatever comes in, at most 256 printable characters come out, and a second pass changes nothing."""
        kept = identity(value)
        assert len(kept) <= IDENTITY_LIMIT
        assert kept.isprintable()
        assert identity(kept) == kept

    @pytest.mark.parametrize("disguised", ["alice\u200b", "alice\x00", "\ud800alice", "alice\n"])
    def test_nobody_passes_for_another(self, disguised: str) -> None:
        """A name with invisible characters is not written as the name without them."""
        assert identity(disguised).startswith("alice~")

    def test_long_values_stay_apart(self) -> None:
        """Two values that differ after the limit stay different."""
        assert identity("a" * 300 + "b") != identity("a" * 300 + "c")

    def test_every_field_of_the_caller_is_cleaned(self) -> None:
        """No field that a caller fills can carry a line break into the trail."""
        bad = "x\r\ny"
        entry = AuditEntry(
            tenant=bad, user=bad, model=bad, session=bad, request_id=bad, purpose=bad, roles=(bad,) * 100,
            data_classes=(bad,), tool=ToolRef(bad, bad, bad, bad), outcome="malformed",
        )  # fmt: skip
        assert b"\\n" not in canonical(entry)
        assert len(entry.roles) == 64


class TestEntry:
    """The entry and its canonical bytes."""

    def test_canonical_bytes_are_canonical(self) -> None:
        """Keys are sorted, nothing is padded, everything is ASCII, and no number is a float."""
        written = canonical(make_entry())
        content = json.loads(written, parse_float=lambda _: pytest.fail("a float"))
        assert written == json.dumps(content, sort_keys=True, separators=(",", ":")).encode("ascii")

    def test_measured_numbers_have_fixed_decimals(self) -> None:
        """Scores carry four decimals and timings three, as strings."""
        content = json.loads(canonical(make_entry()))
        assert content["scores"] == {"injection": "0.0312"}
        assert content["timings_ms"] == {"total": "2.500"}
        assert content["findings"][0]["score"] == "0.8500"

    def test_a_refused_call_can_be_told(self) -> None:
        """An entry with an error's code and nothing else is whole."""
        content = json.loads(canonical(AuditEntry(outcome="overloaded")))
        assert (content["outcome"], content["action"], content["findings"]) == ("overloaded", None, [])

    def test_outcome_and_action_agree(self) -> None:
        """A decision without an action, and an error with one, are refused."""
        with pytest.raises(ValueError, match="exactly when"):
            AuditEntry()
        with pytest.raises(ValueError, match="exactly when"):
            AuditEntry(action=Action.ALLOW, outcome="malformed")

    def test_identifiers_are_in_the_order_of_time(self) -> None:
        """Later entries have greater identifiers and no earlier times."""
        entries = [AuditEntry(outcome="malformed") for _ in range(50)]
        assert [e.audit_id for e in entries] == sorted({e.audit_id for e in entries})
        assert [e.time for e in entries] == sorted(e.time for e in entries)
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", rfc3339())

    def test_findings_and_skips_keep_no_key_of_the_payload(self) -> None:
        """A key that is a name reaches neither the canonical bytes nor any repr."""
        pointer = "/Maria Gonzalez/dob"
        finding = Finding("d", "r", "PERSON", pointer, Span(1, 4), 0.5, Severity.LOW, Origin.TOOL_RESULT)
        entry = AuditEntry(
            action=Action.REDACT,
            user="Maria Gonzalez",
            findings=(AuditFinding.of(finding, Action.REDACT, MCP_FIELDS, "ab"),),
            skipped=(AuditSkipped.of(Skipped("d", pointer, SkipReason.BINARY), MCP_FIELDS),),
        )
        assert canonical(entry).count(b"Gonzalez") == 1  # the user, who is told on purpose
        assert "Gonzalez" not in repr(entry)
        assert entry.findings[0].place == entry.skipped[0].place == "/*/*"

    def test_a_finding_about_the_whole_call_has_no_range(self) -> None:
        """Without a span, start and end are null."""
        finding = Finding("registry", "r", "UNKNOWN_TOOL", "", None, 1.0, Severity.HIGH, Origin.TOOL_CALL)
        kept = AuditFinding.of(finding, Action.BLOCK, MCP_FIELDS)
        assert (kept.start, kept.end, kept.place) == (None, None, "")
