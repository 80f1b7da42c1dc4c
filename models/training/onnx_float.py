"""Writes a quantised graph in float, so that what it computes can be told apart from what quantisation adds to it."""

from __future__ import annotations

import numpy as np
import onnx
from onnx import NodeProto, numpy_helper

from models.training.onnx_graph import Floats, Graph, UnknownGraphError, operand


def made_float(model: onnx.ModelProto) -> onnx.ModelProto:
    """Return the same graph with every quantised product computed in float, on the values its weights stand for.

    Raises:
        UnknownGraphError: if it has a quantised operator that is not known here.
    """
    graph = Graph(model)
    made = onnx.ModelProto()
    made.CopyFrom(model)
    del made.graph.node[:]
    for node in model.graph.node:
        made.graph.node.extend(_float_nodes(graph, node, made.graph))
    return made


def _float_nodes(graph: Graph, node: NodeProto, target: onnx.GraphProto) -> list[NodeProto]:
    """Return what stands for a node in the float graph, and add the constants that it needs."""

    def keep(array: Floats, what: str) -> str:
        name = f"{node.output[0]}:{what}"
        target.initializer.append(numpy_helper.from_array(np.ascontiguousarray(array), name))
        return name

    if node.op_type in {"DynamicQuantizeLinear", "MatMulInteger"}:
        return []
    if (
        node.op_type == "Cast"
        and (inner := graph.maker(node.input[0])) is not None
        and inner.op_type == "MatMulInteger"
    ):
        return []
    if (
        node.op_type == "Mul"
        and any(_is_scale(graph, one) for one in node.input)
        and graph.product(node.output[0]) is None
    ):
        return []
    if node.op_type == "QAttention":
        weight = graph.weights(node.input[1], node.input[4], operand(node, 7))
        if weight is None:
            raise UnknownGraphError("a packed attention has no constant matrix for queries, keys and values")
        inputs = [
            graph.plain(node.input[0]),
            keep(weight, "weight"),
            node.input[2],
            *([operand(node, 5)] if operand(node, 5) else []),
        ]
        attributes = {one.name: onnx.helper.get_attribute_value(one) for one in node.attribute}
        return [onnx.helper.make_node("Attention", inputs, list(node.output), domain="com.microsoft", **attributes)]
    product = (
        graph.product(node.output[0])
        if node.op_type in {"Mul", "MatMulIntegerToFloat", "DynamicQuantizeMatMul"}
        else None
    )
    if product is None:
        return [node]
    name = node.output[0]
    if product.bias is None:
        return [onnx.helper.make_node("MatMul", [product.source, keep(product.weight, "weight")], [name])]
    middle = f"{name}:product"
    return [
        onnx.helper.make_node("MatMul", [product.source, keep(product.weight, "weight")], [middle]),
        onnx.helper.make_node("Add", [middle, keep(product.bias, "bias")], [name]),
    ]


def _is_scale(graph: Graph, name: str) -> bool:
    """Tell whether a tensor is the scale that a dynamic quantisation has found."""
    node = graph.maker(name)
    return node is not None and node.op_type == "DynamicQuantizeLinear"
