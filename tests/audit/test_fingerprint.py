"""The key file and the fingerprints made with it."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from firewall.audit.fingerprint import Fingerprinter, load_key, load_or_create_key
from firewall.errors import ConfigurationError


class TestFingerprinter:
    """Same text, same tenant, same key: same fingerprint; otherwise not."""

    def test_equal_text_within_a_tenant(self) -> None:
        """The same text found twice for a tenant has one fingerprint of 32 hex digits."""
        maker = Fingerprinter(b"k" * 32)
        assert maker.of("acme", "123-45-6789") == maker.of("acme", "123-45-6789")
        assert len(bytes.fromhex(maker.of("acme", "x"))) == 16

    def test_tenants_texts_and_keys_are_kept_apart(self) -> None:
        """Another tenant, another text or another key gives another fingerprint."""
        maker = Fingerprinter(b"k" * 32)
        other = Fingerprinter(b"l" * 32)
        made = {maker.of("a", "x"), maker.of("b", "x"), maker.of("a", "y"), other.of("a", "x")}
        assert len(made) == 4

    def test_lone_surrogates_are_text_too(self) -> None:
        """Text that UTF-8 cannot carry still has a fingerprint."""
        assert len(Fingerprinter(b"k" * 32).of("a", "\ud800")) == 32


class TestKeyFile:
    """The key is made once, whole, and for its owner only."""

    def test_made_once(self, tmp_path: Path) -> None:
        """The first call makes a private key of 32 bytes, the second reads it, and no draft is left."""
        path = tmp_path / "var" / "audit.key"
        key = load_or_create_key(path)
        assert len(key) == 32
        assert load_or_create_key(path) == key == load_key(path)
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert [file.name for file in path.parent.iterdir()] == ["audit.key"]

    @pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o666])
    def test_open_files_are_refused(self, tmp_path: Path, mode: int) -> None:
        """A key that group or world can read or write is refused."""
        path = tmp_path / "audit.key"
        load_or_create_key(path)
        path.chmod(mode)
        with pytest.raises(ConfigurationError, match="0600"):
            load_or_create_key(path)

    @pytest.mark.parametrize("size", [0, 31, 33])
    def test_other_sizes_are_refused(self, tmp_path: Path, size: int) -> None:
        """A key that is cut or padded is refused, and is not in the message."""
        path = tmp_path / "audit.key"
        path.write_bytes(b"S" * size)
        path.chmod(0o600)
        with pytest.raises(ConfigurationError, match="32 bytes") as caught:
            load_key(path)
        assert "SSS" not in str(caught.value)

    def test_what_is_no_file_is_refused(self, tmp_path: Path) -> None:
        """A missing key, a folder in its place, and a folder that cannot be made are configuration errors."""
        with pytest.raises(ConfigurationError, match="cannot be read"):
            load_key(tmp_path / "none")
        with pytest.raises(ConfigurationError, match="not a regular file"):
            load_key(tmp_path)
        (tmp_path / "file").write_bytes(b"")
        with pytest.raises(ConfigurationError, match="cannot be created"):
            load_or_create_key(tmp_path / "file" / "audit.key")

    def test_another_users_key_is_refused(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """A key that somebody else owns is refused; root's is not, since root can do everything anyway."""
        path = tmp_path / "audit.key"
        load_or_create_key(path)
        mine = path.stat()
        monkeypatch.setattr(os, "geteuid", lambda: mine.st_uid + 1)
        changed = os.stat_result((*mine[:4], mine.st_uid + 2, *mine[5:10]))
        monkeypatch.setattr(os, "fstat", lambda _: changed)
        with pytest.raises(ConfigurationError, match="another user"):
            load_key(path)

    def test_a_second_starter_takes_the_first_ones_key(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Of two processes that make the key at once, both end with the same one."""
        path = tmp_path / "audit.key"
        first = load_or_create_key(path)
        monkeypatch.setattr(Path, "exists", lambda _: False)  # the moment before the first one's key had its name
        assert load_or_create_key(path) == first
