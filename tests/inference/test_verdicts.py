"""Answers that may be given again: names that are never shared by accident, exact forms, a memory within its limits."""

from __future__ import annotations

import asyncio
import dataclasses
import os
import threading
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firewall.inference import verdicts
from firewall.inference.model import Answer, Model, Window
from firewall.inference.verdicts import Form, Memory, Naming, on_behalf_of, tenant
from tests import tiny_models

KEY = bytes(range(32))


@pytest.fixture(scope="module")
def guard(tmp_path_factory: pytest.TempPathFactory) -> Model:
    """Return a sequence model with windows of 32 tokens."""
    return Model.load(tiny_models.write_injection(tmp_path_factory.mktemp("guard") / "guard"))


@pytest.fixture(scope="module")
def tagger(tmp_path_factory: pytest.TempPathFactory) -> Model:
    """Return a token model."""
    return Model.load(tiny_models.write_entities(tmp_path_factory.mktemp("tagger") / "tagger"))


def window(ids: list[int], types: list[int] | None = None, skipped: int = 2) -> Window:
    """Return a window of these tokens, `skipped` of them special."""
    kinds = np.array(types or [0] * len(ids), np.int8)
    return Window(np.array(ids, np.int32), kinds, 0, max(0, len(ids) - skipped))


class TestNaming:
    """One name stands for one question."""

    def test_the_same_question_has_the_same_name(self, guard: Model) -> None:
        """The name follows from the tokens, wherever in a text they stand; it has 32 bytes."""
        ids = np.array([2, 7, 8, 3], np.int32)
        first, second = Window(ids, np.zeros(4, np.int8), 0, 2), Window(ids.copy(), np.zeros(4, np.int8), 90, 92)
        one, two = Naming(KEY, guard).names("clinic", [first, second])
        assert one == two == Naming(KEY, guard).names("clinic", [first])[0]
        assert len(one) == 32

    @given(st.lists(st.tuples(st.integers(0, 2**31 - 1), st.integers(0, 5)), max_size=6), st.data())
    @settings(max_examples=150, deadline=None)
    def test_other_tokens_have_another_name(
        self, guard: Model, tokens: list[tuple[int, int]], data: st.DataObject
    ) -> None:
        """Two windows share a name only where tokens, their types and their number are the same."""
        others = data.draw(st.lists(st.tuples(st.integers(0, 2**31 - 1), st.integers(0, 5)), max_size=6))
        pair = [window([one for one, _ in many], [kind for _, kind in many]) for many in (tokens, others)]
        one, two = Naming(KEY, guard).names("", pair)
        assert (one == two) is (tokens == others)

    def test_tenants_keys_and_models_share_no_name(self, guard: Model, tagger: Model) -> None:
        """Another tenant, key, model, provider, positive class, or screen gives another name to the same tokens."""
        asked = [window([2, 7, 8, 3])]

        def variant(provider: str = "cpu", **changes: object) -> Model:
            made = object.__new__(Model)
            made.__dict__.update(guard.__dict__)
            made.provider = provider
            made.manifest = dataclasses.replace(guard.manifest, **changes)
            return made

        screened = variant()
        screened._screen = object()
        names = [
            Naming(KEY, guard).names("clinic", asked)[0],
            Naming(KEY, guard).names("", asked)[0],
            Naming(KEY, guard).names("clinic2", asked)[0],
            Naming(bytes(32), guard).names("clinic", asked)[0],
            Naming(KEY, tagger).names("clinic", asked)[0],
            Naming(KEY, variant("cuda")).names("clinic", asked)[0],
            Naming(KEY, variant(digest="sha256:0")).names("clinic", asked)[0],
            Naming(KEY, variant(positive=0)).names("clinic", asked)[0],
            Naming(KEY, screened).names("clinic", asked)[0],
        ]
        assert len(set(names)) == len(names)

    def test_a_short_key_is_refused(self, guard: Model) -> None:
        """A key that could be guessed is none; the key is not shown."""
        with pytest.raises(ValueError, match="32 bytes"):
            Naming(b"secret", guard)
        assert repr(Naming(KEY, guard)) == "Naming()"


class TestForm:
    """What is read is what was written."""

    def test_everything_an_answer_says_is_kept(self) -> None:
        """An answer has these three parts; one that gained another would have to be kept in another form."""
        assert {one.name for one in dataclasses.fields(Answer)} == {"logits", "marks", "cleared"}

    @given(
        st.integers(0, 40), st.booleans(), st.booleans(), st.lists(st.floats(-60, 60, width=32), min_size=2, max_size=2)
    )
    @settings(max_examples=80, deadline=None)
    def test_a_sequence_models_answer(
        self, guard: Model, count: int, marked: bool, cleared: bool, logits: list[float]
    ) -> None:
        """Scores of the window come back to the bit, those of tokens within float16; reading again changes nothing."""
        marks = np.random.default_rng(count).normal(0, 5, count).astype(np.float32) if marked else None
        given_ = Answer(np.array(logits, np.float32), marks, cleared=cleared)
        form, asked = Form(guard), window([1] * (count + 2))
        packed = form.pack(given_)
        read = form.unpack(packed, asked)
        assert read is not None
        assert np.array_equal(read.logits, given_.logits)
        assert read.logits.dtype == np.float32
        assert read.cleared is cleared
        if marks is None:
            assert read.marks is None
        else:
            assert read.marks is not None
            assert read.marks == pytest.approx(marks, rel=1e-3, abs=1e-4)
        assert form.pack(read) == packed

    def test_a_token_models_answer(self, tagger: Model) -> None:
        """Logits come back in their shape, moved by float16 at most; what float16 cannot hold stays finite."""
        logits = np.random.default_rng(0).normal(0, 6, (5, 3)).astype(np.float32)
        logits[0, 0] = 1e9
        form = Form(tagger)
        read = form.unpack(form.pack(Answer(logits)), window([1] * 7))
        assert read is not None
        assert read.logits.shape == (5, 3)
        assert np.isfinite(read.logits).all()
        assert read.logits[1:] == pytest.approx(logits[1:], rel=1e-3, abs=1e-4)

    def test_bytes_that_are_no_answer_are_none(self, guard: Model, tagger: Model) -> None:
        """Bytes of another length, another window's, or with a flag that is not known, are not read."""
        form, asked = Form(guard), window([1] * 7)
        packed = form.pack(Answer(np.zeros(2, np.float32), np.zeros(5, np.float32)))
        assert form.unpack(packed, asked) is not None
        for wrong in (b"", packed[:-1], packed + b"\0", bytes([packed[0] | 4]) + packed[1:], bytes([0]) + packed[1:]):
            assert form.unpack(wrong, asked) is None
        assert form.unpack(packed, window([1] * 8)) is None
        assert Form(tagger).unpack(packed, asked) is None

    def test_answers_cannot_be_edited(self, guard: Model) -> None:
        """Who changes an answer that others will be given gets an error."""
        form = Form(guard)
        read = form.unpack(form.pack(Answer(np.zeros(2, np.float32), np.zeros(5, np.float32))), window([1] * 7))
        assert read is not None
        assert read.marks is not None
        for part in (read.logits, read.marks):
            with pytest.raises(ValueError, match="read-only"):
                part[0] = 1


class TestMemory:
    """The answers used last, and no more of them than there is room for."""

    @given(
        st.integers(1, 1500),
        st.integers(1, 5),
        st.lists(st.tuples(st.booleans(), st.integers(0, 8), st.integers(0, 300)), max_size=40),
    )
    @settings(max_examples=100, deadline=None)
    def test_limits_hold_and_the_least_used_goes_first(
        self, most: int, entries: int, steps: list[tuple[bool, int, int]]
    ) -> None:
        """After every step entries and bytes are within their limits, and what is there is what a plain list says."""
        memory, kept = Memory(most, entries), []
        for asks, which, length in steps:
            name, packed = bytes([which]) * 32, bytes(length)
            if asks:
                expected = next((one for key, one in kept if key == name), None)
                assert memory.get([name]) == [expected]
                kept.sort(key=lambda one: one[0] == name)
            else:
                memory.put([(name, packed)])
                if verdicts._size(name, packed) <= most:
                    kept = [one for one in kept if one[0] != name] + [(name, packed)]
                while len(kept) > entries or sum(verdicts._size(*one) for one in kept) > most:
                    kept.pop(0)
            assert len(memory) == len(kept) <= entries
            assert memory.size == sum(verdicts._size(*one) for one in kept) <= most

    def test_what_it_says_it_takes_is_what_it_takes(self) -> None:
        """The bytes that are counted are those that Python needs, within a quarter."""
        tracemalloc.start()
        try:
            before = tracemalloc.get_traced_memory()[0]
            memory = Memory(1 << 30, 1 << 20)
            memory.put((os.urandom(32), os.urandom(300)) for _ in range(20_000))
            taken = tracemalloc.get_traced_memory()[0] - before
        finally:
            tracemalloc.stop()
        assert 0.75 < memory.size / taken < 1.25

    def test_many_threads(self) -> None:
        """Threads that write and read at once leave the books in order."""
        memory = Memory(40_000, 50)

        def work(seed: int) -> None:
            dice = np.random.default_rng(seed)
            for _ in range(400):
                which = int(dice.integers(0, 80))
                name = which.to_bytes(32, "big")
                memory.put([(name, bytes([which]) * int(dice.integers(0, 900)))])
                for found in memory.get([name, int(dice.integers(0, 80)).to_bytes(32, "big")])[:1]:
                    assert found is None or set(found) <= {which}

        threads = [threading.Thread(target=work, args=(seed,)) for seed in range(8)]
        for one in threads:
            one.start()
        for one in threads:
            one.join()
        assert memory.size == sum(verdicts._size(*one) for one in memory._entries.items()) <= 40_000
        assert 0 < len(memory) <= 50

    def test_limits_are_positive_and_nothing_is_shown(self) -> None:
        """A memory without room is refused; its repr tells numbers only."""
        for wrong in ((0, 1), (1, 0)):
            with pytest.raises(ValueError, match="positive"):
                Memory(*wrong)
        memory = Memory(1000, 10)
        memory.put([(b"n" * 32, b"secret")])
        assert repr(memory).startswith("Memory(1 entries")
        assert "secret" not in repr(memory)


def test_a_tenant_is_known_where_work_is_done_for_it() -> None:
    """Tasks and threads begun on behalf of a tenant know it; nobody else does, before, beside or after."""

    async def ask() -> tuple[str | None, str | None]:
        return tenant(), await asyncio.to_thread(tenant)

    async def scenario() -> None:
        assert await ask() == (None, None)
        with on_behalf_of("a"):
            first = asyncio.create_task(ask())
            with on_behalf_of("b"):
                second = asyncio.create_task(ask())
            assert await ask() == ("a", "a")
        assert await first == ("a", "a")
        assert await second == ("b", "b")
        assert await ask() == (None, None)

    asyncio.run(scenario())
