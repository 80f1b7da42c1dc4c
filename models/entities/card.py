"""The card of the model, written from the measured figures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from models.entities.labels import ENTITY_TYPE, NOT_IDENTIFYING

_HEAD = """# entities: PHI and PII in tool results

A token classifier for documents that an agent's tools return: notes, mail, chat, forms, HL7 v2, FHIR and other JSON,
CSV, logs. It answers with Presidio entity types. It is one detector beside validated patterns; alone it is no guarantee of
de-identification.

- **Base**: the first six layers of multilingual-e5-small (384 wide; MIT), its vocabulary cut to 82 000 pieces. Case and digits of
  each word enter through six token types (`firewall/inference/shapes.py`).
- **Input**: windows of 128 tokens that share 32 or more; int64 `input_ids`, `attention_mask`, `token_type_ids`.
- **Output**: logits `[batch, sequence, labels]`; class 0 is `O`, the others are types without begin/inside marks.
- **Decoding**: `firewall/inference/spans.py` (windows merged, words whole, neighbours joined).
- **Format**: ONNX, dynamic int8, {size:.1f} MB.
- **Threshold**: a word's type is the one with the highest probability for its threshold; it is an entity where 1 - p(O)
  reaches that threshold ({threshold}). A doubt between a place and a country or organisation falls to the place.
"""

_LIMITS = """
## Limits
- Trained on English, with some Spanish and fewer German, French, Italian and Dutch sentences. Names in other scripts
  were seen only as values of fields and in templates. Expect lower recall there.
- Documents of the same source share boilerplate, templates and (in the Synthea, HL7 v2 and dictated-note files) carriers,
  so the held-out figures of those files are better than what a new source would give. The hand-written documents share
  nothing with the training data and are the better guide, but they are few.
- Years alone, times of day and durations are not entities. Dates of things (expiry, calibration) carried no loss in
  training: they are often found.
- A number without a word beside it that tells its kind may get the wrong identifier type, or none. Confusion between
  identifier types changes the replacement text, not whether it is redacted.
- {quiet} are found so that a policy can use them; they count neither as found nor as false redaction above.
- The HL7 v2 messages are not labelled completely, so part of their false redactions are people and dates that the labels
  miss. In the hand-written documents the errors are real: eponyms and scores (Braden, Morse), blood-group tables, units.
- int8 activations are scaled over a batch, so words near a threshold can change with what shares their batch: on the
  hand-written documents NAME recall was 95.5 % one window at a time (as with float32) and 97.6 % in batches of 32.
- Word pieces cost: rare names and long numbers take many tokens, and a window then covers less text.
- No fairness study: recall was not compared over the origins of names.
"""


def write(thresholds: Mapping[str, float], metrics: Mapping[str, Any], training: Mapping[str, Any], size: int) -> str:
    """Return the card as Markdown."""
    parts = [
        _HEAD.format(size=size / 1e6, threshold=", ".join(f"{kind} {value}" for kind, value in thresholds.items()))
    ]
    parts.append("\n## Labels\n" + ", ".join(f"`{label}`" for label in ENTITY_TYPE.values()) + ".\n")
    parts.append(_data(training))
    parts.append(_figures(metrics))
    parts.append(_LIMITS.format(quiet=", ".join(f"`{label}`" for label in sorted(NOT_IDENTIFYING))))
    parts.append(
        f"\n## Rebuilding\n`{training['command']}` with seed {training['seed']}; it stops and goes on at its "
        f"checkpoint.\n" + "".join(f"{note}\n" for note in training.get("notes", ()))
    )
    return "".join(parts)


def _data(training: Mapping[str, Any]) -> str:
    lines = ["\n## Data\n| file | windows | licence |\n|---|---:|---|\n"]
    lines += [f"| {name} | {row['windows_used']} | {row['licence']} |\n" for name, row in training["data"].items()]
    lines.append(
        "\nLeft out for their licence: CoNLL-2003, WikiNEuRal, and the C-CDA rows of unclear licence. Of each file "
        "about 8 % of"
        "\nthe documents, chosen by digest, are held out. Technical documentation and source code carry no labels: "
        "whatever in"
        "\nthem might be a name, address, date or number of a person carried no loss. Generated documents are "
        "synthetic people,"
        "\nand look-alikes without people (`generator.py`). No real patient's data.\n"
    )
    return "".join(lines)


def _figures(metrics: Mapping[str, Any]) -> str:
    lines = [
        (
            "\n## Figures\nCounted in letters and digits with the shipped int8 file. *Recall*: share covered by any "
            "identifying entity."
            "\n*False*: share of clean characters (outside labelled and unjudged places) covered by one.\n"
            "\n| documents | count | NAME | LOCATION | DATE | ids | false |\n|---|---:|---:|---:|---:|---:|---:|\n"
        )
    ]
    total = {
        "held-out split of the PHI files": metrics["split"],
        **metrics["by_file"],
    }
    for name, row in total.items():
        count = metrics["documents"].get(name, "")
        cells = [_percent(row[key]) for key in ("recall_NAME", "recall_LOCATION", "recall_DATE", "recall_ids")]
        lines.append(f"| {name} | {count} | {' | '.join(cells)} | {_percent(row['false_redaction'], 2)} |\n")
    lines.append(
        "\n| label | characters | recall, held out | right type | recall, handwritten |\n|---|---:|---:|---:|---:|\n"
    )
    hand = metrics["handwritten_by_label"]["labels"]
    for label, row in metrics["split_by_label"]["labels"].items():
        other = _percent(hand[label]["recall"]) if label in hand else "-"
        quiet = ENTITY_TYPE[label] in NOT_IDENTIFYING
        recall = "(not redacted)" if quiet else _percent(row["recall"])
        lines.append(
            f"| {label} | {row['characters']} | {recall} | {_percent(row['right_type'])} | {'' if quiet else other} |\n"
        )
    speed = metrics["windows_per_second"]
    lines.append(
        f"\nSpeed: {speed} windows a second over the documents above in batches of 32 by length, two threads of onnxruntime "
        "on two\nx86-64 cores that other work shared.\n"
        "\nThe thresholds were chosen on the same documents (`thresholds.py`), so the figures are slightly kind.\n"
    )
    return "".join(lines)


def _percent(share: float | None, places: int = 1) -> str:
    return "-" if share is None else f"{share * 100:.{places}f} %"
