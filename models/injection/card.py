"""Writes CARD.md from measured figures."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from models.injection.measure import Calibration
from models.injection.sources import LEFT_OUT, SOURCES

VERSION = "3.0.0"

HEAD = f"""# injection {VERSION}

Scores a text by whether it gives orders to the language model that reads it. It screens arguments and results of
tool calls. It is one signal among several: registry, access rules and patterns do not depend on it.

## What counts as an injection

- **Who is addressed**: the model or agent that processes the text, not a person, a program or a reader.
- **What is asked**: to drop or change its instructions, to reveal hidden text or secrets, to take on a role without
  rules, to call tools, to send, change or hide data, or to answer in a way its user did not ask for.
- **Where it stands** matters: "please export record 4711" is an ordinary argument or prompt, but an injection when
  it stands inside a tool result, a mail or a document, because nobody who may give orders wrote it there.
- **Not an injection**: procedures and mails that tell people what to do, texts about attacks, system prompts and tool
  descriptions as such, harmful questions without an attempt to change the rules, spam.

## How it works

A text is cut into windows of 128 tokens (two of them special) that share 32. The encoder is the first six layers of
multilingual-e5-small (384 wide, MIT; its vocabulary cut to the 82 000 pieces in use, case kept), with one linear layer over
the first token, the mean and the maximum of the last states, and a second one over each state that says which tokens
belong to the injected passage. A third one guesses after two layers already: `early.onnx` holds these two layers and
clears the windows of which it is sure, `model.onnx` holds the other four and goes on with the rest.

The document score is

    p = sigmoid(scale * (m - rise(n)) + bias)

where m is the largest margin (logit INJECTION - logit BENIGN) over the n windows, and rise(n) is by how much the largest
margin of clean documents grows with n: a long clean document has many chances to be flagged.
"""

LIMITS = """## Limits

- English first. Attacks in German, French, Spanish, Italian, Portuguese, Dutch, Polish, Russian, Turkish, Swedish,
  Chinese, Japanese, Korean, Arabic, Hindi, Vietnamese, Indonesian, Ukrainian, Czech, Persian, Romanian and Greek were
  trained on, from some 20 to 80 written ones each. No native speaker has read them.
- A request that reads like ordinary work ("please update the inventory") inside a result is hard to tell from
  harmless text; expect misses there.
- An attack spread over many windows is seen piece by piece. Encoded attacks are seen only after decoding.
- Texts that quote attacks (security articles, test cases) are the likeliest false alarms.
- The length term costs recall on long documents: a short attack in 100 KB needs a larger margin than one alone.
- 50 attacks of dev_spikee are plain questions for investment advice, which nothing but that set calls an attack.
- No row of the development sets was trained on, but whoever wrote the generator had read samples of them. Calibration
  was fitted on them together with the holdout and the written rows, the thresholds on them and the holdout, so these
  figures are somewhat optimistic; holdout figures of generated and planted rows share their grammar with training rows.
  `benchmarks/injection_cases` was written apart from all of this; nothing was trained or calibrated on it.
- int8 activations are scaled over a batch, so a score can move slightly with what shares its batch.
- Names of persons and hosts in generated rows are made up.
"""


def write(
    path: Path,
    metrics: Mapping[str, Any],
    thresholds: Mapping[str, float],
    calibration: Calibration,
    training: Mapping[str, Any],
) -> None:
    """Write the card of a measured model."""
    parts = [HEAD, _figures(metrics, thresholds, calibration), _data(training), LIMITS, _rebuild(training)]
    path.write_text("\n".join(parts), encoding="utf-8")


def _row(*cells: object) -> str:
    return "| " + " | ".join(str(cell) for cell in cells) + " |"


def _table(head: tuple[str, ...], rows: list[str]) -> str:
    return "\n".join([_row(*head), "|" + "---|" * len(head), *rows]) + "\n"


def _figures(metrics: Mapping[str, Any], thresholds: Mapping[str, float], calibration: Calibration) -> str:
    head = ("set", "rows", "positive", "AUC", "recall at 1 % FPR", "at 0.1 % FPR", "ECE", "recall *", "false alarms *")
    sets = {name: value for name, value in metrics.items() if isinstance(value, dict) and "auc" in value}
    sets |= {f"holdout, {name}": value for name, value in metrics["holdout_by_surface"].items()}
    rows = [
        _row(
            name,
            value["rows"],
            value["positive"],
            value["auc"],
            value["recall_at_1pct_fpr"],
            value["recall_at_0.1pct_fpr"],
            value["ece"],
            value["flagged_of_positive"],
            value["flagged_of_negative"],
        )
        for name, value in sets.items()
    ]
    lengths = [
        _row(name, value["windows"], value["documents"], value["flagged"], value["flagged_without_length_term"])
        for name, value in metrics["false_alarms_by_length"].items()
    ]
    screened = metrics["screen"]
    cleared = [
        _row(name, *screened["aucs"][name], value["clean_cleared"], value["hostile_cleared"])
        for name, value in screened["cleared"].items()
    ]
    verdict = "shipped" if screened["shipped"] else "not shipped"
    files = [_row(name, value["rows"], value["flagged"]) for name, value in metrics["false_alarms_by_file"].items()]
    clinical, moved, times = (
        metrics["false_alarms_clinical_reports"],
        metrics["int8_drift"],
        metrics["milliseconds_per_window"],
    )
    rise = ", ".join(f"{n:g}: {offset:.2f}" for n, offset in calibration.rise)
    alone = "; ".join(
        f"{name} {', '.join(f'{ms} ms for {length} tokens' for length, ms in each.items())}"
        for name, each in times.items()
    )
    return f"""## Figures

Measured on the shipped int8 file by the recipe. \\* at the default thresholds: tool calls (arguments, prompts)
{thresholds["tool_call"]}, tool results (all other surfaces) {thresholds["tool_result"]}. The development sets come from sources that
training does not use; the holdout is 6 % of the documents of the training sources and freshly generated rows planted in
held-out texts; `written` are rows made of the sixteenth of `texts/` that training does not see. Small surfaces make recall at 0.1 % FPR coarse.

{_table(head, rows)}
Calibration: scale {calibration.scale:.4f}, bias {calibration.bias:.4f}, rise by windows: {rise}.

The early guess clears plain windows at a third of the cost. It is shipped where it costs no set more than 0.003 AUC:
{verdict}.

{_table(("set", "AUC without it", "AUC with it", "clean windows cleared", "windows of attacked texts cleared"), cleared)}
False alarms on clean held-out text by document length, at the threshold for tool results. The documents are made of the
windows of consecutive held-out rows of one file of running text; those of 30 KB and more overlap and come from few files:

{_table(("length", "windows", "documents", "flagged", "flagged without the length term"), lengths)}
False alarms by file of the holdout; clinical reports, of which training saw none: {clinical["flagged"]} of {clinical["rows"]}.

{_table(("file", "clean rows", "flagged"), files)}
int8 against float32, over {moved["windows"]} held-out texts: the margin moves by {moved["mean"]} on average and {moved["largest"]} at
most, where margins spread by {moved["spread_of_margins"]} (standard deviation).

One window alone on one thread: {alone}.
"""


def _data(training: Mapping[str, Any]) -> str:
    used = [
        _row(name, value["rows_used"], value["licence"])
        for name, value in training["data"].items()
        if name.removesuffix(".jsonl.gz") in SOURCES
    ]
    left = "\n".join(f"- `{name}`: {reason}" for name, reason in LEFT_OUT.items())
    return f"""## Data

Rows available to training after the licence filter and the caps of `sources.py` (the windows are drawn from them),
with the licences of their content:

{_table(("file", "rows", "licence"), used)}
Besides these, `texts/` holds what was written for this model: about 8,500 attacks and harmless look-alikes in 23
languages, of which 2,500 are whole tool results, half of them with the attacker's passage marked. `documents.py`,
`places.py` and `curriculum.py` make rows of them, and `generator.py` writes more from a grammar; about half of what is
planted into benign texts is harmless. Left out, so that the weights carry no non-commercial and no unlicensed content:

{left}
- `promptshield`: rows made of Alpaca (CC BY-NC 4.0); `sop_runbooks`: openregulatory rows (CC BY-NC-SA 4.0);
  `security_docs`: two sources without a licence; planted rows whose carrier is one of the above.
"""


def _rebuild(training: Mapping[str, Any]) -> str:
    return f"""## Rebuild

    {training["command"]}

Four rounds, of whose weights the mean is shipped; seeds and steps as in `rounds.py`. An interrupted run goes on where it was. `manifest.json` names every file
with its digest.
"""
