"""Labelled texts of a user, as JSON Lines: read and refused with file and line, and never shown.

    {"text": "...", "label": 0 or 1, "span": [start, end] or null, "surface": "tool_result", "group": "ticket-17"}

`label` 1 is a text that gives orders to the model, `span` the part of it that does, in code points. `surface` says what
the text is; `group` keeps texts that belong together (parts of a document, one conversation) on the same side of a split.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from firewall.errors import ConfigurationError
from firewall.vocabulary import Origin

# What the text is, and so whose threshold it falls under: what a user said, arguments, or what comes back from a tool.
SURFACES: Final = {
    "user_prompt": Origin.USER_PROMPT,
    "tool_args": Origin.TOOL_CALL,
    "tool_result": Origin.TOOL_RESULT,
    "document": Origin.TOOL_RESULT,
    "email": Origin.TOOL_RESULT,
    "web": Origin.TOOL_RESULT,
    "code": Origin.TOOL_RESULT,
}
_MEMBERS: Final = frozenset({"text", "label", "span", "surface", "group"})
_LONGEST_LINE: Final = 16_777_216  # bytes


@dataclass(frozen=True, slots=True)
class Labelled:
    """One text: `label` is 1 for an injection, `span` where it stands, `line` the line of the file, counted from 1."""

    text: str = field(repr=False)
    label: int
    span: tuple[int, int] | None
    surface: str
    line: int
    group: str = field(repr=False)

    @property
    def origin(self) -> Origin:
        """Who wrote it, as detectors are told."""
        return SURFACES[self.surface]


@dataclass(frozen=True, slots=True)
class LabelledFile:
    """The texts of a file, the digest of its bytes (unpacked), and how many rows have members that are not read."""

    name: str
    rows: tuple[Labelled, ...] = field(repr=False)
    sha256: str
    unread_members: int

    @property
    def positives(self) -> int:
        """The number of injections."""
        return sum(row.label for row in self.rows)

    def require(self, *, each: int, what: str) -> None:
        """Refuse a file that has fewer than `each` rows of a label; `what` is what they are needed for.

        Raises:
            ConfigurationError: that says how many there are and how many are needed.
        """
        bad, good = self.positives, len(self.rows) - self.positives
        if bad < each or good < each:
            raise ConfigurationError(
                f"{self.name}: {bad} rows with label 1 and {good} with label 0; {what} needs at least {each} of each. "
                "Add rows of the scarcer kind"
            )


def read(path: Path) -> LabelledFile:
    """Read a JSON Lines file, also gzipped (`.gz`); blank lines are passed over.

    Raises:
        ConfigurationError: naming file and line, what is wrong there and what to do; it holds nothing of the text.
    """
    rows: list[Labelled] = []
    unread = 0
    digest = hashlib.sha256()
    for number, raw in _lines(path):
        digest.update(raw)
        if raw.strip():
            data = _object(raw, f"{path.name}:{number}")
            rows.append(_row(data, number, f"{path.name}:{number}"))
            unread += not data.keys() <= _MEMBERS
    if not rows:
        raise ConfigurationError(f"{path.name}: holds no rows; write one JSON object a line")
    return LabelledFile(path.name, tuple(rows), digest.hexdigest(), unread)


def key(text: str) -> str:
    """Return what texts share that differ in case, white space and digits only: a digest, so that it shows nothing."""
    plain = "".join(char for char in text.casefold() if not char.isspace() and not char.isdigit())
    return hashlib.sha256((plain or text).encode()).hexdigest()[:24]


def contradictions(rows: Sequence[Labelled]) -> list[tuple[int, int]]:
    """Return the lines of each pair of rows that have the same text and different labels."""
    first: dict[tuple[str, str], Labelled] = {}
    found = []
    for row in rows:
        other = first.setdefault((hashlib.sha256(row.text.encode()).hexdigest(), row.surface), row)
        if other.label != row.label:
            found.append((other.line, row.line))
    return found


def _lines(path: Path) -> Iterator[tuple[int, bytes]]:
    try:
        with gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb") as file:
            number = 0
            while raw := file.readline(_LONGEST_LINE + 1):
                number += 1
                if len(raw) > _LONGEST_LINE:
                    raise ConfigurationError(
                        f"{path.name}:{number}: the line is longer than {_LONGEST_LINE} bytes; split the text"
                    )
                yield number, raw
    except FileNotFoundError:
        raise ConfigurationError(f"{path}: there is no such file") from None
    except (EOFError, gzip.BadGzipFile, zlib.error):
        raise ConfigurationError(f"{path.name}: is no whole gzip file; compress it again") from None
    except OSError as error:
        raise ConfigurationError(f"{path.name}: cannot be read ({error.strerror})") from None


def _object(raw: bytes, where: str) -> dict[str, Any]:
    try:
        data = json.loads(raw.decode("utf-8"))
    except UnicodeDecodeError:
        raise ConfigurationError(f"{where}: is not UTF-8; save the file as UTF-8") from None
    except (ValueError, RecursionError):
        raise ConfigurationError(f"{where}: is not JSON; write one whole object on each line") from None
    if not isinstance(data, dict):
        raise ConfigurationError(f'{where}: is not an object; write {{"text": ..., "label": ...}}')
    return data


def _row(data: dict[str, Any], line: int, where: str) -> Labelled:
    text, label, span = data.get("text"), data.get("label"), data.get("span")
    if not isinstance(text, str) or not text.strip():
        raise ConfigurationError(f"{where}: text is missing, empty or no string; remove the row or give it one")
    if not text.isascii() and any("\ud800" <= char <= "\udfff" for char in text):
        raise ConfigurationError(
            f"{where}: text holds half a surrogate pair, which is no character; repair or remove it"
        )
    if type(label) is not int or label not in {0, 1}:
        raise ConfigurationError(
            f"{where}: label is missing or neither 0 nor 1; 1 is a text that orders the model about"
        )
    surface = data.get("surface")
    surface = "tool_result" if surface is None else surface
    if not isinstance(surface, str) or surface not in SURFACES:
        raise ConfigurationError(f"{where}: surface is none of {', '.join(SURFACES)}; leave it out for tool_result")
    group = data.get("group")
    if group is not None and not isinstance(group, str | int):
        raise ConfigurationError(f"{where}: group is neither a string nor a number; leave it out where there is none")
    return Labelled(
        text,
        int(label),
        None if span is None else _span(span, text, int(label), where),
        surface,
        line,
        key(text) if group is None else f"={group}",
    )


def _span(span: Any, text: str, label: int, where: str) -> tuple[int, int]:
    whole = isinstance(span, list) and len(span) == 2 and all(type(one) is int for one in span)
    if not whole or not 0 <= span[0] < span[1] <= len(text):
        raise ConfigurationError(
            f"{where}: span is no [start, end] inside the text (code points, end not included); write null where it is "
            "not known"
        )
    if not label:
        raise ConfigurationError(
            f"{where}: a row with label 0 has a span; it names the injection, so remove one of both"
        )
    return span[0], span[1]
