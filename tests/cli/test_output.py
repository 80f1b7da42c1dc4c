"""What is printed: colour on terminals only, and no character that acts on one."""

from __future__ import annotations

import io
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from firewall.cli.output import line, marked, visible
from firewall.vocabulary import Action


class TestOutput:
    """Texts for terminals."""

    @given(st.text())
    def test_nothing_that_acts_on_a_terminal_is_left(self, text: str) -> None:
        """Of control, format and separator characters only line breaks and tabs remain."""
        shown = visible(text)
        assert not any(unicodedata.category(char) in ("Cc", "Cf", "Zl", "Zp") and char not in "\n\t" for char in shown)
        assert line(text).isprintable() or any(unicodedata.category(char) in ("Cn", "Zs") for char in line(text))

    @given(st.text(alphabet="ab\n", min_size=1, max_size=20), st.data())
    def test_marking_shows_every_character_once(self, text: str, data: st.DataObject) -> None:
        """However findings overlap, the text between and inside them is the text."""
        ends = st.tuples(st.integers(0, len(text) - 1), st.integers(1, len(text))).filter(
            lambda pair: pair[0] < pair[1]
        )
        spans = data.draw(st.lists(st.tuples(ends, st.sampled_from(Action)), max_size=4))
        found = [(start, end, "TYPE", action) for (start, end), action in spans]
        assert marked(text, found, colour=True).plain == text

    def test_of_overlapping_findings_the_strictest_names_the_place(self) -> None:
        """A block inside a redaction is shown as a block, over both."""
        found = [(0, 6, "LONG", Action.REDACT), (4, 8, "BAD", Action.BLOCK), (9, 10, "X", Action.ALLOW)]
        assert marked("0123456789", found, colour=False).plain == "[[01234567|BAD]]8[[9|X]]"

    @pytest.mark.parametrize(("environment", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False)])
    def test_no_color_is_respected(self, environment: dict[str, str], coloured: bool) -> None:
        """On a terminal findings are coloured unless NO_COLOR is set."""
        screen = Console(file=io.StringIO(), force_terminal=True, color_system="standard", _environ=environment)
        screen.print(marked("ab", [(0, 1, "T", Action.BLOCK)], colour=True))
        assert ("31" in screen.file.getvalue()) is coloured  # type: ignore[attr-defined]  # the file is a StringIO here
