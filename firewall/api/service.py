"""What the routes share: the running pipeline, the permits and the metrics."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping

from firewall import __version__
from firewall.assembly import Runtime
from firewall.definitions.subject import Screening
from firewall.errors import OverloadedError
from firewall.pipeline import Inquiry, Inspection
from firewall.rules import Rule
from firewall.telemetry import Metrics
from firewall.vocabulary import Action, Decision, Report


class Service:
    """One running service."""

    def __init__(self, runtime: Runtime, metrics: Metrics) -> None:
        """Take what runs and where to count."""
        self.runtime = runtime
        self.metrics = metrics
        self.limits = runtime.limits
        self.max_batch = runtime.settings.max_batch
        self.max_tools = runtime.settings.max_tools
        self.stream_s = runtime.settings.stream_s
        self._max_concurrency = runtime.settings.max_concurrency
        self._in_flight = 0

    @property
    def rules_by_id(self) -> Mapping[str, Rule]:
        """The rules in force."""
        return self.runtime.pipeline.bundle.rules

    @contextlib.contextmanager
    def permit(self) -> Iterator[None]:
        """Hold one of the places for work; raises OverloadedError before any work when none is free."""
        if self._in_flight >= self._max_concurrency:
            raise OverloadedError("too many inspections are in flight")
        self._in_flight += 1
        self.metrics.in_flight.set(self._in_flight)
        try:
            yield
        finally:
            self._in_flight -= 1
            self.metrics.in_flight.set(self._in_flight)

    def count(self, inquiry: Inquiry, inspection: Inspection, seconds: float) -> None:
        """Add an inspection to the metrics."""
        decision = inspection.decision
        what = inquiry.direction.value
        self._count(what, decision.action, decision.enforced, inspection.timings_ms, seconds)
        self._count_report(inspection.report, decision)

    def count_listing(self, screening: Screening, seconds: float) -> None:
        """Add the screening of a listing to the metrics: one inspection, in the direction `definitions`."""
        self._count("definitions", screening.action, screening.enforced, screening.timings_ms, seconds)
        for one in screening.screened:
            self._count_report(one.report, one.decision)

    def _count(
        self, direction: str, action: Action, enforced: bool, timings_ms: Mapping[str, float], seconds: float
    ) -> None:
        metrics = self.metrics
        metrics.inspections.labels(direction, action.name.lower(), str(enforced).lower()).inc()
        metrics.duration.labels(direction).observe(seconds)
        for stage, spent in timings_ms.items():
            metrics.stage.labels(stage).observe(spent / 1e3)

    def _count_report(self, report: Report, decision: Decision) -> None:
        for finding, action in zip(report.findings, decision.actions, strict=True):
            self.metrics.findings.labels(finding.detector, finding.entity_type, action.name.lower()).inc()
        for skip in report.skipped:
            self.metrics.skipped.labels(skip.detector, skip.reason.value).inc()

    def readiness(self) -> tuple[int, dict[str, object]]:
        """Return 200 or 503 and what is loaded. An edit of the rules that was not taken over is named, not fatal."""
        bundle = self.runtime.pipeline.bundle
        writable = self.runtime.pipeline.audit.healthy
        return (200 if writable else 503), {
            "status": "ready" if writable else "audit trail unavailable",
            "version": __version__,
            "bundle": bundle.digest,
            "models": dict(bundle.models),
            "rules": {
                "count": len(bundle.rules),
                "digest": bundle.rules_digest,
                "rejected_edit": self.runtime.rules_error,
            },
            "policies": sorted(bundle.policies.policies),
            "tools": len(bundle.registry.tools),
            "audit": "ok" if writable else "unavailable",
        }
