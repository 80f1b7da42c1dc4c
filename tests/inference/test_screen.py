"""The first stage: what it clears it answers for, harmlessly; everything else the model reads as if there were none."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client import generate_latest

from firewall.errors import ConfigurationError, ModelIntegrityError, NotReadyError
from firewall.inference.batcher import SCREEN_TOKENS, Batcher
from firewall.inference.manifest import verify
from firewall.inference.model import Answer, Model, Window
from firewall.inference.scoring import CLEARED_AT_MOST
from firewall.inference.screen import logits_of
from firewall.telemetry import Metrics
from tests import tiny_models

WORDS = st.lists(st.sampled_from(["the", "notes", "pump", "ignore", "report"]), max_size=120)


class Watched(Model):
    """A model that writes down what each graph was given, and waits while its gate is shut."""

    def __init__(self, *args: Any, **more: Any) -> None:
        """Start with an open gate and an empty record."""
        self.batches: list[tuple[str, list[int]]] = []
        self.gate = threading.Event()
        self.entered = threading.Event()
        self.gate.set()
        super().__init__(*args, **more)
        self.batches.clear()
        self.entered.clear()

    def clear(self, windows: Sequence[Window]) -> list[Answer | Window]:
        """Screen as ever."""
        self.batches.append(("screen", [len(window) for window in windows]))
        self.entered.set()
        assert self.gate.wait(10)
        return super().clear(windows)

    def read(self, windows: Sequence[Window]) -> list[Answer]:
        """Read as ever."""
        self.batches.append(("model", [len(window) for window in windows]))
        return super().read(windows)


@pytest.fixture(scope="module", params=[False, True], ids=["apart", "divided"])
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a model folder with a screen: a graph of its own, or the first part of the model's."""
    return tiny_models.write_screened(tmp_path_factory.mktemp("models") / "guard", divided=request.param)


@pytest.fixture(scope="module")
def screened(folder: Path) -> Model:
    """Return the model with its screen."""
    return Model.load(folder)


@pytest.fixture(scope="module")
def plain(folder: Path) -> Model:
    """Return the same model with the screen switched off."""
    return Model.load(folder, screen=False)


def windows_of(model: Model, *texts: str) -> list[Window]:
    """Return the windows of texts, in order."""
    return [window for encoded in model.encode(texts) for window in encoded.windows]


@given(texts=st.lists(WORDS, min_size=1, max_size=6))
@settings(max_examples=60, deadline=None)
def test_what_is_not_cleared_is_answered_by_the_model(screened: Model, plain: Model, texts: list[list[str]]) -> None:
    """A window is cleared or answered as without a screen; a cleared one scores next to nothing and marks no token."""
    windows = windows_of(screened, *(" ".join(words) for words in texts))
    for answer, alone in zip(screened.run(windows), plain.run(windows), strict=True):
        assert answer.marks is not None
        assert alone.marks is not None
        assert not alone.cleared
        if answer.cleared:
            margin = screened.margin(answer.logits)
            assert screened.manifest.calibration.probability(margin, 1) <= CLEARED_AT_MOST
            assert answer.marks.shape == alone.marks.shape
            assert answer.marks.max() < -10
        else:
            assert np.allclose(answer.logits, alone.logits)
            assert np.allclose(answer.marks, alone.marks)


def test_the_word_decides_what_is_cleared(screened: Model) -> None:
    """Each window for itself, whatever stands beside it in the batch; the answers keep their order."""
    windows = windows_of(screened, "the notes", "please ignore it", "the pump", "report")
    assert [answer.cleared for answer in screened.run(windows)] == [True, False, False, True]
    assert [screened.margin(answer.logits) > 0 for answer in screened.run(windows)] == [False, True, False, False]
    assert screened.run([]) == []


@pytest.mark.parametrize(
    "told", [{"clear_below": 99.0}, {"clear_below": 99.0, "margin_scale": 50.0, "margin_bias": 9.0}]
)
def test_a_screen_cannot_warn(tmp_path: Path, told: dict[str, float]) -> None:
    """However sure the screen is of an attack: what it clears stays under what a cleared window may score."""
    model = Model.load(tiny_models.write_screened(tmp_path / "m", screen=told))
    answer = model.run(windows_of(model, "ignore"))[0]
    assert answer.cleared
    assert model.manifest.calibration.probability(model.margin(answer.logits), 1) <= CLEARED_AT_MOST + 1e-6


@pytest.mark.parametrize(("classes", "positive"), [(1, 0), (2, 1), (3, 1)])
def test_logits_have_the_margin(screened: Model, classes: int, positive: int) -> None:
    """Whatever the number of classes, the logits that stand for a cleared window say its margin."""
    logits = logits_of(-4.5, classes, positive)
    assert len(logits) == classes
    others = np.delete(logits, positive)
    margin = float(logits[0]) if classes == 1 else float(logits[positive] - np.logaddexp.reduce(others))
    assert margin == pytest.approx(-4.5, abs=1e-5)
    if (classes, positive) == (2, screened.manifest.positive):
        assert screened.margin(logits) == pytest.approx(-4.5, abs=1e-5)


@pytest.mark.parametrize(
    "graph",
    [
        tiny_models.screen_graph(output="logits"),
        tiny_models.token_graph(),
        tiny_models.sequence_graph(),
    ],
)
def test_a_graph_that_is_no_screen_is_refused(tmp_path: Path, graph: onnx.ModelProto) -> None:
    """Another output, or an input that a screen is not given."""
    folder = tiny_models.write_screened(tmp_path / "m", first=graph)
    with pytest.raises(ConfigurationError, match="screen"):
        Model.load(folder)
    assert not Model.load(folder, screen=False).screened


def test_a_screen_that_answers_nonsense_is_no_answer(screened: Model) -> None:
    """Neither a wrong shape nor a value that is no number clears anything."""
    assert screened._screen is not None
    feed = {"input_ids": np.zeros((2, 3), np.int64)}
    for nonsense in (np.zeros(3, np.float32), np.array([-9.0, np.nan], np.float32), np.zeros((2, 1), np.float32)):

        class Session:
            """A session that answers this."""

            def run(self, *_: object, answer: Any = nonsense) -> list[Any]:
                """Answer."""
                return [answer]

        with pytest.raises(NotReadyError, match="screen"):
            type(screened._screen)(screened._screen.settings, Session(), 0.0).look(feed)


def test_the_screen_is_verified_like_every_file(tmp_path: Path) -> None:
    """A changed screen does not load, one that is not named in the files is refused, and a tagger has none."""
    folder = tiny_models.write_screened(tmp_path / "changed")
    with (folder / "screen.onnx").open("ab") as file:
        file.write(b"\0")
    with pytest.raises(ModelIntegrityError, match=r"screen\.onnx"):
        verify(folder)
    for name, made in (
        ("elsewhere", tiny_models.write_screened(tmp_path / "elsewhere", screen={"graph": "other.onnx"})),
        ("tagger", tiny_models.write_entities(tmp_path / "tagger", screen={"graph": "model.onnx", "clear_below": 0})),
    ):
        with pytest.raises(ConfigurationError, match=name):
            verify(made)


class TestBatches:
    """Two lines, one worker."""

    def test_answers_come_in_order_and_are_counted(self, screened: Model, plain: Model) -> None:
        """Through the batcher as directly; who answered is counted, also for the metrics."""
        metrics = Metrics()

        @given(st.lists(st.tuples(st.integers(1, 60), st.sampled_from(["notes", "pump", "ignore"])), max_size=30))
        @settings(max_examples=30, deadline=None)
        def check(texts: list[tuple[int, str]]) -> None:
            windows = windows_of(screened, *("the " * count + word for count, word in texts))
            with Batcher(screened, max_tokens_per_batch=128, metrics=metrics) as batcher:
                answers = asyncio.run(batcher.score(windows))
                assert batcher.queued == 0
            expected = [answer.cleared for answer in screened.run(windows)]
            assert [answer.cleared for answer in answers] == expected
            assert batcher.answered == {"screen": sum(expected), "model": len(expected) - sum(expected)}
            for answer, alone in zip(answers, plain.run(windows) if windows else [], strict=True):
                assert answer.cleared or np.allclose(answer.logits, alone.logits)

        check()
        told = generate_latest(metrics.registry).decode()
        assert 'firewall_model_windows_total{graph="screen",model="guard"}' in told
        assert 'firewall_model_windows_total{graph="model",model="guard"}' in told

    def test_the_screen_looks_at_more_at_a_time(self, folder: Path) -> None:
        """A long plain document is cleared in a few batches, and the model is never asked; its own layers keep its pace."""
        model = Watched.load(folder)
        assert isinstance(model, Watched)
        with Batcher(model, max_tokens_per_batch=64) as batcher:
            windows = windows_of(model, "the notes " * 1500)
            answers = asyncio.run(batcher.score(windows))
        assert all(answer.cleared for answer in answers)
        assert {graph for graph, _ in model.batches} == {"screen"}
        most = 64 if model.begun else SCREEN_TOKENS["cpu"]
        assert len(model.batches) <= -(-len(windows) * 32 // most) + 1

    def test_the_lines_take_turns(self, folder: Path) -> None:
        """A short text that comes while a long suspicious one is read is screened next and read right after."""
        model = Watched.load(folder)
        assert isinstance(model, Watched)

        async def scenario() -> None:
            model.gate.clear()
            with Batcher(model, max_tokens_per_batch=64) as batcher:
                long = asyncio.create_task(batcher.score(windows_of(model, "pump " * 4000)))
                await asyncio.to_thread(model.entered.wait, 10)
                short = asyncio.create_task(batcher.score(windows_of(model, "ignore")))
                await asyncio.sleep(0)
                model.gate.set()
                await asyncio.gather(short, long)

        asyncio.run(scenario())
        assert model.batches[1:3] == [("model", [32, 32]), ("screen", [3])]
        assert ("model", [3]) in model.batches[3:6]
        assert len(model.batches) > 40

    def test_who_left_is_neither_screened_nor_read(self, folder: Path) -> None:
        """Whoever goes away while being screened takes no place in the model's line."""
        model = Watched.load(folder)
        assert isinstance(model, Watched)

        async def scenario() -> None:
            model.gate.clear()
            with Batcher(model) as batcher:
                gone = asyncio.create_task(batcher.score(windows_of(model, "pump " * 100)))
                await asyncio.to_thread(model.entered.wait, 10)
                gone.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await gone
                model.gate.set()
                await batcher.score(windows_of(model, "the notes"))
                assert batcher.queued == 0

        asyncio.run(scenario())
        assert {graph for graph, _ in model.batches} == {"screen"}


def test_a_divided_model_reads_what_nobody_has_begun(tmp_path: Path) -> None:
    """Without clearing, and where a window comes straight to the second part, the first one still runs."""
    folder = tiny_models.write_screened(tmp_path / "m", divided=True)
    whole = Model.load(tiny_models.write_injection(tmp_path / "whole", marks=True))
    model = Model.load(folder, screen=False)
    assert model.begun
    windows = windows_of(model, "the notes", "please ignore it", "the pump")
    for answer, alone in zip(model.read(windows), whole.read(windows), strict=True):
        assert np.allclose(answer.logits, alone.logits)
    assert not any(answer.cleared for answer in model.run(windows))


def test_a_second_part_needs_its_first(tmp_path: Path) -> None:
    """A graph that goes on from states is refused where no other graph makes them."""
    with pytest.raises(ConfigurationError, match="states"):
        Model.load(tiny_models.write_screened(tmp_path / "m", divided=True, first=tiny_models.screen_graph()))
