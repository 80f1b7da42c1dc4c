"""The README's tables, written from the results: `python -m benchmarks.report` (or `firewall bench report`)."""

from __future__ import annotations

import json
from typing import Any

from benchmarks.circumstances import RESULTS, ROOT
from firewall.cli.reference import between

README = ROOT / "README.md"


def latency_table(result: dict[str, Any]) -> str:
    """Return the latency table in Markdown."""
    bare = {(row["direction"], row["kb"]): row for row in result["baselines"]}
    told, machine = result["circumstances"], result["circumstances"]["machine"]
    lines = [
        (
            f"Measured {told['date']} at commit {told['commit']} on {machine['cores']} cores ({machine['processor']}), load "
            f"average {told['load_average_before']} before the run; open-loop load at 70 % of what one request after the "
            "other needs. Times in milliseconds."
        ),
        told.get("note", ""),
        "Where a result waits longer than the deadline of 20 s, it is blocked and named `skipped`: that row shows overload.",
        "",
        "| payload | at once | p50 | p95 | p99 | req/s | bare ONNX session | DeBERTa-v3-base shape | stock Presidio, no NER |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for row in result["rows"]:
        alone = bare[row["direction"], row["kb"]]
        others = (
            (f"{alone['bare_session_ms']:.1f}", f"{alone['deberta_shape_ms']:.0f}", f"{alone['stock_presidio_ms']:.1f}")
            if row["concurrency"] == 1
            else ("", "", "")
        )
        lines.append(
            f"| {row['direction']} {row['kb']:g} KB | {row['concurrency']} | {row['p50_ms']:.1f} | {row['p95_ms']:.1f} "
            f"| {row['p99_ms']:.1f} | {row['requests_per_s']:.1f} | {' | '.join(others)} |"
        )
    lines += ["", "| ratio inside this run | |", "|---|---|"]
    lines += [f"| {name.replace('_', ' ')} | {value} |" for name, value in result["ratios"].items()]
    return "\n".join(lines)


def accuracy_table(results: dict[str, dict[str, Any]]) -> str:
    """Return the accuracy tables in Markdown."""
    lines = [
        "| set | texts | AUC | recall at 1 % FPR | at 0.1 % FPR | attacks flagged | benign flagged |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, result in results.items():
        if "auc" in result:
            lines.append(
                f"| {name} | {result['rows']} | {result['auc']:.4f} | {result['recall_at_0.01_fpr']:.3f} "
                f"| {result['recall_at_0.001_fpr']:.3f} | {result['flagged_attacks']:.3f} | {result['flagged_benign']:.4f} |"
            )
    lines += [
        "",
        "| set | documents | characters leaked | spans leaked | clean characters redacted |",
        "|---|---|---|---|---|",
    ]
    for name, result in results.items():
        if "by_type" in result:
            lines.append(
                f"| {name} | {result['documents']} | {100 * result['leaked_characters']:.2f} % "
                f"| {100 * result['leaked_spans']:.2f} % | {100 * result['clean_redacted']:.2f} % |"
            )
    return "\n".join(lines)


def render(readme: str) -> str:
    """Return the README with its benchmark tables as the results say."""
    results = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(RESULTS.glob("*.json"))}
    readme = between(readme, "bench-latency", latency_table(results.pop("latency")))
    return between(readme, "bench-accuracy", accuracy_table(results))


def main() -> None:
    """Write the tables into the README."""
    README.write_text(render(README.read_text(encoding="utf-8")), encoding="utf-8")
    print("README.md: tables written")


if __name__ == "__main__":
    main()
