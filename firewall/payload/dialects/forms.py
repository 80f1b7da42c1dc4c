"""Forms and logs: `Name: value` and `name=value`, several on a line too, and who logged in by lines of access logs.

The names are those of tables' columns; around them stands prose, so a value must look like what its name promises.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from firewall.payload.dialects import cells
from firewall.payload.dialects.columns import Column, column
from firewall.payload.dialects.field import Field
from firewall.validators import words

_LINE = re.compile(r"[^\r\n]++")
_MARK = re.compile(r"[:=]")
_KEY = re.compile(r"[^\W_][^:=|;,\t\"<>{}\[\]]{0,40}+\Z")
_KEY_CHARS = 44  # looked back from a mark
_VALUE_CHARS = 160
_LEAD = re.compile(r"[ \t\"*_`>.]{0,40}")
_STOP = re.compile(r"\t|  |[|;]|\Z")
_QUOTED = re.compile(r"([\"'])([^\"'\r\n]{1,160})\1")
_TOKEN = re.compile(r"[^\s,;|&\"'<>()\[\]]{1,128}")
_NUMBERS = re.compile(r"[(+]{0,2}\d[\d ().+/x-]{4,28}\d")
_DATE = re.compile(
    r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}(?:[T ]\d{1,2}:\d{2}(?::\d{2}(?:\.\d{1,6})?)?(?: ?[AaPp][Mm])?Z?)?"
    r"|(?:\d{1,2}[. -]{1,2})?[^\W\d_]{3,10}\.?[ -](?:\d{1,2}(?:st|nd|rd|th)?,? )?\d{4}"
)
_BEFORE_KEY = re.compile(r"[ ,;]*[^\s:=]{1,30}\Z")
_REQUEST = re.compile(
    r"(?m)^(\d{1,3}(?:\.\d{1,3}){3}|[0-9a-fA-F:]{6,39}) (\S{1,64}) (\S{1,64}) \[[^\]\r\n]{10,40}\] \""
)
_LOGIN = re.compile(
    r"\b(?:for (?:invalid |illegal )?user|session (?:opened|closed) for user|Accepted \w{1,20} for|Failed \w{1,20} for"
    r"|Invalid user|logged in as|login (?:by|for|of)) (?!user\b|invalid\b)([A-Za-z][\w.@\\-]{1,62})"
)
_SERVICES = frozenset(
    "root daemon bin sys sync mail www-data nginx apache postgres mysql redis git ubuntu ec2-user jenkins systemd cron "
    "backup sshd nobody deploy docker oracle operator monitor nagios ansible localsystem scheduler batch svc the".split()
)


def fields(text: str) -> Sequence[Field] | None:
    """Return what named values in a text are; None where there are none. Linear, and never raises."""
    found: list[Field] = []
    if ":" in text or "=" in text:
        for line in _LINE.finditer(text):
            if ":" in line[0] or "=" in line[0]:
                found += _line(line[0], line.start())
    if '] "' in text or " for " in text or "user " in text or "logged in" in text:
        found += _logins(text)
    return found or None


def _line(line: str, home: int) -> Iterator[Field]:
    """Yield the named values of one line, which begins at `home`."""
    at = 0  # nothing before it is read again
    for mark in _MARK.finditer(line):
        place = mark.start()
        if place < at or not place:
            continue
        before = line[max(at, place - _KEY_CHARS) : place]
        tight = mark[0] == "=" and not before.endswith(" ")  # as logs write it: names and values without blanks
        named = _key(before.rpartition(" ")[2] if tight else before)
        if named is None:
            continue
        start, end = _value(line, place + 1, named, tight=tight)
        kind = _kind(named, line[start:end], tight=tight) if start < end else None
        if kind is not None:
            yield Field(home + start, home + end, kind, f"form:{named.meaning}")
            at = end


def _key(before: str) -> Column | None:
    """Return what the words right before a mark name: all of them, or the last three, two or one."""
    before = before.rstrip(" \"'*`")
    match = _KEY.search(before)
    if match is None:
        return None
    parts = match[0].split()
    if not parts or len(parts) > 8:
        return None
    tries = [parts[-count:] for count in (len(parts), 3, 2, 1) if count <= len(parts)]
    for index, tried in enumerate(tries):
        named = column(" ".join(tried))
        if named is not None and (index == 0 or (named.entity_type and not named.tentative)):
            return named
    return None


def _value(line: str, at: int, named: Column, *, tight: bool) -> tuple[int, int]:
    """Return the range of the value behind a mark; `tight` where it ends at the next blank, unless it is quoted."""
    lead = _LEAD.match(line, at)
    start = at if lead is None else lead.end()
    quote = start - 1 if start > at and line[start - 1] == '"' else start
    quoted = _QUOTED.match(line, quote)
    if quoted is not None:
        return quoted.span(2)
    if start < len(line) and line[start] == "'" and (quoted := _QUOTED.match(line, start)) is not None:
        return quoted.span(2)
    limit = min(len(line), start + _VALUE_CHARS)
    pattern = {"DATE_TIME": _DATE, "PHONE_NUMBER": _NUMBERS, "FAX_NUMBER": _NUMBERS}.get(named.entity_type)
    if pattern is not None and not (tight and start > at and line[at] == " "):
        match = pattern.match(line, start, limit)
        return (start, start) if match is None else match.span()
    if tight or named.entity_type not in ("PERSON", "LOCATION"):
        match = _TOKEN.match(line, start, limit)
        return (start, start) if match is None else (start, start + len(match[0].rstrip(".:")))
    stop = _STOP.search(line, start, limit)
    end = limit if stop is None else stop.start()
    following = _MARK.search(line, start, end)
    if following is not None:  # the next name has a value of its own
        key = _BEFORE_KEY.search(line[start : following.start()])
        end = start if key is None else start + key.start()
    return start, start + len(line[start:end].rstrip(' ,.;*_`"'))


def _kind(named: Column, value: str, *, tight: bool) -> str | None:
    """Return the entity type of a value under a name; stricter than a table is, since prose has colons too."""
    if not value or cells.blank(value):
        return None
    match named.entity_type:
        case "":
            return cells.fitting(named, value) if " " not in value and any(char.isdigit() for char in value) else None
        case "PERSON":
            return "PERSON" if cells.name(value) or (not named.tentative and _capitals(value)) else None
        case "LOCATION" if named.meaning in ("city", "place"):
            return "LOCATION" if _capitals(value) and words.place_name(value) else None
        case "LOCATION" if named.meaning == "street":
            plain = any(char.isdigit() for char in value) and words.street_address(value) and len(value.split()) > 1
            return "LOCATION" if plain and len(value) <= 100 else None
        case "URL" | "PHOTO" | "BIOMETRIC_ID":  # words of prose and of programs
            return None
        case "USERNAME":
            plain = tight or any(char.isdigit() or char in "._-" for char in value)
            return cells.fitting(named, value) if plain and value.lower() not in _SERVICES else None
        case "EMAIL_ADDRESS" | "IP_ADDRESS" | "AGE" | "DATE_TIME":
            return cells.fitting(named, value)
        case _:
            return cells.fitting(named, value) if sum(char.isdigit() for char in value) >= 3 else None


def _capitals(value: str) -> bool:
    """Up to five words that all begin with a capital letter."""
    parts = value.replace(",", " ").split()
    if not 1 <= len(parts) <= 5 or not words.person_name(value):
        return False
    return all(part[0].isupper() for part in parts if part.lower() not in cells.PARTICLES)


def _logins(text: str) -> Iterator[Field]:
    for match in _REQUEST.finditer(text):
        yield Field(*match.span(1), "IP_ADDRESS", "log:client")
        if match[3] != "-" and _somebody(match[3]):
            yield Field(*match.span(3), "USERNAME", "log:user")
    for match in _LOGIN.finditer(text):
        if _somebody(match[1].rstrip(".")):
            yield Field(match.start(1), match.start(1) + len(match[1].rstrip(".")), "USERNAME", "log:user")


def _somebody(user: str) -> bool:
    return words.user_name(user) and user.lower() not in _SERVICES and not user.lower().startswith("svc")
