"""One verified model: text to windows, windows to logits, on CPU or CUDA. Synchronous; the batcher has the thread."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray
from tokenizers import Tokenizer

from firewall.errors import ConfigurationError, NotReadyError
from firewall.inference.manifest import Manifest, Task, TokenTypes, verify
from firewall.inference.shapes import word_shapes
from firewall.inference.windows import Tokens, cut, tokenize

Provider = Literal["cpu", "cuda"]
Logits = NDArray[np.float32]
_PROVIDERS: Mapping[str, str] = {"cpu": "CPUExecutionProvider", "cuda": "CUDAExecutionProvider"}
_INPUTS = frozenset({"input_ids", "attention_mask", "token_type_ids", "position_ids"})
_DTYPES: Mapping[str, Any] = {"tensor(int64)": np.int64, "tensor(int32)": np.int32}
_MOST_THREADS = 8


@dataclass(frozen=True, slots=True, eq=False)
class Window:
    """The tokens `[first, last)` of a text, ready for the model: `ids` and `types` hold the special tokens too."""

    ids: NDArray[np.int32] = field(repr=False)
    types: NDArray[np.int8] = field(repr=False)
    first: int
    last: int

    def __len__(self) -> int:
        """Return the number of tokens, special tokens included."""
        return len(self.ids)


@dataclass(frozen=True, slots=True, eq=False)
class Encoded:
    """A text as tokens, and the windows that cover every one of them. A text without tokens has no window."""

    tokens: Tokens
    windows: tuple[Window, ...] = field(repr=False)


class Model:
    """A model that answered a warm-up. `encode` and `run` may be called from any thread."""

    def __init__(self, manifest: Manifest, tokenizer: Tokenizer, session: ort.InferenceSession, provider: str) -> None:
        """Check that the graph takes what we can feed, and run it once on the shortest and on the longest window.

        Raises:
            ConfigurationError: if the graph wants an input that is not known here, or its answer does not fit the
                labels.
        """
        self.manifest = manifest
        self.provider = provider
        self._tokenizer = tokenizer
        self._session = session
        self._before, self._after = _special_tokens(tokenizer)
        self._pad = _pad_id(tokenizer)
        self._content = manifest.window.tokens - len(self._before) - len(self._after)
        if self._content <= manifest.window.overlap:
            raise ConfigurationError(f"model {manifest.name}: its window has no room between the special tokens")
        self._inputs = {one.name: _dtype(one, manifest.name) for one in session.get_inputs()}
        if "input_ids" not in self._inputs:
            raise ConfigurationError(f"model {manifest.name}: its graph has no input named input_ids")
        outputs = [one.name for one in session.get_outputs()]
        self._output = "logits" if "logits" in outputs else outputs[0]
        try:
            for count in (1, self._content):
                self.run([self._window(np.zeros(count, np.int32), np.zeros(count, np.int8), 0, count)])
        except NotReadyError as error:
            raise ConfigurationError(f"model {manifest.name}: {error.detail}") from error

    @classmethod
    def load(
        cls,
        folder: Path,
        *,
        threads: int = 0,
        provider: Provider = "cpu",
        allow_unsigned: bool = False,
        positive_label: str | None = None,
    ) -> Model:
        """Verify a folder and load the model in it. `threads` of 0 takes every usable core, at most eight.

        Raises:
            ModelIntegrityError: if a file is not what the manifest names.
            ConfigurationError: if the provider is not here, or a file cannot be used.
        """
        manifest = verify(folder, allow_unsigned=allow_unsigned, positive_label=positive_label)
        session = _session(manifest, threads, provider)
        return cls(manifest, _tokenizer(manifest), session, provider)

    def __repr__(self) -> str:
        """Name the model and nothing else."""
        return f"Model({self.manifest.name} {self.manifest.version}, {self.provider})"

    def encode(self, texts: Sequence[str]) -> list[Encoded]:
        """Cut each text into windows that together cover all of its tokens. Cost is linear in the text."""
        return [
            self._encoded(text, tokens) for text, tokens in zip(texts, tokenize(self._tokenizer, texts), strict=True)
        ]

    def run(self, windows: Sequence[Window]) -> list[Logits]:
        """Score windows in one batch, padded to the longest of them.

        A sequence model answers `[classes]` for each window, a token model `[tokens without special ones, classes]`.

        Raises:
            NotReadyError: if the answer has the wrong shape or holds a value that is not finite.
        """
        answer = self._session.run([self._output], self._feed(windows))[0]
        classes = len(self.manifest.labels)
        longest = max(map(len, windows))
        sequence = self.manifest.task is Task.SEQUENCE
        shape = (len(windows), classes) if sequence else (len(windows), longest, classes)
        if answer.shape != shape:
            raise NotReadyError("its answer does not have the shape that its labels call for")
        if not np.isfinite(answer).all():
            raise NotReadyError("its answer holds a value that is not a finite number")
        logits: Logits = answer.astype(np.float32, copy=False)
        if sequence:
            return list(logits)
        skip = len(self._before)
        return [row[skip : skip + one.last - one.first] for row, one in zip(logits, windows, strict=True)]

    def margin(self, logits: Logits) -> float:
        """Return the log-odds of the positive class in one row of a sequence model's logits."""
        if len(logits) == 1:
            return float(logits[0])
        positive = self.manifest.positive
        others = np.delete(logits.astype(np.float64), positive)
        return float(logits[positive] - np.logaddexp.reduce(others))

    def _encoded(self, text: str, tokens: Tokens) -> Encoded:
        if self.manifest.token_types is TokenTypes.WORD_SHAPE:
            types = word_shapes(text, tokens)
        else:
            types = np.zeros(len(tokens), np.int8)
        spans = cut(len(tokens), self._content, self.manifest.window.overlap)
        return Encoded(tokens, tuple(self._window(tokens.ids, types, first, last) for first, last in spans))

    def _window(self, ids: NDArray[np.int32], types: NDArray[np.int8], first: int, last: int) -> Window:
        before, after = len(self._before), len(self._after)
        padded = np.zeros(before + last - first + after, np.int8)
        padded[before : before + last - first] = types[first:last]
        return Window(np.concatenate((self._before, ids[first:last], self._after)), padded, first, last)

    def _feed(self, windows: Sequence[Window]) -> dict[str, NDArray[Any]]:
        longest = max(map(len, windows))
        shape = (len(windows), longest)
        feed = {name: np.zeros(shape, dtype) for name, dtype in self._inputs.items()}
        feed["input_ids"].fill(self._pad)
        for row, window in enumerate(windows):
            feed["input_ids"][row, : len(window)] = window.ids
            if "attention_mask" in feed:
                feed["attention_mask"][row, : len(window)] = 1
            if "token_type_ids" in feed:
                feed["token_type_ids"][row, : len(window)] = window.types
            if "position_ids" in feed:
                feed["position_ids"][row] = np.arange(longest)
        return feed


def usable_cores() -> int:
    """Return the number of processor cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _session(manifest: Manifest, threads: int, provider: Provider) -> ort.InferenceSession:
    """Open the graph with the provider that was asked for, and with no other."""
    wanted = _PROVIDERS.get(provider)
    if wanted is None or wanted not in ort.get_available_providers():
        raise ConfigurationError(f"model {manifest.name}: this onnxruntime has no {provider} provider")
    if provider == "cuda":
        ort.preload_dlls()  # the CUDA libraries that came as Python packages; harmless where the system has its own
    ort.disable_telemetry_events()  # again, where somebody imported onnxruntime before this package
    options = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_ALL
    options.intra_op_num_threads = threads or min(usable_cores(), _MOST_THREADS)
    options.inter_op_num_threads = 1
    # Threads that spin while they wait take the core from the event loop and from the other model.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 4
    # A graph with weights in a file of its own can only be opened by path; otherwise the verified bytes are used.
    apart = any(".onnx_data" in name or ".onnx.data" in name for name in manifest.files)
    source = str(manifest.folder / manifest.graph) if apart else manifest.read(manifest.graph)
    try:
        session = ort.InferenceSession(source, options, providers=[wanted])
    except Exception as error:
        raise ConfigurationError(f"model {manifest.name}: onnxruntime cannot open {manifest.graph}") from error
    session.disable_fallback()
    if session.get_providers()[0] != wanted:
        raise ConfigurationError(f"model {manifest.name}: the {provider} provider did not start")
    return session


def _tokenizer(manifest: Manifest) -> Tokenizer:
    """Read the tokenizer: ours from its verified bytes, a Hugging Face folder's through transformers."""
    try:
        if manifest.signed and "tokenizer.json" in manifest.files:
            return Tokenizer.from_buffer(manifest.read("tokenizer.json"))
        return _transformers_tokenizer(manifest)
    except ConfigurationError:
        raise
    except Exception as error:
        raise ConfigurationError(f"model {manifest.name}: its tokenizer cannot be read") from error


def _transformers_tokenizer(manifest: Manifest) -> Tokenizer:
    """Let transformers find the tokenizer of a folder; it is told not to ask the network."""
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    os.environ.setdefault("TRANSFORMERS_OFFLINE", "1")
    os.environ.setdefault("TRANSFORMERS_NO_ADVISORY_WARNINGS", "1")  # torch is not here, and is not missed
    from transformers import AutoTokenizer  # takes most of a second, and only these folders need it

    found = AutoTokenizer.from_pretrained(str(manifest.folder), local_files_only=True, trust_remote_code=False)
    if not found.is_fast:
        raise ConfigurationError(f"model {manifest.name}: its tokenizer has no fast form, so it has no offsets")
    tokenizer: Tokenizer = found.backend_tokenizer
    return tokenizer


def _special_tokens(tokenizer: Tokenizer) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Return the special tokens that stand before and after a text; padding and truncation are switched off."""
    tokenizer.no_truncation()
    tokenizer.no_padding()
    encoding = tokenizer.encode("a")
    mask = np.array(encoding.special_tokens_mask, dtype=bool)
    ids = np.array(encoding.ids, dtype=np.int32)
    text = np.flatnonzero(~mask)
    if not len(text):
        return ids[:0], ids[:0]
    return ids[: text[0]], ids[text[-1] + 1 :]


def _pad_id(tokenizer: Tokenizer) -> int:
    """Return the padding token's id; masked positions do not count, so 0 serves where there is none."""
    for name in ("[PAD]", "<pad>", "<|pad|>"):
        found = tokenizer.token_to_id(name)
        if found is not None:
            return int(found)
    return 0


def _dtype(node: ort.NodeArg, model: str) -> Any:
    if node.name not in _INPUTS or node.type not in _DTYPES:
        raise ConfigurationError(f"model {model}: its graph has an input that is not known here")
    return _DTYPES[node.type]
