"""The trail as the service sees it: `await append(entry)` returns when the record is on the disk.

Group commit: one thread drains a bounded queue and writes whatever waits as one transaction. A lone caller is
written at once; while the disk syncs, the callers that come meanwhile gather for the next transaction.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue

from firewall.audit.record import AuditEntry, canonical
from firewall.audit.writer import AppendedRecord, ChainWriter, Prepared
from firewall.errors import AuditUnavailableError

__all__ = ["AppendedRecord", "AuditLog"]

_Outcome = AppendedRecord | AuditUnavailableError

_BATCH = 512  # records in one transaction at most: bounds the time that one commit can take


@dataclass(frozen=True, slots=True, eq=False)
class _Waiting:
    """A prepared entry and the caller who waits for it."""

    prepared: Prepared
    future: asyncio.Future[AppendedRecord]
    loop: asyncio.AbstractEventLoop


class AuditLog:
    """Appends entries to one trail. Safe to use from several event loops; make it with `open`."""

    def __init__(self, writer: ChainWriter, capacity: int) -> None:
        """Take an open writer, and the number of entries that may wait (`capacity`)."""
        self._writer = writer
        self._capacity = capacity
        self._queue: SimpleQueue[_Waiting | None] = SimpleQueue()
        self._starting = threading.Lock()
        self._closed = False
        self._failed = False
        self._running = False  # is there a thread that will still look at the queue
        self._thread = self._start()

    @classmethod
    def open(cls, database: Path, key: bytes, *, capacity: int = 4096, busy_timeout_ms: int = 1000) -> AuditLog:
        """Open or create the trail; blocks, so call it at start.

        Raises ConfigurationError when another process writes it, when its head and last record do not agree, or
        when the key is not the one it was written with.
        """
        writer = ChainWriter(database, key, busy_timeout_ms=busy_timeout_ms)
        writer.open()
        return cls(writer, capacity)

    @property
    def healthy(self) -> bool:
        """Tell whether the last write succeeded and the trail is open; what readiness asks."""
        return not self._closed and not self._failed

    async def append(self, entry: AuditEntry) -> AppendedRecord:
        """Write the entry as the next record and return its number and hash once it is durable.

        Raises AuditUnavailableError when too many entries wait, when the write fails, or after `close`. A caller
        that is cancelled while it waits leaves a record all the same.
        """
        loop = asyncio.get_running_loop()
        prepared = Prepared(entry.audit_id, entry.time, canonical(entry))
        with self._starting:  # orders appends against close and a restart; held for microseconds
            if self._closed:
                raise AuditUnavailableError("The audit trail is closed.")
            if self._queue.qsize() >= self._capacity:
                raise AuditUnavailableError("Too many audit records wait to be written.")
            if not self._running:
                self._thread = self._start()
            waiting = _Waiting(prepared, loop.create_future(), loop)
            self._queue.put(waiting)
        return await waiting.future

    async def close(self) -> None:
        """Write what waits, then close the trail and release its lock. May be called twice."""
        with self._starting:
            if not self._closed:
                self._closed = True
                self._queue.put(None)
        await asyncio.get_running_loop().run_in_executor(None, self._finish)

    def _finish(self) -> None:
        self._thread.join()
        self._writer.close()

    def _start(self) -> threading.Thread:
        self._running = True
        thread = threading.Thread(target=self._run, name="audit-writer", daemon=True)
        thread.start()
        return thread

    def _run(self) -> None:
        """Write batch after batch until the trail is closed; whoever waits when the thread ends is told so."""
        batch: list[_Waiting] = []
        try:
            more = True
            while more:
                batch, more = self._take()
                self._write(batch)
                batch = []
        finally:
            # Under the lock, so that no append can join the queue of a thread that has done its last drain.
            with self._starting:
                self._running = False
                _refuse([*batch, *self._drain()], "The audit writer has stopped.")

    def _take(self) -> tuple[list[_Waiting], bool]:
        """Wait for an entry, then take all that wait with it. False: the trail was closed behind them."""
        batch: list[_Waiting] = []
        item = self._queue.get()
        while item is not None:
            batch.append(item)
            if len(batch) == _BATCH:
                return batch, True
            try:
                item = self._queue.get_nowait()
            except Empty:
                return batch, True
        return batch, False

    def _write(self, batch: Sequence[_Waiting]) -> None:
        if not batch:
            return
        try:
            written = self._writer.append([waiting.prepared for waiting in batch])
        except AuditUnavailableError as error:
            self._failed = True
            _refuse(batch, error.detail)
            return
        self._failed = False
        for loop, members in _by_loop(batch, written).items():
            _wake(loop, members)

    def _drain(self) -> list[_Waiting]:
        left: list[_Waiting] = []
        while True:
            try:
                item = self._queue.get_nowait()
            except Empty:
                return left
            if item is not None:
                left.append(item)


def _refuse(batch: Sequence[_Waiting], detail: str) -> None:
    for loop, members in _by_loop(batch, [AuditUnavailableError(detail) for _ in batch]).items():
        _wake(loop, members)


def _by_loop(
    batch: Sequence[_Waiting], outcomes: Sequence[_Outcome]
) -> dict[asyncio.AbstractEventLoop, list[tuple[asyncio.Future[AppendedRecord], _Outcome]]]:
    """Group the callers by their loop: each loop is woken once a batch."""
    groups: dict[asyncio.AbstractEventLoop, list[tuple[asyncio.Future[AppendedRecord], _Outcome]]] = {}
    for waiting, outcome in zip(batch, outcomes, strict=True):
        groups.setdefault(waiting.loop, []).append((waiting.future, outcome))
    return groups


def _wake(loop: asyncio.AbstractEventLoop, members: Sequence[tuple[asyncio.Future[AppendedRecord], _Outcome]]) -> None:
    with suppress(RuntimeError):  # the loop was closed while its callers waited: nobody is left to tell
        loop.call_soon_threadsafe(_settle, members)


def _settle(members: Sequence[tuple[asyncio.Future[AppendedRecord], _Outcome]]) -> None:
    for future, outcome in members:
        if future.done():  # cancelled, or already told
            continue
        if isinstance(outcome, AuditUnavailableError):
            future.set_exception(outcome)
        else:
            future.set_result(outcome)
