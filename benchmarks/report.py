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


def injection_table(result: dict[str, Any]) -> str:
    """Return the tables of the cases written for measuring only, in Markdown."""
    lines = ["| cases | attacks | flagged | clean texts | flagged |", "|---|---|---|---|---|"]
    for name, sides in (
        result["by_set"] | {f"clean, {size}": one for size, one in result["by_length"].items()}
    ).items():
        cells = [
            cell
            for side in ("attacks", "clean")
            for cell in ((sides[side]["texts"], f"{sides[side]['flagged']:.3f}") if side in sides else ("", ""))
        ]
        lines.append(f"| {name} | {' | '.join(map(str, cells))} |")
    places = result["passages"]
    cut = places["after_excise"]
    told = (
        f"Of {places['texts']} results with a known passage {100 * places['flagged']:.0f} % are flagged and "
        f"{100 * places['found_in_place']:.0f} % found in place (overlap of at least half). Under `excise`, "
        f"{100 * cut['intact']:.0f} % come back with every other letter intact, {100 * cut['blocked']:.0f} % are blocked "
        f"because what is left is still in doubt, and of {100 * cut['gone']:.0f} % the passage is gone."
    )
    lines += ["", told]
    return "\n".join(lines)


def evasion_table(result: dict[str, Any]) -> str:
    """Return what disguises do to detection, in Markdown."""
    plain = result["undisguised"]
    lines = [
        "| disguise | detection | undisguised | ratio | false alarms |",
        "|---|---|---|---|---|",
        f"| (none) | {plain['detection']:.3f} | | | {plain['false_alarms']:.3f} |",
    ]
    for name, one in result["disguises"].items():
        cells = (one[key] for key in ("detection", "undisguised", "ratio", "false_alarms"))
        lines.append(f"| {name} | {' | '.join('' if cell is None else f'{cell:.3f}' for cell in cells)} |")
    lines += ["", f"{result['kept_promise']} of {len(result['disguises'])} keep nine tenths of the undisguised figure."]
    return "\n".join(lines)


def render(readme: str) -> str:
    """Return the README with its benchmark tables as the results say."""
    results = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(RESULTS.glob("*.json"))}
    readme = between(readme, "bench-latency", latency_table(results.pop("latency")))
    readme = between(readme, "bench-injection", injection_table(results["injection"]))
    readme = between(readme, "bench-evasion", evasion_table(results["evasion"]))
    return between(readme, "bench-accuracy", accuracy_table(results))


def main() -> None:
    """Write the tables into the README."""
    README.write_text(render(README.read_text(encoding="utf-8")), encoding="utf-8")
    print("README.md: tables written")


if __name__ == "__main__":
    main()
