"""When the Redis of the shared cache fails, inspections go on, at their usual pace."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from firewall.inference import shared as module
from firewall.inference.batcher import Batcher
from firewall.inference.cached import CachedBatcher
from firewall.inference.model import Answer, Model, Window
from firewall.inference.shared import SharedVerdicts
from firewall.inference.verdicts import Memory, on_behalf_of
from firewall.telemetry import Metrics
from tests import tiny_models
from tests.redis_servers import KEY, RedisServer, connected, count, eventually, redis_server

NAMES = [bytes([number]) * 32 for number in range(4)]
TEXT = " ".join(["report is in the notes and pump of patient alice"] * 12)
ENTRIES = [(name, b"answer" + name[:1]) for name in NAMES]


@pytest.fixture(scope="module")
def guard(tmp_path_factory: pytest.TempPathFactory) -> Model:
    """Return a sequence model with windows of 32 tokens."""
    return Model.load(tiny_models.write_injection(tmp_path_factory.mktemp("guard") / "guard"))


@pytest.fixture
def server() -> Iterator[RedisServer]:
    """Start a Redis."""
    with redis_server() as started:
        yield started


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a lost Redis be looked for after a twentieth of a second, and be given up on as soon."""
    monkeypatch.setattr(module, "_FIRST_PAUSE_S", 0.05)
    monkeypatch.setattr(module, "_LONGEST_PAUSE_S", 0.1)
    monkeypatch.setattr(module, "_PATIENCE_S", 0.2)


def windows_of(model: Model, *texts: str) -> list[Window]:
    """Return the windows of texts, in order."""
    return [window for encoded in model.encode(texts) for window in encoded.windows]


def ask(scorer: CachedBatcher, windows: list[Window]) -> list[Answer]:
    """Score on behalf of a tenant."""

    async def scored() -> list[Answer]:
        with on_behalf_of("clinic"):
            return await scorer.score(windows)

    return asyncio.run(scored())


def test_killed_in_the_middle(guard: Model, server: RedisServer, quick: None) -> None:
    """While Redis is killed and comes back every text is answered rightly; then it is used again."""
    texts = [(number, "pump " * (number % 7 + 60) + ("ignore" if number % 3 else "")) for number in range(150)]
    metrics = Metrics()
    with Batcher(guard) as batcher, closing(connected(server.url, metrics=metrics)) as shared:

        async def one(number: int, text: str) -> None:
            with on_behalf_of("clinic"):
                cached = CachedBatcher(batcher, Memory(1 << 20, 100), KEY, shared=shared)
                answers = await cached.score(windows_of(guard, text))
            assert (max(guard.margin(answer.logits) for answer in answers) > 0) is bool(number % 3)
            if number == 40:
                server.kill()
            await asyncio.sleep(0)

        async def scenario() -> None:
            for number, text in texts:
                await one(number, text)

        asyncio.run(scenario())
        eventually(lambda: not shared.up)
        assert count(metrics, "unreachable") >= 3
        assert metrics.registry.get_sample_value("firewall_verdict_cache_redis_up") == 0
        server.start()
        eventually(lambda: shared.up)
        assert metrics.registry.get_sample_value("firewall_verdict_cache_redis_up") == 1
        shared.put(ENTRIES)
        eventually(lambda: asyncio.run(shared.get(NAMES)) == [packed for _, packed in ENTRIES])


def test_gone_it_costs_nothing(server: RedisServer, quick: None) -> None:
    """Once Redis is left alone, asking and telling take microseconds, and nothing piles up."""
    with closing(connected(server.url)) as shared:
        server.kill()

        async def lose() -> None:
            while shared.up:
                assert await shared.get(NAMES) == [None] * 4

        asyncio.run(lose())

        async def many() -> float:
            began = time.perf_counter()
            for _ in range(2000):
                assert await shared.get(NAMES) == [None] * 4
                shared.put(ENTRIES)
            return (time.perf_counter() - began) / 2000

        assert asyncio.run(many()) < 0.0005
        assert not shared._waiting


def test_a_slow_one_is_not_waited_for(server: RedisServer, quick: None) -> None:
    """A Redis that stands still costs three time-outs, and then none until it answers again."""
    metrics = Metrics()
    with closing(connected(server.url, timeout_s=0.05, metrics=metrics)) as shared:
        asyncio.run(shared.get(NAMES))
        before = count(metrics, "timeout")
        server.pause()
        spent = []

        async def many() -> None:
            for _ in range(50):
                began = time.perf_counter()
                assert await shared.get(NAMES) == [None] * 4
                spent.append(time.perf_counter() - began)

        asyncio.run(many())
        assert not shared.up
        assert max(spent) < 0.05 + module._GRACE_S + 0.2
        assert sum(one > 0.04 for one in spent) <= 4
        assert count(metrics, "timeout") - before <= 4
        time.sleep(0.5)
        assert not shared.up
        server.resume()
        eventually(lambda: shared.up)
        shared.put(ENTRIES)
        eventually(lambda: asyncio.run(shared.get(NAMES)) == [packed for _, packed in ENTRIES])


def test_many_who_ask_a_slow_one(server: RedisServer, quick: None) -> None:
    """Two hundred who ask at once wait no longer than one; no more connections are opened than there may be."""
    with closing(connected(server.url, timeout_s=0.1)) as shared:
        server.pause()

        async def many() -> float:
            began = time.perf_counter()
            await asyncio.gather(*(shared.get(NAMES) for _ in range(200)))
            return time.perf_counter() - began

        assert asyncio.run(many()) < 0.1 + module._GRACE_S + 0.5
        assert len(shared._reads) <= module._CONNECTIONS
        server.resume()
        eventually(lambda: shared.up and not shared._reads)
        assert len(server.client().client_list()) <= module._CONNECTIONS + 3


def test_never_there(tmp_path: Path, guard: Model) -> None:
    """Without Redis from the start on everything is computed, and closing takes no time."""
    shared = SharedVerdicts(f"unix://{tmp_path}/nobody", KEY)
    with Batcher(guard) as batcher:
        cached = CachedBatcher(batcher, Memory(1 << 20, 100), KEY, shared=shared)
        assert len(ask(cached, windows_of(guard, TEXT))) == len(windows_of(guard, TEXT))
    began = time.monotonic()
    shared.close()
    assert time.monotonic() - began < 2


def test_a_busy_service_does_not_blame_redis(server: RedisServer) -> None:
    """When the service itself is busy for longer than the time-out, the answer that came meanwhile counts."""
    metrics = Metrics()
    with closing(connected(server.url, timeout_s=0.2, metrics=metrics)) as shared:
        shared.put(ENTRIES)
        eventually(lambda: len(server.client().keys()) == 4)

        async def busy() -> list[bytes | None]:
            asked = asyncio.create_task(shared.get(NAMES))
            await asyncio.sleep(0)
            time.sleep(0.4)  # noqa: ASYNC251 - that is the point
            return await asked

        assert asyncio.run(busy()) == [packed for _, packed in ENTRIES]
        assert count(metrics, "timeout") == 0


def test_a_full_one_is_still_read(server: RedisServer) -> None:
    """A Redis that takes no more stays in use for what it has; one that makes room gives fewer answers."""
    metrics = Metrics()
    with closing(connected(server.url, metrics=metrics)) as shared:
        shared.put(ENTRIES)
        eventually(lambda: len(server.client().keys()) == 4)
        server.client().config_set("maxmemory", 1)  # and the policy is to forget nothing
        for number in range(1, 5):
            shared.put([(b"m" * 32, b"more")])
            eventually(lambda number=number: count(metrics, "unwritten") == number)
            assert asyncio.run(shared.get([*NAMES, b"m" * 32])) == [*(packed for _, packed in ENTRIES), None]
        assert shared.up
        server.client().config_set("maxmemory-policy", "allkeys-lru")
        server.client().config_set("maxmemory", 2)
        eventually(lambda: not server.client().keys())
        assert asyncio.run(shared.get(NAMES)) == [None] * 4
        assert shared.up


def test_a_burst_is_not_an_outage(server: RedisServer) -> None:
    """When more ask at once than may, the others compute, and Redis stays in use."""
    metrics = Metrics()
    with closing(connected(server.url, metrics=metrics)) as shared:
        shared.put(ENTRIES)
        eventually(lambda: len(server.client().keys()) == 4)

        async def many() -> list[list[bytes | None]]:
            return await asyncio.gather(*(shared.get(NAMES) for _ in range(200)))

        found = asyncio.run(many())
        whole = [packed for _, packed in ENTRIES]
        assert all(one in (whole, [None] * 4) for one in found)
        assert found.count(whole) == 200 - count(metrics, "busy") >= module._CONNECTIONS
        assert count(metrics, "unreachable") == count(metrics, "timeout") == 0
        assert shared.up


def test_callers_who_leave_disturb_nobody(server: RedisServer) -> None:
    """When callers are cancelled while Redis answers, those who come after get their own answers."""
    names = [number.to_bytes(32, "big") for number in range(60)]
    with closing(connected(server.url)) as shared:
        shared.put([(name, name[-1:]) for name in names])
        eventually(lambda: len(server.client().keys()) == 60)

        async def scenario() -> None:
            for _ in range(10):
                leaving = [asyncio.create_task(shared.get([name])) for name in names[:8]]
                await asyncio.sleep(0)
                for one in leaving:
                    one.cancel()
                await asyncio.gather(*leaving, return_exceptions=True)
                assert all(one.cancelled() for one in leaving)
                for name in names[:5]:
                    assert await shared.get([name]) == [name[-1:]]

        asyncio.run(scenario())


def test_too_much_to_tell_is_left_untold(server: RedisServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """What waits to be written is bounded: beyond it answers are not shared, and that is counted."""
    monkeypatch.setattr(module, "_MOST_WAITING", 1000)
    monkeypatch.setattr(module, "_PATIENCE_S", 3.0)
    metrics = Metrics()
    with closing(connected(server.url, metrics=metrics)) as shared:
        server.pause()
        for number in range(40):
            shared.put([(number.to_bytes(32, "big"), bytes(500))] * 4)
            time.sleep(0.005)
        assert count(metrics, "dropped") >= 1
        assert sum(len(packed) for _, packed in shared._waiting) <= 1000 + 64 * 500
        server.resume()


def test_closing_writes_what_waits_and_ends_the_thread(server: RedisServer) -> None:
    """What was told before the end is there after it; then nothing is asked, nothing runs, and no one hangs."""
    shared = connected(server.url)
    shared.put(ENTRIES)
    shared.close()
    assert len(server.client().keys()) == 4
    assert asyncio.run(shared.get(NAMES)) == [None] * 4
    shared.put(ENTRIES)
    shared.close()
    assert "verdicts-redis" not in {thread.name for thread in threading.enumerate()}
