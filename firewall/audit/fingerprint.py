"""Keyed fingerprints of found text, and the key they are made with.

A fingerprint lets an auditor see that the same text was found twice within a tenant, and tells nobody without the
key which text it was: social security numbers are few enough to try them all against a plain hash.
"""

from __future__ import annotations

import hmac
import os
import secrets
import stat
from pathlib import Path

from firewall.errors import ConfigurationError
from firewall.sealed import KEY_BYTES, derive

FINGERPRINT_BYTES = 16


class Fingerprinter:
    """Makes fingerprints under one audit key. Tenants cannot be compared: each has its own derived key."""

    __slots__ = ("_key",)

    def __init__(self, key: bytes) -> None:
        """Keep the key from which the tenants' keys are derived."""
        self._key = derive(key, "fingerprint/v1")

    def of(self, tenant: str, text: str) -> str:
        """Return the fingerprint of a text found for a tenant: HMAC-SHA256 cut to 16 bytes, as 32 hex digits."""
        mine = derive(self._key, f"tenant/{tenant}")
        return hmac.digest(mine, text.encode("utf-8", "surrogatepass"), "sha256")[:FINGERPRINT_BYTES].hex()


def load_key(path: Path) -> bytes:
    """Read the audit key.

    Raises ConfigurationError when the file is missing, is not 32 bytes, belongs to another user, or can be read or
    written by anybody but its owner.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError as error:
        raise ConfigurationError(f"The audit key {path} cannot be read: {error.strerror}.") from None
    try:
        facts = os.fstat(descriptor)
        if not stat.S_ISREG(facts.st_mode):
            raise ConfigurationError(f"The audit key {path} is not a regular file.")
        if facts.st_uid not in (0, os.geteuid()):
            raise ConfigurationError(f"The audit key {path} belongs to another user.")
        if facts.st_mode & 0o077:
            raise ConfigurationError(f"The audit key {path} is open to other users; its mode must be 0600.")
        key = os.read(descriptor, KEY_BYTES + 1)
    finally:
        os.close(descriptor)
    if len(key) != KEY_BYTES:
        raise ConfigurationError(f"The audit key {path} must be exactly {KEY_BYTES} bytes.")
    return key


def load_or_create_key(path: Path) -> bytes:
    """Read the audit key, or make one of 32 random bytes (mode 0600) where there is none.

    The new key is on the disk before it gets its name, so a crash leaves either no key or a whole one, and of two
    processes that start at once both get the same. Raises ConfigurationError as `load_key` does.
    """
    if not path.exists():
        try:
            _create(path)
        except OSError as error:
            raise ConfigurationError(f"The audit key {path} cannot be created: {error.strerror}.") from None
    return load_key(path)


def _create(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_bytes(KEY_BYTES))
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)
        except FileExistsError:
            return  # another process was first; its key is the key
        sync_folder(path.parent)
    finally:
        draft.unlink()


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
