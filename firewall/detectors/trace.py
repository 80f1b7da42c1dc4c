"""How findings came about, for `explain`: which glass, which alternative of a rule, which tokens. Carries no text."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from firewall.vocabulary import Span

NOBODYS: Final = "structure: the format says that what stands here identifies nobody"


@dataclass(frozen=True, slots=True)
class Token:
    """A token as a model weighed it: its place in the leaf, the label it is nearest to, and its probability in [0, 1]."""

    span: Span
    label: str
    probability: float


@dataclass(frozen=True, slots=True)
class Trace:
    """One match: where, by what, and why it is no finding where `dropped` is not empty.

    `alternative` counts from 1; `matched` is all that the pattern needed, the context words around the value included.
    """

    detector: str
    rule_id: str
    entity_type: str
    pointer: str = field(repr=False)
    is_key: bool
    span: Span
    score: float
    view: str = "raw"
    alternative: int | None = None
    alternatives: int = 0
    matched: Span | None = None
    tokens: tuple[Token, ...] = ()
    dropped: str = ""
