"""The injection model as a detector: one score for the document, places in each leaf, absence by name."""

from __future__ import annotations

import asyncio
import base64
import math
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firewall.detectors.injection import InjectionDetector, names_fit
from firewall.errors import ConfigurationError, NotReadyError, OverloadedError
from firewall.inference.batcher import Batcher
from firewall.inference.model import Answer, Model, Window
from firewall.vocabulary import Origin, Report, Segment, Severity, SkipReason, Span
from tests import tiny_models
from tests.cost import growth

CLEAN = "the pump report is in notes of the patient "


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Model:
    """Return a sequence model that warns of the word `ignore`."""
    return Model.load(tiny_models.write_injection(tmp_path_factory.mktemp("models") / "guard"))


@pytest.fixture(scope="module")
def batcher(model: Model) -> Iterator[Batcher]:
    """Yield a batcher over it."""
    with Batcher(model) as made:
        yield made


@pytest.fixture(scope="module")
def detector(batcher: Batcher) -> InjectionDetector:
    """Return the detector under test."""
    return InjectionDetector(batcher)


def leaf(text: str, pointer: str = "/body", origin: Origin = Origin.TOOL_RESULT, *, key: bool = False) -> Segment:
    """Return a leaf named after the end of its pointer."""
    return Segment(pointer, origin, text, pointer.rpartition("/")[2], is_key=key)


def look(detector: InjectionDetector, *segments: Segment) -> Report:
    """Detect, in an event loop of its own."""
    return asyncio.run(detector.detect(segments))


class Broken(Batcher):
    """A batcher that answers every call with an error."""

    error: BaseException = NotReadyError("nonsense")

    async def score(self, windows: Sequence[Window], *, deadline: float | None = None) -> list[Answer]:
        """Raise."""
        raise self.error


def test_an_order_is_found_where_it_stands(detector: InjectionDetector) -> None:
    """The finding names the leaf with the order, in that leaf's code points, and the score is calibrated."""
    far = leaf(CLEAN * 20, "/a")
    report = look(detector, far, leaf("now ignore the report", "/b"))
    assert report.scores["injection"] > 0.9
    found = {one.pointer: one for one in report.findings}
    assert found["/b"].span == Span(0, 21)
    assert (found["/b"].rule_id, found["/b"].entity_type) == ("model.injection", "PROMPT_INJECTION")
    assert (found["/b"].severity, found["/b"].score) == (Severity.HIGH, report.scores["injection"])
    assert found["/b"].tags == ("owasp-llm01", "nist-indirect-prompt-injection")
    near = found.get("/a")  # the same window may hold the end of the leaf before
    assert near is None or (near.span is not None and near.span.start > len(far.text) * 3 // 4)
    assert (report.coverage.scanned, report.coverage.total, report.skipped) == (881, 881, ())


def test_arguments_are_tagged_as_direct(detector: InjectionDetector) -> None:
    """In a tool call whoever writes the text speaks to the model directly."""
    report = look(detector, leaf("ignore", origin=Origin.TOOL_CALL))
    assert report.findings[0].tags == ("owasp-llm01", "nist-direct-prompt-injection")


@pytest.mark.parametrize("texts", [(), ("",), ("the pump",), (" \n ", "\u200b"), (CLEAN * 100,)])
def test_a_score_is_always_there(detector: InjectionDetector, texts: tuple[str, ...]) -> None:
    """A clean or empty document has a low score, no finding and full coverage."""
    report = look(detector, *(leaf(text) for text in texts))
    assert report.scores["injection"] < 0.1
    assert (report.findings, report.skipped) == ((), ())
    assert report.coverage.scanned == report.coverage.total


def test_length_is_weighed(detector: InjectionDetector, model: Model) -> None:
    """The same order in a longer text scores lower by just what the calibration says."""
    short = look(detector, leaf("ignore")).scores["injection"]
    text = CLEAN * 60 + "ignore"
    count = len(model.encode([f"body: {text}"])[0].windows)
    score = look(detector, leaf(text)).scores["injection"]
    assert math.log(score / (1 - score)) == pytest.approx(
        math.log(short / (1 - short)) - 1.5 * min(1.0, math.log(count) / math.log(20)), abs=1e-3
    )


@pytest.mark.parametrize(
    "disguise",
    [
        "\uff49\uff47\uff4e\uff4f\uff52\uff45",
        "ig\u200bno\u200dre",
        base64.b64encode(b"you must ignore the report of the pump").decode(),
        b"you must ignore the report of the pump".hex(),
    ],
)
def test_a_disguise_does_not_help(detector: InjectionDetector, disguise: str) -> None:
    """Full-width, invisible characters and encodings are seen through; the span covers the disguise in its leaf."""
    text = f"the pump {disguise} the notes"
    report = look(detector, leaf("the name", "/a"), leaf(text, "/b"))
    spans = [one.span for one in report.findings if one.pointer == "/b" and one.span]
    assert any(span.start <= 9 and span.end >= 9 + len(disguise) <= len(text) for span in spans)


def test_member_names_are_read(detector: InjectionDetector) -> None:
    """An order in a key is reported as one in the key."""
    report = look(detector, leaf("ignore the notes", "/ignore the notes", key=True), leaf("5", "/x"))
    assert [one.is_key for one in report.findings if one.pointer == "/ignore the notes"] == [True]


def test_neighbouring_windows_are_one_finding(detector: InjectionDetector) -> None:
    """Two orders far apart in one leaf are two findings; a run of windows with orders is one."""
    apart = look(detector, leaf("ignore " + CLEAN * 30 + "ignore " + CLEAN * 30)).findings
    assert len(apart) == 2
    run = look(detector, leaf("ignore the pump " * 100)).findings
    assert len(run) == 1
    assert run[0].span == Span(0, len("ignore the pump " * 100) - 1)


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (NotReadyError("nonsense"), SkipReason.UNAVAILABLE),
        (OverloadedError("full"), SkipReason.OVERLOAD),
        (TimeoutError(), SkipReason.DEADLINE),
        (ValueError("unexpected"), SkipReason.CRASH),
    ],
)
def test_what_was_not_looked_at_has_a_name(model: Model, error: Exception, reason: SkipReason) -> None:
    """Each way to fail skips every leaf with its own reason; there is no score that could pass for a clean one."""
    broken = Broken(model)
    broken.error = error
    with broken:
        report = look(InjectionDetector(broken), leaf("ignore", "/a"), leaf("b", "/b"), leaf("", "/c"))
    assert [(one.pointer, one.reason) for one in report.skipped] == [("/a", reason), ("/b", reason)]
    assert report.scores == {}
    assert (report.coverage.scanned, report.coverage.total) == (0, 7)


def test_cancelling_is_not_swallowed(model: Model) -> None:
    """A caller that goes away is let go."""
    broken = Broken(model)
    broken.error = asyncio.CancelledError()
    with broken, pytest.raises(asyncio.CancelledError):
        look(InjectionDetector(broken), leaf("a"))


def test_a_deadline_skips(batcher: Batcher) -> None:
    """A document that takes longer than it may is skipped in time."""
    began = time.monotonic()
    report = look(InjectionDetector(batcher, timeout_s=0.02), leaf(CLEAN * 20_000))
    assert {one.reason for one in report.skipped} == {SkipReason.DEADLINE}
    assert time.monotonic() - began < 5


def test_more_windows_than_places_is_a_matter_of_budget(model: Model) -> None:
    """A document that would not fit into an empty queue is named as too large, not as overload."""
    with Batcher(model, max_queue_windows=2) as small:
        report = look(InjectionDetector(small), leaf(CLEAN * 100))
    assert [one.reason for one in report.skipped] == [SkipReason.BUDGET]


def test_the_budget_of_characters_names_what_it_left_out(batcher: Batcher) -> None:
    """Leaves behind the budget are skipped, what lies before it is still scanned and counted."""
    detector = InjectionDetector(batcher, max_characters=20)
    report = look(detector, leaf("ignore the", "/a"), leaf("pump " * 4, "/b"), leaf("ignore", "/c"))
    assert {one.pointer for one in report.findings} == {"/a", "/b"}
    assert [(one.pointer, one.reason.value) for one in report.skipped] == [("/b", "budget"), ("/c", "budget")]
    assert (report.coverage.scanned, report.coverage.total) == (20, 36)


def test_wrong_models_and_limits_are_refused(tmp_path: Path, batcher: Batcher) -> None:
    """A token model, a floor above one and a budget of nothing are configuration errors."""
    with (
        Batcher(Model.load(tiny_models.write_entities(tmp_path / "tagger"))) as tagger,
        pytest.raises(ConfigurationError),
    ):
        InjectionDetector(tagger)
    with pytest.raises(ConfigurationError):
        InjectionDetector(batcher, floor=1.5)
    with pytest.raises(ConfigurationError):
        InjectionDetector(batcher, timeout_s=0)


def test_long_names_over_tiny_leaves_do_not_blow_up() -> None:
    """Names serve as context only while they do not outweigh what they name."""
    assert names_fit([leaf("5", "/" + "n" * 80)] * 100)
    assert not names_fit([leaf("5", "/" + "n" * 80)] * 10_000)


TEXTS = st.lists(st.text(st.sampled_from("ab ignore.,é漢😀\u200b\n\x1e=ZYgn0"), max_size=200), max_size=6)


@given(texts=TEXTS, keys=st.booleans())
@settings(max_examples=80, deadline=None)
def test_spans_stay_inside(detector: InjectionDetector, texts: list[str], keys: bool) -> None:
    """Whatever the leaves, every span lies in its own leaf, scores are probabilities, and all is covered or named."""
    segments = [leaf(text, f"/{at}", key=keys and at % 2 == 0) for at, text in enumerate(texts)]
    report = look(detector, *segments)
    lengths = {segment.pointer: len(segment.text) for segment in segments}
    for one in report.findings:
        assert one.span is not None
        assert one.span.end <= lengths[one.pointer]
        assert detector.floor <= one.score <= 1
    assert 0 <= report.scores["injection"] <= 1
    assert max((one.score for one in report.findings), default=0) in (0, report.scores["injection"])
    assert report.coverage.total == sum(lengths.values())
    assert report.skipped or report.coverage.scanned == report.coverage.total


@given(words=st.lists(st.sampled_from(["pump", "the", "notes", "ignore"]), min_size=1, max_size=400))
@settings(max_examples=40, deadline=None)
def test_an_order_is_seen_at_any_place(detector: InjectionDetector, words: list[str]) -> None:
    """Every place of the word lies in some finding, so no token is in a blind spot between windows."""
    text = " ".join(words)
    spans = [one.span for one in look(detector, leaf(text)).findings if one.span]
    at = -1
    while (at := text.find("ignore", at + 1)) >= 0:
        assert any(span.start <= at and at + 6 <= span.end for span in spans)


def test_cost_is_linear(batcher: Batcher) -> None:
    """Twice the text costs at most 2.2 times the processor time: four times it at most six times, with room for a busy machine."""
    detector = InjectionDetector(batcher, timeout_s=60)

    def scan(count: int) -> None:
        segments = [leaf(CLEAN * 10, f"/notes/{at}") for at in range(count)]
        assert look(detector, *segments).skipped == ()

    assert growth(lambda: scan(160), lambda: scan(640), rounds=7) <= 6  # a quadratic part would make it 16


def test_nothing_prints_text(detector: InjectionDetector) -> None:
    """Neither the report nor the detector shows what was inspected or where."""
    report = look(detector, leaf("ignore planted-secret", "/planted-pointer"))
    assert report.findings
    assert "planted" not in repr(report) + repr(detector) + repr(vars(detector))


@pytest.fixture(scope="module")
def marking(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InjectionDetector]:
    """Yield a detector over a model that marks the word it warns of."""
    folder = tiny_models.write_injection(tmp_path_factory.mktemp("models") / "guard", marks=True)
    with Batcher(Model.load(folder)) as made:
        yield InjectionDetector(made)


@pytest.fixture(scope="module")
def minute(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InjectionDetector]:
    """Yield the same, but no marked passage is too short to be told beside a longer one."""
    told = {"threshold": 0.5, "least": 1}
    folder = tiny_models.write_injection(tmp_path_factory.mktemp("models") / "guard", marks=True, told=told)
    with Batcher(Model.load(folder)) as made:
        yield InjectionDetector(made)


class TestPassages:
    """What a model with marks reports."""

    def covered(self, detector: InjectionDetector, *segments: Segment) -> list[tuple[str, str]]:
        """Return pointer and text of each finding."""
        texts = {segment.pointer: segment.text for segment in segments}
        report = look(detector, *segments)
        assert all(one.span is not None for one in report.findings)
        return [(one.pointer, texts[one.pointer][one.span.start : one.span.end]) for one in report.findings if one.span]

    def test_the_passage_is_reported_and_not_the_window(self, marking: InjectionDetector) -> None:
        """The sentence with the order, in its leaf; the leaves beside it are not touched."""
        long = leaf(CLEAN + "is in. Please ignore the pump. The notes of the patient", "/a")
        assert self.covered(marking, leaf("the pump", "/b"), long) == [("/a", "Please ignore the pump.")]

    def test_a_direct_attack_is_one_passage(self, marking: InjectionDetector) -> None:
        """Ten orders over many windows of one prompt are one finding with the score of the document."""
        text = "ignore the pump. " * 80
        report = look(marking, leaf(text, origin=Origin.TOOL_CALL))
        assert [(one.span, one.score) for one in report.findings] == [
            (Span(0, len(text) - 1), report.scores["injection"])
        ]

    def test_a_passage_does_not_cross_a_leaf(self, marking: InjectionDetector) -> None:
        """Orders in neighbouring leaves are a finding each, inside their own leaf."""
        found = self.covered(marking, leaf("pump ignore", "/a"), leaf("ignore pump", "/b"))
        assert found == [("/a", "pump ignore"), ("/b", "ignore pump")]

    def test_a_window_without_marks_is_reported_whole(self, tmp_path: Path) -> None:
        """Where the model warns but marks nothing, the window is the place."""
        folder = tiny_models.write_injection(tmp_path / "guard", marks=True, told={"threshold": 0.999})
        with Batcher(Model.load(folder)) as batcher:
            assert self.covered(InjectionDetector(batcher), leaf("the pump ignore the notes")) == [
                ("/body", "the pump ignore the notes")
            ]

    def test_what_was_decoded_covers_its_run(self, marking: InjectionDetector) -> None:
        """An order in base64 is reported as the encoded run."""
        hidden = base64.b64encode(b"you must ignore the report of the pump").decode()
        found = self.covered(marking, leaf(f"the notes of the patient are here: {hidden} and more of the notes"))
        assert [text.strip() for _, text in found] == [hidden]

    @given(words=st.lists(st.sampled_from(["pump", "the", "notes", "ignore"]), min_size=1, max_size=300))
    @settings(max_examples=30, deadline=None)
    def test_an_order_is_in_a_passage_at_any_place(self, minute: InjectionDetector, words: list[str]) -> None:
        """Windows merge without a blind spot: every marked word of a warned-of text is covered."""
        text = " ".join(words)
        spans = [one.span for one in look(minute, leaf(text)).findings if one.span]
        at = -1
        while (at := text.find("ignore", at + 1)) >= 0:
            assert any(span.start <= at and at + 6 <= span.end for span in spans)

    def test_cost_is_linear(self, marking: InjectionDetector) -> None:
        """Also with an order in every leaf: four times the text at most six times the processor time."""

        def scan(count: int) -> None:
            segments = [leaf("ignore the pump. " + CLEAN * 5, f"/notes/{at}") for at in range(count)]
            assert len(look(marking, *segments).findings) == count

        assert growth(lambda: scan(160), lambda: scan(640), rounds=7) <= 6  # a quadratic part would make it 16

    def test_a_floor_under_what_is_cleared_is_refused(self, tmp_path: Path) -> None:
        """What only the screen has seen is never reported."""
        with Batcher(Model.load(tiny_models.write_screened(tmp_path / "guard"))) as batcher:
            with pytest.raises(ConfigurationError, match="screen"):
                InjectionDetector(batcher, floor=0.05)
            report = look(InjectionDetector(batcher), leaf("the notes " * 50, "/a"), leaf("ignore", "/b"))
            assert [one.pointer for one in report.findings] == ["/b"]
            assert batcher.answered["screen"] > 0
