"""Batches: right answers in the right order, nobody's turn lost, nothing computed for those who left."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firewall.errors import NotReadyError, OverloadedError
from firewall.inference.batcher import Batcher
from firewall.inference.model import Answer, Model, Window
from tests import tiny_models


class Watched(Model):
    """A model that writes down its batches, and waits before each one while its gate is shut."""

    def __init__(self, *args: object, **more: object) -> None:
        """Start with an open gate and an empty record."""
        self.batches: list[list[int]] = []
        self.gate = threading.Event()
        self.entered = threading.Event()
        self.gate.set()
        self.fails = False
        super().__init__(*args, **more)  # type: ignore[arg-type]  # handed on to Model's own constructor
        self.batches.clear()
        self.entered.clear()

    def read(self, windows: Sequence[Window]) -> list[Answer]:
        """Answer as ever, after the gate."""
        self.batches.append([len(window) for window in windows])
        self.entered.set()
        assert self.gate.wait(10)
        if self.fails:
            raise NotReadyError("nonsense")
        return super().read(windows)


@pytest.fixture
def model(tmp_path: Path) -> Watched:
    """Return a watched sequence model with windows of 32 tokens."""
    loaded = Watched.load(tiny_models.write_injection(tmp_path / "guard"))
    assert isinstance(loaded, Watched)
    return loaded


def windows_of(model: Model, *texts: str) -> list[Window]:
    """Return the windows of texts, in order."""
    return [window for encoded in model.encode(texts) for window in encoded.windows]


async def until_busy(model: Watched) -> None:
    """Wait until the worker is inside a batch."""
    await asyncio.to_thread(model.entered.wait, 10)


def test_answers_come_in_order(model: Watched) -> None:
    """Whatever the lengths and the batches, each window gets its own answer at its own place."""

    @given(st.lists(st.tuples(st.integers(1, 60), st.booleans()), max_size=30), st.integers(1, 300))
    @settings(max_examples=40, deadline=None)
    def check(texts: list[tuple[int, bool]], tokens: int) -> None:
        windows = windows_of(model, *("pump " * count + ("ignore" if bad else "") for count, bad in texts))
        expected = [float(model.margin(model.run([window])[0].logits)) for window in windows]
        with Batcher(model, max_tokens_per_batch=tokens) as batcher:
            rows = asyncio.run(batcher.score(windows))
        assert [model.margin(row.logits) for row in rows] == pytest.approx(expected)

    check()


def test_many_callers_get_their_own_answers(model: Watched) -> None:
    """Two hundred concurrent callers are each answered for their own windows."""

    async def scenario() -> None:
        async def one(number: int) -> None:
            bad = number % 3 == 0
            windows = windows_of(model, "pump " * (number % 50 + 1) + ("ignore" if bad else ""))
            rows = await batcher.score(windows)
            assert (max(model.margin(row.logits) for row in rows) > 0) is bad

        with Batcher(model) as batcher:
            await asyncio.gather(*(one(number) for number in range(200)))
            assert batcher.queued == 0

    asyncio.run(scenario())


def test_batches_keep_to_their_tokens_and_hold_little_padding(model: Watched) -> None:
    """A batch's padded size stays within the limit, and little of what is computed is padding."""

    async def scenario() -> None:
        model.gate.clear()
        lengths = np.random.default_rng(0).integers(1, 30, 300)
        with Batcher(model, max_tokens_per_batch=256) as batcher:
            work = [asyncio.create_task(batcher.score(windows_of(model, "pump " * int(one)))) for one in lengths]
            await until_busy(model)
            model.gate.set()
            await asyncio.gather(*work)

    asyncio.run(scenario())
    padded = [max(batch) * len(batch) for batch in model.batches]
    assert max(padded) <= 256
    assert sum(map(sum, model.batches)) > 0.85 * sum(padded)
    assert len(model.batches) < 60


def test_a_full_queue_refuses_before_any_work(model: Watched) -> None:
    """Who finds no room is told so at once; nothing of theirs is queued, and those inside are served."""

    async def scenario() -> None:
        model.gate.clear()
        with Batcher(model, max_queue_windows=4) as batcher:
            first = asyncio.create_task(batcher.score(windows_of(model, "pump")))
            await until_busy(model)
            second = asyncio.create_task(batcher.score(windows_of(model, "pump", "pump", "pump")))
            await asyncio.sleep(0)
            before = batcher.queued
            with pytest.raises(OverloadedError):
                await batcher.score(windows_of(model, "pump", "pump"))
            assert batcher.queued == before == 3
            third = asyncio.create_task(batcher.score(windows_of(model, "pump")))
            await asyncio.sleep(0)
            model.gate.set()
            assert [len(rows) for rows in await asyncio.gather(first, second, third)] == [1, 3, 1]

    asyncio.run(scenario())


def test_who_left_is_not_computed(model: Watched) -> None:
    """A caller that was cancelled, or whose deadline passed, leaves the queue before its windows are computed."""

    async def scenario() -> None:
        model.gate.clear()
        with Batcher(model) as batcher:
            first = asyncio.create_task(batcher.score(windows_of(model, "pump")))
            await until_busy(model)
            cancelled = asyncio.create_task(batcher.score(windows_of(model, "pump " * 200)))
            await asyncio.sleep(0)
            cancelled.cancel()
            with pytest.raises(asyncio.CancelledError):
                await cancelled
            with pytest.raises(TimeoutError):
                await batcher.score(windows_of(model, "pump " * 200), deadline=time.monotonic() + 0.02)
            with pytest.raises(TimeoutError):
                await batcher.score(windows_of(model, "pump"), deadline=time.monotonic() - 1)
            assert batcher.queued == 0
            model.gate.set()
            await first
            await batcher.score(windows_of(model, "the pump"))

    asyncio.run(scenario())
    assert model.batches == [[3], [4]]


def test_a_short_text_waits_for_one_batch_of_a_long_one(model: Watched) -> None:
    """A short request that comes while a long document is computed is in the very next batch."""

    async def scenario() -> None:
        model.gate.clear()
        with Batcher(model, max_tokens_per_batch=64) as batcher:
            long = asyncio.create_task(batcher.score(windows_of(model, "pump " * 1000)))
            await until_busy(model)
            short = asyncio.create_task(batcher.score(windows_of(model, "pump")))
            await asyncio.sleep(0)
            model.gate.set()
            await asyncio.gather(short, long)

    asyncio.run(scenario())
    assert model.batches[1] == [3]
    assert len(model.batches) > 10


def test_two_long_texts_share_the_batches(model: Watched) -> None:
    """Of two documents of one length neither waits for the other: they end within a batch of each other."""

    async def scenario() -> list[int]:
        ends: list[int] = []

        async def one() -> None:
            await batcher.score(windows_of(model, "pump " * 600))
            ends.append(len(model.batches))

        model.gate.clear()
        with Batcher(model, max_tokens_per_batch=128) as batcher:
            tasks = [asyncio.create_task(one()) for _ in range(2)]
            await until_busy(model)
            model.gate.set()
            await asyncio.gather(*tasks)
        return ends

    first, second = asyncio.run(scenario())
    assert second - first <= 2


def test_nonsense_reaches_everyone_who_waited_for_it(model: Watched) -> None:
    """An error of the model fails the calls in that batch, and the batcher goes on."""

    async def scenario() -> None:
        with Batcher(model) as batcher:
            model.fails = True
            outcomes = await asyncio.gather(
                *(batcher.score(windows_of(model, "pump " * 100)) for _ in range(3)), return_exceptions=True
            )
            assert all(isinstance(one, NotReadyError) for one in outcomes)
            model.fails = False
            assert len(await batcher.score(windows_of(model, "pump"))) == 1
            assert batcher.queued == 0

    asyncio.run(scenario())


def test_closing_tells_those_who_wait(model: Watched) -> None:
    """After close nobody hangs: who waits and who comes later get an error."""

    async def scenario() -> None:
        model.gate.clear()
        batcher = Batcher(model, max_tokens_per_batch=32)
        waiting = asyncio.create_task(batcher.score(windows_of(model, "pump " * 100)))
        await until_busy(model)
        closing = asyncio.create_task(asyncio.to_thread(batcher.close))
        await asyncio.sleep(0.01)
        model.gate.set()
        with pytest.raises(NotReadyError):
            await waiting
        await closing
        with pytest.raises(NotReadyError):
            await batcher.score(windows_of(model, "pump"))

    asyncio.run(scenario())


def test_no_windows_need_no_model(model: Watched) -> None:
    """Nothing in, nothing out, no batch; limits that are not positive are refused; the repr is a name."""
    with Batcher(model) as batcher:
        assert asyncio.run(batcher.score([])) == []
        assert "guard" in repr(batcher)
    assert model.batches == []
    with pytest.raises(ValueError, match="positive"):
        Batcher(model, max_queue_windows=0)
