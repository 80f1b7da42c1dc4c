"""What commands print: colour on terminals only, and nothing of a payload that could speak to the terminal."""

from __future__ import annotations

import sys
import unicodedata
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn
from rich.text import Text

if TYPE_CHECKING:
    from firewall.vocabulary import Action

STYLES: Mapping[str, str] = {"allow": "green", "redact": "cyan", "review": "yellow", "block": "bold red"}
_FILE_WIDTH = 180  # columns of tables that go to a file or a pipe
_DRAWN = frozenset("\n\t")
_HIDDEN = frozenset({"Cc", "Cf", "Co", "Cs", "Zl", "Zp"})


def console() -> Console:
    """Return the console of standard output. rich honours NO_COLOR and leaves colour out where no terminal is."""
    return _console(stderr=False)


def error_console() -> Console:
    """Return the console of standard error."""
    return _console(stderr=True)


def _console(*, stderr: bool) -> Console:
    screen = Console(stderr=stderr, highlight=False)
    return screen if screen.is_terminal else Console(stderr=stderr, highlight=False, width=_FILE_WIDTH)


def progress(*, in_bytes: bool) -> Progress:
    """Return a progress bar on standard error, which is silent where that is no terminal."""
    screen = error_console()
    amount = DownloadColumn() if in_bytes else TextColumn("{task.completed:,.0f} of {task.total:,.0f}")
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        amount,
        TimeRemainingColumn(),
        console=screen,
        transient=True,
        disable=not screen.is_terminal,
    )


def visible(text: str) -> str:
    """Show control, invisible and direction-changing characters by their code, so that none acts on the terminal."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        char if char in _DRAWN or unicodedata.category(char) not in _HIDDEN else f"<U+{ord(char):04X}>" for char in text
    )


def line(text: str) -> str:
    """The same on one line."""
    return visible(text).replace("\n", "<U+000A>").replace("\t", " ")


def action_text(action: Action) -> Text:
    """Return an action's name in its colour."""
    name = action.name.lower()
    return Text(name, style=STYLES[name])


def marked(text: str, spans: Iterable[tuple[int, int, str, Action]], *, colour: bool) -> Text:
    """Return a text with its findings (start, end, entity type, action) marked: in colour, else in brackets.

    Findings that overlap show as one, under the strictest action and of equals the longest.
    """
    shown = Text()
    at = 0
    for start, end, kind, action in _flat(spans):
        shown.append(visible(text[at:start]))
        found = visible(text[start:end])
        if colour:
            shown.append(found, style=f"{STYLES[action.name.lower()]} reverse")
        else:
            shown.append(f"[[{found}|{kind}]]")
        at = end
    shown.append(visible(text[at:]))
    return shown


def _flat(spans: Iterable[tuple[int, int, str, Action]]) -> list[tuple[int, int, str, Action]]:
    """Merge what overlaps, in the order of places."""
    merged: list[tuple[int, int, str, Action]] = []
    weight = (0, 0)
    for start, end, kind, action in sorted(spans):
        mine = (int(action), end - start)
        if merged and start < merged[-1][1]:
            first, last, name, strictest = merged[-1]
            if mine > weight:
                name, strictest, weight = kind, action, mine
            merged[-1] = (first, max(last, end), name, strictest)
        else:
            merged.append((start, end, kind, action))
            weight = mine
    return merged


def say(text: str) -> None:
    """Write one sentence on standard error, behind the program's name."""
    print(f"firewall: {line(text)}", file=sys.stderr)
