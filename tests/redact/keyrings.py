"""Keys for tests: those of one caller, and of callers who differ from it."""

from __future__ import annotations

from firewall.redact.keys import Keyring, Keys
from firewall.vocabulary import Identity

SECRET = bytes(range(32))


def keys_of(tenant: str = "north", session: str = "s-1", purpose: str = "treatment", secret: bytes = SECRET) -> Keys:
    """Return the keys of a caller."""
    return Keyring(secret).keys(Identity(tenant=tenant, session=session, purpose=purpose))


KEYS = keys_of()
