"""The verdict cache that several services share, in Redis: nothing readable in it, nothing planted believed.

Redis holds names (keyed hashes) and sealed answers; who can read it learns how many there are, how large and when they
are used. An answer is sealed with AES-256-GCM under a key of its own, bound to its name, so that no answer can be made
up, changed, or moved to another window by who can write to Redis. What fails the check (in constant time) is a miss.

Redis is never waited for longer than `timeout_s`. After three failures in a row it is left alone and a task of its own
asks now and then whether it is back, so that a Redis that is gone costs an inspection nothing. Everything happens in
one thread with an event loop of its own: a service that is busy computing does not take its own delay for Redis'.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import threading
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future, InvalidStateError
from typing import Final

from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

from firewall.inference.verdicts import KEY_BYTES
from firewall.sealed import Seal, open_redis
from firewall.telemetry import Metrics, log

PREFIX: Final = b"firewall:verdict:1:"
_CONNECTIONS: Final = 16
_MOST_ASKED: Final = 256  # windows a call; more would hold up the calls behind it for longer than they are worth
_MOST_WAITING: Final = 8_388_608  # bytes of answers that wait to be written; more are not shared
_WRITTEN_AT_ONCE: Final = 64
_FAILURES: Final = 3
_FIRST_PAUSE_S: Final = 1.0
_LONGEST_PAUSE_S: Final = 60.0
_PATIENCE_S: Final = 1.0  # for what no inspection waits for: to connect, to write, an answer that came too late
_GRACE_S: Final = 0.25


class SharedVerdicts:
    """Answers in Redis. `get` may be called from any event loop and `put` from any thread; neither ever raises."""

    def __init__(
        self, url: str, key: bytes, *, timeout_s: float = 0.05, ttl_s: int = 86_400, metrics: Metrics | None = None
    ) -> None:
        """Begin to connect, in the background: a Redis that is not there is no reason not to start.

        `key` has 32 bytes and is the same for all services that share; `timeout_s` is how long an inspection waits for
        Redis at most, `ttl_s` how many seconds an answer is kept.

        Raises:
            ConfigurationError: if the address is none. It may hold a password, so it is not shown.
        """
        if len(key) != KEY_BYTES or timeout_s <= 0 or ttl_s < 1:
            raise ValueError("a shared verdict cache has a key of 32 bytes and limits above 0")
        # one more for the writer, one for the probe
        self._redis = open_redis(url, connections=_CONNECTIONS + 2, patience_s=_PATIENCE_S)
        self._seal = Seal(key)
        self.timeout_s = timeout_s
        self.ttl_s = ttl_s
        told = metrics or Metrics()
        self._errors = told.verdict_errors
        self._gauge = told.verdict_redis_up
        self._up = False
        self._failures = 0
        self._answered = False
        self._slots = threading.BoundedSemaphore(_CONNECTIONS)
        self._reads: set[asyncio.Task[None]] = set()
        self._waiting: deque[tuple[bytes, bytes]] = deque()
        self._waiting_bytes = 0
        self._writer: asyncio.Task[None] | None = None
        self._loop = asyncio.new_event_loop()
        self._lost = asyncio.Event()
        self._thread = threading.Thread(target=self._run, name="verdicts-redis", daemon=True)
        self._thread.start()
        self._watcher = asyncio.run_coroutine_threadsafe(self._watch(), self._loop)

    def __repr__(self) -> str:
        """Tell the state, and neither address nor key."""
        return f"SharedVerdicts({'up' if self._up else 'left alone'})"

    @property
    def up(self) -> bool:
        """Whether Redis is asked at present."""
        return self._up

    async def get(self, names: Sequence[bytes]) -> list[bytes | None]:
        """Return the answer under each name, None for what is not there, not genuine, or did not come in time."""
        nothing: list[bytes | None] = [None] * len(names)
        if not names or not self._up:
            return nothing
        if not self._slots.acquire(blocking=False):
            self._errors.labels("busy").inc()
            return nothing
        answer: Future[list[bytes | None]] = Future()
        try:
            self._loop.call_soon_threadsafe(self._begin, names[:_MOST_ASKED], answer)
        except RuntimeError:  # closed meanwhile
            self._slots.release()
            return nothing
        try:
            # The thread keeps the time; the second limit is for the day on which the thread itself is stuck.
            async with asyncio.timeout(self.timeout_s + _GRACE_S):
                found = await asyncio.wrap_future(answer)
        except TimeoutError:
            return nothing
        return found + nothing[len(found) :]

    def put(self, entries: Sequence[tuple[bytes, bytes]]) -> None:
        """Share answers under their names, some time soon; where too many wait already, these are not shared."""
        if not entries or not self._up:
            return
        if self._waiting_bytes > _MOST_WAITING:
            self._errors.labels("dropped").inc()
            return
        try:
            self._loop.call_soon_threadsafe(self._enqueue, entries)
        except RuntimeError:  # closed meanwhile
            return

    def close(self) -> None:
        """Write what waits, within a second, disconnect, and end the thread."""
        if self._thread.is_alive():
            with contextlib.suppress(TimeoutError):
                asyncio.run_coroutine_threadsafe(self._end(), self._loop).result(5 * _PATIENCE_S)
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()

    def _run(self) -> None:
        try:
            self._loop.run_forever()
        finally:
            self._up = False
            self._loop.close()

    async def _end(self) -> None:
        self._up = False
        if self._writer is not None:
            await asyncio.wait({self._writer}, timeout=_PATIENCE_S)
        self._watcher.cancel()
        await asyncio.sleep(0)  # who asked last has begun
        if self._reads:  # when the time is up, all who wait have been told
            await asyncio.wait(self._reads, timeout=self.timeout_s)
        rest = [task for task in asyncio.all_tasks(self._loop) if task is not asyncio.current_task()]
        for task in rest:
            task.cancel()
        await asyncio.gather(*rest, return_exceptions=True)
        await self._redis.aclose()

    def _begin(self, names: Sequence[bytes], answer: Future[list[bytes | None]]) -> None:
        task = self._loop.create_task(self._ask(names, answer))
        self._reads.add(task)
        task.add_done_callback(self._reads.discard)
        task.add_done_callback(lambda _: self._slots.release())

    async def _ask(self, names: Sequence[bytes], answer: Future[list[bytes | None]]) -> None:
        """Ask Redis once for all names.

        When the time is up, who asked goes on; the read is not broken off, since that would cost its connection.
        """
        late = self._loop.call_later(self.timeout_s, self._give_up, answer, "timeout")
        try:
            found = await self._redis.mget([_place(name) for name in names])
        except Exception as error:  # noqa: BLE001 - whatever ails Redis or its client, the inspection goes on
            self._give_up(answer, "unreachable", error)
            return
        finally:
            late.cancel()
        if not answer.done():
            self._failures = 0
            self._answered = True
            _tell(answer, [self._opened(name, sealed) for name, sealed in zip(names, found, strict=True)])

    def _give_up(self, answer: Future[list[bytes | None]], reason: str, error: Exception | None = None) -> None:
        """Let who asked go on without an answer, unless there was one."""
        if not answer.done():
            self._fail(reason, error)
            _tell(answer, [])

    def _opened(self, name: bytes, sealed: object) -> bytes | None:
        if not isinstance(sealed, bytes):
            return None
        packed = self._seal.open(name, sealed)
        if packed is None:
            self._errors.labels("forged").inc()
        return packed

    def _enqueue(self, entries: Sequence[tuple[bytes, bytes]]) -> None:
        self._waiting.extend(entries)
        self._waiting_bytes += sum(len(packed) for _, packed in entries)
        if self._writer is None or self._writer.done():
            self._writer = self._loop.create_task(self._write())

    async def _write(self) -> None:
        """Write what waits, a few at a time, so that those who read are not held up for long."""
        while self._waiting:
            few = [self._waiting.popleft() for _ in range(min(_WRITTEN_AT_ONCE, len(self._waiting)))]
            self._waiting_bytes -= sum(len(packed) for _, packed in few)
            pipe = self._redis.pipeline(transaction=False)
            for name, packed in few:
                pipe.set(_place(name), self._seal.seal(name, packed), ex=self.ttl_s)
            try:
                await pipe.execute()
            except Exception as error:  # noqa: BLE001 - what is not shared is computed again, and nothing else
                self._waiting.clear()
                self._waiting_bytes = 0
                if isinstance(error, (RedisConnectionError, RedisTimeoutError, OSError)):
                    self._fail("unreachable", error)
                else:  # full, or read-only: it may be read all the same
                    self._errors.labels("unwritten").inc()

    def _fail(self, reason: str, error: Exception | None = None) -> None:
        """Count a failure, and leave Redis alone when they come in a row."""
        self._errors.labels(reason).inc()
        self._failures += 1
        if self._up and self._failures >= _FAILURES:
            self._up = False
            self._gauge.set(0)
            self._lost.set()
            log.warning("verdicts are not shared: redis is left alone", reason=reason, error_type=_type(error))

    async def _watch(self) -> None:
        """Connect, and whenever Redis was lost, ask whether it is back: after a second, then ever more seldom."""
        pause, told = _FIRST_PAUSE_S, False
        while True:
            error = await self._ping()
            if error is None:
                self._failures, self._answered = 0, False
                self._lost.clear()
                self._up = True
                self._gauge.set(1)
                log.info("verdicts are shared")
                await self._lost.wait()
                if self._answered:  # it was of use meanwhile; one that never is, is asked ever more seldom
                    pause = _FIRST_PAUSE_S
            elif not told:
                log.warning("verdicts are not shared: redis does not answer", error_type=_type(error))
            told = True
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE_S)

    async def _ping(self) -> Exception | None:
        try:
            async with asyncio.timeout(2 * _PATIENCE_S):
                await self._redis.ping()
        except Exception as error:  # noqa: BLE001 - whatever it is, Redis is not there
            return error
        return None


def _place(name: bytes) -> bytes:
    """Return the key under which Redis keeps what has a name."""
    return PREFIX + base64.urlsafe_b64encode(name).rstrip(b"=")


def _tell(answer: Future[list[bytes | None]], found: list[bytes | None]) -> None:
    with contextlib.suppress(InvalidStateError):  # who asked has left
        answer.set_result(found)


def _type(error: Exception | None) -> str | None:
    return None if error is None else type(error).__name__
