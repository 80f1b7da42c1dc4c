"""Rule files become frozen Rules. Syntax and promises only: how rules match is the detector's business.

One family a file; a rule's id is `<folder>.<file>.<n>`, so that an id in a log is a path. Every pattern is RE2 (linear
time) and bounded, so that the widest possible match is known when the file is loaded.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from firewall.errors import ConfigurationError
from firewall.expressions import pattern_problem, width
from firewall.sources import Location, Source, read, validated
from firewall.validators import VALIDATORS
from firewall.vocabulary import Origin, Severity, ViewKind

FAMILIES = ("injection", "secrets", "identifiers", "recommendations")
STATUSES = ("experimental", "test", "stable", "deprecated")
_ID = re.compile(r"[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*\.[1-9][0-9]{0,2}\Z")


class ExampleModel(BaseModel):
    """A text the rule must find, and the exact part that it must report."""

    model_config = ConfigDict(extra="forbid", strict=True)
    text: str = Field(min_length=1)
    match: str | None = None


class RuleModel(BaseModel):
    """One rule as it is written in YAML."""

    model_config = ConfigDict(extra="forbid", strict=True)
    id: str
    name: str = Field(min_length=4, max_length=120)
    description: str = Field(min_length=10)
    entity_type: str = Field(pattern=r"^[A-Z][A-Z0-9_]{2,40}$")
    tags: list[str] = Field(min_length=1)
    severity: Literal["info", "low", "medium", "high", "critical"]
    score: float = Field(gt=0, le=1)
    level: int = Field(ge=1, le=4)
    status: Literal["experimental", "test", "stable", "deprecated"]
    view: Literal["raw", "canonical", "decoded"] = "canonical"
    origins: list[Literal["tool_call", "tool_result", "resource", "tool_definition"]] = Field(min_length=1)
    case_sensitive: bool = False
    joined: bool | None = None
    any_of: list[str] = Field(min_length=1)
    # `validate` is the word of the rule format; BaseModel has a method of that name.
    check: str | None = Field(default=None, alias="validate")
    references: list[str] = []
    examples: list[str | ExampleModel] = Field(min_length=2)
    negative_examples: list[str] = Field(min_length=2)

    @field_validator("id")
    @classmethod
    def _well_formed(cls, value: str) -> str:
        if not _ID.match(value):
            raise ValueError("an id is family.name.number")
        return value


class RuleFile(BaseModel):
    """A family's file."""

    model_config = ConfigDict(extra="forbid", strict=True)
    rules: list[RuleModel] = Field(min_length=1)


@dataclass(frozen=True, slots=True)
class Example:
    """A text that a rule must find; `match` is the part it must report, None for any."""

    text: str
    match: str | None


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule, checked. `any_of` are RE2 patterns; `validator` names a function of `firewall.validators`."""

    id: str
    name: str
    entity_type: str
    tags: tuple[str, ...]
    severity: Severity
    score: float
    level: int
    status: str
    view: ViewKind
    origins: frozenset[Origin]
    joined: bool
    any_of: tuple[str, ...]
    validator: str | None
    examples: tuple[Example, ...] = field(repr=False)
    negative_examples: tuple[str, ...] = field(repr=False)
    where: str

    @property
    def family(self) -> str:
        """The folder the rule stands in."""
        return self.id.split(".", 1)[0]


@dataclass(frozen=True, slots=True)
class RuleSet:
    """All rules of a folder, and the digest of the bytes they were read from."""

    rules: tuple[Rule, ...]
    digest: str

    def __len__(self) -> int:
        """Count the rules."""
        return len(self.rules)

    def about_calls(self) -> RuleSet:
        """Return the rules that speak of arguments, results or resources."""
        return RuleSet(tuple(rule for rule in self.rules if rule.origins != {Origin.TOOL_DEFINITION}), self.digest)

    def about_definitions(self) -> RuleSet:
        """Return the rules that speak of what servers say of their tools, among other things or alone."""
        return RuleSet(tuple(rule for rule in self.rules if Origin.TOOL_DEFINITION in rule.origins), self.digest)


def load(root: Path) -> RuleSet:
    """Read every family below `root`. Raises ConfigurationError naming file and line for the first thing wrong."""
    allowed = _tags(root)
    rules: dict[str, Rule] = {}
    digest = hashlib.sha256()
    paths = [path for family in FAMILIES for path in sorted((root / family).glob("*.yaml"))]
    if not paths:
        raise ConfigurationError(f"no rule files below {root.name}/: expected {', '.join(FAMILIES)}")
    for path in paths:
        source = read(path, root)
        digest.update(f"{source.name}\0{source.sha256}\n".encode())
        for index, model in enumerate(validated(RuleFile, source).rules):
            rule = _rule(model, source, ("rules", index), allowed)
            if rule.id in rules:
                raise ConfigurationError(f"{rule.where}: the id stands also at {rules[rule.id].where}")
            rules[rule.id] = rule
    return RuleSet(tuple(rules.values()), f"sha256:{digest.hexdigest()}")


def _tags(root: Path) -> frozenset[str]:
    path = root / "TAGS"
    if not path.is_file():
        raise ConfigurationError("TAGS: the list of allowed tags is missing")
    lines = (line.split("#", 1)[0].split() for line in path.read_text(encoding="utf-8").splitlines())
    return frozenset(words[0] for words in lines if words)


def _rule(model: RuleModel, source: Source, at: Location, allowed: frozenset[str]) -> Rule:
    family, name, _ = model.id.split(".")
    expected = f"{family}/{name}.yaml"

    def refuse(reason: str, *place: str | int) -> ConfigurationError:
        return ConfigurationError(f"{source.where((*at, *place))}: {model.id}: {reason}")

    if source.name != expected:
        raise refuse(f"the id belongs into {expected}", "id")
    unknown = sorted(set(model.tags) - allowed)
    if unknown:
        raise refuse(f"tag {unknown[0]} is not in TAGS", "tags")
    if model.status == "stable" and not model.references:
        raise refuse("a stable rule needs a reference", "status")
    if model.check is not None and model.check not in VALIDATORS:
        raise refuse(f"there is no validator named {model.check}", "validate")
    for index, pattern in enumerate(model.any_of):
        if problem := pattern_problem(pattern):
            raise refuse(problem, "any_of", index)
    prefix = "" if model.case_sensitive else "(?i)"
    return Rule(
        id=model.id,
        name=model.name,
        entity_type=model.entity_type,
        tags=tuple(model.tags),
        severity=Severity[model.severity.upper()],
        score=model.score,
        level=model.level,
        status=model.status,
        view=ViewKind(model.view),
        origins=frozenset(Origin(origin) for origin in model.origins),
        joined=family == "injection" if model.joined is None else model.joined,
        any_of=tuple(prefix + pattern for pattern in model.any_of),
        validator=model.check,
        examples=tuple(
            Example(item, None) if isinstance(item, str) else Example(item.text, item.match) for item in model.examples
        ),
        negative_examples=tuple(model.negative_examples),
        where=source.where((*at, "id")),
    )


def entity_types(rules: Iterable[Rule]) -> frozenset[str]:
    """Return every entity type that a set of rules can report."""
    return frozenset(rule.entity_type for rule in rules)


def widest(rules: Iterable[Rule]) -> int:
    """Return how many characters of its view a match of any of the rules may have.

    Raises ConfigurationError naming a rule of which that cannot be told.
    """
    most = 1
    for rule in rules:
        for pattern in rule.any_of:
            try:
                most = max(most, width(pattern))
            except re.error:
                raise ConfigurationError(
                    f"{rule.where}: {rule.id}: it cannot be told how wide a match may be"
                ) from None
    return most
