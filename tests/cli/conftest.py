"""What the tests of the commands share: the `firewall` command as a shell runs it, on small rules and models."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from firewall.cli import main


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a command said, and its exit code."""

    code: int
    out: str
    err: str


@pytest.fixture
def firewall(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    small_rules: Path,
    small_models: Path,
    tmp_path: Path,
) -> Callable[..., Outcome]:
    """Return a function that runs `firewall ARGUMENTS` in this process; `stdin` are the bytes of standard input."""
    monkeypatch.setenv("FIREWALL_RULES_DIR", str(small_rules))
    monkeypatch.setenv("FIREWALL_MODELS_DIR", str(small_models))
    monkeypatch.setenv("FIREWALL_AUDIT_DATABASE", str(tmp_path / "var" / "audit.db"))
    monkeypatch.setenv("FIREWALL_AUDIT_KEY", str(tmp_path / "var" / "audit.key"))

    def run(*arguments: object, stdin: bytes = b"") -> Outcome:
        monkeypatch.setattr(sys, "argv", ["firewall", *(str(argument) for argument in arguments)])
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        code = 0
        try:
            main.main()
        except SystemExit as stop:
            code = int(stop.code or 0)
        said = capsys.readouterr()
        return Outcome(code, said.out, said.err)

    return run
