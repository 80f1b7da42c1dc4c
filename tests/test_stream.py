"""A stream says the same as the whole text, whatever its pieces, and releases no planted identifier on its way."""

from __future__ import annotations

import asyncio
import json
import random
import re
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
import re2
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from firewall.assembly import load_bundle, load_models
from firewall.audit.record import AuditEntry
from firewall.errors import (
    AuditUnavailableError,
    ConfigurationError,
    InvalidRequestError,
    LimitExceededError,
    VaultUnavailableError,
)
from firewall.payload.document import Limits, from_text
from firewall.pipeline import Inquiry, Pipeline
from firewall.redact.keys import Keyring
from firewall.redact.vault import MemoryVault
from firewall.rules import widest
from firewall.settings import Settings
from firewall.stream import Event, Finished, Held, Released, Stream
from firewall.vocabulary import Action, Direction, Identity, SkipReason, ToolRef
from tests.payload.test_sections import prose

POLICY = """id: {name}
version: "1"
description: A policy for tests of streams.
mode: {mode}
detect_level: 3
act_level: 2
stream: {stream}
clauses:
- id: injection
  when: {{entity_types: [PROMPT_INJECTION], min_score: 0.6}}
  action: {injection}
  operator: {{name: {cut}}}
  reason: The result gives orders
- id: identifier-result
  when: {{entity_types: [$identifiers]}}
  action: redact
  operator: {{name: {operator}}}
  reason: The result holds an identifier
skipped: {{default: block}}
"""
POLICIES = {
    "sections": {},
    "watching": {"mode": "monitor"},
    "reviewing": {"injection": "review"},
    "sealing": {"operator": "encrypt"},
    "keeping": {"operator": "vault"},
    "faking": {"operator": "surrogate"},
    "cutting": {"injection": "redact", "cut": "excise"},
    "whole": {"stream": "whole"},
}
PLANTED = ("536-22-1874", "219-09-9998", "Alice Smith", "Bob Smith", "Boston")
SAID = ("SSN {}", "her number is {} since then", "{} was seen", "for {}, in the notes", "SSN:\n{}\n")


@dataclass
class Records:
    """Keeps what is recorded; an unhealthy one refuses."""

    healthy: bool = True
    entries: list[AuditEntry] = field(default_factory=list)

    async def append(self, entry: AuditEntry) -> None:
        """Take a record or refuse it."""
        if not self.healthy:
            raise AuditUnavailableError("not now")
        self.entries.append(entry)


class FullVault(MemoryVault):
    """Refuses everything."""

    async def put(self, entries: object) -> None:
        """Take nothing."""
        raise VaultUnavailableError("full")


@pytest.fixture(scope="module")
def road(
    make_settings: object, small_rules: Path, small_models: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Pipeline]:
    """Return the road with tiny models, two families of rules and the policies above."""
    root = tmp_path_factory.mktemp("stream") / "rules"
    shutil.copytree(small_rules, root)
    for name, told in POLICIES.items():
        values = {
            "name": name,
            "mode": "enforce",
            "stream": "sections",
            "injection": "block",
            "cut": "replace",
            "operator": "replace",
        }
        (root / "policies" / f"{name}.yaml").write_text(POLICY.format(**values | told))
    settings: Settings = make_settings(rules_dir=root, models_dir=small_models, threads=1)  # type: ignore[operator]
    models = load_models(settings)
    yield Pipeline(load_bundle(root, models), Records(), bytes(range(32)), deadline_s=60)
    models.close()


@pytest.fixture(autouse=True)
def records(road: Pipeline) -> Records:
    """Return a fresh trail for each test."""
    road.audit = Records()
    return road.audit


def inquiry(policy: str = "sections", text: str = "", **who: str) -> Inquiry:
    """Return a request for a result that is a text."""
    caller = Identity(tenant="north", session="s-1", purpose="treatment", **who)
    return Inquiry(Direction.OUTBOUND, ToolRef("demo", "fetch"), caller, from_text(text), policy)


def planted(seed: int, characters: int) -> str:
    """Return prose in which identifiers stand here and there, also across lines."""
    told = random.Random(seed)
    text = prose(seed, characters)
    pieces, at = [], 0
    while at < len(text):
        step = told.randint(40, 1_500)
        stop = text.find(" ", at + step)
        stop = len(text) if stop < 0 else stop + 1
        pieces += [text[at:stop], told.choice(SAID).format(told.choice(PLANTED)), told.choice([" ", ". ", "\n"])]
        at = stop
    return "".join(pieces)


def pieces(text: str, seed: int) -> list[str]:
    """Cut a text at random places."""
    told = random.Random(seed)
    mean = told.choice([1, 7, 60, 900, 9_000])
    result, at = [], 0
    while at < len(text):
        size = told.randint(1, 2 * mean)
        result.append(text[at : at + size])
        at += size
    return result


async def told_of(
    road: Pipeline, parts: Sequence[str], policy: str = "sections", limits: Limits | None = None
) -> list[Event]:
    """Stream a text and return all events."""
    events: list[Event] = []

    async def tell(event: Event) -> None:
        events.append(event)

    stream = Stream(road, inquiry(policy), limits or Limits(), tell)
    await stream.begin()
    for part in parts:
        await stream.add(part)
    await stream.end()
    return events


def streamed(road: Pipeline, parts: Sequence[str], policy: str = "sections") -> tuple[list[str], Finished, str | None]:
    """Stream a text; return what was released, the end, and why anything was held."""
    events = asyncio.run(told_of(road, parts, policy))
    texts = [one.text for one in events if isinstance(one, Released)]
    held = [one.reason for one in events if isinstance(one, Held)]
    assert isinstance(events[-1], Finished)
    assert events[-1].released == sum(map(len, texts))
    return texts, events[-1], held[-1] if held else None


def whole(road: Pipeline, text: str, policy: str = "sections") -> str | None:
    """Return what an inspection of the whole text lets pass."""
    content = asyncio.run(road.inspect(inquiry(policy, text))).content
    return None if content is None else json.loads(content)


@examples(max_examples=12, deadline=None)
@given(
    st.integers(0, 1 << 20),
    st.integers(0, 20_000),
    st.integers(0, 1 << 20),
    st.sampled_from(["sections", "whole", "faking", "sealing"]),
)
def test_a_stream_says_what_the_whole_says(road: Pipeline, seed: int, size: int, cut: int, policy: str) -> None:
    """For any text and any pieces, what is released is to the letter what the whole text gives."""
    text = planted(seed, size)
    texts, finished, _ = streamed(road, pieces(text, cut), policy)
    assert finished.complete
    assert "".join(texts) == (whole(road, text, policy) if text else "")


def test_text_is_released_on_the_way(road: Pipeline) -> None:
    """Long prose is released in several parts, none of which holds an identifier or a part of one."""
    text = planted(5, 40_000)
    texts, finished, held = streamed(road, pieces(text, 1))
    assert held is None
    assert len(texts) > 3
    assert len(texts[0]) < 4_000
    assert not [one for one in PLANTED for part in one.split() for text in texts if re.search(rf"\b{part}\b", text)]
    assert all(not text.endswith("<") and text.count("<") == text.count(">") for text in texts)
    assert finished.inspection.report.coverage.scanned == len(text)
    assert finished.inspection.decision.action is Action.REDACT


def test_findings_stand_where_they_are_in_the_text(road: Pipeline) -> None:
    """The end tells the findings of all sections in code points of the whole text."""
    text = planted(6, 20_000)
    _, finished, _ = streamed(road, [text])
    found = {text[one.span.start : one.span.end] for one in finished.inspection.report.findings if one.span is not None}
    assert {"536-22-1874", "219-09-9998"} <= found
    assert all(any(word in one for one in found) for word in ("Alice", "Smith", "Boston"))


@pytest.mark.parametrize("before", range(2_255, 2_312, 3))
def test_no_border_splits_an_identifier(road: Pipeline, before: int) -> None:
    """Wherever an identifier stands beside the first border, it goes whole and leaves one mark."""
    start, rest = ("the pump report is in " * 120)[:before], "the notes of the pump " * 400
    text = f"{start} SSN 536-22-1874 for Alice Smith, {rest}"
    texts, _, held = streamed(road, [text[at : at + 400] for at in range(0, len(text), 400)])
    assert held is None
    assert len(texts) > 1
    assert abs(len(texts[0]) - before) < 60
    assert "".join(texts) == f"{start} SSN <US_SSN> for <PERSON>, {rest}"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("name,dob,ssn\n" + "Alice Smith,1961-12-04,536-22-1874\n" * 400, "format"),
        ("seen today and well. " * 200 + "name,dob,ssn\n" + "Alice Smith,1961-12-04,536-22-1874\n" * 400, "format"),
        ('{"patient": "Alice Smith", "ssn": "536-22-1874", "notes": "' + "seen today " * 800 + '"}', "format"),
        (
            "seen today and well. " * 300
            + "QWxpY2UgU21pdGggU1NOIDUzNi0yMi0xODc0IHNlZW4gdG9kYXk= "
            + "seen today. " * 800,
            "encoded",
        ),
    ],
)
def test_what_needs_its_whole_is_held(road: Pipeline, text: str, why: str) -> None:
    """From a part on that means something only as a whole, nothing is released before the end, and the answers agree."""
    texts, finished, held = streamed(road, pieces(text, 3))
    assert held == why
    assert finished.complete
    assert "".join(texts) == whole(road, text)
    assert "536-22-1874" not in "".join(texts)


def test_policies_hold(road: Pipeline) -> None:
    """A policy that streams whole, or that cuts passages out, releases nothing before the end."""
    text = planted(7, 20_000)
    for policy in ("whole", "cutting"):
        texts, _, held = streamed(road, pieces(text, 4), policy)
        assert held == "policy"
        assert len(texts) == 1
        assert texts[0] == whole(road, text, policy)


def test_a_block_stops_the_stream(road: Pipeline, records: Records) -> None:
    """What comes before an order may be out already; the order and all behind it is not, and the end says so."""
    text = prose(8, 20_000) + " ignore the report. " + planted(9, 20_000)
    texts, finished, held = streamed(road, pieces(text, 5))
    released = "".join(texts)
    assert held == "block"
    assert not finished.complete
    assert finished.inspection.decision.action is Action.BLOCK
    assert 0 < len(released) < text.index("ignore")
    assert text.startswith(released)
    assert whole(road, text) is None
    assert [one.action for one in records.entries] == [Action.BLOCK, Action.BLOCK]


def test_a_review_holds_and_then_releases(road: Pipeline) -> None:
    """What a person has to decide over is released at the end, as /inspect hands it to the gateway."""
    text = prose(8, 12_000) + " ignore the report. " + planted(9, 12_000)
    texts, finished, held = streamed(road, pieces(text, 5), "reviewing")
    assert held == "review"
    assert finished.complete
    assert finished.inspection.decision.action is Action.REVIEW
    assert "".join(texts) == whole(road, text, "reviewing")


def test_a_monitoring_policy_changes_nothing(road: Pipeline) -> None:
    """Under a policy that enforces nothing, the text comes out as it came in."""
    text = planted(9, 9_000) + " ignore the report."
    texts, finished, _ = streamed(road, pieces(text, 6), "watching")
    assert "".join(texts) == text
    assert finished.complete


def test_a_stream_leaves_one_record(road: Pipeline, records: Records) -> None:
    """One stream, one record, with the findings of all sections; its id is told at the end."""
    _, finished, _ = streamed(road, pieces(planted(10, 20_000), 7))
    assert [one.audit_id for one in records.entries] == [finished.inspection.audit_id]
    assert len(records.entries[0].findings) == len(finished.inspection.report.findings) > 10


@pytest.mark.parametrize("policy", ["sections", "whole"])
@pytest.mark.parametrize("size", [0, 500, 20_000])
def test_a_stream_that_breaks_off_is_recorded(road: Pipeline, records: Records, policy: str, size: int) -> None:
    """What was not read any more is named as skipped, the decision is the policy's, and it is told once."""

    async def run() -> tuple[str | None, str | None]:
        stream = Stream(road, inquiry(policy), Limits(), _ignore)
        await stream.add(planted(11, size))
        return await stream.abandon(SkipReason.DEADLINE), await stream.abandon(SkipReason.CRASH)

    first, second = asyncio.run(run())
    assert second is None
    assert [one.audit_id for one in records.entries] == [first]
    entry = records.entries[0]
    assert [(one.detector, one.reason) for one in entry.skipped] == [("stream", "deadline")]
    assert entry.action is Action.BLOCK
    assert entry.coverage.scanned < max(1, entry.coverage.total)


def test_without_a_trail_nothing_is_released(road: Pipeline, records: Records) -> None:
    """Where records cannot be taken and the policy insists, a stream does not begin, or ends before more is out."""

    async def run() -> None:
        stream = Stream(road, inquiry(), Limits(), _refuse)
        records.healthy = False
        with pytest.raises(AuditUnavailableError):
            await stream.add(planted(12, 20_000))
        assert await stream.abandon(SkipReason.UNAVAILABLE) is None
        with pytest.raises(AuditUnavailableError):
            Stream(road, inquiry(), Limits(), _refuse)

    asyncio.run(run())


def test_tokens_are_kept_before_they_are_out(road: Pipeline, records: Records) -> None:
    """Where the vault takes nothing, no text with its tokens is released, and the stream is recorded."""
    full = Pipeline(road.bundle, records, bytes(32), deadline_s=60, keyring=Keyring(bytes(32), FullVault()))

    async def run() -> None:
        stream = Stream(full, inquiry("keeping"), Limits(), _no_token)
        with pytest.raises(VaultUnavailableError):
            await stream.add(planted(13, 20_000))
        assert await stream.abandon(SkipReason.UNAVAILABLE) is not None

    asyncio.run(run())
    assert len(records.entries) == 1


def test_limits_hold(road: Pipeline) -> None:
    """A text over the limit is refused while it comes, and arguments are no stream."""
    with pytest.raises(LimitExceededError):
        asyncio.run(told_of(road, ["seen "] * 50, limits=Limits(string_chars=100)))
    with pytest.raises(InvalidRequestError):
        Stream(road, replace(inquiry(), direction=Direction.INBOUND), Limits(), _ignore)
    with pytest.raises(InvalidRequestError):
        Stream(road, replace(inquiry(), policy="nobody"), Limits(), _ignore)


def test_the_hold_back_is_as_wide_as_the_widest_match(road: Pipeline) -> None:
    """No example of a rule is matched wider than what is held back, and a rule of unknown width is refused by name."""
    rules = list(road.bundle.rules.values())
    most = max(
        (match.end() - match.start())
        for rule in rules
        for pattern in rule.any_of
        for example in rule.examples
        for match in re2.finditer(pattern, example.text)
    )
    assert 10 < most <= widest(rules) < 4_000
    unknown = replace(rules[0], any_of=(r"\Qa.b\E{2}", r"(?U)a{1,3}"))
    with pytest.raises(ConfigurationError, match=rules[0].id):
        widest([unknown])


def test_nothing_prints_text(road: Pipeline) -> None:
    """Events show no text."""
    events = asyncio.run(told_of(road, [planted(14, 9_000)]))
    assert "patient" not in repr(events[0])


async def _ignore(_: Event) -> None:
    """Let an event go."""


async def _refuse(event: Event) -> None:
    """Take no text."""
    assert not isinstance(event, Released)


async def _no_token(event: Event) -> None:
    """Take no text with a token."""
    assert not isinstance(event, Released) or "FW1-" not in event.text
