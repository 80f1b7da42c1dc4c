"""A token model's logits as entities in a text, whatever its labels are called."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from firewall.errors import ConfigurationError
from firewall.inference.manifest import Task
from firewall.inference.model import Encoded, Logits, Model
from firewall.inference.spans import OUTSIDE, decode, merge_windows, softmax

# What models and pipelines in common use call what Presidio calls otherwise; other labels are kept as they are.
PRESIDIO_NAMES: Mapping[str, str] = {
    "PER": "PERSON",
    "NAME": "PERSON",
    "PATIENT": "PERSON",
    "STAFF": "PERSON",
    "DOCTOR": "PERSON",
    "LOC": "LOCATION",
    "GPE": "LOCATION",
    "FAC": "LOCATION",
    "ORG": "ORGANIZATION",
    "HOSP": "ORGANIZATION",
    "NORP": "NRP",
    "DATE": "DATE_TIME",
    "TIME": "DATE_TIME",
    "PHONE": "PHONE_NUMBER",
    "EMAIL": "EMAIL_ADDRESS",
}


@dataclass(frozen=True, slots=True)
class Entity:
    """An entity at the code points `[start, end)` of a text, and by what it was recognized. Carries no text."""

    start: int
    end: int
    entity_type: str
    score: float
    rule_id: str


class Tagger:
    """Reads a token model's answers. Labels may be plain or carry B-/I- prefixes; those of one type are added up."""

    def __init__(
        self, model: Model, *, names: Mapping[str, str] | None = None, rule_id: str = "model.entities"
    ) -> None:
        """Sort the labels by entity type. `names` maps a label (without prefix) to an entity type.

        Raises:
            ConfigurationError: if the model does not classify tokens, or no label stands for "no entity".
        """
        manifest = model.manifest
        if manifest.task is not Task.TOKEN:
            raise ConfigurationError("entities need a token-classification model")
        known = {**PRESIDIO_NAMES, **(names or {})}
        types = [_type_of(label, known) for label in manifest.labels]
        if OUTSIDE not in types:
            raise ConfigurationError(f"model {manifest.name}: none of its labels is {OUTSIDE}")
        self.model = model
        self.rule_id = rule_id
        self.labels = tuple(dict.fromkeys(types))
        self._sum = np.zeros((len(types), len(self.labels)), np.float32)
        for row, name in enumerate(types):
            self._sum[row, self.labels.index(name)] = 1.0
        self._plain = len(types) == len(self.labels)

    @property
    def entity_types(self) -> tuple[str, ...]:
        """Return the entity types that the model can answer with."""
        return tuple(label for label in self.labels if label != OUTSIDE)

    def entities(self, text: str, encoded: Encoded, logits: Sequence[Logits]) -> list[Entity]:
        """Return the entities of a text from the logits of its windows. Linear in the text."""
        if not encoded.windows:
            return []
        found = decode(
            self.probabilities(encoded, logits), encoded.tokens, text, self.labels, self.model.manifest.thresholds
        )
        return [Entity(start, end, kind, min(1.0, max(0.0, score)), self.rule_id) for start, end, kind, score in found]

    def probabilities(self, encoded: Encoded, logits: Sequence[Logits]) -> NDArray[np.float32]:
        """Return `[tokens, labels]` probabilities of a text that has windows, in the order of `labels`."""
        spans = [(window.first, window.last) for window in encoded.windows]
        return merge_windows(len(encoded.tokens), spans, [self._probabilities(rows) for rows in logits])

    def look(self, text: str, *, tokens_per_batch: int = 512) -> list[Entity]:
        """Encode, score and read one text, synchronously, in batches of a bounded number of tokens."""
        encoded = self.model.encode([text])[0]
        rows = max(1, tokens_per_batch // self.model.manifest.window.tokens)
        logits: list[Logits] = []
        for first in range(0, len(encoded.windows), rows):
            logits += [answer.logits for answer in self.model.run(encoded.windows[first : first + rows])]
        return self.entities(text, encoded, logits)

    def _probabilities(self, logits: Logits) -> NDArray[np.float32]:
        probabilities = softmax(logits)
        return probabilities if self._plain else probabilities @ self._sum


def _type_of(label: str, known: Mapping[str, str]) -> str:
    """Return the entity type of a label: without its B-, I-, E-, S- or L-, U- prefix, under Presidio's name."""
    head, dash, tail = label.partition("-")
    plain = tail if dash and head.upper() in {"B", "I", "E", "S", "L", "U"} else label
    return known.get(plain, known.get(plain.upper(), plain.upper()))
