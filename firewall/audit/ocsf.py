"""A record as an OCSF Detection Finding (class 2004) with the profiles `security_control` and `ai_operation`.

OCSF has a place for the verbatim prompt and answer of a message; nothing here may ever fill it. Attributes that
OCSF lacks go under `unmapped`, the hash chain with them: OCSF's own attestation commits to the OCSF form of an
event, ours to the record as it was written.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from firewall.audit.record import DECIDED, RESTORE
from firewall.vocabulary import Severity

VERSION = "1.9.0"

# (action_id, action, disposition_id, disposition) by our action
_ENFORCED = {
    "allow": (1, "Allowed", 1, "Allowed"),
    "redact": (4, "Modified", 11, "Corrected"),
    "review": (2, "Denied", 3, "Quarantined"),  # held until a person decides
    "block": (2, "Denied", 2, "Blocked"),
}
_MONITORED = (3, "Observed", 15, "Detected")
_REFUSED = (2, "Denied", 27, "Error")  # the call ended in an error, so nothing was let through
_SEVERITIES = ("Informational", "Low", "Medium", "High", "Critical")

_UNMAPPED = (
    "audit_id", "bundle", "coverage", "data_classes", "direction", "dry_run", "enforced", "models", "outcome",
    "purpose", "reasons", "risk_class", "roles", "rules", "schema", "scores", "skipped", "timings_ms",
    "sequence", "previous_hash", "hash",
)  # fmt: skip


def to_ocsf(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return the OCSF event of a record as `firewall.audit.read` gives it."""
    action_id, action, disposition_id, disposition = _outcome(record)
    severity = max((Severity[finding["severity"].upper()] for finding in record["findings"]), default=Severity.INFO)
    moment = int(datetime.fromisoformat(record["time"]).timestamp() * 1000)
    tool = record["tool"]
    rules = sorted({finding["rule_id"] for finding in record["findings"]})
    event: dict[str, Any] = {
        "category_uid": 2,
        "category_name": "Findings",
        "class_uid": 2004,
        "class_name": "Detection Finding",
        "activity_id": 1,
        "activity_name": "Create",
        "type_uid": 200401,
        "type_name": "Detection Finding: Create",
        "time": moment,
        "severity_id": int(severity) + 1,
        "severity": _SEVERITIES[severity],
        "status_id": 1,
        "status": "New",
        "action_id": action_id,
        "action": action,
        "disposition_id": disposition_id,
        "disposition": disposition,
        "is_alert": record["outcome"] != DECIDED or record["action"] != "allow",
        "metadata": {
            "version": VERSION,
            "product": {"name": "agent-tool-firewall", "vendor_name": "agent-tool-firewall"},
            "profiles": ["security_control", "ai_operation"],
            "uid": record["audit_id"],
            "sequence": record["sequence"],
            "correlation_uid": record["request_id"],
            "tenant_uid": record["tenant"],
            "original_time": record["time"],
        },
        "finding_info": {
            "uid": record["audit_id"],
            "title": "Restore of redacted content" if record.get("kind") == RESTORE else "Inspection of a tool call",
            "created_time": moment,
            "types": sorted({finding["entity_type"] for finding in record["findings"]}),
            "related_analytics": [{"uid": rule, "name": rule, "type_id": 1, "type": "Rule"} for rule in rules],
        },
        "policy": {
            "uid": record["policy"]["id"],
            "name": record["policy"]["id"],
            "version": record["policy"]["version"],
        },
        "resources": [
            {
                "type": "tool",
                "uid": f"{tool['server']}/{tool['name']}",
                "name": tool["name"],
                "version": tool["version"],
            }
        ],
        "evidences": [_caller(record), *({"name": "finding", "data": finding} for finding in record["findings"])],
        "message_context": {
            "uid": record["session"],
            "ai_role_id": 3,
            "ai_role": "Tool",
            "service": {"name": tool["server"]},
        },
        "unmapped": {name: record[name] for name in _UNMAPPED}
        | {name: record[name] for name in ("kind", "counts", "ad_hoc") if name in record}
        | {"tool_digest": tool["digest"]},
    }
    if record["model"]:
        event["ai_model"] = {"name": record["model"], "ai_provider": "Unknown"}
    return event


def _outcome(record: Mapping[str, Any]) -> tuple[int, str, int, str]:
    if record["outcome"] != DECIDED:
        return _REFUSED
    if record["enforced"] and not record["dry_run"]:
        return _ENFORCED[record["action"]]
    return _MONITORED


def _caller(record: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "name": "call",
        "actor": {"user": {"uid": record["user"], "name": record["user"]}, "session": {"uid": record["session"]}},
        "api": {
            "operation": record["tool"]["name"],
            "request": {"uid": record["request_id"]},
            "service": {"name": record["tool"]["server"]},
        },
    }
