"""Deciding: only the strictest answer counts, order means nothing, and what was not seen fails closed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firewall.policy.decide import decide, decide_again, excises, excising, reported
from firewall.policy.policy import Policy, PolicySet, load
from firewall.vocabulary import (
    Action,
    Call,
    Direction,
    Finding,
    Identity,
    Operator,
    Origin,
    Report,
    Severity,
    Skipped,
    SkipReason,
    Span,
    ToolRef,
)

SHIPPED = load(Path(__file__).resolve().parents[2] / "rules")
OWN = """
id: default
version: "1"
description: A policy with overlapping clauses.
mode: enforce
detect_level: 4
act_level: 4
clauses:
- {id: low, when: {entity_types: [A]}, action: redact, operator: {name: mask}, reason: first of two redactions}
- {id: other, when: {entity_types: [A, B]}, action: redact, operator: {name: hash}, reason: second of two redactions}
- {id: look, when: {rules: ["family.look.*"]}, action: review, reason: a person looks at it}
- {id: sure, when: {min_score: 0.9, tags: [gxp]}, action: block, reason: too certain to pass}
- {id: quiet, when: {entity_types: [C]}, action: allow, reason: nothing to be done}
- {id: narrow, when: {entity_types: [D], tenants: ["acme-*"], tools: ["ehr/*"], risk_classes: [clinical_impacting],
   data_classes: [phi, gxp], origins: [resource], directions: [outbound]}, action: block, reason: a narrow scope}
skipped:
  default: block
  answers:
  - {reasons: [binary], action: allow}
  - {reasons: [binary, budget], tools: ["ehr/*"], action: review}
"""
ENTITIES = ["A", "B", "C", "D", "PROMPT_INJECTION", "US_SSN", "API_KEY", "PERSON", "UNSAFE_RECOMMENDATION", "NEW_KIND"]


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> PolicySet:
    """Return the policy set of this file."""
    root = tmp_path_factory.mktemp("rules")
    (root / "policies").mkdir()
    (root / "policies" / "default.yaml").write_text(OWN)
    (root / "entity_groups.yaml").write_text("some: [A, B]\n")
    return load(root)


def finding(entity_type: str = "A", **fields: object) -> Finding:
    """Make a finding, of middling certainty unless said otherwise."""
    plain = Finding("patterns", "family.file.1", entity_type, "/a", Span(0, 3), 0.8, Severity.HIGH, Origin.TOOL_RESULT)
    return replace(plain, **fields)  # type: ignore[arg-type]  # the fields of Finding


def call(**fields: object) -> Call:
    """Make an outbound call of a clinical tool."""
    plain = Call(
        Direction.OUTBOUND, ToolRef("ehr", "get_patient"), Identity(tenant="acme-1"), "clinical_impacting", ("phi",)
    )
    return replace(plain, **fields)  # type: ignore[arg-type]  # the fields of Call


findings = st.builds(
    Finding,
    detector=st.sampled_from(["patterns", "injection", "entities", "access"]),
    rule_id=st.sampled_from(["family.file.1", "family.look.2", ""]),
    entity_type=st.sampled_from(ENTITIES),
    pointer=st.sampled_from(["", "/a", "/b/0"]),
    span=st.none() | st.builds(lambda at, size: Span(at, at + size), st.integers(0, 9), st.integers(1, 9)),
    score=st.floats(0, 1),
    severity=st.sampled_from(Severity),
    origin=st.sampled_from(Origin),
    tags=st.sampled_from([(), ("gxp",)]),
    level=st.integers(1, 4),
)
skips = st.builds(Skipped, st.sampled_from(["payload", "entities"]), st.just(""), st.sampled_from(SkipReason))
calls = st.builds(
    Call,
    direction=st.sampled_from(Direction),
    tool=st.sampled_from([ToolRef("ehr", "get_patient"), ToolRef("demo", "fetch")]),
    identity=st.sampled_from([Identity(), Identity(tenant="acme-1")]),
    risk_class=st.sampled_from(["read_only", "clinical_impacting", "unknown"]),
    data_classes=st.sampled_from([(), ("phi",), ("public", "gxp")]),
)
policies = st.sampled_from([*SHIPPED.policies.values(), "own"])


def chosen(policy: Policy | str, own: PolicySet) -> Policy:
    """Return a shipped policy or the one of this file."""
    return own.policies["default"] if isinstance(policy, str) else policy


class TestProperties:
    """What holds for any policy, call and report."""

    @given(
        seen=st.lists(findings, max_size=5),
        more=findings,
        unseen=st.lists(skips, max_size=2),
        which=calls,
        policy=policies,
    )
    @settings(max_examples=250, deadline=None)
    def test_one_more_finding_never_weakens(
        self,
        own: PolicySet,
        seen: list[Finding],
        more: Finding,
        unseen: list[Skipped],
        which: Call,
        policy: Policy | str,
    ) -> None:
        """The action does not fall, no edit disappears, and the other findings keep their answers."""
        taken = chosen(policy, own)
        before = decide(Report(tuple(seen), tuple(unseen)), which, taken)
        after = decide(Report((*seen, more), tuple(unseen)), which, taken)
        assert after.action >= before.action
        assert after.redactions[: len(before.redactions)] == before.redactions
        assert after.actions[: len(seen)] == before.actions
        assert set(after.reasons) >= set(before.reasons)

    @given(
        seen=st.lists(findings, max_size=4),
        unseen=st.lists(skips, max_size=2),
        more=skips,
        which=calls,
        policy=policies,
    )
    @settings(max_examples=200, deadline=None)
    def test_one_more_skip_never_weakens(
        self,
        own: PolicySet,
        seen: list[Finding],
        unseen: list[Skipped],
        more: Skipped,
        which: Call,
        policy: Policy | str,
    ) -> None:
        """Not having looked is never better than having looked."""
        taken = chosen(policy, own)
        before = decide(Report(tuple(seen), tuple(unseen)), which, taken)
        after = decide(Report(tuple(seen), (*unseen, more)), which, taken)
        assert after.action >= before.action and after.redactions == before.redactions

    @given(
        seen=st.lists(findings, max_size=6),
        unseen=st.lists(skips, max_size=3),
        which=calls,
        policy=policies,
        data=st.data(),
    )
    @settings(max_examples=200, deadline=None)
    def test_order_means_nothing(
        self,
        own: PolicySet,
        seen: list[Finding],
        unseen: list[Skipped],
        which: Call,
        policy: Policy | str,
        data: st.DataObject,
    ) -> None:
        """The same findings and skips in another order give the same decision."""
        taken = chosen(policy, own)
        one = decide(Report(tuple(seen), tuple(unseen)), which, taken)
        shuffled = data.draw(st.permutations(seen))
        two = decide(Report(tuple(shuffled), tuple(data.draw(st.permutations(unseen)))), which, taken)
        assert (two.action, two.reasons) == (one.action, one.reasons)
        assert sorted(map(repr, two.redactions)) == sorted(map(repr, one.redactions))
        assert sorted(zip(map(repr, shuffled), two.actions, strict=True)) == sorted(
            zip(map(repr, seen), one.actions, strict=True)
        )

    @given(seen=st.lists(findings, max_size=5), which=calls, policy=policies)
    @settings(max_examples=200, deadline=None)
    def test_the_decision_is_the_strictest_answer(
        self, own: PolicySet, seen: list[Finding], which: Call, policy: Policy | str
    ) -> None:
        """Never milder than any finding's answer, never stricter than all of them."""
        decision = decide(Report(tuple(seen)), which, chosen(policy, own))
        assert decision.action is max(decision.actions, default=Action.ALLOW)
        assert len(decision.actions) == len(decision.clauses) == len(seen)


class TestAnswers:
    """Single findings."""

    @pytest.mark.parametrize(
        ("seen", "action", "clause"),
        [
            (finding("A"), Action.REDACT, "low"),
            (finding("B"), Action.REDACT, "other"),
            (finding("C"), Action.ALLOW, "quiet"),
            (finding("UNKNOWN"), Action.ALLOW, None),
            (finding("UNKNOWN", rule_id="family.look.7"), Action.REVIEW, "look"),
            (finding("C", tags=("gxp", "x"), score=0.9), Action.BLOCK, "sure"),
            (finding("C", tags=("gxp",), score=0.89), Action.ALLOW, "quiet"),
            (finding("A", span=None), Action.BLOCK, "low"),
            (finding("D", origin=Origin.RESOURCE), Action.BLOCK, "narrow"),
            (finding("D"), Action.ALLOW, None),
        ],
    )
    def test_the_strictest_clause_that_speaks_answers(
        self, own: PolicySet, seen: Finding, action: Action, clause: str | None
    ) -> None:
        """With equal actions the first in the file; a redaction of the whole call is a block."""
        decision = decide(Report((seen,)), call(), own.policies["default"])
        assert (decision.action, decision.clauses) == (action, (clause,))

    def test_the_first_of_equal_clauses_gives_the_operator(self, own: PolicySet) -> None:
        """And the redaction stands where the finding stood."""
        decision = decide(Report((finding("A", pointer="/x", is_key=True),)), call(), own.policies["default"])
        redaction = decision.redactions[0]
        assert (redaction.operator.name, redaction.pointer, redaction.is_key) == ("mask", "/x", True)

    def test_what_goes_to_review_stays_redacted(self, own: PolicySet) -> None:
        """A stricter clause does not bring back what a milder one took out."""
        decision = decide(Report((finding("A", rule_id="family.look.1"),)), call(), own.policies["default"])
        assert decision.action is Action.REVIEW
        assert [redaction.operator.name for redaction in decision.redactions] == ["mask"]

    @pytest.mark.parametrize(
        "other",
        [
            {"direction": Direction.INBOUND},
            {"tool": ToolRef("lims", "get_patient")},
            {"identity": Identity(tenant="other")},
            {"risk_class": "read_only"},
            {"data_classes": ("public",)},
            {"data_classes": ()},
        ],
        ids=lambda item: next(iter(item)),
    )
    def test_a_scope_must_hold_whole(self, own: PolicySet, other: dict[str, object]) -> None:
        """One part that does not fit silences the clause."""
        seen = Report((finding("D", origin=Origin.RESOURCE),))
        assert decide(seen, call(), own.policies["default"]).action is Action.BLOCK
        assert decide(seen, call(**other), own.policies["default"]).action is Action.ALLOW


class TestLevels:
    """Detection level and acting level."""

    def test_findings_over_the_detection_level_are_not_reported(self) -> None:
        """And those up to it are, in their order."""
        default = SHIPPED.policies["default"]
        report = Report(tuple(finding("US_SSN", level=level) for level in (4, 1, 3, 2)))
        assert [seen.level for seen in reported(report, default)] == [1, 3, 2]

    def test_findings_over_the_acting_level_change_nothing(self) -> None:
        """They are reported with ALLOW."""
        default = SHIPPED.policies["default"]
        decision = decide(Report((finding("US_SSN", level=3), finding("US_SSN", level=2))), call(), default)
        assert decision.actions == (Action.ALLOW, Action.REDACT)


class TestSkipped:
    """What was not looked at."""

    @pytest.mark.parametrize("reason", [reason for reason in SkipReason if reason is not SkipReason.BINARY])
    @pytest.mark.parametrize("policy", SHIPPED.policies)
    def test_without_a_word_about_it_it_fails_closed(self, policy: str, reason: SkipReason) -> None:
        """Every shipped policy blocks whatever a detector did not see."""
        report = Report(skipped=(Skipped("entities", "", reason),))
        assert decide(report, call(), SHIPPED.policies[policy]).action is Action.BLOCK

    def test_the_strictest_answer_that_applies_wins(self, own: PolicySet) -> None:
        """Also over a later, more special one; the default is asked only where none applies."""
        policy = own.policies["default"]
        at_demo = call(tool=ToolRef("demo", "fetch"))

        def action(reason: SkipReason, which: Call) -> Action:
            return decide(Report(skipped=(Skipped("payload", "", reason),)), which, policy).action

        assert action(SkipReason.BINARY, at_demo) is Action.ALLOW
        assert action(SkipReason.BINARY, call()) is Action.REVIEW
        assert action(SkipReason.BUDGET, call()) is Action.REVIEW
        assert action(SkipReason.BUDGET, at_demo) is Action.BLOCK

    def test_the_reason_names_every_detector(self, own: PolicySet) -> None:
        """Once each, in an order that does not depend on who was late first."""
        report = Report(
            skipped=tuple(Skipped(name, "", SkipReason.CRASH) for name in ("patterns", "entities", "patterns"))
        )
        reasons = decide(report, call(), own.policies["default"]).reasons
        assert reasons == ("skipped-crash: entities, patterns did not look at a part of the payload: crash",)


class TestExcise:
    """Cutting passages out of what passes."""

    POLICY = SHIPPED.policies["excise"]

    def seen(self, detector: str, start: int, end: int, score: float, **fields: object) -> Finding:
        """Make an injection finding of a detector at a place."""
        return finding("PROMPT_INJECTION", detector=detector, span=Span(start, end), score=score, **fields)

    def places(self, *findings: Finding) -> set[tuple[str, int, int]]:
        """Return pointer and range of everything that is cut for these findings."""
        decision = decide(Report(findings), call(), self.POLICY)
        assert excises(decision) is bool(decision.redactions)
        return {
            (one.pointer, one.span.start, one.span.end) for one in decision.redactions if one.operator.name == "excise"
        }

    def test_a_doubtful_passage_goes_with_the_rule_that_stands_in_it(self) -> None:
        """Where both say so the whole passage goes, also when the classifier alone would not have been sure enough."""
        rule, doubt = self.seen("patterns", 10, 20, 0.85), self.seen("injection", 5, 60, 0.4)
        assert self.places(doubt) == set()
        assert self.places(rule) == {("/a", 10, 20)}
        assert self.places(rule, doubt) == self.places(doubt, rule) == {("/a", 10, 20), ("/a", 5, 60)}

    def test_only_what_overlaps_goes_along(self) -> None:
        """Not what stands beside it, in another leaf, over the acting level, or is no injection."""
        rule = self.seen("patterns", 10, 20, 0.85)
        others = [
            self.seen("injection", 20, 60, 0.4),
            self.seen("injection", 5, 60, 0.4, pointer="/b"),
            self.seen("injection", 5, 60, 0.4, is_key=True),
            self.seen("patterns", 5, 60, 0.4, level=3),
            finding("NEW_KIND", span=Span(5, 60)),
        ]
        assert self.places(rule, *others) == {("/a", 10, 20)}

    def test_a_rule_brings_its_sentence_and_a_passage_itself(self) -> None:
        """How far a cut goes is said by the clause."""
        decision = decide(
            Report((self.seen("patterns", 0, 3, 0.85), self.seen("injection", 7, 9, 0.99))), call(), self.POLICY
        )
        assert [dict(one.operator.params) for one in decision.redactions] == [{"extent": "sentence"}, {}]
        assert decision.action is Action.REDACT

    def test_who_looks_again(self) -> None:
        """The detectors that the cutting clauses name; nobody where nothing is cut; everybody where none is named."""
        assert excising(call(), self.POLICY) == {"patterns", "injection"}
        assert excising(call(direction=Direction.INBOUND), self.POLICY) == frozenset()
        anybody = replace(
            self.POLICY.clauses[-1], operator=Operator("excise"), action=Action.REDACT, detectors=frozenset()
        )
        assert excising(call(), replace(self.POLICY, clauses=(anybody,))) is None

    def test_what_is_left_over_blocks(self) -> None:
        """A second look that would cut again, or could not be had, lets nothing pass; one that finds nothing does."""
        first = decide(Report((self.seen("injection", 5, 60, 0.99),)), call(), self.POLICY)
        assert decide_again(first, Report(), call(), self.POLICY) == first
        doubt = Report((self.seen("injection", 5, 60, 0.4), self.seen("patterns", 0, 3, 0.9, level=3)))
        assert decide_again(first, doubt, call(), self.POLICY) == first
        left = decide_again(first, Report((self.seen("patterns", 5, 9, 0.85),)), call(), self.POLICY)
        assert left.action is Action.BLOCK
        assert [reason.partition(":")[0] for reason in left.reasons] == ["excise-left", "injection-model-result"]
        unseen = Report(skipped=(Skipped("injection", "", SkipReason.DEADLINE),))
        blind = decide_again(first, unseen, call(), self.POLICY)
        assert (blind.action, blind.redactions) == (Action.BLOCK, first.redactions)
        assert "skipped-deadline" in {reason.partition(":")[0] for reason in blind.reasons}
