"""A BERT classifier small enough to be made in a test: random weights, its graph in every form, and its sums in numpy."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import NodeProto, TensorProto, helper, numpy_helper

Array = NDArray[np.float32]
MICROSOFT = "com.microsoft"
LAYERS, HEADS, HIDDEN, INNER, WORDS, POSITIONS = 2, 2, 8, 16, 40, 24
EPSILON = 1e-12


def arrays(seed: int = 0, *, marks: bool = True) -> dict[str, Array]:
    """Return random weights by their names in `SpanClassifier`."""
    rng = np.random.default_rng(seed)

    def make(*shape: int) -> Array:
        return rng.normal(0, 0.4, shape).astype(np.float32)

    found = {
        "encoder.embeddings.word_embeddings.weight": make(WORDS, HIDDEN),
        "encoder.embeddings.position_embeddings.weight": make(POSITIONS, HIDDEN),
        "encoder.embeddings.token_type_embeddings.weight": make(2, HIDDEN),
        "head.weight": make(2, 3 * HIDDEN),
        "head.bias": make(2),
    }
    norms = ["encoder.embeddings.LayerNorm"]
    for layer in range(LAYERS):
        name = f"encoder.encoder.layer.{layer}"
        norms += [f"{name}.attention.output.LayerNorm", f"{name}.output.LayerNorm"]
        for part, out, size in (
            ("attention.self.query", HIDDEN, HIDDEN), ("attention.self.key", HIDDEN, HIDDEN),
            ("attention.self.value", HIDDEN, HIDDEN), ("attention.output.dense", HIDDEN, HIDDEN),
            ("intermediate.dense", INNER, HIDDEN), ("output.dense", HIDDEN, INNER),
        ):  # fmt: skip
            found |= {f"{name}.{part}.weight": make(out, size), f"{name}.{part}.bias": make(out)}
    for name in norms:
        found |= {f"{name}.weight": 1 + make(HIDDEN), f"{name}.bias": make(HIDDEN)}
    return found | ({"marks.weight": make(1, HIDDEN), "marks.bias": make(1)} if marks else {})


def logits(weights: Mapping[str, Array], ids: Sequence[int], heads: int = HEADS) -> Array:
    """Return the logits of one window, computed step by step as the BERT paper says."""
    tables = {
        kind: weights[f"encoder.embeddings.{kind}_embeddings.weight"] for kind in ("word", "position", "token_type")
    }
    states = tables["word"][list(ids)] + tables["position"][: len(ids)] + tables["token_type"][0]
    states = _norm(weights, "encoder.embeddings.LayerNorm", states)
    layers = 1 + max(int(name.split(".")[3]) for name in weights if name.startswith("encoder.encoder.layer."))
    for layer in range(layers):
        name = f"encoder.encoder.layer.{layer}"
        query, key, value = (
            _split(_dense(weights, f"{name}.attention.self.{part}", states), heads)
            for part in ("query", "key", "value")
        )
        scores = query @ key.transpose(0, 2, 1) / math.sqrt(query.shape[-1])
        shares = np.exp(scores - scores.max(-1, keepdims=True))
        mixed = (shares / shares.sum(-1, keepdims=True) @ value).transpose(1, 0, 2).reshape(states.shape)
        states = _norm(
            weights,
            f"{name}.attention.output.LayerNorm",
            states + _dense(weights, f"{name}.attention.output.dense", mixed),
        )
        inner = _dense(weights, f"{name}.intermediate.dense", states)
        inner = inner * 0.5 * (1 + np.vectorize(math.erf)(inner / math.sqrt(2)))
        states = _norm(weights, f"{name}.output.LayerNorm", states + _dense(weights, f"{name}.output.dense", inner))
    features = np.concatenate((states[0], states.mean(0), states.max(0)))
    return np.asarray(features @ weights["head.weight"].T + weights["head.bias"], np.float32)


def _dense(weights: Mapping[str, Array], name: str, states: Array) -> Array:
    return np.asarray(states @ weights[f"{name}.weight"].T + weights[f"{name}.bias"])


def _norm(weights: Mapping[str, Array], name: str, states: Array) -> Array:
    centred = states - states.mean(-1, keepdims=True)
    spread = np.sqrt((centred**2).mean(-1, keepdims=True) + EPSILON)
    return np.asarray(centred / spread * weights[f"{name}.weight"] + weights[f"{name}.bias"])


def _split(states: Array, heads: int) -> Array:
    return states.reshape(len(states), heads, -1).transpose(1, 0, 2)


@dataclass(slots=True)
class Builder:
    """Writes nodes one after the other; `attention` and `norm` choose the form, `scale_in_query` moves the scale."""

    weights: Mapping[str, Array] = field(repr=False)
    attention: str = "packed"
    norm: str = "plain"
    scale_in_query: bool = False
    activation: str = "Gelu"
    nodes: list[NodeProto] = field(default_factory=list, repr=False)
    constants: dict[str, NDArray[Any]] = field(default_factory=dict, repr=False)

    def const(self, value: NDArray[Any]) -> str:
        """Keep a constant; return its name."""
        name = f"c{len(self.constants)}"
        self.constants[name] = np.asarray(value, order="C")
        return name

    def node(self, kind: str, *inputs: str, domain: str = "", outputs: int = 1, **attributes: Any) -> str:
        """Add a node; return the name of its (first) output."""
        name = f"t{len(self.nodes)}"
        names = [name] if outputs == 1 else [f"{name}_{at}" for at in range(outputs)]
        self.nodes.append(helper.make_node(kind, list(inputs), names, domain=domain, **attributes))
        return names[0]

    def array(self, name: str) -> Array:
        """Return a weight."""
        return self.weights[name]

    def dense(self, name: str, states: str) -> str:
        """Add a product and its bias."""
        product = self.node("MatMul", states, self.const(self.array(f"{name}.weight").T))
        return self.node("Add", self.const(self.array(f"{name}.bias")), product)

    def normed(self, name: str, first: str, second: str) -> str:
        """Add a sum and its normalisation."""
        scale, shift = self.const(self.array(f"{name}.weight")), self.const(self.array(f"{name}.bias"))
        if self.norm == "skip":
            return self.node("SkipLayerNormalization", first, second, scale, shift, domain=MICROSOFT, epsilon=EPSILON)
        whole = self.node("Sum" if self.norm == "sum" else "Add", first, second)
        return self.node("LayerNormalization", whole, scale, shift, epsilon=EPSILON)

    def attended(self, name: str, states: str) -> str:
        """Add an attention in the chosen form."""
        width = HIDDEN // HEADS
        parts = {part: f"{name}.attention.self.{part}" for part in ("query", "key", "value")}
        matrices = [self.array(f"{part}.weight").T for part in parts.values()]
        biases = [self.array(f"{part}.bias") for part in parts.values()]
        if self.scale_in_query:
            matrices[0], biases[0] = matrices[0] / math.sqrt(width), biases[0] / math.sqrt(width)
        told = {"num_heads": HEADS, "domain": MICROSOFT} | ({"scale": 1.0} if self.scale_in_query else {})
        if self.attention == "packed":
            weight, bias = self.const(np.concatenate(matrices, 1)), self.const(np.concatenate(biases))
            return self.node("Attention", states, weight, bias, **told)
        if self.attention == "split":
            whole = self.node("MatMul", states, self.const(np.concatenate(matrices, 1)))
            whole = self.node("Add", whole, self.const(np.concatenate(biases)))
            first = self.node("Split", whole, self.const(np.array([HIDDEN] * 3)), outputs=3, axis=-1)
            return self.node("MultiHeadAttention", *(f"{first[:-2]}_{at}" for at in range(3)), **told)
        products = [self.node("MatMul", states, self.const(matrix)) for matrix in matrices]
        if self.attention == "three":
            return self.node("MultiHeadAttention", *products, self.const(np.concatenate(biases)), **told)
        apart = self.const(np.array([0, 0, HEADS, width]))
        query, key, value = (
            self.node("Transpose", self.node("Reshape", self.node("Add", one, self.const(bias)), apart), perm=perm)
            for one, bias, perm in zip(products, biases, ((0, 2, 1, 3), (0, 2, 3, 1), (0, 2, 1, 3)), strict=True)
        )
        scores = self.node("MatMul", query, key)
        if not self.scale_in_query:
            scores = self.node("Div", scores, self.const(np.array(math.sqrt(width), np.float32)))
        scores = self.node("Add", scores, "far")
        mixed = self.node("MatMul", self.node("Softmax", scores, axis=-1), value)
        return self.node(
            "Reshape", self.node("Transpose", mixed, perm=(0, 2, 1, 3)), self.const(np.array([0, 0, HIDDEN]))
        )

    def inner(self, name: str, states: str) -> str:
        """Add the widening product and its activation in the chosen form."""
        if self.activation == "BiasGelu":
            product = self.node("MatMul", states, self.const(self.array(f"{name}.weight").T))
            return self.node("BiasGelu", product, self.const(self.array(f"{name}.bias")), domain=MICROSOFT)
        whole = self.dense(name, states)
        if self.activation != "Erf":
            return self.node(self.activation, whole, **({"domain": MICROSOFT} if "Gelu" in self.activation else {}))
        root = self.node("Div", whole, self.const(np.array(math.sqrt(2), np.float32)))
        half = self.node("Mul", whole, self.node("Add", self.node("Erf", root), self.const(np.array(1, np.float32))))
        return self.node("Mul", half, self.const(np.array(0.5, np.float32)))

    def build(self) -> onnx.ModelProto:
        """Return the whole classifier, in the form that the exporter writes."""
        self._mask()
        tables = "encoder.embeddings.{}_embeddings.weight"
        words = self.node("Gather", self.const(self.array(tables.format("word"))), "input_ids")
        types = self.node("Gather", self.const(self.array(tables.format("token_type"))), "token_type_ids")
        length = self.node("Gather", self.node("Shape", "input_ids"), self.const(np.array(1)), axis=0)
        ends = self.node("Unsqueeze", length, self.const(np.array([0])))
        every = self.const(np.arange(POSITIONS)[None])
        at = self.node("Slice", every, self.const(np.array([0])), ends, self.const(np.array([1])))
        places = self.node("Gather", self.const(self.array(tables.format("position"))), at)
        states = self.normed("encoder.embeddings.LayerNorm", self.node("Add", words, types), places)
        for layer in range(LAYERS):
            name = f"encoder.encoder.layer.{layer}"
            answer = self.dense(f"{name}.attention.output.dense", self.attended(name, states))
            states = self.normed(f"{name}.attention.output.LayerNorm", answer, states)
            answer = self.dense(f"{name}.output.dense", self.inner(f"{name}.intermediate.dense", states))
            states = self.normed(f"{name}.output.LayerNorm", answer, states)
        outputs = [("logits", ["batch", 2], self._head(states))]
        if "marks.weight" in self.weights:
            marks = self.node("Squeeze", self.dense("marks", states), self.const(np.array([-1])))
            outputs.append(("marks", ["batch", "sequence"], marks))
        for name, _, made in outputs:
            self.nodes.append(helper.make_node("Identity", [made], [name]))
        return self._model([(name, shape) for name, shape, _ in outputs])

    def _mask(self) -> None:
        """Add the mask in the three forms that are asked for: the usual, a column of it, and what scores are added."""
        seen = helper.make_node("Cast", ["attention_mask"], ["seen"], to=TensorProto.FLOAT)
        column = helper.make_node("Unsqueeze", ["seen", self.const(np.array([2]))], ["column"])
        hidden = helper.make_node("Sub", [self.const(np.array(1, np.float32)), "seen"], ["hidden"])
        wide = helper.make_node("Unsqueeze", ["hidden", self.const(np.array([1, 2]))], ["wide"])
        far = helper.make_node("Mul", ["wide", self.const(np.array(-1e4, np.float32))], ["far"])
        self.nodes += [seen, column, hidden, wide, far]

    def _head(self, states: str) -> str:
        kept = self.node("Mul", states, "column")
        total = self.node("ReduceSum", "column", self.const(np.array([1])), keepdims=0)
        mean = self.node("Div", self.node("ReduceSum", kept, self.const(np.array([1])), keepdims=0), total)
        away = self.node(
            "Mul",
            self.node("Sub", self.const(np.array(1, np.float32)), "column"),
            self.const(np.array(100, np.float32)),
        )
        peak = self.node("ReduceMax", self.node("Sub", kept, away), axes=[1], keepdims=0)
        first = self.node("Gather", states, self.const(np.array(0)), axis=1)
        return self.dense("head", self.node("Concat", first, mean, peak, axis=-1))

    def _model(self, outputs: Sequence[tuple[str, list[str | int]]]) -> onnx.ModelProto:
        names = ("input_ids", "attention_mask", "token_type_ids")
        graph = helper.make_graph(
            self.nodes,
            "tiny",
            [helper.make_tensor_value_info(name, TensorProto.INT64, ["batch", "sequence"]) for name in names],
            [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in outputs],
            [numpy_helper.from_array(value, name) for name, value in self.constants.items()],
        )
        made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17), helper.make_opsetid(MICROSOFT, 1)])
        made.ir_version = 9
        return made
