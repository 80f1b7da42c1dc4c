"""JSON documents and JSON Lines. What is withheld becomes the empty value of its kind, so that line counts hold."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from firewall.errors import FirewallError, LimitExceededError
from firewall.payload.document import Document, Limits, parse
from firewall.scrub.pieces import Piece, Record, Unreadable, Verbatim, lines

_EMPTY = {"{": "{}", "[": "[]", '"': '""'}


def document(blocks: Iterable[str], limits: Limits) -> Iterator[Piece]:
    """Yield the one document of a file. Raises MalformedInputError or LimitExceededError."""
    held: list[str] = []
    size = 0
    for block in blocks:
        size += len(block)
        if size > limits.body_bytes:
            raise LimitExceededError(
                f"the document is larger than {limits.body_bytes} bytes; JSON Lines has no such limit"
            )
        held.append(block)
    parsed = parse("".join(held), limits)
    yield Record(parsed, str, f"{_empty(parsed)}\n")


def json_lines(blocks: Iterable[str], limits: Limits) -> Iterator[Piece]:
    """Yield a document for each line; a line that is no JSON is not written."""
    for line in lines(blocks, limits.body_bytes, only_newline=True):
        if line.whole and not line.text.strip(" \t\r"):
            yield Verbatim(line.text + line.ending)
            continue
        try:
            if not line.whole:
                raise LimitExceededError("the line is too long")
            parsed = parse(line.text, limits)
        except FirewallError:
            yield Unreadable(f"null{line.ending}")
            continue
        yield Record(parsed, _Ended(line.ending), f"{_empty(parsed)}{line.ending}")


class _Ended:
    """Puts a line's own ending behind it."""

    __slots__ = ("ending",)

    def __init__(self, ending: str) -> None:
        self.ending = ending

    def __call__(self, content: str) -> str:
        return content + self.ending


def _empty(parsed: Document) -> str:
    return _EMPTY.get(parsed.source.lstrip()[:1], "null")
