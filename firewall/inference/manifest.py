"""A model folder, read and verified: every byte that is used was named, and is what it was named as.

Two kinds of folder are read. Ours carries `manifest.json` with the SHA-256 of every file. A Hugging Face folder
(`config.json`, tokenizer files, `model.onnx` or `onnx/model.onnx`) has none; it is read when the caller says so.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path, PurePosixPath
from types import MappingProxyType
from typing import Any

from firewall.errors import ConfigurationError, ModelIntegrityError
from firewall.inference.scoring import (
    Calibration,
    Passages,
    Screening,
    read_calibration,
    read_passages,
    read_screening,
)

MANIFEST = "manifest.json"
SCHEMA = 1
# Recipes and cards tell how the model was made; they are never read at run time, so they may be edited. So may the
# texts of a recipe, in a folder of their own: a vocabulary lies beside the model.
_FREE_SUFFIXES = frozenset({".py", ".md"})
_FREE_STEMS = frozenset({"readme", "card", "license", "licence", "notice"})
_POSITIVE_NAMES = ("INJECTION", "PROMPT_INJECTION", "JAILBREAK", "MALICIOUS", "ATTACK", "UNSAFE", "LABEL_1")
_LONGEST_WINDOW = 512


class Task(StrEnum):
    """What a model answers: one row of logits for a window, or one for each token."""

    SEQUENCE = "sequence-classification"
    TOKEN = "token-classification"  # noqa: S105 - a token of text


class TokenTypes(StrEnum):
    """What the model wants in its token-type input."""

    ZEROS = "zeros"
    WORD_SHAPE = "word-shape"


@dataclass(frozen=True, slots=True)
class FileEntry:
    """A file as it must be: its SHA-256 in hexadecimal and its size in bytes."""

    sha256: str
    bytes: int


@dataclass(frozen=True, slots=True)
class WindowShape:
    """A window holds at most `tokens` tokens, special tokens included; neighbours share `overlap` or more."""

    tokens: int
    overlap: int


@dataclass(frozen=True, slots=True)
class Manifest:
    """What is known of a verified model folder. `positive` is the index of the class that a sequence model warns of."""

    folder: Path = field(repr=False)
    name: str
    version: str
    task: Task
    base: str
    files: Mapping[str, FileEntry] = field(repr=False)
    graph: str
    window: WindowShape
    token_types: TokenTypes
    labels: tuple[str, ...]
    positive: int
    calibration: Calibration
    passages: Passages
    screen: Screening | None
    thresholds: Mapping[str, float]
    digest: str
    signed: bool
    training: Mapping[str, Any] = field(repr=False)
    metrics: Mapping[str, Any] = field(repr=False)

    def read(self, name: str) -> bytes:
        """Return the bytes of a named file, hashed again, so that what is used is what was verified.

        Raises:
            ModelIntegrityError: if the file changed since, or was never named.
        """
        entry = self.files.get(name)
        if entry is None:
            raise ModelIntegrityError(f"model {self.name}: {name} is not named in its manifest")
        content = _read(self.folder / name, self.name, name)
        if len(content) != entry.bytes or hashlib.sha256(content).hexdigest() != entry.sha256:
            raise ModelIntegrityError(f"model {self.name}: {name} is not the file that its manifest names")
        return content


def verify(folder: Path, *, allow_unsigned: bool = False, positive_label: str | None = None) -> Manifest:
    """Read a model folder and check every file in it.

    `allow_unsigned` admits a Hugging Face folder without a manifest: its digest is taken from the files as they lie
    there. `positive_label` names the class that a sequence model warns of, where its name does not tell.

    Raises:
        ModelIntegrityError: if a named file is missing or changed, a file is not named, or there is no manifest.
        ConfigurationError: if the manifest or the model's config does not say what is needed.
    """
    if not folder.is_dir():
        raise ConfigurationError(f"model folder {folder.name} does not exist")
    present = _files(folder)
    if MANIFEST in present:
        return _signed(folder, present, positive_label)
    if not allow_unsigned:
        raise ModelIntegrityError(f"model folder {folder.name} has no {MANIFEST}, and unsigned models are not allowed")
    return _unsigned(folder, present, positive_label)


def _signed(folder: Path, present: frozenset[str], positive_label: str | None) -> Manifest:
    raw = _read(folder / MANIFEST, folder.name, MANIFEST)
    data = _object(raw, folder.name, MANIFEST)
    try:
        if data["schema"] != SCHEMA:
            raise ConfigurationError(f"model {folder.name}: {MANIFEST} has a schema other than {SCHEMA}")
        name = str(data["name"])
        files = {str(key): FileEntry(str(one["sha256"]), int(one["bytes"])) for key, one in data["files"].items()}
        task = Task(data["task"])
        window = WindowShape(int(data["window"]["tokens"]), int(data["window"]["overlap"]))
        token_types = TokenTypes(data.get("token_types", TokenTypes.ZEROS))
        calibration = read_calibration(data.get("calibration"))
        passages = read_passages(data.get("marks"))
        screen = read_screening(data.get("screen"), calibration)
        thresholds = {str(key): float(value) for key, value in (data.get("thresholds") or {}).items()}
        version, base = str(data["version"]), data.get("base", "")
        base = str(base["name"] if isinstance(base, dict) else base)
        told = data.get("labels")
        training, metrics = dict(data.get("training") or {}), dict(data.get("metrics") or {})
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ConfigurationError(f"model {folder.name}: {MANIFEST} lacks a field or holds a wrong one") from error
    if window.tokens < 8 or not 0 <= window.overlap < window.tokens - 4:
        raise ConfigurationError(f"model {name}: the window has fewer than 8 tokens or an overlap as large as itself")
    _check_files(folder, name, files, present)
    if screen is not None and (task is not Task.SEQUENCE or screen.graph not in files):
        raise ConfigurationError(f"model {name}: a screen is a named graph of a sequence model")
    labels = tuple(str(label) for label in told) if told else _labels(_config(folder, files), task, name)
    return Manifest(
        folder=folder, name=name, version=version, task=task, base=base, files=MappingProxyType(files),
        graph=_graph(files, name, screen), window=window, token_types=token_types, labels=labels,
        positive=_positive(labels, task, positive_label, name), calibration=calibration, signed=True,
        passages=passages, screen=screen,
        thresholds=MappingProxyType(thresholds), training=training, metrics=metrics,
        digest=f"sha256:{hashlib.sha256(raw).hexdigest()}",
    )  # fmt: skip


def _unsigned(folder: Path, present: frozenset[str], positive_label: str | None) -> Manifest:
    files = {name: _entry(folder, name) for name in sorted(present)}
    config, name = _config(folder, files), folder.name
    task = _task(config, name)
    labels = _labels(config, task, name)
    total = hashlib.sha256("".join(f"{key}\0{one.sha256}\n" for key, one in files.items()).encode()).hexdigest()
    return Manifest(
        folder=folder, name=name, version="unsigned", task=task, base=str(config.get("model_type", "")),
        files=MappingProxyType(files), graph=_graph(files, name, None), window=_config_window(config),
        token_types=TokenTypes.ZEROS, labels=labels, positive=_positive(labels, task, positive_label, name),
        calibration=Calibration(), passages=Passages(), screen=None, thresholds=MappingProxyType({}), digest=f"sha256:{total}",
        signed=False, training={}, metrics={},
    )  # fmt: skip


def _check_files(folder: Path, model: str, files: Mapping[str, FileEntry], present: frozenset[str]) -> None:
    """Refuse a named file that is missing, changed or outside the folder, and any file that nobody named."""
    for name, entry in files.items():
        path = PurePosixPath(name)
        if path.is_absolute() or ".." in path.parts or name == MANIFEST:
            raise ModelIntegrityError(f"model {model}: {MANIFEST} names a file outside the folder")
        if name not in present:
            raise ModelIntegrityError(f"model {model}: {name} is missing")
        if _entry(folder, name) != entry:
            raise ModelIntegrityError(f"model {model}: {name} is not the file that its manifest names")
    for name in sorted(present - files.keys() - {MANIFEST}):
        path = PurePosixPath(name)
        recipe = path.suffix.lower() in _FREE_SUFFIXES or (path.suffix.lower() == ".txt" and len(path.parts) > 1)
        if not recipe and path.stem.lower() not in _FREE_STEMS:
            raise ModelIntegrityError(f"model {model}: {name} is not named in its manifest")


def _files(folder: Path) -> frozenset[str]:
    """Return every regular file of the folder by its path inside it; compiled Python of the recipes is passed over."""
    found = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file() or path.is_symlink())
    return frozenset(path.as_posix() for path in found if "__pycache__" not in path.parts)


def _entry(folder: Path, name: str) -> FileEntry:
    path = folder / name
    if not path.resolve().is_relative_to(folder.resolve()):
        raise ModelIntegrityError(f"model {folder.name}: {name} is a link that leads out of the folder")
    try:
        with path.open("rb") as file:
            return FileEntry(hashlib.file_digest(file, "sha256").hexdigest(), path.stat().st_size)
    except OSError as error:
        raise ModelIntegrityError(f"model {folder.name}: {name} cannot be read") from error


def _read(path: Path, model: str, name: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ModelIntegrityError(f"model {model}: {name} cannot be read") from error


def _object(raw: bytes, model: str, name: str) -> dict[str, Any]:
    try:
        data = json.loads(raw)
    except ValueError as error:
        raise ConfigurationError(f"model {model}: {name} is not JSON") from error
    if not isinstance(data, dict):
        raise ConfigurationError(f"model {model}: {name} is not a JSON object")
    return data


def _config(folder: Path, files: Mapping[str, FileEntry]) -> dict[str, Any]:
    if "config.json" not in files:
        return {}
    return _object(_read(folder / "config.json", folder.name, "config.json"), folder.name, "config.json")


def _config_window(config: Mapping[str, Any]) -> WindowShape:
    """Take the longest window a Hugging Face model was built for, at most 512 tokens, a quarter of it shared."""
    longest = int(config.get("max_position_embeddings") or _LONGEST_WINDOW)
    # RoBERTa counts positions from the padding index on, so two of its positions are never used.
    longest -= int(config.get("pad_token_id") or 0) + 1 if "roberta" in str(config.get("model_type", "")) else 0
    tokens = max(8, min(longest, _LONGEST_WINDOW))
    return WindowShape(tokens, tokens // 4)


def _task(config: Mapping[str, Any], model: str) -> Task:
    names = " ".join(str(name) for name in config.get("architectures") or ())
    if "ForSequenceClassification" in names:
        return Task.SEQUENCE
    if "ForTokenClassification" in names:
        return Task.TOKEN
    raise ConfigurationError(f"model {model}: config.json names no sequence or token classification architecture")


def _labels(config: Mapping[str, Any], task: Task, model: str) -> tuple[str, ...]:
    """Return the labels in the order of the logits; a sequence model without id2label has two, as in transformers."""
    named = config.get("id2label")
    if isinstance(named, Mapping) and named:
        try:
            return tuple(str(named[str(index)]) for index in range(len(named)))
        except KeyError as error:
            raise ConfigurationError(f"model {model}: id2label does not count from 0") from error
    if task is Task.SEQUENCE:
        return ("LABEL_0", "LABEL_1")
    raise ConfigurationError(f"model {model}: a token model needs labels in its manifest or id2label in config.json")


def _positive(labels: tuple[str, ...], task: Task, told: str | None, model: str) -> int:
    if task is Task.TOKEN or len(labels) == 1:
        return 0
    upper = [label.upper() for label in labels]
    for name in (told.upper(),) if told is not None else _POSITIVE_NAMES:
        if name in upper:
            return upper.index(name)
    raise ConfigurationError(f"model {model}: which of its labels is the positive one must be said")


def _graph(files: Mapping[str, FileEntry], model: str, screen: Screening | None) -> str:
    """Return the name of the one ONNX graph beside the screen's; of several, the plain `model.onnx`."""
    graphs = [name for name in files if name.endswith(".onnx") and (screen is None or name != screen.graph)]
    for name in ("model.onnx", "onnx/model.onnx"):
        if name in graphs:
            return name
    if len(graphs) == 1:
        return graphs[0]
    raise ConfigurationError(f"model {model}: there is no model.onnx")
