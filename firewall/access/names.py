"""Names that can be taken for one another: by look, by separators, by a single slip of the pen."""

from __future__ import annotations

import re

_SEPARATORS = re.compile(r"[\s_./:-]+")
# Twins within ASCII (a capital I is a small l to the eye), folded to one of them; UTS #39 does the same.
_TWINS = (("i", "l"), ("1", "l"), ("|", "l"), ("0", "o"), ("5", "s"), ("rn", "m"), ("vv", "w"))
_LEAST = 6  # shorter names differ by one letter all the time


def bare(name: str) -> str:
    """Return a name without separators and case: `getItem` and `get_item` are one name to a reader."""
    return _SEPARATORS.sub("", name).casefold()


def skeleton(name: str) -> str:
    """Return what a name looks like: names with the same skeleton can be taken for each other.

    `name` is already in Latin letters and without invisible characters, as the canonical view gives it.
    """
    name = bare(name)
    for one, twin in _TWINS:
        name = name.replace(one, twin)
    return name


def one_slip_apart(one: str, other: str) -> bool:
    """Tell whether two skeletons differ by one letter added, left out or changed, or by two neighbours swapped.

    A digit in place of a digit (`v1`, `v2`) is a version and no slip; names under six letters are not compared.
    """
    short, long = sorted((one, other), key=len)
    if short == long or len(short) < _LEAST or len(long) - len(short) > 1:
        return False
    at = next((index for index, char in enumerate(short) if char != long[index]), len(short))
    if len(short) < len(long):
        return short[at:] == long[at + 1 :]
    if short[at + 1 :] == long[at + 1 :]:
        return not (short[at].isdigit() and long[at].isdigit())
    return short[at : at + 2] == long[at : at + 2][::-1] and short[at + 2 :] == long[at + 2 :]
