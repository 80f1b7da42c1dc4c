"""The nouns of this room: a listing to screen, its definitions, and what was made of each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from firewall.access.listing import Drift, Standing
from firewall.payload.definitions import Definition, Listing, Texts
from firewall.pipeline import Bundle
from firewall.policy.policy import Policy
from firewall.vocabulary import Action, Call, Decision, Identity, Report

METHOD = "tools/list"  # stands for the tool where a record or a policy speaks of a listing as a whole


@dataclass(frozen=True, slots=True)
class ListingInquiry:
    """One request, read: a server's listing and what the caller said about it."""

    server: str
    identity: Identity
    listing: Listing
    policy: str | None = None
    dry_run: bool = False


@dataclass(frozen=True, slots=True)
class Subject:
    """One definition before it is looked at; without `definition` and `standing`, what stands beside the tools."""

    call: Call = field(repr=False)  # the tool's name is the server's word
    policy: Policy
    texts: Texts = field(repr=False)
    definition: Definition | None = None
    standing: Standing | None = None

    @property
    def pointer(self) -> str:
        """Where the definition stands in the listing."""
        return "" if self.definition is None else self.definition.pointer

    @property
    def drift(self) -> Drift | None:
        """How the definition stands to what was approved."""
        return None if self.standing is None else self.standing.drift


@dataclass(frozen=True, slots=True)
class Screened:
    """One definition, judged. The pointers of findings and skips begin at the definition."""

    subject: Subject
    report: Report
    decision: Decision


@dataclass(frozen=True, slots=True)
class Screening:
    """What came of a listing: the strictest action of all, and everything on its own, in the order of the listing."""

    screened: tuple[Screened, ...]
    action: Action
    enforced: bool
    reasons: tuple[str, ...]
    bundle: Bundle
    audit_id: str | None
    timings_ms: Mapping[str, float]
