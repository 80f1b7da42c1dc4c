"""Answers of a model that may be given again: under which name one is kept, in what form, and for how long.

A model's answer depends on nothing but the tokens of the window, so what is kept is one answer a window: a document
that shares a part with an earlier one is answered from memory for that part, exactly. No text is kept, and no token:
the name is an HMAC-SHA-256 of the window's tokens and of everything else that the answer depends on (`Naming`).
Neither policies nor rules are among these: both are applied anew to every document.

Whoever finds a text answered faster than another learns that it was looked at before. So that no tenant learns this
of another, the names of each tenant are made with a key of its own, and what is looked at on nobody's behalf is not
kept (`on_behalf_of`). Within a tenant this can be told; a deployment in which it must not sets the size to 0. Tenants
are kept apart as well as they are told apart: who may name any tenant as its own can ask on that tenant's behalf.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import json
import sys
import threading
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from contextvars import ContextVar
from typing import Final

import numpy as np
import onnxruntime as ort

from firewall import __version__
from firewall.inference.manifest import Task
from firewall.inference.model import Answer, Logits, Model, Window

KEY_BYTES: Final = 32
NAME_BYTES: Final = 32
# Raised whenever an answer comes to mean something else, or is kept in another form.
_FORM: Final = 1
_CLEARED: Final = 1
_MARKED: Final = 2
_HALF_MOST: Final = 65_504.0  # the largest finite float16
# What an entry takes besides its two byte strings: its place in the ordered dictionary, measured on CPython 3.11.
_PLACE_BYTES: Final = 120

_tenant: ContextVar[str | None] = ContextVar("tenant", default=None)


@contextlib.contextmanager
def on_behalf_of(tenant: str) -> Iterator[None]:
    """Let what is scored inside, and in tasks and threads begun inside, be remembered for this tenant alone."""
    token = _tenant.set(tenant)
    try:
        yield
    finally:
        _tenant.reset(token)


def tenant() -> str | None:
    """Return the tenant on whose behalf this task works; None where nobody said."""
    return _tenant.get()


def derive(key: bytes, purpose: str) -> bytes:
    """Return the key for one purpose: HMAC-SHA-256 of the purpose's name under a key (32 bytes)."""
    return hmac.digest(key, b"agent-tool-firewall/verdicts/" + purpose.encode("utf-8", "surrogatepass"), "sha256")


class Naming:
    """Names windows of one model under a key. Two windows have one name only where one answer is right for both."""

    __slots__ = ("_about", "_key")

    def __init__(self, key: bytes, model: Model) -> None:
        """Write down what an answer of this model depends on besides the window.

        The manifest's digest stands for graphs, tokenizer, window, calibration and screen. Raises ValueError if the key
        is not of 32 bytes.
        """
        if len(key) != KEY_BYTES:
            raise ValueError(f"the key of the verdict cache has {KEY_BYTES} bytes")
        manifest = model.manifest
        about = {
            "form": _FORM,
            "firewall": __version__,
            "onnxruntime": ort.__version__,
            "model": manifest.digest,
            "task": manifest.task.value,
            "positive": manifest.positive,
            "provider": model.provider,
            "screened": model.screened,
        }
        self._key = derive(key, "names")
        self._about = hashlib.sha256(json.dumps(about, sort_keys=True).encode()).digest()

    def __repr__(self) -> str:
        """Show no key."""
        return "Naming()"

    def names(self, tenant: str, windows: Sequence[Window]) -> list[bytes]:
        """Return the names (32 bytes) of windows that are scored on behalf of a tenant."""
        mine, about = derive(self._key, f"tenant/{tenant}"), self._about
        return [
            # Tokens and types are equally many, so their bytes cannot be taken for those of another window.
            hmac.digest(mine, b"".join((about, window.ids.tobytes(), window.types.tobytes())), "sha256")
            for window in windows
        ]


class Form:
    """Writes a model's answers as bytes and reads them: scores of the window as float32, those of tokens as float16.

    Rounding halves what a token model's answers take, and moves a token's probability by less than 0.001. An answer is
    rounded before it is first given, so that a text reads the same whether or not it was remembered.
    """

    __slots__ = ("_classes", "_tokens")

    def __init__(self, model: Model) -> None:
        """Keep the shape of the model's answers."""
        self._classes = len(model.manifest.labels)
        self._tokens = model.manifest.task is Task.TOKEN

    def pack(self, answer: Answer) -> bytes:
        """Return an answer as bytes."""
        flags = (_CLEARED if answer.cleared else 0) | (0 if answer.marks is None else _MARKED)
        logits = _halves(answer.logits) if self._tokens else answer.logits.astype("<f4", copy=False).tobytes()
        return b"".join((bytes((flags,)), logits, b"" if answer.marks is None else _halves(answer.marks)))

    def unpack(self, packed: bytes, window: Window) -> Answer | None:
        """Return the answer for a window; None where the bytes are not such an answer. Its arrays are read-only."""
        count = window.last - window.first
        flags = packed[0] if packed else _MARKED + _CLEARED + 1
        head = 1 + (2 * count if self._tokens else 4) * self._classes
        if flags > _MARKED + _CLEARED or len(packed) != head + (2 * count if flags & _MARKED else 0):
            return None
        if self._tokens:
            logits: Logits = _floats(packed, "<f2", 1, count * self._classes).reshape(count, self._classes)
        else:
            logits = _floats(packed, "<f4", 1, self._classes)
        marks = _floats(packed, "<f2", head, count) if flags & _MARKED else None
        return Answer(logits, marks, cleared=bool(flags & _CLEARED))


class Memory:
    """The answers used last, within a number of entries and of bytes. May be used from any thread; each step is O(1)."""

    def __init__(self, max_bytes: int, max_entries: int) -> None:
        """Start empty. `max_bytes` counts names, answers and what it takes to keep them. Raises ValueError below 1."""
        if max_bytes < 1 or max_entries < 1:
            raise ValueError("the limits of a memory are positive")
        self.max_bytes = max_bytes
        self.max_entries = max_entries
        self._lock = threading.Lock()
        self._entries: OrderedDict[bytes, bytes] = OrderedDict()
        self._bytes = 0

    def __len__(self) -> int:
        """Return the number of entries."""
        return len(self._entries)

    def __repr__(self) -> str:
        """Tell how much is kept, and nothing of what."""
        return f"Memory({len(self)} entries, {self._bytes} bytes)"

    @property
    def size(self) -> int:
        """Return how many bytes the entries take."""
        return self._bytes

    def get(self, names: Sequence[bytes]) -> list[bytes | None]:
        """Return what is kept under each name, None where nothing is; it counts as used."""
        with self._lock:
            found = [self._entries.get(name) for name in names]
            for name, packed in zip(names, found, strict=True):
                if packed is not None:
                    self._entries.move_to_end(name)
        return found

    def put(self, entries: Iterable[tuple[bytes, bytes]]) -> None:
        """Keep what was packed under each name, and forget what was not used for longest where there is no room."""
        with self._lock:
            for name, packed in entries:
                size = _size(name, packed)
                if size > self.max_bytes:
                    continue
                old = self._entries.pop(name, None)
                self._bytes += size - (0 if old is None else _size(name, old))
                self._entries[name] = packed
                while self._bytes > self.max_bytes or len(self._entries) > self.max_entries:
                    self._bytes -= _size(*self._entries.popitem(last=False))


def _size(name: bytes, packed: bytes) -> int:
    return sys.getsizeof(name) + sys.getsizeof(packed) + _PLACE_BYTES


def _halves(values: Logits) -> bytes:
    return np.clip(values, -_HALF_MOST, _HALF_MOST).astype("<f2").tobytes()


def _floats(packed: bytes, kind: str, at: int, count: int) -> Logits:
    """Read numbers as float32, read-only, so that nobody changes what others are answered with."""
    read = np.frombuffer(packed, kind, count, at).astype(np.float32)
    read.flags.writeable = False
    return read
