"""JSON records by their members' names: `dateOfBirth`, `patient_name`, `emergencyContact.name`, `codigo_postal`.

The names and what values fit them are those of tables (`columns.py`, `cells.py`); what JSON adds is the object that a
member stands in, and that one name may stand for an object, a list or a flag. Resources of FHIR and data elements of
DICOM are left to their own dialects. A member called `name` names a person only where its value holds a given name, or
where what only people have stands beside it.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from firewall.payload.dialects import dicom, fhir_resources
from firewall.payload.dialects.cells import fitting, given
from firewall.payload.dialects.columns import Column, column
from firewall.payload.dialects.field import Field
from firewall.payload.document import Document, Leaf

_OF_PEOPLE = frozenset({"dob", "ssn", "mrn", "patient_id", "national_id", "street", "person_name"})
_LONGEST = 200  # code points of a value that is one datum rather than prose


def fields(document: Document) -> Sequence[tuple[int, Field]] | None:
    """Return what members identify by their names, by the leaf's index; None where no name tells anything."""
    inside = tuple(f"{pointer}/" for pointer in fhir_resources.roots(document))
    if "/" in inside:  # the document is a resource
        return None
    elements = dicom.recognises(document)
    found: list[tuple[int, Field]] = []
    maybe: list[tuple[int, Leaf, str]] = []
    lives: set[str] = set()  # objects that hold what only people have
    for index, leaf in enumerate(document.leaves):
        if leaf.kind == "key" or not leaf.field_name or not 0 < len(leaf.text) <= _LONGEST:
            continue
        if (inside and leaf.pointer.startswith(inside)) or (elements and dicom.stands_in(leaf.pointer)):
            continue
        told = _column(leaf.field_name, _owner(leaf))
        kind = None if told is None else fitting(told, leaf.text.strip())
        if told is None or kind is None:
            continue
        if told.tentative:
            maybe.append((index, leaf, kind))
            continue
        if told.meaning in _OF_PEOPLE:
            lives.add(_object(leaf))
        found.append((index, Field(0, len(leaf.text), kind, f"record:{told.meaning}")))
    for index, leaf, kind in maybe:
        if _object(leaf) in lives or (given(leaf.text) and not _of_things(_owner(leaf))):
            found.append((index, Field(0, len(leaf.text), kind, "record:name")))
    return found or None


def _object(leaf: Leaf) -> str:
    return leaf.pointer.rpartition("/")[0]


def _of_things(owner: str) -> bool:
    """Tell whether an object is one of things by its name: a material, a test, a product."""
    told = column(owner) if owner else None
    return told is not None and not told.entity_type


def _owner(leaf: Leaf) -> str:
    """Return the name of the object that a leaf's own name is a member of, past the places in lists."""
    named = [token for token in leaf.pointer.rsplit("/", 5)[1:] if not token.isdecimal()]
    return named[-2] if len(named) > 1 else ""


@lru_cache(maxsize=4_096)
def _column(name: str, owner: str) -> Column | None:
    """Return what a name says, with its owner's where that says more: `emergencyContact` before `name`."""
    told = column(name)
    if owner and (told is None or told.tentative or not told.entity_type):
        whole = column(f"{owner} {name}")
        if whole is not None and whole.entity_type and not whole.tentative:
            return whole
    return told
