"""vCard (RFC 6350) and iCalendar (RFC 5545): properties with their parameters, one a line, folded or not."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from firewall.payload.dialects import cells
from firewall.payload.dialects.columns import Column
from firewall.payload.dialects.field import Field
from firewall.validators.plausible import personal_mailbox

_PROPERTY = re.compile(
    r"(?m)^(?:[A-Za-z0-9-]{1,40}\.)?([A-Za-z][A-Za-z-]{0,39})((?:;[A-Za-z-]{1,40}(?:=(?:\"[^\"\r\n]{0,200}\"|[^\":;,\r\n]{0,200})"
    r"(?:,(?:\"[^\"\r\n]{0,200}\"|[^\":;,\r\n]{0,200})){0,8})?){0,12}):([^\r\n]*(?:\r?\n[ \t][^\r\n]*){0,200})"
)
_COMMON_NAME = re.compile(r";(?:CN|EMAIL|SENT-BY|DIR)=(\"([^\"\r\n]{1,200})\"|[^\":;,\r\n]{1,200})", re.IGNORECASE)
_MAILTO = re.compile(r"(?i)mailto:")
_TYPES = {
    "FN": "PERSON", "NICKNAME": "PERSON", "EMAIL": "EMAIL_ADDRESS", "TEL": "PHONE_NUMBER", "BDAY": "DATE_TIME",
    "ANNIVERSARY": "DATE_TIME", "DEATHDATE": "DATE_TIME", "URL": "URL", "IMPP": "USERNAME", "UID": "OTHER_ID",
    "GEO": "LOCATION", "LABEL": "LOCATION", "PHOTO": "PHOTO", "DTSTART": "DATE_TIME", "DTEND": "DATE_TIME",
    "DUE": "DATE_TIME", "RECURRENCE-ID": "DATE_TIME", "X-SOCIALPROFILE": "URL", "X-SKYPE": "USERNAME",
    "BIRTHPLACE": "LOCATION", "DEATHPLACE": "LOCATION", "X-MAIDENNAME": "PERSON", "X-PHONETIC-LAST-NAME": "PERSON",
}  # fmt: skip
_NOBODY = frozenset(
    "VERSION PRODID TRANSP STATUS SEQUENCE PRIORITY CLASS METHOD CALSCALE GENDER KIND LANG TZ TZID REV".split()
)
_PLACES = (0, 1, 2, 3, 5)  # box, extension, street, city, code; a region and a country alone identify nobody


def fields(text: str) -> Sequence[Field] | None:
    """Return what the properties of cards and calendars in a text say; None where there is none. Linear; never raises."""
    if "BEGIN:V" not in text:
        return None
    found: list[Field] = []
    for match in _PROPERTY.finditer(text, text.index("BEGIN:V")):
        found += _property(match[1].upper(), match)
    return found or None


def _property(name: str, match: re.Match[str]) -> Iterator[Field]:
    start, value = match.start(3), match[3]
    if name in ("ATTENDEE", "ORGANIZER", "CONTACT"):
        for said in _COMMON_NAME.finditer(match[2]):
            group = 2 if said[2] is not None else 1
            kind = "EMAIL_ADDRESS" if "@" in said[group] else "PERSON"
            yield Field(
                match.start(2) + said.start(group), match.start(2) + said.end(group), kind, f"card:{name.lower()}"
            )
        if (scheme := _MAILTO.match(value)) is not None and scheme.end() < len(value):
            kind = "EMAIL_ADDRESS" if personal_mailbox(value[scheme.end() :]) else ""
            yield Field(start + scheme.end(), start + len(value), kind, f"card:{name.lower()}")
    elif name in ("N", "ADR"):
        at = start
        for index, part in enumerate(re.split(r"(?<!\\);", value)):
            wanted = index in _PLACES if name == "ADR" else index < 3
            if wanted and part.strip():
                yield _trimmed(part, at, "LOCATION" if name == "ADR" else "PERSON", f"card:{name.lower()}")
            at += len(part) + 1
    elif name in _TYPES and value.strip():
        kind = _TYPES[name]
        told = (
            kind if kind in ("OTHER_ID", "PHOTO", "URL", "USERNAME") else cells.fitting(Column(kind, ""), value.strip())
        )
        if told is not None:
            scheme = re.match(r"(?i)(?:tel|mailto):", value)
            skip = scheme.end() if scheme is not None and scheme.end() < len(value) else 0
            yield _trimmed(value[skip:], start + skip, told, f"card:{name.lower()}")
    elif name in _NOBODY and value.strip():
        yield _trimmed(value, start, "", f"card:{name.lower()}")


def _trimmed(part: str, at: int, kind: str, meaning: str) -> Field:
    low = at + len(part) - len(part.lstrip())
    return Field(low, low + len(part.strip()), kind, meaning)
