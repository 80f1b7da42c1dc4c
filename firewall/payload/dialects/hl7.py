"""HL7 v2: what each field of a message is, by its segment, its number and its data type.

Free text (notes, observations of a text type) has no meaning here; it is for those who read text. Segments of a site's
own (Z..) have no table: what is a date or a person's id and name by its form alone is known there too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from firewall.payload.dialects.field import Field
from firewall.payload.dialects.hl7_fields import (
    COMPONENTS,
    DATE,
    EMAIL,
    FREE,
    ID_TYPES,
    KINDS,
    OTHER,
    PACKED,
    PERSON,
    PHONE,
    SEGMENTS,
    TYPE_CODES,
    VALUE_TYPES,
)
from firewall.syntax.hl7 import Cell, SegmentLine, cells, segments

_OLDEST = 89
_OBSERVED = 5  # the number of the value among the fields of OBX
_YEAR = re.compile(r"[\s0]*+\Z|\s*+[0-9]{4}\s*+\Z")  # or nothing but zeros: Safe Harbor lets a year stay
_STAMP = re.compile(
    r"(?:18|19|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])(?:[0-9]{2,6}(?:\.[0-9]{1,4})?)?(?:[+-][0-9]{4})?\Z"
)
_NUMBER = re.compile(r"\s*+[<>=]{0,2}\s*+[+-]?[0-9]{1,4}(?:[.,][0-9]{1,4})?+(?:/[0-9]{1,3})?+\s*+%?\s*+\Z")  # no date
_WORD = re.compile(r"[^\W\d_]{2,}(?:[ '.-][^\W\d_]+){0,3}\Z")
_SOMETHING = re.compile(r"[^\W_]")
_AGE = re.compile(r"\bage\b", re.IGNORECASE)
# Observations of a text type whose name says what their value is.
_NAMED = (
    (
        re.compile(r"\b(?:date of birth|dob|birth date|date)\b", re.IGNORECASE),
        re.compile(r"[0-9].*[0-9].*[0-9].*[0-9]"),
        DATE,
    ),
    (re.compile(r"\b(?:tele)?phone\b|\bmobile\b", re.IGNORECASE), re.compile(r"(?:[0-9]\D{0,3}){7}"), PHONE),
    (re.compile(r"\be-?mail\b", re.IGNORECASE), re.compile("@"), EMAIL),
    (
        re.compile(
            r"\b(?:patient|mother|father|parent|guardian|contact|spouse|physician|provider|employee)(?:'?s)? (?:first |last |full |maiden )?name\b",
            re.IGNORECASE,
        ),
        _WORD,
        PERSON,
    ),
)
_CODING = frozenset("L LN SCT ICD ICD9 ICD10 I9 I10 C4 CPT ISO UCUM NDC CVX MVX RXNORM HL SNOMED LOINC".split())


def fields(text: str) -> Sequence[Field] | None:
    """Return what the fields of a text's HL7 messages mean, or None where it holds none. Linear; never raises."""
    lines = segments(text)
    if lines is None:
        return None
    return [found for line in lines for found in _of_line(text, line)]


def _of_line(text: str, line: SegmentLine) -> Iterator[Field]:
    types = SEGMENTS.get(line.name)
    inside = list(cells(text, line))
    if types is None:
        yield from _of_unknown(text, inside)
        return
    parts: dict[tuple[int, int], dict[int, str]] = {}  # what each component of a repetition begins with
    for cell in inside:
        own = parts.setdefault((cell.field, cell.repetition), {})
        own.setdefault(cell.component, text[cell.start : cell.end])
    for cell in inside:
        if not _SOMETHING.search(text, cell.start, cell.end):
            continue
        if line.name == "OBX" and cell.field == _OBSERVED:
            entity_type = _observed(text, cell, parts)
        else:
            told = types[cell.field - 1] if cell.field <= len(types) else FREE
            entity_type = _of_cell(told, cell, parts[cell.field, cell.repetition], text)
        if entity_type is not None:
            yield Field(cell.start, cell.end, entity_type, f"hl7:{line.name}-{cell.field}")


def _of_cell(told: str, cell: Cell, parts: Mapping[int, str], text: str) -> str | None:
    """Return the entity type of a cell of a data type: "" where it identifies nobody, None where it may hold anything."""
    kinds = COMPONENTS.get(told, "")
    kind = kinds[cell.component - 1] if cell.component <= len(kinds) else FREE
    if kind in PACKED and (kind == "N" or told == "EIP"):
        packed = PACKED[kind]
        kind = packed[cell.subcomponent - 1] if cell.subcomponent <= len(packed) else FREE
    if kind == FREE:
        return None
    value = text[cell.start : cell.end]
    if kind == "D":
        return "" if _YEAR.match(value) else DATE
    if kind == "I":
        return _id_type(told, parts)
    if kind in ("T", "E"):
        return EMAIL if "@" in value else "FAX_NUMBER" if parts.get(3, "").strip() == "FX" else PHONE
    return KINDS[kind]


def _id_type(told: str, parts: Mapping[int, str]) -> str:
    """Return what an identifier is: by its type code or who assigned it, else by its field."""
    person = told in ("XCN", "PPN", "NDL")
    code = (parts.get(13, "") if person else parts.get(5, "") if told in ID_TYPES else "").strip().upper()
    if code in TYPE_CODES:
        return TYPE_CODES[code]
    assigner = (parts.get(9, "") if person else parts.get(4, "")).upper()
    if "SSA" in assigner.split("&", 1)[0] or "2.16.840.1.113883.4.1&" in f"{assigner}&":
        return "US_SSN"
    if "NPI" in assigner or "2.16.840.1.113883.4.6" in assigner:
        return "US_NPI"
    return ID_TYPES.get(told, OTHER)


def _observed(text: str, cell: Cell, parts: Mapping[tuple[int, int], Mapping[int, str]]) -> str | None:
    """Return the entity type of an observed value, by its type, else by what was observed."""
    value_type = parts.get((2, 1), {}).get(1, "").strip()
    told = VALUE_TYPES.get(value_type)
    name = " ".join(parts.get((3, 1), {}).get(part, "") for part in (2, 5, 9))
    value = text[cell.start : cell.end]
    if told == "-" and value_type in ("NM", "SN"):
        old = _AGE.search(name) and value.strip().isdecimal() and int(value.strip()[:6]) > _OLDEST
        return "AGE" if old else ""
    if told is not None:
        return _of_cell(told, cell, parts[cell.field, cell.repetition], text)
    for wanted, form, entity_type in _NAMED:
        if wanted.search(name) and form.search(value):
            return "" if entity_type == DATE and _YEAR.match(value) else entity_type
    return "" if _NUMBER.match(value) else None


def _of_unknown(text: str, inside: Sequence[Cell]) -> Iterator[Field]:
    """Yield what is plain from its form: a full time stamp, and an id with a family and a given name behind it."""
    parts: dict[tuple[int, int], dict[int, Cell]] = {}
    for cell in inside:
        if _STAMP.match(text[cell.start : cell.end]):
            yield Field(cell.start, cell.end, DATE, f"hl7:Z-{cell.field}")
        elif cell.subcomponent == 1:
            parts.setdefault((cell.field, cell.repetition), {})[cell.component] = cell
    for (number, _), own in parts.items():
        said = {place: text[one.start : one.end] for place, one in own.items() if place <= 4}
        names = [place for place in (2, 3, 4) if place in said]
        if (
            said.get(1, "")[-2:].isdigit()
            and {2, 3} <= said.keys()
            and len(said[3]) > 1
            and said[3].upper() not in _CODING
            and all(_WORD.match(said[place]) or len(said[place]) == 1 for place in names)
        ):
            yield Field(own[1].start, own[1].end, OTHER, f"hl7:Z-{number}")
            for place in names:
                yield Field(own[place].start, own[place].end, PERSON, f"hl7:Z-{number}")
