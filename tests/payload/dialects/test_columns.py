"""Names of columns: what they say in four languages, and what they must not be taken for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firewall.payload.dialects.columns import Column, column
from firewall.rules import load
from tests.conftest import RULES

IDENTIFYING = {
    "PERSON": "patient_name|Pat. Name|First Name|lastName|SURNAME|Apellidos|Nombre del paciente|Prénom|Nom de famille|"
    "Vorname|Nachname|Geburtsname|mother's maiden name|Guardian Name|Emergency Contact|provider_name|Full Name:",
    "DATE_TIME": "DOB|Birth Date|date of birth|dateOfBirth|date of service|Admission Date|discharge_dt|visit date|"
    "Fecha de nacimiento|Fecha de ingreso|Date de naissance|Né(e) le|Geb.-Datum|Geburtsdatum|Aufnahmedatum",
    "US_SSN": "SSN|ssn_last4|Social Security No.",
    "MEDICAL_RECORD_NUMBER": "MRN|Chart No.|patient_id|patientId|Medical Record Number|N.º de historia clínica|N° de dossier|"
    "Patientennr.|PATIENT #",
    "HEALTH_PLAN_ID": "member id|Policy No.|insurance_id|Versichertennummer|Medicare Number",
    "ACCOUNT_NUMBER": "Account #|acct_no|Kontonummer",
    "PHONE_NUMBER": "Phone|home_phone_2|Mobile|Tel.-Nr.|Teléfono móvil|Téléphone|Handy|Emergency Contact Phone|contact number",
    "EMAIL_ADDRESS": "E-Mail|email_address|Correo electrónico|Courriel|contactEmail",
    "LOCATION": "Address|street2|City|ZIP Code|Dirección|Código postal|Ville|Straße|PLZ|Wohnort|billing address line 1|County",
    "IP_ADDRESS": "client_ip|IP|remote_addr",
    "URL": "URL|website",
    "USERNAME": "username|login|user|Benutzername|usuario",
    "AGE": "age|Patient Age|Edad",
    "OTHER_ID": "employee id|subject_id|USUBJID|encounter_id|DNI|N° sécurité sociale|Badge No",
    "DEVICE_ID": "device_id|UDI|pacemaker serial",
    "US_NPI": "NPI|provider_npi",
}
NEUTRAL = (
    "lot|batch no|Batch ID|sop|Deviation|CAPA no|version|LOINC|SNOMED|ndc|CAS No.|code|Unit|Result|value|Reference Range|dose|"
    "status|qty|material|equipment id|test name|product name|State|Country|Sex|area code|country code|patient weight|Einheit|"
    "Ergebnis|Charge|Resultado|unité|last_result|flag"
)
UNTOLD = "comment|notes|id|sample_id|expiry date|timestamp|created_at|file name|hospital|facility|insurance|room|x1|Datum|1|-|"


@pytest.mark.parametrize(
    ("kind", "name"), [(kind, name) for kind, names in IDENTIFYING.items() for name in names.split("|")]
)
def test_a_name_of_an_identifier_is_known_in_its_spellings(kind: str, name: str) -> None:
    """Case, accents, punctuation, blanks and the words for whose it is do not matter."""
    told = column(name)
    assert told is not None
    assert (told.entity_type, told.tentative) == (kind, False)


@pytest.mark.parametrize("name", NEUTRAL.split("|"))
def test_a_name_of_what_identifies_nobody_is_known_as_such(name: str) -> None:
    """Codes, units and amounts are nobody's."""
    told = column(name)
    assert told is not None
    assert told.entity_type == ""


@pytest.mark.parametrize("name", UNTOLD.split("|"))
def test_a_name_that_does_not_tell_is_left_to_the_detectors(name: str) -> None:
    """What may hold anything gets no answer."""
    assert column(name) is None


@pytest.mark.parametrize(
    "name", "name|Physician|reviewed_by|Analyst|guardian|approved by|Nom|Hausarzt|attending".split("|")
)
def test_a_name_that_may_be_of_a_person_or_a_thing_is_tentative(name: str) -> None:
    """A value must also look like a person's name."""
    assert column(name) == Column("PERSON", "name", tentative=True)


@given(st.text(max_size=80))
def test_any_text_gets_an_answer_in_our_own_words(name: str) -> None:
    """No text raises, and no meaning shows what came."""
    told = column(name)
    assert told is None or told.meaning.isascii()


def test_entity_types_are_those_of_the_groups() -> None:
    """A policy that redacts identifiers redacts what columns say."""
    groups = (RULES / "entity_groups.yaml").read_text()
    assert load(RULES).rules
    for kind in IDENTIFYING:
        assert f"- {kind}\n" in groups
