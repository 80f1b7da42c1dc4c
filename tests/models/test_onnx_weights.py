"""Weights come back out of a graph as they went in, whatever form the exporter gave it; nothing here needs torch."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from onnxruntime.quantization import QuantType, quantize_dynamic

from models.training.onnx_float import made_float
from models.training.onnx_graph import UnknownGraphError
from models.training.onnx_joined import joined
from models.training.onnx_weights import read
from tests.conftest import MODELS
from tests.models import tiny_bert

WINDOW = [2, 17, 33, 5, 9, 21, 3]


def answer(model: onnx.ModelProto, ids: list[int]) -> np.ndarray:
    """Return the logits of one window as ONNX Runtime computes them."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    row = np.array([ids], np.int64)
    given = {"input_ids": row, "attention_mask": np.ones_like(row), "token_type_ids": row * 0}
    feed = {one.name: given[one.name] for one in session.get_inputs()}
    return session.run(["logits"], feed)[0][0]


def quantised(model: onnx.ModelProto, folder: Path) -> onnx.ModelProto:
    """Return a graph as the recipe's export quantises it."""
    onnx.save(model, folder / "float.onnx")
    quantize_dynamic(
        folder / "float.onnx",
        folder / "int8.onnx",
        op_types_to_quantize=["MatMul", "Attention", "Gather"],
        per_channel=True,
        weight_type=QuantType.QInt8,
        extra_options={"MatMulConstBOnly": True, "DefaultTensorType": onnx.TensorProto.FLOAT},
    )
    return onnx.load(folder / "int8.onnx")


FORMS = [
    {"attention": "packed"},
    {"attention": "packed", "norm": "skip", "activation": "BiasGelu"},
    {"attention": "three", "norm": "sum"},
    {"attention": "three", "scale_in_query": True},
    {"attention": "split", "activation": "Erf"},
    {"attention": "written", "norm": "skip"},
    {"attention": "written", "scale_in_query": True, "activation": "Erf"},
]


@pytest.mark.parametrize("form", FORMS, ids=lambda form: "-".join(map(str, form.values())))
class TestForms:
    """Every form of attention, normalisation and activation that is known."""

    def test_float_weights_come_back_as_they_went_in(self, form: dict, tmp_path: Path) -> None:
        """Each weight is the one of the model, by its name, and numpy computes the graph's answer from them."""
        weights = tiny_bert.arrays(1)
        graph = tiny_bert.Builder(weights, **form).build()
        onnx.save(graph, tmp_path / "model.onnx")
        found = read(onnx.load(tmp_path / "model.onnx"), heads=tiny_bert.HEADS)
        assert (found.layers, found.heads, found.hidden, found.classes, found.marked) == (2, 2, 8, 2, True)
        assert found.epsilon == pytest.approx(tiny_bert.EPSILON)
        assert found.arrays.keys() == weights.keys()
        for name, array in weights.items():
            np.testing.assert_allclose(found.arrays[name], array, atol=1e-6, err_msg=name)
        np.testing.assert_allclose(tiny_bert.logits(found.arrays, WINDOW), answer(graph, WINDOW), atol=1e-4)

    def test_int8_weights_come_back_within_half_a_step(self, form: dict, tmp_path: Path) -> None:
        """A quantised weight differs by the rounding of its channel, and the graph made float computes the same."""
        weights = tiny_bert.arrays(2)
        served = quantised(tiny_bert.Builder(weights, **form).build(), tmp_path)
        assert "MatMulInteger" in {node.op_type for node in served.graph.node}
        found = read(onnx.load(tmp_path / "int8.onnx"), heads=tiny_bert.HEADS)
        for name, array in weights.items():
            step = np.abs(array).max() / 127
            np.testing.assert_allclose(found.arrays[name], array, atol=0.51 * step + 1e-6, err_msg=name)
        mine = tiny_bert.logits(found.arrays, WINDOW)
        np.testing.assert_allclose(mine, answer(made_float(served), WINDOW), atol=1e-4)
        np.testing.assert_allclose(mine, answer(served, WINDOW), atol=0.5)


def test_a_model_without_marks_is_read_without_them(tmp_path: Path) -> None:
    """The head over tokens is told apart from one that is not there."""
    onnx.save(tiny_bert.Builder(tiny_bert.arrays(3, marks=False)).build(), tmp_path / "model.onnx")
    found = read(onnx.load(tmp_path / "model.onnx"))
    assert not found.marked
    assert "marks.weight" not in found.arrays


@pytest.mark.parametrize(
    ("form", "heads", "part"),
    [
        ({"attention": "written"}, None, "name the number"),
        ({"attention": "packed"}, 4, "another number of heads"),
        ({"activation": "Relu"}, None, "GELU"),
        ({"activation": "FastGelu"}, None, "GELU"),
    ],
)
def test_what_cannot_be_told_is_refused(form: dict, heads: int | None, part: str, tmp_path: Path) -> None:
    """The sentence says which part of the graph it is."""
    onnx.save(tiny_bert.Builder(tiny_bert.arrays(4), **form).build(), tmp_path / "model.onnx")
    with pytest.raises(UnknownGraphError, match=part):
        read(onnx.load(tmp_path / "model.onnx"), heads=heads)


def test_another_kind_of_graph_is_refused(tmp_path: Path) -> None:
    """A graph whose head reads no layer is no classifier of ours."""
    from tests import tiny_models

    onnx.save(tiny_models.sequence_graph(), tmp_path / "model.onnx")
    with pytest.raises(UnknownGraphError, match="head over windows"):
        read(onnx.load(tmp_path / "model.onnx"))


def test_the_shipped_classifier_is_read_whole() -> None:
    """From the weights that are read, numpy computes what the runtime does with the file's weights in float."""
    folder = MODELS / "injection"
    model = joined(onnx.load(folder / "early.onnx"), onnx.load(folder / "model.onnx"))
    found = read(model)
    assert found.early
    ids = np.random.default_rng(5).integers(1000, 20000, 24).tolist()
    mine = tiny_bert.logits(found.arrays, ids, heads=found.heads)
    np.testing.assert_allclose(mine, answer(made_float(model), ids), atol=1e-3)
    assert np.abs(mine - answer(model, ids)).max() < 1.5  # activations of the served file are rounded to 8 bits
