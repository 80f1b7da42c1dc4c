"""Reads what an exported encoder computes: constants, matrix products with what is added to them, sums, norms.

Float and dynamically quantised forms of the same operation read alike; quantised constants come back as the float
values that the runtime computes with. Nothing here depends on the names that an exporter gives.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import NodeProto, numpy_helper

Floats = NDArray[np.float32]
_THROUGH = frozenset({"DynamicQuantizeLinear", "QuantizeLinear", "DequantizeLinear", "Identity", "Cast", "Dropout"})
_SHAPING = frozenset({"Reshape", "Transpose", "Squeeze", "Unsqueeze"})


class UnknownGraphError(ValueError):
    """The graph is not built as expected; the sentence says where it differs."""


@dataclass(frozen=True, slots=True, eq=False)
class Affine:
    """`factor * (source @ weight + bias)`: `weight` is `[in, out]`, `source` the name of the tensor that goes in."""

    source: str
    weight: Floats = field(repr=False)
    bias: Floats | None = field(default=None, repr=False)
    factor: float = 1.0

    def plus(self, bias: Floats) -> Affine:
        """Add a vector behind the product."""
        own = (bias / self.factor).astype(np.float32).reshape(-1)
        return replace(self, bias=own if self.bias is None else self.bias + own)

    def columns(self, first: int, last: int) -> Affine:
        """Return the part that makes the columns `[first, last)` of the answer."""
        return replace(
            self, weight=self.weight[:, first:last], bias=None if self.bias is None else self.bias[first:last]
        )

    def settled(self, factor: float = 1.0) -> tuple[Floats, Floats]:
        """Return weight and bias with the factor, and another one, worked in."""
        whole = self.factor * factor
        bias = np.zeros(self.weight.shape[1], np.float32) if self.bias is None else self.bias
        return (self.weight * whole).astype(np.float32), (bias * whole).astype(np.float32)


@dataclass(frozen=True, slots=True)
class Sum:
    """What is added up in one place: at most one product, constant vectors, and other tensors by name."""

    products: tuple[Affine, ...]
    vectors: tuple[Floats, ...] = field(repr=False)
    others: tuple[str, ...]

    def affine(self) -> Affine | None:
        """Return the product with the vectors added, None unless there is exactly one."""
        if len(self.products) != 1:
            return None
        found = self.products[0]
        for vector in self.vectors:
            found = found.plus(vector)
        return found


@dataclass(frozen=True, slots=True)
class Norm:
    """A layer normalisation: the tensors added up before it, its scale, its shift, and its epsilon."""

    inputs: Sum
    scale: Floats = field(repr=False)
    shift: Floats = field(repr=False)
    epsilon: float


class Graph:
    """An ONNX graph, asked backwards for what made a tensor."""

    def __init__(self, model: onnx.ModelProto) -> None:
        """Index the nodes by what they make, and the constants by name."""
        self._makers = {output: node for node in model.graph.node for output in node.output if output}
        self._constants = {one.name: numpy_helper.to_array(one) for one in model.graph.initializer}
        for node in model.graph.node:
            if node.op_type == "Constant":
                self._constants[node.output[0]] = numpy_helper.to_array(node.attribute[0].t)
        self.outputs = tuple(one.name for one in model.graph.output)
        self.inputs = tuple(one.name for one in model.graph.input)

    def maker(self, name: str) -> NodeProto | None:
        """Return the node that makes a tensor, None for inputs and constants."""
        return self._makers.get(name) if name not in self._constants else None

    def constant(self, name: str) -> NDArray[Any] | None:
        """Return a constant, also one that is only dequantised, cast or transposed; None where it is none."""
        found = self._constants.get(name)
        if found is not None:
            return found
        node = self._makers.get(name)
        if node is None or node.op_type not in {"DequantizeLinear", "Identity", "Cast", "Transpose"}:
            return None
        inner = self.constant(node.input[0])
        if inner is None or node.op_type in {"Identity", "Cast"}:
            return inner
        if node.op_type == "Transpose":
            return np.asarray(inner.transpose(attribute(node, "perm", None)))
        return self._dequantised(inner, node.input[1], operand(node, 2), attribute(node, "axis", 1))

    def weights(self, name: str, scale: str = "", zero: str = "") -> Floats | None:
        """Return a constant as float; `scale` and `zero` name how it is quantised, along its last axis if a channel."""
        found = self.constant(name)
        if found is None:
            return None
        return self._dequantised(found, scale, zero, found.ndim - 1) if scale else found.astype(np.float32)

    def _dequantised(self, whole: NDArray[Any], scale: str, zero: str, axis: int) -> Floats:
        factor, origin = self.constant(scale), self.constant(zero) if zero else None
        if factor is None:
            raise UnknownGraphError("a quantised weight has a scale that is not constant")
        shape = [1] * whole.ndim
        if factor.size > 1:
            shape[axis] = factor.size
        shift = (
            0 if origin is None else origin.astype(np.float32).reshape(shape if origin.size > 1 else [1] * whole.ndim)
        )
        return np.asarray((whole.astype(np.float32) - shift) * factor.astype(np.float32).reshape(shape), np.float32)

    def plain(self, name: str) -> str:
        """Return the tensor behind quantisation and casts."""
        node = self.maker(name)
        while node is not None and node.op_type in _THROUGH:
            name = node.input[0]
            node = self.maker(name)
        return name

    def product(self, name: str) -> Affine | None:
        """Return the product with a constant matrix that makes a tensor, float or quantised; None where none does."""
        node = self.maker(name)
        if node is None:
            return None
        if node.op_type in {"MatMul", "Gemm", "FusedMatMul"}:
            return self._float_product(node)
        if node.op_type == "Mul":
            return self._integer_product(node)
        if node.op_type == "MatMulIntegerToFloat":
            return self._with_bias(node, self.weights(node.input[1], node.input[3], operand(node, 5)), operand(node, 6))
        if node.op_type == "DynamicQuantizeMatMul":
            return self._with_bias(node, self.weights(node.input[1], node.input[2], operand(node, 3)), operand(node, 4))
        return None

    def _float_product(self, node: NodeProto) -> Affine | None:
        weight = self.weights(node.input[1])
        if weight is None or weight.ndim != 2:
            return None
        if attribute(node, "transA", 0):
            raise UnknownGraphError("a matrix product takes its input transposed")
        weight = (weight.T if attribute(node, "transB", 0) else weight) * attribute(node, "alpha", 1.0)
        if attribute(node, "beta", 1.0) != 1.0:
            raise UnknownGraphError("a matrix product scales what is added to it")
        return self._with_bias(node, weight, operand(node, 2))

    def _integer_product(self, node: NodeProto) -> Affine | None:
        """Read Mul(Cast(MatMulInteger(x, W)), x_scale * W_scale), the form that dynamic quantisation writes."""
        for at in (0, 1):
            cast = self.maker(node.input[at])
            inner = self.maker(cast.input[0]) if cast is not None and cast.op_type == "Cast" else None
            if inner is None or inner.op_type != "MatMulInteger":
                continue
            scales = self.maker(node.input[1 - at])
            names = [one for one in scales.input if self.constant(one) is not None] if scales is not None else []
            if len(names) != 1:
                raise UnknownGraphError("a quantised product has no constant scale of its weight")
            weight = self.weights(inner.input[1], names[0], operand(inner, 3))
            return None if weight is None else Affine(self.plain(inner.input[0]), weight)
        return None

    def _with_bias(self, node: NodeProto, weight: Floats | None, bias: str) -> Affine | None:
        if weight is None:
            return None
        added = self.weights(bias) if bias else None
        return Affine(self.plain(node.input[0]), weight, None if added is None else added.reshape(-1))

    def sum(self, *names: str) -> Sum:
        """Take apart what is added up in tensors, through nested additions."""
        products: list[Affine] = []
        vectors: list[Floats] = []
        others: list[str] = []
        for name in names:
            constant, product, node = self.constant(name), self.product(name), self.maker(name)
            if constant is not None:
                vectors.append(constant.astype(np.float32))
            elif product is not None:
                products.append(product)
            elif node is not None and node.op_type in {"Add", "Sum"}:
                inner = self.sum(*node.input)
                products += inner.products
                vectors += inner.vectors
                others += inner.others
            else:
                others.append(name)
        return Sum(tuple(products), tuple(vectors), tuple(others))

    def affine(self, name: str) -> Affine | None:
        """Return the product that a tensor is, through reshaping, splitting, scalars and added vectors; else None."""
        node = self.maker(name)
        if node is None:
            return None
        found = self.product(name)
        if found is not None:
            return found
        if node.op_type in _THROUGH | _SHAPING:
            return self.affine(node.input[0])
        if node.op_type in {"Add", "Sum"}:
            return self._affine_sum(self.sum(name))
        if node.op_type in {"Mul", "Div"} and (scaled := self.scaled(node)) is not None:
            inner = self.affine(scaled[0])
            return None if inner is None else replace(inner, factor=inner.factor * scaled[1])
        if node.op_type == "Split":
            inner = self.affine(node.input[0])
            width = 0 if inner is None else inner.weight.shape[1] // len(node.output)
            at = list(node.output).index(name) * width
            return None if inner is None else inner.columns(at, at + width)
        return None

    def _affine_sum(self, parts: Sum) -> Affine | None:
        if not parts.others:
            return parts.affine()
        found = self.affine(parts.others[0]) if len(parts.others) == 1 and not parts.products else None
        for vector in parts.vectors if found is not None else ():
            found = found.plus(vector)
        return found

    def scaled(self, node: NodeProto) -> tuple[str, float] | None:
        """Return what a Mul or Div by a constant number takes, and the factor; None where it is no such node."""
        for at in (0, 1) if node.op_type == "Mul" else (1,):
            number = self.constant(node.input[at])
            if number is not None and number.size == 1:
                value = float(number.reshape(-1)[0])
                return node.input[1 - at], value if node.op_type == "Mul" else 1 / value
        return None

    def norm(self, name: str) -> Norm | None:
        """Return the layer normalisation that makes a tensor, None where none does."""
        node = self.maker(name)
        if node is None or node.op_type not in {"LayerNormalization", "SkipLayerNormalization"}:
            return None
        skip = node.op_type == "SkipLayerNormalization"
        first = 2 if skip else 1
        scale, shift = self.weights(node.input[first]), self.weights(operand(node, first + 1))
        if scale is None or shift is None:
            raise UnknownGraphError("a layer normalisation has no constant scale and shift")
        added = [node.input[0], node.input[1], operand(node, 4)] if skip else [node.input[0]]
        epsilon = attribute(node, "epsilon", 1e-12 if skip else 1e-5)
        return Norm(self.sum(*filter(None, added)), scale, shift, epsilon)

    def behind(self, name: str, stop: Callable[[str], bool]) -> Iterator[tuple[str, NodeProto | None]]:
        """Walk back from a tensor, breadth first; yields each tensor once, and goes no further where `stop` says so."""
        waiting, seen = [name], {name}
        while waiting:
            at = waiting.pop(0)
            yield at, self.maker(at)
            node = self.maker(at)
            if node is None or stop(at):
                continue
            fresh = [one for one in node.input if one and one not in seen]
            seen.update(fresh)
            waiting += fresh


def attribute(node: NodeProto, name: str, default: Any) -> Any:
    """Return an attribute of a node, or the default."""
    for one in node.attribute:
        if one.name == name:
            return onnx.helper.get_attribute_value(one)
    return default


def operand(node: NodeProto, index: int) -> str:
    """Return an input's name, empty where the node has no such input."""
    return node.input[index] if index < len(node.input) else ""
