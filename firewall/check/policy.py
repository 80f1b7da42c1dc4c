"""Policies prove themselves: written cases go through the real registry and the real `decide`; each clause is met.

A case says what a call was, what was seen and not seen in it, and what the policy must make of that. No text is
involved, so a case costs nothing and needs no model.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, RootModel

from firewall.access import registry as access
from firewall.access.registry import Registry
from firewall.policy import policy as policies
from firewall.policy.decide import decide, reported
from firewall.policy.policy import Policy
from firewall.sources import Source, read, validated
from firewall.vocabulary import (
    Action,
    Call,
    Decision,
    Direction,
    Finding,
    Identity,
    Origin,
    Report,
    Severity,
    Skipped,
    SkipReason,
    Span,
    ToolRef,
)

_ActionName = Literal["allow", "redact", "review", "block"]


class _Model(BaseModel):
    """A part of a case: unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", strict=True)


class CallModel(_Model):
    """The call of a case. `arguments`, where given, are held against the tool's schema."""

    direction: Literal["inbound", "outbound"]
    tool: str = Field(pattern=r"^[^/]+/[^/]+$")
    version: str | None = None
    tenant: str = ""
    model: str = ""
    roles: list[str] = []
    arguments: dict[str, Any] | None = None


class FindingModel(_Model):
    """What a detector would have seen; `span: false` stands for a finding about the whole call."""

    entity_type: str = Field(min_length=1)
    detector: str = "patterns"
    rule_id: str = ""
    score: float = Field(ge=0, le=1)
    severity: Literal["info", "low", "medium", "high", "critical"]
    origin: Literal["tool_call", "user_prompt", "tool_result", "resource", "tool_definition"] | None = None
    level: int = Field(default=1, ge=1, le=4)
    tags: list[str] = []
    span: bool = True


class SkipModel(_Model):
    """What a detector would not have looked at."""

    detector: str = "payload"
    reason: Literal["binary", "budget", "deadline", "overload", "crash", "encoding", "unavailable"]


class ExpectModel(_Model):
    """What the policy must decide. `reasons` are clause ids, `operators` the edits in the order of the findings."""

    action: _ActionName
    reasons: list[str] | None = None
    operators: list[str] | None = None
    enforced: bool | None = None


class CaseModel(_Model):
    """One case as it is written in YAML."""

    name: str = Field(min_length=8, max_length=160)
    policy: str
    call: CallModel
    findings: list[FindingModel] = []
    skipped: list[SkipModel] = []
    expect: ExpectModel


class CaseFile(RootModel[list[CaseModel]]):
    """The cases of a file."""


@dataclass(frozen=True, slots=True)
class CaseResult:
    """What came of one case, or of one promise about a policy. `problem` is None where it held."""

    policy: str
    name: str
    where: str
    problem: str | None

    @property
    def ok(self) -> bool:
        """Tell whether the case held."""
        return self.problem is None


def run(rules_dir: Path) -> list[CaseResult]:
    """Run `policies/tests/*.yaml` below `rules_dir`, then name every clause and skip answer that no case meets.

    Raises ConfigurationError naming file and line where a policy, the registry or a case is not well-formed.
    """
    registry, selected = access.load(rules_dir), policies.load(rules_dir)
    results: list[CaseResult] = []
    met: dict[str, set[str]] = {name: set() for name in selected.policies}
    for path in sorted((rules_dir / "policies" / "tests").glob("*.yaml")):
        source = read(path, rules_dir)
        names: set[str] = set()
        for index, case in enumerate(validated(CaseFile, source).root):
            where = source.where((index, "name"))
            policy = selected.policies.get(case.policy)
            if policy is None:
                problem: str | None = f"there is no policy with the id {case.policy}"
            elif case.name in names:
                problem = "the name stands twice in this file"
            else:
                call = _call(case.call, registry)
                decision = decide(_report(case, call, registry, policy), call, policy)
                met[policy.id].update(filter(None, decision.clauses), _skips_met(case, call, policy))
                problem = _difference(case, decision)
            names.add(case.name)
            results.append(CaseResult(case.policy, case.name, where, problem))
    for policy in selected.policies.values():
        results += _promises(policy, met[policy.id], read(rules_dir / "policies" / f"{policy.id}.yaml", rules_dir))
    return results


def _call(model: CallModel, registry: Registry) -> Call:
    server, name = model.tool.split("/")
    tool = registry.find(server, name)
    call = Call(
        Direction(model.direction),
        ToolRef(server, name, model.version),
        Identity(tenant=model.tenant, model=model.model, roles=tuple(model.roles)),
    )
    return call if tool is None else replace(call, risk_class=tool.risk_class, data_classes=tool.data_classes)


def _report(case: CaseModel, call: Call, registry: Registry, policy: Policy) -> Report:
    """Put what the registry says of the call before what the case says was seen, as the road does."""
    arguments = None if case.call.arguments is None else json.dumps(case.call.arguments)
    origin = Origin.TOOL_CALL if call.direction is Direction.INBOUND else Origin.TOOL_RESULT
    seen = tuple(
        Finding(
            detector=item.detector,
            rule_id=item.rule_id,
            entity_type=item.entity_type,
            pointer=f"/{index}",
            span=Span(0, 1) if item.span else None,
            score=item.score,
            severity=Severity[item.severity.upper()],
            origin=Origin(item.origin) if item.origin else origin,
            tags=tuple(item.tags),
            level=item.level,
        )
        for index, item in enumerate(case.findings)
    )
    skipped = tuple(Skipped(item.detector, "", SkipReason(item.reason)) for item in case.skipped)
    report = Report(findings=access.check(registry, call, arguments) + seen, skipped=skipped)
    return replace(report, findings=reported(report, policy))


def _difference(case: CaseModel, decision: Decision) -> str | None:
    """Say where a decision differs from what a case expects."""
    expect = case.expect
    if decision.action is not Action[expect.action.upper()]:
        reasons = ", ".join(sorted(_clause_ids(decision))) or "no clause"
        return f"expected {expect.action}, decided {decision.action.name.lower()} ({reasons})"
    if expect.reasons is not None and set(expect.reasons) != _clause_ids(decision):
        return f"expected the reasons {sorted(expect.reasons)}, decided for {sorted(_clause_ids(decision))}"
    operators = [redaction.operator.name for redaction in decision.redactions]
    if expect.operators is not None and expect.operators != operators:
        return f"expected the operators {expect.operators}, decided {operators}"
    if expect.enforced is not None and expect.enforced is not decision.enforced:
        return f"expected enforced: {str(expect.enforced).lower()}"
    return None


def _clause_ids(decision: Decision) -> set[str]:
    return {reason.split(":", 1)[0] for reason in decision.reasons}


def _skips_met(case: CaseModel, call: Call, policy: Policy) -> Iterator[str]:
    """Name the skip answers that a case asks: `skipped.answers.<n>`, or `skipped.default` where none applies."""
    for skip in case.skipped:
        answers = [
            f"skipped.answers.{index}"
            for index, answer in enumerate(policy.skip_answers)
            if (not answer.reasons or SkipReason(skip.reason) in answer.reasons) and answer.scope.covers(call)
        ]
        yield from answers or ["skipped.default"]


def _promises(policy: Policy, met: set[str], source: Source) -> Iterator[CaseResult]:
    """Say of each clause, and of each answer to what was not looked at, whether a case meets it; and of lists' patterns.

    A clause that no case can meet is dead: another that is as strict always answers first.
    """
    places: list[tuple[str, tuple[str | int, ...]]] = [
        (clause.id, ("clauses", index, "id")) for index, clause in enumerate(policy.clauses)
    ]
    places += [(f"skipped.answers.{index}", ("skipped", "answers", index)) for index in range(len(policy.skip_answers))]
    for name, place in [*places, ("skipped.default", ("skipped", "default"))]:
        problem = None if name in met else "no case meets it"
        yield CaseResult(policy.id, f"some case meets {name}", source.where(place), problem)
    for promise in policy.promises:
        yield CaseResult(policy.id, "a pattern of a list matches its examples", promise.where, promise.problem())
