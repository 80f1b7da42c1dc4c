"""The keys of redaction: whose they are decides who can see that two values are the same, and who gets one back.

`hash` is one tenant's, surrogates and moved dates are one session's, tokens are one session's for one purpose. All follow
from one secret of the service, so that nothing has to be kept and every service that has it makes the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Final

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from firewall.redact.dates import WEEK
from firewall.redact.surrogate import Sessions, Surrogates
from firewall.redact.tokens import Original, Scope
from firewall.redact.vault import MemoryVault, Vault
from firewall.sealed import KEY_BYTES, derive
from firewall.vocabulary import Identity

MOST_DAYS: Final = 1_820  # five years of weeks


class Keyring:
    """The secret of one service, and where it keeps what short tokens stand for."""

    def __init__(self, key: bytes, vault: Vault | None = None) -> None:
        """Take the secret (32 bytes) and the vault; without one, texts are kept in this process."""
        self._key = key
        self._sessions = Sessions()
        self.vault: Vault = vault or MemoryVault()

    def __repr__(self) -> str:
        """Show no key."""
        return "Keyring()"

    def keys(self, who: Identity) -> Keys:
        """Return the keys of a caller, for one document."""
        return Keys(self._key, who, self._sessions)


class Keys:
    """The keys of one tenant, session and purpose, and what is to be kept for them. Each is made when it is needed.

    `kept` holds what the vault has to take before the tokens may be given out; `originals` what tokens stand for, by the
    token, when they are to be restored.
    """

    def __init__(self, key: bytes, who: Identity, sessions: Sessions) -> None:
        """Take the service's secret and who calls."""
        self._key, self._who, self._sessions = key, who, sessions
        self.kept: dict[bytes, bytes] = {}
        self.originals: Mapping[str, Original] = {}

    def __repr__(self) -> str:
        """Show no key."""
        return "Keys()"

    @cached_property
    def salt(self) -> bytes:
        """The secret of the `hash` operator: one a tenant, so that tenants cannot be joined."""
        return derive(self._key, f"hash-operator/{self._who.tenant}")

    @cached_property
    def scope(self) -> Scope:
        """The tokens of this tenant, session and purpose."""
        return Scope(self._for("tokens", self._who.tenant, self._who.session, self._who.purpose))

    @cached_property
    def surrogates(self) -> Surrogates:
        """The surrogates of this tenant's session."""
        return self._sessions.of(self._for("surrogates", self._who.tenant, self._who.session))

    def days(self, *, most: int = MOST_DAYS, of: str = "session") -> int:
        """Return by how many days dates move, into the past: whole weeks where `most` allows one, and never none.

        `of` is whose number it is: the session's, or the tenant's for all its sessions.
        """
        session = self._who.session if of == "session" else ""
        number = int.from_bytes(self._for("days", self._who.tenant, of, session), "big")
        weeks = most // WEEK
        return -WEEK * (1 + number % weeks) if weeks else -(1 + number % most)

    def _for(self, purpose: str, *parts: str) -> bytes:
        """Return the key for a purpose of those whom the parts name; no two lists of parts have the same."""
        written = b"agent-tool-firewall/redact/" + purpose.encode()
        for part in parts:
            value = part.encode("utf-8", "surrogatepass")
            written += len(value).to_bytes(4, "big") + value
        return HKDF(SHA256(), KEY_BYTES, salt=None, info=written).derive(self._key)
