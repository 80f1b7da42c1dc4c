"""The OCSF form of a record."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from firewall.audit.ocsf import to_ocsf
from firewall.audit.read import export, tail
from firewall.audit.record import AuditEntry, canonical
from firewall.vocabulary import Action
from tests.audit.trails import make_entry


def record_of(entry: AuditEntry) -> dict[str, Any]:
    """Return the entry as the readers would give it, without a database."""
    plain: dict[str, Any] = json.loads(canonical(entry))
    return plain | {"sequence": 1, "previous_hash": "00", "hash": "01"}


class TestOcsf:
    """The OCSF form."""

    @pytest.mark.parametrize(
        ("entry", "action", "disposition"),
        [
            (make_entry(), 4, 11),
            (replace(make_entry(), action=Action.ALLOW), 1, 1),
            (replace(make_entry(), action=Action.BLOCK), 2, 2),
            (replace(make_entry(), action=Action.REVIEW), 2, 3),
            (replace(make_entry(), action=Action.BLOCK, enforced=False), 3, 15),
            (replace(make_entry(), action=Action.BLOCK, dry_run=True), 3, 15),
            (AuditEntry(outcome="malformed"), 2, 27),
        ],
    )
    def test_actions_have_their_numbers(self, entry: AuditEntry, action: int, disposition: int) -> None:
        """Each outcome is the action and disposition that the schema gives it."""
        event = to_ocsf(record_of(entry))
        assert (event["action_id"], event["disposition_id"]) == (action, disposition)

    def test_the_required_attributes_are_there(self, original: Path) -> None:
        """Class, type, time, severity, metadata and finding are those of a Detection Finding."""
        record = tail(original, 1)[0]
        event = to_ocsf(record)
        assert (event["class_uid"], event["category_uid"], event["type_uid"]) == (2004, 2, 200401)
        assert (event["severity_id"], event["severity"]) == (4, "High")
        assert event["finding_info"]["uid"] == event["metadata"]["uid"] == record["audit_id"]
        assert event["metadata"]["profiles"] == ["security_control", "ai_operation"]
        assert datetime.fromtimestamp(event["time"] / 1000, UTC) - datetime.fromisoformat(record["time"]) < timedelta(0)
        assert event["unmapped"]["previous_hash"] == record["previous_hash"]
        json.dumps(event, allow_nan=False)

    def test_every_value_of_the_record_is_told(self, original: Path) -> None:
        """Nothing of the record is lost on the way: each string in it stands somewhere in the event."""
        record = tail(original, 1)[0]
        event = json.dumps(to_ocsf(record))
        left = [record]
        while left:
            value: Any = left.pop()
            if isinstance(value, dict):
                left.extend(value.values())
            elif isinstance(value, list):
                left.extend(value)
            elif isinstance(value, str) and value != "redact":
                assert json.dumps(value) in event or value in event

    def test_no_message_text_has_a_place(self, original: Path) -> None:
        """The attributes for verbatim prompts and answers are absent from every event."""
        for record in export(original):
            event = to_ocsf(record)
            assert not {"prompt_text", "response_text"} & set(event["message_context"])
            assert "prompt_text" not in json.dumps(event)
            assert "raw_data" not in event
