"""What the results of a session held, so that a name found in one is found in the next: keyed hashes, for a while.

A word or number becomes BLAKE2b under a key of its tenant and session, which follows from a secret that this process
draws at its start and keeps to itself. So what is kept tells nothing without the process, and cannot be joined between
sessions. Bounded in sessions and in entries; the oldest are forgotten first.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from hashlib import blake2b
from typing import Final

from firewall.detectors.name_parts import Part
from firewall.sealed import KEY_BYTES
from firewall.vocabulary import Finding, Identity

_DIGEST_BYTES: Final = 16
MOST_SESSIONS: Final = 2_000
MOST_ENTRIES: Final = 4_000  # names' parts and numbers of one session


class Known:
    """What one session held, or the parts so far of one document. May be asked from any thread."""

    __slots__ = ("_entries", "_key", "_lock", "_most", "names", "used")

    def __init__(self, key: bytes | None = None, most: int | None = None, now: float = 0.0) -> None:
        """Take the session's key (a random one for a document), the most entries it may have, and the time."""
        self._key, self._most, self.used = key or secrets.token_bytes(KEY_BYTES), most or MOST_ENTRIES, now
        self._entries: OrderedDict[bytes, tuple[Part | None, Finding]] = OrderedDict()
        self._lock = threading.Lock()
        self.names = 0

    def __repr__(self) -> str:
        """Show nothing of what is kept."""
        return f"Known({len(self._entries)} entries)"

    @property
    def filled(self) -> bool:
        """Whether anything is known."""
        return bool(self._entries)

    def parts(self, words: Iterable[str]) -> dict[str, tuple[Part, Finding]]:
        """Return the words that are parts of known names, with what is known of each."""
        found = {}
        for word in words:
            entry = self._entries.get(self._name(b"w", word))
            if entry is not None and entry[0] is not None:
                found[word] = (entry[0], entry[1])
        return found

    def numbers(self, keys: Iterable[str]) -> dict[str, Finding]:
        """Return the numbers that are known."""
        found = {}
        for key in keys:
            entry = self._entries.get(self._name(b"n", key))
            if entry is not None:
                found[key] = entry[1]
        return found

    def remember(self, parts: Iterable[tuple[str, Part, Finding]], numbers: Iterable[tuple[str, Finding]]) -> None:
        """Keep what a document held. Of a name's part its particles are not kept, because they are text."""
        with self._lock:
            first = self.names
            for word, part, kind in parts:
                names = frozenset(first + number for number in part.names)
                self.names = max(self.names, *names)
                kept = Part(0, names, part.initials, "", part.lower, part.login)
                self._keep(self._name(b"w", word), (kept, kind))
            for key, kind in numbers:
                self._keep(self._name(b"n", key), (None, kind))

    def _keep(self, name: bytes, entry: tuple[Part | None, Finding]) -> None:
        if name in self._entries:
            self._entries.move_to_end(name)
            return
        self._entries[name] = entry
        if len(self._entries) > self._most:
            self._entries.popitem(last=False)

    def _name(self, kind: bytes, word: str) -> bytes:
        return blake2b(
            word.encode("utf-8", "surrogatepass"), digest_size=_DIGEST_BYTES, key=self._key, person=kind
        ).digest()


class SessionMemory:
    """The sessions of one process. `ttl_s` is for how many seconds one is remembered after its last result."""

    def __init__(
        self,
        *,
        ttl_s: float = 3_600.0,
        most_sessions: int = MOST_SESSIONS,
        most_entries: int = MOST_ENTRIES,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Take the limits. Raises ValueError for one below 1."""
        if min(ttl_s, most_sessions, most_entries) < 1:
            raise ValueError("a memory has room for one session, one entry and one second at least")
        self._secret = secrets.token_bytes(KEY_BYTES)
        self._ttl_s, self._most_sessions, self._most_entries, self._clock = ttl_s, most_sessions, most_entries, clock
        self._sessions: OrderedDict[bytes, Known] = OrderedDict()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        """Count the sessions that are kept."""
        return len(self._sessions)

    def of(self, who: Identity) -> Known:
        """Return what is known of a caller's session."""
        tenant, session = (part.encode("utf-8", "surrogatepass") for part in (who.tenant, who.session))
        key = blake2b(
            len(tenant).to_bytes(4, "big") + tenant + session, key=self._secret, digest_size=KEY_BYTES
        ).digest()
        now = self._clock()
        with self._lock:
            while self._sessions and now - next(iter(self._sessions.values())).used > self._ttl_s:
                self._sessions.popitem(last=False)
            known = self._sessions.pop(key, None) or Known(key, self._most_entries, now)
            known.used = now
            self._sessions[key] = known
            if len(self._sessions) > self._most_sessions:
                self._sessions.popitem(last=False)
        return known
