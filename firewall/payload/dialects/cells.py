"""What a value looks like: whether it fits its column's name, and what a column without one holds.

A value that does not fit is left to the detectors: a header may stand above the wrong column, and "pending" is nobody.
"""

# ruff: noqa: RUF001 - typographic apostrophes stand in names
from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import replace

from firewall.payload.dialects.columns import Column
from firewall.payload.dialects.given_names import GIVEN_NAMES
from firewall.validators import words
from firewall.validators.plausible import personal_mailbox, web_address

_BLANK = frozenset(
    "- -- --- . ? * n/a na n.a. none null nil unknown unk tbd pending missing undefined nan <na> not available not applicable "
    "not provided not recorded refused declined self same see chart see notes yes no y true false deceased various all any "
    "unbekannt keine keiner desconocido ninguno inconnu aucun (null) \\n [null] redacted withheld".split()
) | {"not available", "not applicable", "not provided", "not recorded", "see chart", "see notes", "not known"}
_MARK = re.compile(r"<[A-Z][A-Z0-9_]{2,40}>(?:[ ,;/-]{1,3}<[A-Z][A-Z0-9_]{2,40}>){0,8}\Z")
_NO_ADDRESS = frozenset("127.0.0.1 0.0.0.0 255.255.255.255".split())
_LONGEST = 200  # code points of a value that is still one datum rather than prose
_MONTH = (
    r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|janv|fev|avr|mai|juin|juil|aout|ene|abr|ago|dic|mrz|maer|okt|dez)"
    r"[a-z]{0,8}\.?"
)
_DATE = re.compile(
    r"(?:\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{2}(?:\d{2})?|(?:19|20)\d{6}"
    rf"|\d{{1,2}}(?:st|nd|rd|th|\.)?[ -]{{0,2}}(?:de )?{_MONTH},?[ -]{{0,2}}(?:de )?\d{{2}}(?:\d{{2}})?"
    rf"|{_MONTH} ?\d{{1,2}}(?:st|nd|rd|th)?,? ?\d{{4}})"
    r"(?:[T ]{1,2}\d{1,2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?: ?[ap]\.?m\.?)?(?: ?Z| ?[+-]\d{2}:?\d{2}| [A-Z]{3,4})?)?\Z",
    re.IGNORECASE,
)
_YEAR = re.compile(r"(?:1[89]|20|21)\d{2}\Z")
_TIME = re.compile(r"\d{1,2}:\d{2}(?::\d{2}(?:\.\d{1,6})?)?(?: ?[AaPp]\.?[Mm]\.?)?\Z")
_EMAIL = re.compile(r"[^\s@<>,;]{1,64}@[^\s@<>,;]{1,255}\.[A-Za-z]{2,24}\Z")
_SSN = re.compile(r"\d{3}-\d{2}-\d{4}\Z")
_PHONE = re.compile(
    r"(?:\+\d{1,3}[ .-]?(?:\(\d{1,4}\)[ .-]?)?\d{1,4}(?:[ .-]?\d{2,4}){2,5}|(?:1[ .-])?\(?\d{3}\)?[ .-]\d{3}[ .-]\d{4})"
    r"(?: ?(?:x|ext\.?) ?\d{1,6})?\Z"
)
_ZIP = re.compile(r"\d{5}(?:-\d{4})?\Z")
_STREET = re.compile(
    r"\d{1,6}[A-Za-z]?(?:-\d{1,4})? (?:[NSEW]{1,2}\.? )?[^\W\d_][\w.'’-]{1,24}(?: [\w.'’#-]{1,24}){0,7}\Z"
)
_STREET_LAST = re.compile(
    r"[^\W\d_][\w.'’ -]{2,40}(?:stra(?:ß|ss)e|str\.|gasse|allee|weg|platz|ring) \d{1,4} ?[a-z]?\Z"
)
_WORD = re.compile(r"(?:[^\W\d_]+\.?(?:['’`-][^\W\d_]+)*\.?)\Z")
_TECHNICAL = re.compile(
    r"(?:lot|batch|sop|dev|capa|oos|oot|inst|rev|ver|sku|doc|frm|val|urs|ncr|ecr|chg|mat|gtin|ndc|col|inc|req|jira|task|bug)"
    r"[-_ .#]?\d|(?:b|v|cc|eq|wo|po|pn|iq|oq|pq|rm|fg|rx)[-_ .#]\d"
    r"|\d{1,7}-\d\Z|\d{2,7}-\d{2}-\d\Z|\d{4,5}-\d{3,4}-\d{1,2}\Z|v?\d+\.\d",  # LOINC, CAS, NDC, versions
    re.IGNORECASE,
)
PARTICLES = frozenset(
    "de del della der den van von da dos di la le el al bin bint ibn ben y e zu zur ter ten mc st".split()
)


# What stands in the records of people only; beside it, a column called `name` holds their names.
OF_PEOPLE = frozenset({"dob", "ssn", "mrn", "patient_id", "national_id", "health_plan", "street", "person_name"})


def blank(value: str) -> bool:
    """Tell whether a value says nothing, or is the mark of an earlier redaction."""
    return value.lower() in _BLANK or _MARK.match(value) is not None or not any(char.isalnum() for char in value)


def fitting(column: Column, value: str) -> str | None:
    """Return the entity type of a value under a column's name ("" where it identifies nobody), or None for no answer."""
    if blank(value):
        return None
    if not column.entity_type:
        return "" if _short(value, strict=column.meaning == "value") else None
    if len(value) > _LONGEST:
        return None
    kind = column.entity_type
    numbers = sum(char.isdigit() for char in value)
    match kind:
        case "PERSON":
            fits = name(value) if column.tentative else any(char.isalpha() for char in value)
        case "DATE_TIME":
            if _YEAR.match(value) or _TIME.match(value):
                return ""
            fits = _DATE.match(value) is not None or numbers >= 2
        case "AGE":
            return age(value)
        case "EMAIL_ADDRESS":
            if _EMAIL.match(value) and not personal_mailbox(value):
                return ""
            fits = "@" in value
        case "URL":
            fits = ("." in value or "/" in value) and web_address(value)
        case "IP_ADDRESS":
            fits = numbers >= 2 and ("." in value or ":" in value) and value.partition(":")[0] not in _NO_ADDRESS
        case "USERNAME":
            fits = words.user_name(value) and any(char.isalpha() for char in value)
        case "LOCATION" if column.meaning in ("zip", "geo"):
            fits = numbers >= 3
        case "LOCATION" if column.meaning == "street":
            fits = any(char.isalpha() for char in value) or numbers > 0
        case "LOCATION":
            fits = any(char.isalpha() for char in value)
        case "PHONE_NUMBER" | "FAX_NUMBER" | "US_SSN":
            fits = numbers >= 4
        case "BIOMETRIC_ID" | "PHOTO":
            fits = len(value) >= 4
        case _:
            fits = numbers >= 2
    return kind if fits else None


def dated(value: str) -> bool:
    """Tell whether a value is a calendar date as a person or a machine writes it."""
    return len(value) < 40 and _DATE.match(value) is not None


def age(value: str) -> str | None:
    """Safe Harbor lets ages up to 89 stay."""
    number = re.match(r"\D{0,3}(\d{1,3})(?:[ .,a-zA-Z]|\Z)", value)
    if number is None:
        return None
    return "AGE" if int(number[1]) > 89 else ""


def name(value: str) -> bool:
    """Tell whether a value has the shape of a personal name: two to five capitalised words, or one that is a given name."""
    parts = value.replace(",", " ").split()
    if not 1 <= len(parts) <= 6 or len(value) > 60 or not words.person_name(value):
        return False
    letters = [part for part in parts if part.lower().strip(".") not in PARTICLES]
    if not letters or not all(_WORD.match(part) and part[0].isupper() for part in letters):
        return False
    return len(letters) > 1 or given(value)


def given(value: str) -> bool:
    """Tell whether one of a value's words is a common given name."""
    return any(_plain(part) in GIVEN_NAMES for part in value.replace(",", " ").split())


def _plain(word: str) -> str:
    if not word.isascii():
        word = "".join(char for char in unicodedata.normalize("NFKD", word) if not unicodedata.combining(char))
    return word.lower().strip(".'")


def _short(value: str, *, strict: bool) -> bool:
    """A code, a number or some words that name nobody; `strict` where anything at all could stand (a result)."""
    if len(value) > 60 or "@" in value:
        return False
    if any(char.isdigit() for char in value) and " " not in value:
        return not _SSN.match(value) and not _DATE.match(value)
    parts = value.split()
    if len(parts) > (1 if strict and not value[:1].isdigit() else 4):
        return False
    return not any(part[:1].isupper() and _plain(part) in GIVEN_NAMES for part in parts)


def guess(columns: Sequence[Sequence[str]], taken: Sequence[Column | None]) -> list[Column | None]:
    """Say what columns hold by their values alone, where their names (`taken`) do not tell.

    Values are stripped, and all columns equally long. What only looks like a name or a number is believed beside other
    things of a person: a lone column of codes, or of words, is left as it is.
    """
    told = list(taken)
    if OF_PEOPLE & _meanings(told):
        told = [one if one is None or not one.tentative else replace(one, tentative=False) for one in told]
    filled = [[value for value in values if not blank(value)] for values in columns]
    for index, values in enumerate(filled):
        if told[index] is None and len(values) >= 2:
            told[index] = _plain_kind(values)
    if not {"person_name", "name", "phone", "ssn", "email"} & _meanings(told):  # "20 Litre Tank" is no street
        told = [one if taken[at] is not None or not _is(one, "street") else None for at, one in enumerate(told)]
    names = {index for index, one in enumerate(told) if one is not None and one.entity_type == "PERSON"}
    for index in sorted(names):  # a surname beside a given name
        for beside in (index - 1, index + 1):
            if 0 <= beside < len(told) and told[beside] is None and _surnames(filled[beside]):
                told[beside] = Column("PERSON", "person_name")
    kinds = _meanings(told)
    for index, values in enumerate(filled):
        if told[index] is not None or len(values) < 2:
            continue
        before = _meanings(told[max(0, index - 3) : index])
        if _share(values, _ZIP.match) and before & {"street", "city"}:
            told[index] = Column("LOCATION", "zip")
        elif index and _is(told[index - 1], "street") and _places(values):
            told[index] = Column("LOCATION", "city")
        elif names and kinds & {"ssn", "phone", "street", "email", "dob"} and _ids(values):
            told[index] = Column("OTHER_ID", "person_id")
    return told


def _meanings(told: Sequence[Column | None]) -> set[str]:
    return {one.meaning for one in told if one is not None and one.entity_type}


def _is(column: Column | None, meaning: str) -> bool:
    return column is not None and column.meaning == meaning


def _plain_kind(values: Sequence[str]) -> Column | None:
    """Return what most of the values are, where the values alone can say it."""
    first = values[-1]
    if "@" in first and _share(values, _EMAIL.match):
        return Column("EMAIL_ADDRESS", "email")
    if first[:1] in "+(0123456789":
        if _share(values, _SSN.match):
            return Column("US_SSN", "ssn")
        if _share(values, _PHONE.match) and not _share(values, _DATE.match):
            return Column("PHONE_NUMBER", "phone")
        if _share(values, _DATE.match):
            return Column("DATE_TIME", "dob") if _lives(values) else None
        if _share(values, lambda value: _STREET.match(value) and words.street_address(value)):
            return Column("LOCATION", "street")
        return None
    if _share(values, _STREET_LAST.match):
        return Column("LOCATION", "street")
    if _share(values, lambda value: name(value) or _word(value)) and 2 * sum(map(given, values)) >= len(values):
        return Column("PERSON", "person_name")
    return None


def _share(values: Sequence[str], test: Callable[[str], object]) -> bool:
    """Tell whether four of five values pass."""
    return 5 * sum(1 for value in values if test(value)) >= 4 * len(values)


def _word(value: str) -> bool:
    return _WORD.match(value) is not None and value[:1].isupper() and words.person_name(value)


def _surnames(values: Sequence[str]) -> bool:
    """A column of single capitalised words, nearly all different."""
    if len(values) < 2 or not _share(values, lambda value: all(map(_word, value.split())) and len(value.split()) < 4):
        return False
    return len(set(values)) * 4 >= len(values) * 3


def _places(values: Sequence[str]) -> bool:
    return _share(values, lambda value: len(value.split()) < 4 and all(map(_word, value.split())))


def _lives(values: Sequence[str]) -> bool:
    """Dates that lie decades apart are of births rather than of batches."""
    years = [int(match[0]) for value in values if (match := re.search(r"(?:19|20)\d{2}", value))]
    return len(years) >= 2 and max(years) - min(years) >= 15


def _ids(values: Sequence[str]) -> bool:
    """Numbers of one shape, all different, that are of no technical kind."""
    if len(set(values)) < len(values) or not all(words.id_like(value) and " " not in value for value in values):
        return False
    if any(_TECHNICAL.match(value) for value in values):
        return False
    return len({(len(value), value[:1].isalpha()) for value in values}) <= 2
