"""The definition of the chain, computed a second time by hand."""

from __future__ import annotations

import hashlib
import hmac

from firewall.audit.chain import GENESIS, Head, HeadSigner, record_bytes


def test_the_chain_is_what_its_documentation_says() -> None:
    """Hash and stored form of the second record follow from the published formula."""
    first, one = Head().follow(b'{"a":1}')
    second, two = first.follow(b'{"b":2}')
    assert (one, two) == (b'{"entry":{"a":1},"sequence":1}', record_bytes(b'{"b":2}', 2))
    expected = hashlib.sha256(GENESIS + one).digest()
    assert first == Head(1, expected)
    assert second == Head(2, hashlib.sha256(expected + two).digest())
    assert hashlib.sha256(b"agent-tool-firewall/audit-chain/v1").digest() == GENESIS


def test_the_signature_is_what_its_documentation_says() -> None:
    """A head's signature is an HMAC under a key derived from the audit key."""
    head, _ = Head().follow(b"{}")
    derived = hmac.digest(b"k" * 32, b"agent-tool-firewall/head/v1", "sha256")
    expected = hmac.digest(derived, (1).to_bytes(8, "big") + head.hash, "sha256")
    assert HeadSigner(b"k" * 32).sign(head) == expected


def test_a_signature_holds_for_one_head_and_one_key() -> None:
    """Another number, another hash or another key does not hold."""
    head, _ = Head().follow(b"{}")
    signer = HeadSigner(b"k" * 32)
    signature = signer.sign(head)
    assert signer.holds(head, signature)
    assert not signer.holds(Head(2, head.hash), signature)
    assert not signer.holds(Head(1, GENESIS), signature)
    assert not HeadSigner(b"l" * 32).holds(head, signature)
