"""Keys, and what leaves this process under them: who holds the key can tell that a thing is ours, and under which name.

Both the verdict cache and the vault keep sealed bytes in a Redis; how that is opened stands here as well.
"""

from __future__ import annotations

import hmac
import os
from typing import TYPE_CHECKING, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from firewall.errors import ConfigurationError

if TYPE_CHECKING:
    from redis.asyncio import Redis

KEY_BYTES: Final = 32
NONCE_BYTES: Final = 12


def derive(key: bytes, purpose: str) -> bytes:
    """Return the key for one purpose: HMAC-SHA256 of the purpose's name under a key (32 bytes)."""
    return hmac.digest(key, b"agent-tool-firewall/" + purpose.encode("utf-8", "surrogatepass"), "sha256")


class Seal:
    """Seals bytes under a key. What is opened is what was sealed under the same key and the same name, or nothing."""

    __slots__ = ("_key",)

    def __init__(self, key: bytes, purpose: str = "verdicts/seal") -> None:
        """Derive the key from which the key of each entry is made, one for each purpose."""
        self._key = derive(key, purpose)

    def __repr__(self) -> str:
        """Show no key."""
        return "Seal()"

    def seal(self, name: bytes, packed: bytes) -> bytes:
        """Return bytes that only this key opens, and only under this name.

        Each name has a key of its own, so that a random nonce cannot come twice under one key in any lifetime.
        """
        nonce = os.urandom(NONCE_BYTES)
        return nonce + self._cipher(name).encrypt(nonce, packed, name)

    def open(self, name: bytes, sealed: bytes) -> bytes | None:
        """Return what was sealed under a name; None where this was not."""
        try:
            return self._cipher(name).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], name)
        except (InvalidTag, ValueError):  # ValueError: too short to be anything that was sealed
            return None

    def _cipher(self, name: bytes) -> AESGCM:
        return AESGCM(hmac.digest(self._key, name, "sha256"))


def open_redis(url: str, *, connections: int, patience_s: float) -> Redis:
    """Return a client that connects when it is first asked, waits `patience_s` seconds for anything, and tries twice.

    Raises:
        ConfigurationError: if the address is none. It may hold a password, so it is not shown.
    """
    from redis.asyncio import Redis  # a tenth of a second, and only some have a Redis
    from redis.asyncio.retry import Retry
    from redis.backoff import NoBackoff
    from redis.exceptions import ConnectionError as RedisConnectionError
    from redis.exceptions import RedisError

    try:
        return Redis.from_url(
            url,
            protocol=2,
            max_connections=connections,
            socket_timeout=patience_s,
            socket_connect_timeout=patience_s,
            retry=Retry(NoBackoff(), 1, supported_errors=(RedisConnectionError,)),
        )
    except (ValueError, TypeError, RedisError):
        raise ConfigurationError("FIREWALL_REDIS_URL is not the address of a Redis") from None
