"""Prompt injection as a model sees it: one calibrated score for the document, and the passages it comes from.

The model reads the leaves in canonical form, each behind its field name, and everything that was decoded from them.
A model that marks tokens says which passage of a window is meant; without marks the window is the place. It says how
sure it is; what that means is the policy's business.
"""

from __future__ import annotations

import asyncio
import re
import time
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from operator import itemgetter

import numpy as np

from firewall.detectors.passages import Place, grown, merged
from firewall.detectors.trace import Token, Trace
from firewall.errors import ConfigurationError, LimitExceededError, NotReadyError, OverloadedError
from firewall.inference.cached import Scorer
from firewall.inference.manifest import Task
from firewall.inference.model import Answer, Encoded, Window
from firewall.inference.scoring import CLEARED_AT_MOST
from firewall.inference.spans import passages
from firewall.payload.decode import TRUNCATED
from firewall.payload.joined import SEPARATOR, Joined, join
from firewall.payload.normalize import calmed
from firewall.payload.views import canonical, decoded
from firewall.vocabulary import (
    Coverage,
    Finding,
    Origin,
    Report,
    Segment,
    Severity,
    Skipped,
    SkipReason,
    Span,
    View,
)

NAME = "injection"
RULE_ID = "model.injection"
ENTITY_TYPE = "PROMPT_INJECTION"
FLOOR = 0.2
_INLINE_CHARS = 4_096  # longer documents are prepared in a worker thread, so that the loop stays free
_NAMES_SLACK = 8_192
_PLAIN_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,31}\Z")
_TAGS: Mapping[Origin, tuple[str, ...]] = {
    Origin.TOOL_CALL: ("owasp-llm01", "nist-direct-prompt-injection"),
    Origin.USER_PROMPT: ("owasp-llm01", "nist-direct-prompt-injection"),
    Origin.TOOL_RESULT: ("owasp-llm01", "nist-indirect-prompt-injection"),
    Origin.RESOURCE: ("owasp-llm01", "nist-indirect-prompt-injection"),
    Origin.TOOL_DEFINITION: ("owasp-llm01", "nist-indirect-prompt-injection"),
}


def names_fit(segments: Sequence[Segment]) -> bool:
    """Tell whether field names as context would keep the text within about twice the size of the leaves.

    Thousands of one-letter leaves under one long name would otherwise make a small document a large one.
    """
    names = sum(len(segment.field_name) for segment in segments if not segment.is_key)
    return names <= sum(len(segment.text) for segment in segments) + _NAMES_SLACK


def _is_plain_name(segment: Segment) -> bool:
    """Tell whether a segment is a member name of one short word, which is too little to order anything.

    It is read all the same, as the context in front of the member's value.
    """
    return segment.is_key and _PLAIN_NAME.match(segment.text) is not None


@dataclass(frozen=True, slots=True)
class _Reading:
    """Several views of one joined text behind one another, with the way home to the segments."""

    joined: Joined
    views: tuple[View, ...]
    starts: tuple[int, ...] = field(repr=False)
    text: str = field(repr=False)

    @classmethod
    def of(cls, joined: Joined, views: Sequence[View]) -> _Reading:
        """Put views behind one another. A separator is white space to the model; it stands for no segment."""
        starts, at = [], 0
        for view in views:
            starts.append(at)
            at += len(view.text) + 1
        return cls(
            joined, tuple(views), tuple(starts), calmed("\n".join(view.text for view in views).replace(SEPARATOR, "\n"))
        )

    def home(self, start: int, end: int) -> Iterator[tuple[int, Span]]:
        """Yield each segment under `[start, end)`, with the span in its own code points."""
        index = max(0, bisect_right(self.starts, start) - 1)
        while index < len(self.views) and self.starts[index] < end:
            view, at = self.views[index], self.starts[index]
            low, high = max(start - at, 0), min(end - at, len(view.text))
            if low < high:
                yield from self.joined.locate(*view.to_source(low, high))
            index += 1


@dataclass(frozen=True, slots=True)
class _Prepared:
    """A document ready to be scored: how it reads, its windows, and which segments could not be read whole."""

    readings: tuple[_Reading, ...]
    encoded: tuple[Encoded, ...] = field(repr=False)
    scanned: int
    truncated: frozenset[int]


class InjectionDetector:
    """Scores a whole document. `floor` is the calibrated score from which a window is worth a finding."""

    name = NAME

    def __init__(
        self,
        batcher: Scorer,
        *,
        floor: float = FLOOR,
        timeout_s: float = 10.0,
        max_characters: int = 1_000_000,
    ) -> None:
        """Take a batcher over a sequence model.

        `timeout_s` is how long a document may wait and compute before its segments are skipped; `max_characters` is
        how many characters of a document are read, decoded ones not counted.

        Raises:
            ConfigurationError: if the model does not classify sequences, or a limit is out of range.
        """
        if batcher.model.manifest.task is not Task.SEQUENCE:
            raise ConfigurationError("the injection detector needs a sequence-classification model")
        if not 0 <= floor <= 1 or timeout_s <= 0 or max_characters < 1:
            raise ConfigurationError("the injection detector has a limit that is out of range")
        if batcher.model.screened and floor <= CLEARED_AT_MOST:
            raise ConfigurationError("a floor that low would report windows which only the screen has seen")
        self._batcher = batcher
        self.floor = floor
        self.timeout_s = timeout_s
        self.max_characters = max_characters

    async def detect(self, segments: Sequence[Segment]) -> Report:
        """Score the document. Never raises for what is in it; what was not looked at is in `skipped`.

        A document that could not be scored has no score: its segments are skipped instead.
        """
        began = time.perf_counter()
        deadline = time.monotonic() + self.timeout_s
        total = sum(len(segment.text) for segment in segments)
        names = sum(len(segment.text) for segment in segments if _is_plain_name(segment))
        segments = [segment for segment in segments if not _is_plain_name(segment)]
        try:
            prepared = await self._prepare(segments, total - names, deadline)
            windows = [window for encoded in prepared.encoded for window in encoded.windows]
            check_size(windows, self._batcher)
            answers = await self._batcher.score(windows, deadline=deadline)
            score, findings = self._weigh(segments, prepared, answers)
        except Exception as error:  # noqa: BLE001 - the policy answers for what was not seen, whatever the cause
            reason = skip_reason(error)
            return Report(
                skipped=tuple(Skipped(NAME, segment.pointer, reason) for segment in segments if segment.text),
                coverage=Coverage(0, total),
                timings_ms={NAME: (time.perf_counter() - began) * 1e3},
            )
        cut = sorted(prepared.truncated)
        return Report(
            findings=tuple(findings),
            skipped=tuple(Skipped(NAME, segments[index].pointer, SkipReason.BUDGET) for index in cut),
            coverage=Coverage(prepared.scanned + names, total),
            timings_ms={NAME: (time.perf_counter() - began) * 1e3},
            scores={NAME: score},
        )

    async def traces(self, segments: Sequence[Segment]) -> list[Trace]:
        """Ask the model once more, and say which tokens it marks in what it reads as it stands; decoded views have none.

        Raises what the model raises.
        """
        segments = [segment for segment in segments if not _is_plain_name(segment)]
        deadline = time.monotonic() + self.timeout_s
        prepared = await self._prepare(segments, sum(len(segment.text) for segment in segments), deadline)
        reading, encoded = prepared.readings[0], prepared.encoded[0]
        answers = await self._batcher.score(encoded.windows, deadline=deadline)
        marked: dict[int, list[Token]] = {}
        for window, answer in zip(encoded.windows, answers, strict=True):
            if answer.marks is None:
                continue
            probabilities = 1 / (1 + np.exp(-np.clip(answer.marks, -30, 30)))
            for at in np.flatnonzero(probabilities >= self._batcher.model.manifest.passages.threshold):
                token = window.first + int(at)
                for index, span in reading.home(int(encoded.tokens.starts[token]), int(encoded.tokens.ends[token])):
                    marked.setdefault(index, []).append(Token(span, "MARKED", float(probabilities[at])))
        return [
            Trace(
                detector=NAME,
                rule_id=RULE_ID,
                entity_type=ENTITY_TYPE,
                pointer=segments[index].pointer,
                is_key=segments[index].is_key,
                span=Span(min(one.span.start for one in tokens), max(one.span.end for one in tokens)),
                score=max(one.probability for one in tokens),
                view="canonical",
                tokens=tuple(sorted(set(tokens), key=lambda one: one.span)),
            )
            for index, tokens in marked.items()
        ]

    async def _prepare(self, segments: Sequence[Segment], total: int, deadline: float) -> _Prepared:
        if total <= _INLINE_CHARS:
            return self._read(segments)
        async with asyncio.timeout(deadline - time.monotonic()):
            return await asyncio.to_thread(self._read, segments)

    def _read(self, segments: Sequence[Segment]) -> _Prepared:
        """Join, fold, decode and tokenize, within the budget of characters."""
        kept, scanned, truncated = self._within_budget(segments)
        joined = join(kept, context=names_fit(kept))
        hidden: list[View] = []
        for view in decoded(joined.text):
            if view.name == TRUNCATED:
                truncated |= {index for index, _ in joined.locate(*view.to_source(0, len(view.text)))}
            elif view.text:
                hidden.append(view)
        plain = _Reading.of(joined, [canonical(joined.text)])
        readings = (plain, _Reading.of(joined, hidden)) if hidden else (plain,)
        encoded = self._batcher.model.encode([reading.text for reading in readings])
        return _Prepared(readings, tuple(encoded), scanned, frozenset(truncated))

    def _within_budget(self, segments: Sequence[Segment]) -> tuple[Sequence[Segment], int, set[int]]:
        """Return the segments that are read, the characters in them, and the indexes of those not read whole."""
        left = self.max_characters
        for index, segment in enumerate(segments):
            if len(segment.text) > left:
                kept = [*segments[:index], replace(segment, text=segment.text[:left])]
                return kept, self.max_characters, set(range(index, len(segments)))
            left -= len(segment.text)
        return segments, self.max_characters - left, set()

    def _weigh(
        self, segments: Sequence[Segment], prepared: _Prepared, answers: Sequence[Answer]
    ) -> tuple[float, list[Finding]]:
        """Calibrate: the document's score over all windows, and a finding for each passage of windows over the floor."""
        margins = [self._batcher.model.margin(answer.logits) for answer in answers]
        if not margins:
            return 0.0, []
        calibration = self._batcher.model.manifest.calibration
        scores = [calibration.probability(margin, len(margins)) for margin in margins]
        places: list[Place] = []
        at = 0
        for number, (reading, encoded) in enumerate(zip(prepared.readings, prepared.encoded, strict=True)):
            count = len(encoded.windows)
            for start, end, score, marked in self._passages(
                encoded, reading.text, answers[at : at + count], scores[at : at + count]
            ):
                # What was decoded maps home in larger pieces, and its words are not those of the leaf.
                fits = marked and not number
                for index, span in reading.home(start, end):
                    places.append(Place(index, grown(segments[index].text, span) if fits else span, score))
            at += count
        return max(scores), [
            _finding(segments[place.index], place.span, place.score) for place in merged(places, segments)
        ]

    def _passages(
        self, encoded: Encoded, text: str, answers: Sequence[Answer], scores: Sequence[float]
    ) -> Iterator[tuple[int, int, float, bool]]:
        """Yield start, end, score and whether marks say so, of what the windows of a reading's text warn of.

        A passage has the highest score of the windows that it lies in.
        """
        tokens = encoded.tokens
        for first, last, score in _runs(scores, self.floor):
            run = slice(first, last + 1)
            windows = [(window.first, window.last) for window in encoded.windows[run]]
            marks = [answer.marks for answer in answers[run] if answer.marks is not None]
            if len(marks) < len(windows):
                yield int(tokens.starts[windows[0][0]]), int(tokens.ends[windows[-1][1] - 1]), score, False
                continue
            settings = self._batcher.model.manifest.passages
            for low, high, marked in passages(windows, marks, tokens, text, settings):
                lies_in = slice(
                    first + bisect_right(windows, low, key=itemgetter(1)),
                    first + bisect_left(windows, high, key=itemgetter(0)),
                )
                yield int(tokens.starts[low]), int(tokens.ends[high - 1]), max(scores[lies_in]), marked


def skip_reason(error: Exception) -> SkipReason:
    """Name why a detector could not look, from the error that stopped it."""
    if isinstance(error, TimeoutError):
        return SkipReason.DEADLINE
    if isinstance(error, LimitExceededError):
        return SkipReason.BUDGET
    if isinstance(error, OverloadedError):
        return SkipReason.OVERLOAD
    return SkipReason.UNAVAILABLE if isinstance(error, NotReadyError) else SkipReason.CRASH


def check_size(windows: Sequence[Window], batcher: Scorer) -> None:
    """Refuse a document that would not fit into an empty queue: waiting cannot help it.

    Raises:
        LimitExceededError: if it has more windows than the queue has places.
    """
    if len(windows) > batcher.max_queue_windows:
        raise LimitExceededError("the document has more windows than may wait for the model")


def _runs(scores: Sequence[float], floor: float) -> Iterator[tuple[int, int, float]]:
    """Yield each run of neighbouring windows that reach the floor: first, last, and the highest score in it."""
    first: int | None = None
    for index, score in enumerate([*scores, -1.0]):
        if score >= floor:
            first = index if first is None else first
        elif first is not None:
            yield first, index - 1, max(scores[first:index])
            first = None


def _finding(segment: Segment, span: Span, score: float) -> Finding:
    return Finding(
        detector=NAME,
        rule_id=RULE_ID,
        entity_type=ENTITY_TYPE,
        pointer=segment.pointer,
        span=span,
        score=score,
        severity=Severity.HIGH,
        origin=segment.origin,
        tags=_TAGS[segment.origin],
        is_key=segment.is_key,
    )
