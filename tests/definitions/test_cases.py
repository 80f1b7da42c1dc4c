"""The rules against the cases of the benchmark that they were written with: a change that loses ground shows here."""

from __future__ import annotations

import asyncio

from benchmarks.tool_definitions import Case, own_cases, registry_cases, screened
from firewall.assembly import load_bundle
from firewall.pipeline import Pipeline, Unrecorded
from tests.conftest import RULES


def _flagged(cases: list[Case]) -> list[str]:
    """Return the notes of the cases in which a rule found something that the default policy acts on."""
    pipeline = Pipeline(load_bundle(RULES), Unrecorded(), b"k" * 32, deadline_s=20)

    async def run() -> list[str]:
        outcomes = [await screened(pipeline, case, None) for case in cases]
        return [one.case.note for one in outcomes if one.flagged]

    return asyncio.run(run())


def test_poisoned_definitions_are_found_by_rules_alone() -> None:
    """All but a few of those that are known."""
    cases = [case for case in own_cases() if case.group == "poisoned"]
    assert len(cases) == 80
    assert len(_flagged(cases)) >= 76


def test_harmless_definitions_pass() -> None:
    """Only the one that quotes an attack word for word does not; no tool of the registry is flagged."""
    cases = [case for case in own_cases() if case.group == "clean"]
    assert len(cases) == 100
    assert _flagged([*cases, *registry_cases()]) == ["moderation tool"]
