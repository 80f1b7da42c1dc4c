"""The training data: files to documents, documents to splits, documents to windows of tokens."""

from __future__ import annotations

import gzip
import hashlib
import json
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from firewall.inference.shapes import word_shapes
from firewall.inference.windows import Tokens, cut, tokenize
from models.entities.labels import ENTITY_TYPE, IGNORED, LABELS
from models.entities.marked import Example
from models.training import backbone
from models.training.loop import Window

WINDOW: Final = 128
OVERLAP: Final = 32
_SPECIAL: Final = 2
HELD_OUT_PERCENT: Final = 8


@dataclass(frozen=True, slots=True)
class Source:
    """A file of the data, how many windows of it training may use, and under which licence."""

    path: str
    windows: int
    licence: str
    whole_source: bool = False  # rows of one `source` are one document
    negatives: bool = False  # text without labels: what might be one is masked


SOURCES: Final = (
    Source("phi/mtsamples_planted.jsonl.gz", 3200, "CC0 per its Kaggle release; planted values our own"),
    Source("phi/pii_anon_eval.jsonl.gz", 2200, "data CC0, code Apache-2.0"),
    Source("phi/fhir_synthea.jsonl.gz", 800, "Apache-2.0", whole_source=True),
    Source("phi/tables_synthea.jsonl.gz", 500, "Apache-2.0"),
    Source("phi/hl7v2_samples.jsonl.gz", 900, "MIT / CC0-1.0 / Apache-2.0", whole_source=True),
    Source("phi/ccda_headers.jsonl.gz", 300, "MIT (rows of microsoft/FHIR-Converter only)", whole_source=True),
    Source("phi/meddocan_es_train_dev.jsonl.gz", 1200, "CC BY 4.0", whole_source=True),
    Source("phi/tab_train_dev_subset.jsonl.gz", 900, "MIT", whole_source=True),
    Source("phi/wikigold.jsonl.gz", 900, "CC BY 4.0"),
    Source("phi/wnut17_train_dev.jsonl.gz", 1300, "CC BY 4.0"),
    Source("phi/btc_train_dev.jsonl.gz", 2000, "CC BY 4.0"),
    Source("phi/biomed_negatives.jsonl.gz", 1100, "CC BY 4.0"),
    Source("injection/tech_docs.jsonl.gz", 800, "Apache-2.0 / MIT / BSD-3-Clause", negatives=True),
    Source("injection/code_snippets.jsonl.gz", 700, "Apache-2.0 / MIT / BSD-3-Clause", negatives=True),
)
"""What may be shipped as weights. Left out: conll2003, wikineural (non-commercial), chb/sample_ccdas (unclear)."""

# What an unlabelled text may hold unseen; matched places carry no loss.
_MAYBE: Final = re.compile(
    r"\S+@\S+|@\w+|https?://\S+|www\.\S+|\b[\w-]+\.(?:com|org|net|io|dev)\S*|\b\d{1,3}(?:\.\d{1,3}){3}\b|\b(?:\d[\d "
    r"().+-]{6,}\d)\b"
    r"|\b\d{4}[-/]\d\d?[-/]\d\d?\S*|\b\d\d?[-/.]\d\d?[-/.]\d{2,4}\b|\b(?:19|20)\d\d\b|(?:/home/|/Users/|~)\w+"
    r"|(?i:\b(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.? \d+)|(?i:(?:author|copyright|maintainer|by|"
    r"user|login|password)s?\b[^\n]*)"
)
_CAPITAL: Final = re.compile(r"\b[A-Z][a-z]+\b")


@dataclass(frozen=True, slots=True)
class Encoded:
    """A document as tokens: class of each token (`IGNORED` without loss) and word shape of each token."""

    example: Example
    tokens: Tokens = field(repr=False)
    targets: NDArray[np.int32] = field(repr=False)
    types: NDArray[np.int32] = field(repr=False)


def rows(data: Path, source: Source) -> Iterator[tuple[Example, bool]]:
    """Yield each document of a file and whether it is held out of training."""
    names = _names(data) if source.negatives else frozenset()
    with gzip.open(data / source.path, "rt", encoding="utf-8") as lines:
        for line in lines:
            row: dict[str, Any] = json.loads(line)
            if "ccda_headers" in source.path and not row["source"].startswith("microsoft/"):
                continue
            if source.negatives:
                if row.get("label") or row.get("lang", "en") != "en":
                    continue
                example = Example(row["text"], (), tuple(_unsure(row["text"], names)), _stem(source))
            else:
                example = Example(
                    row["text"],
                    tuple((one["start"], one["end"], one["label"]) for one in row["entities"]),
                    tuple((one["start"], one["end"]) for one in row.get("ignore", ())),
                    _stem(source),
                )
            key = row["source"] if source.whole_source else row["text"]
            yield example, held_out(key)


def held_out(key: str) -> bool:
    """Tell by its digest whether a document is for evaluation only."""
    return int.from_bytes(hashlib.sha256(key.encode("utf-8", "surrogatepass")).digest()[:4]) % 100 < HELD_OUT_PERCENT


def encode(tokenizer: Tokenizer, examples: list[Example]) -> list[Encoded]:
    """Tokenize documents and give every token its class and shape."""
    result = []
    for first in range(0, len(examples), 256):
        part = examples[first : first + 256]
        for example, tokens in zip(part, tokenize(tokenizer, [one.text for one in part]), strict=True):
            classes = np.zeros(len(example.text) + 1, dtype=np.int32)
            for start, end, label in example.entities:
                classes[start:end] = LABELS.index(ENTITY_TYPE[label])
            for start, end in example.ignored:
                classes[start:end] = IGNORED
            at_start, at_end = classes[tokens.starts], classes[np.maximum(tokens.ends - 1, 0)]
            targets = np.where(at_start == 0, at_end, at_start)
            result.append(Encoded(example, tokens, targets, word_shapes(example.text, tokens).astype(np.int32)))
    return result


def windows_of(encoded: Encoded) -> list[tuple[int, int]]:
    """Cut a document as the service does."""
    return cut(len(encoded.tokens), WINDOW - _SPECIAL, OVERLAP)


def window(encoded: Encoded, first: int, last: int, begin: int, end: int) -> Window:
    """Make a training window with its special tokens, which carry no loss."""
    ids = np.concatenate(([begin], encoded.tokens.ids[first:last], [end])).astype(np.int32)
    target = np.concatenate(([IGNORED], encoded.targets[first:last], [IGNORED])).astype(np.int32)
    types = np.concatenate(([0], encoded.types[first:last], [0])).astype(np.int32)
    return Window(ids, target, types=types)


def choose(documents: list[Encoded], most: int, seed: int) -> list[Window]:
    """Choose at most `most` windows of some documents, at most two in five of them without any entity."""
    begin, end = backbone.BEGIN, backbone.END
    full: list[Window] = []
    empty: list[Window] = []
    for document in documents:
        for first, last in windows_of(document):
            made = window(document, first, last, begin, end)
            (full if (document.targets[first:last] > 0).any() else empty).append(made)
    rng = random.Random(seed)
    rng.shuffle(full)
    rng.shuffle(empty)
    blanks = empty[: max(most - len(full), most * 2 // 5)]
    return full[: most - len(blanks)] + blanks


def _stem(source: Source) -> str:
    return Path(source.path).name.split(".")[0]


def _names(data: Path) -> frozenset[str]:
    folder = data / "phi" / "carriers" / "names"
    words = (folder / name for name in ("first_us.txt", "first_all.txt", "last_us.txt", "last_all_sample.txt"))
    found = {word for path in words for word in path.read_text("utf-8").split("\n") if word}
    towns = (folder / "us_city_state_county.txt").read_text("utf-8").split("\n")
    return frozenset(found | {word for line in towns for field in line.split("|") for word in field.split()})


def _unsure(text: str, names: frozenset[str]) -> Iterator[tuple[int, int]]:
    """Yield the places of an unlabelled text that may hold a name, an address, a date or a number of a person."""
    for found in _MAYBE.finditer(text):
        yield found.span()
    for found in _CAPITAL.finditer(text):
        if found[0] in names:
            yield found.span()
