"""Reads an exported int8 model back into one that can be trained on: the repository ships no other weights.

What was read is held against ONNX Runtime twice before it is used: sharply against the same graph with its weights
made float, roughly against the graph as it is, whose quantised activations move every answer a little.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from numpy.typing import NDArray
from transformers import BertConfig, BertModel

from models.training import export
from models.training.heads import EARLY, SpanClassifier
from models.training.onnx_float import made_float
from models.training.onnx_graph import UnknownGraphError
from models.training.onnx_joined import joined
from models.training.onnx_weights import read

# Sums in another order move a logit by some 1e-6 of its size; any part that is read wrongly moves one by far more.
MOST_GAP = 1e-3
# Quantised activations: 0.985 was measured on the shipped model, 0.96 with fresh heads, whose logits hardly differ.
LEAST_CORRELATION = 0.9
_LENGTHS = (3, 5, 9, 12, 16, 20, 24, 31, 40, 48, 57, 64, 80, 96, 112, 128)


@dataclass(frozen=True, slots=True)
class Agreement:
    """How a thawed model compares with its file, over the logits of some windows.

    `gap` is the largest difference from the file with float weights, `drift` the mean and `drift_most` the largest
    difference of margins (last logit less the first) from the file as it is, `correlation` that of those logits.
    """

    windows: int
    gap: float
    drift: float
    drift_most: float
    correlation: float


def thaw(path: Path, first: Path | None = None, *, heads: int | None = None, dropout: float = 0.1) -> SpanClassifier:
    """Return the model of a file, ready to be trained on; the heads that it lacks, over tokens or for a guess, are fresh.

    `first` is the file of its first layers where it goes on from another.

    `heads` is needed only where the graph does not say how many its attention has. Word vectors are frozen.

    Raises:
        UnknownGraphError: if the graph cannot be read, or computes something else than what was read.
    """
    graph = loaded(path, first)
    weights = read(graph, heads=heads)
    arrays = weights.arrays
    config = BertConfig(
        vocab_size=len(arrays["encoder.embeddings.word_embeddings.weight"]),
        hidden_size=weights.hidden,
        num_hidden_layers=weights.layers,
        num_attention_heads=weights.heads,
        intermediate_size=len(arrays["encoder.encoder.layer.0.intermediate.dense.bias"]),
        max_position_embeddings=len(arrays["encoder.embeddings.position_embeddings.weight"]),
        type_vocab_size=len(arrays["encoder.embeddings.token_type_embeddings.weight"]),
        layer_norm_eps=weights.epsilon,
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
        attn_implementation="eager",
    )
    model = SpanClassifier(BertModel(config, add_pooling_layer=False), weights.classes, dropout)
    told = {name: torch.from_numpy(array.copy()) for name, array in arrays.items()}
    missing, unknown = model.load_state_dict(told, strict=False)
    fresh = set() if weights.marked else {"marks.weight", "marks.bias"}
    fresh |= set() if weights.early else {"hunch.weight", "hunch.bias"}
    if unknown or set(missing) - fresh or weights.early not in (0, EARLY):
        raise UnknownGraphError("the graph lacks weights that the model needs, or has others")
    model.encoder.embeddings.word_embeddings.weight.requires_grad = False
    longest = min(128, config.max_position_embeddings)
    rng = np.random.default_rng(17)
    compare(
        graph,
        model.eval(),
        [rng.integers(0, config.vocab_size, min(size, longest)).astype(np.int32) for size in _LENGTHS],
    )
    return model


def loaded(path: Path, first: Path | None = None) -> onnx.ModelProto:
    """Return the graph of a file, put together with that of its first layers where these are in another."""
    graph = onnx.load(path)
    return graph if first is None else joined(onnx.load(first), graph)


def is_marked(path: Path) -> bool:
    """Tell whether a file has the head over tokens."""
    return "marks" in {one.name for one in onnx.load(path).graph.output}


def compare(graph: onnx.ModelProto, model: SpanClassifier, windows: Sequence[NDArray[np.int32]]) -> Agreement:
    """Hold a thawed model against its graph on windows (special tokens included).

    Raises:
        UnknownGraphError: if they differ by more than the order of sums and the quantisation of activations explain.
    """
    exact, served = (_logits(each, windows) for each in (made_float(graph), graph))
    with torch.no_grad():
        ids = [torch.from_numpy(one.astype(np.int64))[None] for one in windows]
        mine = np.concatenate([model(one, torch.ones_like(one), one * 0)[0].numpy() for one in ids]).astype(np.float64)
    margins = np.abs((served[:, -1] - served[:, 0]) - (mine[:, -1] - mine[:, 0]))
    correlation = float(np.corrcoef((served - served.mean(0)).ravel(), (mine - mine.mean(0)).ravel())[0, 1])
    found = Agreement(
        len(windows), float(np.abs(exact - mine).max()), float(margins.mean()), float(margins.max()), correlation
    )
    if not found.gap <= MOST_GAP or not found.correlation >= LEAST_CORRELATION:
        raise UnknownGraphError("the graph computes something else than the weights that were read from it")
    return found


def _logits(model: onnx.ModelProto, windows: Sequence[NDArray[np.int32]]) -> NDArray[np.float64]:
    """Run a graph, one window at a time: what shares a batch would move quantised answers."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4  # it warns of every quantised weight that the float graph no longer needs
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    return np.stack(export.run(session, windows, batch=1)).astype(np.float64)
