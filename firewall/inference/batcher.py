"""The hot path: windows of many requests become batches for one model, in one worker thread, in a fair order.

Admission is decided before any work is queued. A batch is filled by tokens with windows of like length, so that
little of it is padding, and one window of each request in turn, so that a long document cannot hold up a short one
for longer than the batch that is running. Where the model has a screen, windows wait in its line first, and those it
does not clear wait in the model's; the two lines take turns. Nobody's work is computed after they stopped waiting.
"""

from __future__ import annotations

import asyncio
import threading
import time
from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from types import TracebackType
from typing import Self

from firewall.errors import NotReadyError, OverloadedError
from firewall.inference.model import Answer, Model, Window
from firewall.telemetry import Metrics

# Measured on 2 cores with a 6-layer, 384-wide int8 encoder: four windows of 128 tokens cost as much a window as
# thirty-two, and a short request then waits for one small batch. An accelerator wants far more to do at a time.
BATCH_TOKENS = {"cpu": 512, "cuda": 32_768}
# The screen is some twenty times cheaper, and eight windows of 128 tokens at a time cost it least a window: one window
# alone costs a quarter more, thirty-two a fifth more each, because what it computes leaves the cache.
SCREEN_TOKENS = {"cpu": 1_024, "cuda": 131_072}
# A window joins a batch when it is at least this share of the batch's longest, or nearly as short as it.
_LEAST_FILL = 0.75
_NEARLY = 8
_SHUT = "the model was shut down"


class _Job:
    """The windows of one call and where their answers go. Guarded by the batcher's lock."""

    __slots__ = ("deadline", "future", "left", "loop", "parts", "results", "windows")

    def __init__(self, windows: Sequence[Window], deadline: float | None) -> None:
        self.windows = list(windows)  # a window comes back from the screen with what was made of it
        self.deadline = deadline
        self.parts: dict[_Line, _Part] = {}
        self.left = len(windows)
        self.results: list[Answer | None] = [None] * len(windows)
        self.loop = asyncio.get_running_loop()
        self.future: asyncio.Future[list[Answer]] = self.loop.create_future()

    def gone(self, now: float) -> bool:
        """Tell whether nobody waits for this any more."""
        return self.future.done() or (self.deadline is not None and self.deadline <= now)

    def drop(self) -> int:
        """Forget what is not computed yet; return how many windows that were."""
        dropped = sum(len(part.waiting) for part in self.parts.values())
        for part in self.parts.values():
            part.waiting.clear()
        return dropped


class _Part:
    """What of a call waits in one line: lengths and indexes of its windows, longest last."""

    __slots__ = ("job", "waiting")

    def __init__(self, job: _Job) -> None:
        self.job = job
        self.waiting: list[tuple[int, int]] = []

    def take(self, least: int, most: int) -> int | None:
        """Take out the longest window of `least` to `most` tokens; return its index, or None where there is none."""
        at = bisect_right(self.waiting, (most, len(self.job.windows))) - 1
        if at < 0 or self.waiting[at][0] < least:
            return None
        return self.waiting.pop(at)[1]


class _Line:
    """Those who wait for one graph, and whose turn it is. `answer` computes a batch of at most `tokens` tokens."""

    def __init__(self, tokens: int, answer: Callable[[Sequence[Window]], Sequence[Answer | Window]]) -> None:
        self.tokens = tokens
        self.answer = answer
        self.parts: deque[_Part] = deque()
        self._seed: _Job | None = None

    @property
    def busy(self) -> bool:
        """Tell whether a window waits here."""
        return any(part.waiting for part in self.parts)

    def add(self, job: _Job, indexes: Iterable[int]) -> None:
        """Let windows of a call wait here, behind one another: a call has one turn, however often it comes."""
        part = job.parts.get(self)
        if part is None or not part.waiting:
            part = job.parts[self] = _Part(job)
            self.parts.append(part)
        part.waiting += [(len(job.windows[index]), index) for index in indexes]
        part.waiting.sort()

    def fill(self, now: float) -> tuple[list[tuple[_Job, int]], int]:
        """Fill one batch: the first call's longest window sets the length, then one window of each in turn.

        Whoever set the length of the last batch goes behind those who came meanwhile. Also returns how many windows
        were dropped, here and elsewhere, because nobody waits for them any more.
        """
        dropped = sum(part.job.drop() for part in self.parts if part.job.gone(now))
        self.parts = deque(part for part in self.parts if part.waiting)
        if not self.parts:
            self._seed = None
            return [], dropped
        if self.parts[0].job is self._seed:
            self.parts.rotate(-1)
        first = self.parts[0]
        self._seed = first.job
        longest, index = first.waiting.pop()
        batch = [(first.job, index)]
        least = min(int(longest * _LEAST_FILL), longest - _NEARLY)
        turn = deque(self.parts)
        turn.rotate(-1)
        while turn and (len(batch) + 1) * longest <= self.tokens:
            part = turn.popleft()
            found = part.take(least, longest)
            if found is not None:
                batch.append((part.job, found))
                turn.append(part)
        return batch, dropped


class Batcher:
    """Scores windows with one model. `score` may be called from any number of tasks and event loops."""

    def __init__(
        self,
        model: Model,
        *,
        max_tokens_per_batch: int | None = None,
        max_queue_windows: int = 4096,
        metrics: Metrics | None = None,
    ) -> None:
        """Start the worker. `max_queue_windows` is how many windows may wait before calls are refused.

        `max_tokens_per_batch` is what the model reads at a time; its screen looks at more. `answered` counts the
        windows by what answered for them, and so do the `metrics`.

        Raises:
            ValueError: if a limit is not positive.
        """
        tokens = BATCH_TOKENS[model.provider] if max_tokens_per_batch is None else max_tokens_per_batch
        if tokens < 1 or max_queue_windows < 1:
            raise ValueError("the limits of a batcher are positive")
        self.model = model
        self.max_tokens_per_batch = tokens
        self.max_queue_windows = max_queue_windows
        self._lock = threading.Lock()
        self._wake = threading.Condition(self._lock)
        self._model = _Line(tokens, model.read)
        # What a screen of the model's own layers left is kept until it is read on, so no more is begun than is read.
        wide = tokens if model.begun else max(tokens, SCREEN_TOKENS[model.provider])
        self._lines = deque([_Line(wide, model.clear), self._model] if model.screened else [self._model])
        self._first = self._lines[0]
        self._queued = 0
        self.answered = {"screen": 0, "model": 0}
        self._windows = (metrics or Metrics()).windows
        self._closed = False
        self._thread = threading.Thread(target=self._work, name=f"score-{model.manifest.name}", daemon=True)
        self._thread.start()

    @property
    def queued(self) -> int:
        """Return how many windows wait to be computed."""
        return self._queued

    async def score(self, windows: Sequence[Window], *, deadline: float | None = None) -> list[Answer]:
        """Return the answer for each window, in order. `deadline` is a reading of `time.monotonic()` in seconds.

        Raises:
            OverloadedError: if the queue has no room for these windows; nothing of them was queued.
            TimeoutError: if the deadline passed first.
            NotReadyError: if the model answered nonsense or the batcher is closed.
        """
        if not windows:
            return []
        if deadline is not None and deadline <= time.monotonic():
            raise TimeoutError
        job = _Job(windows, deadline)
        with self._wake:
            if self._closed:
                raise NotReadyError(_SHUT)
            if self._queued + len(windows) > self.max_queue_windows:
                raise OverloadedError("too many texts wait to be scored")
            self._queued += len(windows)
            self._first.add(job, range(len(windows)))
            self._wake.notify()
        try:
            if deadline is None:
                return await job.future
            async with asyncio.timeout(deadline - time.monotonic()):
                return await job.future
        finally:
            if any(part.waiting for part in job.parts.values()):
                with self._lock:
                    self._queued -= job.drop()

    def close(self) -> None:
        """Stop the worker after the batch that is running; those who still wait get NotReadyError."""
        with self._wake:
            self._closed = True
            self._wake.notify()
        self._thread.join()

    def __enter__(self) -> Self:
        """Return the running batcher."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it."""
        self.close()

    def __repr__(self) -> str:
        """Name the model and the limit."""
        return f"Batcher({self.model!r}, {self.max_tokens_per_batch} tokens a batch)"

    def _work(self) -> None:
        """Take a batch, compute it, hand the answers out; until closed."""
        while True:
            with self._wake:
                while not self._closed and not any(line.busy for line in self._lines):
                    for line in self._lines:
                        line.parts.clear()
                    self._wake.wait()
                if self._closed:
                    self._fail([part.job for line in self._lines for part in line.parts], NotReadyError(_SHUT))
                    return
                while not self._lines[0].busy:
                    self._lines.rotate(-1)
                line = self._lines[0]
                self._lines.rotate(-1)
                batch, dropped = line.fill(time.monotonic())
                self._queued -= len(batch) + dropped
            if batch:
                self._compute(line, batch)

    def _compute(self, line: _Line, batch: list[tuple[_Job, int]]) -> None:
        """Run a graph outside the lock and tell each event loop once what has been finished."""
        try:
            answers = line.answer([job.windows[index] for job, index in batch])
        except Exception as error:  # noqa: BLE001 - whatever it is, those who wait must hear of it
            with self._lock:
                self._fail([job for job, _ in batch], error)
            return
        self._count([answer.cleared for answer in answers if isinstance(answer, Answer)])
        finished: list[_Job] = []
        unclear: dict[_Job, list[int]] = {}
        for (job, index), answer in zip(batch, answers, strict=True):
            if isinstance(answer, Window):
                job.windows[index] = answer
                unclear.setdefault(job, []).append(index)
                continue
            job.results[index] = answer
            job.left -= 1
            if not job.left:
                finished.append(job)
        with self._lock:
            for job, indexes in unclear.items():
                if not job.future.done():
                    self._model.add(job, indexes)
                    self._queued += len(indexes)
        _notify(finished, None)

    def _count(self, cleared: list[bool]) -> None:
        for graph, count in (("screen", sum(cleared)), ("model", len(cleared) - sum(cleared))):
            self.answered[graph] += count
            self._windows.labels(self.model.manifest.name, graph).inc(count)

    def _fail(self, jobs: list[_Job], error: Exception) -> None:
        """Give up on calls. Called with the lock held."""
        failed = list(dict.fromkeys(jobs))
        self._queued -= sum(job.drop() for job in failed)
        _notify(failed, error)


def _notify(jobs: list[_Job], error: Exception | None) -> None:
    """Wake each event loop once for all its requests that are done."""
    for loop in {job.loop for job in jobs}:
        mine = [job for job in jobs if job.loop is loop]
        try:
            loop.call_soon_threadsafe(_resolve, mine, error)
        except RuntimeError:  # that loop is closed: nobody waits there any more
            continue


def _resolve(jobs: list[_Job], error: Exception | None) -> None:
    """Set the results, in the event loop's own thread."""
    for job in jobs:
        if job.future.done():
            continue
        if error is None:
            job.future.set_result([row for row in job.results if row is not None])
        else:
            job.future.set_exception(error)
