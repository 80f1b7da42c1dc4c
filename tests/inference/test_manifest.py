"""Model folders: what is named, what is refused, and what is said of it."""

from __future__ import annotations

import hashlib
import json
import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firewall.errors import ConfigurationError, ModelIntegrityError
from firewall.inference.manifest import Task, TokenTypes, WindowShape, verify
from firewall.inference.scoring import Calibration
from tests import tiny_models


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a signed sequence model."""
    return tiny_models.write_injection(tmp_path / "guard")


@pytest.fixture
def foreign(tmp_path: Path) -> Path:
    """Return a Hugging Face folder without a manifest."""
    return tiny_models.write_hugging_face(
        tmp_path / "foreign", tiny_models.sequence_graph(), "Sequence", ("benign", "jailbreak")
    )


def rewrite(folder: Path, **changes: Any) -> None:
    """Change fields of a manifest; a value of None takes the field out."""
    data = json.loads((folder / "manifest.json").read_text())
    data = {key: value for key, value in (data | changes).items() if value is not None}
    (folder / "manifest.json").write_text(json.dumps(data))


def test_a_whole_folder_is_read(folder: Path) -> None:
    """A verified folder says what the model is, and its digest is that of the manifest's bytes."""
    manifest = verify(folder)
    assert (manifest.name, manifest.task, manifest.token_types) == ("guard", Task.SEQUENCE, TokenTypes.ZEROS)
    assert manifest.window == WindowShape(32, 8)
    assert (manifest.labels, manifest.positive, manifest.signed) == (("SAFE", "INJECTION"), 1, True)
    assert manifest.digest == "sha256:" + hashlib.sha256((folder / "manifest.json").read_bytes()).hexdigest()
    assert manifest.read("model.onnx") == (folder / "model.onnx").read_bytes()


@pytest.mark.parametrize("name", ["model.onnx", "tokenizer.json", "config.json", "CARD.md"])
@pytest.mark.parametrize("place", [0, -1])
def test_a_changed_byte_is_refused_by_the_name_of_its_file(folder: Path, name: str, place: int) -> None:
    """One flipped bit in any named file, first or last byte, fails verification and names the file."""
    content = bytearray((folder / name).read_bytes())
    content[place] ^= 1
    (folder / name).write_bytes(content)
    with pytest.raises(ModelIntegrityError, match=name):
        verify(folder)


def test_a_file_changed_after_verification_is_not_used(folder: Path) -> None:
    """What is read later is hashed again."""
    manifest = verify(folder)
    (folder / "tokenizer.json").write_bytes(b"{}")
    with pytest.raises(ModelIntegrityError, match=r"tokenizer\.json"):
        manifest.read("tokenizer.json")
    with pytest.raises(ModelIntegrityError, match="not named"):
        manifest.read("manifest.json")


def test_a_missing_file_is_refused(folder: Path) -> None:
    """A named file must be there."""
    (folder / "tokenizer.json").unlink()
    with pytest.raises(ModelIntegrityError, match=r"tokenizer\.json is missing"):
        verify(folder)


@pytest.mark.parametrize("name", ["other.onnx", "vocab.txt", "deep/weights.bin", "pytorch_model.safetensors"])
def test_a_file_that_nobody_named_is_refused(folder: Path, name: str) -> None:
    """Weights or vocabularies beside the named ones fail verification."""
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_bytes(b"x")
    with pytest.raises(ModelIntegrityError, match="is not named"):
        verify(folder)


@pytest.mark.parametrize("name", ["train.py", "README.md", "LICENSE", "__pycache__/train.pyc", "texts/lines.txt"])
def test_recipes_and_cards_may_lie_beside_the_files(folder: Path, name: str) -> None:
    """What is never read at run time needs no digest."""
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_text("how it was made")
    assert verify(folder).signed


@pytest.mark.parametrize("name", ["../guard/model.onnx", "/etc/hostname", "manifest.json"])
def test_a_manifest_cannot_name_files_elsewhere(folder: Path, name: str) -> None:
    """Names that lead out of the folder, and the manifest itself, are refused."""
    files = json.loads((folder / "manifest.json").read_text())["files"]
    rewrite(folder, files=files | {name: files["model.onnx"]})
    with pytest.raises(ModelIntegrityError):
        verify(folder)


def test_a_link_out_of_the_folder_is_refused(folder: Path, tmp_path: Path) -> None:
    """A named file that is a link to somewhere else is refused even if its bytes are right."""
    (folder / "model.onnx").rename(tmp_path / "elsewhere.onnx")
    (folder / "model.onnx").symlink_to(tmp_path / "elsewhere.onnx")
    with pytest.raises(ModelIntegrityError, match="link"):
        verify(folder)


@pytest.mark.parametrize(
    "changes",
    [
        {"schema": 2},
        {"task": "generation"},
        {"window": {"tokens": 4, "overlap": 1}},
        {"window": {"tokens": 32, "overlap": 32}},
        {"window": None},
        {"files": ["model.onnx"]},
        {"calibration": {"kind": "platt"}},
        {"calibration": {"kind": "max-logit-rise", "scale": math.inf, "bias": 0, "rise": [[1, 0]]}},
        {"thresholds": {"default": "high"}},
        {"token_types": "rainbow"},
        {"labels": ["YES", "NO"]},
    ],
)
def test_a_manifest_that_does_not_say_what_is_needed_is_refused(folder: Path, changes: dict[str, Any]) -> None:
    """Missing fields, wrong kinds and values out of range are configuration errors."""
    rewrite(folder, **changes)
    with pytest.raises(ConfigurationError):
        verify(folder)


@pytest.mark.parametrize("content", ["{", "[]", '"x"'])
def test_a_manifest_that_is_no_object_is_refused(folder: Path, content: str) -> None:
    """A manifest is a JSON object."""
    (folder / "manifest.json").write_text(content)
    with pytest.raises(ConfigurationError):
        verify(folder)


def test_no_folder_is_an_error(tmp_path: Path) -> None:
    """A folder that is not there is named."""
    with pytest.raises(ConfigurationError, match="nowhere"):
        verify(tmp_path / "nowhere")


def test_unsigned_folders_need_permission(foreign: Path) -> None:
    """A folder without a manifest is refused until the caller says that it may be."""
    with pytest.raises(ModelIntegrityError, match="unsigned"):
        verify(foreign)
    manifest = verify(foreign, allow_unsigned=True)
    assert (manifest.signed, manifest.task, manifest.graph) == (False, Task.SEQUENCE, "onnx/model.onnx")
    assert (manifest.labels[manifest.positive], manifest.window.tokens) == ("jailbreak", 64)


@pytest.mark.parametrize("name", ["onnx/model.onnx", "tokenizer.json", "vocab.txt", "config.json"])
def test_the_digest_of_an_unsigned_folder_depends_on_every_file(foreign: Path, name: str) -> None:
    """Any changed file gives another digest."""
    before = verify(foreign, allow_unsigned=True).digest
    with (foreign / name).open("ab") as file:
        file.write(b"\n")
    assert verify(foreign, allow_unsigned=True).digest != before


def test_the_positive_label_can_be_told_and_must_be_known(tmp_path: Path) -> None:
    """Where no label has a telling name, the caller names one; a guess is never made."""
    graph = tiny_models.sequence_graph()
    folder = tiny_models.write_hugging_face(tmp_path / "odd", graph, "Sequence", ("ham", "spam"))
    with pytest.raises(ConfigurationError, match="positive"):
        verify(folder, allow_unsigned=True)
    assert verify(folder, allow_unsigned=True, positive_label="SPAM").positive == 1
    with pytest.raises(ConfigurationError, match="positive"):
        verify(folder, allow_unsigned=True, positive_label="eggs")


def test_roberta_has_two_positions_less(tmp_path: Path) -> None:
    """Positions that a RoBERTa never uses are not counted into its window."""
    folder = tiny_models.write_hugging_face(tmp_path / "r", tiny_models.sequence_graph(), "Sequence", ("a", "unsafe"))
    config = json.loads((folder / "config.json").read_text())
    config |= {"model_type": "roberta", "max_position_embeddings": 514, "pad_token_id": 1}
    (folder / "config.json").write_text(json.dumps(config))
    assert verify(folder, allow_unsigned=True).window == WindowShape(512, 128)


def test_other_architectures_and_missing_graphs_are_refused(foreign: Path) -> None:
    """A folder must hold a classifier and its graph."""
    config = json.loads((foreign / "config.json").read_text())
    (foreign / "config.json").write_text(json.dumps(config | {"architectures": ["BertModel"]}))
    with pytest.raises(ConfigurationError, match="architecture"):
        verify(foreign, allow_unsigned=True)
    (foreign / "config.json").write_text(json.dumps(config))
    (foreign / "onnx" / "model.onnx").unlink()
    with pytest.raises(ConfigurationError, match="onnx"):
        verify(foreign, allow_unsigned=True)


@given(
    margin=st.floats(-1e6, 1e6),
    more=st.floats(0, 100),
    windows=st.integers(1, 10**6),
    scale=st.floats(0.01, 10),
    per=st.floats(0, 5),
)
def test_calibration_is_monotone(margin: float, more: float, windows: int, scale: float, per: float) -> None:
    """A probability grows with the margin and shrinks with the number of windows, and stays in [0, 1]."""
    calibration = Calibration(scale, 0.5, ((1.0, 0.0), (10.0, per), (1000.0, 2 * per)))
    here = calibration.probability(margin, windows)
    assert 0 <= here <= 1
    assert calibration.probability(margin + more, windows) >= here
    assert calibration.probability(margin, windows + 1) <= here + 1e-12
