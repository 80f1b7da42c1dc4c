"""An open-loop load: requests start when they are due, whether or not earlier ones have been answered.

Latency is counted from the moment a request was due, so that a stall is felt by everyone who would have come meanwhile
(no coordinated omission).
"""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass

_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)


class Connection:
    """A keep-alive HTTP/1.1 connection that does as little as possible, so that the client hides no latency."""

    def __init__(self, host: str, port: int) -> None:
        self._where = host, port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def post(self, path: str, body: bytes) -> tuple[int, bytes]:
        """Send a JSON body and return status and answer."""
        head = f"POST {path} HTTP/1.1\r\nhost: bench\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
        try:
            reader, answer = await self._send(head.encode() + body)
        except (ConnectionError, asyncio.IncompleteReadError):  # closed by the server after a long rest: once more
            self._streams = None
            reader, answer = await self._send(head.encode() + body)
        length = _LENGTH.search(answer)
        return int(answer[9:12]), await reader.readexactly(int(length[1]) if length else 0)

    async def _send(self, request: bytes) -> tuple[asyncio.StreamReader, bytes]:
        if self._streams is None:
            self._streams = await asyncio.open_connection(*self._where, limit=1 << 24)
        reader, writer = self._streams
        writer.write(request)
        return reader, await reader.readuntil(b"\r\n\r\n")

    async def close(self) -> None:
        """Close the connection, without waiting: the other side may have closed it long ago."""
        if self._streams is not None:
            self._streams[1].close()


@dataclass(frozen=True, slots=True)
class Measured:
    """What came of one load: latencies in milliseconds from when each request was due, and the server's own timings."""

    latencies_ms: tuple[float, ...]
    seconds: float
    refused: int
    stages_ms: dict[str, list[float]]


async def service_time_ms(connection: Connection, body: bytes, runs: int) -> float:
    """Return the median time of a request when it is alone: it sets how many can be offered."""
    times = []
    for _ in range(runs):
        began = time.perf_counter()
        status, answer = await connection.post("/inspect", body)
        if status != 200:
            raise RuntimeError(f"the service answered {status}: {answer[:200]!r}")
        times.append((time.perf_counter() - began) * 1e3)
    return sorted(times)[len(times) // 2]


async def offer(host: str, port: int, body: bytes, *, concurrency: int, gap_s: float, rounds: int) -> Measured:
    """Let `concurrency` requests be due together, every `gap_s` seconds, `rounds` times."""
    free: asyncio.LifoQueue[Connection] = asyncio.LifoQueue()
    made: list[Connection] = []
    latencies: list[float] = []
    stages: dict[str, list[float]] = {}
    refused = 0

    async def one(due: float) -> None:
        nonlocal refused
        if free.empty():
            made.append(Connection(host, port))
            free.put_nowait(made[-1])
        connection = free.get_nowait()
        status, answer = await connection.post("/inspect", body)
        free.put_nowait(connection)
        if status != 200:
            refused += 1
            return
        latencies.append((time.perf_counter() - due) * 1e3)
        tail = answer[answer.rindex(b'"timings_ms": ') + 14 : -1]
        for stage, spent in json.loads(tail).items():
            stages.setdefault(stage, []).append(spent)

    began = time.perf_counter()
    tasks = []
    for number in range(rounds):
        due = began + number * gap_s
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        tasks += [asyncio.create_task(one(due)) for _ in range(concurrency)]
    await asyncio.gather(*tasks)
    seconds = time.perf_counter() - began
    for connection in made:
        await connection.close()
    return Measured(tuple(latencies), seconds, refused, stages)


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value that `share` (0..1) of the values do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, -(-int(share * 1000) * len(ordered) // 1000) - 1))]
