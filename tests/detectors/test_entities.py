"""The entity detector: our model over the whole document, users' recognizers over pieces, spans in each leaf."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firewall.detectors.entities import EntityDetector, Recognizer, cut_pieces
from firewall.detectors.tagger import Entity
from firewall.errors import ConfigurationError, NotReadyError, OverloadedError
from firewall.inference.batcher import Batcher
from firewall.inference.model import Answer, Model, Window
from firewall.payload.joined import is_field_name
from firewall.vocabulary import Origin, Report, Segment, Severity, SkipReason, Span
from tests import tiny_models
from tests.cost import growth


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Model:
    """Return a token model that knows capitalised names, and places."""
    return Model.load(tiny_models.write_entities(tmp_path_factory.mktemp("models") / "tagger"))


@pytest.fixture(scope="module")
def batcher(model: Model) -> Iterator[Batcher]:
    """Yield a batcher over it."""
    with Batcher(model) as made:
        yield made


@pytest.fixture(scope="module")
def detector(batcher: Batcher) -> EntityDetector:
    """Return the detector with the model alone."""
    return EntityDetector(batcher)


class Words:
    """A recognizer that knows one word, and may be slow, broken or wrong on pieces that hold another."""

    def __init__(self, word: str, *, slow: str = "\0", bad: str = "\0", wrong: str = "\0", score: float = 0.9) -> None:
        """Choose the words it reacts to."""
        self.word, self.slow, self.bad, self.wrong, self.score = word, slow, bad, wrong, score
        self.gate = threading.Event()
        self.longest = 0

    @property
    def name(self) -> str:
        """Its name."""
        return "words"

    def look(self, text: str) -> list[Entity]:
        """Find the word everywhere in a piece."""
        self.longest = max(self.longest, len(text))
        if self.slow in text:
            self.gate.wait(10)
        if self.bad in text:
            raise RuntimeError(text)
        if self.wrong in text:
            return [Entity(0, len(text) + 1, "CODE", 0.9, "words")]
        at, found = -1, []
        while (at := text.find(self.word, at + 1)) >= 0:
            found.append(Entity(at, at + len(self.word), "CODE", self.score, "words"))
        return found


class Broken(Batcher):
    """A batcher that answers every call with an error."""

    error: Exception = NotReadyError("nonsense")

    async def score(self, windows: Sequence[Window], *, deadline: float | None = None) -> list[Answer]:
        """Raise."""
        raise self.error


def leaf(text: str, pointer: str = "/name", *, key: bool = False) -> Segment:
    """Return a leaf named after the end of its pointer."""
    return Segment(pointer, Origin.TOOL_RESULT, text, pointer.rpartition("/")[2], is_key=key)


def look(detector: EntityDetector, *segments: Segment) -> Report:
    """Detect, in an event loop of its own."""
    return asyncio.run(detector.detect(segments))


def places(report: Report) -> list[tuple[str, int, int, str]]:
    """Return where what was found, in order."""
    return sorted((one.pointer, one.span.start, one.span.end, one.entity_type) for one in report.findings if one.span)


def test_each_leaf_gets_its_own_places(detector: EntityDetector) -> None:
    """Short leaves are read together, and each finding is in the code points of its own leaf."""
    report = look(
        detector,
        leaf("é Alice Smith", "/a/name"),
        leaf("12", "/a/age"),
        leaf("in Boston", "/a/city"),
        leaf("Bob", "/b"),
    )
    assert places(report) == [("/a/city", 3, 9, "LOCATION"), ("/a/name", 2, 13, "PERSON"), ("/b", 0, 3, "PERSON")]
    first = report.findings[0]
    assert (first.detector, first.rule_id, first.severity) == ("entities", "model.entities", Severity.MEDIUM)
    assert (report.coverage.scanned, report.coverage.total, report.skipped) == (27, 27, ())


def test_field_names_are_context_and_no_finding(detector: EntityDetector) -> None:
    """A name in a field name is reported where the key itself is a segment, and only there."""
    assert look(detector, leaf("the pump", "/Boston")).findings == ()
    report = look(detector, leaf("Boston", "/Boston", key=True), leaf("the pump", "/Boston"))
    assert [(one.pointer, one.is_key) for one in report.findings] == [("/Boston", True)]


def test_an_entity_never_reaches_over_leaves(detector: EntityDetector) -> None:
    """Names in neighbouring leaves are two findings, each whole in its own."""
    items = [Segment(f"/n/{at}", Origin.TOOL_RESULT, text) for at, text in enumerate(["Alice", "Smith"])]
    assert places(look(detector, *items)) == [("/n/0", 0, 5, "PERSON"), ("/n/1", 0, 5, "PERSON")]


def test_recognizers_see_bounded_pieces(batcher: Batcher) -> None:
    """A user's recognizer finds its word at any place of a long document, also across cuts, in pieces of 2,000."""
    words = Words("code X-17")
    detector = EntityDetector(batcher, [words])
    text = ("the pump " * 55 + "code X-17 ") * 40
    report = look(detector, leaf(text, "/a"), leaf("code X-17", "/b"))
    expected = [("/a", at, at + 9, "CODE") for at in range(len(text)) if text.startswith("code X-17", at)]
    assert places(report) == [*expected, ("/b", 0, 9, "CODE")]
    assert words.longest <= 2000
    assert report.skipped == ()


def test_weak_answers_stay_below_the_floor(batcher: Batcher) -> None:
    """A recognizer's answer under the floor is no finding."""
    assert look(EntityDetector(batcher, [Words("pump", score=0.2)]), leaf("the pump")).findings == ()
    assert look(EntityDetector(None, [Words("pump", score=0.2)], floor=0.1), leaf("the pump")).findings


def test_a_slow_recognizer_is_named(batcher: Batcher) -> None:
    """Out of time: what was answered counts, what was not reached is skipped, the model's findings stand."""
    words = Words("pump", slow="stuck")
    detector = EntityDetector(batcher, [words], recognizer_timeout_s=0.2)
    began = time.monotonic()
    report = look(detector, leaf("Alice pump " * 250, "/a"), leaf("stuck", "/b"), leaf("Bob", "/c"))
    assert time.monotonic() - began < 5
    assert {(one.pointer, one.reason) for one in report.skipped} >= {
        ("/b", SkipReason.DEADLINE),
        ("/c", SkipReason.DEADLINE),
    }
    assert ("/c", 0, 3, "PERSON") in places(report)
    assert ("/a", 6, 10, "CODE") in places(report)
    assert report.coverage.scanned < report.coverage.total
    words.gate.set()
    detector.close()


def test_a_recognizer_that_hangs_harms_nobody_for_good(batcher: Batcher) -> None:
    """While it hangs, others are told so in time; once it answers again, all is as before."""
    words = Words("pump", slow="stuck")
    detector = EntityDetector(batcher, [words], recognizer_timeout_s=0.1)
    look(detector, leaf("stuck"))
    assert [one.reason for one in look(detector, leaf("the pump")).skipped] == [SkipReason.DEADLINE]
    words.gate.set()
    time.sleep(0.05)
    report = look(detector, leaf("the pump"))
    assert (report.skipped, len(report.findings)) == ((), 1)
    detector.close()


@pytest.mark.parametrize(("kind", "reason"), [("bad", SkipReason.CRASH), ("wrong", SkipReason.UNAVAILABLE)])
def test_a_broken_recognizer_is_named_by_piece(batcher: Batcher, kind: str, reason: SkipReason) -> None:
    """A crash or a place outside the text skips the leaves of that piece and no other, and shows no text."""
    words = Words("pump", bad="secret" if kind == "bad" else "\0", wrong="secret" if kind == "wrong" else "\0")
    filler = leaf("the notes " * 400, "/b")
    report = look(EntityDetector(batcher, [words]), leaf("secret", "/a"), filler, leaf("pump", "/c"))
    reasons = {one.pointer: one.reason for one in report.skipped}
    assert reasons["/a"] is reason
    assert "/c" not in reasons
    assert ("/c", 0, 4, "CODE") in places(report)
    assert "secret" not in repr(report)


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (NotReadyError("nonsense"), SkipReason.UNAVAILABLE),
        (OverloadedError("full"), SkipReason.OVERLOAD),
        (TimeoutError(), SkipReason.DEADLINE),
        (ValueError("unexpected"), SkipReason.CRASH),
    ],
)
def test_what_the_model_did_not_see_has_a_name(model: Model, error: Exception, reason: SkipReason) -> None:
    """Each way to fail skips every leaf with its own reason, and recognizers still answer."""
    with Broken(model) as broken:
        broken.error = error
        report = look(
            EntityDetector(broken, [Words("pump")]), leaf("the pump", "/a"), leaf("Bob", "/b"), leaf("", "/c")
        )
    assert [(one.pointer, one.reason) for one in report.skipped] == [("/a", reason), ("/b", reason)]
    assert (report.coverage.scanned, places(report)) == (0, [("/a", 4, 8, "CODE")])


def test_budgets_are_named(model: Model, batcher: Batcher) -> None:
    """Leaves behind the budget of characters, and documents with too many windows, are skipped as too large."""
    report = look(
        EntityDetector(batcher, max_characters=10), leaf("Alice", "/a"), leaf("Bob Smith", "/b"), leaf("Bob", "/c")
    )
    assert [(one.pointer, one.reason.value) for one in report.skipped] == [("/b", "budget"), ("/c", "budget")]
    assert (places(report), report.coverage.scanned) == ([("/a", 0, 5, "PERSON")], 5)
    with Batcher(model, max_queue_windows=2) as small:
        assert [one.reason.value for one in look(EntityDetector(small), leaf("pump " * 200)).skipped] == ["budget"]


def test_wrong_models_and_limits_are_refused(tmp_path: Path, batcher: Batcher) -> None:
    """A sequence model and limits out of range are configuration errors."""
    with (
        Batcher(Model.load(tiny_models.write_injection(tmp_path / "guard"))) as guard,
        pytest.raises(ConfigurationError),
    ):
        EntityDetector(guard)
    with pytest.raises(ConfigurationError):
        EntityDetector(batcher, floor=-0.1)
    with pytest.raises(ConfigurationError):
        EntityDetector(batcher, recognizer_timeout_s=0)


@given(
    text=st.text(st.sampled_from("ab \n"), max_size=400),
    size=st.integers(10, 60),
    share=st.integers(5, 20),
)
def test_pieces_cover_the_text(text: str, size: int, share: int) -> None:
    """Pieces are bounded, move on, leave nothing out, and share their edges."""
    overlap = size // share
    pieces = list(cut_pieces(text, size, overlap))
    assert bool(pieces) is bool(text)
    assert not pieces or (pieces[0][0] == 0 and pieces[-1][1] == len(text))
    assert all(0 < end - start <= size for start, end in pieces)
    for (start, end), (after, _) in pairwise(pieces):
        assert start < after <= end - overlap


def test_pieces_that_would_not_move_on_are_refused() -> None:
    """An overlap near the size of a piece is an error."""
    with pytest.raises(ValueError, match="overlap"):
        list(cut_pieces("text", 10, 9))


TEXTS = st.lists(st.text(st.sampled_from("Alice Boston.,é漢😀\u200b\n\x1e01"), max_size=120), max_size=6)


@given(texts=TEXTS, keys=st.booleans())
@settings(max_examples=60, deadline=None)
def test_spans_stay_inside(batcher: Batcher, texts: list[str], keys: bool) -> None:
    """Whatever the leaves, every span lies in its own leaf, and all is covered."""
    segments = [leaf(text, f"/{at}", key=keys and at % 2 == 0) for at, text in enumerate(texts)]
    recognizer: Recognizer = Words("B")
    report = look(EntityDetector(batcher, [recognizer]), *segments)
    lengths = {segment.pointer: len(segment.text) for segment in segments}
    assert all(one.span and one.span.end <= lengths[one.pointer] and 0 <= one.score <= 1 for one in report.findings)
    assert report.coverage.scanned == report.coverage.total == sum(lengths.values())
    # A name such as schemas give is context, not a leaf of its own.
    seen = [segment for segment in segments if not is_field_name(segment)]
    expected = {(one.pointer, place) for one in seen for place, char in enumerate(one.text) if char == "B"}
    assert {
        (one.pointer, one.span.start) for one in report.findings if one.entity_type == "CODE" and one.span
    } == expected


def test_field_names_of_schemas_are_context(detector: EntityDetector) -> None:
    """A model is not asked whether `alice` is somebody where it is a field's name; any other name is looked at."""
    assert places(look(detector, leaf("alice", "/alice", key=True))) == []
    assert places(look(detector, leaf("Alice", "/Alice", key=True))) == [("/Alice", 0, 5, "PERSON")]


def test_every_name_of_a_long_text_is_found(detector: EntityDetector) -> None:
    """No token is in a blind spot between windows."""
    text = "the pump of Alice in notes and " * 300
    expected = [("/x", at, at + 5, "PERSON") for at in range(len(text)) if text.startswith("Alice", at)]
    assert places(look(detector, leaf(text, "/x"))) == expected


def test_cost_is_linear(batcher: Batcher) -> None:
    """Twice the text costs at most 2.2 times the processor time, recognizers included: eight times it at most 2.2 cubed."""
    detector = EntityDetector(batcher, [Words("code")], timeout_s=60, recognizer_timeout_s=60)

    def scan(count: int) -> None:
        segments = [leaf("the pump of Alice in the notes and report " * 10, f"/notes/{at}") for at in range(count)]
        assert look(detector, *segments).skipped == ()

    assert growth(lambda: scan(80), lambda: scan(640)) <= 2.2**3


def test_nothing_prints_text(detector: EntityDetector) -> None:
    """Neither the report nor the detector shows what was inspected or where."""
    report = look(detector, leaf("Alice planted-secret", "/planted"))
    assert [one.span for one in report.findings] == [Span(0, 5)]
    assert "planted" not in repr(report) + repr(detector) + repr(vars(detector))


def test_the_service_does_not_pay_for_presidio() -> None:
    """Importing the detector brings neither Presidio nor spaCy, transformers or torch."""
    heavy = "{'presidio_analyzer', 'spacy', 'transformers', 'torch'}"
    code = f"import sys, firewall.detectors.entities; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "[]"
