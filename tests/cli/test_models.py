"""`firewall models verify`: a changed byte is found, and named by its file."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests import tiny_models


class TestVerify:
    """The command as a shell runs it."""

    def test_the_folders_of_the_service_are_verified(self, firewall: Callable[..., Any]) -> None:
        """Name, version, files and digest of both."""
        told = firewall("models", "verify", "--json")
        rows = json.loads(told.out)
        assert told.code == 0
        assert [(row["name"], row["ok"], row["files"]) for row in rows] == [
            ("injection", True, 4),
            ("entities", True, 4),
        ]
        assert all(row["digest"].startswith("sha256:") for row in rows)
        table = firewall("models", "verify").out
        assert all(row["digest"] in table for row in rows)

    @pytest.mark.parametrize("harm", ["change", "remove", "add"])
    def test_a_changed_missing_or_added_file_is_1(
        self, firewall: Callable[..., Any], small_models: Path, tmp_path: Path, harm: str
    ) -> None:
        """The file is named; the other folder is still verified."""
        folder = tmp_path / "injection"
        shutil.copytree(small_models / "injection", folder)
        victim = folder / ("extra.bin" if harm == "add" else "model.onnx")
        if harm == "remove":
            victim.unlink()
        else:
            raw = bytearray(victim.read_bytes() if victim.exists() else b"x")
            raw[len(raw) // 2] ^= 1
            victim.write_bytes(raw)
        told = firewall("models", "verify", folder, small_models / "entities")
        assert told.code == 1
        assert victim.name in told.err
        assert "refused" in told.out
        assert "ok" in told.out

    def test_a_folder_that_is_not_there_is_2(self, firewall: Callable[..., Any], tmp_path: Path) -> None:
        """There is nothing to hold against anything."""
        assert firewall("models", "verify", tmp_path / "nowhere").code == 2

    def test_a_folder_without_a_manifest_passes_only_when_allowed(
        self, firewall: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Bring your own model is a setting, and is told."""
        graph = tiny_models.sequence_graph()
        folder = tiny_models.write_hugging_face(tmp_path / "own", graph, "Sequence", ("SAFE", "INJECTION"))
        assert firewall("models", "verify", folder).code == 1
        monkeypatch.setenv("FIREWALL_ALLOW_UNSIGNED_MODELS", "true")
        told = firewall("models", "verify", folder)
        assert told.code == 0
        assert "no manifest" in told.out
