"""The seal: what was sealed under a name is opened under that name and key, to the byte, and nothing else is."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from firewall.sealed import Seal

KEY = bytes(range(32))
NAME = b"n" * 32


@given(st.binary(max_size=600), st.binary(min_size=32, max_size=32))
@settings(max_examples=60, deadline=None)
def test_what_was_sealed_is_opened(packed: bytes, name: bytes) -> None:
    """An answer comes back to the byte; sealed, it shows nothing of itself, and never looks the same twice."""
    seal = Seal(KEY)
    first, second = seal.seal(name, packed), seal.seal(name, packed)
    assert seal.open(name, first) == seal.open(name, second) == packed
    assert first != second
    assert len(packed) < 4 or packed not in first


def test_every_changed_bit_is_noticed() -> None:
    """Whichever bit is changed, whatever is cut off or added: nothing is opened."""
    seal = Seal(KEY)
    sealed = seal.seal(NAME, b"answer")
    for at in range(8 * len(sealed)):
        changed = bytearray(sealed)
        changed[at // 8] ^= 1 << at % 8
        assert seal.open(NAME, bytes(changed)) is None
    for length in range(len(sealed)):
        assert seal.open(NAME, sealed[:length]) is None
    assert seal.open(NAME, sealed + b"\0") is None


def test_an_answer_cannot_be_moved() -> None:
    """A genuine answer under another window's name, or under another key, is not opened."""
    sealed = Seal(KEY).seal(NAME, b"harmless")
    assert Seal(KEY).open(b"m" * 32, sealed) is None
    assert Seal(bytes(32)).open(NAME, sealed) is None
    assert Seal(KEY).open(NAME, sealed) == b"harmless"
