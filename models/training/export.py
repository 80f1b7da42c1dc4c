"""A trained module to a model folder: ONNX, int8, and a manifest that names every byte."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import onnx
import onnxruntime
import torch
from numpy.typing import NDArray
from onnx import numpy_helper
from onnxruntime.quantization import QuantType, quantize_dynamic
from onnxruntime.transformers import optimizer as fusion
from onnxruntime.transformers.fusion_options import FusionOptions
from tokenizers import Tokenizer
from torch import nn

from models.training import backbone, heads

INPUTS = ("input_ids", "attention_mask", "token_type_ids")
OPSET = 17
_FREE_AXES = 2  # the batch and the sequence


def to_onnx(module: nn.Module, path: Path) -> None:
    """Write `module` as float32 ONNX with inputs `INPUTS` (int64, [batch, sequence]).

    The output is `logits`; a module that answers a pair has a second one, `marks` [batch, sequence].
    """
    ids = torch.randint(1000, 20000, (2, 16))
    mask = torch.ones_like(ids)
    mask[1, 9:] = 0
    with torch.no_grad():
        answer = module.eval()(ids, mask, mask * 0)
    outputs = (
        {"logits": answer} if isinstance(answer, torch.Tensor) else dict(zip(("logits", "marks"), answer, strict=True))
    )
    write(module, path, dict(zip(INPUTS, (ids, mask, mask * 0), strict=True)), outputs)


def to_onnx_parts(model: heads.SpanClassifier, beginning: Path, rest: Path) -> None:
    """Write a span classifier as two float32 ONNX files.

    The first answers `margin` [batch] and `states` [batch, sequence, hidden]; the second takes these states.
    """
    ids = torch.randint(1000, 20000, (2, 16))
    mask = torch.ones_like(ids)
    mask[1, 9:] = 0
    first, second = heads.Beginning(model).eval(), heads.Rest(model).eval()
    with torch.no_grad():
        margin, states = first(ids, mask)
        logits, marks = second(states, mask)
    write(first, beginning, {"input_ids": ids, "attention_mask": mask}, {"margin": margin, "states": states})
    write(second, rest, {"states": states, "attention_mask": mask}, {"logits": logits, "marks": marks})


def write(
    module: nn.Module, path: Path, inputs: Mapping[str, torch.Tensor], outputs: Mapping[str, torch.Tensor]
) -> None:
    """Write a module as float32 ONNX. The examples tell the axes: those of two and sixteen elements are free."""
    free = {2: "batch", 16: "sequence"}
    axes = {
        name: {
            at: free[size]
            for at, size in enumerate(one.shape)
            if at < _FREE_AXES and size in free and (at or size == 2)
        }
        for name, one in {**inputs, **outputs}.items()
    }
    if "logits" in axes and outputs["logits"].dim() == _FREE_AXES:
        axes["logits"] = {0: "batch"}  # the second axis is that of the classes
    with torch.no_grad():
        torch.onnx.export(
            module.eval(),
            tuple(inputs.values()),
            str(path),
            input_names=list(inputs),
            output_names=list(outputs),
            dynamic_axes=axes,
            opset_version=OPSET,
            dynamo=False,
        )


def to_int8(source: Path, target: Path, *, heads: int = 12, hidden: int = 384, reduce_range: bool = False) -> None:
    """Fuse the BERT operators of a float32 ONNX file and quantise its weights and word vectors to 8 bits.

    `reduce_range` keeps weights to 7 bits, which processors without VNNI need to be exact.
    """
    with TemporaryDirectory() as scratch:
        fused, divided = Path(scratch) / "fused.onnx", Path(scratch) / "divided.onnx"
        onnx.save(_divide(onnx.load(source)), divided)
        options = FusionOptions("bert")
        options.enable_embed_layer_norm = False
        # Measured on one core at 128 tokens: SkipLayerNormalization 0.27 ms, addition and LayerNormalization 0.06 ms;
        # BiasGelu 0.20 ms, Gelu with the bias added in the matrix product before it 0.13 ms.
        options.enable_skip_layer_norm = False
        options.enable_bias_skip_layer_norm = False
        options.enable_bias_gelu = False
        model = fusion.optimize_model(
            str(divided), "bert", num_heads=heads, hidden_size=hidden, optimization_options=options, opt_level=0
        )
        _part_sums(model.model.graph)
        model.save_model_to_file(str(fused))
        quantize_dynamic(
            fused,
            target,
            op_types_to_quantize=["MatMul", "Attention", "Gather"],
            per_channel=True,
            reduce_range=reduce_range,
            weight_type=QuantType.QInt8,
            extra_options={"MatMulConstBOnly": True, "DefaultTensorType": onnx.TensorProto.FLOAT},
        )
    onnx.checker.check_model(str(target))


def _part_sums(graph: onnx.GraphProto) -> None:
    """Write the residual additions as `Sum`: the runtime fuses an `Add` with the normalisation after it, and is slower."""
    makers = {output: node for node in graph.node for output in node.output}
    for node in graph.node:
        if node.op_type == "LayerNormalization" and makers[node.input[0]].op_type == "Add":
            makers[node.input[0]].op_type = "Sum"


def _divide(model: onnx.ModelProto) -> onnx.ModelProto:
    """Write the scaling of attention scores as a division, the form that the fusion of attention looks for."""
    graph = model.graph
    makers = {output: node for node in graph.node for output in node.output}
    for node in graph.node:
        if node.op_type != "Softmax" or makers[node.input[0]].op_type != "Add":
            continue
        for name in makers[node.input[0]].input:
            scaled = makers.get(name)
            if scaled is None or scaled.op_type != "Mul" or makers[scaled.input[0]].op_type != "MatMul":
                continue
            factor = numpy_helper.to_array(makers[scaled.input[1]].attribute[0].t)
            divisor = f"{scaled.name}_divisor"
            graph.initializer.append(numpy_helper.from_array((1.0 / factor).astype(np.float32), divisor))
            scaled.op_type = "Div"
            scaled.input[1] = divisor
    return model


def session(path: Path, threads: int = 2) -> onnxruntime.InferenceSession:
    """Open an ONNX file on the CPU."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def run(
    model: onnxruntime.InferenceSession,
    windows: Sequence[NDArray[np.int32]],
    types: Sequence[NDArray[np.int32]] | None = None,
    batch: int = 32,
    output: str = "logits",
) -> list[NDArray[np.float32]]:
    """Return an output for each window (special tokens included), batched by length; padding is cut off.

    `logits` are `[classes]` or `[tokens, classes]`, `marks` are `[tokens]`.
    """
    result: list[NDArray[np.float32]] = [np.zeros(0, dtype=np.float32)] * len(windows)
    order = sorted(range(len(windows)), key=lambda index: len(windows[index]))
    for first in range(0, len(order), batch):
        part = order[first : first + batch]
        longest = len(windows[part[-1]])
        feed = {one.name: np.zeros((len(part), longest), dtype=np.int64) for one in model.get_inputs()}
        for row, index in enumerate(part):
            count = len(windows[index])
            feed["input_ids"][row, :count] = windows[index]
            feed["attention_mask"][row, :count] = 1
            if types is not None and "token_type_ids" in feed:
                feed["token_type_ids"][row, :count] = types[index]
        answer = model.run([output], feed)[0]
        per_token = output == "marks" or answer.ndim == 3
        for row, index in enumerate(part):
            result[index] = answer[row, : len(windows[index])] if per_token else answer[row]
    return result


def run_parts(
    beginning: onnxruntime.InferenceSession,
    rest: onnxruntime.InferenceSession,
    windows: Sequence[NDArray[np.int32]],
    batch: int = 32,
) -> tuple[list[NDArray[np.float32]], NDArray[np.float64]]:
    """Return the logits of each window, and its margin behind the first part, batched by length."""
    logits: list[NDArray[np.float32]] = [np.zeros(0, dtype=np.float32)] * len(windows)
    margins = np.zeros(len(windows))
    order = sorted(range(len(windows)), key=lambda index: len(windows[index]))
    for first in range(0, len(order), batch):
        part = order[first : first + batch]
        ids = np.zeros((len(part), len(windows[part[-1]])), dtype=np.int64)
        mask = np.zeros_like(ids)
        for row, index in enumerate(part):
            ids[row, : len(windows[index])] = windows[index]
            mask[row, : len(windows[index])] = 1
        margins[part], states = beginning.run(["margin", "states"], {"input_ids": ids, "attention_mask": mask})
        answer = rest.run(["logits"], {"states": states, "attention_mask": mask})[0]
        for row, index in enumerate(part):
            logits[index] = answer[row]
    return logits, margins


def write_tokenizer(folder: Path, labels: Sequence[str], task: str, *, token_types: int = 2, window: int = 128) -> None:
    """Write tokenizer.json, tokenizer_config.json and config.json so that transformers' Auto classes load them."""
    tokenizer: Tokenizer = backbone.load_tokenizer()
    tokenizer.save(str(folder / "tokenizer.json"))
    kind = {"sequence-classification": "Sequence", "token-classification": "Token"}[task]
    base = backbone.packed()
    config = {
        "architectures": [f"BertFor{kind}Classification"],
        "model_type": "bert",
        "hidden_act": "gelu",
        "hidden_size": base.hidden,
        "intermediate_size": base.inner,
        "layer_norm_eps": base.epsilon,
        "max_position_embeddings": base.positions,
        "num_attention_heads": base.heads,
        "num_hidden_layers": backbone.LAYERS,
        "pad_token_id": backbone.PAD,
        "vocab_size": tokenizer.get_vocab_size(),
        "type_vocab_size": token_types,
        "id2label": {str(index): label for index, label in enumerate(labels)},
        "label2id": {label: index for index, label in enumerate(labels)},
    }
    settings = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "model_max_length": window,
        "unk_token": "<unk>",
        "sep_token": "</s>",
        "pad_token": "<pad>",
        "cls_token": "<s>",
        "bos_token": "<s>",
        "eos_token": "</s>",
    }
    _write(folder / "config.json", config)
    _write(folder / "tokenizer_config.json", settings)


def write_manifest(
    folder: Path,
    *,
    name: str,
    task: str,
    window: Mapping[str, int],
    token_types: str,
    calibration: Mapping[str, Any],
    thresholds: Mapping[str, Any],
    training: Mapping[str, Any],
    metrics: Mapping[str, Any],
    version: str = "1.0.0",
    base: Mapping[str, str] | None = None,
    marks: Mapping[str, float] | None = None,
    screen: Mapping[str, Any] | None = None,
) -> Path:
    """Write manifest.json over every file of the folder but itself and the recipe; return its path.

    `base` names the pretrained encoder; None means the backbone of this project. `marks` says how tokens become
    passages, `screen` names the graph that clears plain windows first; None where the model has no such thing.
    """
    files = {
        path.name: {"sha256": sha256(path), "bytes": path.stat().st_size}
        for path in sorted(folder.iterdir())
        if path.is_file() and path.name != "manifest.json" and path.suffix != ".py"
    }
    _write(
        folder / "manifest.json",
        {
            "schema": 1,
            "name": name,
            "version": version,
            "task": task,
            "base": dict(base) if base is not None else asdict(backbone.describe()),
            "files": files,
            "window": dict(window),
            "token_types": token_types,
            "calibration": dict(calibration),
            "thresholds": dict(thresholds),
            "training": dict(training),
            "metrics": dict(metrics),
        }
        | {key: dict(value) for key, value in (("marks", marks), ("screen", screen)) if value is not None},
    )
    return folder / "manifest.json"


def sha256(path: Path) -> str:
    """Return the hex digest of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _write(path: Path, content: Mapping[str, Any]) -> None:
    path.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
