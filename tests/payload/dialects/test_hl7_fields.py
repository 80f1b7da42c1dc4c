"""HL7 v2 by meaning: what identifies somebody, what identifies nobody, and what is left to those who read text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firewall.detectors.structure import ENTITY_TYPES
from firewall.payload.dialects.hl7 import fields
from firewall.payload.dialects.hl7_fields import COMPONENTS, ID_TYPES, SEGMENTS, TYPE_CODES, VALUE_TYPES

HEAD = "MSH|^~\\&|LAB|MERCY\r"


def types(line: str) -> dict[str, str]:
    """Return the entity type of each part of a segment that has one, "" included, by what the part says."""
    text = HEAD + line
    return {text[one.start : one.end]: one.entity_type for one in fields(text) or () if one.start >= len(HEAD)}


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("PID|1||104^^^M^MR~900-11-2222^^^^SS", {"1": "", "104": "MEDICAL_RECORD_NUMBER", "900-11-2222": "US_SSN"}),
        ("PID|||||DOE&VAN^JANE^Q^JR^DR", {"DOE": "PERSON", "VAN": "PERSON", "JANE": "PERSON", "Q": "PERSON", "JR": ""}),
        ("PID|||||||19800102", {"19800102": "DATE_TIME"}),
        ("PID|||||||1980", {"1980": ""}),
        ("PID|||||||20260102101112.5-0500", {"20260102101112.5-0500": "DATE_TIME"}),
        (
            "PID|||||||||||1 ELM ST^APT 2^BOSTON^MA^02110^USA",
            {
                "1 ELM ST": "LOCATION",
                "APT 2": "LOCATION",
                "BOSTON": "LOCATION",
                "MA": "",
                "02110": "LOCATION",
                "USA": "",
            },
        ),
        ("PID|||||||||||||5550143^PRN^FX", {"5550143": "FAX_NUMBER", "PRN": ""}),
        ("PID|||||||||||||^NET^Internet^j@doe.example", {"NET": "", "j@doe.example": "EMAIL_ADDRESS"}),
        ("PV1|1|I|ICU^1^A||||1234567893^WHO^ANN^^^^^^^^^^NPI", {"ICU": "", "1234567893": "US_NPI", "WHO": "PERSON"}),
        ("OBR|1|||718-7^HGB^LN", {"718-7": "", "HGB": "", "LN": ""}),
        ("OBR|||||||||||||||||||||||||||||||||12&DOE&JIM", {"12": "OTHER_ID", "DOE": "PERSON", "JIM": "PERSON"}),
        ("IN1|1|PLAN" + "|" * 14 + "DOE^JO" + "|" * 20 + "W99", {"DOE": "PERSON", "W99": "HEALTH_PLAN_ID", "PLAN": ""}),
    ],
)
def test_the_type_of_a_field_says_what_its_components_are(line: str, told: dict[str, str]) -> None:
    """Names, places below the state, numbers, dates; not codes, titles, wards, states and bare years."""
    assert {key: value for key, value in types(line).items() if key in told} == told


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("OBX|1|NM|718-7^Hemoglobin||13.2|g/dL", ""),
        ("OBX|1|NM|30525-0^Age||91|a", "AGE"),
        ("OBX|1|NM|30525-0^Age||71|a", ""),
        ("OBX|1|CWE|1^x||13.2", ""),
        ("OBX|1|DT|1^Onset||13.2", "DATE_TIME"),
        ("OBX|1|XPN|1^x||13.2", "PERSON"),
        ("OBX|1|TX|1^Note||13.2 seen by Dr. Doe", None),
        ("OBX|1|ST|1^Result||13.2", ""),
        ("OBX|1|ST|1^Date of birth||13.2.1980", "DATE_TIME"),
        ("NTE|1||13.2 mmol", None),
    ],
)
def test_an_observation_is_what_its_value_type_says(line: str, told: str | None) -> None:
    """Measured values identify nobody but for ages over 89; text is left to those who read text."""
    found = [one.entity_type for one in fields(HEAD + line) or () if one.meaning in ("hl7:OBX-5", "hl7:NTE-3")]
    assert found == ([] if told is None else [told])


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (
            "ZPD|x|20260102|4711^DOE^JANE",
            {"20260102": "DATE_TIME", "4711": "OTHER_ID", "DOE": "PERSON", "JANE": "PERSON"},
        ),
        ("ZLB|718-7^HGB^LN|4711^GLUCOSE^L|5.1", {}),
        ("PID|1" + "|" * 60 + "DOE", {"1": ""}),
    ],
)
def test_without_a_table_only_plain_forms_are_known(line: str, told: dict[str, str]) -> None:
    """A site's own segments: full dates, and an id with family and given name; codes look otherwise."""
    assert types(line) == told


def test_nothing_and_null_are_no_fields() -> None:
    """Empty parts, the null of HL7 and parts without a letter or digit are not worth a word."""
    assert types('PID|""||""^^^||^^|---') == {}


def test_tables_speak_in_known_words() -> None:
    """Every data type has components, and every entity type is one that policies know."""
    assert {kind for types_ in SEGMENTS.values() for kind in types_} <= COMPONENTS.keys()
    assert set(VALUE_TYPES.values()) <= COMPONENTS.keys()
    assert {*ID_TYPES.values(), *TYPE_CODES.values()} <= ENTITY_TYPES
    assert all(len(types_) <= 90 for types_ in SEGMENTS.values())


@given(st.text(alphabet="ab1|^~&\\\rPIDOBXZ", max_size=80))
def test_any_text_is_read_without_an_error(text: str) -> None:
    """Fields are not empty, lie inside, and no meaning shows the text."""
    whole = HEAD + text
    for one in fields(whole) or ():
        assert 0 <= one.start < one.end <= len(whole)
        assert one.entity_type in ENTITY_TYPES | {""}


def test_prose_is_not_this_dialect() -> None:
    """Even where it speaks of segments."""
    assert fields("The PID segment holds the patient's name.") is None
