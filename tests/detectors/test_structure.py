"""The detector of what formats name."""

from __future__ import annotations

import asyncio
import json

from firewall.assembly import load_bundle
from firewall.detectors.entities import EntityDetector
from firewall.detectors.structure import StructureDetector, look, rule_id
from firewall.detectors.tagger import Entity
from firewall.payload.document import Limits, parse
from firewall.payload.reading import read
from firewall.vocabulary import Direction, Origin, Segment, Severity, Span
from tests.conftest import RULES

RECORD = {"resourceType": "Patient", "id": "p-1", "birthDate": "1961-02-14", "gender": "female"}


def segments(record: object) -> tuple[Segment, ...]:
    """Return the segments of a result."""
    return read(parse(json.dumps(record), Limits()), Direction.OUTBOUND).segments


def test_what_a_format_names_is_found_and_sure() -> None:
    """The finding says where and what, by a rule id made of the meaning; a code is no finding."""
    report = asyncio.run(StructureDetector().detect(segments(RECORD)))
    found = {finding.pointer: finding for finding in report.findings}
    assert set(found) == {"/id", "/birthDate"}
    birth = found["/birthDate"]
    assert (birth.rule_id, birth.entity_type, birth.span) == ("structure.fhir.birthdate", "DATE_TIME", Span(0, 10))
    assert (birth.score, birth.severity, birth.level) == (1.0, Severity.HIGH, 1)
    assert found["/id"].level == 3  # only a policy that acts on eager rules takes a patient's id for an identifier
    assert report.coverage.scanned == report.coverage.total > 0


def test_long_documents_are_read_aside_and_alike() -> None:
    """A worker thread finds what the loop would have found."""
    record = [dict(RECORD, id=f"p-{at}") for at in range(300)]
    aside = asyncio.run(StructureDetector().detect(segments(record)))
    assert aside.findings == look(segments(record)).findings
    assert len(aside.findings) == 600


def test_rule_ids_are_one_word_a_part() -> None:
    """Whatever a meaning holds, its rule id can be written in a policy."""
    assert rule_id("hl7:PID-5") == "structure.hl7.pid.5"
    assert rule_id("dicom:0010,0020") == "structure.dicom.0010.0020"


def test_results_are_looked_at_by_structure_and_arguments_are_not() -> None:
    """The bundle of the service holds the detector on the way out, and every type it reports is one of the rules'."""
    bundle = load_bundle(RULES)
    names = {way: [one.name for one in bundle.detectors[way]] for way in Direction}
    assert names == {Direction.INBOUND: ["patterns"], Direction.OUTBOUND: ["patterns", "structure"]}
    assert {finding.entity_type for finding in look(segments(RECORD)).findings} <= bundle.entity_types


class _Guesses:
    """A recognizer that takes everything for a name."""

    name = "guesses"

    def look(self, text: str) -> list[Entity]:
        """Return every word."""
        return [Entity(0, len(text), "PERSON", 0.9, "guess")]


def test_who_guesses_leaves_codes_alone() -> None:
    """A model's finding that lies wholly in what identifies nobody is dropped; elsewhere it stands."""
    leaves = (
        Segment("/resourceType", Origin.TOOL_RESULT, "resourceType", is_key=True),
        Segment("/resourceType", Origin.TOOL_RESULT, "Patient", "resourceType"),
        Segment("/gender", Origin.TOOL_RESULT, "gender", is_key=True),
        Segment("/gender", Origin.TOOL_RESULT, "female", "gender"),
        Segment("/note", Origin.TOOL_RESULT, "Call Mirela", "note"),
    )
    detector = EntityDetector(None, [_Guesses()])
    try:
        report = asyncio.run(detector.detect(leaves))
    finally:
        detector.close()
    assert [finding.pointer for finding in report.findings] == ["/note"]
