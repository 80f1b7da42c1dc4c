"""FHIR through the whole road: what was planted is gone, and nothing else is touched.

No model is loaded: what is known by structure must not depend on one.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from firewall.assembly import load_bundle
from firewall.payload.document import Limits, from_text, parse
from firewall.pipeline import Inquiry, Pipeline, Unrecorded
from firewall.vocabulary import Action, Direction, Identity, ToolRef
from tests.conftest import RULES

LETTERS = "abcdefghijklmnoprstuvwxyzäéñöø'"
WORDS = st.text(LETTERS, min_size=4, max_size=9).map(lambda word: f"Zq{word}")
NUMBERS = st.text("0123456789", min_size=5, max_size=9).map(lambda number: f"ZQ-{number}")
PHONES = st.integers(2_000_000, 9_999_999).map(lambda number: f"555-{number // 10_000}-{number % 10_000:04}")
DATES = st.dates(date(1901, 1, 1), date(2099, 12, 31)).map(str)
TIMES = DATES.map(lambda day: f"{day}T10:22:01Z")


@dataclass(frozen=True, slots=True)
class Plant:
    """A string that identifies somebody, marked as such while a document is built."""

    text: str


@st.composite
def people(draw: st.DrawFn, kind: str) -> dict[str, Any]:
    """Return a Patient or somebody else with everything that identifies a person."""

    def plant(strategy: st.SearchStrategy[str]) -> Plant:
        return Plant(draw(strategy))

    code = draw(st.sampled_from(["MR", "SS", "DL", "PPN", "NPI", "MB", "AN", "XX"]))
    return {
        "resourceType": kind,
        "text": {"status": "generated"},
        "extension": [
            {"url": "http://hl7.org/fhir/StructureDefinition/patient-mothersMaidenName", "valueString": plant(WORDS)},
            {"url": "http://hl7.org/fhir/us/core/StructureDefinition/us-core-birthsex", "valueCode": "F"},
        ],
        "identifier": [
            {"type": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0203", "code": code}]},
             "system": "urn:oid:2.16.840.1.113883.19.5", "value": plant(NUMBERS)},
        ],
        "active": True,
        "name": [{"use": "official", "family": plant(WORDS), "given": [plant(WORDS), plant(WORDS)], "prefix": ["Mx."]}],
        "telecom": [{"system": draw(st.sampled_from(["phone", "fax", "sms"])), "value": plant(PHONES), "rank": 1}],
        "gender": "other",
        "birthDate": plant(DATES),
        "address": [{"use": "home", "line": [plant(WORDS)], "city": plant(WORDS), "postalCode": plant(NUMBERS),
                     "state": "OR", "country": "US"}],
    }  # fmt: skip


@st.composite
def records(draw: st.DrawFn) -> dict[str, Any]:
    """Return a resource that tells of a patient."""

    def plant(strategy: st.SearchStrategy[str]) -> Plant:
        return Plant(draw(strategy))

    return draw(
        st.sampled_from(
            [
                {"resourceType": "Encounter", "status": "finished", "identifier": [{"value": plant(NUMBERS)}],
                 "participant": [{"individual": {"reference": "Practitioner/7", "display": plant(WORDS)}}],
                 "period": {"start": plant(TIMES), "end": plant(DATES)}, "length": {"value": 4031, "unit": "min"}},
                {"resourceType": "Observation", "status": "final", "effectiveDateTime": plant(TIMES),
                 "code": {"coding": [{"system": "http://loinc.org", "code": "2345-7", "display": "Glucose"}]},
                 "subject": {"display": plant(WORDS)}, "valueQuantity": {"value": 71.25, "unit": "mg/dL"}},
                {"resourceType": "Coverage", "status": "active", "subscriberId": plant(NUMBERS),
                 "period": {"start": "2031"}},
                {"resourceType": "Device", "serialNumber": plant(NUMBERS), "lotNumber": "L-44120",
                 "udiCarrier": [{"deviceIdentifier": plant(NUMBERS)}]},
                {"resourceType": "Organization", "name": "Riverside Clinic", "telecom": [
                    {"system": "phone", "value": plant(PHONES)}]},
            ]
        )
    )  # fmt: skip


@st.composite
def resources(draw: st.DrawFn) -> dict[str, Any]:
    """Return one resource, or a Bundle of several."""
    kinds = st.sampled_from(["Patient", "Practitioner", "RelatedPerson", "Person"])
    one = kinds.flatmap(people) | records()
    if draw(st.booleans()):
        return draw(one)
    entries = draw(st.lists(one, min_size=1, max_size=3))
    return {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": entry} for entry in entries]}


def sown(value: Any) -> Any:
    """Return a document with what was planted as plain strings."""
    if isinstance(value, Plant):
        return value.text
    if isinstance(value, dict):
        return {name: sown(member) for name, member in value.items()}
    return [sown(member) for member in value] if isinstance(value, list) else value


def check(planted: Any, cleaned: Any) -> None:
    """Compare leaf by leaf: a planted string is gone to its last sign, anything else is the same, order and type too."""
    if isinstance(planted, Plant):
        assert isinstance(cleaned, str)
        assert cleaned.startswith("<")
        assert cleaned.endswith(">")
        assert cleaned[1:-1].replace("_", "").isupper()
    elif isinstance(planted, dict):
        assert list(planted) == list(cleaned)
        for name, member in planted.items():
            check(member, cleaned[name])
    elif isinstance(planted, list):
        assert len(planted) == len(cleaned)
        for before, after in zip(planted, cleaned, strict=True):
            check(before, after)
    else:
        assert type(planted) is type(cleaned)
        assert planted == cleaned


@pytest.fixture(scope="module")
def pipeline() -> Pipeline:
    """Return the road with the shipped rules and policies, and no model."""
    return Pipeline(load_bundle(RULES), Unrecorded(), b"k" * 32, deadline_s=60)


def clean(pipeline: Pipeline, body: str, policy: str) -> Any:
    """Return a result as it comes out."""
    inquiry = Inquiry(Direction.OUTBOUND, ToolRef("demo", "fetch"), Identity(), parse(body, Limits()), policy=policy)
    inspection = asyncio.run(pipeline.inspect(inquiry))
    assert inspection.content is not None
    assert inspection.decision.action < Action.REVIEW
    return json.loads(inspection.content)


over_the_road = settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@over_the_road
@given(resource=resources(), policy=st.sampled_from(["hipaa-strict", "default"]))
def test_a_resource_as_json_comes_out_clean(pipeline: Pipeline, resource: dict[str, Any], policy: str) -> None:
    """As the whole result, as one member of it, and as MCP's structured content."""
    check(resource, clean(pipeline, json.dumps(sown(resource)), policy))
    inside = {"structuredContent": {"result": resource}}
    check(inside, clean(pipeline, json.dumps(sown(inside)), policy))


@over_the_road
@given(resource=resources(), indent=st.sampled_from([None, 2]), ascii_only=st.booleans())
def test_a_resource_as_text_comes_out_clean(
    pipeline: Pipeline, resource: dict[str, Any], indent: int | None, ascii_only: bool
) -> None:
    """As a plain string and as MCP text; the text parses again, and its white space is where it was."""
    text = json.dumps(sown(resource), indent=indent, ensure_ascii=ascii_only)
    cleaned = clean(pipeline, from_text(text).source, "hipaa-strict")
    check(resource, json.loads(cleaned))
    assert json.dumps(json.loads(cleaned), indent=indent, ensure_ascii=ascii_only) == cleaned
    block = json.dumps({"content": [{"type": "text", "text": text}]})
    check(resource, json.loads(clean(pipeline, block, "hipaa-strict")["content"][0]["text"]))


@over_the_road
@given(lines=st.lists(resources(), min_size=2, max_size=3))
def test_lines_of_resources_come_out_clean(pipeline: Pipeline, lines: list[dict[str, Any]]) -> None:
    """As a bulk export writes them, one a line."""
    text = "\n".join(json.dumps(sown(line)) for line in lines)
    cleaned = clean(pipeline, from_text(text).source, "hipaa-strict").split("\n")
    for line, after in zip(lines, cleaned, strict=True):
        check(line, json.loads(after))
