"""Which format a text is spelled in. Each format has a cheap gate of its own, so that prose costs next to nothing."""

from __future__ import annotations

from collections.abc import Callable

from firewall.syntax import delimited, hl7, json_text, markup
from firewall.syntax.spelling import Syntax

# In the order of how sure each can be; the first that knows the text has it.
_FORMATS: tuple[Callable[[str], Syntax | None], ...] = (
    json_text.syntax_in,
    hl7.syntax_in,
    markup.syntax_in,
    delimited.syntax_in,
)


def recognise(text: str) -> Syntax | None:
    """Return the syntax of a text, or None for plain text."""
    for syntax_in in _FORMATS:
        syntax = syntax_in(text)
        if syntax is not None:
            return syntax
    return None
