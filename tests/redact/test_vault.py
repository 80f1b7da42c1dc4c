"""Vaults: what is kept is given back for a time, in this process and in a real Redis, and cannot be read there."""

from __future__ import annotations

import asyncio

import pytest

from firewall.errors import ConfigurationError, VaultUnavailableError
from firewall.redact.tokens import Original
from firewall.redact.vault import PREFIX, MemoryVault, RedisVault
from tests.redact.keyrings import KEYS
from tests.redis_servers import redis_server

NAMES = [bytes([number]) * 32 for number in range(4)]


def test_memory_keeps_for_a_time_and_in_bounds() -> None:
    """An entry goes when its time is up or newer ones need the room; what is too large at once is refused."""

    async def story() -> None:
        now = [0.0]
        vault = MemoryVault(ttl_s=10, most_bytes=3 * 260, clock=lambda: now[0])
        await vault.put({NAMES[0]: b"0123456789"})
        now[0] = 9
        assert await vault.get([NAMES[0], NAMES[1]]) == [b"0123456789", None]
        await vault.put({NAMES[0]: b"0123456789"})
        now[0] = 15
        assert await vault.get([NAMES[0]]) == [b"0123456789"]
        for name in NAMES[1:]:
            await vault.put({name: b"0123456789"})
        assert await vault.get(NAMES) == [None, *[b"0123456789"] * 3]
        now[0] = 26
        assert await vault.get(NAMES) == [None] * 4
        with pytest.raises(VaultUnavailableError):
            await vault.put({NAMES[0]: bytes(1_000)})
        await vault.close()
        assert "012" not in repr(vault)

    asyncio.run(story())


def test_redis_keeps_it_sealed_and_for_a_time() -> None:
    """Nothing of a text stands in Redis' memory dump, and every entry ends by itself."""
    entries = {name: sealed for text in ("Wilhelmina Quackenbush", "219-09-9999")
               for _, name, sealed in [KEYS.scope.kept(Original(text), "PERSON")]}  # fmt: skip
    with redis_server() as server:

        async def story() -> list[bytes | None]:
            vault = RedisVault(server.url, ttl_s=100)
            await vault.put(entries)
            found = await vault.get([*entries, NAMES[0]])
            await vault.close()
            return found

        assert asyncio.run(story()) == [*entries.values(), None]
        held = server.dump()
        assert not any(word in held for word in (b"Wilhelmina", b"Quackenbush", b"219-09-9999", b"north", b"PERSON"))
        client = server.client()
        keys = client.keys()
        assert len(keys) == 2 and all(key.startswith(PREFIX) and 0 < client.ttl(key) <= 100 for key in keys)


def test_a_redis_that_is_gone_is_said() -> None:
    """Neither is a text taken for kept, nor a token for forgotten; an address that is none is refused at once."""
    with redis_server() as server:
        server.kill()

        async def story() -> None:
            vault = RedisVault(server.url, patience_s=0.2)
            with pytest.raises(VaultUnavailableError):
                await vault.put({NAMES[0]: b"x"})
            with pytest.raises(VaultUnavailableError):
                await vault.get(NAMES)
            await vault.close()

        asyncio.run(story())
    with pytest.raises(ConfigurationError):
        RedisVault("redis://host:not-a-port")
