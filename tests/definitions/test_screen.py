"""Listings down the road of definitions, with detectors that do as they are told."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from firewall.access.digest import definition_digest
from firewall.access.listing import Drift
from firewall.assembly import load_bundle
from firewall.audit.record import AuditEntry, canonical
from firewall.definitions.screen import screen
from firewall.definitions.subject import ListingInquiry, Screening
from firewall.errors import AuditUnavailableError, InvalidRequestError
from firewall.payload.definitions import listing
from firewall.payload.document import Limits, parse
from firewall.pipeline import Bundle, Pipeline
from firewall.vocabulary import (
    Action,
    Coverage,
    Detector,
    Finding,
    Identity,
    Origin,
    Report,
    Segment,
    Severity,
    Span,
)

KEY = b"k" * 32
FETCH = {"name": "fetch", "description": "Fetches a document."}


class Trail:
    """Keeps records in memory, or takes none."""

    def __init__(self, *, broken: bool = False) -> None:
        """Start empty."""
        self.entries: list[AuditEntry] = []
        self.broken = broken
        self.healthy = not broken

    async def append(self, entry: AuditEntry) -> None:
        """Take a record."""
        if self.broken:
            raise AuditUnavailableError("The disk is full.")
        self.entries.append(entry)


class Told:
    """Finds what it is told to find wherever a word stands, or fails as it is told."""

    name = "told"

    def __init__(self, entity_type: str = "API_KEY", *, wait: float = 0, times: int = 1) -> None:
        """Take what to find, how long to wait, and by how many rules it is found."""
        self.entity_type, self.word, self.wait, self.times = entity_type, "canary", wait, times
        self.seen = 0

    async def detect(self, segments: Sequence[Segment]) -> Report:
        """Look."""
        self.seen += 1
        await asyncio.sleep(self.wait)
        total = sum(len(segment.text) for segment in segments)
        findings = [
            Finding(
                "patterns", f"secrets.told.{number}", self.entity_type, one.pointer, Span(at, at + len(self.word)), 0.9,
                Severity.HIGH, one.origin, ("owasp-llm02",), one.is_key,
            )
            for one in segments
            if (at := one.text.find(self.word)) >= 0
            for number in range(1, self.times + 1)
        ]  # fmt: skip
        return Report(tuple(findings), coverage=Coverage(total, total), timings_ms={self.name: 1.0})


class Broken:
    """Raises, with words that nobody may see."""

    name = "broken"

    async def detect(self, segments: Sequence[Segment]) -> Report:
        """Raise."""
        raise RuntimeError("canary")


@pytest.fixture(scope="module")
def bundle(small_rules: Path) -> Bundle:
    """Return the shipped policies and registry with few rules and no models."""
    return load_bundle(small_rules)


Screen = Callable[..., Screening]


@pytest.fixture
def trail() -> Trail:
    """Return a trail in memory."""
    return Trail()


@pytest.fixture
def run(bundle: Bundle, trail: Trail) -> Screen:
    """Return a function that screens a listing of a server with some detectors."""

    def go(
        tools: Any,
        *detectors: Detector,
        server: str = "demo",
        policy: str | None = None,
        own: Bundle | None = None,
        audit: Trail | None = None,
        seconds: float = 5.0,
    ) -> Screening:
        chosen = replace(own or bundle, definition_detectors=detectors or (Told(),))
        pipeline = Pipeline(chosen, audit or trail, KEY, deadline_s=seconds)
        found = listing(parse(json.dumps(tools), Limits()), "", 999)
        inquiry = ListingInquiry(server, Identity(tenant="t", user="u"), found, policy)
        return asyncio.run(screen(pipeline, inquiry))

    return go


def pinned(bundle: Bundle, tool: dict[str, Any], server: str = "demo") -> Bundle:
    """Return a bundle whose registry pins a definition."""
    key = (server, tool["name"])
    registered = replace(bundle.registry.tools[key], digest=definition_digest(tool))
    return replace(bundle, registry=replace(bundle.registry, tools={**bundle.registry.tools, key: registered}))


class TestDecisions:
    """What becomes of each tool, and of the listing."""

    def test_a_clean_registered_tool_passes(self, run: Screen) -> None:
        """It is told that nobody pinned it."""
        screening = run(FETCH)
        (one,) = screening.screened
        assert (screening.action, screening.enforced, screening.reasons) == (Action.ALLOW, True, ())
        assert one.subject.drift is Drift.UNPINNED
        assert one.subject.call.tool.digest == definition_digest(FETCH)
        assert [finding.entity_type for finding in one.report.findings] == ["TOOL_DEFINITION_UNPINNED"]

    def test_what_would_be_redacted_is_blocked(self, run: Screen) -> None:
        """A definition is not edited: its digest is what was approved."""
        screening = run({"name": "fetch", "description": "canary"}, Told("US_SSN"))
        (one,) = screening.screened
        assert screening.action is Action.BLOCK
        assert one.decision.actions[-1] is Action.BLOCK
        assert one.decision.redactions == ()

    def test_the_strictest_tool_decides_for_the_listing(self, run: Screen) -> None:
        """Each keeps its own action, in the order of the listing."""
        screening = run([FETCH, {"name": "other"}, {"name": "third", "description": "canary"}])
        actions = [one.decision.action for one in screening.screened]
        assert actions == [Action.ALLOW, Action.REVIEW, Action.BLOCK]
        assert screening.action is Action.BLOCK
        assert {reason.split(":")[0] for reason in screening.reasons} == {"definition-unknown", "definition-secret"}

    def test_a_monitoring_policy_enforces_nothing(self, run: Screen) -> None:
        """The action is told all the same."""
        screening = run({"name": "third", "description": "canary"}, policy="monitor")
        assert (screening.action, screening.enforced) == (Action.BLOCK, False)
        assert run(FETCH, policy="monitor").enforced is False

    def test_one_enforced_decision_makes_the_listing_an_enforced_one(self, run: Screen, bundle: Bundle) -> None:
        """A monitored tool beside it does not switch it off."""
        policies = bundle.policies
        watched = replace(policies.policies["monitor"], tenants=("*",), tools=("demo/fetch",))
        own = replace(bundle, policies=replace(policies, policies={"monitor": watched, **policies.policies}))
        own.policies.policies["monitor"] = watched  # type: ignore[index]  # a plain dict in this test
        tools = [{"name": "fetch", "description": "canary"}, {"name": "other"}]
        screening = run(tools, own=own)
        assert [one.decision.enforced for one in screening.screened] == [False, True]
        assert (screening.action, screening.enforced) == (Action.BLOCK, True)
        assert run(tools[:1], own=own).enforced is False

    def test_a_changed_definition_is_blocked(self, run: Screen, bundle: Bundle) -> None:
        """One letter is enough; the approved one passes."""
        own = pinned(bundle, FETCH)
        assert run(FETCH, own=own).action is Action.ALLOW
        assert run({**FETCH, "description": "Fetches a document!"}, own=own).action is Action.BLOCK
        (one,) = run({**FETCH, "annotations": {}}, own=own).screened
        assert one.subject.drift is Drift.CHANGED

    def test_findings_say_whether_anybody_approved_the_definition(self, run: Screen, bundle: Bundle) -> None:
        """By a tag that policies can ask for."""
        tool = {"name": "fetch", "description": "canary"}
        for own, approved in ((bundle, False), (pinned(bundle, tool), True)):
            finding = run(tool, own=own).screened[0].report.findings[-1]
            assert ("unapproved" in finding.tags) is not approved

    def test_what_stands_beside_the_tools_is_judged_too(self, run: Screen) -> None:
        """Under the name of the method."""
        screening = run({"tools": [FETCH], "_meta": {"note": "canary"}})
        beside = screening.screened[-1]
        assert beside.subject.definition is None
        assert (beside.decision.action, beside.report.findings[0].pointer) == (Action.BLOCK, "/_meta/note")
        assert screening.action is Action.BLOCK

    def test_an_empty_listing_passes_and_is_recorded(self, run: Screen, trail: Trail) -> None:
        """There is nothing to judge."""
        assert run({"tools": []}).action is Action.ALLOW
        assert len(trail.entries) == 1

    def test_names_are_compared_as_people_see_them(self, run: Screen) -> None:
        """Foreign letters and invisible characters do not make another name."""
        for name in ("fеtсh", "f\u200betch", "ｆｅｔｃｈ"):
            kinds = [finding.entity_type for finding in run({"name": name}).screened[0].report.findings]
            assert "TOOL_NAME_LOOKALIKE" in kinds

    def test_an_unknown_policy_is_refused(self, run: Screen) -> None:
        """As for calls."""
        with pytest.raises(InvalidRequestError):
            run(FETCH, policy="nobody")


class TestNotLooked:
    """What was not looked at is named and fails closed."""

    def test_a_detector_that_crashes(self, run: Screen) -> None:
        """Its words are not shown."""
        screening = run(FETCH, Told(), Broken())
        (one,) = screening.screened
        assert [(skip.detector, skip.reason) for skip in one.report.skipped] == [("broken", "crash")]
        assert (screening.action, one.report.coverage.scanned) == (Action.BLOCK, 0)
        assert "canary" not in repr(screening)

    def test_all_of_a_listing_has_the_time_of_one_detector(self, run: Screen) -> None:
        """What is not reached by then is skipped."""
        began = time.monotonic()
        screening = run([{"name": f"t{n}"} for n in range(200)], Told(wait=0.2), seconds=0.5)
        assert time.monotonic() - began < 5
        reasons = {skip.reason for one in screening.screened for skip in one.report.skipped}
        assert (reasons, screening.action) == ({"deadline"}, Action.BLOCK)
        assert any(not one.report.skipped for one in screening.screened)

    def test_findings_have_a_limit(self, run: Screen, monkeypatch: pytest.MonkeyPatch) -> None:
        """Over it the rest of the listing is not looked at, and says so."""
        monkeypatch.setattr("firewall.definitions.screen.MAX_FINDINGS", 100)
        told = Told(times=60)
        tools = [{"name": "fetch", "description": "canary"} for _ in range(40)]
        screening = run(tools, told)
        assert told.seen < 40
        assert screening.screened[-1].report.skipped[0].reason == "budget"
        assert screening.action is Action.BLOCK

    def test_a_picture_goes_to_a_person(self, run: Screen) -> None:
        """Nobody read it."""
        icon = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
        screening = run({**FETCH, "icons": [{"src": icon}]})
        assert (screening.action, screening.screened[0].report.skipped[0].reason) == (Action.REVIEW, "binary")


class TestRecord:
    """One record a listing."""

    def test_it_says_everything_but_the_text(self, run: Screen, trail: Trail, bundle: Bundle) -> None:
        """Places lead through the listing; names that nobody registered are stars."""
        tools = [
            FETCH,
            {"name": "canary-name", "inputSchema": {"properties": {"canary-key": {"description": "canary"}}}},
        ]
        screening = run({"tools": tools, "_meta": {"canary-meta": "canary"}})
        (entry,) = trail.entries
        assert screening.audit_id == entry.audit_id
        assert (entry.tool.server, entry.tool.name) == ("demo", "tools/list")
        assert entry.tool.digest == definition_digest([definition_digest(tool) for tool in tools])
        assert (entry.action, entry.user, entry.bundle) == (Action.BLOCK, "u", bundle.digest)
        places = {finding.place for finding in entry.findings}
        assert "/tools/1/inputSchema/properties/*/description" in places
        assert "/_meta/*" in places
        assert all(finding.fingerprint for finding in entry.findings if finding.start is not None)
        assert b"canary" not in canonical(entry)
        assert "canary" not in repr(screening)

    def test_the_digest_follows_what_was_screened(self, run: Screen, trail: Trail) -> None:
        """Another definition, another record."""
        run([FETCH])
        run([{**FETCH, "title": "x"}])
        first, second = trail.entries
        assert first.tool.digest != second.tool.digest

    def test_no_record_no_answer(self, run: Screen) -> None:
        """Unless the policy lets it pass."""
        with pytest.raises(AuditUnavailableError):
            run(FETCH, audit=Trail(broken=True))
        assert run(FETCH, audit=Trail(broken=True), policy="monitor").audit_id is None


def test_a_long_listing_costs_in_proportion(run: Screen) -> None:
    """Eight times the tools cost less than twenty times the time."""

    def spent(count: int) -> float:
        tools = [{"name": f"tool_{n}", "description": "Reads a value. " * 40} for n in range(count)]
        best = 9.0
        for _ in range(3):
            began = time.process_time()
            run(tools)
            best = min(best, time.process_time() - began)
        return best

    assert spent(240) < 20 * spent(30)


def test_findings_in_definitions_have_their_origin(run: Screen) -> None:
    """So that policies can tell them from results."""
    origins = {finding.origin for finding in run({"name": "fetch", "title": "canary"}).screened[0].report.findings}
    assert origins == {Origin.TOOL_DEFINITION}
