"""The resources of a JSON document: where each stands, what stands beside each value, and what references point at."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from firewall.payload.document import Document

_TYPE = re.compile(r"[A-Z][A-Za-z]{2,40}\Z")
REFERENCE = re.compile(r"(?:\A|/)([A-Z][A-Za-z]{2,40})/([A-Za-z0-9.-]{1,64})(?:/_history/[A-Za-z0-9.-]{1,64})?\Z")
URN = re.compile(r"urn:(?:uuid|oid):([A-Za-z0-9.-]{1,64})\Z")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a container stands: in what resource, and under what names."""

    resource: str
    path: tuple[str, ...]


@dataclass(slots=True)
class Resources:
    """The members of each object, what resource each id stands for, and by what (lower case) patients are known."""

    roots: Mapping[str, str]
    members: dict[str, dict[str, str]] = field(default_factory=dict, repr=False)
    places: dict[str, Place | None] = field(default_factory=dict, repr=False)
    types: dict[str, str] = field(default_factory=dict, repr=False)
    known: dict[str, tuple[str, str]] = field(default_factory=dict, repr=False)

    def place(self, pointer: str) -> Place | None:
        """Return where a container stands; None outside every resource."""
        chain: list[str] = []
        while pointer not in self.places:
            if pointer in self.roots or not pointer:
                root = self.roots.get(pointer)
                self.places[pointer] = Place(root, ()) if root else None
                break
            chain.append(pointer)
            pointer = pointer.rpartition("/")[0]
        place = self.places[pointer]
        for step in reversed(chain):
            token = step.rpartition("/")[2]
            if place is not None and not token.isdecimal():
                place = Place(place.resource, (*place.path, token))
            self.places[step] = place
        return place

    def of(self, pointer: str) -> Mapping[str, str]:
        """Return the strings and numbers that are members of the object at a pointer."""
        return self.members.get(pointer, {})


def roots(document: Document) -> dict[str, str]:
    """Return the type of each resource in a document by the pointer of its object."""
    return {
        leaf.pointer[: -len("/resourceType")]: leaf.text
        for leaf in document.leaves
        if leaf.field_name == "resourceType" and leaf.pointer.endswith("/resourceType") and _TYPE.match(leaf.text)
    }


def target_of(reference: str, resources: Resources) -> str:
    """Return the type of what a reference points at, or nothing."""
    match = REFERENCE.search(reference)
    if match is not None:
        return match[1]
    urn = URN.match(reference)
    return resources.types.get(urn[1] if urn else reference.lstrip("#"), "")
