"""Names, places, dates and identifiers: our token model over the whole document, then users' own recognizers.

The leaves are read as one text, each on a line behind its field name, so that short leaves fill windows and have
context; what is found is reported in each leaf's own code points. Recognizers see bounded pieces of the same text,
each within a budget of time, since what they cost is not ours to know.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from firewall.detectors.injection import check_size, names_fit, skip_reason
from firewall.detectors.model_traces import traced_entities
from firewall.detectors.tagger import Entity, Tagger
from firewall.detectors.trace import NOBODYS, Trace
from firewall.errors import ConfigurationError, NotReadyError
from firewall.inference.cached import Scorer
from firewall.payload.dialects.field import Field
from firewall.payload.joined import Joined, is_field_name, join
from firewall.payload.structure import known, parts
from firewall.vocabulary import Coverage, Finding, Report, Segment, Severity, Skipped, SkipReason, Span

T = TypeVar("T")

NAME = "entities"
_TAGS = ("owasp-llm02",)
_INLINE_CHARS = 4_096  # longer documents are prepared in a worker thread, so that the loop stays free
_PIECE_CHARS = 2_000
_PIECE_OVERLAP = 200


class Recognizer(Protocol):
    """A user's own engine: a name for rule ids, and a synchronous look at one bounded piece of text.

    It is called from one thread at a time. An answer outside the piece counts as nonsense.
    """

    @property
    def name(self) -> str:
        """The name that its findings carry."""
        ...

    def look(self, text: str) -> list[Entity]:
        """Return the entities of a piece, in the piece's code points."""
        ...


@dataclass(slots=True)
class _Progress:
    """What a recognizer has answered so far; read by the loop even when the recognizer ran out of time."""

    stop: threading.Event = field(default_factory=threading.Event)
    entities: list[Entity] = field(default_factory=list, repr=False)
    missed: dict[tuple[int, int], SkipReason] = field(default_factory=dict)
    done: int = 0


class EntityDetector:
    """Our model and any recognizers, all over the same text. `floor` is the score that a recognizer's answer needs."""

    name = NAME

    def __init__(
        self,
        batcher: Scorer | None,
        recognizers: Sequence[Recognizer] = (),
        *,
        floor: float = 0.3,
        timeout_s: float = 10.0,
        recognizer_timeout_s: float = 2.0,
        max_characters: int = 1_000_000,
    ) -> None:
        """Take a batcher over a token model (None: recognizers only) and the recognizers to run beside it.

        `timeout_s` is the model's budget for a document, `recognizer_timeout_s` that of each recognizer,
        `max_characters` how many characters of a document are read.

        Raises:
            ConfigurationError: if the model does not classify tokens, or a limit is out of range.
        """
        if not 0 <= floor <= 1 or min(timeout_s, recognizer_timeout_s) <= 0 or max_characters < 1:
            raise ConfigurationError("the entity detector has a limit that is out of range")
        self._batcher = batcher
        self._tagger = None if batcher is None else Tagger(batcher.model)
        self._recognizers = tuple(recognizers)
        self._pools = tuple(ThreadPoolExecutor(1, thread_name_prefix="recognizer") for _ in recognizers)
        self.floor = floor
        self.timeout_s = timeout_s
        self.recognizer_timeout_s = recognizer_timeout_s
        self.max_characters = max_characters

    async def detect(self, segments: Sequence[Segment]) -> Report:
        """Look at every segment. Never raises for what is in them; what was not looked at is in `skipped`."""
        began = time.perf_counter()
        total = sum(len(segment.text) for segment in segments)
        sight = self._sight(segments)
        await asyncio.gather(
            self._ask_model(sight),
            *(self._ask(one, pool, sight) for one, pool in zip(self._recognizers, self._pools, strict=True)),
        )
        return sight.report(total, (time.perf_counter() - began) * 1e3)

    async def traces(self, segments: Sequence[Segment]) -> list[Trace]:
        """Ask the model once more, and say what it made of each token of each entity. Raises what the model raises."""
        if self._batcher is None or self._tagger is None:
            return []
        sight, tagger, deadline = self._sight(segments), self._tagger, time.monotonic() + self.timeout_s
        text, model = sight.joined.text, self._batcher.model
        encoded = (await _maybe_aside(len(text), lambda: model.encode([text]), deadline))[0]
        if not encoded.windows:
            return []
        logits = [answer.logits for answer in await self._batcher.score(encoded.windows, deadline=deadline)]

        def told() -> list[Trace]:
            """Read the answers."""
            found, weighed = tagger.entities(text, encoded, logits), tagger.probabilities(encoded, logits)
            return traced_entities(
                NAME, found, weighed, encoded.tokens, tagger.labels, sight.joined, sight.segments, sight.why_dropped
            )

        return await _maybe_aside(len(text), told, deadline)

    def _sight(self, segments: Sequence[Segment]) -> _Sight:
        """Return what is read of a document, before anybody has looked."""
        told = known(segments)
        # Names that schemas give are read as context before their values; alone a model takes some for somebody's.
        read = [at for at, segment in enumerate(segments) if not is_field_name(segment)]
        segments = [segments[at] for at in read]
        count = _within(segments, self.max_characters)
        sight = _Sight(
            segments,
            [told[at] for at in read],
            join(segments[:count], context=names_fit(segments[:count]), separator="\n"),
        )
        for index in range(count, len(segments)):
            sight.miss(index, SkipReason.BUDGET)
        return sight

    def close(self) -> None:
        """Let the recognizers' threads end; one that hangs is not waited for."""
        for pool in self._pools:
            pool.shutdown(wait=False, cancel_futures=True)

    async def _ask_model(self, sight: _Sight) -> None:
        if self._batcher is None or self._tagger is None:
            return
        deadline = time.monotonic() + self.timeout_s
        text, model, tagger = sight.joined.text, self._batcher.model, self._tagger
        try:
            encoded = (await _maybe_aside(len(text), lambda: model.encode([text]), deadline))[0]
            check_size(encoded.windows, self._batcher)
            answers = await self._batcher.score(encoded.windows, deadline=deadline)
            logits = [answer.logits for answer in answers]
            found = await _maybe_aside(len(text), lambda: tagger.entities(text, encoded, logits), deadline)
        except Exception as error:  # noqa: BLE001 - the policy answers for what was not seen, whatever the cause
            sight.miss_range(0, len(text), skip_reason(error))
            return
        for entity in found:
            sight.keep(entity)

    async def _ask(self, recognizer: Recognizer, pool: ThreadPoolExecutor, sight: _Sight) -> None:
        """Run one recognizer over the pieces; take what it answered in time and name the rest as skipped."""
        text = sight.joined.text
        pieces = list(cut_pieces(text))
        progress = _Progress()
        try:
            async with asyncio.timeout(self.recognizer_timeout_s):
                loop = asyncio.get_running_loop()
                await loop.run_in_executor(pool, _look_at_pieces, recognizer, text, pieces, progress)
        except TimeoutError:
            pass  # what was not reached is named below
        finally:
            progress.stop.set()
        for start, end in pieces[progress.done :]:
            sight.miss_range(start, end, SkipReason.DEADLINE)
        for (start, end), reason in dict(progress.missed).items():
            sight.miss_range(start, end, reason)
        for entity in list(progress.entities):
            if entity.score >= self.floor:
                sight.keep(entity)


class _Sight:
    """What has been seen of one document so far."""

    def __init__(self, segments: Sequence[Segment], told: Sequence[Sequence[Field]], joined: Joined) -> None:
        self.segments = segments
        self.told = told
        self.joined = joined
        self.findings: dict[tuple[int, Span, str, str], Finding] = {}
        self.missed: dict[int, SkipReason] = {}

    def miss(self, index: int, reason: SkipReason) -> None:
        """Note that a segment was not looked at by everyone; the first reason stands."""
        if self.segments[index].text:
            self.missed.setdefault(index, reason)

    def miss_range(self, start: int, end: int, reason: SkipReason) -> None:
        """Note the segments under a range of the joined text."""
        for index, _ in self.joined.locate(start, end):
            self.miss(index, reason)

    def why_dropped(self, index: int, start: int, end: int) -> str:
        """Say why nothing is reported at a range of a segment; "" where it is."""
        left = next(iter(parts(self.segments[index].text, self.told[index], start, end)), None)
        return NOBODYS if left is None else ""

    def keep(self, entity: Entity) -> None:
        """Report an entity in each segment it touches; what lies on field names alone touches none."""
        for index, span in self.joined.locate(entity.start, entity.end):
            segment = self.segments[index]
            for start, end in parts(segment.text, self.told[index], span.start, span.end):
                self._note(entity, index, Span(start, end))

    def _note(self, entity: Entity, index: int, span: Span) -> None:
        """Keep a finding; of two that say the same the surer one."""
        segment = self.segments[index]
        key = (index, span, entity.entity_type, entity.rule_id)
        known = self.findings.get(key)
        if known is None or known.score < entity.score:
            self.findings[key] = Finding(
                detector=NAME,
                rule_id=entity.rule_id,
                entity_type=entity.entity_type,
                pointer=segment.pointer,
                span=span,
                score=entity.score,
                severity=Severity.MEDIUM,
                origin=segment.origin,
                tags=_TAGS,
                is_key=segment.is_key,
            )

    def report(self, total: int, elapsed_ms: float) -> Report:
        """Return all that was and was not seen; a segment that anyone missed does not count as scanned."""
        missed = sum(len(self.segments[index].text) for index in self.missed)
        return Report(
            findings=tuple(self.findings.values()),
            skipped=tuple(Skipped(NAME, self.segments[at].pointer, why) for at, why in sorted(self.missed.items())),
            coverage=Coverage(total - missed, total),
            timings_ms={NAME: elapsed_ms},
        )


def cut_pieces(text: str, size: int = _PIECE_CHARS, overlap: int = _PIECE_OVERLAP) -> Iterator[tuple[int, int]]:
    """Yield ranges of at most `size` characters that cover the text, cut at white space where there is some.

    Neighbours share about `overlap` characters, so that what stands at a cut is seen whole by one of them.

    Raises:
        ValueError: if the overlap is more than a fifth of the size, so that pieces might not move on.
    """
    if size < 1 or not 0 <= overlap <= size // 5:
        raise ValueError("an overlap is at most a fifth of the piece")
    start = 0
    while start < len(text):
        end = min(len(text), start + size)
        if end < len(text):
            end = _blank_before(text, end, start + size // 2) or end
        yield start, end
        if end == len(text):
            return
        start = _blank_before(text, end - overlap, end - 2 * overlap) or end - overlap


def _blank_before(text: str, at: int, least: int) -> int | None:
    """Return the place behind the last white space in `[least, at)`, or None."""
    for place in range(at, max(least, 0), -1):
        if text[place - 1].isspace():
            return place
    return None


def _within(segments: Sequence[Segment], budget: int) -> int:
    """Return how many leading segments fit into the budget of characters."""
    for index, segment in enumerate(segments):
        budget -= len(segment.text)
        if budget < 0:
            return index
    return len(segments)


def _look_at_pieces(recognizer: Recognizer, text: str, pieces: Sequence[tuple[int, int]], progress: _Progress) -> None:
    """Run in the recognizer's own thread. A piece that fails is skipped by name and the next one is looked at."""
    for start, end in pieces:
        if progress.stop.is_set():
            return
        try:
            found = recognizer.look(text[start:end])
            _check_answer(found, end - start)
        except Exception as error:  # noqa: BLE001 - foreign code; whatever it raises, the policy must hear of it
            progress.missed[start, end] = skip_reason(error)
        else:
            progress.entities.extend(
                Entity(start + one.start, start + one.end, one.entity_type, one.score, one.rule_id) for one in found
            )
        progress.done += 1


def _check_answer(found: Sequence[Entity], length: int) -> None:
    if not all(0 <= one.start < one.end <= length and 0 <= one.score <= 1 for one in found):
        raise NotReadyError("a recognizer answered with a place outside its text or a score outside [0, 1]")


async def _maybe_aside(size: int, work: Callable[[], T], deadline: float) -> T:
    """Do short work at once and long work in a thread, up to the deadline."""
    if size <= _INLINE_CHARS:
        return work()
    async with asyncio.timeout(deadline - time.monotonic()):
        return await asyncio.to_thread(work)
