"""`firewall rules`, and the snapshot that makes every change of a rule a visible diff."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from firewall.cli.rules import app
from firewall.errors import ConfigurationError
from tests.conftest import ROOT, RULES

SNAPSHOT = ROOT / "tests" / "snapshots" / "rules.json"
runner = CliRunner()


def _without_lines(listed: str) -> list[dict[str, object]]:
    return [{name: value for name, value in rule.items() if name != "where"} for rule in json.loads(listed)]


def test_the_list_of_rules_is_the_snapshot() -> None:
    """A change of the rules shows as a diff: `firewall rules list --json > tests/snapshots/rules.json`."""
    listed = runner.invoke(app, ["list", "--json", "--rules-dir", str(RULES)])
    assert listed.exit_code == 0
    assert _without_lines(listed.output) == _without_lines(SNAPSHOT.read_text(encoding="utf-8"))


def test_list_by_family() -> None:
    """A family can be listed alone."""
    listed = runner.invoke(app, ["list", "--json", "--family", "secrets", "--rules-dir", str(RULES)])
    assert {rule["id"].split(".")[0] for rule in json.loads(listed.output)} == {"secrets"}


def test_lint_names_the_place(tmp_path: Path) -> None:
    """A folder without rules is refused in one sentence."""
    refused = runner.invoke(app, ["lint", "--rules-dir", str(tmp_path)])
    assert isinstance(refused.exception, ConfigurationError)


@pytest.mark.parametrize(
    "arguments", [["rules", "lint", "--rules-dir", "no-such-folder"], ["serve", "--host", "192.0.2.1"]]
)
def test_wrong_configuration_is_one_sentence(arguments: list[str]) -> None:
    """Wrong configuration ends with exit code 2 and one sentence on standard error, without a trace."""
    done = subprocess.run(
        [sys.executable, "-m", "firewall.cli.main", *arguments], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert done.stderr.startswith("firewall: ")
    assert "Traceback" not in done.stderr
