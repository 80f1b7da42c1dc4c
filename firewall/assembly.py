"""The one place where all parts meet: settings become models, rules, policies and a pipeline."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import secrets
import threading
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from watchfiles import Change, awatch

from firewall.access import registry
from firewall.audit.fingerprint import load_key, load_or_create_key
from firewall.audit.store import AuditLog
from firewall.detectors.entities import EntityDetector, Recognizer
from firewall.detectors.injection import InjectionDetector
from firewall.detectors.own_rules import denied
from firewall.detectors.patterns import PatternDetector
from firewall.detectors.propagation import Propagation
from firewall.detectors.remembered import SessionMemory
from firewall.detectors.structure import ENTITY_TYPES, StructureDetector
from firewall.errors import ConfigurationError
from firewall.inference.batcher import Batcher
from firewall.inference.cached import CachedBatcher, Scorer
from firewall.inference.model import Model
from firewall.inference.verdicts import KEY_BYTES, Memory
from firewall.payload.document import Limits
from firewall.pipeline import Bundle, Pipeline
from firewall.policy import policy
from firewall.redact import operators
from firewall.redact.keys import Keyring
from firewall.redact.vault import MemoryVault, RedisVault
from firewall.rules import entity_types, widest
from firewall.rules import load as load_rules
from firewall.sealed import derive
from firewall.settings import Settings
from firewall.telemetry import Metrics, log
from firewall.vocabulary import Detector, Direction, Follower

if TYPE_CHECKING:
    from firewall.inference.shared import SharedVerdicts

MODEL_NAMES = ("injection", "entities")


@dataclass(frozen=True, slots=True)
class Models:
    """The loaded models, each behind its batcher, and the users' own recognizers."""

    injection: Scorer
    entities: Scorer
    detectors: Mapping[Direction, Sequence[Detector]]
    shared: SharedVerdicts | None = None

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
        if self.shared is not None:
            self.shared.close()
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


def load_models(settings: Settings, metrics: Metrics | None = None) -> Models:
    """Verify and load both models and the users' recognizers. Raises ModelIntegrityError on a changed byte.

    `metrics` are where the work of the models is counted.
    """
    remember, shared = _verdict_cache(settings, metrics)
    batchers = {
        name: remember(
            Batcher(
                Model.load(
                    model_folder(settings, name),
                    threads=settings.threads,
                    provider=settings.provider,
                    allow_unsigned=settings.allow_unsigned_models,
                    screen=settings.screen,
                ),
                metrics=metrics,
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
        shared,
    )


def _verdict_cache(
    settings: Settings, metrics: Metrics | None
) -> tuple[Callable[[Batcher], Scorer], SharedVerdicts | None]:
    """Return what puts a memory before a batcher, and the Redis behind it where there is one.

    In this process alone the key is random; what is shared is shared by those who have the same key.
    """
    if not settings.verdict_cache_mb:
        return lambda batcher: batcher, None
    key, shared = secrets.token_bytes(KEY_BYTES), None
    if settings.redis_url is not None:
        from firewall.inference.shared import SharedVerdicts  # a tenth of a second, and only some have a Redis

        own = settings.verdict_key
        key = load_key(own) if own else derive(load_or_create_key(settings.audit_key), "verdicts/v1")
        url, timeout, ttl = settings.redis_url.get_secret_value(), settings.redis_timeout_s, settings.verdict_ttl_s
        shared = SharedVerdicts(url, key, timeout_s=timeout, ttl_s=ttl, metrics=metrics)
    room, entries = settings.verdict_cache_mb << 20, settings.verdict_cache_entries

    def remember(batcher: Batcher) -> Scorer:
        """Put a memory of its own before a batcher."""
        return CachedBatcher(batcher, Memory(room, entries), key, shared=shared, metrics=metrics)

    return remember, shared


def load_keyring(settings: Settings) -> Keyring:
    """Return the keys of redaction and the vault: in Redis where there is one, else in this process."""
    own = settings.redaction_key
    key = load_key(own) if own else load_or_create_key(settings.audit_key)
    if settings.redis_url is None:
        return Keyring(key, MemoryVault(ttl_s=settings.vault_ttl_s, most_bytes=settings.vault_mb << 20))
    return Keyring(key, RedisVault(settings.redis_url.get_secret_value(), ttl_s=settings.vault_ttl_s))


def load_bundle(rules_dir: Path, models: Models | None = None, follower: Follower | None = None) -> Bundle:
    """Read and check everything in the rules folder. Raises ConfigurationError naming file and line.

    Without models the bundle decides on rules alone, as the rule tests do. `follower` is the pass that remembers sessions,
    which outlives an edit of the rules; without one a new one remembers.
    """
    rules = load_rules(rules_dir)
    policies = policy.load(rules_dir)
    tools = registry.load(rules_dir)
    patterns, definition_patterns = PatternDetector(rules.about_calls()), PatternDetector(rules.about_definitions())
    own = {one.id: found for one in policies.policies.values() if (found := denied(one)) is not None}
    denials = {rule.id: rule for one in own.values() for rule in one.rules.values()}
    digests = models.digests if models else {}
    if any(one.sections for one in policies.policies.values()):
        widest(rules.rules)  # takes a second and is remembered; what cannot be told is refused here
    parts = [rules.digest, policies.digest, tools.digest, *(f"{name}={digests[name]}" for name in sorted(digests))]
    return Bundle(
        detectors={
            # Models first: while their workers compute, the loop has time for the rules.
            direction: (*(models.detectors[direction] if models else ()), patterns, *also)
            # As for the entity model: what stands in arguments was known to the model that wrote them.
            for direction, also in ((Direction.INBOUND, ()), (Direction.OUTBOUND, (StructureDetector(),)))
        },
        # As for arguments: what names of people are in a definition is nobody's patient.
        definition_detectors=(*(models.detectors[Direction.INBOUND] if models else ()), definition_patterns),
        policies=policies,
        registry=tools,
        rules={rule.id: rule for rule in rules.rules} | denials,
        entity_types=entity_types([*rules.rules, *denials.values()])
        | ENTITY_TYPES
        | (models.labels if models else frozenset()),
        digest=f"sha256:{hashlib.sha256(chr(10).join(parts).encode()).hexdigest()}",
        rules_digest=rules.digest,
        models=digests,
        denied=own,
        follower=follower or Propagation(),
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
                bundle = await asyncio.to_thread(load_bundle, folder, self.models, self.pipeline.bundle.follower)
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
async def open_runtime(settings: Settings, metrics: Metrics | None = None) -> AsyncIterator[Runtime]:
    """Load and check everything, yield it, and close what was opened. Raises ConfigurationError: no half start.

    `metrics` are where the work of the models is counted.
    """
    threading.Thread(target=operators.warm, name="warm-operators", daemon=True).start()
    models = await asyncio.to_thread(load_models, settings, metrics)
    try:
        follower = Propagation(SessionMemory(ttl_s=settings.session_names_s))
        bundle = await asyncio.to_thread(load_bundle, settings.rules_dir, models, follower)
        key = load_or_create_key(settings.audit_key)
        keyring = load_keyring(settings)
        audit = AuditLog.open(settings.audit_database, key)
        try:
            pipeline = Pipeline(bundle, audit, key, deadline_s=settings.deadline_s, keyring=keyring)
            yield Runtime(settings, pipeline, models)
        finally:
            await audit.close()
            await keyring.vault.close()
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
