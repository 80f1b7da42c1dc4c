"""Records: members that say by their names what their values are."""

from __future__ import annotations

import json
from typing import Any

import pytest

from firewall.payload.dialects import records
from firewall.payload.document import Limits, parse


def told(record: Any) -> dict[str, str]:
    """Return the entity type of each known value by its pointer."""
    document = parse(json.dumps(record), Limits())
    return {document.leaves[index].pointer: field.entity_type for index, field in records.fields(document) or ()}


@pytest.mark.parametrize(
    ("name", "value", "kind"),
    [
        ("patient_name", "Mirela Halvorsen", "PERSON"),
        ("firstName", "Mirela", "PERSON"),
        ("dateOfBirth", "1961-02-14", "DATE_TIME"),
        ("mrn", "00412377", "MEDICAL_RECORD_NUMBER"),
        ("streetAddress", "12 Oak Lane", "LOCATION"),
        ("zip", "97411", "LOCATION"),
        ("cell", "503-555-0188", "PHONE_NUMBER"),
        ("insurance_id", "XJ2239918", "HEALTH_PLAN_ID"),
        ("fecha_nacimiento", "12/03/1970", "DATE_TIME"),
        ("prénom", "Odile", "PERSON"),
        ("Geburtsdatum", "14.02.1961", "DATE_TIME"),
        ("loinc", "2345-7", ""),
        ("lot", "A2231", ""),
        ("unit", "mg/dL", ""),
        ("version", "2.1.0", ""),
    ],
)
def test_a_name_says_what_its_value_is(name: str, value: str, kind: str) -> None:
    """In the spellings of four languages, and also what identifies nobody."""
    assert told({name: value}) == {f"/{name}": kind}


def test_an_object_says_whose_its_members_are() -> None:
    """The name of an emergency contact is a person's, that of a material is not, and a lone name tells nothing."""
    record = {
        "emergencyContact": {"name": "Bo Tveit"},
        "material": {"name": "Paul Bunyan Resin"},
        "test": [{"name": "Foley Catheter"}],
        "name": "Sodium Chloride",
    }
    assert told(record) == {"/emergencyContact/name": "PERSON"}


def test_what_only_people_have_makes_a_name_a_persons() -> None:
    """A name beside a date of birth is somebody's, however it sounds."""
    assert told({"name": "Sodium Chloride", "dob": "1961-02-14"})["/name"] == "PERSON"


def test_a_value_has_to_look_like_its_name() -> None:
    """A flag called phone and a year of birth identify nobody."""
    assert not any(told({"phone": "yes", "birthDate": "1961", "email": "none", "patient_name": "N/A"}).values())


def test_resources_are_left_to_fhir() -> None:
    """A resource and what stands in it has names of its own; members beside it have not."""
    record = {"resource": {"resourceType": "Organization", "phone": "503-555-0188"}, "cell": "503-555-0111"}
    assert told(record) == {"/cell": "PHONE_NUMBER"}
    assert told({"resourceType": "Organization", "phone": "503-555-0188"}) == {}
