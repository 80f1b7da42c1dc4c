"""What stands where in HL7 v2: the fields that identify a person by their place, and a detector that says so.

After HL7 v2.5.1, chapters 2A, 3, 4, 6 and 7. A model cannot tell from `DOE` alone that it is a name; the standard can.
Free text (OBX-5, NTE-3) is left to the other detectors.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from firewall.vocabulary import Coverage, Finding, Report, Segment, Severity, Span

NAME = "hl7-fields"
_PLACE = re.compile(r"/[0-9]+/([A-Z][A-Z0-9]{2})-([0-9]+)/([0-9]+)")
_PERSON_PARTS = (1, 2, 3, 4, 5, 6)
_CLINICIAN = (1, 2, 3, 4, 5, 6)
_ADDRESS_PARTS = (1, 2, 3, 5, 8, 9, 10, 11)  # not the state and the country, which Safe Harbor leaves
_ALL: tuple[int, ...] = ()
_NUMBER = (1,)
# place: (words for it, entity type, the components that identify; none named means all)
FIELDS: dict[str, tuple[str, str, tuple[int, ...]]] = {
    "PID-2": ("patient id", "MEDICAL_RECORD_NUMBER", _NUMBER),
    "PID-3": ("patient identifier", "MEDICAL_RECORD_NUMBER", _NUMBER),
    "PID-4": ("alternate patient id", "MEDICAL_RECORD_NUMBER", _NUMBER),
    "PID-5": ("patient name", "PERSON", _PERSON_PARTS),
    "PID-6": ("mother's maiden name", "PERSON", _PERSON_PARTS),
    "PID-7": ("date of birth", "DATE_TIME", _ALL),
    "PID-9": ("patient alias", "PERSON", _PERSON_PARTS),
    "PID-11": ("patient address", "LOCATION", _ADDRESS_PARTS),
    "PID-12": ("county", "LOCATION", _ALL),
    "PID-13": ("home phone", "PHONE_NUMBER", _ALL),
    "PID-14": ("business phone", "PHONE_NUMBER", _ALL),
    "PID-18": ("patient account number", "ACCOUNT_NUMBER", _NUMBER),
    "PID-19": ("social security number", "US_SSN", _ALL),
    "PID-20": ("driver's license number", "DRIVER_LICENSE", _ALL),
    "PID-21": ("mother's identifier", "MEDICAL_RECORD_NUMBER", _NUMBER),
    "PID-23": ("birth place", "LOCATION", _ALL),
    "PID-29": ("date of death", "DATE_TIME", _ALL),
    "MRG-1": ("prior patient identifier", "MEDICAL_RECORD_NUMBER", _NUMBER),
    "MRG-3": ("prior account number", "ACCOUNT_NUMBER", _NUMBER),
    "MRG-4": ("prior patient id", "MEDICAL_RECORD_NUMBER", _NUMBER),
    "MRG-7": ("prior patient name", "PERSON", _PERSON_PARTS),
    "PD1-4": ("primary care provider", "PERSON", _CLINICIAN),
    "NK1-2": ("name of next of kin", "PERSON", _PERSON_PARTS),
    "NK1-4": ("address of next of kin", "LOCATION", _ADDRESS_PARTS),
    "NK1-5": ("phone of next of kin", "PHONE_NUMBER", _ALL),
    "NK1-6": ("business phone of next of kin", "PHONE_NUMBER", _ALL),
    "NK1-16": ("date of birth of next of kin", "DATE_TIME", _ALL),
    "NK1-30": ("contact name", "PERSON", _PERSON_PARTS),
    "NK1-31": ("contact phone", "PHONE_NUMBER", _ALL),
    "NK1-32": ("contact address", "LOCATION", _ADDRESS_PARTS),
    "NK1-33": ("identifier of next of kin", "OTHER_ID", _NUMBER),
    "NK1-37": ("social security number of contact", "US_SSN", _ALL),
    "EVN-2": ("date of event", "DATE_TIME", _ALL),
    "EVN-5": ("operator", "PERSON", _CLINICIAN),
    "EVN-6": ("date of event", "DATE_TIME", _ALL),
    "PV1-7": ("attending doctor", "PERSON", _CLINICIAN),
    "PV1-8": ("referring doctor", "PERSON", _CLINICIAN),
    "PV1-9": ("consulting doctor", "PERSON", _CLINICIAN),
    "PV1-17": ("admitting doctor", "PERSON", _CLINICIAN),
    "PV1-19": ("visit number", "ACCOUNT_NUMBER", _NUMBER),
    "PV1-44": ("date of admission", "DATE_TIME", _ALL),
    "PV1-45": ("date of discharge", "DATE_TIME", _ALL),
    "PV1-50": ("alternate visit id", "ACCOUNT_NUMBER", _NUMBER),
    "PV1-52": ("other healthcare provider", "PERSON", _CLINICIAN),
    "GT1-2": ("guarantor number", "ACCOUNT_NUMBER", _NUMBER),
    "GT1-3": ("guarantor name", "PERSON", _PERSON_PARTS),
    "GT1-4": ("guarantor spouse name", "PERSON", _PERSON_PARTS),
    "GT1-5": ("guarantor address", "LOCATION", _ADDRESS_PARTS),
    "GT1-6": ("guarantor home phone", "PHONE_NUMBER", _ALL),
    "GT1-7": ("guarantor business phone", "PHONE_NUMBER", _ALL),
    "GT1-8": ("guarantor date of birth", "DATE_TIME", _ALL),
    "GT1-12": ("guarantor social security number", "US_SSN", _ALL),
    "GT1-19": ("guarantor employee id", "OTHER_ID", _NUMBER),
    "IN1-16": ("name of insured", "PERSON", _PERSON_PARTS),
    "IN1-18": ("date of birth of insured", "DATE_TIME", _ALL),
    "IN1-19": ("address of insured", "LOCATION", _ADDRESS_PARTS),
    "IN1-36": ("policy number", "HEALTH_PLAN_ID", _ALL),
    "IN1-49": ("id number of insured", "HEALTH_PLAN_ID", _NUMBER),
    "IN2-1": ("employee id of insured", "OTHER_ID", _NUMBER),
    "IN2-2": ("social security number of insured", "US_SSN", _ALL),
    "IN2-6": ("medicare card number", "HEALTH_PLAN_ID", _ALL),
    "IN2-8": ("medicaid card number", "HEALTH_PLAN_ID", _ALL),
    "IN2-61": ("patient member number", "HEALTH_PLAN_ID", _NUMBER),
    "IN2-63": ("phone of insured", "PHONE_NUMBER", _ALL),
    "ORC-9": ("date of transaction", "DATE_TIME", _ALL),
    "ORC-10": ("entered by", "PERSON", _CLINICIAN),
    "ORC-11": ("verified by", "PERSON", _CLINICIAN),
    "ORC-12": ("ordering provider", "PERSON", _CLINICIAN),
    "OBR-6": ("date requested", "DATE_TIME", _ALL),
    "OBR-7": ("date of observation", "DATE_TIME", _ALL),
    "OBR-8": ("end of observation", "DATE_TIME", _ALL),
    "OBR-10": ("collected by", "PERSON", _CLINICIAN),
    "OBR-14": ("date received", "DATE_TIME", _ALL),
    "OBR-16": ("ordering provider", "PERSON", _CLINICIAN),
    "OBR-17": ("callback phone", "PHONE_NUMBER", _ALL),
    "OBR-22": ("date reported", "DATE_TIME", _ALL),
    "OBR-28": ("copies to", "PERSON", _CLINICIAN),
    "OBR-32": ("interpreted by", "PERSON", _CLINICIAN),
    "OBX-14": ("date of observation", "DATE_TIME", _ALL),
    "OBX-16": ("observed by", "PERSON", _CLINICIAN),
    "DG1-5": ("date of diagnosis", "DATE_TIME", _ALL),
    "DG1-16": ("diagnosed by", "PERSON", _CLINICIAN),
    "PR1-5": ("date of procedure", "DATE_TIME", _ALL),
    "AL1-6": ("date of identification", "DATE_TIME", _ALL),
    "TXA-4": ("date of activity", "DATE_TIME", _ALL),
    "TXA-9": ("author", "PERSON", _CLINICIAN),
    "ROL-4": ("person in role", "PERSON", _CLINICIAN),
    "MSH-7": ("date of message", "DATE_TIME", _ALL),
}
ENTITY_TYPES = frozenset(entity_type for _, entity_type, _ in FIELDS.values())


class Hl7FieldDetector:
    """Finds what identifies a person by its place; pointers are those that `hl7` gives: `/segment/PID-5/component`."""

    name = NAME

    async def detect(self, segments: Sequence[Segment]) -> Report:
        """Return one finding for each filled component that the table names."""
        total = sum(len(segment.text) for segment in segments)
        found = [finding for segment in segments if (finding := _finding(segment)) is not None]
        return Report(findings=tuple(found), coverage=Coverage(total, total))


def _finding(segment: Segment) -> Finding | None:
    place = _PLACE.match(segment.pointer)
    field = FIELDS.get(f"{place[1]}-{place[2]}") if place else None
    if place is None or field is None:
        return None
    _, entity_type, components = field
    if components and int(place[3]) not in components:
        return None
    return Finding(
        detector=NAME,
        rule_id=f"hl7.{place[1].lower()}.{place[2]}",
        entity_type=entity_type,
        pointer=segment.pointer,
        span=Span(0, len(segment.text)),
        score=1.0,
        severity=Severity.HIGH,
        origin=segment.origin,
        tags=("owasp-llm02",),
    )
