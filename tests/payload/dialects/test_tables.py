"""Tables in a text: found in every form, read by header or by values, and never seen in prose."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firewall.payload.dialects import tables


def told(text: str) -> list[tuple[str, str]]:
    """Return entity type and text of each field that identifies somebody."""
    return [(one.entity_type, text[one.start : one.end]) for one in tables.fields(text) or () if one.entity_type]


def nobody(text: str) -> list[str]:
    """Return the text of each cell below a header that identifies nobody."""
    fields = tables.fields(text) or ()
    return [text[one.start : one.end] for one in fields if not one.entity_type and one.meaning != "csv:header"]


FOUND = [("PERSON", "Quill, Zarek"), ("DATE_TIME", "1961-02-14")]


@pytest.mark.parametrize(
    "text",
    [
        'patient_name,dob,lot\n"Quill, Zarek",1961-02-14,A441\n',
        'patient_name;dob;lot\r\n"Quill, Zarek";1961-02-14;A441\r\n',
        "patient_name\tdob\tlot\nQuill, Zarek\t1961-02-14\tA441",
        "patient_name | dob | lot\nQuill, Zarek | 1961-02-14 | A441\n",
        "| **Patient Name** | DOB | Lot |\n|:---|---:|---|\n| Quill, Zarek | 1961-02-14 | A441 |\n",
        " patient_name |    dob     | lot  \n--------------+------------+------\n Quill, Zarek | 1961-02-14 | A441\n(1 row)\n",
        (
            "+--------------+------------+------+\n| patient_name | dob        | lot  |\n+--------------+------------+------+\n"
            "| Quill, Zarek | 1961-02-14 | A441 |\n+--------------+------------+------+\n1 row in set (0.00 sec)\n"
        ),
        (
            "┌──────────────┬────────────┬──────┐\n│ patient_name │ dob        │ lot  │\n├──────────────┼────────────┼──────┤\n"
            "│ Quill, Zarek │ 1961-02-14 │ A441 │\n└──────────────┴────────────┴──────┘\n"
        ),
        "Patient Name   DOB         Lot\n------------   ----------  ----\nQuill, Zarek   1961-02-14  A441\n",
        "Field | Value\nPatient Name | Quill, Zarek\nDOB | 1961-02-14\nLot | A441\n",
        'Here is the export.\n\npatient_name,dob,lot\n"Quill, Zarek",1961-02-14,A441\n\nThat is all, thank you.\n',
    ],
)
def test_every_form_of_a_table_gives_the_content_of_its_cells(text: str) -> None:
    """Quotes, bars, frames and blanks are no part of a cell; prose around the table is no part of it."""
    assert told(text) == FOUND
    assert nobody(text) == ["A441"]


def test_a_header_that_begins_as_a_segment_of_hl7_does_is_a_header() -> None:
    """`DOB|` is three letters and a bar, and no segment."""
    assert told("DOB|lot|SSN\n1961-02-14|A441|219-09-9999\n") == [
        ("DATE_TIME", "1961-02-14"),
        ("US_SSN", "219-09-9999"),
    ]


def test_people_who_are_called_like_a_column_are_people() -> None:
    """Under a header that says surname, a cell is no name of what stands beside it."""
    text = "last_name,lot,unit\nDni,A441,mg\nCity,A442,mg\n"
    assert told(text) == [("PERSON", "Dni"), ("PERSON", "City")]


def test_a_quoted_cell_may_hold_delimiters_quotes_and_lines() -> None:
    """RFC 4180: what is between quotes is one cell."""
    text = 'address,note,mrn\n"12 Elm ""Old"" Rd\nApt 3, Fairmont","a,b",44712\n'
    assert told(text) == [("LOCATION", '12 Elm ""Old"" Rd\nApt 3, Fairmont'), ("MEDICAL_RECORD_NUMBER", "44712")]


def test_a_bar_behind_a_backslash_belongs_to_its_cell() -> None:
    """Markdown escapes a bar in a cell."""
    assert told("| mrn | name |\n|---|---|\n| 4471 | Maria \\| Quill |\n")[0] == ("MEDICAL_RECORD_NUMBER", "4471")


def test_a_row_that_is_too_short_or_too_long_does_not_end_the_table() -> None:
    """Rows behind a ragged one are still read."""
    text = "ssn,phone,unit\n219-09-9999,617-555-0143,mg\n219-09-9998\n1,2,3,4\n219-09-9997,617-555-0144,mg\n"
    assert ("US_SSN", "219-09-9997") in told(text)


def test_columns_with_no_name_that_tells_are_judged_by_values() -> None:
    """A header may know some columns only."""
    text = "mrn,c1,c2\n44712,Maria Quill,LOT-1\n44713,Horst Marwick,LOT-2\n"
    assert ("PERSON", "Maria Quill") in told(text)
    assert "LOT-1" not in {value for _, value in told(text)}


def test_a_table_without_a_header_is_read_by_its_values() -> None:
    """Three rows of people are known without a word about them."""
    text = "Quill,Maria,219-09-9999,12.5\nMarwick,Horst,219-09-9998,7.0\nRoe,Odile,219-09-9997,8.8\n"
    assert told(text)[:3] == [("PERSON", "Quill"), ("PERSON", "Maria"), ("US_SSN", "219-09-9999")]
    assert len(told(text)) == 9


@pytest.mark.parametrize(
    "text",
    [
        "The patient, who was seen, is stable.\nThe lot, which was tested, has passed.\nThe name, again, is not known.\n",
        "Dear colleagues, friends,\nplease see below, as agreed,\nthe results, in short.\n",
        "lot,sop,result\nA441,SOP-12,12.5\nA442,SOP-13,7.1\n",
        "718-7,Hemoglobin,13.2,g/dL\n2345-7,Glucose,99,mg/dL\n2951-2,Sodium,140,mmol/L\n",
        "one line, only",
        "PID|1||104\nPID|1||105\nPID|1||106\n",
        "",
    ],
)
def test_prose_and_tables_of_things_identify_nobody(text: str) -> None:
    """Commas make no table, and codes no person."""
    assert told(text) == []


@given(
    st.text(alphabet=st.sampled_from('ab1 ,;\t|"\n\r-+│@'), max_size=120),
    st.sampled_from(["", "name,dob\n", "| mrn | x |\n"]),
)
def test_any_text_is_read_in_order_and_inside_itself(tail: str, head: str) -> None:
    """Fields are not empty, do not overlap and do not end in blanks."""
    text = head + tail
    last = 0
    for one in tables.fields(text) or ():
        assert last <= one.start < one.end <= len(text)
        assert text[one.start : one.end].strip() == text[one.start : one.end]
        last = one.end
