"""Policy files become frozen policies, and the one of them that a call falls under is selected."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, RootModel

from firewall.errors import ConfigurationError, InvalidRequestError
from firewall.policy.lists import (
    MOST_ENTRIES,
    AllowList,
    AllowModel,
    Denied,
    DenyModel,
    Promise,
    allow_list,
    deny_list,
    named_types,
    promises,
)
from firewall.policy.operator import STRICT, OperatorModel
from firewall.sources import Source, read, validated
from firewall.vocabulary import Action, Call, Identity, Operator, Severity, SkipReason

RISK_CLASSES = ("read_only", "write_sensitive", "clinical_impacting", "unknown")
ActionName = Literal["allow", "redact", "review", "block"]
RiskName = Literal["read_only", "write_sensitive", "clinical_impacting", "unknown"]


class _Model(BaseModel):
    model_config = STRICT


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


class RestoreModel(_Model):
    """For which purposes, and to whom, the originals behind tokens may be given back."""

    purposes: list[Annotated[str, Field(min_length=1, max_length=256)]] = Field(min_length=1)
    roles: list[Annotated[str, Field(min_length=1, max_length=256)]] = []


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
    restore: RestoreModel | None = None
    stream: Literal["whole", "sections"] = "whole"
    propagate: Literal["none", "document", "session"] = "document"
    allow: list[AllowModel] = Field(default=[], max_length=MOST_ENTRIES)
    deny: list[DenyModel] = Field(default=[], max_length=MOST_ENTRIES)
    ad_hoc: Literal["allow", "refuse"] = "refuse"


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
class Restore:
    """Who may have originals back: one of the purposes, and one of the roles where any are named."""

    purposes: frozenset[str]
    roles: frozenset[str]


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
    restore: Restore | None = None
    sections: bool = False  # long plain texts are decided section by section; a stream need not wait for the end
    propagate: Literal["none", "document", "session"] = "document"  # where what was found once is looked for
    allow: AllowList = field(default_factory=AllowList)
    deny: tuple[Denied, ...] = ()
    takes_ad_hoc: bool = False
    promises: tuple[Promise, ...] = ()  # of the patterns in both lists

    def speaks_of(self, entity_type: str) -> bool:
        """Tell whether any clause is about an entity type, in some calls at least."""
        return any(not clause.entity_types or entity_type in clause.entity_types for clause in self.clauses)

    def refuses_restore(self, who: Identity) -> str | None:
        """Return why a caller may not have originals back, as a word and a sentence; None where it may."""
        if self.restore is None:
            return "restore-policy: the policy allows no restore"
        if not who.session:
            return "restore-session: a restore names the session in which the content was redacted"
        if who.purpose not in self.restore.purposes:
            return "restore-purpose: the policy allows no restore for this purpose"
        if self.restore.roles and self.restore.roles.isdisjoint(who.roles):
            return "restore-role: the policy allows a restore to none of the caller's roles"
        return None


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
    clauses = tuple(
        _clause(one, named_types(one.when.entity_types, source, ("clauses", at, "when", "entity_types"), groups))
        for at, one in enumerate(model.clauses)
    )
    return Policy(
        id=model.id,
        version=model.version,
        enforced=model.mode == "enforce",
        tenants=tuple(applies.tenants) if applies else (),
        tools=tuple(applies.tools) if applies else (),
        detect_level=model.detect_level,
        act_level=model.act_level,
        refuse_without_audit=model.on_audit_failure == "refuse",
        clauses=clauses,
        skip_default=Action[model.skipped.default.upper()],
        skip_answers=tuple(
            SkipAnswer(
                Scope(item), frozenset(SkipReason(reason) for reason in item.reasons), Action[item.action.upper()]
            )
            for item in model.skipped.answers
        ),
        restore=Restore(frozenset(model.restore.purposes), frozenset(model.restore.roles)) if model.restore else None,
        sections=model.stream == "sections",
        propagate=model.propagate,
        allow=allow_list(model.allow, source, groups),
        deny=deny_list(model.deny, source, [clause.entity_types for clause in clauses]),
        takes_ad_hoc=model.ad_hoc == "allow",
        promises=promises(model.allow, source, "allow") + promises(model.deny, source, "deny"),
    )


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
