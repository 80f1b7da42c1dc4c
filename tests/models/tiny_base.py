"""A base model folder that can be tuned in a test: the recipe's own export of a small random BERT. Needs torch."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import torch
from transformers import BertConfig, BertModel

from models.injection.tuning import fit as tuning
from models.training import export, heads
from tests.conftest import MODELS

LAYERS, HEADS, HIDDEN = 3, 4, 32
VOCABULARY = 82_428  # that of the shipped tokenizer


def module(*, marks: bool, seed: int = 3) -> heads.SequenceClassifier:
    """Return a small classifier with random weights, large enough that its answers differ."""
    torch.manual_seed(seed)
    config = BertConfig(
        vocab_size=VOCABULARY, hidden_size=HIDDEN, num_hidden_layers=LAYERS, num_attention_heads=HEADS,
        intermediate_size=2 * HIDDEN, max_position_embeddings=160, hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0, attn_implementation="eager",
    )  # fmt: skip
    kind = heads.SpanClassifier if marks else heads.SequenceClassifier
    made = kind(BertModel(config, add_pooling_layer=False), 2)
    for name, parameter in made.named_parameters():
        if "LayerNorm" not in name:
            torch.nn.init.normal_(parameter, 0.0, 0.25)
    return made.eval()


def write_graph(folder: Path, made: heads.SequenceClassifier) -> Path:
    """Export a classifier to `folder`/model.onnx as the recipe does."""
    folder.mkdir(parents=True, exist_ok=True)
    whole = heads.Whole(made) if isinstance(made, heads.SpanClassifier) else made
    export.to_onnx(whole, folder / "model.fp32.onnx")
    export.to_int8(folder / "model.fp32.onnx", folder / "model.onnx", heads=HEADS, hidden=HIDDEN)
    (folder / "model.fp32.onnx").unlink()
    return folder / "model.onnx"


def write(folder: Path, *, marks: bool = True, divided: bool = False) -> Path:
    """Write a whole folder that verifies, with the tokenizer of the shipped classifier.

    `divided` writes the layers in two graphs, of which the first knows nothing and clears every window.
    """
    made = module(marks=marks)
    if divided:
        assert isinstance(made, heads.SpanClassifier)
        folder.mkdir(parents=True)
        tuning.write_graph(made, folder / "model.onnx", folder.parent, marked=True, first=folder / "early.onnx")
    else:
        write_graph(folder, made)
    for name in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copyfile(MODELS / "injection" / name, folder / name)
    labels = {"id2label": {"0": "BENIGN", "1": "INJECTION"}}
    (folder / "config.json").write_text(json.dumps(labels), encoding="utf-8")
    (folder / "CARD.md").write_text("# A model made in a test\n", encoding="utf-8")
    export.write_manifest(
        folder,
        name="injection",
        task="sequence-classification",
        window={"tokens": 128, "overlap": 32},
        token_types="zeros",
        calibration={"kind": "max-logit-rise", "scale": 0.2, "bias": 0.0, "rise": [[1, 0.0], [20, 2.0]]},
        thresholds={"tool_call": 0.9, "tool_result": 0.9},
        training={},
        metrics={},
        base={"name": "none", "licence": "none", "weights_sha256": ""},
        marks={"threshold": 0.4} if marks else None,
        screen={"graph": "early.onnx", "clear_below": 1e6} if divided else None,
    )
    return folder
