"""What a policy's lists say: texts that are never a finding, and texts that always are one.

An allow list spares a finding that lies wholly inside one of its texts; what is longer stays. Secrets and orders to a
model are never spared, whatever a list says.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal, Self

import re2
from pydantic import BaseModel, Field, model_validator

from firewall.errors import ConfigurationError
from firewall.expressions import literal, pattern_problem, quiet
from firewall.policy.operator import STRICT
from firewall.sources import Location, Source
from firewall.vocabulary import Finding, Severity

MOST_ENTRIES = 1_000
_PATTERN_BYTES = 1 << 20
PROTECTED_GROUPS = ("injection", "secrets")
_PROTECTED_DETECTORS = frozenset({"injection", "access"})
_PROTECTED_RULES = ("injection.", "secrets.")
EntityType = Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_]{2,40}$")]


class EntryModel(BaseModel):
    """A text or a pattern. `case` is about both; white space in a text stands for any."""

    model_config = STRICT
    text: str | None = Field(default=None, min_length=2, max_length=200)
    pattern: str | None = Field(default=None, min_length=2, max_length=500)
    case: Literal["fold", "exact"] = "fold"
    examples: list[str] = Field(default=[], max_length=20)
    negative_examples: list[str] = Field(default=[], max_length=20)

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.text is None) == (self.pattern is None):
            raise ValueError("an entry has either a text or a pattern")
        if self.text is not None and not self.text.strip():
            raise ValueError("a text is more than white space")
        return self

    def expression(self, body: str) -> str:
        """Return a pattern with what the entry says of upper and lower case."""
        return body if self.case == "exact" else f"(?i){body}"


class AllowModel(EntryModel):
    """What is never a finding of these entity types, or of any."""

    entity_types: list[str] = Field(default=[], max_length=64)


class DenyModel(EntryModel):
    """What is always a finding of this entity type."""

    entity_type: EntityType
    score: float = Field(default=1.0, gt=0, le=1)
    severity: Literal["info", "low", "medium", "high", "critical"] = "high"


@dataclass(frozen=True, slots=True)
class Promise:
    """What the pattern of an entry has to match, somewhere, and what it must not."""

    where: str
    pattern: str = field(repr=False)
    examples: tuple[str, ...] = field(repr=False)
    negative_examples: tuple[str, ...] = field(repr=False)

    def problem(self) -> str | None:
        """Say what does not hold; None where all does."""
        compiled = re2.compile(self.pattern, quiet(_PATTERN_BYTES))
        if not self.examples:
            return "no example shows what the pattern is for"
        for number, text in enumerate(self.examples, start=1):
            if compiled.search(text) is None:
                return f"example {number} does not match"
        for number, text in enumerate(self.negative_examples, start=1):
            if compiled.search(text) is not None:
                return f"negative example {number} matches"
        return None


@dataclass(frozen=True, slots=True)
class Denied:
    """A text or pattern that is always a finding."""

    text: str | None = field(repr=False)
    pattern: str | None = field(repr=False)
    fold: bool
    entity_type: str
    score: float
    severity: Severity
    where: str


@dataclass(frozen=True, slots=True)
class Allow:
    """Texts or a pattern, compiled, with the place in the policy where each was written."""

    entity_types: frozenset[str]
    pattern: Any = field(repr=False)
    where: Mapping[str, str] = field(repr=False)  # by text, folded where case is; a pattern stands under ""
    fold: bool = True

    def speaks(self, finding: Finding) -> bool:
        """Tell whether the entry is about findings of this type."""
        return not self.entity_types or finding.entity_type in self.entity_types

    def place(self, matched: str) -> str:
        """Return where what matched was written."""
        text = " ".join(matched.split())
        return (
            self.where.get("")
            or self.where.get(text.casefold() if self.fold else text)
            or next(iter(self.where.values()))
        )


@dataclass(frozen=True, slots=True)
class AllowList:
    """All that a policy spares. `protected` are the entity types that no entry may spare."""

    entries: tuple[Allow, ...] = ()
    protected: frozenset[str] = frozenset()

    def spared(self, findings: Sequence[Finding], texts: Mapping[tuple[str, bool], str]) -> dict[int, str]:
        """Return the indexes of the findings that are spared, each with the line that spares it. Linear in the texts."""
        if not self.entries:
            return {}
        homes: dict[tuple[str, bool], list[int]] = {}
        for index, finding in enumerate(findings):
            if finding.span is not None and not self._protects(finding):
                homes.setdefault((finding.pointer, finding.is_key), []).append(index)
        spared: dict[int, str] = {}
        for home, indexes in homes.items():
            text = texts.get(home, "")
            for entry in self.entries:
                mine = [index for index in indexes if index not in spared and entry.speaks(findings[index])]
                places = [match.span() for match in entry.pattern.finditer(text)] if mine else []
                for index in mine if places else ():
                    span = findings[index].span
                    at = bisect_right(places, span.start, key=lambda place: place[0]) - 1 if span else -1
                    if span and at >= 0 and span.end <= places[at][1]:
                        spared[index] = entry.place(text[slice(*places[at])])
        return spared

    def _protects(self, finding: Finding) -> bool:
        return (
            finding.entity_type in self.protected
            or finding.detector in _PROTECTED_DETECTORS
            or finding.rule_id.startswith(_PROTECTED_RULES)
        )


def allow_list(models: Sequence[AllowModel], source: Source, groups: Mapping[str, Sequence[str]]) -> AllowList:
    """Compile a policy's `allow`. Raises ConfigurationError with file and line.

    Texts of the same types and case become one pattern, so that a thousand of them cost one look.
    """
    protected = frozenset(name for group in PROTECTED_GROUPS for name in groups.get(group, ()))
    texts: dict[tuple[frozenset[str], str], dict[str, tuple[str, str]]] = {}
    entries: list[Allow] = []
    for index, model in enumerate(models):
        at: Location = ("allow", index)
        types = named_types(model.entity_types, source, (*at, "entity_types"), groups)
        where = source.where(at)
        if types & protected:
            name = min(types & protected)
            raise ConfigurationError(
                f"{where}: {name} cannot be allowed: secrets and orders to a model are never spared"
            )
        if model.text is not None:
            own = " ".join(model.text.split())
            key = own.casefold() if model.case == "fold" else own
            texts.setdefault((types, model.case), {}).setdefault(key, (literal(own), where))
        else:
            entries.append(Allow(types, _compiled(model, source, at), {"": where}))
    for (types, case), told in texts.items():
        longest_first = sorted(told.items(), key=lambda item: -len(item[0]))
        body = "|".join(pattern for _, (pattern, _) in longest_first)
        compiled = re2.compile(f"(?i){body}" if case == "fold" else body, quiet())
        entries.append(Allow(types, compiled, {key: where for key, (_, where) in told.items()}, case == "fold"))
    return AllowList(tuple(entries), protected)


def deny_list(models: Sequence[DenyModel], source: Source, answered: Iterable[frozenset[str]]) -> tuple[Denied, ...]:
    """Check a policy's `deny`. `answered` are the entity types of its clauses; none means any.

    Raises ConfigurationError with file and line, also for an entry whose entity type no clause speaks of.
    """
    spoken = list(answered)
    entries = []
    for index, model in enumerate(models):
        at: Location = ("deny", index)
        if model.pattern is not None:
            _compiled(model, source, at)
        if not any(not types or model.entity_type in types for types in spoken):
            where = source.where((*at, "entity_type"))
            raise ConfigurationError(f"{where}: no clause of the policy speaks of {model.entity_type}")
        entries.append(
            Denied(
                model.text,
                model.pattern,
                model.case == "fold",
                model.entity_type,
                model.score,
                Severity[model.severity.upper()],
                source.where(at),
            )
        )
    return tuple(entries)


def promises(models: Sequence[EntryModel], source: Source, name: str) -> tuple[Promise, ...]:
    """Return what the patterns of a list promise; a text speaks for itself."""
    return tuple(
        Promise(
            source.where((name, index, "pattern")),
            one.expression(one.pattern),
            tuple(one.examples),
            tuple(one.negative_examples),
        )
        for index, one in enumerate(models)
        if one.pattern is not None
    )


def named_types(
    names: Sequence[str], source: Source, at: Location, groups: Mapping[str, Sequence[str]]
) -> frozenset[str]:
    """Return entity types with each `$name` replaced by its group. Raises ConfigurationError for a name of none."""
    types: set[str] = set()
    for place, name in enumerate(names):
        if not name.startswith("$"):
            types.add(name)
        elif name[1:] in groups:
            types.update(groups[name[1:]])
        else:
            raise ConfigurationError(f"{source.where((*at, place))}: there is no group {name} in entity_groups.yaml")
    return frozenset(types)


def _compiled(model: EntryModel, source: Source, at: Location) -> Any:
    pattern = model.expression(model.pattern or "")
    if problem := pattern_problem(pattern, _PATTERN_BYTES):
        raise ConfigurationError(f"{source.where((*at, 'pattern'))}: {problem}")
    return re2.compile(pattern, quiet(_PATTERN_BYTES))
