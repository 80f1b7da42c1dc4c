"""Tables over the real road, without a model: identifiers go by what their columns mean, and nothing else changes."""

from __future__ import annotations

import asyncio
import csv
import io
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firewall.assembly import load_bundle
from firewall.payload.dialects.cells import blank
from firewall.payload.document import from_text
from firewall.pipeline import Inquiry, Pipeline, Unrecorded
from firewall.vocabulary import Direction, Identity, ToolRef
from tests.conftest import RULES

WORD = (
    st.text(alphabet=st.sampled_from("abdeghiklmnorstuvzéñü"), min_size=3, max_size=8)
    .map(str.title)
    .filter(lambda word: not blank(word))
)
DIGITS = st.integers(100_000, 999_999).map(str)
DATE = st.dates().map(lambda day: f"{1920 + day.year % 100}-{day.month:02d}-{day.day:02d}")
# Spellings of a column's name, and what stands under it.
PEOPLE: list[tuple[list[str], Any]] = [
    (["patient_name", "Pat. Name", "Full Name", "Nombre del paciente", "Name des Patienten"], st.tuples(WORD, WORD).map(", ".join)),
    (["first name", "Vorname", "Prénom", "given_name"], WORD),
    (["LAST_NAME", "Apellidos", "Nachname", "surname"], WORD),
    (["DOB", "birthDate", "Fecha de nacimiento", "Geburtsdatum", "Date of Service"], DATE),
    (["SSN", "social security number"], st.integers(1000, 9999).map(lambda last: f"219-09-{last}")),
    (["MRN", "Chart No", "Patientennummer", "patient_id"], DIGITS.map(lambda number: f"M{number}")),
    (["Address", "Straße", "Dirección", "street"], st.tuples(st.integers(1, 999), WORD, WORD).map(lambda it: f'{it[0]} {it[1]} "{it[2]}" Rd\nApt 3, B')),
    (["city", "Ort", "Ville"], WORD),
    (["Phone", "Teléfono", "Handy", "mobile no"], st.integers(1000, 9999).map(lambda last: f"617-555-{last}")),
    (["E-Mail", "correo electrónico"], WORD.map(lambda word: f"q.{word.lower()}@ward.example")),
    (["member id", "Policy No."], DIGITS),
    (["username", "login"], WORD.map(lambda word: f"zq.{word.lower()}")),
]  # fmt: skip
THINGS: list[tuple[list[str], Any]] = [
    (["lot", "Batch No", "Charge"], st.integers(1000, 9999).map(lambda number: f"LOT-{number}")),
    (["unit", "Einheit"], st.sampled_from(["mg/dL", "mmol/L", "%", "U/L"])),
    (["result", "Ergebnis", "value"], st.decimals(0, 99, places=1).map(str)),
    (["status", "flag"], st.sampled_from(["H", "N", "L", "released", ""])),
    (["SOP", "method"], st.integers(10, 99).map(lambda number: f"SOP-{number}")),
    (["LOINC", "code"], st.sampled_from(["718-7", "2345-7", "2951-2"])),
]


@pytest.fixture(scope="module")
def road() -> Pipeline:
    """Return the road with the shipped rules and without models: what it finds it knows by structure or by pattern."""
    return Pipeline(load_bundle(RULES), Unrecorded(), bytes(32), deadline_s=60)


def cleaned(road: Pipeline, text: str) -> str:
    """Send a text down the road as a tool's result, under the strict policy."""
    inquiry = Inquiry(Direction.OUTBOUND, ToolRef("demo", "fetch"), Identity(), from_text(text), policy="hipaa-strict")
    content = asyncio.run(road.inspect(inquiry)).content
    assert content is not None
    result: str = json.loads(content)
    return result


@st.composite
def tables(draw: st.DrawFn) -> tuple[list[str], list[list[str]], list[bool]]:
    """Draw a header, rows, and which columns are of people."""
    people = draw(st.lists(st.sampled_from(range(len(PEOPLE))), min_size=1, max_size=5, unique=True))
    things = draw(st.lists(st.sampled_from(range(len(THINGS))), min_size=2, max_size=4, unique=True))
    columns = draw(
        st.permutations([(True, *PEOPLE[index]) for index in people] + [(False, *THINGS[index]) for index in things])
    )
    header = [draw(st.sampled_from(names)) for _, names, _ in columns]
    rows = [[draw(values) for _, _, values in columns] for _ in range(draw(st.integers(1, 4)))]
    return header, rows, [of_people for of_people, _, _ in columns]


def read(text: str, mark: str) -> list[list[str]]:
    """Read a table as Python does."""
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=mark))


@given(
    tables(),
    st.sampled_from(",;\t|"),
    st.sampled_from(["\n", "\r\n"]),
    st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]),
)
@settings(deadline=None, max_examples=20)
def test_columns_of_people_go_and_the_table_stays(
    road: Pipeline, table: tuple[list[str], list[list[str]], list[bool]], mark: str, ending: str, quoting: Any
) -> None:
    """Same rows, same columns; cells of people are marks, every other cell and every quote is what it was."""
    header, rows, of_people = table
    if mark == "|":  # what writes bars does not write lines into cells
        rows = [[value.replace("\n", " ") for value in row] for row in rows]
    file = io.StringIO()
    csv.writer(file, delimiter=mark, lineterminator=ending, quoting=quoting).writerows([header, *rows])
    text = cleaned(road, file.getvalue())
    after = read(text, mark)
    assert [len(row) for row in after] == [len(header)] * (len(rows) + 1)
    assert after[0] == header
    for was, row in zip(rows, after[1:], strict=True):
        for value, put, person in zip(was, row, of_people, strict=True):
            assert put == value if not person else put.startswith("<") and put.endswith(">")
    assert cleaned(road, text) == text


SURNAMES = ["Quill", "Marwick", "Okonkwo", "Vautrin", "Sørensen", "Lachapelle", "Wiesenthal", "Halvorsen"]


@given(
    st.lists(st.sampled_from(SURNAMES), min_size=3, max_size=8, unique=True),
    st.lists(st.sampled_from(["Maria", "Horst", "Odile", "Samuel", "Priya"]), min_size=8, max_size=8),
    DIGITS,
)
@settings(deadline=None, max_examples=10)
def test_a_table_without_a_header_loses_its_people(
    road: Pipeline, surnames: list[str], given_names: list[str], lot: str
) -> None:
    """Given names, surnames beside them and social security numbers go; lots and results stay."""
    rows = [
        [f"LOT-{lot}", first, last, f"219-09-{1000 + at}", "12.5"]
        for at, (first, last) in enumerate(zip(given_names, surnames, strict=False))
    ]
    file = io.StringIO()
    csv.writer(file, lineterminator="\n").writerows(rows)
    after = read(cleaned(road, file.getvalue()), ",")
    assert after == [[row[0], "<PERSON>", "<PERSON>", "<US_SSN>", row[4]] for row in rows]
