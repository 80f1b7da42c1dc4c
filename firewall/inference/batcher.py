"""The hot path: windows of many requests become batches for one model, in one worker thread, in a fair order.

Admission is decided before any work is queued. A batch is filled by tokens with windows of like length, so that
little of it is padding, and one window of each request in turn, so that a long document cannot hold up a short one
for longer than the batch that is running. Nobody's work is computed after they stopped waiting for it.
"""

from __future__ import annotations

import asyncio
import threading
import time
from bisect import bisect_right
from collections import deque
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from firewall.errors import NotReadyError, OverloadedError
from firewall.inference.model import Logits, Model, Window

# Measured on 2 cores with a 6-layer, 384-wide int8 encoder: four windows of 128 tokens cost as much a window as
# thirty-two, and a short request then waits for one small batch. An accelerator wants far more to do at a time.
BATCH_TOKENS = {"cpu": 512, "cuda": 32_768}
# A window joins a batch when it is at least this share of the batch's longest, or nearly as short as it.
_LEAST_FILL = 0.75
_NEARLY = 8


class _Job:
    """The windows of one call and where their scores go. `waiting` holds lengths and indexes, longest last.

    Guarded by the batcher's lock.
    """

    __slots__ = ("deadline", "future", "left", "loop", "results", "waiting", "windows")

    def __init__(self, windows: Sequence[Window], deadline: float | None) -> None:
        self.windows = windows
        self.deadline = deadline
        self.waiting = sorted((len(window), index) for index, window in enumerate(windows))
        self.left = len(windows)
        self.results: list[Logits | None] = [None] * len(windows)
        self.loop = asyncio.get_running_loop()
        self.future: asyncio.Future[list[Logits]] = self.loop.create_future()

    def take(self, least: int, most: int) -> int | None:
        """Take out the longest window of `least` to `most` tokens; return its index, or None where there is none."""
        at = bisect_right(self.waiting, (most, len(self.windows))) - 1
        if at < 0 or self.waiting[at][0] < least:
            return None
        return self.waiting.pop(at)[1]

    def drop(self) -> int:
        """Forget what is not computed yet; return how many windows that were."""
        dropped = len(self.waiting)
        self.waiting.clear()
        return dropped


class Batcher:
    """Scores windows with one model. `score` may be called from any number of tasks and event loops."""

    def __init__(self, model: Model, *, max_tokens_per_batch: int | None = None, max_queue_windows: int = 4096) -> None:
        """Start the worker. `max_queue_windows` is how many windows may wait before calls are refused.

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
        self._jobs: deque[_Job] = deque()
        self._seed: _Job | None = None
        self._queued = 0
        self._closed = False
        self._thread = threading.Thread(target=self._work, name=f"score-{model.manifest.name}", daemon=True)
        self._thread.start()

    @property
    def queued(self) -> int:
        """Return how many windows wait to be computed."""
        return self._queued

    async def score(self, windows: Sequence[Window], *, deadline: float | None = None) -> list[Logits]:
        """Return the logits of each window, in order. `deadline` is a reading of `time.monotonic()` in seconds.

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
                raise NotReadyError("the model was shut down")
            if self._queued + len(windows) > self.max_queue_windows:
                raise OverloadedError("too many texts wait to be scored")
            self._queued += len(windows)
            self._jobs.append(job)
            self._wake.notify()
        try:
            if deadline is None:
                return await job.future
            async with asyncio.timeout(deadline - time.monotonic()):
                return await job.future
        finally:
            if job.waiting:
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
        """Name the model and the limits."""
        return f"Batcher({self.model!r}, {self.max_tokens_per_batch} tokens a batch)"

    def _work(self) -> None:
        """Take a batch, compute it, hand the results out; until closed."""
        while True:
            with self._wake:
                while not self._closed and not any(job.waiting for job in self._jobs):
                    self._jobs.clear()
                    self._seed = None
                    self._wake.wait()
                if self._closed:
                    self._fail(list(self._jobs), NotReadyError("the model was shut down"))
                    return
                batch = self._take(time.monotonic())
            if batch:
                self._compute(batch)

    def _take(self, now: float) -> list[tuple[_Job, int]]:
        """Fill one batch: the first request's longest window sets the length, then one window of each in turn.

        Called with the lock held. Whoever set the length of the last batch goes behind those who came meanwhile.
        """
        self._jobs = deque(job for job in self._jobs if not self._gone(job, now))
        if not self._jobs:
            return []
        if self._jobs[0] is self._seed:
            self._jobs.rotate(-1)
        self._seed = self._jobs[0]
        longest, index = self._seed.waiting.pop()
        batch = [(self._seed, index)]
        least = min(int(longest * _LEAST_FILL), longest - _NEARLY)
        turn = deque(self._jobs)
        turn.rotate(-1)
        while turn and (len(batch) + 1) * longest <= self.max_tokens_per_batch:
            job = turn.popleft()
            found = job.take(least, longest)
            if found is not None:
                batch.append((job, found))
                turn.append(job)
        self._queued -= len(batch)
        return batch

    def _gone(self, job: _Job, now: float) -> bool:
        """Tell whether a request needs no more computing, and forget what it still had queued."""
        if job.future.done() or (job.deadline is not None and job.deadline <= now):
            self._queued -= job.drop()
        return not job.waiting

    def _compute(self, batch: list[tuple[_Job, int]]) -> None:
        """Run the model outside the lock and tell each event loop once what has been finished."""
        try:
            rows = self.model.run([job.windows[index] for job, index in batch])
        except Exception as error:  # noqa: BLE001 - whatever it is, those who wait must hear of it
            with self._lock:
                self._fail(list({id(job): job for job, _ in batch}.values()), error)
            return
        finished: list[_Job] = []
        for (job, index), row in zip(batch, rows, strict=True):
            job.results[index] = row
            job.left -= 1
            if not job.left:
                finished.append(job)
        _notify(finished, None)

    def _fail(self, jobs: list[_Job], error: Exception) -> None:
        """Give up on requests. Called with the lock held."""
        for job in jobs:
            self._queued -= job.drop()
        _notify(jobs, error)


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
