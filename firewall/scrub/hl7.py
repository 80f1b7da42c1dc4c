"""HL7 v2 files, message by message: what each field means and how it is written is the dialect's, as for any text.

A message is one document, so that its fields are read together. Files may hold many messages, batch headers, and the
frames of MLLP; segments may end in CR, as the standard has it, or in line feeds.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence

from firewall.errors import LimitExceededError, MalformedInputError
from firewall.payload.document import Limits, from_text
from firewall.scrub.pieces import Line, Piece, Record, Verbatim, lines
from firewall.syntax.hl7 import HEADERS, marks_of, syntax_in

_STARTS = (*HEADERS, "FTS", "BTS")
_FRAME = "\x0b\x1c"


def pieces(blocks: Iterable[str], limits: Limits) -> Iterator[Piece]:
    """Yield the messages of a file. Raises MalformedInputError where it does not begin as HL7, or LimitExceededError."""
    message: list[Line] = []
    size = 0
    begun = False
    for number, line in enumerate(lines(blocks, limits.string_chars), 1):
        bare = line.text.lstrip(_FRAME)
        if bare.startswith(_STARTS) and message:
            yield _record(message)
            message, size = [], 0
        if not bare.strip() and line.whole and not message:
            yield Verbatim(line.text + line.ending)
            continue
        if bare.startswith(HEADERS) and marks_of(bare) is None:
            raise MalformedInputError("an HL7 header segment declares no delimiters")
        if not begun and not bare.startswith(HEADERS):
            raise MalformedInputError("the file does not begin with an HL7 header segment (MSH, FHS or BHS)")
        begun = True
        size += len(line.text) + len(line.ending)
        if not line.whole or size > limits.string_chars:
            raise LimitExceededError(f"the message at line {number} is longer than {limits.string_chars} characters")
        message.append(line)
    if message:
        yield _record(message)


def _record(message: Sequence[Line]) -> Piece:
    """Read a message as one text; with nothing in it, its segments and delimiters are left."""
    text = "".join(line.text + line.ending for line in message)
    return Record(from_text(text), _written, _emptied(text))


def _written(content: str) -> str:
    text: str = json.loads(content)
    return text


def _emptied(text: str) -> str:
    syntax = syntax_in(text)
    pieces, at = [], 0
    for literal in syntax.literals if syntax is not None else ():
        pieces.append(text[at : literal.start])
        at = literal.end
    pieces.append(text[at:] if syntax is not None else "")
    return "".join(pieces)
