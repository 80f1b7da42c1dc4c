"""Every metric and every log field, declared once. Nothing here can carry text of a payload.

Log lines pass one processor that drops every key that is not declared, so that a careless call cannot leak.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

LOG_FIELDS = frozenset(
    {
        "event", "level", "timestamp", "action", "direction", "outcome", "audit_id", "code", "status", "duration_ms",
        "count", "file", "detail", "bundle", "detector", "reason", "url", "version", "rules", "policies", "tools",
        "models", "error_type",
    }
)  # fmt: skip
_SECONDS = (0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30)


class Metrics:
    """The Prometheus metrics of one service; each service has a registry of its own."""

    def __init__(self) -> None:
        """Declare every metric."""
        registry = CollectorRegistry()
        self.registry = registry
        self.inspections = Counter(
            "firewall_inspections_total",
            "Inspections by what came of them.",
            ["direction", "action", "enforced"],
            registry=registry,
        )
        self.refused = Counter("firewall_refused_total", "Requests that got no decision.", ["code"], registry=registry)
        self.findings = Counter(
            "firewall_findings_total",
            "Findings by detector, type and action.",
            ["detector", "entity_type", "action"],
            registry=registry,
        )
        self.skipped = Counter(
            "firewall_skipped_total", "Places that were not looked at.", ["detector", "reason"], registry=registry
        )
        self.duration = Histogram(
            "firewall_inspection_seconds",
            "Time of an inspection, all of it.",
            ["direction"],
            buckets=_SECONDS,
            registry=registry,
        )
        self.stage = Histogram(
            "firewall_stage_seconds",
            "Time of each stage of an inspection.",
            ["stage"],
            buckets=_SECONDS,
            registry=registry,
        )
        self.in_flight = Gauge("firewall_in_flight", "Inspections being worked on.", registry=registry)
        self.reloads = Counter("firewall_reloads_total", "Reloads of the rules folder.", ["outcome"], registry=registry)
        self.windows = Counter(
            "firewall_model_windows_total",
            "Windows of text by what answered for them: the screen, which clears the plain ones, or the model.",
            ["model", "graph"],
            registry=registry,
        )
        self.verdicts = Counter(
            "firewall_verdict_cache_windows_total",
            "Windows of text by where the model's answer came from: memory, redis, or computed.",
            ["model", "source"],
            registry=registry,
        )
        self.verdict_bytes = Gauge(
            "firewall_verdict_cache_bytes", "What the verdict cache takes in memory.", ["model"], registry=registry
        )
        self.verdict_errors = Counter(
            "firewall_verdict_cache_errors_total",
            "What went wrong with the shared verdict cache, by reason; forged counts answers that failed their seal.",
            ["reason"],
            registry=registry,
        )
        self.verdict_redis_up = Gauge(
            "firewall_verdict_cache_redis_up", "Whether Redis is asked for verdicts at present.", registry=registry
        )


def _declared_only(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Drop every key of a log line that is not in LOG_FIELDS."""
    return {key: value for key, value in event.items() if key in LOG_FIELDS}


def configure_logging(level: str) -> None:
    """Write JSON lines to stderr, from the given level up."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _declared_only,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.upper())),
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=False,
    )


log: structlog.typing.FilteringBoundLogger = structlog.get_logger()
