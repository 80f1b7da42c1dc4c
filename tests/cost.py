"""How cost grows, measured so that a busy machine does not decide the outcome."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable


def growth(small: Callable[[], object], large: Callable[[], object], rounds: int = 5) -> float:
    """Return how many times the processor time of `small` the call `large` takes.

    Processor time of all threads, the least of alternating rounds, without the collector's walks over other tests'
    objects: what others do to the caches only ever adds.
    """
    small()
    gc.collect()
    gc.disable()
    try:
        pairs = [(_cost(small), _cost(large)) for _ in range(rounds)]
    finally:
        gc.enable()
    return min(big for _, big in pairs) / min(little for little, _ in pairs)


def _cost(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began
