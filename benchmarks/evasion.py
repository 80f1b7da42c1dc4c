"""What twenty disguises do to detection, through the real road.

    python -m benchmarks.evasion                          our own cases, about five minutes on 2 cores
    python -m benchmarks.evasion --data labelled.jsonl    rows {"text", "label": 0|1, "passage"?}

Every text is sent as a plain-string tool result, once as it is and once in each disguise; where a row names a `passage`,
only that part of the text is disguised. Flagged is a text that gets a PROMPT_INJECTION finding whose action is redact,
review or block. Writes benchmarks/results/<name>.json.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from benchmarks.accuracy import inspect, rows
from benchmarks.circumstances import RESULTS, ROOT, circumstances
from firewall.assembly import open_runtime
from firewall.check.evasions import EVASIONS
from firewall.pipeline import Inspection
from firewall.settings import load
from firewall.vocabulary import Action

CASES = ROOT / "benchmarks" / "evasion_cases.jsonl"
_AT_ONCE = 8
_PROMISED = 0.9  # of the undisguised figure


@dataclass(frozen=True, slots=True)
class Case:
    """One text to inspect: which row it comes from, and under which disguise (none: as it is)."""

    row: int
    disguise: str
    text: str


def disguised(row: dict[str, Any], name: str, seed: int) -> str | None:
    """Return a row's text with its passage disguised, or None where the disguise changes nothing in it."""
    passage = str(row.get("passage") or row["text"])
    if passage not in row["text"]:
        passage = row["text"]
    hidden = EVASIONS[name](passage, Random(f"{seed}/{name}/{passage}"))
    return None if hidden == passage else row["text"].replace(passage, hidden, 1)


def cases(data: Sequence[dict[str, Any]], seed: int) -> list[Case]:
    """Return every row as it is and in every disguise that changes it."""
    made = [Case(index, "", row["text"]) for index, row in enumerate(data)]
    for name in EVASIONS:
        made += [
            Case(index, name, text)
            for index, row in enumerate(data)
            if (text := disguised(row, name, seed)) is not None
        ]
    return made


def flagged(inspection: Inspection) -> bool:
    """Tell whether an injection was found and acted on."""
    return any(
        finding.entity_type == "PROMPT_INJECTION" and action > Action.ALLOW
        for finding, action in zip(inspection.report.findings, inspection.decision.actions, strict=True)
    )


async def run(made: Sequence[Case], policy: str) -> tuple[list[bool], dict[str, str]]:
    """Inspect every case, a few at once; return whether each was flagged, and the digests of the models."""
    hits = [False] * len(made)
    with tempfile.TemporaryDirectory() as var:
        settings = load(
            rules_dir=ROOT / "rules",
            models_dir=ROOT / "models",
            audit_database=Path(var) / "audit.db",
            audit_key=Path(var) / "audit.key",
        )
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        async with open_runtime(settings) as runtime:
            turn = iter(range(len(made)))
            with Progress(*columns, console=Console(stderr=True)) as bar:
                task = bar.add_task("inspecting", total=len(made))

                async def worker() -> None:
                    for index in turn:
                        hits[index] = flagged(await inspect(runtime.pipeline, made[index].text, policy))
                        bar.advance(task)

                await asyncio.gather(*(worker() for _ in range(_AT_ONCE)))
            return hits, dict(runtime.pipeline.bundle.models)


def figures(data: Sequence[dict[str, Any]], made: Sequence[Case], hits: Sequence[bool]) -> dict[str, Any]:
    """Return detection and false alarms, undisguised and by disguise.

    A disguise is compared with the same rows undisguised: there is no rot13 of Chinese.
    """
    plain = {case.row: hit for case, hit in zip(made, hits, strict=True) if not case.disguise}
    by_name: dict[str, dict[str, Any]] = {}
    for name in EVASIONS:
        mine = [(case.row, hit) for case, hit in zip(made, hits, strict=True) if case.disguise == name]
        attacks = [(row, hit) for row, hit in mine if data[row]["label"]]
        benign = [hit for row, hit in mine if not data[row]["label"]]
        found, before = sum(hit for _, hit in attacks), sum(plain[row] for row, _ in attacks)
        by_name[name] = {
            "attacks": len(attacks),
            "detection": _share(found, len(attacks)),
            "undisguised": _share(before, len(attacks)),
            "ratio": round(found / before, 4) if before else None,
            "benign": len(benign),
            "false_alarms": _share(sum(benign), len(benign)),
        }
    ratios = [entry["ratio"] for entry in by_name.values() if entry["ratio"] is not None]
    bad = [plain[index] for index, row in enumerate(data) if row["label"]]
    good = [plain[index] for index, row in enumerate(data) if not row["label"]]
    return {
        "undisguised": {
            "attacks": len(bad),
            "detection": _share(sum(bad), len(bad)),
            "benign": len(good),
            "false_alarms": _share(sum(good), len(good)),
        },
        "disguises": by_name,
        "worst_ratio": min(ratios, default=None),
        "kept_promise": sum(ratio >= _PROMISED for ratio in ratios),
    }


def _share(hits: int, of: int) -> float | None:
    return round(hits / of, 4) if of else None


def limited(data: Sequence[dict[str, Any]], limit: int | None, seed: int) -> list[dict[str, Any]]:
    """Return at most so many rows, drawn by chance, in their order."""
    if limit is None or limit >= len(data):
        return list(data)
    return [data[index] for index in sorted(Random(seed).sample(range(len(data)), limit))]


def table(result: dict[str, Any]) -> str:
    """Return the figures as a table for a terminal."""
    plain = result["undisguised"]
    lines = [
        f"{'disguise':<20}{'detection':>11}{'undisguised':>13}{'ratio':>8}{'false alarms':>14}",
        f"{'(none)':<20}{_percent(plain['detection']):>11}{'':>13}{'':>8}{_percent(plain['false_alarms']):>14}",
    ]
    for name, entry in result["disguises"].items():
        ratio = "-" if entry["ratio"] is None else f"{entry['ratio']:.2f}"
        lines.append(
            f"{name:<20}{_percent(entry['detection']):>11}{_percent(entry['undisguised']):>13}{ratio:>8}"
            f"{_percent(entry['false_alarms']):>14}"
        )
    lines.append(
        f"{result['kept_promise']} of {len(result['disguises'])} keep {_PROMISED:.0%} of the undisguised figure"
    )
    return "\n".join(lines)


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:.1f} %"


def main() -> None:
    """Measure one labelled set and write the result."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=CASES, help="JSON lines, plain or .gz (default: our own cases)")
    parser.add_argument("--limit", type=int, help="draw at most so many rows")
    parser.add_argument("--seed", type=int, default=0, help="of the disguises and of what is drawn (default 0)")
    parser.add_argument("--policy", default="default", help="a policy's id (default: default)")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    parser.add_argument("--name", help="name of the result (default: evasion, or evasion_ and the file's name)")
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder of the result")
    arguments = parser.parse_args()
    data = limited(list(rows(arguments.data, None)), arguments.limit, arguments.seed)
    if not data:
        parser.error("the file holds no rows")
    told = circumstances(arguments.data.read_bytes())
    made = cases(data, arguments.seed)
    hits, models = asyncio.run(run(made, arguments.policy))
    result = {
        "circumstances": told,
        "models": models,
        "rows": len(data),
        "seed": arguments.seed,
        "policy": arguments.policy,
        **figures(data, made, hits),
    }
    own = arguments.data.resolve() == CASES
    name = arguments.name or ("evasion" if own else f"evasion_{arguments.data.name.partition('.')[0]}")
    path = arguments.out / f"{name}.json"
    path.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(result, indent=1) if arguments.json else f"{table(result)}\nwritten: {path}")


if __name__ == "__main__":
    main()
