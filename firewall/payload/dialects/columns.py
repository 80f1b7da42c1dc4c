"""What the name of a column, of a member or of a line in a form says of the values under it.

A name is compared without case, accents, punctuation and the white space between its words, and without the words that
only say whose value it is (`patient_home_phone_1` is a phone). English, Spanish, French and German. Three answers: the
values identify somebody (an entity type), they surely identify nobody (""), or the name does not tell (None).
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from firewall.payload.dialects import column_names as names

MAX_NAME = 60  # code points; longer than any column's name
_MAX_WORDS = 8
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_WORD = re.compile(r"[a-z]+|[0-9]+|#")
_STROKES = str.maketrans({"ß": "ss", "ø": "o", "Ø": "o", "œ": "oe", "æ": "ae", "ł": "l", "º": "#", "°": "#"})


@dataclass(frozen=True, slots=True)
class Column:
    """What the values of a column are. `entity_type` is "" for what identifies nobody; `meaning` is one of our words.

    `tentative` says that the name alone is no proof (`name`, `reviewed by`): a value must also look like one.
    """

    entity_type: str
    meaning: str
    tentative: bool = False


_NOBODY = Column("", "other")
_VALUE = Column("", "value")
_NAME = Column("PERSON", "name")
_MAYBE_NAME = Column("PERSON", "name", tentative=True)
_PATIENT_ID = Column("MEDICAL_RECORD_NUMBER", "patient_id")
_PERSON_ID = Column("OTHER_ID", "person_id")
_EVENT = Column("DATE_TIME", "event_date")


def _by_phrase(table: dict[tuple[str, str], str]) -> dict[str, Column]:
    return {
        phrase.replace(" ", ""): Column(kind, meaning)
        for (kind, meaning), phrases in table.items()
        for phrase in (one.strip() for one in phrases.split(","))
    }


_PLAIN = _by_phrase(names.PLAIN)
_NUMBERED = _by_phrase(names.NUMBERED)


def column(name: str) -> Column | None:
    """Say what a name says of its values; None where it does not tell."""
    words = _words(name)
    if not words:
        return None
    squashed = "".join(words)
    if squashed in _PLAIN:
        return _PLAIN[squashed]
    if squashed in names.VALUES:
        return _VALUE
    if squashed in names.NEUTRAL:
        return _NOBODY
    core = [word for word in words if not word.isdigit()]
    numbered = any(word in names.NUMBER for word in core)
    core = [word for word in core if word not in names.NUMBER and word not in names.GLUE]
    told = _plain(core, numbered=numbered)
    if told is not None:
        return told
    whose = {word for word in core if word in names.ROLES}
    rest = [word for word in core if word not in names.ROLES and word not in names.QUALIFIERS]
    told = _plain(rest, numbered=numbered)
    if told is not None:
        return told
    if whose and not rest:
        if numbered:
            return _PATIENT_ID if whose & names.PATIENTS else _PERSON_ID
        return _MAYBE_NAME
    if whose and len(rest) == 1 and rest[0] in names.NAME:
        return _NAME
    if any(word in names.DATE for word in words) and any(word in names.EVENTS for word in words):
        return _EVENT
    if len(words) > 1 and words[-1] in names.BY and (words[0] in names.ACTS or words[-2] in names.ACTS):
        return _MAYBE_NAME
    if any(word in names.VALUES for word in core):
        return _VALUE
    if any(word in names.NEUTRAL for word in core):
        return _NOBODY
    return _MAYBE_NAME if squashed in names.NAME else None


def _plain(words: list[str], *, numbered: bool) -> Column | None:
    """Look up what is left of a name; a number's name (`policy no`) is none without the word for a number."""
    squashed = "".join(words)
    if numbered and squashed in _NUMBERED:
        return _NUMBERED[squashed]
    return _PLAIN.get(squashed)


def _words(name: str) -> list[str]:
    """Cut a name into words of plain letters; empty for what is too long to be a name, or holds other characters."""
    name = name.strip()
    if not 0 < len(name) <= MAX_NAME:
        return []
    if not name.isascii():
        name = unicodedata.normalize("NFKD", name.translate(_STROKES))
        name = "".join(char for char in name if not unicodedata.combining(char))
        if not name.isascii():
            return []
    words = _WORD.findall(_CAMEL.sub(" ", name).lower())
    return words if len(words) <= _MAX_WORDS and any(word.isalpha() for word in words) else []
