"""Values: what fits its column, what a column without a name holds, and codes that must stay."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firewall.payload.dialects import cells
from firewall.payload.dialects.columns import Column, column


@pytest.mark.parametrize(
    ("name", "value", "kind"),
    [
        ("dob", "1961-02-14", "DATE_TIME"),
        ("dob", "1961", ""),
        ("visit date", "10:22", ""),
        ("dob", "pending", None),
        ("age", "45", ""),
        ("age", "92 y", "AGE"),
        ("age", "adult", None),
        ("email", "quality@plant.example", ""),
        ("email", "z.quill@plant.example", "EMAIL_ADDRESS"),
        ("mrn", "see chart", None),
        ("mrn", "A-4471", "MEDICAL_RECORD_NUMBER"),
        ("patient_name", "Quill, Zarek", "PERSON"),
        ("patient_name", "N/A", None),
        ("patient_name", "<PERSON>", None),
        ("name", "Sodium chloride 0.9 %", None),
        ("name", "Maria Quill", "PERSON"),
        ("result", "12.5", ""),
        ("result", "Positive", ""),
        ("result", "called to Maria Quill", None),
        ("result", "Zarek Quill", None),
        ("unit", "mg/dL", ""),
        ("status", "219-09-9999", None),
        ("lot", "z.quill@plant.example", None),
        ("client_ip", "127.0.0.1", None),
        ("client_ip", "10.4.4.7", "IP_ADDRESS"),
        ("username", "system", None),
    ],
)
def test_a_value_must_fit_what_its_column_promises(name: str, value: str, kind: str | None) -> None:
    """Identifiers go, what identifies nobody is said to, and all else is for the detectors."""
    told = column(name)
    assert told is not None
    assert cells.fitting(told, value) == kind


@given(
    st.sampled_from(["dob", "age", "name", "mrn", "result", "email", "zip", "url", "client_ip"]), st.text(max_size=300)
)
def test_any_value_gets_an_answer(name: str, value: str) -> None:
    """No text raises; an answer is the column's type, nobody's, or none."""
    told = column(name)
    assert told is not None
    assert cells.fitting(told, value) in {told.entity_type, "", None}


PEOPLE = [
    ["Quill", "Marwick", "Okonkwo", "Vautrin"],
    ["Maria", "Horst", "Odile", "Samuel"],
    ["1941-03-02", "1987-11-30", "2004-01-09", "1966-06-21"],
    ["12 Alder Ferry", "9 Quayside Rest", "587 Otter Gate", "4 Elm Row"],
    ["Fairmont", "Brantford", "Leesville", "Marlow"],
    ["97411", "08817", "20110", "33901"],
    ["617-555-0143", "617-555-0144", "617-555-0199", "617-555-0101"],
    ["c41a90b2", "f82884e3", "1d03714f", "b950b055"],
    ["12.5", "7.1", "44.0", "101"],
]


def test_columns_of_people_are_known_by_their_values() -> None:
    """Names, births, addresses, phones and record numbers stand beside one another; results do not."""
    told = cells.guess(PEOPLE, [None] * len(PEOPLE))
    assert [None if one is None else one.meaning for one in told] == [
        "person_name", "person_name", "dob", "street", "city", "zip", "phone", "person_id", None,
    ]  # fmt: skip


@pytest.mark.parametrize(
    "columns",
    [
        [["LOT-4471", "LOT-4472", "LOT-4473"], ["SOP-0012", "SOP-0013", "SOP-0019"], ["1.2", "2.0", "3.1"]],
        [["718-7", "2345-7", "4548-4"], ["Hemoglobin", "Glucose", "Sodium"], ["13.2", "99", "140"]],
        [["7732-18-5", "64-17-5", "67-56-1"], ["Water", "Ethanol", "Methanol"], ["99.9", "99.5", "98.0"]],
        [["2026-01-02", "2026-01-09", "2026-02-01"], ["B2231-A", "B2231-B", "B2231-C"], ["Pass", "Pass", "Fail"]],
        [["20 Litre Tank", "50 Litre Tank", "9 Litre Tank"], ["97411", "97412", "97413"], ["Clean", "Dirty", "Clean"]],
        [["a41a90b2", "f82884e3", "1d03714f"], ["mmol/L", "mg/dL", "U/L"], ["H", "N", "L"]],
    ],
)
def test_columns_of_codes_are_left_alone(columns: list[list[str]]) -> None:
    """Lots, codes, dates of batches and tanks are no person's, though each is unique in its row."""
    assert cells.guess(columns, [None] * 3) == [None] * 3


def test_a_number_beside_names_alone_is_not_taken_for_a_persons() -> None:
    """An analyst's name beside lots does not make the lots identify somebody."""
    told = cells.guess([["A44712", "A44713", "A44714"], ["Maria Quill", "Horst Roe", "Odile Marwick"]], [None, None])
    assert told == [None, Column("PERSON", "person_name")]


def test_a_name_column_is_believed_beside_what_only_people_have() -> None:
    """`name` beside a birth date needs no known given name."""
    name, dob = column("name"), column("dob")
    told = cells.guess([["Xq Zv"], ["1961-02-14"]], [name, dob])
    assert told == [Column("PERSON", "name"), dob]
