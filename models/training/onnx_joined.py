"""Puts the two graphs of a divided classifier together again, so that it can be read and run as one."""

from __future__ import annotations

import onnx
from onnx import helper

from models.training.onnx_graph import UnknownGraphError

STATES = "states"
_SHARED = frozenset({STATES, "attention_mask", ""})


def joined(first: onnx.ModelProto, last: onnx.ModelProto) -> onnx.ModelProto:
    """Return one graph that answers what both do, but for the states between them.

    Raises:
        UnknownGraphError: if the first does not make the states that the last goes on from.
    """
    if STATES not in {one.name for one in first.graph.output} or STATES not in {one.name for one in last.graph.input}:
        raise UnknownGraphError("the two graphs do not go on from one another")
    whole = onnx.ModelProto()
    whole.CopyFrom(first)
    outputs = {one.name for one in last.graph.output}

    def name(old: str) -> str:
        return old if old in _SHARED or old in outputs else f"rest/{old}"

    for node in last.graph.node:
        copy = whole.graph.node.add()
        copy.CopyFrom(node)
        copy.name = name(node.name)
        copy.input[:] = [name(one) for one in node.input]
        copy.output[:] = [name(one) for one in node.output]
    for constant in last.graph.initializer:
        kept = whole.graph.initializer.add()
        kept.CopyFrom(constant)
        kept.name = name(constant.name)
    kept_outputs = [one for one in whole.graph.output if one.name != STATES]
    del whole.graph.output[:]
    whole.graph.output.extend([*kept_outputs, *last.graph.output])
    del whole.graph.value_info[:]
    known = {one.domain for one in whole.opset_import}
    whole.opset_import.extend(
        helper.make_opsetid(one.domain, one.version) for one in last.opset_import if one.domain not in known
    )
    return whole
