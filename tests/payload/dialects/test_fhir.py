"""FHIR: what each element of a resource identifies, by its datatype and its place."""

from __future__ import annotations

import json
from typing import Any

import pytest

from firewall.payload.dialects import fhir
from firewall.payload.document import Limits, parse


def told(resource: dict[str, Any]) -> dict[str, str]:
    """Return by pointer the entity type of each value that has a meaning, and the covered part where it is not all."""
    document = parse(json.dumps(resource), Limits())
    answers = fhir.fields(document) or ()
    found: dict[str, str] = {}
    for index, field in answers:
        leaf = document.leaves[index]
        whole = (field.start, field.end) == (0, len(leaf.text))
        found[leaf.pointer] = (
            field.entity_type if whole else f"{field.entity_type} {leaf.text[field.start : field.end]}"
        )
    return found


PATIENT = {
    "resourceType": "Patient",
    "id": "2d3f1b1c-9a61-4b52-8c1e-3f3b0a4f4a10",
    "meta": {"lastUpdated": "2031-03-04T10:22:01Z", "profile": ["http://example.test/p"]},
    "identifier": [
        {"type": {"coding": [{"system": "http://x.test", "code": "MR"}]}, "system": "urn:oid:1.2.3", "value": "00412377"},
        {"system": "http://hl7.org/fhir/sid/us-ssn", "value": "900-12-3456"},
        {"system": "urn:y", "value": "Q-77"},
    ],
    "name": [{"use": "official", "family": "Halvorsen", "given": ["Mirela", "T."], "prefix": ["Dr."], "text": "M H"}],
    "telecom": [{"system": "phone", "value": "555 0188"}, {"system": "email", "value": "m@h.test"}, {"value": "555 0111"}],
    "gender": "female",
    "birthDate": "1961-02-14",
    "deceasedDateTime": "2031",
    "address": [
        {"line": ["12 Oak Lane"], "city": "Fairmont", "district": "Lane", "state": "OR", "postalCode": "97411",
         "country": "US", "text": "12 Oak Lane, Fairmont"}
    ],
    "photo": [{"contentType": "image/png", "data": "iVBORw0KGgo="}],
    "contact": [{"name": {"text": "Bo H"}, "telecom": [{"system": "fax", "value": "555 0199"}]}],
    "generalPractitioner": [{"reference": "Practitioner/p1", "display": "Dr. Odile Marchetti"}],
    "managingOrganization": {"reference": "Organization/o1", "display": "Riverside Clinic"},
    "extension": [
        {"url": "http://hl7.org/fhir/StructureDefinition/patient-mothersMaidenName", "valueString": "Metz"},
        {"url": "http://hl7.org/fhir/us/core/StructureDefinition/us-core-race",
         "extension": [{"url": "text", "valueString": "White"}]},
        {"url": "http://x.test/years", "valueDecimal": 45.09},
    ],
}  # fmt: skip


def test_a_patient_is_known_element_by_element() -> None:
    """Names, numbers, dates, places and ways to reach somebody; not the prefix, the state, the year or the house."""
    found = told(PATIENT)
    assert {pointer: kind for pointer, kind in found.items() if kind} == {
        "/id": "OTHER_ID",
        "/identifier/0/value": "MEDICAL_RECORD_NUMBER",
        "/identifier/1/value": "US_SSN",
        "/identifier/2/value": "OTHER_ID",
        "/name/0/family": "PERSON",
        "/name/0/given/0": "PERSON",
        "/name/0/given/1": "PERSON",
        "/name/0/text": "PERSON",
        "/telecom/0/value": "PHONE_NUMBER",
        "/telecom/1/value": "EMAIL_ADDRESS",
        "/telecom/2/value": "PHONE_NUMBER",
        "/birthDate": "DATE_TIME",
        "/address/0/line/0": "LOCATION",
        "/address/0/city": "LOCATION",
        "/address/0/district": "LOCATION",
        "/address/0/postalCode": "LOCATION",
        "/address/0/text": "LOCATION",
        "/photo/0/data": "PHOTO",
        "/contact/0/name/text": "PERSON",
        "/contact/0/telecom/0/value": "FAX_NUMBER",
        "/generalPractitioner/0/display": "PERSON",
        "/extension/0/valueString": "PERSON",
    }
    for pointer in ("/resourceType", "/gender", "/name/0/prefix/0", "/address/0/state", "/extension/1/extension/0/url"):
        assert found[pointer] == ""
    assert "/meta/lastUpdated" not in found  # the system's own time: rules treat it as that of a log


@pytest.mark.parametrize(
    ("code", "kind"),
    [("MR", "MEDICAL_RECORD_NUMBER"), ("DL", "DRIVER_LICENSE"), ("PPN", "PASSPORT"), ("NPI", "US_NPI"),
     ("SNO", "DEVICE_ID"), ("MB", "HEALTH_PLAN_ID"), ("AN", "ACCOUNT_NUMBER"), ("MD", "MEDICAL_LICENSE"), ("ZZ", "OTHER_ID")],
)  # fmt: skip
def test_identifiers_are_of_the_kind_of_their_type(code: str, kind: str) -> None:
    """Table 0203 of HL7 v2 names it; what it does not name is an identifier all the same."""
    resource = {"resourceType": "Person", "identifier": [{"type": {"coding": [{"code": code}]}, "value": "A-1002"}]}
    assert told(resource)["/identifier/0/value"] == kind


def test_identifiers_of_houses_and_products_are_nobodys() -> None:
    """An organisation's number is not a person's, wherever it stands."""
    assert "/identifier/0/value" not in told({"resourceType": "Organization", "identifier": [{"value": "99-1"}]})
    assert (
        told({"resourceType": "Coverage", "identifier": [{"value": "99-1"}]})["/identifier/0/value"] == "HEALTH_PLAN_ID"
    )


def test_references_name_people_where_they_point_at_people() -> None:
    """By the reference's type, by what a Bundle holds under that id, or by the role; a house is no person."""
    bundle = {
        "resourceType": "Bundle",
        "timestamp": "2031-03-04T10:22:01Z",
        "entry": [
            {"fullUrl": "urn:uuid:2d3f1b1c-9a61-4b52-8c1e-3f3b0a4f4a10", "resource": {"resourceType": "Practitioner"}},
            {
                "resource": {
                    "resourceType": "Observation",
                    "code": {
                        "coding": [{"system": "http://loinc.org", "code": "2345-7", "display": "Parkinson score"}]
                    },
                    "subject": {"reference": "Patient/p-1", "display": "Mirela Halvorsen"},
                    "performer": [
                        {"reference": "urn:uuid:2d3f1b1c-9a61-4b52-8c1e-3f3b0a4f4a10", "display": "Odile Marchetti"},
                        {"display": "Riverside Clinic"},
                        {"display": "Ingrid Castellano"},
                        {"type": "Device", "display": "Analyzer Seven"},
                    ],
                    "issued": "2031-03-04T10:22:01.123+02:00",
                    "valueQuantity": {"value": 7.1, "unit": "mmol/L", "code": "mmol/L"},
                    "note": [{"authorString": "O. Marchetti", "text": "Call Mirela"}],
                }
            },
        ],
    }
    found = told(bundle)
    at = "/entry/1/resource"
    assert found[f"{at}/subject/display"] == "PERSON"
    assert found[f"{at}/subject/reference"] == "OTHER_ID p-1"
    assert [found.get(f"{at}/performer/{n}/display") for n in range(4)] == ["PERSON", None, "PERSON", None]
    assert found[f"{at}/code/coding/0/display"] == found[f"{at}/valueQuantity/value"] == ""
    assert found[f"{at}/issued"] == "DATE_TIME"
    assert found[f"{at}/note/0/authorString"] == "PERSON"
    assert f"{at}/note/0/text" not in found  # prose is left to the detectors
    assert "/timestamp" not in found


def test_ids_that_are_a_patients_name_or_number_go_for_every_policy() -> None:
    """An id is a link of the system's own, unless it is made of what identifies the patient."""
    bundle = {
        "resourceType": "Bundle",
        "entry": [
            {"fullUrl": "http://x.test/Patient/halvorsen-1", "resource": {
                "resourceType": "Patient", "id": "halvorsen-1", "name": [{"family": "Halvorsen"}]}},
            {"resource": {"resourceType": "Encounter", "id": "11", "subject": {"reference": "Patient/halvorsen-1"}}},
        ],
    }  # fmt: skip
    document = parse(json.dumps(bundle), Limits())
    meanings = {document.leaves[index].pointer: field.meaning for index, field in fhir.fields(document) or ()}
    assert meanings["/entry/0/fullUrl"] == meanings["/entry/0/resource/id"] == "fhir:id.named"
    assert meanings["/entry/1/resource/subject/reference"] == "fhir:id.named"
    assert meanings["/entry/1/resource/id"] == "fhir:code"


def test_dates_of_definitions_are_nobodys() -> None:
    """A value set has a date, and no patient."""
    assert "/date" not in told({"resourceType": "ValueSet", "date": "2031-03-04"})
    assert told({"resourceType": "Consent", "dateTime": "2031-03"})["/dateTime"] == "DATE_TIME"


def test_ages_over_89_and_positions_go() -> None:
    """Safe Harbor names both; a younger age stays, and so does a quantity that is no age."""
    found = told(
        {
            "resourceType": "Condition",
            "onsetAge": {"value": 93, "unit": "years", "code": "a"},
            "abatementAge": {"value": 71, "code": "a"},
            "extension": [{"url": "latitude", "valueDecimal": 42.36}],
        }
    )
    assert (found["/onsetAge/value"], found["/abatementAge/value"]) == ("AGE", "")
    assert found["/extension/0/valueDecimal"] == "LOCATION"


def test_what_is_carried_as_bytes_is_withheld() -> None:
    """A document in base64 cannot be looked at by those who look for names."""
    attachment = {"contentType": "text/plain", "data": "TWlyZWxhIEhhbHZvcnNlbg=="}
    found = told({"resourceType": "DocumentReference", "content": [{"attachment": attachment}]})
    assert found["/content/0/attachment/data"] == "OTHER_ID"


def test_what_is_no_resource_is_not_fhir() -> None:
    """Other JSON is for other dialects, and members beside a resource are too."""
    assert fhir.fields(parse('{"family": "Halvorsen", "resourceType": 7}', Limits())) is None
    found = told({"family": "Halvorsen", "patient": {"resourceType": "Patient", "name": [{"family": "Ruiz"}]}})
    assert found == {"/patient/resourceType": "", "/patient/name/0/family": "PERSON"}
