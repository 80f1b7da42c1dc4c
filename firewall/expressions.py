"""Patterns that people write: RE2 only, bounded, and of a size that is known before the first text is looked at."""

from __future__ import annotations

import functools
import re
import warnings
from re import _parser  # type: ignore[attr-defined]  # the one parser here that knows how wide a pattern is
from typing import Final

import re2

QUIET_BYTES: Final = 64 << 20  # of an automaton over a whole set of rules
# A class, an escape, or a repetition without an upper bound (outside a class).
_REPEAT = re.compile(r"\[\^?\]?(?:\\.|\[:\^?[a-z]+:\]|[^\]\\])*\]|\\.|(?P<open>\*|\+|\{[0-9]*,\})|\{[0-9,]+\}")
# What RE2 can spell and Python's parser cannot: each is one character wide, except for the end of the text.
_RE2_ONLY = re.compile(
    r"\\(?:[pP](?:\{\^?\w{1,40}\}|\w)|x\{(?P<code>[0-9A-Fa-f]{1,6})\}|(?P<end>z)|(?P<other>.))", re.DOTALL
)


@functools.lru_cache(maxsize=8_192)  # a hot reload meets the same patterns again
def pattern_problem(pattern: str, most_bytes: int = QUIET_BYTES) -> str | None:
    """Say what is wrong with a pattern: not RE2, unbounded, too large for `most_bytes`, or matching nothing at all."""
    for match in _REPEAT.finditer(pattern):
        if match["open"]:
            return f"repeats without bound at character {match.start()}: write {{0,n}}"
    try:
        compiled = re2.compile(pattern, quiet(most_bytes))
    except re2.error:
        return "is not an RE2 pattern" if most_bytes >= QUIET_BYTES else "is not an RE2 pattern, or one too large"
    if compiled.search("") is not None:
        return "matches the empty string"
    if most_bytes < QUIET_BYTES:  # of a set of rules it is asked for all together
        try:
            width(pattern)
        except re.error:
            return "has a part of which it cannot be told how wide it is"
    return None


@functools.lru_cache(maxsize=8_192)
def width(pattern: str) -> int:
    """Return the greatest width, in characters, of a match of a pattern that is known to be bounded."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # [[:alpha:]] looks like a nested set to Python, and is as wide
        return int(_parser.parse(_RE2_ONLY.sub(_spelled, pattern)).getwidth()[1])


def _spelled(match: re.Match[str]) -> str:
    """Return how Python writes what only RE2 knows."""
    if match["code"]:
        return re.escape(chr(int(match["code"], 16)))
    if match["end"]:
        return r"\Z"
    return match[0] if match["other"] else "a"


def quiet(most_bytes: int = QUIET_BYTES) -> re2.Options:
    """Return the RE2 options of the house: nothing is written to stderr, and the automaton's memory is bounded."""
    options = re2.Options()
    options.log_errors = False
    options.max_mem = most_bytes
    return options


def literal(text: str) -> str:
    """Return the pattern of a text: any white space where it has some, and whole words where it begins or ends in one."""
    words = text.split()
    if not words:
        raise ValueError("a text of white space is no text")
    body = r"[\s\x{a0}]{1,8}".join(re2.escape(word) for word in words)
    first, last = words[0][0], words[-1][-1]
    return f"{_edge(first)}{body}{_edge(last)}"


def _edge(char: str) -> str:
    return r"\b" if char == "_" or (char.isascii() and char.isalnum()) else ""
