"""FHIR R4 and R5 as JSON: what each element of any resource identifies, by its datatype and its place.

A resource is an object with a `resourceType`, wherever it stands: alone, in a Bundle, contained in another, or as one
value among others. FHIR names its elements so regularly that datatypes are told by their members: a family name is a
HumanName's, a value beside `system: phone` a ContactPoint's. Narrative, notes and answers in prose are left to detectors.

Dates are those of somebody's record, except in definitions; bare years are nobody's. `meta.lastUpdated` and the time
stamps of bundles and audit events are the system's: they have no meaning here, so that rules treat them as those of logs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from firewall.payload.dialects.fhir_meanings import (
    CODES,
    CONTACTS,
    DEFINITIONS,
    ELEMENTS,
    EXTENSIONS,
    IDENTIFIER_CODES,
    IDENTIFIER_WORDS,
    IDENTIFIERS_OF,
    IMPERSONAL,
    PATIENTS,
    PEOPLE,
    ROLES,
    is_house,
)
from firewall.payload.dialects.fhir_resources import REFERENCE, URN, Place, Resources, roots, target_of
from firewall.payload.dialects.field import Field
from firewall.payload.document import Document, Leaf

Told = tuple[str, str]  # an entity type, and the meaning without its `fhir:`
_NOTHING: Told = ("", "code")
# A date that says more than its year, alone or with a time.
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}(?:-[0-9]{2}(?:T[0-9:.]{2,18}(?:Z|[+-][0-9]{2}:[0-9]{2})?)?)?\Z")
_NUMBER = re.compile(r"-?[0-9]{1,18}(?:\.[0-9]{1,40})?(?:[eE][+-]?[0-9]{1,3})?\Z")
_TECHNICAL_TIMES = frozenset({"lastUpdated", "timestamp", "recorded"})
_TECHNICAL_ID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\Z|[0-9a-f]{16,64}\Z|[0-9]{1,12}\Z")
_PART = re.compile(r"[^-_./:#]+")
_SHORTEST_DATA = 16  # characters of base64 that may carry something
_ELDERLY = 90  # years


def fields(document: Document) -> Sequence[tuple[int, Field]] | None:
    """Return what each leaf of every resource identifies, by the leaf's index; None where there is no resource."""
    found = roots(document)
    if not found:
        return None
    resources = _read(document, found)
    return list(_told(document, resources))


def _read(document: Document, found: Mapping[str, str]) -> Resources:
    """Go through all leaves once, so that a second pass knows what stands beside and behind each."""
    resources = Resources(found)
    for leaf in document.leaves:
        if leaf.kind != "key":
            parent, _, token = leaf.pointer.rpartition("/")
            if resources.place(parent) is not None:
                resources.members.setdefault(parent, {})[leaf.field_name if not token.isdecimal() else token] = (
                    leaf.text
                )
    for pointer, kind in found.items():
        own = resources.of(pointer).get("id")
        if own:
            resources.types[own] = kind
        entry = URN.match(resources.of(pointer.removesuffix("/resource")).get("fullUrl", ""))
        if entry is not None:
            resources.types[entry[1]] = kind
    for leaf in document.leaves:
        if leaf.kind != "key" and leaf.field_name in ("family", "given", "value"):
            told = _element(leaf, resources)
            place = resources.place(leaf.pointer.rpartition("/")[0])
            if told and told[0] and place and place.resource in PATIENTS and len(leaf.text) > 2:
                resources.known.setdefault(leaf.text.lower(), told)
    return resources


def _told(document: Document, resources: Resources) -> Iterator[tuple[int, Field]]:
    for index, leaf in enumerate(document.leaves):
        if leaf.kind == "key" or not leaf.text:
            continue
        if leaf.field_name in ("id", "reference", "fullUrl"):
            for start, end, (kind, meaning) in _link(leaf, resources):
                yield index, Field(start, end, kind, f"fhir:{meaning}")
            continue
        told = _element(leaf, resources)
        if told is not None:
            yield index, Field(0, len(leaf.text), told[0], f"fhir:{told[1]}")


def _element(leaf: Leaf, resources: Resources) -> Told | None:
    """Return what one leaf identifies, if its place tells."""
    parent, _, token = leaf.pointer.rpartition("/")
    place = resources.place(parent)
    if place is None:
        return None
    listed = token.isdecimal()
    path = place.path if listed else (*place.path, leaf.field_name)
    name = path[-1] if path else ""
    above = path[-2] if len(path) > 1 else ""
    owner = parent.rpartition("/")[0] if listed else parent
    beside = resources.of(owner)
    text = leaf.text

    if name in ELEMENTS and place.resource not in DEFINITIONS:
        return ELEMENTS[name]
    if name == "value":
        return _value(place, above, owner, beside, resources)
    if above.endswith("ddress"):
        if name in ("line", "text"):
            return "LOCATION", f"Address.{'line' if name == 'line' else 'text'}"
    elif name == "text" and above.lower().endswith("name"):
        return "PERSON", "HumanName.text"
    if name == "name" and (
        (place.resource in PEOPLE and len(path) == 1) or (path == ("agent", "name") and not is_house(text))
    ):
        return "PERSON", "HumanName.text"
    if name == "address" and above == "network":
        return "IP_ADDRESS", "AuditEvent.agent.network"
    if name in ("latitude", "longitude"):
        return "LOCATION", "Location.position"
    if name.startswith("value") and above.lower().endswith("extension"):
        return _extension(text, beside)
    if _DATE.match(text):
        technical = name in _TECHNICAL_TIMES or place.resource in DEFINITIONS
        return None if technical else ("DATE_TIME", "birthDate" if name == "birthDate" else "dateTime")
    if name == "data" or (name == "url" and "photo" in path):
        return _attachment(place, path, text, beside)
    if name == "display":
        return _display(text, above, beside, resources)
    if name == "text" and text in (one.get("display") for one in _codings(owner, resources)):
        return _NOTHING
    if name in CODES or (name == "url" and above.lower().endswith("extension")) or (name == "type" and not listed):
        return _NOTHING
    return None


def _value(place: Place, above: str, owner: str, beside: Mapping[str, str], resources: Resources) -> Told | None:
    """Return what a `value` identifies: a ContactPoint's, an Identifier's, or a Quantity's, which nobody is known by."""
    system, text = beside.get("system", ""), beside.get("value", "")
    if system in CONTACTS or above.lower().endswith(("telecom", "contactpoint")):
        guess = "EMAIL_ADDRESS" if "@" in text else "PHONE_NUMBER"
        return CONTACTS.get(system, guess), "ContactPoint.value"
    if above.lower().endswith("identifier"):
        kind = _identifier(place, owner, system, resources)
        return None if kind is None else (kind, "Identifier.value")
    if _NUMBER.match(text):
        years = beside.get("code") == "a" or beside.get("unit", "").lower() in ("a", "year", "years", "yr", "yrs")
        if above.endswith("Age") and years and float(text) >= _ELDERLY:
            return "AGE", "Age.value"
        return _NOTHING
    return None


def _identifier(place: Place, owner: str, system: str, resources: Resources) -> str | None:
    """Return the entity type of an Identifier by its type, its system, or whose it is."""
    codes = [one.get("code", "").upper() for one in _codings(f"{owner}/type", resources)]
    for code in codes:
        if code in IDENTIFIER_CODES:
            return IDENTIFIER_CODES[code]
    if place.resource in IMPERSONAL or "rganization" in "".join(place.path):
        return None
    words = f"{system} {resources.of(f'{owner}/type').get('text', '')}".lower()
    for word, kind in IDENTIFIER_WORDS:
        if word in words:
            return kind
    if "qualification" in place.path:
        return "MEDICAL_LICENSE"
    return IDENTIFIERS_OF.get(place.resource, "OTHER_ID")


def _codings(owner: str, resources: Resources) -> Iterator[Mapping[str, str]]:
    """Yield the codings of a CodeableConcept; no more than anybody writes."""
    for at in range(8):
        coding = resources.of(f"{owner}/coding/{at}")
        if not coding:
            return
        yield coding


def _extension(text: str, beside: Mapping[str, str]) -> Told | None:
    """Return what the value of an extension identifies, by its url."""
    url = beside.get("url", "").rpartition("/")[2].lower()
    if url in EXTENSIONS:
        return EXTENSIONS[url]
    if _DATE.match(text):
        return "DATE_TIME", "dateTime"
    coded = url in ("text", "ombcategory", "detailed") or _NUMBER.match(text) or "valueCode" in beside
    return _NOTHING if coded else None


def _attachment(place: Place, path: tuple[str, ...], text: str, beside: Mapping[str, str]) -> Told | None:
    """Return what is carried as bytes: a face, a signature, or a document that nobody here can read."""
    picture = beside.get("contentType", "").startswith("image/")
    if "photo" in path:
        return "PHOTO", "Attachment.photo"
    if len(text) < _SHORTEST_DATA or place.resource in DEFINITIONS:
        return None
    if "signature" in "".join(path).lower():
        return "BIOMETRIC_ID", "Signature.data"
    if picture:
        return "PHOTO", "Attachment.data"
    carried = "contentType" in beside or place.resource == "Binary"
    return ("OTHER_ID", "Attachment.data") if carried else None


def _display(text: str, above: str, beside: Mapping[str, str], resources: Resources) -> Told | None:
    """Return whether a display names a person: that of a Coding never does, that of a Reference by its target."""
    reference = beside.get("reference", "")
    if not reference and ("code" in beside or "system" in beside):
        return _NOTHING
    target = beside.get("type", "") or target_of(reference, resources)
    if target:
        return ("PERSON", "Reference.display") if target in PEOPLE else None
    return ("PERSON", "Reference.display") if above in ROLES and not is_house(text) else None


def _link(leaf: Leaf, resources: Resources) -> Iterator[tuple[int, int, Told]]:
    """Yield what an id or a reference identifies.

    A patient's id leads to the patient in the system it is from, so the strict policy takes it for an identifier. It is
    one for every policy where it is, or is made of, the patient's name or number.
    """
    place = resources.place(leaf.pointer.rpartition("/")[0])
    if place is None:
        return
    text = leaf.text
    target, start, end = place.resource if not place.path else "", 0, len(text)
    if leaf.field_name != "id":
        match = REFERENCE.search(text) or URN.match(text)
        target = target_of(text, resources)
        if match is not None:
            start, end = match.span(match.lastindex or 0)
        elif text.startswith("#"):
            start = 1
    told = resources.known.get(text[start:end].lower())
    if told is None:
        parts = (part.group().lower() for part in _PART.finditer(text, start, end))
        told = next((resources.known[part] for part in parts if part in resources.known), None)
    if told is not None and start < end:
        yield start, end, (told[0], "id.named")
    elif target in PATIENTS and start < end:
        yield start, end, ("OTHER_ID", "id")
    elif _TECHNICAL_ID.match(text[start:end]):
        yield 0, len(text), _NOTHING
