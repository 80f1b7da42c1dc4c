"""Policy files become frozen policies, and the one of them that a call falls under is selected."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, RootModel, model_validator

from firewall.errors import ConfigurationError, InvalidRequestError
from firewall.sources import Source, read, validated
from firewall.vocabulary import Action, Call, Operator, Severity, SkipReason

RISK_CLASSES = ("read_only", "write_sensitive", "clinical_impacting", "unknown")
ActionName = Literal["allow", "redact", "review", "block"]
RiskName = Literal["read_only", "write_sensitive", "clinical_impacting", "unknown"]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class OperatorModel(_Model):
    """One of Presidio's anonymizer operators, or `excise`, with its parameters."""

    name: Literal["replace", "redact", "mask", "hash", "keep", "excise"] = "replace"
    params: dict[str, str | int | bool] = {}

    @model_validator(mode="after")
    def _excise_knows_its_extent(self) -> Self:
        """Refuse what `excise` would not understand; the others' parameters are Presidio's business."""
        if self.name == "excise" and any(
            (key, value) not in (("extent", "passage"), ("extent", "sentence")) for key, value in self.params.items()
        ):
            raise ValueError("excise takes one parameter: extent, which is passage or sentence")
        return self


class ScopeModel(_Model):
    """What a call must be for a clause to speak; an empty list means any."""

    directions: list[Literal["inbound", "outbound"]] = []
    risk_classes: list[RiskName] = []
    data_classes: list[str] = []
    tenants: list[str] = []
    tools: list[str] = []


class WhenModel(ScopeModel):
    """What a finding must be as well."""

    entity_types: list[str] = []
    detectors: list[str] = []
    rules: list[str] = []
    tags: list[str] = []
    origins: list[Literal["tool_call", "user_prompt", "tool_result", "resource", "tool_definition"]] = []
    min_score: float = Field(default=0.0, ge=0, le=1)
    min_severity: Literal["info", "low", "medium", "high", "critical"] = "info"


class ClauseModel(_Model):
    """When this is found, do that."""

    id: str = Field(pattern=r"^[a-z][a-z0-9-]{1,60}$")
    when: WhenModel
    action: ActionName
    operator: OperatorModel = OperatorModel()
    reason: str = Field(min_length=8, max_length=200)


class SkippedModel(ScopeModel):
    """What not having looked means, for some reasons, in some calls."""

    reasons: list[Literal["binary", "budget", "deadline", "overload", "crash", "encoding", "unavailable"]] = []
    action: ActionName


class SkippedPolicyModel(_Model):
    """The answer to everything that was not looked at; the strictest answer that applies wins, else `default`."""

    default: ActionName = "block"
    answers: list[SkippedModel] = []


class AppliesModel(_Model):
    """The tenants and tools (globs over `server/name`) that select this policy."""

    tenants: list[str] = Field(default=["*"], min_length=1)
    tools: list[str] = Field(default=["*"], min_length=1)


class PolicyModel(_Model):
    """One policy as it is written in YAML."""

    id: str = Field(pattern=r"^[a-z][a-z0-9-]{1,60}$")
    version: str = Field(min_length=1, max_length=40)
    description: str = Field(min_length=10)
    mode: Literal["enforce", "monitor"]
    applies_to: AppliesModel | None = None
    detect_level: int = Field(ge=1, le=4)
    act_level: int = Field(ge=1, le=4)
    on_audit_failure: Literal["refuse", "allow"] = "refuse"
    clauses: list[ClauseModel] = Field(min_length=1)
    skipped: SkippedPolicyModel = SkippedPolicyModel()


class GroupsModel(RootModel[dict[str, Annotated[list[str], Field(min_length=1)]]]):
    """Named groups of entity types, which policies write as `$name`."""


def _matches(globs: Sequence[str], value: str) -> bool:
    return not globs or any(fnmatchcase(value, glob) for glob in globs)


@dataclass(frozen=True, slots=True)
class Scope:
    """Which calls a clause speaks about."""

    model: ScopeModel

    def covers(self, call: Call) -> bool:
        """Tell whether a call falls under this scope."""
        model = self.model
        return (
            (not model.directions or call.direction.value in model.directions)
            and (not model.risk_classes or call.risk_class in model.risk_classes)
            and (not model.data_classes or any(name in model.data_classes for name in call.data_classes))
            and _matches(model.tenants, call.identity.tenant)
            and _matches(model.tools, f"{call.tool.server}/{call.tool.name}")
        )


@dataclass(frozen=True, slots=True)
class Clause:
    """One clause, ready to be asked. Empty sets mean any."""

    id: str
    scope: Scope
    entity_types: frozenset[str]
    detectors: frozenset[str]
    rules: tuple[str, ...]
    tags: frozenset[str]
    origins: frozenset[str]
    min_score: float
    min_severity: Severity
    action: Action
    operator: Operator
    reason: str


@dataclass(frozen=True, slots=True)
class SkipAnswer:
    """What a skip means in some calls; an empty set of reasons means any."""

    scope: Scope
    reasons: frozenset[SkipReason]
    action: Action


@dataclass(frozen=True, slots=True)
class Policy:
    """One policy, checked."""

    id: str
    version: str
    enforced: bool
    tenants: tuple[str, ...]
    tools: tuple[str, ...]
    detect_level: int
    act_level: int
    refuse_without_audit: bool
    clauses: tuple[Clause, ...]
    skip_default: Action
    skip_answers: tuple[SkipAnswer, ...]


@dataclass(frozen=True, slots=True)
class PolicySet:
    """All policies of a folder by id, in the order in which they are asked, and the digest of their bytes."""

    policies: Mapping[str, Policy]
    digest: str

    def select(self, call: Call, wanted: str | None = None) -> Policy:
        """Return the policy named, else the most specific one whose tenants and tools match the call.

        Raises InvalidRequestError for a policy id that does not exist.
        """
        if wanted is not None:
            if wanted not in self.policies:
                raise InvalidRequestError("there is no policy with this id", pointer="/policy")
            return self.policies[wanted]
        tool = f"{call.tool.server}/{call.tool.name}"
        for policy in self.policies.values():
            chosen = bool(policy.tenants) and _matches(policy.tenants, call.identity.tenant)
            if chosen and _matches(policy.tools, tool):
                return policy
        return self.policies["default"]


def load(root: Path) -> PolicySet:
    """Read `policies/*.yaml` below `root`. Raises ConfigurationError naming file and line."""
    found: dict[str, Policy] = {}
    groups_source = read(root / "entity_groups.yaml", root)
    groups = validated(GroupsModel, groups_source).root
    digest = hashlib.sha256(groups_source.sha256.encode())
    for path in sorted((root / "policies").glob("*.yaml")):
        source = read(path, root)
        digest.update(f"{source.name}\0{source.sha256}\n".encode())
        model = validated(PolicyModel, source)
        if model.id != path.stem:
            raise ConfigurationError(f"{source.where(('id',))}: the id must be the file's name, {path.stem}")
        if model.act_level > model.detect_level:
            raise ConfigurationError(f"{source.where(('act_level',))}: act_level is over detect_level")
        ids = [clause.id for clause in model.clauses]
        for index, name in enumerate(ids):
            if name in ids[:index]:
                raise ConfigurationError(f"{source.where(('clauses', index, 'id'))}: the clause id stands twice")
        found[model.id] = _policy(model, source, groups)
    if "default" not in found:
        raise ConfigurationError("policies/default.yaml: the policy every other call falls under is missing")
    # Specific tenants or tools are asked before globs that take everything.
    order = sorted(found.values(), key=lambda policy: (("*" in policy.tenants) + ("*" in policy.tools), policy.id))
    return PolicySet({policy.id: policy for policy in order}, f"sha256:{digest.hexdigest()}")


def _policy(model: PolicyModel, source: Source, groups: Mapping[str, list[str]]) -> Policy:
    applies = model.applies_to
    return Policy(
        id=model.id,
        version=model.version,
        enforced=model.mode == "enforce",
        tenants=tuple(applies.tenants) if applies else (),
        tools=tuple(applies.tools) if applies else (),
        detect_level=model.detect_level,
        act_level=model.act_level,
        refuse_without_audit=model.on_audit_failure == "refuse",
        clauses=tuple(
            _clause(clause, _expanded(clause, source, index, groups)) for index, clause in enumerate(model.clauses)
        ),
        skip_default=Action[model.skipped.default.upper()],
        skip_answers=tuple(
            SkipAnswer(
                Scope(item), frozenset(SkipReason(reason) for reason in item.reasons), Action[item.action.upper()]
            )
            for item in model.skipped.answers
        ),
    )


def _expanded(clause: ClauseModel, source: Source, index: int, groups: Mapping[str, list[str]]) -> frozenset[str]:
    """Return a clause's entity types with each `$name` replaced by its group."""
    types: set[str] = set()
    for place, name in enumerate(clause.when.entity_types):
        if not name.startswith("$"):
            types.add(name)
        elif name[1:] in groups:
            types.update(groups[name[1:]])
        else:
            where = source.where(("clauses", index, "when", "entity_types", place))
            raise ConfigurationError(f"{where}: there is no group {name} in entity_groups.yaml")
    return frozenset(types)


def _clause(model: ClauseModel, entity_types: frozenset[str]) -> Clause:
    when = model.when
    params: dict[str, Any] = dict(model.operator.params)
    return Clause(
        id=model.id,
        scope=Scope(when),
        entity_types=entity_types,
        detectors=frozenset(when.detectors),
        rules=tuple(when.rules),
        tags=frozenset(when.tags),
        origins=frozenset(when.origins),
        min_score=when.min_score,
        min_severity=Severity[when.min_severity.upper()],
        action=Action[model.action.upper()],
        operator=Operator(model.operator.name, params),
        reason=model.reason,
    )
