"""Where clauses end in running text, mark-up and JSON that is text: what a passage is grown to, and cut out at."""

from __future__ import annotations

import re

# Where one clause ends and the next begins; what stands in a group still belongs to the first. Linear: no run that one
# alternative may read begins where another may go on reading it.
_EDGE = re.compile(
    r"(?P<stop>[.!?;\u2026]++[\"')\]\u201d\u2019*_]*+)(?=\s|\Z)\s*+"  # a full stop and what closes behind it
    r"|(?P<wide>[\u3002\uff01\uff1f\uff1b]++[\u300d\u300f\uff09]?+)\s*+"
    r"|[\r\n]\s*+|(?:\\[rn])++\s*+"  # a line break, also one that is spelled
    r"|</?[A-Za-z][^<>\n]{0,80}>\s*+|<!--\s*+|-->\s*+|\|\s*+|\"\s{0,8}[,:}\]]++\s*+\"?"  # tags, comments, cells, members of JSON
)


def edges(text: str, low: int = 0, high: int | None = None) -> list[tuple[int, int]]:
    """Return the end of each clause in `[low, high)` and where the next begins, in order, in code points.

    The beginning and the end of the text itself are among them where the range reaches so far. Linear in the range.
    """
    high = len(text) if high is None else high
    found = [(0, 0)] if low == 0 else []
    for match in _EDGE.finditer(text, low, high):
        kept = match.lastgroup
        end = match.end(kept) if kept else match.start()
        if kept is None:  # the blanks before a break or a mark belong to neither clause
            floor = found[-1][1] if found else low
            while end > floor and text[end - 1].isspace():
                end -= 1
        found.append((end, match.end()))
    if high == len(text):
        found.append((high, high))
    return found
