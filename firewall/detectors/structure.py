"""Identifiers that formats name: a birth date in FHIR, the fifth field of a PID segment, a column called `dob`.

What a format says is known, not guessed: the score is 1. What it says identifies nobody is not reported; who guesses
asks `payload.structure` and leaves it alone.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Sequence

from firewall.payload.dialects.field import Field
from firewall.payload.structure import known
from firewall.vocabulary import Coverage, Finding, Report, Segment, Severity, Span

NAME = "structure"
# All that a format can call a range of a text; marks of these are nobody's data.
ENTITY_TYPES = frozenset(
    """ACCOUNT_NUMBER AGE BIOMETRIC_ID CREDIT_CARD DATE_TIME DEVICE_ID DRIVER_LICENSE EMAIL_ADDRESS FAX_NUMBER
    HEALTH_PLAN_ID IBAN_CODE IP_ADDRESS LOCATION MAC_ADDRESS MEDICAL_LICENSE MEDICAL_RECORD_NUMBER OTHER_ID PASSPORT
    PERSON PHONE_NUMBER PHOTO UK_NHS URL USERNAME US_MBI US_NPI US_SSN VEHICLE_ID""".split()
)
_TAGS = ("owasp-llm02",)
_INLINE_CHARS = 4_096  # longer documents are read in a worker thread, so that the loop stays free
_APART = re.compile(r"[^a-z0-9]+")
# What only leads to a person inside the system it is from. Policies that act on eager rules take it for an identifier.
_EAGER = frozenset({"fhir:id", "dicom:uid"})
_EAGER_LEVEL = 3


class StructureDetector:
    """Reports every range of a payload that its format calls an identifier. Knows no rule and no model."""

    name = NAME

    async def detect(self, segments: Sequence[Segment]) -> Report:
        """Look at every segment; short documents at once, long ones in a worker thread."""
        if sum(len(segment.text) for segment in segments) <= _INLINE_CHARS:
            return look(segments)
        return await asyncio.to_thread(look, segments)


def look(segments: Sequence[Segment]) -> Report:
    """Do the same synchronously. Never raises for what is in the segments."""
    began = time.perf_counter()
    findings = [
        _finding(segment, field)
        for segment, fields in zip(segments, known(segments), strict=True)
        for field in fields
        if field.entity_type
    ]
    total = sum(len(segment.text) for segment in segments)
    spent = (time.perf_counter() - began) * 1e3
    return Report(findings=tuple(findings), coverage=Coverage(total, total), timings_ms={NAME: spent})


def rule_id(meaning: str) -> str:
    """Return the id that findings of a meaning carry: `fhir:Patient.birthDate` gives `structure.fhir.patient.birthdate`."""
    return f"{NAME}.{_APART.sub('.', meaning.lower())}"


def _finding(segment: Segment, field: Field) -> Finding:
    return Finding(
        detector=NAME,
        rule_id=rule_id(field.meaning),
        entity_type=field.entity_type,
        pointer=segment.pointer,
        span=Span(field.start, field.end),
        score=1.0,
        severity=Severity.HIGH,
        origin=segment.origin,
        tags=_TAGS,
        is_key=segment.is_key,
        level=_EAGER_LEVEL if field.meaning in _EAGER else 1,
    )
