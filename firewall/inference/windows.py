"""Text to tokens to windows, the same way in training and in service.

Tokens carry the code points they stand for, so that a window can be traced back to the text. Nothing here knows
what the tokens mean.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from tokenizers import Encoding, Tokenizer

# A run without a boundary is cut into pieces of this many code points before it is looked up again. WordPiece costs
# the square of a word's length, so the piece bounds the cost; words up to WordPiece's own limit are not touched.
PIECE = 48


@dataclass(frozen=True, slots=True)
class Tokens:
    """The tokens of one text without special tokens; token `i` covers code points `[starts[i], ends[i])`."""

    ids: NDArray[np.int32] = field(repr=False)
    starts: NDArray[np.int32] = field(repr=False)
    ends: NDArray[np.int32] = field(repr=False)

    def __len__(self) -> int:
        """Return the number of tokens."""
        return len(self.ids)


def tokenize(tokenizer: Tokenizer, texts: Sequence[str]) -> list[Tokens]:
    """Tokenize each text whole: no truncation, no padding, no special tokens, nothing hidden in an unknown word.

    WordPiece answers a single unknown token for a word that is too long or that holds one character it does not
    know. Whoever writes the text could hide a sentence in such a word, so those words are opened and their readable
    parts looked up again. Special tokens spelled out in a text are read as ordinary text. Cost is linear in the
    length of the texts.
    """
    if tokenizer.truncation is not None:
        tokenizer.no_truncation()
    if tokenizer.padding is not None:
        tokenizer.no_padding()
    if not tokenizer.encode_special_tokens:
        tokenizer.encode_special_tokens = True
    encodings = tokenizer.encode_batch(list(texts), add_special_tokens=False)
    unknown = _unknown_id(tokenizer)
    return [
        _off_blanks(text, _open_unknown(tokenizer, text, _tokens(enc), unknown))
        for text, enc in zip(texts, encodings, strict=True)
    ]


def cut(count: int, size: int, overlap: int) -> list[tuple[int, int]]:
    """Cut `count` tokens into windows `[first, last)` of at most `size` tokens; neighbours share `overlap` or more.

    Every token lies in a window. The last window is flush with the end, so it may share more with the one before
    it. No tokens give no window; at most `size` tokens give one.

    Raises:
        ValueError: if `size` is not positive or `overlap` is not in `[0, size)`.
    """
    if size < 1 or not 0 <= overlap < size:
        raise ValueError("a window has at least one token and an overlap smaller than itself")
    if count <= 0:
        return []
    stride = size - overlap
    windows = [(first, first + size) for first in range(0, count - size, stride)]
    windows.append((max(0, count - size), count))
    return windows


def _tokens(encoding: Encoding) -> Tokens:
    offsets = np.array(encoding.offsets, dtype=np.int32).reshape(-1, 2)
    return Tokens(np.array(encoding.ids, dtype=np.int32), offsets[:, 0].copy(), offsets[:, 1].copy())


def _off_blanks(text: str, tokens: Tokens) -> Tokens:
    """Let no token begin with the blank in front of its word, which unigram models take to be part of it."""
    led = [index for index, at in enumerate(tokens.starts.tolist()) if text[at : at + 1].isspace()]
    longer = [index for index in led if tokens.ends[index] - tokens.starts[index] > 1]
    if longer:
        tokens.starts[longer] += 1
    return tokens


def _unknown_id(tokenizer: Tokenizer) -> int:
    """Return the id of the unknown token, or -1 where the vocabulary has none (byte-level models)."""
    name = getattr(tokenizer.model, "unk_token", None)
    found = tokenizer.token_to_id(name) if isinstance(name, str) else None
    return -1 if found is None else found


def _open_unknown(tokenizer: Tokenizer, text: str, tokens: Tokens, unknown: int) -> Tokens:
    """Look up again, in pieces, every unknown token that holds something readable.

    The first round parts known characters from unknown ones, the second reads what is still unknown character by
    character. Each round is one look-up of the text with blanks set between the pieces.
    """
    for whole in (True, False):
        closed = np.flatnonzero((tokens.ids == unknown) & (tokens.ends - tokens.starts > 1))
        words = [(int(tokens.starts[at]), int(tokens.ends[at])) for at in closed]
        known = _known(tokenizer, {char for start, end in words for char in text[start:end]}, unknown)
        breaks = [at for start, end in words for at in _breaks(text, start, end, known, PIECE if whole else 1)]
        if not breaks:
            continue
        edges = [0, *breaks, len(text)]
        spaced = " ".join(text[first:last] for first, last in pairwise(edges))
        found = _tokens(tokenizer.encode(spaced, add_special_tokens=False))
        inserted = np.array(breaks, dtype=np.int32) + np.arange(len(breaks), dtype=np.int32)
        tokens = Tokens(
            found.ids,
            found.starts - np.searchsorted(inserted, found.starts, side="left").astype(np.int32),
            found.ends - np.searchsorted(inserted, found.ends, side="left").astype(np.int32),
        )
    return tokens


def _known(tokenizer: Tokenizer, characters: set[str], unknown: int) -> set[str]:
    """Return those of the characters that the vocabulary can spell."""
    order = sorted(characters)
    found = tokenizer.encode_batch(order, add_special_tokens=False)
    return {char for char, encoding in zip(order, found, strict=True) if unknown not in encoding.ids}


def _breaks(text: str, start: int, end: int, known: set[str], size: int) -> list[int]:
    """Return the places inside a word where a known run meets an unknown one or a known run reaches `size`."""
    places: list[int] = []
    first = start
    for at in range(start + 1, end):
        readable = text[first] in known
        if (text[at] in known) != readable or (readable and at - first == size):
            places.append(at)
            first = at
    return places
