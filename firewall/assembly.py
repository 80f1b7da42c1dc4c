"""The one place where all parts meet: settings become models, rules, policies and a pipeline."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import threading
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from watchfiles import Change, awatch

from firewall.access import registry
from firewall.audit.fingerprint import load_or_create_key
from firewall.audit.store import AuditLog
from firewall.detectors.entities import EntityDetector, Recognizer
from firewall.detectors.injection import InjectionDetector
from firewall.detectors.patterns import PatternDetector
from firewall.errors import ConfigurationError
from firewall.inference.batcher import Batcher
from firewall.inference.model import Model
from firewall.payload.document import Limits
from firewall.pipeline import Bundle, Pipeline
from firewall.policy import policy
from firewall.redact import operators
from firewall.rules import entity_types
from firewall.rules import load as load_rules
from firewall.settings import Settings
from firewall.telemetry import log
from firewall.vocabulary import Detector, Direction

MODEL_NAMES = ("injection", "entities")


@dataclass(frozen=True, slots=True)
class Models:
    """The loaded models, each behind its batcher, and the users' own recognizers."""

    injection: Batcher
    entities: Batcher
    detectors: Mapping[Direction, Sequence[Detector]]

    @property
    def digests(self) -> dict[str, str]:
        """The digest of each model by name."""
        return {name: getattr(self, name).model.manifest.digest for name in MODEL_NAMES}

    @property
    def labels(self) -> frozenset[str]:
        """Every entity type that a model can report."""
        labels = {label.split("-", 1)[-1] for label in self.entities.model.manifest.labels}
        return frozenset({*labels, "PROMPT_INJECTION"})

    def close(self) -> None:
        """Stop the workers."""
        self.injection.close()
        self.entities.close()
        for detector in self.detectors[Direction.OUTBOUND]:
            if isinstance(detector, EntityDetector):
                detector.close()


def limits(settings: Settings) -> Limits:
    """Return what a payload may cost."""
    return Limits(settings.max_body_bytes, settings.max_depth, settings.max_nodes, settings.max_string_chars)


def model_folder(settings: Settings, name: str) -> Path:
    """Return the folder of the model that does a job, ours or the user's."""
    own: Path | None = getattr(settings, f"{name}_model")
    return own or settings.models_dir / name


def load_models(settings: Settings) -> Models:
    """Verify and load both models and the users' recognizers. Raises ModelIntegrityError on a changed byte."""
    batchers = {
        name: Batcher(
            Model.load(
                model_folder(settings, name),
                threads=settings.threads,
                provider=settings.provider,
                allow_unsigned=settings.allow_unsigned_models,
            )
        )
        for name in MODEL_NAMES
    }
    injection = InjectionDetector(batchers["injection"], timeout_s=settings.deadline_s)
    entities = EntityDetector(batchers["entities"], _recognizers(settings), timeout_s=settings.deadline_s)
    return Models(
        batchers["injection"],
        batchers["entities"],
        {Direction.INBOUND: (injection,), Direction.OUTBOUND: (injection, entities)},
    )


def load_bundle(rules_dir: Path, models: Models | None = None) -> Bundle:
    """Read and check everything in the rules folder. Raises ConfigurationError naming file and line.

    Without models the bundle decides on rules alone, as the rule tests do.
    """
    rules = load_rules(rules_dir)
    policies = policy.load(rules_dir)
    tools = registry.load(rules_dir)
    patterns = PatternDetector(rules)
    digests = models.digests if models else {}
    parts = [rules.digest, policies.digest, tools.digest, *(f"{name}={digests[name]}" for name in sorted(digests))]
    return Bundle(
        detectors={
            # Models first: while their workers compute, the loop has time for the rules.
            direction: (*(models.detectors[direction] if models else ()), patterns)
            for direction in Direction
        },
        policies=policies,
        registry=tools,
        rules={rule.id: rule for rule in rules.rules},
        entity_types=entity_types(rules.rules) | (models.labels if models else frozenset()),
        digest=f"sha256:{hashlib.sha256(chr(10).join(parts).encode()).hexdigest()}",
        rules_digest=rules.digest,
        models=digests,
    )


@dataclass(slots=True)
class Runtime:
    """Everything a service runs on. `rules_error` is why the last edit of the rules folder was not taken over."""

    settings: Settings
    pipeline: Pipeline
    models: Models
    rules_error: str | None = None

    @property
    def limits(self) -> Limits:
        """What a payload may cost."""
        return limits(self.settings)

    async def watch(self, told: Callable[[str], None]) -> None:
        """Take over every good edit of the rules folder, keep the last good set on a bad one; `told` hears which.

        Runs until it is cancelled. Inspections under way keep the bundle that they began with.
        """
        folder = self.settings.rules_dir
        async for _ in awatch(folder, debounce=120, step=30, watch_filter=_is_rule_file):
            try:
                bundle = await asyncio.to_thread(load_bundle, folder, self.models)
            except ConfigurationError as error:
                self.rules_error = error.detail
                log.error("rules kept: the edit is wrong", detail=error.detail)
                told("rejected")
                continue
            self.rules_error = None
            if bundle.digest != self.pipeline.bundle.digest:
                self.pipeline.bundle = bundle
                log.info("rules taken over", bundle=bundle.digest)
                told("taken")


def _is_rule_file(_: Change, path: str) -> bool:
    return path.endswith((".yaml", "TAGS")) and "/." not in path


@contextlib.asynccontextmanager
async def open_runtime(settings: Settings) -> AsyncIterator[Runtime]:
    """Load and check everything, yield it, and close what was opened. Raises ConfigurationError: no half start."""
    threading.Thread(target=operators.warm, name="warm-operators", daemon=True).start()
    models = await asyncio.to_thread(load_models, settings)
    try:
        bundle = await asyncio.to_thread(load_bundle, settings.rules_dir, models)
        key = load_or_create_key(settings.audit_key)
        audit = AuditLog.open(settings.audit_database, key)
        try:
            yield Runtime(settings, Pipeline(bundle, audit, key, deadline_s=settings.deadline_s), models)
        finally:
            await audit.close()
    finally:
        models.close()


def _recognizers(settings: Settings) -> Sequence[Recognizer]:
    """Load the users' own recognizers. Presidio and spaCy are imported only where there are some: they cost seconds."""
    if not (settings.presidio_recognizers or settings.recognizer_classes or settings.spacy_pipelines):
        return ()
    from firewall.detectors.recognizers import load_recognizers

    return load_recognizers(
        registries=[settings.presidio_recognizers] if settings.presidio_recognizers else [],
        classes=settings.recognizer_classes,
        pipelines=settings.spacy_pipelines,
    )
