"""`firewall policy`: the shipped cases hold, and a broken promise is named by file and line."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest


class TestPolicies:
    """The commands as a shell runs them."""

    def test_the_shipped_policies_hold_their_cases(self, firewall: Callable[..., Any]) -> None:
        """Exit code 0, and how many cases were tried."""
        told = firewall("policy", "test")
        assert (told.code, told.err) == (0, "")
        assert told.out.strip().endswith("cases, 0 failed")

    @pytest.fixture
    def weakened(self, small_rules: Path, tmp_path: Path) -> Path:
        """Return a rules folder whose default policy lets secrets in arguments pass."""
        root = tmp_path / "rules"
        shutil.copytree(small_rules, root)
        path = root / "policies" / "default.yaml"
        text = path.read_text()
        clause = text.index("- id: secret-arguments")
        path.write_text(text[:clause] + text[clause:].replace("action: block", "action: allow", 1))
        return root

    def test_a_weakened_clause_fails_with_file_and_line(self, firewall: Callable[..., Any], weakened: Path) -> None:
        """Exit code 1, one line a broken case."""
        told = firewall("policy", "test", "--rules-dir", weakened)
        assert told.code == 1
        assert "policies/tests/" in told.err
        failed = [
            one
            for one in json.loads(firewall("policy", "test", "--rules-dir", weakened, "--json").out)
            if one["problem"]
        ]
        assert len(failed) == len(told.err.splitlines())
        assert all(one["where"].rpartition(":")[2].isdigit() for one in failed)

    def test_a_file_that_is_not_well_formed_is_2(self, firewall: Callable[..., Any], weakened: Path) -> None:
        """One sentence with file and line."""
        with (weakened / "policies" / "default.yaml").open("a") as file:
            file.write("nonsense: true\n")
        told = firewall("policy", "test", "--rules-dir", weakened)
        assert told.code == 2
        assert "policies/default.yaml:" in told.err

    def test_policies_are_listed(self, firewall: Callable[..., Any]) -> None:
        """As a table, and as JSON with the same policies in the order they are asked."""
        listed = json.loads(firewall("policy", "list", "--json").out)
        assert {one["id"]: one["mode"] for one in listed} == {
            "default": "enforce",
            "excise": "enforce",
            "hipaa-strict": "enforce",
            "monitor": "monitor",
            "reversible": "enforce",
        }
        table = firewall("policy", "list").out.splitlines()
        assert [row.split()[0] for row in table] == ["id", *(one["id"] for one in listed)]
