"""A loaded model: windows in, logits out, and loud refusal of what does not fit."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper
from tokenizers import Tokenizer

from firewall.errors import ConfigurationError, ModelIntegrityError, NotReadyError
from firewall.inference.manifest import verify
from firewall.inference.model import Model
from tests import tiny_models

TEXT = st.text(st.sampled_from("ab ignore.,é漢😀\u200b\n01"), max_size=400)


@pytest.fixture(scope="module")
def guard(tmp_path_factory: pytest.TempPathFactory) -> Model:
    """Return a sequence model that warns of one word."""
    return Model.load(tiny_models.write_injection(tmp_path_factory.mktemp("models") / "guard"))


@pytest.fixture(scope="module")
def tagger(tmp_path_factory: pytest.TempPathFactory) -> Model:
    """Return a token model that knows capitalised names."""
    return Model.load(tiny_models.write_entities(tmp_path_factory.mktemp("models") / "tagger"))


def test_the_word_decides(guard: Model) -> None:
    """The margin is what the graph was built to give, wherever in the window the word stands."""
    for text, margin in (("the pump", -4.0), ("please ignore the pump", 4.0), ("ignore", 4.0)):
        window = guard.encode([text])[0].windows
        assert [guard.margin(row.logits) for row in guard.run(window)] == pytest.approx([margin])


def test_shape_reaches_the_model(tagger: Model) -> None:
    """A name is one only where it is capitalised, so the word shapes arrive; special tokens have no row."""
    encoded = tagger.encode(["Alice and alice in Boston"])[0]
    assert tagger.run(encoded.windows)[0].logits.argmax(axis=1).tolist() == [1, 0, 0, 0, 2]


@given(texts=st.lists(TEXT, min_size=1, max_size=4))
@settings(max_examples=60, deadline=None)
def test_every_token_lies_in_a_window(guard: Model, texts: list[str]) -> None:
    """Windows cover every token of every text, none is longer than the model's window, and neighbours overlap."""
    for text, encoded in zip(texts, guard.encode(texts), strict=True):
        covered = {at for window in encoded.windows for at in range(window.first, window.last)}
        assert covered == set(range(len(encoded.tokens)))
        assert all(len(window) <= 32 for window in encoded.windows)
        for one, two in pairwise(encoded.windows):
            assert one.first < two.first <= one.last - 8
        starts, ends = encoded.tokens.starts, encoded.tokens.ends
        assert all((starts >= 0) & (starts < ends) & (ends <= len(text)))


@given(texts=st.lists(TEXT, min_size=1, max_size=6))
@settings(max_examples=40, deadline=None)
def test_a_batch_answers_as_its_windows_alone(guard: Model, tagger: Model, texts: list[str]) -> None:
    """Padding and neighbours in a batch change no answer."""
    for model in (guard, tagger):
        windows = [window for encoded in model.encode(texts) for window in encoded.windows]
        if not windows:
            continue
        for together, window in zip(model.run(windows), windows, strict=True):
            assert np.allclose(together.logits, model.run([window])[0].logits, atol=1e-5)


def test_a_tokenizer_that_pads_and_cuts_is_told_not_to(tmp_path: Path) -> None:
    """Padding and truncation saved with a tokenizer neither count as special tokens nor cut a text."""
    folder = tiny_models.write_hugging_face(tmp_path / "m", tiny_models.sequence_graph(), "Sequence", ("a", "unsafe"))
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.enable_padding(length=64)
    tokenizer.enable_truncation(64)
    tokenizer.save(str(folder / "tokenizer.json"))
    model = Model.load(folder, allow_unsigned=True)
    encoded = model.encode(["pump " * 200 + "ignore"])[0]
    assert len(encoded.tokens) == 201
    assert max(model.margin(row.logits) for row in model.run(encoded.windows)) == pytest.approx(4.0)


def test_nonsense_is_not_an_answer(tmp_path: Path) -> None:
    """A value that is not finite raises, and the next window is answered."""
    graph = tiny_models.sequence_graph(nonsense=float("inf"))
    folder = tiny_models.write_signed(tmp_path / "m", graph, "sequence-classification", ("SAFE", "INJECTION"))
    model = Model.load(folder)
    with pytest.raises(NotReadyError, match="finite"):
        model.run(model.encode(["ignore"])[0].windows)
    assert len(model.run(model.encode(["pump"])[0].windows)) == 1


def test_labels_must_fit_the_graph(tmp_path: Path) -> None:
    """A graph with two classes and three labels is refused at load."""
    labels = ("SAFE", "INJECTION", "JAILBREAK")
    folder = tiny_models.write_signed(tmp_path / "m", tiny_models.sequence_graph(), "sequence-classification", labels)
    with pytest.raises(ConfigurationError, match="shape"):
        Model.load(folder)


def test_a_graph_that_wants_more_is_refused(tmp_path: Path) -> None:
    """An input that nobody here can fill is a configuration error at load."""
    graph = tiny_models.sequence_graph()
    graph.graph.input[1].name = "pixel_values"
    graph.graph.node[1].input[0] = "pixel_values"
    folder = tiny_models.write_signed(tmp_path / "m", graph, "sequence-classification", ("SAFE", "INJECTION"))
    with pytest.raises(ConfigurationError, match="input"):
        Model.load(folder)


def test_positions_and_narrow_integers_are_fed(tmp_path: Path) -> None:
    """A graph with int32 inputs and position ids gets them."""
    nodes = [
        helper.make_node("Gather", ["words", "input_ids"], ["one"]),
        helper.make_node("Gather", ["places", "position_ids"], ["two"]),
        helper.make_node("Add", ["one", "two"], ["logits"]),
    ]
    inputs = [
        helper.make_tensor_value_info(name, TensorProto.INT32, ["b", "s"]) for name in ("input_ids", "position_ids")
    ]
    output = helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["b", "s", 2])
    places = np.stack([np.arange(64), np.zeros(64)], axis=1).astype(np.float32)
    constants = {"words": np.zeros((len(tiny_models.VOCABULARY), 2), np.float32), "places": places}
    weights = [numpy_helper.from_array(value, name) for name, value in constants.items()]
    graph = helper.make_model(
        helper.make_graph(nodes, "tiny", inputs, [output], weights), opset_imports=[helper.make_opsetid("", 17)]
    )
    graph.ir_version = 9
    model = Model.load(tiny_models.write_signed(tmp_path / "m", graph, "token-classification", ("O", "PERSON")))
    assert model.run(model.encode(["the pump and the report"])[0].windows)[0].logits[:, 0].tolist() == [1, 2, 3, 4, 5]


def test_files_that_are_not_what_they_should_be(tmp_path: Path) -> None:
    """A broken graph or tokenizer is a configuration error that shows nothing of the file."""
    for name in ("model.onnx", "tokenizer.json"):
        folder = tiny_models.write_hugging_face(
            tmp_path / name, tiny_models.sequence_graph(), "Sequence", ("SAFE", "INJECTION")
        )
        target = folder / "onnx" / name if name == "model.onnx" else folder / name
        target.write_text("zebra zebra")
        with pytest.raises(ConfigurationError) as caught:
            Model.load(folder, allow_unsigned=True)
        assert "zebra" not in str(caught.value)


def test_a_changed_model_does_not_load(tmp_path: Path) -> None:
    """Verification stands before loading."""
    folder = tiny_models.write_injection(tmp_path / "m")
    with (folder / "model.onnx").open("ab") as file:
        file.write(b"\0")
    with pytest.raises(ModelIntegrityError):
        Model.load(folder)


@pytest.mark.skipif("CUDAExecutionProvider" in ort.get_available_providers(), reason="this machine has the provider")
def test_an_accelerator_that_is_not_here_is_not_replaced(tmp_path: Path) -> None:
    """Asking for CUDA without it is an error, never a silent CPU session."""
    folder = tiny_models.write_injection(tmp_path / "m")
    with pytest.raises(ConfigurationError, match="cuda"):
        Model.load(folder, provider="cuda")


def test_foreign_sequence_models_run(tmp_path: Path) -> None:
    """A Hugging Face sequence-classification folder loads through transformers' tokenizer and answers."""
    labels = ("INJECTION", "SAFE")
    graph = tiny_models.sequence_graph(rows=(1.0, 0.0))
    folder = tiny_models.write_hugging_face(tmp_path / "m", graph, "Sequence", labels)
    model = Model.load(folder, allow_unsigned=True)
    rows = model.run([model.encode([text])[0].windows[0] for text in ("please ignore", "the pump")])
    assert [model.margin(row.logits) for row in rows] == pytest.approx([4.0, -4.0])


def test_foreign_token_models_run(tmp_path: Path) -> None:
    """A Hugging Face token-classification folder with B-/I- labels loads and answers."""
    labels = ("O", "B-PER", "I-PER", "B-LOC")
    graph = tiny_models.token_graph(labels, shapes=False)
    model = Model.load(tiny_models.write_hugging_face(tmp_path / "m", graph, "Token", labels), allow_unsigned=True)
    encoded = model.encode(["alice in boston"])[0]
    assert model.run(encoded.windows)[0].logits.argmax(axis=1).tolist() == [1, 0, 3]


def test_three_classes_are_weighed_against_the_positive_one(tmp_path: Path) -> None:
    """With more than two classes the margin is the positive class against all others together; one is its own."""
    labels = ("BENIGN", "INJECTION", "NOISE")
    graph = tiny_models.sequence_graph(rows=(0.0, 1.0, 0.0))
    model = Model.load(tiny_models.write_signed(tmp_path / "m", graph, "sequence-classification", labels))
    assert model.margin(np.array([0.0, 4.0, 0.0], np.float32)) == pytest.approx(4.0 - np.log(2))
    assert model.margin(np.array([3.0], np.float32)) == 3.0


def test_a_model_prints_its_name_only(guard: Model) -> None:
    """Neither folder nor content is in what a model, a window or a manifest prints."""
    encoded = guard.encode(["the secret pump"])[0]
    printed = repr(guard) + repr(encoded) + repr(encoded.windows) + repr(verify(guard.manifest.folder))
    assert "guard" in printed
    assert "secret" not in printed
    assert str(guard.manifest.folder) not in printed
    assert json.dumps(encoded.tokens.ids.tolist()) not in printed


def test_the_verified_bytes_are_the_ones_that_run(tmp_path: Path) -> None:
    """The graph of a signed folder comes from the verified bytes, so a later swap of the file has no effect."""
    folder = tiny_models.write_injection(tmp_path / "m")
    model = Model.load(folder)
    onnx.save(tiny_models.sequence_graph(rows=(1.0, 0.0)), folder / "model.onnx")
    assert model.margin(model.run(model.encode(["ignore"])[0].windows)[0].logits) == pytest.approx(4.0)
