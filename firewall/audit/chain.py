"""The hash chain: each record commits to all before it, and a keyed head commits to the last.

    record_hash(n) = SHA-256(record_hash(n - 1) || record(n)),   record_hash(0) = GENESIS
    record(n)      = {"entry":<canonical entry>,"sequence":n}    ASCII, no white space
    head           = n, record_hash(n), HMAC-SHA256(head key, n as 8 bytes big-endian || record_hash(n))

The number stands inside the hashed bytes, so a record that was moved says where it belongs. The chain alone shows
any change that does not recompute all later hashes; the head shows that one too, and a tail that was cut off,
because nobody without the audit key can sign another head.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from hashlib import sha256

from firewall.sealed import derive

GENESIS = sha256(b"agent-tool-firewall/audit-chain/v1").digest()


def record_bytes(entry: bytes, sequence: int) -> bytes:
    """Return the stored form of a canonical entry at its place in the chain."""
    return b'{"entry":%b,"sequence":%d}' % (entry, sequence)


def record_hash(previous: bytes, record: bytes) -> bytes:
    """Return the hash of a stored record; `previous` is the 32-byte hash of the one before."""
    return sha256(previous + record).digest()


@dataclass(frozen=True, slots=True)
class Head:
    """The last record's number and hash. Number 0 with GENESIS is an empty chain."""

    sequence: int = 0
    hash: bytes = GENESIS

    def follow(self, entry: bytes) -> tuple[Head, bytes]:
        """Return the head after one more canonical entry, and that entry's stored form."""
        record = record_bytes(entry, self.sequence + 1)
        return Head(self.sequence + 1, record_hash(self.hash, record)), record


class HeadSigner:
    """Signs and checks heads with a key derived from the audit key."""

    __slots__ = ("_key",)

    def __init__(self, key: bytes) -> None:
        """Derive the key for heads."""
        self._key = derive(key, "head/v1")

    def sign(self, head: Head) -> bytes:
        """Return the head's HMAC-SHA256."""
        return hmac.digest(self._key, head.sequence.to_bytes(8, "big") + head.hash, "sha256")

    def holds(self, head: Head, signature: bytes) -> bool:
        """Tell whether the signature is this head's, in constant time."""
        return hmac.compare_digest(self.sign(head), signature)
