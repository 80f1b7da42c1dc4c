"""Writes the CARD.md of a tuned model from what was measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from firewall.check.comparison import Comparison, Flags
from firewall.check.figures import RATES, Interval, recall_name

HEAD = """# {name} {version}

The injection classifier {base_version} (`{base_digest}`), tuned on labelled texts of whoever runs it. What it is, how
it works and what counts as an injection is told by the card of that model. Do not publish this folder without a thought:
weights can give away parts of what they were tuned on.
"""


def write(
    path: Path,
    *,
    version: str,
    training: Mapping[str, Any],
    own: Comparison,
    written: Comparison,
    warnings: Sequence[str],
    worse: Sequence[str],
) -> None:
    """Write the card beside the model."""
    base = own.judged[0]
    parts = [HEAD.format(name=base.name, version=version, base_version=base.version, base_digest=base.digest)]
    if worse:
        parts.append("## Worse than before\n\n" + _items(worse))
    if warnings:
        parts.append("## To keep in mind\n\n" + _items(warnings))
    parts += [_figures(own, written), _training(training)]
    path.write_text("\n".join(parts), encoding="utf-8")


def _figures(own: Comparison, written: Comparison) -> str:
    head = (
        f"On {own.rows} of the user's texts ({own.positives} injections) that were held out to test, and on "
        f"{written.rows} rows made of our written texts ({written.positives} injections) that no training saw. In brackets, "
        "95 % of what the figure is when rows are drawn again. Thresholds and calibration were settled on other held-out "
        "texts of the user."
    )
    columns = "| figure | before, user's | tuned, user's | before, ours | tuned, ours |"
    lines = ["## Figures", "", head, "", columns, "|---|---|---|---|---|"]
    for title, name in (("AUC", "auc"), *((f"recall at {rate:.1%} FPR", recall_name(rate)) for rate in RATES)):
        cells = [_interval(ranking[name]) for found in (own, written) for ranking in found.ranking]
        lines.append(f"| {title} | {' | '.join(cells)} |")
    errors = [f"{error:.4f}" for found in (own, written) for error in found.calibration_error]
    lines.append(f"| ECE | {' | '.join(errors)} |")
    for title, part in (("injections flagged", "recall"), ("harmless flagged", "false_alarms")):
        cells = [_share(flags, part) for found in (own, written) for flags in found.own]
        lines.append(f"| {title}, at its own thresholds | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _training(training: Mapping[str, Any]) -> str:
    return f"""## How it was tuned

    {training["command"]}

Seed {training["seed"]}; {training["steps"]} steps of {training["batch"]} windows out of {training["windows"]}, of which
a share of {training["replay"]:g} is replay: texts written for the shipped model (`models/injection/texts`), in part put into
harmless texts of the user. {training["rows"]["train"]} rows were learned from, {training["rows"]["settle"]} settled calibration and
thresholds, {training["rows"]["test"]} tested. Weights were read back from the int8 file of the base model.
"""


def _items(sentences: Sequence[str]) -> str:
    return "\n".join(f"- {sentence}" for sentence in sentences) + "\n"


def _interval(one: Interval) -> str:
    return f"{one.value:.4f} [{one.low:.4f}, {one.high:.4f}]"


def _share(flags: Flags | None, part: str) -> str:
    if flags is None:
        return "-"
    one: Interval = getattr(flags, part)
    return f"{one.value:.2%} [{one.low:.2%}, {one.high:.2%}]"
