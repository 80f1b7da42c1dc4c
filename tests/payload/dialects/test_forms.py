"""Forms and logs: named values are read, and prose with colons is not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firewall.payload.dialects import forms


def told(text: str) -> list[tuple[str, str]]:
    """Return entity type and text of each field that identifies somebody."""
    return [(one.entity_type, text[one.start : one.end]) for one in forms.fields(text) or () if one.entity_type]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "Patient Name: Odile Quill   DOB: 03/03/1970   MRN: 00412377",
            [("PERSON", "Odile Quill"), ("DATE_TIME", "03/03/1970"), ("MEDICAL_RECORD_NUMBER", "00412377")],
        ),
        (
            "Name: Horst Roe, DOB: 1970-03-03, Phone: (617) 555-0143 Ward: 3B",
            [("PERSON", "Horst Roe"), ("DATE_TIME", "1970-03-03"), ("PHONE_NUMBER", "(617) 555-0143")],
        ),
        ("**Address:** 12 Alder Creek Rd, Fairmont", [("LOCATION", "12 Alder Creek Rd, Fairmont")]),
        ("Paciente: Xiomara Quill  Edad: 92", [("PERSON", "Xiomara Quill"), ("AGE", "92")]),
        (
            'user=jquill ip=10.2.3.4 action=login patient_id=884213 email="o.q@x.example"',
            [
                ("USERNAME", "jquill"),
                ("IP_ADDRESS", "10.2.3.4"),
                ("MEDICAL_RECORD_NUMBER", "884213"),
                ("EMAIL_ADDRESS", "o.q@x.example"),
            ],
        ),
        (
            '10.1.2.3 - oquill [03/Mar/2026:10:00:00 +0000] "GET /p HTTP/1.1" 200',
            [("IP_ADDRESS", "10.1.2.3"), ("USERNAME", "oquill")],
        ),
        ("sshd[22]: Failed password for invalid user quillo from a port 22", [("USERNAME", "quillo")]),
        ("sshd[22]: Accepted publickey for hroe from a", [("USERNAME", "hroe")]),
    ],
)
def test_named_values_are_read(text: str, expected: list[tuple[str, str]]) -> None:
    """Several on a line, in forms and in logs."""
    assert told(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "Note: patient was seen: stable. Physician: see chart",
        "Batch: LOT-2231 Version: 1.2 Dose: 10 mg Time: 10:22",
        "session opened for user root by (uid=0)",
        "user=system ip=127.0.0.1 name=reactor_3 mobile=true address=0x7fff",
        "Name: Sodium chloride\nCity: n/a\nUser: please log in again",
        "for x in y: name = value",
        "http://x.example/a?b=c",
    ],
)
def test_prose_programs_and_systems_name_nobody(text: str) -> None:
    """A value that does not look like what its name promises is left to the detectors."""
    assert told(text) == []


def test_codes_behind_their_names_identify_nobody() -> None:
    """What a model could take for somebody's number is known as a lot."""
    text = "Lot No: A44712"
    assert [(one.entity_type, text[one.start : one.end]) for one in forms.fields(text) or ()] == [("", "A44712")]


@given(
    st.text(alphabet=st.sampled_from("aN1 :=,;|\"'\n\t.@-*"), max_size=120),
    st.sampled_from(["", "Name: ", "user=", "DOB:"]),
)
def test_any_text_is_read_inside_itself(tail: str, head: str) -> None:
    """Fields are not empty and lie inside the text."""
    for one in forms.fields(head + tail) or ():
        assert 0 <= one.start < one.end <= len(head + tail)
