"""What a format says of a range of a text: the one noun that every dialect of the structure layer speaks."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Field:
    """A range of a text whose meaning its format gives. `entity_type` is "" for what identifies nobody (a code, a unit).

    `start` and `end` are code points of the text that was read, half open and not empty. `meaning` is in our words
    only, such as `hl7:PID-5`, `fhir:Patient.birthDate` or `csv:dob`, never in those of the payload.
    """

    start: int
    end: int
    entity_type: str
    meaning: str
