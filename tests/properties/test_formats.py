"""Messages, clinical documents and pages down the real road: what their format knows of somebody is gone, the rest stays.

Under the strict policy, without a model and with two rule files, so that what is proved is the structure's own work.
"""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape, quoteattr

import pytest
from hl7apy.parser import parse_message
from hypothesis import given, settings
from hypothesis import strategies as st

from firewall.assembly import load_bundle
from firewall.payload.document import from_text
from firewall.pipeline import Bundle, Inquiry, Pipeline, Unrecorded
from firewall.syntax.hl7 import Marks, escaped
from firewall.vocabulary import Action, Direction, Identity, ToolRef

KEY = bytes(range(32))
# Words that no other part of the documents holds, so that finding one in the answer means that it leaked.
NAMES = st.text(st.sampled_from("QXZqxzéñ'"), min_size=2, max_size=9).filter(
    lambda word: any(c.isalpha() for c in word)
)
DIGITS = st.text(st.sampled_from("7893"), min_size=6, max_size=11)
DATES = st.dates().map(lambda day: f"19{day.year % 100:02d}{day.month:02d}{day.day:02d}")


@pytest.fixture(scope="module")
def bundle(small_rules: Path) -> Bundle:
    """Return the shipped policies and registry, two rule files, and no models."""
    return load_bundle(small_rules)


def cleaned(bundle: Bundle, text: str) -> str:
    """Return what is left of a plain-string result under the strict policy."""
    pipeline = Pipeline(bundle, Unrecorded(), KEY, deadline_s=60.0)
    inquiry = Inquiry(Direction.OUTBOUND, ToolRef("demo", "fetch"), Identity(), from_text(text), policy="hipaa-strict")
    inspection = asyncio.run(pipeline.inspect(inquiry))
    assert inspection.decision.action is Action.REDACT
    assert inspection.content is not None
    left: str = json.loads(inspection.content)
    return left


@given(
    names=st.lists(NAMES, min_size=8, max_size=8),
    digits=st.lists(DIGITS, min_size=5, max_size=5),
    born=DATES,
    end=st.sampled_from("\r\n"),
)
@settings(max_examples=20, deadline=None)
def test_messages_keep_their_shape_and_lose_their_patient(
    bundle: Bundle, names: list[str], digits: list[str], born: str, end: str
) -> None:
    """Names, places, numbers and dates are gone from their fields; a parser reads the rest as it was."""
    family, given_name, kin, street, city, doctor, insured, middle = (escaped(name, Marks()) for name in names)
    mrn, phone, account, member, npi = digits
    lines = [
        "MSH|^~\\&|LAB|MERCY|EHR|MERCY|||ORU^R01^ORU_R01|M1|P|2.5.1",
        f"PID|1||{mrn}^^^MERCY^MR||{family}^{given_name}^{middle}||{born}|F|||{street}^^{city}^MA^{phone}||{phone}|||||{account}",
        f"NK1|1|{kin}^{given_name}|MTH^Mother|{street}^^{city}^MA",
        f"PV1|1|I|ICU^101||||{npi}^{doctor}^{given_name}^^^DR",
        f"IN1|1|PLAN{'|' * 14}{insured}^{given_name}{'|' * 20}{member}",
        "OBR|1|||718-7^Hemoglobin^LN",
        "OBX|1|NM|718-7^Hemoglobin^LN||13.2|g/dL|12-16|N|||F",
    ]
    text = end.join(lines) + end
    left = cleaned(bundle, text)
    before, after = (parse_message(one.replace("\n", "\r"), find_groups=False) for one in (text, left))
    assert [one.name for one in after.children] == [one.name for one in before.children]
    for old, new in zip(lines, left.split(end), strict=False):
        assert (old.count("|"), old.count("^")) == (new.count("|"), new.count("^"))
    rows = [line.split("|") for line in left.split(end)]
    assert rows[0] == lines[0].split("|")
    assert rows[5:7] == [line.split("|") for line in lines[5:]]
    assert rows[1][5] == "<PERSON>^<PERSON>^<PERSON>"
    assert rows[1][7] == "<DATE_TIME>"
    assert rows[1][11].split("^")[0::2] == ["<LOCATION>", "<LOCATION>", "<LOCATION>"]
    assert rows[1][11].split("^")[3] == "MA"
    assert rows[2][2] == "<PERSON>^<PERSON>"
    assert rows[3][3] == "ICU^101"
    for word in (*digits, born):
        assert word not in left
    for word in (family, given_name, kin, street, city, doctor, insured, middle):
        assert all(word not in part for row in rows[1:5] for part in row if "<" not in part)


@given(names=st.lists(NAMES, min_size=6, max_size=6), digits=st.lists(DIGITS, min_size=3, max_size=3), born=DATES)
@settings(max_examples=20, deadline=None)
def test_clinical_documents_parse_again_and_lose_their_patient(
    bundle: Bundle, names: list[str], digits: list[str], born: str
) -> None:
    """The same elements and attributes; those that identify are marks, every other one has its value."""
    family, given_name, street, city, doctor, guardian = names
    text = (
        '<?xml version="1.0"?>\n<ClinicalDocument xmlns="urn:hl7-org:v3">'
        '<templateId root="2.16.840.1.113883.10.20.22.1.1" extension="2014-06-09"/>'
        '<code code="34133-9" codeSystem="2.16.840.1.113883.6.1" displayName="Summary &amp; more"/>'
        f'<recordTarget><patientRole><id root="2.16.840.1.113883.19" extension={quoteattr(digits[0])}/>'
        f"<addr><streetAddressLine>{escape(street)}</streetAddressLine><city>{escape(city)}</city><state>MA</state></addr>"
        f'<telecom value="tel:{digits[1]}"/><patient><name><given>{escape(given_name)}</given>'
        f'<family>{escape(family)}</family></name><birthTime value="{born}"/><guardian><guardianPerson>'
        f"<name>{escape(guardian)}</name></guardianPerson></guardian></patient></patientRole></recordTarget>"
        f'<author><time value="{born}1011"/><assignedAuthor><id root="2.16.840.1.113883.4.6" extension="{digits[2]}"/>'
        f"<assignedPerson><name><given>{escape(doctor)}</given></name></assignedPerson></assignedAuthor></author>"
        '<value unit="g/dL" value="13.2"/></ClinicalDocument>'
    )
    left = cleaned(bundle, text)
    planted = {*names, *digits, f"tel:{digits[1]}", born, f"{born}1011"}
    marks = 0
    for old, new in zip(ET.fromstring(text).iter(), ET.fromstring(left).iter(), strict=True):
        assert (old.tag, list(old.attrib)) == (new.tag, list(new.attrib))
        for was, is_now in [(old.text, new.text), *zip(old.attrib.values(), new.attrib.values(), strict=True)]:
            if was in planted:
                assert is_now is not None
                assert is_now.removeprefix("tel:").strip("<>").replace("_", "").isupper()
                marks += 1
            else:
                assert is_now == was
    assert marks == 11


@given(name=NAMES, number=DIGITS)
@settings(max_examples=15, deadline=None)
def test_pages_keep_their_tags(bundle: Bundle, name: str, number: str) -> None:
    """Cells under a head that names somebody are marks, written so that no browser takes them for tags."""
    page = (
        "<table><tr><th>Last name</th><th>MRN</th><th>Lot</th></tr><tr><td>{}</td><td>{}</td><td>B12</td></tr></table>"
    )
    left = cleaned(bundle, page.format(escape(name), number))
    assert left == page.format("&lt;PERSON&gt;", "&lt;MEDICAL_RECORD_NUMBER&gt;")
