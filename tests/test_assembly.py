"""Where all parts meet: what is loaded, what decides under which digest, and edits taken over while running."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from firewall.assembly import load_bundle, load_models, open_runtime
from firewall.errors import ConfigurationError
from firewall.settings import Settings
from firewall.vocabulary import Direction
from tests.conftest import RULES


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    """Return a copy of the shipped rules that may be edited."""
    return Path(shutil.copytree(RULES, tmp_path / "rules"))


def test_the_bundle_digest_follows_every_file(rules: Path) -> None:
    """A changed rule, policy or tool changes the digest that every answer and record names; the same bytes keep it."""
    before = load_bundle(rules)
    assert load_bundle(rules).digest == before.digest
    for name in ("injection/override.yaml", "policies/default.yaml", "registry/demo.yaml", "entity_groups.yaml"):
        path = rules / name
        path.write_text(path.read_text(encoding="utf-8") + "\n# changed\n", encoding="utf-8")
        after = load_bundle(rules)
        assert after.digest != before.digest
        before = after


def test_each_way_has_its_detectors(make_settings: Callable[..., Settings], small_models: Path) -> None:
    """Arguments meet the classifier and the rules, results the entity model as well."""
    models = load_models(make_settings(models_dir=small_models))
    bundle = load_bundle(RULES, models)
    models.close()
    assert {detector.name for detector in bundle.detectors[Direction.INBOUND]} == {"injection", "patterns"}
    assert {detector.name for detector in bundle.detectors[Direction.OUTBOUND]} == {
        "injection",
        "patterns",
        "entities",
        "structure",
    }
    assert {"PERSON", "US_SSN", "PROMPT_INJECTION"} <= bundle.entity_types


def test_a_model_for_another_task_is_refused(make_settings: Callable[..., Settings], small_models: Path) -> None:
    """A token model cannot stand in for the classifier."""
    with pytest.raises(ConfigurationError):
        load_models(make_settings(models_dir=small_models, injection_model=small_models / "entities"))


def test_edits_while_running(make_settings: Callable[..., Settings], small_models: Path, rules: Path) -> None:
    """A good edit swaps the bundle, a bad one keeps the last good one and says why, in the order of the edits."""

    async def run() -> None:
        async with open_runtime(make_settings(models_dir=small_models, rules_dir=rules)) as runtime:
            told: asyncio.Queue[str] = asyncio.Queue()
            watch = asyncio.create_task(runtime.watch(told.put_nowait))
            await asyncio.sleep(0.3)
            first = runtime.pipeline.bundle
            target = rules / "policies" / "monitor.yaml"
            shipped = target.read_text(encoding="utf-8")
            target.write_text("id: [", encoding="utf-8")
            assert await asyncio.wait_for(told.get(), 20) == "rejected"
            assert runtime.pipeline.bundle is first
            assert "monitor.yaml" in (runtime.rules_error or "")
            target.write_text(shipped.replace('version: "1.0.0"', 'version: "1.0.1"'), encoding="utf-8")
            assert await asyncio.wait_for(told.get(), 20) == "taken"
            assert runtime.pipeline.bundle.policies.policies["monitor"].version == "1.0.1"
            assert runtime.rules_error is None
            watch.cancel()

    asyncio.run(run())


def test_users_recognizers_join_in(make_settings: Callable[..., Settings], small_models: Path, tmp_path: Path) -> None:
    """A recognizer class and a spaCy pipeline named in the settings look at results beside the shipped model."""
    import spacy

    pipeline = spacy.blank("en")
    pipeline.add_pipe("entity_ruler").add_patterns([{"label": "ORG", "pattern": "Acme Biologics"}])  # type: ignore[attr-defined]  # the ruler has it
    pipeline.to_disk(tmp_path / "spacy")
    settings = make_settings(models_dir=small_models, spacy_pipelines=(tmp_path / "spacy",))

    async def run() -> set[str]:
        from firewall.vocabulary import Origin, Segment

        async with open_runtime(settings) as runtime:
            entities = next(d for d in runtime.models.detectors[Direction.OUTBOUND] if d.name == "entities")
            report = await entities.detect([Segment("", Origin.TOOL_RESULT, "Report of Acme Biologics, Boston")])
            return {finding.rule_id for finding in report.findings}

    assert any(rule_id.startswith("spacy.") for rule_id in asyncio.run(run()))
