"""Reads queries, keys and values out of an attention: packed into one operator or matrix, or written out in nodes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from onnx import NodeProto

from models.training.onnx_graph import Affine, Graph, UnknownGraphError, attribute, operand

_PACKED = frozenset({"Attention", "QAttention"})
Three = tuple[Affine, Affine, Affine]


@dataclass(frozen=True, slots=True, eq=False)
class Attention:
    """The three products of an attention whose scores are divided by the root of a head's width, as in BERT."""

    query: Affine
    key: Affine
    value: Affine
    heads: int


def attention(graph: Graph, name: str, heads: int | None) -> Attention:
    """Return the attention that makes a tensor. `heads` is their number, where it is known already.

    Raises:
        UnknownGraphError: if it is built in a way that is not known here, or the number of heads is not to be told.
    """
    node = graph.maker(name)
    while node is not None and node.op_type in {"Reshape", "Transpose"}:
        node = graph.maker(graph.plain(node.input[0]))
    if node is not None and node.op_type in _PACKED:
        parts, scale, told = _packed(graph, node), attribute(node, "scale", 0.0), attribute(node, "num_heads", 0)
    elif node is not None and node.op_type == "MultiHeadAttention":
        parts, scale, told = _multi_head(graph, node), attribute(node, "scale", 0.0), attribute(node, "num_heads", 0)
    elif node is not None and node.op_type == "MatMul":
        parts, scale, told = _written_out(graph, node.input[0], node.input[1]), 1.0, heads or 0
    else:
        raise UnknownGraphError("an attention part is not of a known form")
    width = parts[0].weight.shape[1]
    if told < 1 or width % told:
        raise UnknownGraphError("the graph does not say how many heads its attention has; name the number")
    if heads not in {None, told}:
        raise UnknownGraphError("the graph has another number of heads than was named, or its layers differ in it")
    query, key, value = parts
    usual = 1 / math.sqrt(width / told)
    # The exporter may have moved the scale of the scores into the product that makes the queries or the keys.
    moved = (scale or usual) * query.factor * key.factor / usual
    moved = 1.0 if math.isclose(moved, 1.0, rel_tol=1e-4) else moved
    return Attention(
        Affine(query.source, *Affine(query.source, query.weight, query.bias).settled(moved)),
        Affine(key.source, key.weight, key.bias),
        Affine(value.source, *value.settled()),
        told,
    )


def _packed(graph: Graph, node: NodeProto) -> Three:
    quantised = node.op_type == "QAttention"
    scale, zero = (node.input[4], operand(node, 7)) if quantised else ("", "")
    weight, bias = graph.weights(node.input[1], scale, zero), operand(node, 2)
    if weight is None or weight.ndim != 2 or weight.shape[1] % 3:
        raise UnknownGraphError("a packed attention has no constant matrix for queries, keys and values")
    return _thirds(Affine(graph.plain(node.input[0]), weight, graph.weights(bias) if bias else None))


def _multi_head(graph: Graph, node: NodeProto) -> Three:
    if not operand(node, 1) or not operand(node, 2):
        whole = graph.affine(node.input[0])
        if whole is None or whole.weight.shape[1] % 3:
            raise UnknownGraphError("an attention takes queries, keys and values in one tensor that is no product")
        parts = _thirds(whole)
    else:
        parts = _three([graph.affine(one) for one in node.input[:3]])
    if not operand(node, 3):
        return parts
    bias = graph.weights(node.input[3])
    if bias is None:
        raise UnknownGraphError("an attention has a bias that is not constant")
    query, key, value = np.split(bias.reshape(-1), 3)
    return parts[0].plus(query), parts[1].plus(key), parts[2].plus(value)


def _written_out(graph: Graph, weights: str, values: str) -> Three:
    """Read softmax(Q K^T) V from single nodes."""
    soft = graph.maker(graph.plain(weights))
    if soft is None or soft.op_type != "Softmax":
        raise UnknownGraphError("an attention part has no softmax where one is expected")
    scores, factor = _scores(graph, soft.input[0])
    query, key, value = _three([graph.affine(one) for one in (*scores.input[:2], values)])
    return Affine(query.source, query.weight, query.bias, query.factor * factor), key, value


def _scores(graph: Graph, name: str) -> tuple[NodeProto, float]:
    """Return the product of queries and keys behind a softmax, and the number it is multiplied by on the way."""
    factor = 1.0
    node = graph.maker(graph.plain(name))
    while node is not None and not _multiplies(node):
        scaled = graph.scaled(node)
        if scaled is not None:
            name, factor = scaled[0], factor * scaled[1]
        elif node.op_type in {"Add", "Where"}:  # the mask
            name = next((one for one in node.input if _makes_scores(graph, one)), "")
        else:
            name = ""
        node = graph.maker(graph.plain(name)) if name else None
    if node is None:
        raise UnknownGraphError("the scores under a softmax are not a product of queries and keys")
    return node, factor * attribute(node, "alpha", 1.0)


def _multiplies(node: NodeProto) -> bool:
    return node.op_type in {"MatMul", "FusedMatMul"}


def _makes_scores(graph: Graph, name: str) -> bool:
    """Tell whether a product of two computed tensors lies behind a tensor, in the same layer."""
    return any(
        node is not None and _multiplies(node) and graph.product(at) is None
        for at, node in graph.behind(name, lambda one: graph.norm(one) is not None)
    )


def _three(parts: Sequence[Affine | None]) -> Three:
    query, key, value = parts
    if query is None or key is None or value is None:
        raise UnknownGraphError("queries, keys or values are not products of the states")
    return query, key, value


def _thirds(whole: Affine) -> Three:
    width = whole.weight.shape[1] // 3
    return whole.columns(0, width), whole.columns(width, 2 * width), whole.columns(2 * width, 3 * width)
