"""Detectors asked side by side about one document, and what they answered as one report."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

from firewall.payload.reading import Reading
from firewall.redact.keys import Keys
from firewall.redact.redact import placeholders
from firewall.vocabulary import Coverage, Detector, Report, Segment, Skipped, SkipReason


async def look(detector: Detector, segments: Sequence[Segment], seconds: float) -> Report:
    """Let one detector look, and name what it did not see if it fails or takes longer than `seconds`."""
    try:
        async with asyncio.timeout(seconds):
            return await detector.detect(segments)
    except TimeoutError:
        reason = SkipReason.DEADLINE
    except Exception:  # noqa: BLE001 - whatever broke, the answer is the same: not looked at
        reason = SkipReason.CRASH
    total = sum(len(segment.text) for segment in segments)
    return Report(skipped=(Skipped(detector.name, "", reason),), coverage=Coverage(0, total))


def merged(reading: Reading, reports: Sequence[Report], entity_types: frozenset[str], keys: Keys) -> Report:
    """Put the reports side by side; what an earlier redaction left behind is not found again."""
    marks = {
        (segment.pointer, segment.is_key): spans
        for segment in reading.segments
        if (spans := placeholders(segment.text, entity_types, keys))
    }
    findings = [
        finding
        for report in reports
        for finding in report.findings
        if finding.span is None
        or not any(
            mark.start <= finding.span.start and finding.span.end <= mark.end
            for mark in marks.get((finding.pointer, finding.is_key), ())
        )
    ]
    scanned = min((report.coverage.scanned for report in reports[1:]), default=0)
    return Report(
        findings=tuple(findings),
        skipped=reading.skipped + tuple(skip for report in reports for skip in report.skipped),
        coverage=Coverage(scanned, reading.characters),
        timings_ms={name: spent for report in reports for name, spent in report.timings_ms.items()},
        scores={name: score for report in reports for name, score in report.scores.items()},
    )


class Clock:
    """Times the stages of one inspection in milliseconds."""

    def __init__(self) -> None:
        self._began = self._last = time.perf_counter()
        self.laps: dict[str, float] = {}

    def lap(self, stage: str) -> None:
        """Close a stage."""
        now = time.perf_counter()
        self.laps[stage] = (now - self._last) * 1e3
        self._last = now

    def total(self) -> float:
        """Return the milliseconds since the beginning."""
        return (time.perf_counter() - self._began) * 1e3
