"""Presidio's operators under their names."""

from __future__ import annotations

import re

import pytest

from firewall.errors import ConfigurationError
from firewall.redact.operators import operate
from firewall.vocabulary import Operator
from tests.redact.keyrings import keys_of

KEYS, OTHER = keys_of("north"), keys_of("south")


@pytest.mark.parametrize(
    ("operator", "expected"),
    [
        (Operator(), "<PERSON>"),
        (Operator("replace", {"new_value": "somebody"}), "somebody"),
        (Operator("redact"), ""),
        (Operator("mask"), "********"),
        (Operator("mask", {"masking_char": "#", "chars_to_mask": 3, "from_end": True}), "Jane ###"),
        (Operator("keep"), "Jane Doe"),
    ],
    ids=["replace", "new-value", "redact", "mask", "mask-end", "keep"],
)
def test_each_operator(operator: Operator, expected: str) -> None:
    """With the defaults that leave nothing of the text."""
    assert operate(operator, "Jane Doe", "PERSON", KEYS) == expected


def test_a_hash_is_stable_under_one_key_and_different_under_another() -> None:
    """Equal values can be told to be equal within a tenant, and nowhere else."""
    one = operate(Operator("hash"), "Jane Doe", "PERSON", KEYS)
    assert re.fullmatch("[0-9a-f]{64}", one)
    assert operate(Operator("hash"), "Jane Doe", "OTHER_ID", KEYS) == one
    assert operate(Operator("hash"), "Jane Doe", "PERSON", OTHER) != one
    assert operate(Operator("hash"), "Jane Do", "PERSON", KEYS) != one


@pytest.mark.parametrize("name", ["decrypt", "custom", "restored", ""])
def test_what_is_no_anonymizer_is_refused(name: str) -> None:
    """Nothing is edited by a name that is not known here."""
    with pytest.raises(ConfigurationError):
        operate(Operator(name), "Jane Doe", "PERSON", KEYS)
