"""Two classifiers on the same texts as a picture: ROC at low false-positive rates, scores, disagreements.

    firewall models compare A B --data my.jsonl --png out.png
    python -m benchmarks.comparison_plot out.png < comparison.json        what `--json` wrote

The picture holds scores and labels, and nothing of a text.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from numpy.typing import NDArray

mpl.use("Agg")
import matplotlib.pyplot as plt
from matplotlib.axes import Axes

Floats = NDArray[np.float64]
COLOURS = {"a": "tab:blue", "b": "tab:orange"}
CLASSES = ((0, "harmless", "tab:green"), (1, "injections", "tab:red"))
EDGES = np.linspace(0, 1, 41)


def curve(labels: Floats, scores: Floats) -> tuple[Floats, Floats]:
    """Return the false-positive rates and the recalls at every threshold, from the strictest on."""
    limits = np.unique(scores)[::-1]
    bad, good = np.sort(scores[labels == 1]), np.sort(scores[labels == 0])
    recall = 1 - np.searchsorted(bad, limits, "left") / max(1, len(bad))
    false = 1 - np.searchsorted(good, limits, "left") / max(1, len(good))
    return np.concatenate(([0.0], false)), np.concatenate(([0.0], recall))


def comparison_plot(result: dict[str, Any], path: Path) -> None:
    """Draw what `firewall models compare --json` tells."""
    labels = np.array([float(row["label"]) for row in result["scores"]])
    scores = {name: np.array([float(row[name]) for row in result["scores"]]) for name in COLOURS}
    figure, (roc, first, second, scatter) = plt.subplots(1, 4, figsize=(21, 5.2))
    _roc(roc, result, labels, scores)
    for panel, name in ((first, "a"), (second, "b")):
        _histogram(panel, result, name, labels, scores[name])
    _scatter(scatter, result, labels, scores)
    figure.tight_layout()
    figure.savefig(path, dpi=110, format="png")
    plt.close(figure)


def _title(result: dict[str, Any], name: str) -> str:
    model = result["models"][name]
    return f"{name.upper()}: {model['name']} {model['version']}, {model['digest'].removeprefix('sha256:')[:8]}"


def _roc(panel: Axes, result: dict[str, Any], labels: Floats, scores: dict[str, Floats]) -> None:
    """Draw recall over the false-positive rate on a logarithmic axis; what lies left of one text cannot be told."""
    good = int((labels == 0).sum())
    lowest = 0.5 / max(1, good)
    for name, colour in COLOURS.items():
        false, recall = curve(labels, scores[name])
        area = result["models"][name]["auc"]
        known = area["value"] is not None
        told = f"AUC {area['value']:.4f} [{area['low']:.4f}, {area['high']:.4f}]" if known else "one label only"
        panel.step(np.maximum(false, lowest), recall, where="post", color=colour, label=f"{name.upper()}: {told}")
    panel.axvspan(lowest, 1 / max(1, good), color="gray", alpha=0.15, label="no false alarm")
    for rate in (0.001, 0.005, 0.01):
        panel.axvline(rate, color="gray", linewidth=0.6, linestyle=":")
    panel.set(
        xscale="log", xlim=(lowest, 1), ylim=(0, 1.01), xlabel="false-positive rate", ylabel="recall", title="ROC"
    )
    panel.grid(alpha=0.3, which="both")
    panel.legend(fontsize=8, loc="lower right")


def _histogram(panel: Axes, result: dict[str, Any], name: str, labels: Floats, scores: Floats) -> None:
    for label, title, colour in CLASSES:
        panel.hist(scores[labels == label], bins=EDGES.tolist(), color=colour, alpha=0.6, label=title)
    for (side, limit), style in zip(_limits(result, name).items(), ("--", "-.", ":"), strict=False):
        panel.axvline(
            limit, color="black", linewidth=0.9, linestyle=style, label=f"threshold, {side.replace('_', ' ')}s"
        )
    panel.set(yscale="log", xlabel="score", ylabel="texts", title=_title(result, name))
    panel.legend(fontsize=8)


def _scatter(panel: Axes, result: dict[str, Any], labels: Floats, scores: dict[str, Floats]) -> None:
    for label, title, colour in CLASSES:
        kept = labels == label
        panel.scatter(scores["a"][kept], scores["b"][kept], s=9, alpha=0.4, color=colour, label=title)
    apart = result["disagreements"]
    panel.scatter(
        [row["a"] for row in apart],
        [row["b"] for row in apart],
        s=38,
        facecolors="none",
        edgecolors="black",
        linewidths=0.7,
        label=f"flagged by one only: {len(apart)}",
    )
    panel.plot((0, 1), (0, 1), color="gray", linewidth=0.6)
    panel.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02), xlabel="score of A", ylabel="score of B", title="Disagreements")
    panel.legend(fontsize=8)


def _limits(result: dict[str, Any], name: str) -> dict[str, float]:
    """Return the thresholds that a model is judged by: its own, else the policy's."""
    model = result["models"][name]
    told = model["own_thresholds"] or model["policy_thresholds"]
    return {} if told is None else told["thresholds"]


def main() -> None:
    """Draw what comes on standard input."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("png", type=Path, help="file to write")
    comparison_plot(json.load(sys.stdin), parser.parse_args().png)


if __name__ == "__main__":
    main()
