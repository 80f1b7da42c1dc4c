"""Plain text and Markdown: cut at paragraphs, else at lines, else at sentences, so that what belongs together stays so."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator

from firewall.payload.document import from_text
from firewall.scrub.pieces import BREAK, Piece, Record, Unreadable, Verbatim

CHUNK_CHARS = 8_000
LONGEST_RUN = 65_536  # characters without white space that are still read as text
_CUTS = (
    re.compile(r"(?:\r\n|\n|\r)[ \t]*(?:\r\n|\n|\r)+"),  # between paragraphs
    re.compile(r"\r\n|\n|\r(?!\n)"),  # between lines
    re.compile(r"[a-z0-9]{4}[.!?][\"')\]]?[ \t]+"),  # between sentences; "Dr. Smith" is none
    re.compile(r"[ \t\r\n\f\v]+"),  # between words
)
_SPACE = re.compile(r"\s")


def pieces(blocks: Iterable[str]) -> Iterator[Piece]:
    """Yield the text in chunks of at most CHUNK_CHARS where it has white space. Joined they give the text back."""
    buffer = ""
    dropping = False
    for block in blocks:
        text = block
        if dropping:
            match = _SPACE.search(text)
            if match is None:
                continue
            text, dropping = text[match.start() :], False
        buffer += text
        while len(buffer) > CHUNK_CHARS + 2:  # two more, so that a line break is never cut in its middle
            at = _cut(buffer)
            if at is None:
                if len(buffer) <= LONGEST_RUN:
                    break
                match = _SPACE.search(buffer)
                dropping = match is None
                buffer = "" if match is None else buffer[match.start() :]
                yield Unreadable("")
                continue
            yield _record(buffer[:at])
            buffer = buffer[at:]
    if buffer:
        yield _record(buffer)


def _cut(buffer: str) -> int | None:
    """Return where the next chunk ends: the best kind of boundary in its second half, or the last one before."""
    half = CHUNK_CHARS // 2
    for pattern in _CUTS[:-1]:
        ends = [match.end() for match in pattern.finditer(buffer, half, CHUNK_CHARS)]
        if ends:
            return ends[-1]
    match = None
    for match in _CUTS[-1].finditer(buffer, 0, CHUNK_CHARS):  # noqa: B007 - the last one is wanted
        pass
    if match is not None:
        return match.end()
    later = _CUTS[-1].search(buffer, CHUNK_CHARS)
    return None if later is None or later.end() == len(buffer) else later.end()


def _record(text: str) -> Piece:
    if not text.strip():
        return Verbatim(text)
    return Record(from_text(text), _plain, "".join(BREAK.findall(text)))


def _plain(content: str) -> str:
    text: str = json.loads(content)
    return text
