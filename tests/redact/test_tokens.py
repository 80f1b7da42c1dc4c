"""Tokens: opened in the scope that made them, to the letter, and nowhere else; found wherever they stand."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firewall.redact.tokens import PREFIX, Original, Token, tokens_in, word
from tests.redact.keyrings import KEYS, SECRET, keys_of

TEXTS = st.text(max_size=80)
OTHERS = [
    keys_of(tenant="south"),
    keys_of(session="s-2"),
    keys_of(purpose="research"),
    keys_of(secret=SECRET[::-1]),
    keys_of(tenant="north\0s", session="-1"),
]


def only(text: str) -> Token:
    """Return the one token of a text."""
    [token] = tokens_in(text)
    return token


@given(TEXTS, TEXTS, TEXTS, st.text(max_size=12))
@settings(max_examples=60, deadline=None)
def test_what_was_sealed_is_opened(value: str, spelling: str, around: str, entity_type: str) -> None:
    """A token stands between any texts, is found there, and gives back value, spelling and formats."""
    for original in (Original(value), Original(value, spelling, "JsonText>Markup")):
        token = KEYS.scope.sealed(original, entity_type)
        kept, name, sealed = KEYS.scope.kept(original, entity_type)
        found = list(tokens_in(f"x{around}{token}{kept}y{around}"))
        sides = len(list(tokens_in(around)))
        mine = found[sides : sides + 2]
        assert KEYS.scope.opened(mine[0]) == original
        assert KEYS.scope.name_of(mine[1]) == name
        assert KEYS.scope.unsealed(name, sealed) == original
        assert re.fullmatch(r"[A-Za-z0-9_-]+", token + kept) and token.startswith(PREFIX + word(entity_type))


@pytest.mark.parametrize("other", OTHERS)
def test_no_other_scope_opens_it(other: object) -> None:
    """Not another tenant, session, purpose or key; nor one whose names run together to the same."""
    scope = other.scope  # type: ignore[attr-defined]  # Keys
    token, (kept, name, sealed) = (
        KEYS.scope.sealed(Original("Jane Doe"), "PERSON"),
        KEYS.scope.kept(Original("Jane"), "PERSON"),
    )
    assert scope.opened(only(token)) is None and not scope.genuine(only(token))
    assert scope.name_of(only(kept)) is None and not scope.genuine(only(kept))
    assert scope.unsealed(name, sealed) is None
    assert scope.sealed(Original("Jane Doe"), "PERSON") != token


def test_every_change_is_noticed() -> None:
    """Whichever character of a token is another one, it opens to nothing."""
    kept, _, _ = KEYS.scope.kept(Original("Jane Doe"), "PERSON")
    for token in (KEYS.scope.sealed(Original("Jane Doe"), "PERSON"), kept):
        for at in range(len(token)):
            for letter in "AB3_":
                changed = token[:at] + letter + token[at + 1 :]
                assert changed == token or not any(KEYS.scope.genuine(one) for one in tokens_in(changed))


def test_equal_values_have_equal_tokens_and_the_type_is_part_of_it() -> None:
    """So that a reader sees who is meant twice; a token of one type does not pass for another's."""
    token = KEYS.scope.sealed(Original("Jane Doe"), "PERSON")
    assert KEYS.scope.sealed(Original("Jane Doe"), "PERSON") == token
    assert KEYS.scope.sealed(Original("Jane Do"), "PERSON") != token
    assert KEYS.scope.kept(Original("Jane Doe"), "PERSON")[0] == KEYS.scope.kept(Original("Jane Doe"), "PERSON")[0]
    assert not KEYS.scope.genuine(only(token.replace("PERSON", "US_SSN")))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "FW1-",
        "FW1-PERSON",
        "FW1-PERSON-s9-abc",
        "FW1-PERSON-s0-",
        "FW1-person-s2-ab",
        "FW1-PERSON-vabc",
        "FW1-A-s5-AAAA!",
    ],
)
def test_what_only_begins_like_one_is_none(text: str) -> None:
    """Too short, in small letters, or with characters that no token has."""
    assert list(tokens_in(text)) == []


def test_many_false_heads_cost_little() -> None:
    """A text full of heads that claim the rest of it is read once."""
    texts = [("FW1-AA-s9999-" * count) for count in (4_000, 40_000)]
    spent = []
    for text in texts:
        began = time.perf_counter()
        sum(KEYS.scope.genuine(token) for token in tokens_in(text))
        spent.append(time.perf_counter() - began)
    assert spent[1] < 60 * max(spent[0], 0.002)
