"""A batcher that remembers: the same answers as ever, computed once, for one tenant, under one model."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firewall.detectors.injection import InjectionDetector
from firewall.errors import NotReadyError, OverloadedError
from firewall.inference.batcher import Batcher
from firewall.inference.cached import CachedBatcher
from firewall.inference.model import Answer, Model, Window
from firewall.inference.verdicts import Form, Memory, on_behalf_of
from firewall.telemetry import Metrics
from firewall.vocabulary import Origin, Segment
from tests import tiny_models

KEY = bytes(range(32))


class Counting(Batcher):
    """A batcher that writes down how many windows it was asked for, and can be told to answer nonsense."""

    def __init__(self, model: Model, **more: int) -> None:
        """Start with an empty record."""
        self.asked: list[int] = []
        self.broken = False
        super().__init__(model, **more)

    async def score(self, windows: Sequence[Window], *, deadline: float | None = None) -> list[Answer]:
        """Score as ever."""
        self.asked.append(len(windows))
        if self.broken:
            raise NotReadyError("nonsense")
        return await super().score(windows, deadline=deadline)


@pytest.fixture(scope="module")
def guard(tmp_path_factory: pytest.TempPathFactory) -> Model:
    """Return a sequence model with windows of 32 tokens."""
    return Model.load(tiny_models.write_injection(tmp_path_factory.mktemp("guard") / "guard"))


@pytest.fixture
def batcher(guard: Model) -> Iterator[Counting]:
    """Return a counting batcher."""
    with Counting(guard) as made:
        yield made


def windows_of(model: Model, *texts: str) -> list[Window]:
    """Return the windows of texts, in order."""
    return [window for encoded in model.encode(texts) for window in encoded.windows]


def ask(scorer: CachedBatcher | Batcher, windows: Sequence[Window], tenant: str | None = "clinic") -> list[Answer]:
    """Score on behalf of a tenant, or of nobody."""

    async def scored() -> list[Answer]:
        if tenant is None:
            return await scorer.score(windows)
        with on_behalf_of(tenant):
            return await scorer.score(windows)

    return asyncio.run(scored())


def same(one: Sequence[Answer], other: Sequence[Answer]) -> bool:
    """Tell whether answers are equal to the bit."""
    return len(one) == len(other) and all(
        np.array_equal(left.logits, right.logits) and left.cleared is right.cleared
        for left, right in zip(one, other, strict=True)
    )


def test_a_window_is_computed_once(batcher: Counting) -> None:
    """The second time nothing is computed, and the answer is the first one to the bit, and the model's own."""
    cached = CachedBatcher(batcher, Memory(1 << 20, 1000), KEY)
    windows = windows_of(batcher.model, "pump " * 100 + "ignore", "the report")
    first = ask(cached, windows)
    assert same(first, ask(cached, windows))
    assert batcher.asked == [len({window.ids.tobytes() for window in windows})]
    assert same(first, ask(batcher, windows))


def test_parts_in_common_are_computed_once(batcher: Counting) -> None:
    """Of a second document only what is new in it is computed."""
    cached = CachedBatcher(batcher, Memory(1 << 20, 1000), KEY)
    body = " ".join(f"report {number} of the pump" for number in range(40))
    first, second = windows_of(batcher.model, body + " alice"), windows_of(batcher.model, body + " bob")
    ask(cached, first)
    ask(cached, second)
    assert batcher.asked == [len(first), 1]


@given(st.lists(st.tuples(st.integers(1, 60), st.booleans()), max_size=12), st.integers(400, 4000))
@settings(max_examples=30, deadline=None)
def test_the_cache_changes_no_answer(guard: Model, texts: list[tuple[int, bool]], room: int) -> None:
    """Whatever is asked, however often and with however little room, each window gets its own answer in its place."""
    windows = windows_of(guard, *("pump " * count + ("ignore" if bad else "") for count, bad in texts))
    with Batcher(guard) as plain:
        cached = CachedBatcher(plain, Memory(room, 1000), KEY)
        expected = ask(plain, windows)
        for _ in range(2):
            assert same(ask(cached, windows), expected)
        assert same(ask(cached, windows[::-1]), expected[::-1])


def test_a_token_models_answers_are_remembered(tmp_path: Path) -> None:
    """Logits of tokens are given again in their rounded form; words of another shape are other words."""
    model = Model.load(tiny_models.write_entities(tmp_path / "tagger"))
    form = Form(model)
    with Counting(model) as batcher:
        cached = CachedBatcher(batcher, Memory(1 << 20, 1000), KEY)
        upper, lower = windows_of(model, "patient Alice"), windows_of(model, "patient alice")
        first, second = ask(cached, upper), ask(cached, upper)
        expected = form.unpack(form.pack(ask(batcher, upper)[0]), upper[0])
        assert expected is not None
        assert same(first, second)
        assert same(first, [expected])
        assert not same(ask(cached, lower), first)
        assert batcher.asked == [1, 1, 1]


def test_tenants_share_nothing(batcher: Counting) -> None:
    """What was computed for one tenant is computed again for another, so that neither learns of the other by time."""
    cached = CachedBatcher(batcher, Memory(1 << 20, 1000), KEY)
    windows = windows_of(batcher.model, "patient alice")
    for tenant in ("clinic", "lab", "", "clinic"):
        ask(cached, windows, tenant)
    assert batcher.asked == [1, 1, 1]


def test_on_nobodys_behalf_nothing_is_kept(batcher: Counting) -> None:
    """Where no tenant was named, everything is computed and nothing is kept."""
    memory = Memory(1 << 20, 1000)
    cached = CachedBatcher(batcher, memory, KEY)
    windows = windows_of(batcher.model, "patient alice")
    for _ in range(2):
        ask(cached, windows, None)
    assert batcher.asked == [1, 1]
    assert len(memory) == 0


def test_models_share_nothing(batcher: Counting, tmp_path: Path) -> None:
    """Two models with one tokenizer, in one memory and under one key, each give their own answer."""
    memory = Memory(1 << 20, 1000)
    turned = tiny_models.write_signed(
        tmp_path / "turned",
        tiny_models.sequence_graph(rows=(0.0, -1.0)),
        "sequence-classification",
        ("SAFE", "INJECTION"),
    )
    windows = windows_of(batcher.model, "ignore the pump")
    with Batcher(Model.load(turned)) as other:
        ours = ask(CachedBatcher(batcher, memory, KEY), windows)[0]
        theirs = ask(CachedBatcher(other, memory, KEY), windows)[0]
    assert batcher.model.margin(ours.logits) > 0 > other.model.margin(theirs.logits)
    assert len(memory) == 2


def test_what_failed_is_not_remembered(batcher: Counting) -> None:
    """An error of the model passes, and nothing of it stays; known windows are answered even while it is broken."""
    memory = Memory(1 << 20, 1000)
    cached = CachedBatcher(batcher, memory, KEY)
    known, new = windows_of(batcher.model, "the pump"), windows_of(batcher.model, "the report")
    ask(cached, known)
    batcher.broken = True
    assert len(ask(cached, known)) == 1
    with pytest.raises(NotReadyError):
        ask(cached, [*known, *new])
    assert len(memory) == 1
    batcher.broken = False
    assert len(ask(cached, [*known, *new])) == 2


def test_limits_are_the_batchers_own(guard: Model) -> None:
    """A full queue and a passed deadline refuse what has to be computed, and nothing that is known."""
    with Batcher(guard, max_queue_windows=1) as batcher:
        cached = CachedBatcher(batcher, Memory(1 << 20, 1000), KEY)
        known, new = windows_of(guard, "the pump"), windows_of(guard, "the report", "the notes")
        ask(cached, known)

        async def late(windows: Sequence[Window]) -> list[Answer]:
            with on_behalf_of("clinic"):
                return await cached.score(windows, deadline=time.monotonic() - 1)

        assert len(asyncio.run(late(known))) == 1
        with pytest.raises(TimeoutError):
            asyncio.run(late(new))
        with pytest.raises(OverloadedError):
            ask(cached, [*known, *new])
        assert cached.max_queue_windows == 1


def test_the_detector_sees_the_same(batcher: Counting) -> None:
    """A document read anew, from memory, and without one gives the same score, findings and coverage."""
    cached = CachedBatcher(batcher, Memory(1 << 20, 1000), KEY)
    segments = [Segment("/note", Origin.TOOL_RESULT, "pump " * 80 + "ignore the notes" + " pump" * 80, "note")]

    async def seen(scorer: Batcher | CachedBatcher) -> tuple[object, ...]:
        with on_behalf_of("clinic"):
            report = await InjectionDetector(scorer).detect(segments)
        return report.findings, report.skipped, report.coverage, report.scores

    expected = asyncio.run(seen(batcher))
    assert expected[0]
    assert asyncio.run(seen(cached)) == asyncio.run(seen(cached)) == expected


def test_it_counts(batcher: Counting) -> None:
    """Metrics tell how many windows came from memory, how many were computed, and what the memory takes."""
    metrics = Metrics()
    memory = Memory(1 << 20, 1000)
    cached = CachedBatcher(batcher, memory, KEY, metrics=metrics)
    ask(cached, windows_of(batcher.model, "the pump", "the report"))
    ask(cached, windows_of(batcher.model, "the pump", "the notes"))

    def count(source: str) -> float | None:
        labels = {"model": "guard", "source": source}
        return metrics.registry.get_sample_value("firewall_verdict_cache_windows_total", labels)

    assert (count("memory"), count("redis"), count("computed")) == (1, 0, 3)
    assert metrics.registry.get_sample_value("firewall_verdict_cache_bytes", {"model": "guard"}) == memory.size > 0


def test_many_callers_at_once(batcher: Counting) -> None:
    """Two hundred callers with repeated texts, of three tenants, are each answered for their own."""
    cached = CachedBatcher(batcher, Memory(20_000, 1000), KEY)

    async def one(number: int) -> None:
        bad = number % 3 == 0
        windows = windows_of(batcher.model, "pump " * (number % 10 + 1) + ("ignore" if bad else ""))
        with on_behalf_of(f"tenant {number % 3}"):
            answers = await cached.score(windows)
        assert (max(batcher.model.margin(answer.logits) for answer in answers) > 0) is bad

    async def scenario() -> None:
        await asyncio.gather(*(one(number) for number in range(200)))

    asyncio.run(scenario())
    asyncio.run(scenario())
    assert batcher.queued == 0


def test_it_closes_what_stands_behind(guard: Model) -> None:
    """Closing ends the batcher's worker; no windows are no question; the repr shows names and numbers."""
    batcher = Batcher(guard)
    with CachedBatcher(batcher, Memory(1000, 10), KEY) as cached:
        assert ask(cached, []) == []
        assert "guard" in repr(cached)
    with pytest.raises(NotReadyError):
        ask(batcher, windows_of(guard, "the pump"))
