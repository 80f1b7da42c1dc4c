"""The digest of a definition: RFC 8785, so that anybody computes the same."""

from __future__ import annotations

import hashlib
import json
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firewall.access.digest import canonical_json, definition_digest, same_digest
from firewall.errors import InvalidRequestError

PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=20,
)


@pytest.mark.parametrize(
    ("number", "written"),
    [
        ("0", "0"),
        ("-0.0", "0"),
        ("1.0", "1"),
        ("4.50", "4.5"),
        ("2e-3", "0.002"),
        ("1E30", "1e+30"),
        ("1e21", "1e+21"),
        ("1e20", "100000000000000000000"),
        ("0.000001", "0.000001"),
        ("1e-7", "1e-7"),
        ("1.5e-7", "1.5e-7"),
        ("333333333.33333329", "333333333.3333333"),
        ("0.000000000000000000000000001", "1e-27"),
        ("9223372036854775807", "9223372036854776000"),
        ("295147905179352830000", "295147905179352830000"),
        ("-9.5367431640625e-7", "-9.5367431640625e-7"),
        ("5e-324", "5e-324"),
        ("1.7976931348623157e308", "1.7976931348623157e+308"),
    ],
)
def test_numbers_are_written_as_ecmascript_writes_them(number: str, written: str) -> None:
    """The examples of RFC 8785 and the edges of the notation."""
    assert canonical_json(json.loads(number)) == written


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_written_number_is_the_same_double(number: float) -> None:
    """Nothing is rounded."""
    assert float(canonical_json(number)) == number


def test_members_stand_in_the_order_of_their_utf_16_code_units() -> None:
    """The example of RFC 8785, section 3.2.3, in which an emoji comes before a letter of a higher plane's number."""
    names = ["\u20ac", "\r", "\ufb33", "1", "\U0001f600", "\u0080", "\u00f6"]
    written = json.loads(canonical_json(dict.fromkeys(names, 1)), object_pairs_hook=list)
    assert [name for name, _ in written] == ["\r", "1", "\u0080", "\u00f6", "\u20ac", "\U0001f600", "\ufb33"]


def test_text_is_escaped_as_little_as_possible() -> None:
    """Control characters, quotation mark and backslash; letters stay letters."""
    assert canonical_json('\u20ac$\x0f\nA\'B"\\"/\x7f') == '"\u20ac$\\u000f\\nA\'B\\"\\\\\\"/\x7f"'


@given(PLAIN)
def test_canonical_json_says_the_same(value: Any) -> None:
    """Reading it gives the value back, and writing that gives the same text."""
    written = canonical_json(value)
    assert json.loads(written, parse_int=float) == value
    assert canonical_json(json.loads(written)) == written


@given(PLAIN, st.randoms())
def test_order_and_white_space_do_not_matter(value: Any, chance: random.Random) -> None:
    """Members may stand in any order."""

    def shuffled(item: Any) -> Any:
        if isinstance(item, dict):
            members = [(name, shuffled(inner)) for name, inner in item.items()]
            chance.shuffle(members)
            return dict(members)
        return [shuffled(inner) for inner in item] if isinstance(item, list) else item

    assert definition_digest(json.loads(json.dumps(shuffled(value), indent=3))) == definition_digest(value)


def test_every_change_of_meaning_matters() -> None:
    """A letter, a default, a hidden character, an annotation, the order of a list."""
    tool = {"name": "x", "inputSchema": {"required": ["a", "b"], "default": 1}, "_meta": {"v": "1"}}
    changed = [
        {**tool, "name": "X"},
        {**tool, "name": "x\u200b"},
        {**tool, "_meta": {"v": "2"}},
        {**tool, "annotations": {}},
        {**tool, "inputSchema": {"required": ["b", "a"], "default": 1}},
        {**tool, "inputSchema": {"required": ["a", "b"], "default": True}},
    ]
    assert len({definition_digest(one) for one in [tool, *changed]}) == 7


def test_the_digest_is_sha256_of_the_canonical_text() -> None:
    """In the form in which a registry pins it."""
    written = '{"a":"é","b":1}'
    assert definition_digest({"b": 1.0, "a": "é"}) == f"sha256:{hashlib.sha256(written.encode()).hexdigest()}"


@pytest.mark.parametrize("number", [10**400, -(10**400), float("inf"), float("nan")])
def test_what_no_double_holds_has_no_digest(number: float) -> None:
    """Two readers would disagree about it."""
    with pytest.raises(InvalidRequestError):
        definition_digest({"maximum": number})


def test_what_json_does_not_know_has_no_form() -> None:
    """A set is no JSON."""
    with pytest.raises(TypeError):
        canonical_json({1, 2})


def test_digests_are_compared_whatever_they_hold() -> None:
    """Also text that no digest is."""
    assert same_digest("sha256:ab", "sha256:ab")
    assert not same_digest("sha256:ab", "sha256:AB")
    assert not same_digest("sha256:é\ud800", "sha256:ab")
