"""Poisoned and harmless tool definitions down the real road of /inspect/tools.

    python -m benchmarks.tool_definitions                      the cases of definition_cases/ and the registry's tools
    python -m benchmarks.tool_definitions more.jsonl.gz ...    harmless ones too: rows {"text", "label": 0, "surface":
                                                               "document"} whose text is a definition or describes a tool

A definition counts as flagged when a rule or the classifier found something in it that the policy sends to review or
blocks; what the registry says of it (these tools are not registered) does not count. Writes results/tool_definitions.json.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from benchmarks.accuracy import rows
from benchmarks.circumstances import RESULTS, ROOT, circumstances
from firewall.assembly import open_runtime
from firewall.definitions.screen import screen
from firewall.definitions.subject import ListingInquiry
from firewall.payload.definitions import listing
from firewall.payload.document import Limits, parse
from firewall.pipeline import Pipeline
from firewall.settings import load
from firewall.vocabulary import Action, Identity

_CASES = ROOT / "benchmarks" / "definition_cases"


@dataclass(frozen=True, slots=True)
class Case:
    """One definition: which set it belongs to, whether it is poisoned, what is special about it, and its JSON."""

    group: str
    poisoned: bool
    note: str
    server: str
    tool: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a case: by which detectors it was flagged, by which rules, and the classifier's score."""

    case: Case
    detectors: tuple[str, ...]
    rules: tuple[str, ...]
    score: float

    @property
    def flagged(self) -> bool:
        """Whether anything in the definition goes to review or is blocked."""
        return bool(self.detectors)


def own_cases() -> Iterator[Case]:
    """Yield the cases of this folder."""
    for name in ("poisoned", "clean", "heldout_poisoned", "heldout_clean"):
        poisoned = name.endswith("poisoned")
        for item in yaml.safe_load((_CASES / f"{name}.yaml").read_text(encoding="utf-8")):
            yield Case(name, poisoned, item["technique" if poisoned else "why"], item["server"], item["tool"])


def registry_cases() -> Iterator[Case]:
    """Yield the registered tools as their servers would define them."""
    for path in sorted((ROOT / "rules" / "registry").glob("*.yaml")):
        file = yaml.safe_load(path.read_text(encoding="utf-8"))
        for tool in file["tools"]:
            shown = {"name": tool["name"], "title": tool["title"], "description": tool["purpose"]}
            yield Case("registry", False, "", file["server"], shown | {"inputSchema": tool["input_schema"]})


def described(path: Path) -> Iterator[Case]:
    """Yield the harmless definitions and descriptions of a file of labelled rows."""
    for row in rows(path, None):
        if row.get("surface") != "document" or row["label"] != 0:
            continue
        try:
            tool = json.loads(row["text"])
        except ValueError:
            tool = {"name": row["text"].split(":", 1)[0][:60] or "tool", "description": row["text"]}
        if not isinstance(tool, dict):
            tool = {"name": "tool", "description": row["text"]}
        tool.setdefault("name", tool.pop("api_name", "tool"))
        yield Case(path.name.partition(".")[0], False, "", "third-party", tool)


async def screened(pipeline: Pipeline, case: Case, policy: str | None) -> Outcome:
    """Screen one definition."""
    document = parse(json.dumps(case.tool, ensure_ascii=False), Limits())
    screening = await screen(pipeline, ListingInquiry(case.server, Identity(), listing(document, "", 1), policy))
    one = screening.screened[0]
    acted = [
        finding
        for finding, action in zip(one.report.findings, one.decision.actions, strict=True)
        if action > Action.ALLOW and finding.detector != "access"
    ]
    return Outcome(
        case,
        tuple(sorted({finding.detector for finding in acted})),
        tuple(sorted({finding.rule_id for finding in acted})),
        one.report.scores.get("injection", 0.0),
    )


async def measure(cases: Sequence[Case], policy: str | None) -> list[Outcome]:
    """Screen every case, one after the other."""
    with tempfile.TemporaryDirectory() as var:
        settings = load(
            rules_dir=ROOT / "rules",
            models_dir=ROOT / "models",
            audit_database=Path(var) / "audit.db",
            audit_key=Path(var) / "audit.key",
            reload_rules=False,
        )
        async with open_runtime(settings) as runtime:
            return [await screened(runtime.pipeline, case, policy) for case in cases]


def summary(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """Return the counts of one set: flagged at all, by rules, by the classifier, and by each rule."""
    rules = Counter(rule for one in outcomes for rule in one.rules)
    scores = sorted((one.score for one in outcomes), reverse=True)
    return {
        "definitions": len(outcomes),
        "flagged": sum(one.flagged for one in outcomes),
        "by_rules": sum("patterns" in one.detectors for one in outcomes),
        "by_classifier": sum("injection" in one.detectors for one in outcomes),
        "highest_scores": [round(score, 4) for score in scores[:5]],
        "rules": dict(sorted(rules.items())),
    }


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*", type=Path, help="more harmless definitions")
    parser.add_argument("--policy", help="a policy's id, instead of the default one")
    parser.add_argument("--wrong", action="store_true", help="name the cases that came out wrong")
    chosen = parser.parse_args()
    cases = [*own_cases(), *registry_cases(), *(case for path in chosen.files for case in described(path))]
    corpus = json.dumps([case.tool for case in cases], sort_keys=True).encode()
    told = circumstances(corpus)
    outcomes = asyncio.run(measure(cases, chosen.policy))
    groups = {group: [one for one in outcomes if one.case.group == group] for group in {c.group: 0 for c in cases}}
    result = {"circumstances": told, "policy": chosen.policy or "default"}
    result["sets"] = {group: summary(ones) for group, ones in groups.items()}
    for group, counts in result["sets"].items():
        print(
            f"{group:20} {counts['flagged']:4} of {counts['definitions']:5} flagged; rules {counts['by_rules']}, "
            f"classifier {counts['by_classifier']}"
        )
    for one in outcomes if chosen.wrong else ():
        if one.flagged is not one.case.poisoned:
            print(f"wrong: {one.case.group}: {one.case.note or one.case.tool['name']}: {one.score:.4f} {one.rules}")
    RESULTS.mkdir(parents=True, exist_ok=True)
    (RESULTS / "tool_definitions.json").write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
