"""What a policy spares of what was found, and the second look for what was found once: between seeing and deciding."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from firewall.policy.policy import Policy
from firewall.vocabulary import Finding, Follower, Report, Segment

OVER_LEVEL = "detect_level"


@dataclass(frozen=True, slots=True)
class Dropped:
    """A finding that nobody hears of, and why: the file and line that spares it, or `detect_level`."""

    finding: Finding
    why: str


@dataclass(frozen=True, slots=True)
class Following:
    """A follower as a detector of one document: it is asked like any, and fails like any."""

    follower: Follower
    findings: Sequence[Finding]
    known: object | None = field(default=None, repr=False)

    @property
    def name(self) -> str:
        """The follower's name."""
        return self.follower.name

    async def detect(self, segments: Sequence[Segment]) -> Report:
        """Look for what the findings cover."""
        return await self.follower.follow(self.findings, segments, self.known)


def heard(report: Report, segments: Sequence[Segment], policy: Policy) -> tuple[Report, tuple[Dropped, ...]]:
    """Return a report without what the policy's allow list spares, and what that was."""
    if not policy.allow.entries or not report.findings:
        return report, ()
    spared = policy.allow.spared(report.findings, {(one.pointer, one.is_key): one.text for one in segments})
    if not spared:
        return report, ()
    kept = tuple(one for index, one in enumerate(report.findings) if index not in spared)
    return replace(report, findings=kept), tuple(Dropped(report.findings[at], why) for at, why in spared.items())


def over_level(report: Report, policy: Policy) -> tuple[Dropped, ...]:
    """Return the findings that the policy does not want to hear of because their rules are too eager."""
    return tuple(Dropped(one, OVER_LEVEL) for one in report.findings if one.level > policy.detect_level)


def joined(report: Report, more: Report) -> Report:
    """Add to a report what the second look saw. It has no part in the coverage: it reads what others have read."""
    return replace(
        report,
        findings=report.findings + more.findings,
        skipped=report.skipped + more.skipped,
        timings_ms={**report.timings_ms, **more.timings_ms},
    )
