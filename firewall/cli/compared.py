"""How a comparison of two models is told: tables for people, plain values for programs. Rows are lines, never texts."""

from __future__ import annotations

import math
from typing import Any

from rich.table import Table
from rich.text import Text

from firewall.check.comparison import Comparison, Flags
from firewall.check.figures import RATES, Interval, recall_name
from firewall.cli.output import console, line

_NAMES = ("A", "B")
_SHOWN = 20
_SIDES = {"tool_call": "calls", "user_prompt": "prompts", "tool_result": "results"}


def show(found: Comparison, name: str, *, rows: bool = True) -> None:
    """Print a comparison as tables under a name; with `rows` also the lines of single rows."""
    out = console()
    good = found.rows - found.positives
    out.print(Text(line(f"{name}: {found.rows} texts, {found.positives} injections and {good} harmless"), style="bold"))
    out.print()
    for letter, one in zip(_NAMES, found.judged, strict=True):
        out.print(Text(line(f"{letter}  {one.name} {one.version}  {one.digest}")))
    table = Table("", *_NAMES, "B less A", box=None, pad_edge=False)
    for title, figure in (("AUC", "auc"), *((f"recall at {rate:.1%} FPR", recall_name(rate)) for rate in RATES)):
        star = " *" if any(figure == recall_name(rate) for rate in found.unresolved) else ""
        first, second = (ranking[figure] for ranking in found.ranking)
        table.add_row(title + star, _interval(first), _interval(second), _interval(found.difference[figure], sign=True))
    table.add_row("ECE", *(f"{error:.4f}" for error in found.calibration_error), "")
    table.add_row("ms a window", *(f"{one.window_ms:.2f} ({one.window_tokens:.0f} tokens)" for one in found.judged), "")
    for title, both in (("its own thresholds", found.own), ("the policy's thresholds", found.policy)):
        table.add_row(f"at {title}", *(_limits(flags) for flags in both), "")
        table.add_row("  injections flagged", *("-" if flags is None else _share(flags.recall) for flags in both), "")
        table.add_row(
            "  harmless flagged", *("-" if flags is None else _share(flags.false_alarms) for flags in both), ""
        )
    out.print()
    out.print(table)
    out.print(Text("\n[low, high]: 95 % of the figures when rows are drawn again (shares: Wilson)"))
    if found.unresolved:
        out.print(Text("* fewer harmless texts than this rate can tell: recall without any false alarm"))
    if not rows:
        return
    if found.unscored:
        shown = ", ".join(map(str, found.unscored[:_SHOWN])) + (" ..." if len(found.unscored) > _SHOWN else "")
        out.print(Text(f"{len(found.unscored)} rows are too large for the detector and are left out: lines {shown}"))
    _show_disagreements(found)


def _show_disagreements(found: Comparison) -> None:
    out = console()
    apart = found.disagreements
    if not apart:
        out.print(Text("\nNo row is flagged by one of them only."))
        return
    right = [sum(one.right == at for one in apart) for at in (0, 1)]
    out.print(
        Text(f"\n{len(apart)} rows are flagged by one of them only; A is right in {right[0]}, B in {right[1]}:\n")
    )
    table = Table("line", "label", "score A", "score B", "right", box=None, pad_edge=False)
    for one in apart[:_SHOWN]:
        scores = (f"{score:.4f}" for score in one.scores)
        table.add_row(str(one.line), str(one.label), *scores, _NAMES[one.right])
    out.print(table)
    if len(apart) > _SHOWN:
        out.print(Text(f"... and {len(apart) - _SHOWN} more; --json has all of them"))


def _interval(one: Interval, *, sign: bool = False) -> str:
    if not math.isfinite(one.value):
        return "-"
    form = "+.4f" if sign else ".4f"
    return f"{one.value:{form}} [{one.low:{form}}, {one.high:{form}}]"


def _share(one: Interval) -> str:
    if not math.isfinite(one.value):
        return "-"
    return f"{one.value:.2%} [{one.low:.2%}, {one.high:.2%}]"


def _limits(flags: Flags | None) -> str:
    if flags is None:
        return "-"
    return ", ".join(f"{short} {flags.thresholds[side]:g}" for side, short in _SIDES.items())


def to_json(found: Comparison) -> dict[str, Any]:
    """Return everything as plain values, the scores of every row included."""
    letters = ("a", "b")
    return {
        "rows": found.rows,
        "positives": found.positives,
        "unscored_lines": list(found.unscored),
        "unresolved_rates": list(found.unresolved),
        "models": {letter: _model_json(found, at) for at, letter in enumerate(letters)},
        "difference_b_less_a": {name: interval.as_json() for name, interval in found.difference.items()},
        "disagreements": [
            {"line": one.line, "label": one.label, **_scores_json(*one.scores), "right": letters[one.right]}
            for one in found.disagreements
        ],
        "scores": [
            {"line": at, "label": int(label), **_scores_json(first, second)}
            for at, label, first, second in zip(found.lines, found.labels, *found.scores, strict=True)
        ],
    }


def _model_json(found: Comparison, at: int) -> dict[str, Any]:
    one = found.judged[at]
    return {
        "name": one.name,
        "version": one.version,
        "digest": one.digest,
        **{figure: interval.as_json() for figure, interval in found.ranking[at].items()},
        "ece": round(found.calibration_error[at], 5),
        "ms_per_window": round(one.window_ms, 3),
        "tokens_per_window": one.window_tokens,
        "own_thresholds": _flags_json(found.own[at]),
        "policy_thresholds": _flags_json(found.policy[at]),
    }


def _scores_json(first: float, second: float) -> dict[str, float]:
    return {"a": round(float(first), 5), "b": round(float(second), 5)}


def _flags_json(flags: Flags | None) -> dict[str, Any] | None:
    if flags is None:
        return None
    return {
        "thresholds": dict(flags.thresholds),
        "recall": flags.recall.as_json(),
        "false_alarms": flags.false_alarms.as_json(),
    }
