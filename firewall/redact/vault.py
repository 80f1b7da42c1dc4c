"""Vaults: where the texts behind short tokens are kept, sealed, for a time.

A vault sees names (keyed hashes) and sealed bytes, and nothing else: who can read all of it learns how many texts there
are, how long, and when they were written. The one in this process is gone with it; a Redis serves a fleet.
"""

from __future__ import annotations

import base64
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from typing import Final, Protocol

from firewall.errors import VaultUnavailableError
from firewall.sealed import open_redis

PREFIX: Final = b"firewall:vault:1:"
_CONNECTIONS: Final = 16
_AT_ONCE: Final = 512
_ENTRY_BYTES: Final = 250  # what an entry takes besides its two byte strings, about


class Vault(Protocol):
    """Keeps sealed bytes under names of 32 bytes."""

    async def put(self, entries: Mapping[bytes, bytes]) -> None:
        """Keep entries, or keep them for longer. Raises VaultUnavailableError where that is not certain."""
        ...

    async def get(self, names: Sequence[bytes]) -> list[bytes | None]:
        """Return what is kept under each name; None for what is no longer. Raises VaultUnavailableError."""
        ...

    async def close(self) -> None:
        """Let go of what was opened."""
        ...


class MemoryVault:
    """A vault in this process: bounded, forgetting the oldest first."""

    def __init__(
        self, *, ttl_s: int = 86_400, most_bytes: int = 64 << 20, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Keep at most `most_bytes`, each entry for `ttl_s` seconds after it was last written."""
        self._entries: OrderedDict[bytes, tuple[float, bytes]] = OrderedDict()
        self._bytes = 0
        self._ttl_s, self._most_bytes, self._clock = ttl_s, most_bytes, clock

    def __repr__(self) -> str:
        """Tell how full it is."""
        return f"MemoryVault({len(self._entries)} entries)"

    async def put(self, entries: Mapping[bytes, bytes]) -> None:
        """Keep entries. What does not fit all together is refused rather than forgotten at once."""
        if sum(map(_size, entries.values())) > self._most_bytes:
            raise VaultUnavailableError("the texts to be kept are larger than the vault")
        now = self._clock()
        for name, sealed in entries.items():
            self._forget(name)
            self._entries[name] = now + self._ttl_s, sealed
            self._bytes += _size(sealed)
        while self._entries and (self._bytes > self._most_bytes or next(iter(self._entries.values()))[0] <= now):
            self._forget(next(iter(self._entries)))

    async def get(self, names: Sequence[bytes]) -> list[bytes | None]:
        """Return what is kept under each name."""
        now = self._clock()
        found = (self._entries.get(name) for name in names)
        return [entry[1] if entry is not None and entry[0] > now else None for entry in found]

    async def close(self) -> None:
        """Forget everything."""
        self._entries.clear()
        self._bytes = 0

    def _forget(self, name: bytes) -> None:
        entry = self._entries.pop(name, None)
        if entry is not None:
            self._bytes -= _size(entry[1])


class RedisVault:
    """A vault in a Redis, which forgets by itself. Belongs to one event loop."""

    def __init__(self, url: str, *, ttl_s: int = 86_400, patience_s: float = 1.0) -> None:
        """Connect when it is first needed. `patience_s` is how many seconds anything may take.

        Raises:
            ConfigurationError: if the address is none.
        """
        self._redis = open_redis(url, connections=_CONNECTIONS, patience_s=patience_s)
        self._ttl_s = ttl_s

    def __repr__(self) -> str:
        """Show neither address nor key."""
        return "RedisVault()"

    async def put(self, entries: Mapping[bytes, bytes]) -> None:
        """Keep entries, a few at a time."""
        items = list(entries.items())
        try:
            for at in range(0, len(items), _AT_ONCE):
                pipe = self._redis.pipeline(transaction=False)
                for name, sealed in items[at : at + _AT_ONCE]:
                    pipe.set(_place(name), sealed, ex=self._ttl_s)
                await pipe.execute()
        except Exception:  # noqa: BLE001 - whatever ails Redis or its client, it is not certain that they are kept
            raise VaultUnavailableError("the vault could not be written") from None

    async def get(self, names: Sequence[bytes]) -> list[bytes | None]:
        """Return what is kept under each name."""
        found: list[bytes | None] = []
        try:
            for at in range(0, len(names), _AT_ONCE):
                few = await self._redis.mget([_place(name) for name in names[at : at + _AT_ONCE]])
                found += [one if isinstance(one, bytes) else None for one in few]
        except Exception:  # noqa: BLE001 - whatever ails Redis or its client, nothing is known of what is kept
            raise VaultUnavailableError("the vault could not be read") from None
        return found

    async def close(self) -> None:
        """Disconnect."""
        await self._redis.aclose()


def _place(name: bytes) -> bytes:
    """Return the key under which Redis keeps what has a name."""
    return PREFIX + base64.urlsafe_b64encode(name).rstrip(b"=")


def _size(sealed: bytes) -> int:
    return len(sealed) + _ENTRY_BYTES
