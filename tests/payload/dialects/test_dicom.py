"""DICOM JSON: data elements by their tags and value representations."""

from __future__ import annotations

import json
from typing import Any

from firewall.payload.dialects import dicom
from firewall.payload.document import Limits, parse

STUDY: dict[str, Any] = {
    "00080005": {"vr": "CS", "Value": ["ISO_IR 192"]},
    "00080016": {"vr": "UI", "Value": ["1.2.840.10008.5.1.4.1.1.2"]},
    "00080018": {"vr": "UI", "Value": ["1.2.826.0.1.99.7"]},
    "00080020": {"vr": "DA", "Value": ["20310304"]},
    "00080050": {"vr": "SH", "Value": ["S31-044812"]},
    "00080090": {"vr": "PN", "Value": [{"Alphabetic": "Marchetti^Odile"}]},
    "00081030": {"vr": "LO", "Value": ["CT chest"]},
    "00100010": {"vr": "PN", "Value": [{"Alphabetic": "Halvorsen^Mirela"}]},
    "00100020": {"vr": "LO", "Value": ["00412377"]},
    "00100030": {"vr": "DA", "Value": ["1961"]},
    "00101010": {"vr": "AS", "Value": ["093Y"]},
    "00400275": {
        "vr": "SQ",
        "Value": [{"00321060": {"vr": "LO", "Value": ["CT"]}, "0040A123": {"vr": "PN", "Value": ["A^B"]}}],
    },
}


def told(study: dict[str, Any]) -> dict[str, str]:
    """Return the entity type of each known value by its pointer."""
    document = parse(json.dumps(study), Limits())
    return {document.leaves[index].pointer: field.entity_type for index, field in dicom.fields(document) or ()}


def test_elements_are_known_by_tag_and_representation() -> None:
    """People, dates and numbers by what they are; what a class or a code is called identifies nobody."""
    found = {pointer: kind for pointer, kind in told(STUDY).items() if not pointer.endswith("/vr")}
    assert found == {
        "/00080005/Value/0": "",
        "/00080016/Value/0": "",
        "/00080018/Value/0": "OTHER_ID",
        "/00080020/Value/0": "DATE_TIME",
        "/00080050/Value/0": "OTHER_ID",
        "/00080090/Value/0/Alphabetic": "PERSON",
        "/00100010/Value/0/Alphabetic": "PERSON",
        "/00100020/Value/0": "MEDICAL_RECORD_NUMBER",
        "/00101010/Value/0": "AGE",
        "/00400275/Value/0/0040A123/Value/0": "PERSON",
    }


def test_other_json_is_not_dicom() -> None:
    """A member of eight digits is a data element only where it has a representation."""
    assert dicom.fields(parse('{"00100010": {"Value": ["Halvorsen^Mirela"]}}', Limits())) is None
    assert not dicom.recognises(parse('{"vr": "PN"}', Limits()))
