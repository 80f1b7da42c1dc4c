"""Choose which pieces of the pretrained vocabulary the models keep.

    python -m models.training.vocabulary --data DIR

A piece is kept if the training texts use it often enough, if it is among the commonest of all languages, or if it is a
single character of a living script. The rest would triple the size of the models for words that nobody sends.
"""

from __future__ import annotations

import argparse
import gzip
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from rich.progress import track
from tokenizers import Tokenizer

from models.training import backbone

LEAST: Final = 3  # how often a piece is used
COMMONEST: Final = 40_000  # the vocabulary is sorted by frequency
CHARACTERS: Final = 150_000  # single characters behind this place are rare ones
_ROWS, _LETTERS = 6_000, 4_000  # what is read of a file, and of a row
TEXTS: Final = Path(__file__).parents[1] / "injection" / "texts"


def texts(data: Path) -> Iterator[list[str]]:
    """Yield the texts of each collected file and of each file of written texts."""
    files = sorted((data / "injection").glob("*.jsonl.gz")) + sorted((data / "phi").glob("*.jsonl.gz"))
    for path in track(files, "counting pieces"):
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            rows = [json.loads(line) for line, _ in zip(lines, range(_ROWS), strict=False)]
        yield [row["text"][:_LETTERS] for row in rows if row.get("text")]
    for path in sorted(TEXTS.glob("*.txt")):
        yield path.read_text(encoding="utf-8").splitlines()


def choose(tokenizer: Tokenizer, parts: Iterable[list[str]]) -> NDArray[np.int64]:
    """Return the pieces to keep, in ascending order."""
    used: Counter[int] = Counter()
    for part in parts:
        for encoding in tokenizer.encode_batch(part, add_special_tokens=False):
            used.update(encoding.ids)
    pieces = backbone.packed().pieces
    return np.array(
        [
            at
            for at, piece in enumerate(pieces)
            if piece != "<mask>" and (at < COMMONEST or used[at] >= LEAST or (len(piece) == 1 and at < CHARACTERS))
        ],
        dtype=np.int64,
    )


def main() -> None:
    """Choose, and write the choice beside this file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with injection/ and phi/")
    options = parser.parse_args()
    everything = np.arange(len(backbone.packed().pieces))
    chosen = choose(backbone.tokenizer_of(everything), texts(options.data))
    np.savez_compressed(backbone.PIECES, steps=np.diff(chosen, prepend=0).astype(np.uint32))
    print(f"{len(chosen)} of {len(everything)} pieces kept, {backbone.PIECES.stat().st_size} bytes")


if __name__ == "__main__":
    main()
