"""What the verdict cache costs and what it saves, on streams of tool results as agents see them.

    python -m benchmarks.verdicts                 a quarter of a minute on 2 idle cores
    python -m benchmarks.verdicts --models DIR    models that lie elsewhere

Each stream goes through the detector twice, without a cache and with one, and is charged with processor time of all
threads, so that a busy machine does not decide the outcome; models have one thread. Writes benchmarks/results/verdicts.json.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from rich.progress import track

from benchmarks import texts, verdict_streams
from benchmarks.circumstances import RESULTS, ROOT, circumstances
from firewall.detectors.entities import EntityDetector
from firewall.detectors.injection import InjectionDetector
from firewall.inference.batcher import Batcher
from firewall.inference.cached import CachedBatcher, Scorer
from firewall.inference.manifest import Task
from firewall.inference.model import Answer, Model, Window
from firewall.inference.shared import SharedVerdicts
from firewall.inference.spans import softmax
from firewall.inference.verdicts import Form, Memory, Naming, on_behalf_of
from firewall.vocabulary import Origin, Segment

KEY = bytes(range(32))
_ROOM = 1 << 26
_ROUNDS = 31
_PATIENCE_S = 600.0  # on a busy machine a document may take longer than a service would wait


class Timed:
    """A scorer that writes down what it took and for how many windows."""

    def __init__(self, scorer: Scorer) -> None:
        """Stand before another scorer."""
        self.scorer = scorer
        self.model = scorer.model
        self.max_queue_windows = scorer.max_queue_windows
        self.processor_ms = 0.0
        self.windows = 0

    async def score(self, windows: Sequence[Window], *, deadline: float | None = None) -> list[Answer]:
        """Score, and note the processor time of all threads."""
        began = time.process_time()
        answers = await self.scorer.score(windows, deadline=deadline)
        self.processor_ms += (time.process_time() - began) * 1e3
        self.windows += len(windows)
        return answers

    def close(self) -> None:
        """Close what stands behind."""
        self.scorer.close()


def detector(scorer: Any) -> InjectionDetector | EntityDetector:
    """Return the detector that a model is for."""
    token = scorer.model.manifest.task is Task.TOKEN
    return EntityDetector(scorer, timeout_s=_PATIENCE_S) if token else InjectionDetector(scorer, timeout_s=_PATIENCE_S)


async def run(scorer: Scorer, documents: Sequence[str]) -> dict[str, float]:
    """Let a detector look at documents, one after the other; return milliseconds a document."""
    timed = Timed(scorer)
    looking = detector(timed)
    began = time.process_time()
    with on_behalf_of("bench"):
        for text in documents:
            report = await looking.detect([Segment("", Origin.TOOL_RESULT, text)])
            if report.skipped:
                raise RuntimeError("a document was not looked at")
    return {
        "processor_ms": (time.process_time() - began) * 1e3 / len(documents),
        "scoring_ms": timed.processor_ms / len(documents),
        "windows": timed.windows,
    }


async def compare(name: str, documents: Sequence[str], batcher: Batcher) -> dict[str, Any]:
    """Return what a stream costs without and with a cache that is empty at its beginning."""
    asked = Timed(batcher)
    plain = await run(batcher, documents)
    cached = await run(CachedBatcher(asked, Memory(_ROOM, 1 << 20), KEY), documents)
    return {
        "stream": name,
        "model": batcher.model.manifest.name,
        "documents": len(documents),
        "windows": plain["windows"],
        "known": round(1 - asked.windows / plain["windows"], 3),
        "plain_processor_ms": round(plain["processor_ms"], 2),
        "cached_processor_ms": round(cached["processor_ms"], 2),
        "ratio": round(plain["processor_ms"] / cached["processor_ms"], 2),
    }


async def costs(batcher: Batcher, text: str) -> dict[str, Any]:
    """Return what each step of the cache costs a window, beside computing it, and what a known document still costs."""
    model = batcher.model
    windows = model.encode([text])[0].windows
    naming, form, memory = Naming(KEY, model), Form(model), Memory(_ROOM, 1 << 20)
    answers = await batcher.score(windows)
    names = naming.names("bench", windows)
    packed = [form.pack(answer) for answer in answers]
    entries = list(zip(names, packed, strict=True))
    memory.put(entries)
    each = len(windows)
    cached = CachedBatcher(batcher, Memory(_ROOM, 1 << 20), KEY)
    await run(cached, [text])
    known = await run(cached, [text] * 9)
    return {
        "model": model.manifest.name,
        "name_us": _us(lambda: naming.names("bench", windows), each),
        "look_up_us": _us(lambda: memory.get(names), each),
        "read_us": _us(lambda: [form.unpack(one, window) for one, window in zip(packed, windows, strict=True)], each),
        "keep_us": _us(lambda: (memory.put(entries), [form.pack(answer) for answer in answers]), each),
        "compute_us": _us(lambda: [model.run(windows[at : at + 4]) for at in range(0, each, 4)], each, rounds=3),
        "entry_bytes": round(memory.size / len(memory)),
        "entries_in_64_mib": round((64 << 20) * len(memory) / memory.size),
        "known_document_processor_ms": round(known["processor_ms"], 3),
        "of_which_scoring_ms": round(known["scoring_ms"], 3),
        "rounding_moves_a_probability_by": _moved(form, answers, windows),
    }


def _moved(form: Form, answers: Sequence[Answer], windows: Sequence[Window]) -> float:
    """Return by how much keeping an answer moves a probability of a token at most; 0 where there are none."""
    most = 0.0
    for answer, window in zip(answers, windows, strict=True):
        read = form.unpack(form.pack(answer), window)
        assert read is not None
        if answer.logits.ndim == 2:
            most = max(most, float(np.abs(softmax(answer.logits) - softmax(read.logits)).max()))
        elif answer.marks is not None and read.marks is not None:
            one, other = (1 / (1 + np.exp(-marks.astype(np.float64))) for marks in (answer.marks, read.marks))
            most = max(most, float(np.abs(one - other).max()))
    return round(most, 6)


@contextmanager
def redis() -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """Start a Redis on a socket of its own."""
    with tempfile.TemporaryDirectory(prefix="redis-") as folder:
        process = subprocess.Popen(
            ["redis-server", "--port", "0", "--unixsocket", f"{folder}/socket", "--save", "", "--dir", folder],
            stdout=subprocess.DEVNULL,
        )
        try:
            yield f"unix://{folder}/socket", process
        finally:
            process.kill()
            process.wait(10)


async def shared(batchers: Sequence[Batcher], text: str) -> dict[str, Any]:
    """Return what it costs to ask Redis, also when it is gone, and what a second service still spends on a text."""
    told: dict[str, Any] = {
        "rounds": _ROUNDS,
        "what": "milliseconds: the median, and the least, which no busy machine adds to",
    }
    with redis() as (url, process):
        cache = SharedVerdicts(url, KEY, timeout_s=1.0)  # what it costs, and not how often this machine is too busy
        try:
            await _connected(cache)
            sizes = {"injection answers": 300, "entity answers": 7000}
            for name, size in sizes.items():
                for count in (1, 9, 33, 132):
                    names = [random.Random(number).randbytes(32) for number in range(count)]
                    await _tell(cache, [(one, bytes(size)) for one in names])
                    told[f"ask_for_{count}_{name.replace(' ', '_')}_ms"] = await _spent_ms(lambda n=names: cache.get(n))
            for batcher in batchers:
                kind = batcher.model.manifest.name
                await run(CachedBatcher(batcher, Memory(_ROOM, 1 << 20), KEY, shared=cache), [text])
                await asyncio.sleep(0.2)
                second = [
                    await run(CachedBatcher(batcher, Memory(_ROOM, 1 << 20), KEY, shared=cache), [text])
                    for _ in range(5)
                ]
                told[f"{kind}_document_known_to_redis_processor_ms"] = round(
                    statistics.median(one["processor_ms"] for one in second), 2
                )
            names = names[:9]
            process.kill()
            while cache.up:
                await cache.get(names)
            told["ask_when_gone_ms"] = await _spent_ms(lambda: cache.get(names), 2000)
        finally:
            cache.close()
    return told


async def short_texts(batcher: Batcher) -> dict[str, Any]:
    """Return what it costs to compute a few tokens, which is what asking Redis for them has to be cheaper than."""
    told = {}
    for tokens in (16, 32, 48, 64, 128):
        text = " ".join(["sodium"] * (tokens - 2))
        windows = batcher.model.encode([text])[0].windows[:1]
        told[f"compute_{len(windows[0])}_tokens_ms"] = await _spent_ms(lambda w=windows: batcher.score(w), 9)
    return told


async def _connected(cache: SharedVerdicts) -> None:
    """Wait until Redis is asked, ten seconds at most."""
    for _ in range(1000):
        if cache.up:
            return
        await asyncio.sleep(0.01)
    raise RuntimeError("Redis does not answer")


async def _tell(cache: SharedVerdicts, entries: Sequence[tuple[bytes, bytes]]) -> None:
    """Put entries into Redis and wait until they are there."""
    for _ in range(20):
        cache.put(entries)
        await asyncio.sleep(0.1)
        if None not in await cache.get([name for name, _ in entries]):
            return
    raise RuntimeError("Redis does not keep what it is told")


async def _spent_ms(work: Callable[[], Any], rounds: int = _ROUNDS) -> dict[str, float]:
    spent = []
    for _ in range(rounds):
        began = time.perf_counter()
        await work()
        spent.append((time.perf_counter() - began) * 1e3)
    return {"median": round(statistics.median(spent), 4), "least": round(min(spent), 4)}


def _us(work: Callable[[], object], each: int, rounds: int = _ROUNDS) -> float:
    """Return processor microseconds of a step for one window, the median of some rounds."""
    spent = []
    for _ in range(rounds):
        began = time.process_time()
        work()
        spent.append((time.process_time() - began) * 1e6 / each)
    return round(statistics.median(spent), 2)


async def measure(models: Path) -> dict[str, Any]:
    """Measure both models."""
    rows, steps, few = [], [], {}
    batchers = [Batcher(Model.load(models / name, threads=1)) for name in ("injection", "entities")]
    try:
        work = [
            (name, documents, batcher) for name, documents in verdict_streams.streams().items() for batcher in batchers
        ]
        text = texts.text_of(verdict_streams.KB, people=True, seed=99)
        for name, documents, batcher in track(work, "streams"):
            rows.append(await compare(name, documents, batcher))
        for batcher in batchers:
            steps.append(await costs(batcher, text))
            few[batcher.model.manifest.name] = await short_texts(batcher)
        over = await shared(batchers, text) if shutil.which("redis-server") else None
    finally:
        for batcher in batchers:
            batcher.close()
    digests = {one.model.manifest.name: one.model.manifest.digest for one in batchers}
    return {"models": digests, "streams": rows, "steps": steps, "short_texts": few, "redis": over}


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", type=Path, default=ROOT / "models", help="folder of the models")
    parser.add_argument("--out", type=Path, default=RESULTS / "verdicts.json", help="where the result goes")
    arguments = parser.parse_args()
    told = circumstances(texts.corpus())
    result = {"circumstances": told, **asyncio.run(measure(arguments.models))}
    arguments.out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    for row in result["streams"]:
        print(
            f"{row['model']:>9}  {row['stream']:<42} known {row['known']:.2f}  processor "
            f"{row['plain_processor_ms']:8.2f} -> {row['cached_processor_ms']:8.2f} ms a document, {row['ratio']:.2f}x"
        )
    print(json.dumps({key: result[key] for key in ("steps", "short_texts", "redis")}, indent=1))
    print(f"written: {arguments.out}")


if __name__ == "__main__":
    main()
