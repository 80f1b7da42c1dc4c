"""The seal on what leaves this process: who holds the key can tell that an answer is ours, and for which window."""

from __future__ import annotations

import hmac
import os
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from firewall.inference.verdicts import derive

_NONCE_BYTES: Final = 12


class Seal:
    """Seals answers under a key. What is opened is what was sealed under the same key and the same name, or nothing."""

    __slots__ = ("_key",)

    def __init__(self, key: bytes) -> None:
        """Derive the key from which the key of each entry is made."""
        self._key = derive(key, "seal")

    def seal(self, name: bytes, packed: bytes) -> bytes:
        """Return an answer that only this key opens, and only under this name.

        Each name has a key of its own, so that a random nonce cannot come twice under one key in any lifetime.
        """
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._cipher(name).encrypt(nonce, packed, name)

    def open(self, name: bytes, sealed: bytes) -> bytes | None:
        """Return what was sealed under a name; None where this was not."""
        try:
            return self._cipher(name).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], name)
        except (InvalidTag, ValueError):  # ValueError: too short to be anything that was sealed
            return None

    def _cipher(self, name: bytes) -> AESGCM:
        return AESGCM(hmac.digest(self._key, name, "sha256"))
