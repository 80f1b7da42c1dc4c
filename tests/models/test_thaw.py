"""An int8 file becomes a model that can be trained on, and computes what the file does. Needs the extra `train`."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest

torch = pytest.importorskip("torch", reason="the extra `train` is not installed")
pytest.importorskip("transformers")

from models.training import thaw  # noqa: E402
from models.training.onnx_graph import UnknownGraphError  # noqa: E402
from tests.conftest import MODELS  # noqa: E402
from tests.models import tiny_base, tiny_bert  # noqa: E402


def windows(vocabulary: int, count: int = 12) -> list[np.ndarray]:
    """Return windows of random tokens."""
    rng = np.random.default_rng(2)
    return [rng.integers(0, vocabulary, size).astype(np.int32) for size in rng.integers(3, 100, count)]


@pytest.mark.parametrize("marks", [True, False])
def test_what_the_recipe_exports_comes_back(marks: bool, tmp_path: Path) -> None:
    """Every weight within the rounding of its channel, and the answers of the float graph to the last digits."""
    before = tiny_base.module(marks=marks)
    path = tiny_base.write_graph(tmp_path, before)
    found = thaw.thaw(path)
    told = thaw.compare(thaw.loaded(path), found, windows(tiny_base.VOCABULARY))
    assert told.gap < 1e-4
    assert told.correlation > 0.95
    assert thaw.is_marked(path) is marks
    after = found.state_dict()
    for name, value in before.state_dict().items():
        if not name.startswith("hunch."):  # one graph has no early guess
            assert float((value - after[name]).abs().max()) <= float(value.abs().max()) / 127 * 0.51, name


def test_a_divided_model_comes_back_with_its_early_guess(tmp_path: Path) -> None:
    """Every weight of both parts within the rounding of its channel."""
    folder = tiny_base.write(tmp_path / "m", divided=True)
    found = thaw.thaw(folder / "model.onnx", folder / "early.onnx")
    after = found.state_dict()
    for name, value in tiny_base.module(marks=True).state_dict().items():
        assert float((value - after[name]).abs().max()) <= float(value.abs().max()) / 127 * 0.51, name


def test_the_shipped_model_comes_back() -> None:
    """Its answers are those of the file with float weights; words stay as they are."""
    files = MODELS / "injection" / "model.onnx", MODELS / "injection" / "early.onnx"
    found = thaw.thaw(*files)
    told = thaw.compare(thaw.loaded(*files), found, windows(tiny_base.VOCABULARY, 6))
    assert told.gap < 1e-3
    assert not found.encoder.embeddings.word_embeddings.weight.requires_grad
    assert found.marks.weight.requires_grad


def test_a_thawed_model_that_is_exported_again_is_the_same_file(tmp_path: Path) -> None:
    """Int8 weights survive the way to float and back: the answers stay."""
    path = tiny_base.write_graph(tmp_path / "first", tiny_base.module(marks=True))
    again = tiny_base.write_graph(tmp_path / "again", thaw.thaw(path))
    found = thaw.compare(thaw.loaded(again), thaw.thaw(path), windows(tiny_base.VOCABULARY))
    assert found.gap < 1e-3


def test_weights_read_wrongly_are_noticed(tmp_path: Path) -> None:
    """A model that differs from its file in one weight of one layer is refused."""
    path = tiny_base.write_graph(tmp_path, tiny_base.module(marks=True))
    found = thaw.thaw(path)
    with torch.no_grad():
        found.encoder.encoder.layer[1].attention.output.dense.weight[3] += 0.5
    with pytest.raises(UnknownGraphError, match="computes something else"):
        thaw.compare(thaw.loaded(path), found, windows(tiny_base.VOCABULARY))


def test_forms_of_other_exporters_are_read_as_well(tmp_path: Path) -> None:
    """Attention written out needs the number of heads; the check holds the rest."""
    weights = tiny_bert.arrays(6)
    onnx.save(tiny_bert.Builder(weights, attention="written", norm="skip").build(), tmp_path / "model.onnx")
    found = thaw.thaw(tmp_path / "model.onnx", heads=tiny_bert.HEADS)
    np.testing.assert_allclose(found.state_dict()["marks.weight"].numpy(), weights["marks.weight"], atol=1e-6)
