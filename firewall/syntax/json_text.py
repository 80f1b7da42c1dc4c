"""A JSON text inside a string, or one a line: strings say their values, a number that is edited becomes 0."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from firewall.syntax.spelling import Literal, Spelled, piecewise

# Literals and structure of a JSON text; possessive, so that each character is read once.
_TOKEN = re.compile(r'"(?:[^"\\]++|\\.)*+"|-?[0-9][0-9.eE+-]*+|[{}\[\],:]|true|false|null|[ \t\r\n]++', re.DOTALL)
# One escape; the two halves of a surrogate pair are one.
_ESCAPE = re.compile(r"\\u[dD][89abAB]..\\u[dD][c-fC-F]..|\\(?:u[0-9a-fA-F]{4}|.)", re.DOTALL)
_BLANK = re.compile(r"[ \t\r\n]++")
_DECODER = json.JSONDecoder(parse_int=str, parse_float=str)


@dataclass(frozen=True, slots=True)
class JsonText:
    """The strings and numbers of JSON objects or arrays."""

    text: str = field(repr=False)
    literals: tuple[Literal, ...]
    cuts_across = False

    def spelled(self, literal: Literal) -> Spelled:
        """Return a string's value."""
        raw = self.text[literal.start : literal.end]
        return piecewise(raw, _escapes(raw)) if "\\" in raw else Spelled(raw)

    def encode(self, _: Literal, text: str) -> str:
        """Write a text with the escapes that a JSON string needs."""
        return json.dumps(text, ensure_ascii=False)[1:-1]


def syntax_in(text: str) -> JsonText | None:
    """Return the syntax of a JSON object or array, or of one a line (JSON lines); None where the text is neither."""
    if text.lstrip()[:1] not in ("{", "["):
        return None
    literals, at = [], 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            return None
        at = match.end()
        if match[0][0] == '"':
            if at - match.start() > 2:
                literals.append(Literal(match.start() + 1, at - 1))
        elif match[0][0] in "-0123456789":
            literals.append(Literal(*match.span(), fixed="0"))
    return JsonText(text, tuple(literals)) if _well_formed(text) else None


def _well_formed(text: str) -> bool:
    at = 0
    try:
        while at < len(text):
            begin = _BLANK.match(text, at)
            start = begin.end() if begin else at
            if start == len(text):
                break
            if text[start] not in "{[" or (at and "\n" not in text[at:start]):
                return False
            _, at = _DECODER.raw_decode(text, start)
    except ValueError:
        return False
    except RecursionError:
        pass  # deeper than Python reads; the tokens stand
    return True


def _escapes(raw: str) -> Iterator[tuple[int, int, str]]:
    for match in _ESCAPE.finditer(raw):
        meaning = ""
        with contextlib.suppress(ValueError):
            meaning = json.loads(f'"{match[0]}"')
        yield *match.span(), meaning
