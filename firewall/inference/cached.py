"""A batcher that remembers: windows that were answered before are answered from memory, the rest is computed.

Looking a window up costs some microseconds, computing it milliseconds (`benchmarks/verdicts.py`). Several requests
that wait for the same window compute it each for itself: to wait for another's would mean to wait for all that the
other asked for, and the batcher promises short texts that they do not.
"""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Final, Protocol, Self

from firewall.inference.model import Answer, Model, Window
from firewall.inference.verdicts import Form, Memory, Naming, tenant
from firewall.telemetry import Metrics

if TYPE_CHECKING:
    from firewall.inference.shared import SharedVerdicts  # a tenth of a second, and only those with a Redis need it

# Below this many tokens it is about as quick to compute as to ask Redis.
_WORTH_ASKING: Final = 48


class Scorer(Protocol):
    """What detectors ask: a batcher, or one that remembers."""

    @property
    def model(self) -> Model:
        """The model that answers."""
        ...

    @property
    def max_queue_windows(self) -> int:
        """How many windows may wait to be computed."""
        ...

    async def score(self, windows: Sequence[Window], *, deadline: float | None = None) -> list[Answer]:
        """Return the answer for each window, in order. Raises OverloadedError, TimeoutError or NotReadyError."""
        ...

    def close(self) -> None:
        """End what runs in the background."""
        ...


class CachedBatcher:
    """Answers for windows in the name of one model: from memory, from Redis, or through the batcher behind it."""

    def __init__(
        self,
        batcher: Scorer,
        memory: Memory,
        key: bytes,
        *,
        shared: SharedVerdicts | None = None,
        metrics: Metrics | None = None,
    ) -> None:
        """Put a memory before a batcher, and between them, if there is one, a cache that others share.

        `key` has 32 bytes: what is shared is shared with those who have the same; without a shared cache it is best
        random. The memory and the shared cache may serve several models. `shared` is closed by who opened it.
        """
        self.batcher = batcher
        self._memory = memory
        self._shared = shared
        self._naming = Naming(key, batcher.model)
        self._form = Form(batcher.model)
        told = metrics or Metrics()
        name = batcher.model.manifest.name
        self._from_memory = told.verdicts.labels(name, "memory")
        self._from_redis = told.verdicts.labels(name, "redis")
        self._computed = told.verdicts.labels(name, "computed")
        self._kept = told.verdict_bytes.labels(name)

    def __repr__(self) -> str:
        """Name what stands behind, and how much is remembered."""
        return f"CachedBatcher({self.batcher!r}, {self._memory!r})"

    def __enter__(self) -> Self:
        """Return the running batcher."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it."""
        self.close()

    @property
    def model(self) -> Model:
        """Return the model that answers."""
        return self.batcher.model

    @property
    def max_queue_windows(self) -> int:
        """Return how many windows may wait to be computed."""
        return self.batcher.max_queue_windows

    def close(self) -> None:
        """Close the batcher behind this one."""
        self.batcher.close()

    async def score(self, windows: Sequence[Window], *, deadline: float | None = None) -> list[Answer]:
        """Return the answer for each window, in order; one that stands in a document twice is computed once.

        What is scored on nobody's behalf (`on_behalf_of`) is neither looked up nor kept.

        Raises:
            OverloadedError, TimeoutError, NotReadyError: as the batcher does, where something is left to compute.
        """
        whose = tenant()
        if whose is None or not windows:
            return await self.batcher.score(windows, deadline=deadline)
        names = self._naming.names(whose, windows)
        left = dict(zip(names, windows, strict=True))
        answers: dict[bytes, Answer] = {}
        self._from_memory.inc(len(self._take(left, self._memory.get(list(left)), answers)))
        if self._shared is not None and sum(map(len, left.values())) >= _WORTH_ASKING:
            told = self._take(left, await self._shared.get(list(left)), answers)
            self._from_redis.inc(len(told))
            self._memory.put(told)
        if left:
            computed = await self.batcher.score(list(left.values()), deadline=deadline)
            packed = [(name, self._form.pack(answer)) for name, answer in zip(left, computed, strict=True)]
            self._memory.put(packed)
            if self._shared is not None:
                self._shared.put(packed)
            self._computed.inc(len(packed))
            self._take(left, [one for _, one in packed], answers)
        self._kept.set(self._memory.size)
        return [answers[name] for name in names]

    def _take(
        self, left: dict[bytes, Window], found: Sequence[bytes | None], answers: dict[bytes, Answer]
    ) -> list[tuple[bytes, bytes]]:
        """Move what was found for the windows that are `left`, in their order, to the answers; return it."""
        taken: list[tuple[bytes, bytes]] = []
        for (name, window), packed in zip(list(left.items()), found, strict=True):
            answer = None if packed is None else self._form.unpack(packed, window)
            if packed is not None and answer is not None:
                answers[name] = answer
                taken.append((name, packed))
                del left[name]
        return taken
