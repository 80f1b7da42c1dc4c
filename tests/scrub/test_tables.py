"""Tables in files: what the structure layer knows of columns holds for rows of a file too."""

from __future__ import annotations

import pytest

from firewall.errors import LimitExceededError
from firewall.payload.dialects.columns import column
from firewall.payload.document import Limits
from firewall.payload.structure import known
from firewall.scrub import tables
from firewall.scrub.pieces import Record
from firewall.vocabulary import Origin, Segment

LIMITS = Limits()


def rows(text: str, **more: bool) -> list[list[tuple[str, str]]]:
    """Return each row's column names and values."""
    found = (piece for piece in tables.pieces([text], LIMITS, **more) if isinstance(piece, Record))
    return [[(leaf.field_name, leaf.text) for leaf in piece.document.leaves] for piece in found]


def test_cells_are_known_by_the_name_of_their_column() -> None:
    """A row is read as a record whose members are its columns."""
    _, row = rows("patient_name,lot,dob\nZarek Quill,A441,1961-02-14\n")
    segments = [Segment(f"/{at}", Origin.TOOL_RESULT, text, name) for at, (name, text) in enumerate(row)]
    assert [[field.entity_type for field in fields] for fields in known(segments)] == [["PERSON"], [""], ["DATE_TIME"]]


def test_without_a_header_columns_are_named_by_what_they_hold() -> None:
    """The names are ours, mean what was found, and stand over every row; columns of codes get none."""
    text = "".join(
        f"Quill,{name},219-09-{1000 + at},LOT-{at}\n" for at, name in enumerate(["Maria", "Horst", "Odile"] * 40)
    )
    found = rows(text, header=False)
    assert len(found) == 120
    names = [[name for name, _ in row] for row in found]
    assert names == [names[0]] * 120
    assert names[0][1:] == ["person_name", "ssn", ""]


@pytest.mark.parametrize("name", ["person_name", "ssn", "phone", "email", "street", "city", "zip", "dob", "person_id"])
def test_the_names_that_values_give_mean_the_same_to_the_structure_layer(name: str) -> None:
    """A guessed column is treated as one that is called so."""
    told = column(name)
    assert told is not None
    assert told.entity_type


def test_a_row_over_the_limit_is_refused() -> None:
    """A quoted cell that never ends costs no more than a row may."""
    with pytest.raises(LimitExceededError):
        list(tables.pieces(['a,b\n"x', *["\ny" * 50] * 9], Limits(string_chars=200)))
