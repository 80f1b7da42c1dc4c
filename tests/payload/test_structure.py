"""The structure layer: what formats say comes home to the code points of each segment."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firewall.payload import structure
from firewall.payload.dialects.field import Field
from firewall.payload.document import Limits, from_text, parse, values
from firewall.payload.reading import read
from firewall.payload.structure import is_nobodys, known, parts
from firewall.payload.views import Leaves
from firewall.vocabulary import Direction, Segment
from tests.cost import growth

PATIENT = {"resourceType": "Patient", "name": [{"family": 'Ha"l\\v\u00f8rsen\U0001f600', "given": ["Mirela"]}]}
FORMATS = (
    "{\"',:[]}|\\\n<>&\r\t",
    "resourceType Patient name family PID|1||004^^^MR||A^B dob,name <p> Subject: From: 1961-02-14",
)


def segments(text: str, *, plain: bool = True) -> tuple[Segment, ...]:
    """Return the segments of a payload: a plain string, or JSON as it stands."""
    return read(from_text(text) if plain else parse(text, Limits()), Direction.OUTBOUND).segments


def covered(leaves: tuple[Segment, ...]) -> list[str]:
    """Return every range that identifies somebody, as it is spelled."""
    return [
        leaf.text[one.start : one.end]
        for leaf, fields in zip(leaves, known(leaves), strict=True)
        for one in fields
        if one.entity_type
    ]


@pytest.mark.parametrize("ascii_only", [True, False])
def test_a_json_text_inside_a_string_is_known_as_it_is_spelled(ascii_only: bool) -> None:
    """Escapes and halves of surrogate pairs are covered whole, and quotation marks are not."""
    text = json.dumps(PATIENT, ensure_ascii=ascii_only)
    family = json.dumps(PATIENT["name"][0]["family"], ensure_ascii=ascii_only)[1:-1]  # type: ignore[index]
    assert covered(segments(text)) == [family, "Mirela"]


def test_the_payload_itself_is_known_leaf_by_leaf() -> None:
    """A resource as structured content, as MCP text and as a member among others is the same resource."""
    want = [PATIENT["name"][0]["family"], "Mirela"]  # type: ignore[index]
    assert covered(segments(json.dumps(PATIENT), plain=False)) == want
    assert covered(segments(json.dumps({"structuredContent": {"patient": PATIENT}}), plain=False)) == want
    block = {"content": [{"type": "text", "text": json.dumps(PATIENT, ensure_ascii=False)}]}
    assert len(covered(segments(json.dumps(block), plain=False))) == 2


def test_lines_of_json_and_json_in_prose_are_read() -> None:
    """One resource a line, one in a fenced block, and one that breaks off in its middle."""
    line = json.dumps({"resourceType": "Patient", "birthDate": "1961-02-14"})
    assert covered(segments(f"{line}\n{line}\r\n{line}")) == ["1961-02-14"] * 3
    assert covered(segments(f"Here it is:\n```json\n{line}\n```\nDone.")) == ["1961-02-14"]
    assert covered(segments(f"{line}\n{line[:-2]}")) == ["1961-02-14"]
    cut = json.dumps({"resourceType": "Patient", "birthDate": "1961-02-14", "active": True})[:-6]
    assert covered(segments(cut)) == ["1961-02-14"]


def test_a_string_of_a_json_text_may_hold_another_format() -> None:
    """A message in a member of a JSON text is read, in the code points of the outer text."""
    message = "MSH|^~\\&|A|B|C|D|20310304||ADT^A01|1|P|2.5\rPID|1||00412377^^^H^MR||HALVORSEN^MIRELA||19610214|F"
    text = json.dumps({"raw": message})
    leaves = segments(text)
    assert "HALVORSEN" in " ".join(covered(leaves))


def test_values_are_read_as_far_as_they_go() -> None:
    """What breaks off, repeats a name or is too deep ends a value, and the next one is looked for behind it."""
    texts = ['{"a": 1', '{"a": 1, "a": 2} {"b": 3}', "[" * 99 + ' x {"c": 4}']
    leaves = [[leaf.text for one in values(text, Limits()) for leaf in one.leaves] for text in texts]
    assert leaves[0] == ["a", "1"]
    assert leaves[1] == ["a", "1", "b", "3"]
    assert leaves[2] == ["c", "4"]


def test_prose_costs_no_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    """A text in which no mark of any format stands is not handed to a dialect."""
    monkeypatch.setattr(structure, "_TEXT", (pytest.fail,))
    assert known(segments("The patient was seen on Tuesday, and was well.")) == ((),)


def test_what_is_known_is_worked_out_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Detectors that ask one after another get the same answer."""
    asked: list[str] = []
    monkeypatch.setattr(structure, "_TEXT", (asked.append,))
    leaves = Leaves(segments("Several lines\nof prose"))
    assert known(leaves) is known(leaves)
    assert len(asked) == 1


def test_fields_of_one_segment_do_not_overlap(monkeypatch: pytest.MonkeyPatch) -> None:
    """What identifies somebody wins over what does not, the first and longest over the rest, and nothing is empty."""
    answers = [Field(0, 4, "", "a"), Field(2, 8, "PERSON", "b"), Field(6, 12, "LOCATION", "c"), Field(9, 9, "URL", "d")]
    answers += [Field(12, 14, "", "e")]
    monkeypatch.setattr(structure, "_TEXT", (lambda _: answers,))
    told = known(segments("0123456789\n012345"))[0]
    assert [(one.start, one.end, one.entity_type) for one in told] == [
        (2, 8, "PERSON"),
        (8, 12, "LOCATION"),
        (12, 14, ""),
    ]
    assert is_nobodys(told, 12, 14)
    assert not is_nobodys(told, 12, 15)
    assert not is_nobodys(told, 2, 8)


JSONISH = st.recursive(
    st.sampled_from(["Patient", "1961-02-14", "MR", "Ann Lee", "x|y\nz", "{", 93, None, True, "urn:uuid:1"]),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(["resourceType", "name", "family", "value", "system", "id", "reference", "vr", "Value", "url",
                         "00100010", "extension", "0", "patient", "dob", "text", "display", "coding", ""]), inner, max_size=5),
    max_leaves=20,
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(JSONISH, st.sampled_from([None, 1]), st.booleans())
def test_no_json_is_too_odd(value: object, indent: int | None, plain: bool) -> None:
    """Whatever stands where, fields lie in their segments, in order, apart from one another, and nothing is raised."""
    text = json.dumps(value, indent=indent)
    leaves = segments(text, plain=plain)
    for leaf, fields in zip(leaves, known(leaves), strict=True):
        ends = [0, *(one.end for one in fields)]
        assert all(end <= one.start < one.end <= len(leaf.text) for end, one in zip(ends, fields, strict=False))


@settings(max_examples=200, deadline=None)
@given(st.one_of([st.text(alphabet=alphabet, max_size=80) for alphabet in FORMATS]))
def test_no_text_is_too_odd(text: str) -> None:
    """The same for texts that nearly are of a format."""
    for fields, leaf in zip(known(segments(text)), segments(text), strict=True):
        assert all(0 <= one.start < one.end <= len(leaf.text) for one in fields)


@pytest.mark.parametrize(
    "piece", ['{"a', '{"resourceType":"Patient","birthDate":"1961-02-14"}\n', "[{", '{ "\\', "[[1]"]
)
def test_twice_the_text_costs_twice(piece: str) -> None:
    """Also where a value breaks off again and again, so that reading begins anew."""
    times = 12_000 // len(piece)
    small, large = segments(piece * times), segments(piece * 2 * times)
    assert growth(lambda: known(small), lambda: known(large)) <= 2.6


def test_a_finding_over_several_fields_is_one_in_each() -> None:
    """What identifies nobody falls out, and so do the marks between cells; what touches no field stays whole."""
    text = "Quill,Maria,mg/dL,free text; and"
    told = [Field(0, 5, "PERSON", "x"), Field(6, 11, "PERSON", "x"), Field(12, 17, "", "x")]
    assert list(parts(text, told, 2, 27)) == [(2, 5), (6, 11), (18, 27)]
    assert list(parts(text, told, 13, 16)) == []
    assert list(parts(text, told, 27, 32)) == [(27, 32)]
    assert list(parts(text, [], 5, 6)) == [(5, 6)]
