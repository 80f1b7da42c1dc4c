"""Dialects of texts cost in proportion to the text, also where it is made to cost more."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from firewall.payload.dialects import cards, forms, mail, tables
from firewall.payload.dialects.field import Field
from tests.cost import growth

UNITS = [
    (tables.fields, "The patient, who was seen, has been stable.  No change.\n"),
    (tables.fields, '"a, b\nc, d\n'),
    (tables.fields, "name,dob\nx\n"),
    (tables.fields, "| mrn | x |\n|---|---|\n| 4471 | y |\n"),
    (mail.fields, "From: a@x.example\nTo: Quill, Z\nwrote: \n"),
    (cards.fields, "BEGIN:VCARD\nADR;TYPE=a:;;1 Elm;X\n y\n"),
    (forms.fields, "Name: Quill DOB: x = y\n"),
    (forms.fields, "a="),
]


@pytest.mark.parametrize(("fields", "unit"), UNITS)
def test_twice_the_text_takes_twice_the_time(fields: Callable[[str], Sequence[Field] | None], unit: str) -> None:
    """No line is read again for every line before it."""
    text = unit * (15_000 // len(unit))
    assert growth(lambda: fields(text), lambda: fields(text + text), rounds=3) < 3
