"""XML and HTML by meaning: C-CDA and FHIR by path, other documents, forms and tables by their names."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firewall.detectors.structure import ENTITY_TYPES
from firewall.payload.dialects.markup import fields

CDA = '<ClinicalDocument xmlns="urn:hl7-org:v3"><recordTarget><patientRole>{}</patientRole></recordTarget></ClinicalDocument>'


def types(text: str) -> dict[str, str]:
    """Return the entity type of each range that has one, by what stands there."""
    return {text[one.start : one.end]: one.entity_type for one in fields(text) or () if one.meaning != "xml:namespace"}


@pytest.mark.parametrize(
    ("inner", "told"),
    [
        (
            '<id extension="99" root="2.16.840.1.113883.19.5"/>',
            {"99": "MEDICAL_RECORD_NUMBER", "2.16.840.1.113883.19.5": ""},
        ),
        ('<id root="2.16.840.1.113883.4.1" extension="900"/>', {"900": "US_SSN", "2.16.840.1.113883.4.1": ""}),
        ('<id root="0f1e-4711"/>', {"0f1e-4711": "MEDICAL_RECORD_NUMBER"}),
        ('<templateId root="1.2.3" extension="2015-08-01"/>', {"1.2.3": "", "2015-08-01": ""}),
        (
            "<addr><streetAddressLine>1 Elm</streetAddressLine><city>Boston</city><state>MA</state></addr>",
            {"1 Elm": "LOCATION", "Boston": "LOCATION", "MA": ""},
        ),
        ('<telecom value="tel:(617)555-0143" use="HP"/>', {"(617)555-0143": "PHONE_NUMBER", "HP": ""}),
        ('<telecom value="mailto:j@doe.example"/>', {"j@doe.example": "EMAIL_ADDRESS"}),
        (
            '<patient><name use="L"><prefix>Dr.</prefix><given>Jo</given><family> Doe\n</family></name></patient>',
            {"L": "", "Dr.": "", "Jo": "PERSON", "Doe": "PERSON"},
        ),
        ("<patient><name>Jo Doe</name></patient>", {"Jo Doe": "PERSON"}),
        ("<providerOrganization><name>Mercy</name></providerOrganization>", {"Mercy": ""}),
        ('<patient><birthTime value="19800102"/></patient>', {"19800102": "DATE_TIME"}),
        ('<patient><birthTime value="1980"/></patient>', {"1980": ""}),
        ('<effectiveTime><low value="20260102"/></effectiveTime>', {"20260102": "DATE_TIME"}),
        ('<code code="718-7" displayName="Hemoglobin"/>', {"718-7": "", "Hemoglobin": ""}),
        ('<value xsi:type="PQ" value="13.2" unit="g/dL"/>', {"PQ": "", "13.2": "", "g/dL": ""}),
        ('<value xsi:type="PQ" value="93" unit="a"/>', {"PQ": "", "93": "AGE", "a": ""}),
        ("<text>Jo Doe was seen.</text>", {}),
    ],
)
def test_cda_is_known_by_its_paths(inner: str, told: dict[str, str]) -> None:
    """Identifiers, addresses, contacts, names and dates; not codes, units, organisations and narrative."""
    assert types(CDA.format(inner)) == told


def test_a_document_that_breaks_off_is_read_as_far_as_it_goes() -> None:
    """Tools cut long results."""
    text = CDA.format("<patient><name><given>Jo</given></name></patient>")
    assert types(text[: text.index("</name>") + 3]) == {"Jo": "PERSON"}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            (
                '<Patient xmlns="http://hl7.org/fhir"><identifier><value value="4711"/></identifier><name><family value="Doe"/>'
                '</name><telecom><value value="617 555 0143"/></telecom><birthDate value="1980-01-02"/><gender value="male"/>'
                "</Patient>"
            ),
            {
                "4711": "MEDICAL_RECORD_NUMBER",
                "Doe": "PERSON",
                "617 555 0143": "PHONE_NUMBER",
                "1980-01-02": "DATE_TIME",
                "male": "",
            },
        ),
        (
            "<row><FirstName>Jo</FirstName><dob>1980-01-02</dob><x>Jo</x></row>",
            {"Jo": "PERSON", "1980-01-02": "DATE_TIME"},
        ),
        ('<p><a href="tel:+16175550143">call</a></p>', {"+16175550143": "PHONE_NUMBER"}),
        ('<p><a href="mailto:j@doe.example?subject=x">mail</a></p>', {"j@doe.example": "EMAIL_ADDRESS"}),
        ('<p><input name="ssn" value="900112222"></p>', {"900112222": "US_SSN"}),
        (
            "<table><tr><th>Last name</th><th>DOB</th></tr><tr><td>Doe</td><td>1/2/1980</td></tr></table>",
            {"Doe": "PERSON", "1/2/1980": "DATE_TIME"},
        ),
        ("<table><tr><th>MRN</th><td>4711</td></tr></table>", {"4711": "MEDICAL_RECORD_NUMBER"}),
        ("<dl><dt>Phone:</dt><dd>5550143</dd></dl>", {"5550143": "PHONE_NUMBER"}),
        ("<p>Jo Doe, MRN 4711</p>", {}),
    ],
)
def test_other_documents_are_known_by_their_names(text: str, told: dict[str, str]) -> None:
    """FHIR XML by path; elements, form fields, links and the heads of tables by what they are called."""
    assert types(text) == told


def test_no_meaning_shows_what_a_payload_made_up() -> None:
    """The names of elements are the payload's words unless they are the standard's."""
    text = CDA.format('<JaneDoe><id extension="1"/></JaneDoe><DoeTime value="19800102"/>')
    assert {one.meaning for one in fields(text) or ()} == {"xml:namespace", "cda:id.extension", "cda:element.value"}


@given(st.text(alphabet="<>/abtdhr='\" table&;", max_size=60), st.sampled_from(["<p>{}</p>", CDA, "<r>{}</r>"]))
def test_any_text_is_read_without_an_error(text: str, frame: str) -> None:
    """Fields are not empty, lie inside and are of known types."""
    whole = frame.format(text)
    for one in fields(whole) or ():
        assert 0 <= one.start < one.end <= len(whole)
        assert one.entity_type in ENTITY_TYPES | {""}
