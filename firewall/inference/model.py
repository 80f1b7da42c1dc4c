"""One verified model: text to windows, windows to answers, on CPU or CUDA. Synchronous; the batcher has the thread.

A folder may hold a screen beside the model, a graph that answers for the plain windows alone (`screen.py`). Where the
screen is the model's own first part, the other part goes on from what it left.
"""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray
from tokenizers import Tokenizer

from firewall.errors import ConfigurationError, NotReadyError
from firewall.inference.manifest import Manifest, Task, TokenTypes, verify
from firewall.inference.screen import OUTPUT as SCREEN_OUTPUT
from firewall.inference.screen import STATES, Screen, States, logits_of
from firewall.inference.shapes import word_shapes
from firewall.inference.tokenizer import load_tokenizer, pad_id, special_tokens
from firewall.inference.windows import Tokens, cut, tokenize

Provider = Literal["cpu", "cuda"]
Logits = NDArray[np.float32]
Marks = NDArray[np.float32]
_PROVIDERS: Mapping[str, str] = {"cpu": "CPUExecutionProvider", "cuda": "CUDAExecutionProvider"}
_INPUTS = frozenset({"input_ids", "attention_mask", "token_type_ids", "position_ids", STATES})
_DTYPES: Mapping[str, Any] = {"tensor(int64)": np.int64, "tensor(int32)": np.int32, "tensor(float)": np.float32}
_MOST_THREADS = 8
_SCREEN_INPUTS = frozenset({"input_ids", "attention_mask"})
_UNMARKED = -30.0  # log-odds of a token in a window that was cleared


@dataclass(frozen=True, slots=True, eq=False)
class Window:
    """The tokens `[first, last)` of a text, ready for the model: `ids` and `types` hold the special tokens too.

    `states` is what the model's first part made of them, `[tokens, hidden]`, once it has looked.
    """

    ids: NDArray[np.int32] = field(repr=False)
    types: NDArray[np.int8] = field(repr=False)
    first: int
    last: int
    states: States | None = field(default=None, repr=False)

    def __len__(self) -> int:
        """Return the number of tokens, special tokens included."""
        return len(self.ids)


@dataclass(frozen=True, slots=True, eq=False)
class Encoded:
    """A text as tokens, and the windows that cover every one of them. A text without tokens has no window."""

    tokens: Tokens
    windows: tuple[Window, ...] = field(repr=False)


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """What a model says of one window.

    `logits` are `[classes]` of a sequence model, `[tokens, classes]` of a token model, special tokens left out. A
    sequence model may also say which tokens are meant: `marks`, one log-odds a token, None where its graph has no such
    output. `cleared` is set where the screen alone has looked.
    """

    logits: Logits = field(repr=False)
    marks: Marks | None = field(default=None, repr=False)
    cleared: bool = False


class Model:
    """A model that answered a warm-up. `encode` and `run` may be called from any thread."""

    def __init__(
        self,
        manifest: Manifest,
        tokenizer: Tokenizer,
        session: ort.InferenceSession,
        provider: str,
        screen: ort.InferenceSession | None = None,
        *,
        clearing: bool = True,
    ) -> None:
        """Check that the graphs take what we can feed, and run them once on the shortest and on the longest window.

        `screen` is the graph that the manifest names as one; without it, or unless it is `clearing`, every window is
        read.

        Raises:
            ConfigurationError: if the graph wants an input that is not known here, or its answer does not fit the
                labels.
        """
        self.manifest = manifest
        self.provider = provider
        self._tokenizer = tokenizer
        self._session = session
        self._before, self._after = special_tokens(tokenizer)
        self._pad = pad_id(tokenizer)
        self._content = manifest.window.tokens - len(self._before) - len(self._after)
        if self._content <= manifest.window.overlap:
            raise ConfigurationError(f"model {manifest.name}: its window has no room between the special tokens")
        self._inputs = {one.name: _dtype(one, manifest.name) for one in session.get_inputs()}
        if not {"input_ids", STATES} & self._inputs.keys():
            raise ConfigurationError(f"model {manifest.name}: its graph has no input named input_ids")
        outputs = [one.name for one in session.get_outputs()]
        self._outputs = ["logits" if "logits" in outputs else outputs[0]]
        if "marks" in outputs and manifest.task is Task.SEQUENCE:
            self._outputs.append("marks")
        self._screen = self._screen_of(screen, clearing=clearing)
        self.begun = self._screen is not None and STATES in self._inputs
        if STATES in self._inputs and (self._screen is None or not self._screen.begins):
            raise ConfigurationError(f"model {manifest.name}: its graph goes on from states that no other graph makes")
        try:
            for count in (1, self._content):
                window = self._window(np.zeros(count, np.int32), np.zeros(count, np.int8), 0, count)
                self.clear([window])
                self.read([window])
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
        screen: bool = True,
    ) -> Model:
        """Verify a folder and load the model in it. `threads` of 0 takes every usable core, at most eight.

        `screen` lets the folder's screen, where it has one, answer for the windows that it clears.

        Raises:
            ModelIntegrityError: if a file is not what the manifest names.
            ConfigurationError: if the provider is not here, or a file cannot be used.
        """
        manifest = verify(folder, allow_unsigned=allow_unsigned, positive_label=positive_label)
        session = _session(manifest, manifest.graph, threads, provider)
        first = manifest.screen
        needed = first is not None and (screen or STATES in {one.name for one in session.get_inputs()})
        small = _session(manifest, first.graph, threads, provider) if first is not None and needed else None
        return cls(manifest, load_tokenizer(manifest), session, provider, small, clearing=screen)

    def __repr__(self) -> str:
        """Name the model and nothing else."""
        return f"Model({self.manifest.name} {self.manifest.version}, {self.provider})"

    def encode(self, texts: Sequence[str]) -> list[Encoded]:
        """Cut each text into windows that together cover all of its tokens. Cost is linear in the text."""
        return [
            self._encoded(text, tokens) for text, tokens in zip(texts, tokenize(self._tokenizer, texts), strict=True)
        ]

    @property
    def screened(self) -> bool:
        """Tell whether a screen looks at the windows first."""
        return self._screen is not None

    def run(self, windows: Sequence[Window]) -> list[Answer]:
        """Answer for each window: the screen for those it clears, the model for the others.

        Raises:
            NotReadyError: if an answer has the wrong shape or holds a value that is not finite.
        """
        cleared = self.clear(windows)
        rest = iter(self.read([one for one in cleared if isinstance(one, Window)]))
        return [next(rest) if isinstance(one, Window) else one for one in cleared]

    def clear(self, windows: Sequence[Window]) -> list[Answer | Window]:
        """Let the screen answer in one batch; what it does not clear comes back to be read. Raises as `run` does."""
        if self._screen is None or not windows:
            return list(windows)
        margins, states = self._screen.look(self._feed(windows, self._screen_inputs))
        found: list[Answer | Window] = []
        for row, (margin, window) in enumerate(zip(margins, windows, strict=True)):
            if margin is not None:
                found.append(self._cleared(margin, window))
            else:
                left = None if states is None else states[row, : len(window)].copy()
                found.append(window if left is None else replace(window, states=left))
        return found

    def read(self, windows: Sequence[Window]) -> list[Answer]:
        """Let the model itself answer in one batch, padded to the longest window. Raises as `run` does."""
        if not windows:
            return []
        if self.begun and any(window.states is None for window in windows):
            windows = [window if window.states is not None else self._begin(window) for window in windows]
        logits, *more = self._session.run(self._outputs, self._feed(windows, self._inputs))
        classes = len(self.manifest.labels)
        longest = max(map(len, windows))
        sequence = self.manifest.task is Task.SEQUENCE
        shape = (len(windows), classes) if sequence else (len(windows), longest, classes)
        if logits.shape != shape or any(marks.shape != (len(windows), longest) for marks in more):
            raise NotReadyError("its answer does not have the shape that its labels call for")
        if not all(np.isfinite(part).all() for part in (logits, *more)):
            raise NotReadyError("its answer holds a value that is not a finite number")
        logits = logits.astype(np.float32, copy=False)
        marks = more[0].astype(np.float32, copy=False) if more else None
        skip = len(self._before)
        places = [slice(skip, skip + window.last - window.first) for window in windows]
        return [
            Answer(
                logits[row] if sequence else logits[row, place],
                None if marks is None else marks[row, place],
            )
            for row, place in enumerate(places)
        ]

    def margin(self, logits: Logits) -> float:
        """Return the log-odds of the positive class in one row of a sequence model's logits."""
        if len(logits) == 1:
            return float(logits[0])
        positive = self.manifest.positive
        others = np.delete(logits.astype(np.float64), positive)
        return float(logits[positive] - np.logaddexp.reduce(others))

    def _begin(self, window: Window) -> Window:
        """Let the first part look at one window that nobody has looked at."""
        assert self._screen is not None
        _, states = self._screen.look(self._feed([window], self._screen_inputs))
        return window if states is None else replace(window, states=states[0])

    def _screen_of(self, session: ort.InferenceSession | None, *, clearing: bool) -> Screen | None:
        settings = self.manifest.screen
        if session is None or settings is None:
            return None
        self._screen_inputs = {one.name: _dtype(one, self.manifest.name) for one in session.get_inputs()}
        known = set(self._screen_inputs)
        if not {"input_ids"} <= known <= _SCREEN_INPUTS or SCREEN_OUTPUT not in {
            one.name for one in session.get_outputs()
        }:
            raise ConfigurationError(
                f"model {self.manifest.name}: its screen has other inputs or outputs than a screen"
            )
        if not clearing:
            settings = replace(settings, clear_below=-math.inf)
        return Screen.of(settings, session, self.manifest.calibration)

    def _cleared(self, margin: float, window: Window) -> Answer:
        marks = np.full(window.last - window.first, _UNMARKED, np.float32) if len(self._outputs) > 1 else None
        return Answer(logits_of(margin, len(self.manifest.labels), self.manifest.positive), marks, cleared=True)

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

    def _feed(self, windows: Sequence[Window], inputs: Mapping[str, Any]) -> dict[str, NDArray[Any]]:
        longest = max(map(len, windows))
        shape = (len(windows), longest)
        feed = {name: np.zeros(shape, dtype) for name, dtype in inputs.items() if name != STATES}
        if STATES in inputs:
            wide = next(one.states.shape[1] for one in windows if one.states is not None)
            feed[STATES] = np.zeros((*shape, wide), np.float32)
        if "input_ids" in feed:
            feed["input_ids"].fill(self._pad)
        for row, window in enumerate(windows):
            if "input_ids" in feed:
                feed["input_ids"][row, : len(window)] = window.ids
            if STATES in feed:
                feed[STATES][row, : len(window)] = window.states
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


def _session(manifest: Manifest, graph: str, threads: int, provider: Provider) -> ort.InferenceSession:
    """Open one of the folder's graphs with the provider that was asked for, and with no other."""
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
    source = str(manifest.folder / graph) if apart else manifest.read(graph)
    try:
        session = ort.InferenceSession(source, options, providers=[wanted])
    except Exception as error:
        raise ConfigurationError(f"model {manifest.name}: onnxruntime cannot open {graph}") from error
    session.disable_fallback()
    if session.get_providers()[0] != wanted:
        raise ConfigurationError(f"model {manifest.name}: the {provider} provider did not start")
    return session


def _dtype(node: ort.NodeArg, model: str) -> Any:
    if node.name not in _INPUTS or node.type not in _DTYPES:
        raise ConfigurationError(f"model {model}: its graph has an input that is not known here")
    return _DTYPES[node.type]
