"""How much of what should go is found, and how much else would go with it, counted in letters and digits.

A place counts as found where any identifying entity covers it; `NOT_IDENTIFYING` types help and hurt nobody.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from tokenizers import Tokenizer

from firewall.inference.spans import Decoded, decode, merge_windows, softmax
from models.entities import written
from models.entities.corpus import SOURCES, Encoded, encode, held_out, rows, windows_of
from models.entities.generator import generate
from models.entities.labels import ENTITY_TYPE, LABELS, NOT_IDENTIFYING
from models.entities.marked import Example
from models.training import backbone, export

IDS: Final = frozenset(
    "SSN MRN HEALTH_PLAN_ID ACCOUNT LICENSE VEHICLE_ID DEVICE_ID BIOMETRIC CREDIT_CARD IBAN PASSPORT DRIVER_LICENSE "
    "OTHER_ID".split()
)
"""The labels that the figure `ids` sums up."""
GENERATED: Final = 300
_GENERATED_SEED: Final = 900_001


@dataclass(frozen=True, slots=True)
class Predicted:
    """A document with the model's probabilities for each of its tokens."""

    document: Encoded
    probabilities: NDArray[np.float32] = field(repr=False)

    def decode(self, threshold: Mapping[str, float] | float) -> list[Decoded]:
        """Return the entities at a threshold."""
        return decode(self.probabilities, self.document.tokens, self.document.example.text, LABELS, threshold)


@dataclass(slots=True)
class Tally:
    """Letters and digits: there, found and found with the right type by label; clean and wrongly covered."""

    there: Counter[str] = field(default_factory=Counter)
    found: Counter[str] = field(default_factory=Counter)
    typed: Counter[str] = field(default_factory=Counter)
    clean: int = 0
    false: int = 0
    false_by_type: Counter[str] = field(default_factory=Counter)

    def recall(self, labels: Iterable[str]) -> float | None:
        """Return the share found over some labels, None where there is nothing to find."""
        chosen = list(labels)
        total = sum(self.there[label] for label in chosen)
        return sum(self.found[label] for label in chosen) / total if total else None

    @property
    def false_share(self) -> float:
        """Return the share of clean characters that would be redacted."""
        return self.false / self.clean if self.clean else 0.0

    def as_json(self) -> dict[str, Any]:
        """Return the figures by label and in all."""
        labels = {
            label: {
                "characters": self.there[label],
                "recall": round(self.found[label] / self.there[label], 4),
                "right_type": round(self.typed[label] / self.there[label], 4),
            }
            for label in ENTITY_TYPE
            if self.there[label]
        }
        return {
            "labels": labels,
            "clean_characters": self.clean,
            "false_redaction": round(self.false_share, 5),
            "false_by_type": dict(self.false_by_type.most_common(8)),
        }


def held_out_documents(data: Path) -> dict[str, list[Example]]:
    """Return the documents that training never sees, by file, with freshly generated ones beside them."""
    documents = {
        Path(source.path).name.split(".")[0]: [example for example, held in rows(data, source) if held]
        for source in SOURCES
    }
    for place, (name, people) in enumerate((("generated_people", 1.0), ("generated_lookalikes", 0.0))):
        documents[name] = list(generate(data / "phi", _GENERATED_SEED + place, GENERATED, people))
    documents[written.SOURCE] = list(written.as_written(tuple(text for text in written.documents() if held_out(text))))
    return documents


def handwritten(path: Path) -> list[Example]:
    """Read the documents written by hand."""
    lines = (json.loads(line) for line in path.read_text("utf-8").splitlines())
    return [
        Example(row["text"], tuple((e["start"], e["end"], e["label"]) for e in row["entities"]), (), row["kind"])
        for row in lines
    ]


def predict(
    session: onnxruntime.InferenceSession, tokenizer: Tokenizer, examples: Sequence[Example]
) -> list[Predicted]:
    """Run the model over documents in the windows that the service uses."""
    begin, end = backbone.BEGIN, backbone.END
    result: list[Predicted] = []
    documents = encode(tokenizer, list(examples))
    for at in range(0, len(documents), 200):
        part = documents[at : at + 200]
        cuts = [windows_of(document) for document in part]
        ids = [
            np.concatenate(([begin], document.tokens.ids[first:last], [end])).astype(np.int32)
            for document, places in zip(part, cuts, strict=True)
            for first, last in places
        ]
        types = [
            np.concatenate(([0], document.types[first:last], [0])).astype(np.int32)
            for document, places in zip(part, cuts, strict=True)
            for first, last in places
        ]
        answers = iter(export.run(session, ids, types))
        for document, places in zip(part, cuts, strict=True):
            each = [softmax(next(answers)[1:-1]) for _ in places]
            merged = merge_windows(len(document.tokens), places, each)
            result.append(Predicted(document, merged if len(merged) else np.zeros((0, len(LABELS)), np.float32)))
    return result


def tally(predictions: Iterable[Predicted], threshold: Mapping[str, float] | float) -> Tally:
    """Count over some documents at one threshold."""
    result = Tally()
    for predicted in predictions:
        example = predicted.document.example
        text = example.text
        counts = np.fromiter(map(str.isalnum, text), dtype=bool, count=len(text))
        covered = np.zeros(len(text), dtype=bool)
        types = np.zeros(len(text), dtype=np.int8)
        for start, end, entity_type, _ in predicted.decode(threshold):
            types[start:end] = LABELS.index(entity_type)
            covered[start:end] = entity_type not in NOT_IDENTIFYING
        clean = counts.copy()
        for start, end in example.ignored:
            clean[start:end] = False
        for start, end, label in example.entities:
            clean[start:end] = False
            inside = counts[start:end]
            result.there[label] += int(inside.sum())
            result.found[label] += int((inside & covered[start:end]).sum())
            right = types[start:end] == LABELS.index(ENTITY_TYPE[label])
            result.typed[label] += int((inside & right).sum())
        result.clean += int(clean.sum())
        wrong = clean & covered
        result.false += int(wrong.sum())
        for place, count in zip(*np.unique(types[wrong], return_counts=True), strict=True):
            result.false_by_type[LABELS[place]] += int(count)
    return result


def summary(counted: Tally) -> dict[str, float | None]:
    """Return the figures that the model is held to."""
    found = {"NAME": ["NAME"], "LOCATION": ["LOCATION"], "DATE": ["DATE"], "ids": sorted(IDS)}
    shares: dict[str, float | None] = {}
    for name, labels in found.items():
        recall = counted.recall(labels)
        shares[f"recall_{name}"] = None if recall is None else round(recall, 4)
    return shares | {"false_redaction": round(counted.false_share, 5)}


def open_model(path: Path) -> tuple[onnxruntime.InferenceSession, Tokenizer]:
    """Open a model for measuring."""
    return export.session(path), backbone.load_tokenizer()
