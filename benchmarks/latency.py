"""Latency and throughput through HTTP with everything on, beside what it is compared with, in one run.

    python -m benchmarks.latency                 the whole table, about ten minutes on 2 cores
    python -m benchmarks.latency --quick         concurrency 1 only, about three minutes

Writes benchmarks/results/latency.json and latency.png.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.progress import Progress

from benchmarks import baselines, texts
from benchmarks.circumstances import RESULTS, ROOT, circumstances
from benchmarks.load import Connection, offer, percentile, service_time_ms
from firewall.inference.model import Model

CONCURRENCY = (1, 8, 32)
_UTILISATION = 0.7  # of what one request after the other would need; more and an open loop only measures its queue
_SECONDS = 10  # of load in a row of the table, where two rounds do not take longer
_STAGES = ("read", "patterns", "injection", "entities", "detect", "decide", "redact", "audit", "total")


@contextmanager
def service(var: Path) -> Iterator[tuple[str, int]]:
    """Start the service as its users do, on a free port."""
    environment = os.environ | {
        "FIREWALL_PORT": "0",
        "FIREWALL_AUDIT_DATABASE": str(var / "audit.db"),
        "FIREWALL_AUDIT_KEY": str(var / "audit.key"),
        "FIREWALL_LOG_LEVEL": "error",
        "FIREWALL_VERDICT_CACHE_MB": "0",  # bodies repeat here; what is measured is computing them
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "firewall.cli.main", "serve"],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        for line in process.stdout or ():
            if found := re.search(r"ready: http://([\d.]+):(\d+)", line):
                yield found[1], int(found[2])
                return
        raise RuntimeError("the service did not start")
    finally:
        process.terminate()
        process.wait(30)


def body_of(direction: str, text: str) -> bytes:
    """Return a request that carries a text: a note among arguments, or the text block of an MCP result."""
    payload: dict[str, Any] = {"direction": direction, "tool": {"server": "demo", "name": "fetch"}}
    if direction == "inbound":
        payload["arguments"] = {"note": text}
    else:
        payload["result"] = {"content": [{"type": "text", "text": text}], "isError": False}
    payload["context"] = {"tenant": "bench", "user": "bench", "model": "bench"}
    return json.dumps(payload).encode()


async def measure(
    host: str, port: int, cases: list[tuple[str, float]], levels: tuple[int, ...], least: int
) -> list[dict[str, Any]]:
    """Offer every case at every level of concurrency and return a row for each."""
    rows = []
    with Progress() as bar:
        task = bar.add_task("latency", total=len(cases) * len(levels))
        for direction, size in cases:
            text = texts.text_of(size, people=direction == "outbound")
            body = body_of(direction, text)
            connection = Connection(host, port)
            alone = await service_time_ms(connection, body, 9 if size <= 8 else 5)
            await connection.close()
            for level in levels:
                gap = level * alone / 1e3 / _UTILISATION
                rounds = max(2, min(least // level, int(_SECONDS / gap)))
                got = await offer(host, port, body, concurrency=level, gap_s=gap, rounds=rounds)
                rows.append(
                    {
                        "direction": direction,
                        "kb": size,
                        "concurrency": level,
                        "requests": len(got.latencies_ms),
                        "refused": got.refused,
                        "p50_ms": round(percentile(got.latencies_ms, 0.5), 2),
                        "p95_ms": round(percentile(got.latencies_ms, 0.95), 2),
                        "p99_ms": round(percentile(got.latencies_ms, 0.99), 2),
                        "requests_per_s": round(len(got.latencies_ms) / got.seconds, 2),
                        "stages_ms": {
                            s: round(statistics.median(got.stages_ms[s]), 3) for s in _STAGES if s in got.stages_ms
                        },
                    }
                )
                bar.advance(task)
    return rows


def compare(cases: list[tuple[str, float]], folder: Path) -> list[dict[str, Any]]:
    """Time the baselines alone on the same texts."""
    model = Model.load(ROOT / "models" / "injection")
    shape = baselines.deberta_shape(folder, 0)
    rows = []
    with Progress() as bar:
        task = bar.add_task("baselines", total=len(cases))
        for direction, size in cases:
            text = texts.text_of(size, people=direction == "outbound")
            tokens = len(model.encode([text])[0].tokens.ids)
            rows.append(
                {
                    "direction": direction,
                    "kb": size,
                    "tokens": tokens,
                    "bare_session_ms": round(baselines.median_ms(baselines.bare_session(model, text), 2), 3),
                    # What fits its window, times the windows that the text needs: nothing is left unread.
                    "deberta_shape_ms": round(
                        baselines.median_ms(shape(tokens), 2) * max(1, -(-tokens // baselines.MOST_TOKENS)), 2
                    ),
                    "stock_presidio_ms": round(baselines.median_ms(baselines.stock_presidio(text), 2, least=3), 2),
                }
            )
            bar.advance(task)
    return rows


def ratios(rows: list[dict[str, Any]], alone: list[dict[str, Any]]) -> dict[str, float]:
    """Return the figures that the project promises, each a ratio inside this run."""
    by_case = {(row["direction"], row["kb"], row["concurrency"]): row for row in rows}
    bare = {(row["direction"], row["kb"]): row for row in alone}
    inbound, result, long = by_case["inbound", 0.5, 1], by_case["outbound", 2.0, 1], by_case["outbound", 32.0, 1]
    return {
        "inbound_half_kb_p99_over_bare_session": round(inbound["p99_ms"] / bare["inbound", 0.5]["bare_session_ms"], 2),
        "inbound_half_kb_p50_over_bare_session": round(inbound["p50_ms"] / bare["inbound", 0.5]["bare_session_ms"], 2),
        "outbound_32kb_over_2kb": round(long["p50_ms"] / result["p50_ms"], 2),
        "deberta_shape_over_inbound_half_kb": round(bare["inbound", 0.5]["deberta_shape_ms"] / inbound["p50_ms"], 2),
        "deberta_shape_over_outbound_2kb": round(bare["outbound", 2.0]["deberta_shape_ms"] / result["p50_ms"], 2),
        "stock_presidio_over_outbound_2kb": round(bare["outbound", 2.0]["stock_presidio_ms"] / result["p50_ms"], 2),
        "stock_presidio_over_outbound_32kb": round(bare["outbound", 32.0]["stock_presidio_ms"] / long["p50_ms"], 2),
    }


def main() -> None:
    """Measure, compare, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="concurrency 1 only")
    parser.add_argument("--requests", type=int, default=400, help="requests a row at most (default 400)")
    parser.add_argument("--out", type=Path, default=RESULTS / "latency.json", help="where the result goes")
    arguments = parser.parse_args()
    told = circumstances(texts.corpus())
    cases = [("inbound", kb) for kb in texts.INBOUND_KB] + [("outbound", kb) for kb in texts.OUTBOUND_KB]
    with tempfile.TemporaryDirectory() as folder:
        alone = compare(cases, Path(folder))
        with service(Path(folder)) as (host, port):
            levels = (1,) if arguments.quick else CONCURRENCY
            rows = asyncio.run(measure(host, port, cases, levels, arguments.requests))
    result = {"circumstances": told, "rows": rows, "baselines": alone, "ratios": ratios(rows, alone)}
    arguments.out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    from benchmarks.plots import latency_plot

    latency_plot(result, arguments.out.with_suffix(".png"))
    print(json.dumps(result["ratios"], indent=1))
    print(f"written: {arguments.out}")


if __name__ == "__main__":
    main()
