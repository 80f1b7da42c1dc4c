"""Accuracy of the whole service on any labelled JSON lines (plain or .gz).

    python -m benchmarks.accuracy attacks.jsonl          rows {"text", "label": 0|1, "source"?, "surface"?}
    python -m benchmarks.accuracy notes.jsonl.gz         rows {"text", "entities": [{"start", "end", "label"}], "ignore"?,
                                                         "lookalikes"?, "source"?}; `type` is read as `label`, and
                                                         `kind` as `source`

Attacks: AUC, recall at 1 % and 0.1 % false positives, what the policy flags, false positives by source and length.
Identifiers: characters and spans leaked by kind, clean characters redacted, by source, look-alikes that were hit and
documents without an identifier that were touched. Each text goes down the real road
as a plain-string tool result; with `--rules-only` past rules and structure alone, without a model. Writes benchmarks/results/<name>.json and .png.
"""

from __future__ import annotations

import argparse
import asyncio
import gzip
import json
import math
import tempfile
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from rich.progress import Progress

from benchmarks.circumstances import RESULTS, ROOT, circumstances
from benchmarks.load import percentile
from firewall.assembly import load_bundle, open_runtime
from firewall.payload.document import from_text
from firewall.pipeline import Inquiry, Inspection, Pipeline, Unrecorded
from firewall.settings import load
from firewall.vocabulary import Action, Direction, Identity, ToolRef

_ORDERS = frozenset({"PROMPT_INJECTION", "TOOL_MANIPULATION", "SYSTEM_PROMPT_LEAK", "DATA_EXFILTRATION", "HIDDEN_TEXT"})
_LENGTHS = (200, 1_000, 4_000, 16_000, 1_000_000)
# What the sets label and no policy redacts: these neither leak nor count as clean.
_NEUTRAL = frozenset({"ORG", "STATE_OR_COUNTRY", "NATIONALITY", "PROFESSION"})
_AT_ONCE = 8


def rows(path: Path, most: int | None) -> Iterator[dict[str, Any]]:
    """Yield the rows of a file of JSON lines."""
    with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines):
            if most is not None and number >= most:
                return
            if line.strip():
                yield json.loads(line)


async def inspect(pipeline: Pipeline, text: str, policy: str | None) -> Inspection:
    """Send one text down the road as a plain-string tool result."""
    document = from_text(text)
    return await pipeline.inspect(
        Inquiry(Direction.OUTBOUND, ToolRef("demo", "fetch"), Identity(tenant="benchmark"), document, policy)
    )


@asynccontextmanager
async def road(*, rules_only: bool) -> AsyncIterator[Pipeline]:
    """Yield the road: that of the service, or one that decides on rules and structure alone."""
    if rules_only:
        yield Pipeline(load_bundle(ROOT / "rules"), Unrecorded(), bytes(32), deadline_s=60)
        return
    with tempfile.TemporaryDirectory() as var:
        settings = load(
            rules_dir=ROOT / "rules",
            models_dir=ROOT / "models",
            audit_database=Path(var) / "audit.db",
            audit_key=Path(var) / "audit.key",
        )
        async with open_runtime(settings) as runtime:
            yield runtime.pipeline


async def run(data: Sequence[dict[str, Any]], policy: str | None, keep: Any, *, rules_only: bool = False) -> list[Any]:
    """Inspect every row, a few at once, and keep of each inspection what `keep(row, inspection)` returns."""
    async with road(rules_only=rules_only) as pipeline:
        kept: list[Any] = [None] * len(data)
        turn = iter(range(len(data)))
        with Progress() as bar:
            task = bar.add_task("inspecting", total=len(data))

            async def worker() -> None:
                for index in turn:
                    kept[index] = keep(data[index], await inspect(pipeline, data[index]["text"], policy))
                    bar.advance(task)

            await asyncio.gather(*(worker() for _ in range(_AT_ONCE)))
        return kept


def keep_attack(_: dict[str, Any], inspection: Inspection) -> tuple[float, bool]:
    """Return the document score, and whether a finding of an order was acted on."""
    flagged = any(
        finding.entity_type in _ORDERS and action > Action.ALLOW
        for finding, action in zip(inspection.report.findings, inspection.decision.actions, strict=True)
    )
    return inspection.report.scores.get("injection", 1.0), flagged


def attacks(data: Sequence[dict[str, Any]], kept: Sequence[tuple[float, bool]]) -> dict[str, Any]:
    """Return the figures of a set of attacks and benign texts."""
    bad = sorted(score for row, (score, _) in zip(data, kept, strict=True) if row["label"])
    good = sorted(score for row, (score, _) in zip(data, kept, strict=True) if not row["label"])
    result: dict[str, Any] = {"attacks": len(bad), "benign": len(good)}
    if bad and good:
        curve = _roc(bad, good)
        result["auc"] = round(_auc(bad, good), 5)
        for share in (0.01, 0.001):
            result[f"recall_at_{share:g}_fpr"] = round(max((t for f, t in curve if f <= share), default=0.0), 4)
        result["roc"] = {"fpr": [round(f, 5) for f, _ in curve], "tpr": [round(t, 4) for _, t in curve]}
        edges = [step / 50 for step in range(51)]
        result["histogram"] = {"edges": edges, "attacks": _binned(bad, edges), "benign": _binned(good, edges)}
    groups: dict[str, dict[str, list[bool]]] = {"source": defaultdict(list), "length": defaultdict(list)}
    flagged: dict[int, list[bool]] = {0: [], 1: []}
    for row, (_, hit) in zip(data, kept, strict=True):
        flagged[row["label"]].append(hit)
        if not row["label"]:
            groups["source"][str(row.get("source", "?"))[:60]].append(hit)
            groups["length"][f"<= {next(top for top in _LENGTHS if len(row['text']) <= top)}"].append(hit)
    for name, label in (("flagged_attacks", 1), ("flagged_benign", 0)):
        result[name] = round(_share(flagged[label]), 4) if flagged[label] else None
    for name, by in groups.items():
        result[f"false_positives_by_{name}"] = {
            group: {"texts": len(hits), "flagged": round(_share(hits), 4)} for group, hits in sorted(by.items())
        }
    return result


def keep_identifiers(row: dict[str, Any], inspection: Inspection) -> dict[str, Any]:
    """Count letters and digits of each kind that were left, and clean ones that were taken."""
    text = row["text"]
    if inspection.decision.action is Action.BLOCK:
        gone = [True] * len(text)
    else:
        gone = [False] * len(text)
        for item in inspection.decision.redactions:
            gone[item.span.start : item.span.end] = [True] * (item.span.end - item.span.start)
    covered = [False] * len(text)
    spans: list[tuple[str, int, int]] = []
    for entity in row["entities"]:
        start, end = entity["start"], entity["end"]
        covered[start:end] = [True] * (end - start)
        label = entity["type"] if "type" in entity else entity["label"]
        if label in _NEUTRAL:
            continue
        marks = [index for index in range(start, end) if text[index].isalnum()]
        spans.append((label, len(marks), sum(not gone[index] for index in marks)))
    for span in row.get("ignore", ()):
        start, end = (span["start"], span["end"]) if isinstance(span, dict) else (span[0], span[1])
        covered[start:end] = [True] * (end - start)
    clean = [index for index, char in enumerate(text) if char.isalnum() and not covered[index]]
    blocked = inspection.decision.action is Action.BLOCK
    looks = [
        any(gone[at] and text[at].isalnum() for at in range(start, end)) for start, end in row.get("lookalikes", ())
    ]
    return {
        "spans": spans,
        "looks": looks,
        "clean": len(clean),
        "taken": 0 if blocked else sum(gone[i] for i in clean),
        "blocked": blocked,
    }


def identifiers(data: Sequence[dict[str, Any]], kept: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return the figures of a set of documents with labelled identifiers."""
    by_type: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    by_source: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    for row, got in zip(data, kept, strict=True):
        mine = by_source[str(row.get("source", row.get("kind", "?")))[:60]]
        mine[0] += got["clean"]
        mine[1] += got["taken"]
        for kind, total, left in got["spans"]:
            for tally in (by_type[kind],):
                tally[0] += total
                tally[1] += left
                tally[2] += 1
                tally[3] += left > 0
            mine[2] += total
            mine[3] += left
    total, left, count, hurt = (sum(tally[index] for tally in by_type.values()) for index in range(4))
    clean, taken = (sum(tally[index] for tally in by_source.values()) for index in range(2))
    looks = [hit for got in kept for hit in got["looks"]]
    free = [got["taken"] > 0 for got in kept if not got["spans"]]
    return {
        "documents": len(data),
        "blocked_documents": sum(got["blocked"] for got in kept),
        "leaked_characters": round(left / max(1, total), 5),
        "leaked_spans": round(hurt / max(1, count), 5),
        "clean_redacted": round(taken / max(1, clean), 5),
        "lookalikes": len(looks),
        "lookalikes_hit": round(sum(looks) / max(1, len(looks)), 5),
        "documents_without_identifier": len(free),
        "documents_without_identifier_touched": round(sum(free) / max(1, len(free)), 5),
        "by_type": {
            kind: {
                "spans": tally[2],
                "leaked_characters": round(tally[1] / max(1, tally[0]), 5),
                "leaked_spans": round(tally[3] / max(1, tally[2]), 5),
            }
            for kind, tally in sorted(by_type.items())
        },
        "by_source": {
            source: {
                "clean_redacted": round(t[1] / max(1, t[0]), 5),
                "leaked_characters": round(t[3] / max(1, t[2]), 5),
            }
            for source, t in sorted(by_source.items())
        },
    }


def _roc(bad: list[float], good: list[float]) -> list[tuple[float, float]]:
    thresholds = sorted({*bad, *good}, reverse=True)
    step = max(1, len(thresholds) // 400)
    points = [(0.0, 0.0)]
    wanted = thresholds[:60] + thresholds[60::step]
    worst = good[-max(1, math.ceil(0.012 * len(good))) :]
    for threshold in sorted({*wanted, *(math.nextafter(score, 2.0) for score in worst)}, reverse=True):
        false = sum(score >= threshold for score in good) / len(good)
        points.append((false, sum(score >= threshold for score in bad) / len(bad)))
    return points


def _auc(bad: list[float], good: list[float]) -> float:
    """Return the chance that an attack scores higher than a benign text; ties count half."""
    from bisect import bisect_left, bisect_right

    wins = sum(bisect_left(good, score) + bisect_right(good, score) for score in bad)
    return wins / 2 / len(bad) / len(good)


def _binned(scores: list[float], edges: list[float]) -> list[int]:
    bins = [0] * (len(edges) - 1)
    for score in scores:
        bins[min(len(bins) - 1, int(score * len(bins)))] += 1
    return bins


def _share(hits: Sequence[bool]) -> float:
    return sum(hits) / len(hits)


def main() -> None:
    """Measure one file and write the result."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help="JSON lines, plain or .gz")
    parser.add_argument("--policy", help="a policy's id (default: the selected one)")
    parser.add_argument("--rules-only", action="store_true", help="rules and structure, without a model")
    parser.add_argument("--most", type=int, help="read at most so many rows")
    parser.add_argument("--name", help="name of the result (default: the file's name)")
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder of the result")
    arguments = parser.parse_args()
    data = list(rows(arguments.data, arguments.most))
    if not data:
        parser.error("the file holds no rows")
    about_orders = "label" in data[0]
    kept = asyncio.run(
        run(
            data,
            arguments.policy,
            keep_attack if about_orders else keep_identifiers,
            rules_only=arguments.rules_only,
        )
    )
    result = attacks(data, kept) if about_orders else identifiers(data, kept)
    result = {
        "circumstances": circumstances(arguments.data.read_bytes()),
        "rows": len(data),
        "characters_p50": percentile([len(row["text"]) for row in data], 0.5),
        "policy": arguments.policy or "selected",
        **result,
    }
    name = arguments.name or arguments.data.name.partition(".")[0]
    path = arguments.out / f"{name}.json"
    path.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    from benchmarks.plots import accuracy_plot

    accuracy_plot(result, path.with_suffix(".png"))
    hidden = {"roc", "histogram", "circumstances", "by_source", "false_positives_by_source"}
    print(json.dumps({name: value for name, value in result.items() if name not in hidden}, indent=1))
    print(f"written: {path}")


if __name__ == "__main__":
    main()
