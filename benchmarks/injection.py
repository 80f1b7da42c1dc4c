"""What the service flags among attacks and clean texts written for measuring only, by kind, language and length.

    python -m benchmarks.injection                              benchmarks/injection_cases
    python -m benchmarks.injection --clean clean.jsonl.gz       clean documents of 0.1 to 100 KB made of your own texts

Every text goes down the real road as a plain-string tool result under the `default` policy. *Flagged* means a finding of
an order to the model that was acted on. Where a case names its injected passage, the place that was found is compared
with it (intersection over union of characters), and the `excise` policy cuts it out: *intact* means that no letter or
digit outside the passage was cut, *gone* that at most one in ten of the passage's was left.
Writes benchmarks/results/injection.json.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.accuracy import keep_attack, rows, run
from benchmarks.circumstances import RESULTS, ROOT, circumstances
from firewall.pipeline import Inspection
from firewall.redact.excise import PASSAGE, Passage, cuts
from firewall.vocabulary import Action

CASES = ROOT / "benchmarks" / "injection_cases"
SIZES = {"0.1 KB": (100, 300), "1 KB": (1_000, 200), "10 KB": (10_000, 60), "100 KB": (100_000, 12)}
_OVERLAP = 0.5
_GONE = 0.1


def keep_place(row: dict[str, Any], inspection: Inspection) -> dict[str, Any]:
    """Return score, whether it was flagged, and how well the classifier's findings cover the named passage."""
    score, flagged = keep_attack(row, inspection)
    kept: dict[str, Any] = {"score": score, "flagged": flagged}
    if "passage" in row:
        low = row["text"].index(row["passage"])
        truth = set(range(low, low + len(row["passage"])))
        found: set[int] = set()
        for finding, action in zip(inspection.report.findings, inspection.decision.actions, strict=True):
            if finding.detector == "injection" and finding.span is not None and action > Action.ALLOW:
                found.update(range(finding.span.start, finding.span.end))
        kept["overlap"] = len(truth & found) / len(truth | found)
    return kept


def keep_rest(row: dict[str, Any], inspection: Inspection) -> dict[str, bool]:
    """Return what cutting the passage out did: whether the rest is intact, the passage is gone, the text was blocked.

    Identifiers are redacted by the same policy; those edits are not counted here.
    """
    if inspection.content is None:
        return {"intact": False, "gone": True, "blocked": True}
    passages = [
        Passage(item.span.start, item.span.end, str(item.operator.params.get("extent", PASSAGE)))
        for item in inspection.decision.redactions
        if item.operator.name == "excise"
    ]
    cut = {at for start, end in cuts(row["text"], passages) for at in range(start, end)}
    text, low = row["text"], row["text"].index(row["passage"])
    high = low + len(row["passage"])
    passage = [at for at in range(low, high) if text[at].isalnum()]
    hurt = any(text[at].isalnum() for at in cut if not low <= at < high)
    left = sum(at not in cut for at in passage)
    return {"intact": not hurt, "gone": left <= _GONE * len(passage), "blocked": False}


def documents(texts: Sequence[str], seed: int) -> list[dict[str, Any]]:
    """Return clean documents of each size: texts put together in random order and cut."""
    rng = random.Random(seed)
    made = []
    for name, (size, count) in SIZES.items():
        for _ in range(count):
            parts: list[str] = []
            while sum(map(len, parts)) < size:
                parts.append(rng.choice(texts))
            whole = "\n\n".join(parts)
            start = rng.randrange(max(1, len(whole) - size))
            made.append({"text": whole[start : start + size], "label": 0, "size": name})
    return made


def groups(data: Sequence[dict[str, Any]], kept: Sequence[dict[str, Any]], key: str) -> dict[str, dict[str, Any]]:
    """Return, by the value of `key`, the share that was flagged, of attacks and of clean texts apart."""
    found: dict[str, dict[int, list[bool]]] = defaultdict(lambda: {0: [], 1: []})
    for row, got in zip(data, kept, strict=True):
        found[str(row.get(key, "?"))][row["label"]].append(got["flagged"])
    return {
        name: {
            f"{what}": {"texts": len(hits), "flagged": round(sum(hits) / len(hits), 4)}
            for what, hits in (("attacks", sides[1]), ("clean", sides[0]))
            if hits
        }
        for name, sides in sorted(found.items())
    }


async def measure(data: Sequence[dict[str, Any]], given: Sequence[str], seed: int) -> dict[str, Any]:
    """Measure cases, their places, the cuts, and clean documents by length, made of the given texts if there are any."""
    kept = await run(data, None, keep_place)
    result: dict[str, Any] = {"by_set": groups(data, kept, "set"), "by_kind": groups(data, kept, "kind")}
    foreign = [(row, got) for row, got in zip(data, kept, strict=True) if row.get("lang", "en") != "en"]
    result["by_language"] = groups([row for row, _ in foreign], [got for _, got in foreign], "lang")
    placed = [(row, got) for row, got in zip(data, kept, strict=True) if "passage" in row and row["set"] != "languages"]
    if placed:
        cut = await run([row for row, _ in placed], "excise", keep_rest)
        result["passages"] = {
            "texts": len(placed),
            "flagged": round(sum(got["flagged"] for _, got in placed) / len(placed), 4),
            "found_in_place": round(sum(got["overlap"] >= _OVERLAP for _, got in placed) / len(placed), 4),
            "after_excise": {
                name: round(sum(got[name] for got in cut) / len(cut), 4) for name in ("intact", "gone", "blocked")
            },
        }
    own = [row["text"] for row in data if not row["label"] and row["set"] == "results_clean"]
    made = documents(given or own, seed)
    if made:
        result["by_length"] = groups(made, await run(made, None, keep_place), "size")
        result["by_length_of"] = "given texts" if given else "results_clean"
    return result


def main() -> None:
    """Measure and write the result."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=Path, default=CASES, help="folder of JSON lines with text, label, kind, lang")
    parser.add_argument("--clean", type=Path, nargs="*", default=[], help="JSON lines to make the clean documents of")
    parser.add_argument("--seed", type=int, default=17)
    parser.add_argument("--out", type=Path, default=RESULTS / "injection.json", help="file of the result")
    arguments = parser.parse_args()
    files = sorted(arguments.cases.glob("*.jsonl"))
    data = [row | {"set": path.stem} for path in files for row in rows(path, None)]
    given = [row["text"] for path in arguments.clean for row in rows(path, None) if not row.get("label", 0)]
    if not data:
        parser.error("the folder holds no *.jsonl")
    result = {
        "circumstances": circumstances(b"".join(path.read_bytes() for path in files)),
        "seed": arguments.seed,
        **asyncio.run(measure(data, given, arguments.seed)),
    }
    arguments.out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(json.dumps({name: value for name, value in result.items() if name != "circumstances"}, indent=1))
    print(f"written: {arguments.out}")


if __name__ == "__main__":
    main()
