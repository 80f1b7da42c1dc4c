"""Reads the weights of an exported classifier, float or int8, out of its ONNX graph; needs numpy and onnx only.

The graph is followed backwards from its outputs, by what it computes and not by how its tensors are named. Attention
may be packed into one operator or matrix, or be three products; norms may have the residual sum inside or before
them; biases may stand in any of the nodes around. Anything else is refused.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import onnx

from models.training.onnx_attention import attention
from models.training.onnx_graph import Affine, Floats, Graph, Norm, UnknownGraphError

_GELU = frozenset({"Gelu", "BiasGelu", "Erf"})
_OTHER_ACTIVATIONS = frozenset({"FastGelu", "QuickGelu", "Tanh", "Relu", "Sigmoid", "HardSwish"})


@dataclass(frozen=True, slots=True)
class Weights:
    """The weights of a classifier by their names in `SpanClassifier`, and the sizes that they call for.

    Words are int8 in the file; training leaves them as they are, so that they come back the same. `marked` tells
    whether the file has the head over tokens, `early` behind how many layers it guesses, 0 where it does not.
    """

    arrays: dict[str, Floats] = field(repr=False)
    layers: int
    heads: int
    epsilon: float
    marked: bool
    early: int

    @property
    def hidden(self) -> int:
        """The width of the states."""
        return int(self.arrays["encoder.embeddings.word_embeddings.weight"].shape[1])

    @property
    def classes(self) -> int:
        """The number of classes of the head over windows."""
        return int(self.arrays["head.weight"].shape[0])


def read(model: onnx.ModelProto, *, heads: int | None = None) -> Weights:
    """Read the weights of an exported BERT classifier with the head of `SequenceClassifier`.

    `heads` is the number of attention heads; it is needed only where the graph does not say.

    Raises:
        UnknownGraphError: if the graph is built in a way that is not known here; the sentence says where.
    """
    return _Reader(Graph(model), heads).read()


class _Reader:
    """Collects the weights of one graph, from the outputs back to the embeddings."""

    def __init__(self, graph: Graph, heads: int | None) -> None:
        self.graph = graph
        self.heads = heads
        self.arrays: dict[str, Floats] = {}
        self.epsilons: set[float] = set()

    def read(self) -> Weights:
        if "logits" not in self.graph.outputs:
            raise UnknownGraphError("the graph has no output named logits")
        head = self._linear("head", self.graph.affine("logits"), "the head over windows")
        last = self._norm_behind(head.source, "the head over windows")
        if head.weight.shape[0] != 3 * self._width(last):
            raise UnknownGraphError("the head over windows does not read first token, mean and maximum")
        marked = "marks" in self.graph.outputs
        if marked:
            marks = self._linear("marks", self.graph.affine("marks"), "the head over tokens")
            if marks.source != last:
                raise UnknownGraphError("the head over tokens reads other states than the head over windows")
        guess = self._guess() if "margin" in self.graph.outputs else ""
        stacked: list[dict[str, Floats]] = []
        state, above = last, -1
        while (norm := self._norm(state)).inputs.products:
            above = len(stacked) if state == guess else above
            layer: dict[str, Floats] = {}
            state = self._layer(layer, norm)
            stacked.append(layer)
        if guess and above < 0:
            raise UnknownGraphError("the early guess reads states that the other heads do not build on")
        self._put_norm("encoder.embeddings.LayerNorm", norm)
        self._embeddings(norm)
        for number, layer in enumerate(reversed(stacked)):
            self.arrays |= {f"encoder.encoder.layer.{number}.{name}": array for name, array in layer.items()}
        if not stacked or self.heads is None:
            raise UnknownGraphError("no layers with attention lie between the heads and the embeddings")
        return Weights(
            self.arrays, len(stacked), self.heads, min(self.epsilons), marked, len(stacked) - above if guess else 0
        )

    def _guess(self) -> str:
        """Read the head that guesses early; return the states that it reads."""
        hunch = self._linear("hunch", self.graph.affine("margin"), "the early guess")
        return self._norm_behind(hunch.source, "the early guess")

    def _layer(self, layer: dict[str, Floats], norm: Norm) -> str:
        """Read one layer whose last norm is given; return the states that go into it."""
        out, middle = self._residual(norm, "a feed-forward part")
        _put(layer, "output.dense", out)
        _put_norm(layer, "output.LayerNorm", norm)
        _put(layer, "intermediate.dense", self._activated(out.source, middle))
        between = self._norm(middle)
        self.epsilons.add(between.epsilon)
        answer, before = self._residual(between, "an attention part")
        _put(layer, "attention.output.dense", answer)
        _put_norm(layer, "attention.output.LayerNorm", between)
        found = attention(self.graph, answer.source, self.heads)
        self.heads = found.heads
        for name, part in zip(("query", "key", "value"), (found.query, found.key, found.value), strict=True):
            if part.source != before:
                raise UnknownGraphError("attention reads other states than the residual path carries")
            _put(layer, f"attention.self.{name}", part)
        return before

    def _residual(self, norm: Norm, what: str) -> tuple[Affine, str]:
        """Return the product that is added before a norm, and the states it is added to."""
        found = norm.inputs.affine()
        if found is None or len(norm.inputs.others) != 1:
            raise UnknownGraphError(f"{what} is not a product added to the states that went in")
        return found, norm.inputs.others[0]

    def _activated(self, name: str, states: str) -> Affine:
        """Return the product under the activation whose answer is given."""
        found: list[Affine] = []
        kinds: set[str] = set()
        added: list[Floats] = []
        for at, node in self.graph.behind(name, lambda one: one == states or self.graph.product(one) is not None):
            product = self.graph.product(at)
            if product is not None:
                found.append(product)
            elif node is not None and at != states:
                kinds.add(node.op_type)
                if node.op_type in {"Add", "Sum", "BiasGelu"}:
                    vectors = [self.graph.weights(one) for one in node.input]
                    added += [vector for vector in vectors if vector is not None and vector.size > 1]
        if len(found) != 1 or not kinds & _GELU or kinds & _OTHER_ACTIVATIONS:
            raise UnknownGraphError("a feed-forward part is not product, GELU, product")
        inner = found[0]
        for vector in added:
            inner = inner.plus(vector)
        if inner.source != states:
            raise UnknownGraphError("a feed-forward part reads other states than the residual path carries")
        return inner

    def _embeddings(self, norm: Norm) -> None:
        """Read the three tables that are added up in front of the first layer."""
        tables: dict[str, Floats] = {}
        for name in norm.inputs.others:
            kind, table = self._table(name)
            if kind in tables:
                raise UnknownGraphError("two tables of embeddings are looked up by the same input")
            tables[kind] = table
        if not {"word", "position"} <= tables.keys():
            raise UnknownGraphError("the embeddings are not words, positions and token types")
        types = tables.get("token_type", np.zeros((2, tables["word"].shape[1]), np.float32))
        for vector in norm.inputs.vectors:  # token types that are always zero may have become a constant
            types = types + vector.reshape(1, -1)
        for kind, table in (tables | {"token_type": types}).items():
            self.arrays[f"encoder.embeddings.{kind}_embeddings.weight"] = np.ascontiguousarray(table)

    def _table(self, name: str) -> tuple[str, Floats]:
        """Return what a summand of the embeddings is looked up by, and its table."""
        graph = self.graph
        scale = zero = ""
        node = graph.maker(name)
        if node is not None and node.op_type == "DequantizeLinear":
            scale, zero = node.input[1], node.input[2] if len(node.input) > 2 else ""
            node = graph.maker(node.input[0])
        if node is None or node.op_type not in {"Gather", "Slice"}:
            raise UnknownGraphError("an embedding is not looked up in a table")
        table = graph.weights(node.input[0], scale, zero)
        if table is None or table.ndim < 2:
            raise UnknownGraphError("a table of embeddings is not constant")
        by = graph.plain(node.input[1]) if node.op_type == "Gather" else ""
        kind = {"input_ids": "word", "token_type_ids": "token_type"}.get(by, "position")
        made = graph.maker(by) if by else None
        if made is not None and made.op_type == "ConstantOfShape":  # zeros in place of an input
            kind = "token_type"
        return kind, table.reshape(-1, table.shape[-1])

    def _norm(self, name: str) -> Norm:
        found = self.graph.norm(name)
        if found is None:
            raise UnknownGraphError("the states of a layer do not come from a layer normalisation")
        self.epsilons.add(found.epsilon)
        return found

    def _norm_behind(self, name: str, what: str) -> str:
        """Return the one norm whose states a head reads."""
        found = [at for at, _ in self.graph.behind(name, self._is_norm) if self._is_norm(at)]
        if len(found) != 1:
            raise UnknownGraphError(f"{what} does not read the states of one layer")
        return found[0]

    def _is_norm(self, name: str) -> bool:
        return self.graph.norm(name) is not None

    def _width(self, name: str) -> int:
        return len(self._norm(name).scale)

    def _linear(self, name: str, found: Affine | None, what: str) -> Affine:
        if found is None:
            raise UnknownGraphError(f"{what} is not a product with a constant matrix")
        _put(self.arrays, name, found)
        return found

    def _put_norm(self, name: str, norm: Norm) -> None:
        _put_norm(self.arrays, name, norm)


def _put(arrays: dict[str, Floats], name: str, found: Affine) -> None:
    """Keep a product as torch does: weight `[out, in]` and bias."""
    weight, bias = found.settled()
    arrays[f"{name}.weight"], arrays[f"{name}.bias"] = np.ascontiguousarray(weight.T), bias


def _put_norm(arrays: dict[str, Floats], name: str, norm: Norm) -> None:
    arrays[f"{name}.weight"], arrays[f"{name}.bias"] = norm.scale, norm.shift
