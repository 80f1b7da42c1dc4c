"""Results as pictures."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("Agg")
import matplotlib.pyplot as plt


def latency_plot(result: dict[str, Any], path: Path) -> None:
    """Draw latency over size at concurrency 1, with the baselines, and the share of each stage."""
    rows = [row for row in result["rows"] if row["concurrency"] == 1]
    figure, (left, right) = plt.subplots(1, 2, figsize=(13, 4.8))
    for direction, colour in (("inbound", "tab:blue"), ("outbound", "tab:green")):
        mine = [row for row in rows if row["direction"] == direction]
        sizes = [row["kb"] for row in mine]
        left.plot(sizes, [row["p50_ms"] for row in mine], "o-", color=colour, label=f"{direction} p50")
        left.plot(sizes, [row["p99_ms"] for row in mine], "o--", color=colour, alpha=0.6, label=f"{direction} p99")
    alone = sorted((row for row in result["baselines"] if row["direction"] == "outbound"), key=lambda row: row["kb"])
    for name, label, mark in (
        ("bare_session_ms", "bare ONNX session", "x:"),
        ("deberta_shape_ms", "DeBERTa-v3-base shape", "s:"),
        ("stock_presidio_ms", "stock presidio, no NER", "^:"),
    ):
        left.plot([row["kb"] for row in alone], [row[name] for row in alone], mark, color="gray", label=label)
    left.set(
        xscale="log", yscale="log", xlabel="payload, KB", ylabel="milliseconds", title="Through HTTP, concurrency 1"
    )
    left.grid(alpha=0.3, which="both")
    left.legend(fontsize=8)
    stages = ("read", "patterns", "injection", "entities", "redact", "audit")
    names = [f"{row['direction'][:3]} {row['kb']:g}" for row in rows]
    places = range(len(rows))
    for offset, stage in enumerate(stages):
        at = [place + (offset - 2.5) * 0.13 for place in places]
        right.bar(at, [row["stages_ms"].get(stage, 0) for row in rows], 0.13, label=stage)
    right.set(yscale="log", ylabel="milliseconds (median)", title="Stages (detectors run side by side)")
    right.set_xticks(list(places), names, rotation=45)
    right.legend(fontsize=8)
    figure.tight_layout()
    figure.savefig(path, dpi=110)
    plt.close(figure)


def accuracy_plot(result: dict[str, Any], path: Path) -> None:
    """Draw the ROC curve at low false-positive rates and the scores of both classes, or the leak rate by type."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(12, 4.6))
    if "roc" in result:
        left.plot(result["roc"]["fpr"], result["roc"]["tpr"])
        left.set(
            xscale="log",
            xlim=(1e-4, 1),
            ylim=(0, 1.01),
            xlabel="false-positive rate",
            ylabel="recall",
            title=f"AUC {result['auc']:.4f}",
        )
        left.grid(alpha=0.3, which="both")
        right.bar(
            [x + 0.01 for x in result["histogram"]["edges"][:-1]],
            result["histogram"]["benign"],
            0.02,
            label="benign",
            alpha=0.7,
        )
        right.bar(
            [x + 0.01 for x in result["histogram"]["edges"][:-1]],
            result["histogram"]["attacks"],
            0.02,
            label="attacks",
            alpha=0.7,
        )
        right.set(yscale="log", xlabel="score", ylabel="texts", title="Scores")
        right.legend()
    else:
        kinds = sorted(result["by_type"], key=lambda kind: -result["by_type"][kind]["leaked_characters"])
        left.barh(kinds, [100 * result["by_type"][kind]["leaked_characters"] for kind in kinds])
        left.set(xlabel="leaked characters, %", title="Leaks by kind")
        sources = sorted(result["by_source"])
        right.barh(sources, [100 * result["by_source"][name]["clean_redacted"] for name in sources])
        right.set(xlabel="clean characters redacted, %", title="False redaction by source")
    figure.tight_layout()
    figure.savefig(path, dpi=110)
    plt.close(figure)
