"""The DICOM JSON model (PS3.18, annex F): data elements named by their tags, each an object with `vr` and `Value`.

What an element identifies is told by its tag, after the basic application confidentiality profile (PS3.15, annex E),
and for any other element by its value representation: names of people and dates wherever they stand. Descriptions and
comments are left to the detectors.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from firewall.payload.dialects.field import Field
from firewall.payload.document import Document, Leaf

_ELEMENT = re.compile(
    r"/([0-9A-Fa-f]{4})([0-9A-Fa-f]{4})/(?:Value/[0-9]+(?:/([A-Za-z]+))?|(vr|InlineBinary|BulkDataURI))\Z"
)
_TAG = re.compile(r"[0-9A-Fa-f]{8}\Z")
_DATE = re.compile(r"[0-9]{4}(?:\.[0-9]{2}\.[0-9]{2}|[0-9]{2}(?:[0-9]{2}[0-9.+-]{0,22})?)\Z")
_OLD = re.compile(r"(?:09[0-9]|1[0-9]{2})Y\Z")  # an age in years of 90 and more
_LONGEST_CODE = 16
_NAME_PARTS = frozenset({"Alphabetic", "Ideographic", "Phonetic"})

_TAGS: Mapping[str, str] = {
    "00080014": "OTHER_ID",  # instance creator UID
    "00080050": "OTHER_ID",  # accession number
    "00080081": "LOCATION",  # institution address
    "00080092": "LOCATION",  # referring physician's address
    "00080094": "PHONE_NUMBER",  # referring physician's telephone numbers
    "00081010": "DEVICE_ID",  # station name
    "00100020": "MEDICAL_RECORD_NUMBER",
    "00100021": "",  # issuer of patient id
    "00100040": "",  # sex
    "00101000": "MEDICAL_RECORD_NUMBER",  # other patient ids
    "00101040": "LOCATION",
    "00101050": "HEALTH_PLAN_ID",
    "00101080": "OTHER_ID",  # military rank
    "00101081": "OTHER_ID",
    "00101090": "MEDICAL_RECORD_NUMBER",  # medical record locator
    "00102150": "",  # country of residence
    "00102154": "PHONE_NUMBER",
    "00102155": "PHONE_NUMBER",  # telecom information
    "00102160": "",  # ethnic group
    "00181000": "DEVICE_ID",  # device serial number
    "00181002": "DEVICE_ID",  # device UID
    "00181004": "DEVICE_ID",  # plate id
    "00181005": "DEVICE_ID",  # generator id
    "00181008": "DEVICE_ID",  # gantry id
    "00200010": "OTHER_ID",  # study id
    "00321020": "LOCATION",  # scheduled study location
    "00380010": "OTHER_ID",  # admission id
    "00380300": "LOCATION",  # current patient location
    "00380400": "LOCATION",  # patient's institution residence
    "00380060": "OTHER_ID",  # service episode id
    "00400241": "DEVICE_ID",  # performed station AE title
    "00400242": "DEVICE_ID",  # performed station name
    "00402016": "OTHER_ID",  # placer order number
    "00402017": "OTHER_ID",  # filler order number
    "00402008": "PERSON",  # order entered by
    "00402010": "PHONE_NUMBER",  # order callback phone number
    "00401101": "OTHER_ID",  # person identification code sequence
    "00401102": "LOCATION",  # person's address
    "00401103": "PHONE_NUMBER",  # person's telephone numbers
}
# Unique identifiers of classes, syntaxes and coding schemes: what kind of thing it is, never which one.
_CLASS_UIDS = frozenset(
    "00020002 00020010 00020012 00080016 00081150 0008010C 00080062 0008001A 00080117 00400031".split()
)
_CODED = frozenset({"CS", "AE", "IS", "DS", "US", "SS", "UL", "SL", "FL", "FD", "AT"})


def recognises(document: Document) -> bool:
    """Tell whether a document holds data elements."""
    return any(leaf.field_name == "vr" and stands_in(leaf.pointer) for leaf in document.leaves)


def stands_in(pointer: str) -> bool:
    """Tell whether a pointer leads to what is said of a data element."""
    return _ELEMENT.search(pointer[-48:]) is not None


def fields(document: Document) -> Sequence[tuple[int, Field]] | None:
    """Return what the data elements of a document identify, by the leaf's index; None where there are none."""
    kinds = {
        leaf.pointer[:-3]: leaf.text
        for leaf in document.leaves
        if leaf.field_name == "vr" and leaf.kind != "key" and _ELEMENT.search(leaf.pointer[-16:])
    }
    if not kinds:
        return None
    found: list[tuple[int, Field]] = []
    for index, leaf in enumerate(document.leaves):
        if leaf.kind == "key" or not leaf.text:
            continue
        match = _ELEMENT.search(leaf.pointer[-48:])
        if match is None:
            continue
        told = _told(leaf, match, kinds)
        if told is not None:
            found.append((index, Field(0, len(leaf.text), told[0], f"dicom:{told[1]}")))
    return found


def _told(leaf: Leaf, match: re.Match[str], kinds: Mapping[str, str]) -> tuple[str, str] | None:
    """Return the entity type of one value and what it is."""
    if match[4] == "vr":
        return "", "vr"
    element = f"{leaf.pointer[: -len(match[0])]}{match[0][:9]}"
    tag, kind, text = (match[1] + match[2]).upper(), kinds.get(element, ""), leaf.text
    if match[4]:
        return None
    if kind == "PN" or match[3] in _NAME_PARTS:
        return "PERSON", "name"
    if tag in _TAGS:
        return _TAGS[tag], f"{tag[:4]},{tag[4:]}".lower()
    if kind in ("DA", "DT"):
        return ("DATE_TIME", "date") if _DATE.match(text) else None
    if kind == "AS":
        return ("AGE" if _OLD.match(text) else "", "age")
    if kind == "UI":
        return ("", "class") if tag in _CLASS_UIDS else ("OTHER_ID", "uid")
    if kind in _CODED or (kind == "TM" and len(text) <= _LONGEST_CODE):
        return "", "code"
    return None
