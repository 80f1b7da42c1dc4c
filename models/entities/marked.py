"""Text with labelled places: private-use characters that survive joins, `json.dumps`, `csv` and changes of case."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Final

from models.entities.labels import ENTITY_TYPE

_ORDER: Final = (*ENTITY_TYPE, "IGNORE")
_OPEN: Final = {label: chr(0xE000 + place) for place, label in enumerate(_ORDER)}
_LABEL: Final = {mark: label for label, mark in _OPEN.items()}
_CLOSE: Final = "\ue0ff"


@dataclass(frozen=True, slots=True)
class Example:
    """A document with its labelled places and the places that carry no loss, in code points."""

    text: str = field(repr=False)
    entities: tuple[tuple[int, int, str], ...] = field(repr=False)
    ignored: tuple[tuple[int, int], ...] = field(repr=False)
    source: str = ""


def mark(label: str, value: str) -> str:
    """Wrap a value as a place of that label; `IGNORE` makes a place without loss."""
    return f"{_OPEN[label]}{value}{_CLOSE}" if value else ""


def plain(marked: str) -> str:
    """Drop the marks and keep the text."""
    return "".join(character for character in marked if character not in _LABEL and character != _CLOSE)


def parse(marked: str, source: str) -> Example:
    """Split a marked text into the text and its places; a place inside a place belongs to the outer one."""
    text: list[str] = []
    entities: list[tuple[int, int, str]] = []
    ignored: list[tuple[int, int]] = []
    open_marks: list[tuple[str, int]] = []
    for character in marked:
        if character in _LABEL:
            open_marks.append((_LABEL[character], len(text)))
        elif character == _CLOSE:
            label, start = open_marks.pop()
            if open_marks or start == len(text):
                continue
            if label == "IGNORE":
                ignored.append((start, len(text)))
            else:
                entities.append((start, len(text), label))
        else:
            text.append(character)
    return Example("".join(text), tuple(entities), tuple(ignored), source)


def dumps(value: object, *, indent: int | None = None, ascii_only: bool = False, tight: bool = False) -> str:
    """Write JSON that keeps the marks, with other characters escaped where `ascii_only` is set."""
    separators = (",", ":") if tight else None
    written = json.dumps(value, ensure_ascii=False, indent=indent, separators=separators)
    if not ascii_only:
        return written
    return "".join(c if ord(c) < 128 or c in _LABEL or c == _CLOSE else json.dumps(c)[1:-1] for c in written)
