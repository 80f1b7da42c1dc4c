"""The README cannot lie: what it shows is what the code does today."""

from __future__ import annotations

import json
import os
import re
import stat

import pytest

from benchmarks import report
from firewall.check import rules as check
from firewall.cli import reference
from firewall.rules import FAMILIES, load
from tests.conftest import ROOT, RULES

README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_reference_is_generated(monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings, commands and the tour are what `make docs` would write now."""
    for name in [name for name in os.environ if name.startswith("FIREWALL_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(ROOT)
    assert reference.render(README) == README


def test_the_benchmark_tables_are_generated() -> None:
    """The benchmark tables are what the results say."""
    assert report.render(README) == README


def test_links_lead_somewhere() -> None:
    """Every relative link and picture of the README exists."""
    for target in re.findall(r"\]\((?!http)([^)#]+)\)", README):
        assert (ROOT / target).exists(), target


def test_rules_are_as_many_as_promised() -> None:
    """At least 120 rules over all four families, 20 vendors of secrets, and a corpus of 2,000 benign lines."""
    rules = load(RULES).rules
    assert len(rules) >= 120
    assert {rule.family for rule in rules} == set(FAMILIES)
    assert len({rule.id.split(".")[1] for rule in rules if rule.family == "secrets"}) >= 20
    assert len(check.corpus(RULES)) >= 2_000


def test_results_carry_their_circumstances() -> None:
    """Every result names commit, machine and corpus."""
    for path in (ROOT / "benchmarks" / "results").glob("*.json"):
        told = json.loads(path.read_text(encoding="utf-8"))["circumstances"]
        assert {"commit", "machine", "corpus_sha256", "date"} <= set(told)


def test_locks_hold_hashes_and_no_addresses() -> None:
    """Every dependency is locked with a version and hashes, and no index is named."""
    for name in ("requirements.lock", "requirements-dev.lock"):
        text = (ROOT / name).read_text(encoding="utf-8")
        assert not re.search(r"https?://|file:|--index-url|--find-links", text)
        for requirement in re.split(r"\n(?=[a-z])", text.strip()):
            assert "==" in requirement.split("\n")[0]
            assert "--hash=sha256:" in requirement


def test_ci_can_be_run() -> None:
    """`.ci/run` is executable."""
    assert (ROOT / ".ci" / "run").stat().st_mode & stat.S_IXUSR
