"""Model folders small enough to be made in a test: a word decides the answer, so that every answer is known."""

from __future__ import annotations

import hashlib
import json
import string
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
TRIGGER = "ignore"
NAMES = ("alice", "smith", "bob")
PLACES = ("boston", "lyon")
WORDS = (TRIGGER, *NAMES, *PLACES, "patient", "name", "the", "and", "of", "notes", "pump", "report", "is", "in")
CHARACTERS = string.ascii_lowercase + string.digits + string.punctuation
VOCABULARY = (*SPECIAL, *WORDS, *CHARACTERS, *(f"##{one}" for one in string.ascii_lowercase + string.digits))
LABELS = ("O", "PERSON", "LOCATION")
CALIBRATION = {"kind": "max-logit-rise", "scale": 1.0, "bias": 0.0, "rise": [[1, 0.0], [20, 1.5]]}


def tokenizer() -> Tokenizer:
    """Return a lower-case WordPiece tokenizer that knows a few words and every ASCII character."""
    made = Tokenizer(models.WordPiece({word: at for at, word in enumerate(VOCABULARY)}, unk_token="[UNK]"))
    made.normalizer = normalizers.BertNormalizer(lowercase=True)
    made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    made.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    return made


def sequence_graph(
    *, rows: Sequence[float] = (0.0, 1.0), nonsense: float | None = None, marks: bool = False
) -> onnx.ModelProto:
    """Return a classifier whose margin is +4 where the trigger stands in the window and -4 elsewhere.

    `rows` turns the feature into the logits of the classes; `nonsense` replaces the trigger's value. With `marks` it
    also says of each token whether it is the trigger.
    """
    words = np.full((len(VOCABULARY), 1), -4.0, np.float32)
    words[VOCABULARY.index(TRIGGER)] = 4.0 if nonsense is None else nonsense
    head = np.array([rows], np.float32)
    nodes = [
        helper.make_node("Gather", ["words", "input_ids"], ["states"]),
        helper.make_node("Cast", ["attention_mask"], ["mask"], to=TensorProto.FLOAT),
        helper.make_node("Unsqueeze", ["mask", "last"], ["wide"]),
        helper.make_node("Sub", ["one", "wide"], ["hidden"]),
        helper.make_node("Mul", ["hidden", "far"], ["away"]),
        helper.make_node("Sub", ["states", "away"], ["seen"]),
        helper.make_node("ReduceMax", ["seen"], ["peak"], axes=[1], keepdims=0),
        helper.make_node("MatMul", ["peak", "head"], ["logits"]),
    ]
    constants: dict[str, np.ndarray[Any, Any]] = {
        "words": words,
        "head": head,
        "last": np.array([2], np.int64),
        "one": np.array(1, np.float32),
        "far": np.array(100, np.float32),
    }
    outputs: dict[str, Sequence[str | int]] = {"logits": ["batch", len(rows)]}
    if marks:
        nodes.append(helper.make_node("Squeeze", ["seen", "last"], ["marks"]))
        outputs["marks"] = ["batch", "sequence"]
    return _graph(nodes, constants, ("input_ids", "attention_mask"), outputs)


def screen_graph(suspicious: Sequence[str] = (TRIGGER, "pump"), *, output: str = "margin") -> onnx.ModelProto:
    """Return a screen whose margin is +2 where a suspicious word stands in the window and -6 elsewhere."""
    words = np.full((len(VOCABULARY), 1), -6.0, np.float32)
    words[[VOCABULARY.index(word) for word in suspicious]] = 2.0
    nodes = [
        helper.make_node("Gather", ["words", "input_ids"], ["states"]),
        helper.make_node("ReduceMax", ["states"], [output], axes=[1, 2], keepdims=0),
    ]
    return _graph(nodes, {"words": words}, ("input_ids",), {output: ["batch"]})


def divided_graphs() -> tuple[onnx.ModelProto, onnx.ModelProto]:
    """Return the screen and the classifier with marks as two parts: the second goes on from the states of the first."""
    first, last = screen_graph(), sequence_graph(marks=True)
    words = next(one for one in last.graph.initializer if one.name == "words")
    last.graph.initializer.remove(words)
    words.name = "vectors"
    first.graph.initializer.append(words)
    gather = last.graph.node[0]
    last.graph.node.remove(gather)
    next(node for node in first.graph.node if node.op_type == "ReduceMax").input[0] = "suspicion"
    first.graph.node[0].output[0] = "suspicion"
    first.graph.node.append(helper.make_node("Gather", ["vectors", "input_ids"], ["states"]))
    states = helper.make_tensor_value_info("states", TensorProto.FLOAT, ["batch", "sequence", 1])
    first.graph.output.append(states)
    last.graph.input.remove(next(one for one in last.graph.input if one.name == "input_ids"))
    last.graph.input.append(states)
    return first, last


def token_graph(labels: Sequence[str] = LABELS, *, shapes: bool = True) -> onnx.ModelProto:
    """Return a tagger that knows the names and places; with `shapes` a name counts only where it is capitalised."""
    plain = [label.rpartition("-")[2] for label in labels]
    words = np.zeros((len(VOCABULARY), len(labels)), np.float32)
    words[:, 0] = 6.0
    for known, kind in ((NAMES, "PER"), (PLACES, "LOC")):
        column = next(at for at, label in enumerate(plain) if label.startswith(kind))
        for word in known:
            words[VOCABULARY.index(word), column] = 6.0 if shapes and kind == "PER" else 12.0
    types = np.zeros((6, len(labels)), np.float32)
    types[2, 1] = 5.5 if shapes else 0.0  # row 2 is a capitalised word
    nodes = [
        helper.make_node("Gather", ["words", "input_ids"], ["known"]),
        helper.make_node("Gather", ["types", "token_type_ids"], ["shape"]),
        helper.make_node("Add", ["known", "shape"], ["states"]),
        helper.make_node("MatMul", ["states", "head"], ["logits"]),
    ]
    constants = {"words": words, "types": types, "head": np.eye(len(labels), dtype=np.float32)}
    return _graph(nodes, constants, ("input_ids", "token_type_ids"), {"logits": ["batch", "sequence", len(labels)]})


def write_signed(
    folder: Path,
    graph: onnx.ModelProto,
    task: str,
    labels: Sequence[str],
    *,
    window: Mapping[str, int] | None = None,
    first: onnx.ModelProto | None = None,
    **more: Any,
) -> Path:
    """Write a folder of our own kind, with a manifest over every file; `first` is the graph of a screen."""
    folder.mkdir(parents=True)
    onnx.save(graph, folder / "model.onnx")
    if first is not None:
        onnx.save(first, folder / "screen.onnx")
    tokenizer().save(str(folder / "tokenizer.json"))
    _write(folder / "config.json", {"id2label": {str(at): label for at, label in enumerate(labels)}})
    (folder / "CARD.md").write_text("# A model made in a test\n", encoding="utf-8")
    files = {
        path.name: {"sha256": hashlib.sha256(path.read_bytes()).hexdigest(), "bytes": path.stat().st_size}
        for path in folder.iterdir()
    }
    shapes = task == "token-classification"
    _write(
        folder / "manifest.json",
        {
            "schema": 1,
            "name": folder.name,
            "version": "1.0.0",
            "task": task,
            "base": {"name": "none"},
            "files": files,
            "window": dict(window or {"tokens": 32, "overlap": 8}),
            "token_types": "word-shape" if shapes else "zeros",
            "calibration": {} if shapes else CALIBRATION,
            "thresholds": {"default": 0.5},
            "training": {},
            "metrics": {},
            **more,
        },
    )
    return folder


def write_injection(folder: Path, *, marks: bool = False, told: Mapping[str, float] | None = None, **more: Any) -> Path:
    """Write a signed sequence model that warns of the trigger word; with `marks` it marks it, as `told` says."""
    graph = sequence_graph(marks=marks)
    more |= {"marks": dict(told)} if told else {}
    return write_signed(folder, graph, "sequence-classification", ("SAFE", "INJECTION"), **more)


def write_screened(folder: Path, *, first: onnx.ModelProto | None = None, divided: bool = False, **more: Any) -> Path:
    """Write the same with marks and a screen that clears every window without `ignore` and `pump`.

    With `divided` the screen is the classifier's first part.
    """
    told = {"graph": "screen.onnx", "clear_below": -3.0, **more.pop("screen", {})}
    if divided:
        beginning, rest = divided_graphs()
        labels = ("SAFE", "INJECTION")
        return write_signed(
            folder, rest, "sequence-classification", labels, first=first or beginning, screen=told, **more
        )
    return write_injection(folder, marks=True, first=first or screen_graph(), screen=told, **more)


def write_entities(folder: Path, **more: Any) -> Path:
    """Write a signed token model that knows capitalised names, and places."""
    return write_signed(folder, token_graph(), "token-classification", LABELS, **more)


def write_hugging_face(folder: Path, graph: onnx.ModelProto, kind: str, labels: Sequence[str]) -> Path:
    """Write what optimum writes: config, tokenizer files and `onnx/model.onnx`, and no manifest."""
    (folder / "onnx").mkdir(parents=True)
    onnx.save(graph, folder / "onnx" / "model.onnx")
    tokenizer().save(str(folder / "tokenizer.json"))
    tokens = {"unk_token": "[UNK]", "sep_token": "[SEP]", "pad_token": "[PAD]", "cls_token": "[CLS]"}
    _write(folder / "tokenizer_config.json", {"tokenizer_class": "BertTokenizerFast", "mask_token": "[MASK]", **tokens})
    (folder / "vocab.txt").write_text("\n".join(VOCABULARY) + "\n", encoding="utf-8")
    _write(
        folder / "config.json",
        {
            "architectures": [f"BertFor{kind}Classification"],
            "model_type": "bert",
            "max_position_embeddings": 64,
            "id2label": {str(at): label for at, label in enumerate(labels)},
        },
    )
    return folder


def _graph(
    nodes: Sequence[onnx.NodeProto],
    constants: Mapping[str, np.ndarray[Any, Any]],
    inputs: Sequence[str],
    outputs: Mapping[str, Sequence[str | int]],
) -> onnx.ModelProto:
    declared = [helper.make_tensor_value_info(name, TensorProto.INT64, ["batch", "sequence"]) for name in inputs]
    graph = helper.make_graph(
        list(nodes),
        "tiny",
        declared,
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, list(shape)) for name, shape in outputs.items()],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    made.ir_version = 9
    onnx.checker.check_model(made)
    return made


def _write(path: Path, content: Mapping[str, Any]) -> None:
    path.write_text(json.dumps(content), encoding="utf-8")
