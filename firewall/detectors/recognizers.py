"""The only file that imports Presidio: our model as its recognizer, and its recognizers (and spaCy) as ours.

Importing Presidio takes two to three seconds, because it brings transformers and spaCy with it; so nothing else
imports this file, and the service does only where recognizers are configured.
"""

from __future__ import annotations

import importlib
import logging
import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TRANSFORMERS_OFFLINE", "1")
os.environ.setdefault("TRANSFORMERS_NO_ADVISORY_WARNINGS", "1")

import spacy
import tldextract
from presidio_analyzer import EntityRecognizer, RecognizerResult
from presidio_analyzer.context_aware_enhancers import LemmaContextAwareEnhancer
from presidio_analyzer.nlp_engine import NlpArtifacts, SpacyNlpEngine
from presidio_analyzer.predefined_recognizers import SpacyRecognizer
from presidio_analyzer.recognizer_registry import RecognizerRegistryProvider
from spacy.language import Language

from firewall.detectors.entities import Recognizer
from firewall.detectors.tagger import PRESIDIO_NAMES, Entity, Tagger
from firewall.errors import ConfigurationError
from firewall.inference.model import Model

_SPACY_SCORE = 0.85  # spaCy gives no score; Presidio uses this one

_WITH_TIME_LIMITS = (
    "presidio_analyzer.pattern_recognizer",
    "presidio_analyzer.predefined_recognizers.generic.iban_recognizer",
)

# Presidio's e-mail recognizer would fetch the public-suffix list at its first use; the list in the package serves.
tldextract.tldextract.TLD_EXTRACTOR = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)
# These loggers write words of the text that is analyzed.
for _name in ("presidio-analyzer", "decision_process"):
    logging.getLogger(_name).addFilter(lambda _: False)  # `disabled` is undone by whoever configures logging later


class ModelRecognizer(EntityRecognizer):  # type: ignore[misc]  # Presidio is not followed by mypy
    """Our token model for anyone's Presidio `AnalyzerEngine`. Linear in the text; ignores NLP artifacts."""

    def __init__(self, model: Model, *, supported_language: str = "en", name: str = "ModelRecognizer") -> None:
        """Take a loaded token model.

        Raises:
            ConfigurationError: if the model does not classify tokens.
        """
        self._tagger = Tagger(model)
        self.name: str = name
        super().__init__(
            supported_entities=list(self._tagger.entity_types),
            supported_language=supported_language,
            name=name,
            version=model.manifest.version,
        )

    def load(self) -> None:
        """Do nothing: the model that was handed over is loaded and has answered a warm-up."""

    def analyze(
        self,
        text: str,
        entities: list[str] | None = None,
        nlp_artifacts: NlpArtifacts | None = None,  # noqa: ARG002 - Presidio passes it by this name
    ) -> list[RecognizerResult]:
        """Return what the model finds, only of the types in `entities` where those are named."""
        wanted = set(entities or self.supported_entities)
        return [
            RecognizerResult(
                entity_type=one.entity_type,
                start=one.start,
                end=one.end,
                score=one.score,
                recognition_metadata=_metadata(self),
            )
            for one in self._tagger.look(text)
            if one.entity_type in wanted
        ]


class _BlankEngine(SpacyNlpEngine):  # type: ignore[misc]  # as above
    """An NLP engine that only splits words: what Presidio's context words need, and no model."""

    def __init__(self, blank: Language, language: str) -> None:
        super().__init__()
        self.nlp: Any = {language: blank}


class PresidioRecognizer:
    """One Presidio recognizer over pieces of text, with its context words, without an `AnalyzerEngine`."""

    def __init__(self, recognizer: EntityRecognizer, *, timeout_s: float = 2.0) -> None:
        """Wrap a loaded recognizer; `timeout_s` is what one piece may take.

        Raises:
            ConfigurationError: if it only repeats what an NLP engine has found; a spaCy pipeline is given as such.
        """
        self._recognizer: Any = recognizer  # Presidio's own attributes have no types
        if isinstance(recognizer, SpacyRecognizer):
            raise ConfigurationError(f"recognizer {self.name} needs an NLP engine; name its spaCy pipeline instead")
        self._rule_id = f"presidio.{self.name}"
        self._timeout_s = timeout_s
        self._blank = _blank(recognizer.supported_language)
        self._engine = _BlankEngine(self._blank, recognizer.supported_language)
        self._enhancer = LemmaContextAwareEnhancer()

    @property
    def name(self) -> str:
        """The recognizer's own name."""
        return str(self._recognizer.name)

    def __repr__(self) -> str:
        """Name the recognizer."""
        return f"PresidioRecognizer({self.name})"

    def look(self, text: str) -> list[Entity]:
        """Return what the recognizer finds, scores raised where its context words stand nearby.

        Raises:
            TimeoutError: if it took longer than it may. Presidio drops a pattern that runs out of time in silence, so
                an answer that came so late cannot be taken for a whole one.
        """
        began = time.monotonic()
        artifacts = self._artifacts(text)
        found = self._recognizer.analyze(text, self._recognizer.supported_entities, artifacts) or []
        if self._recognizer.context and found:
            for one in found:
                one.recognition_metadata = {**(one.recognition_metadata or {}), **_metadata(self._recognizer)}
            found = self._enhancer.enhance_using_context(text, found, artifacts, [self._recognizer])
        if time.monotonic() - began >= self._timeout_s:
            raise TimeoutError
        return [Entity(one.start, one.end, one.entity_type, float(one.score), self._rule_id) for one in found]

    def _artifacts(self, text: str) -> NlpArtifacts:
        """Return the words of a piece; a blank pipeline has no lemmas, so each word stands for itself."""
        words = self._blank(text)
        return NlpArtifacts(
            entities=[],
            tokens=words,
            tokens_indices=[word.idx for word in words],
            lemmas=[word.lower_ for word in words],
            nlp_engine=self._engine,
            language=self._recognizer.supported_language,
        )


class SpacyPipeline:
    """A user's spaCy pipeline; its entities by label, under Presidio's names where those are known."""

    def __init__(self, folder: Path) -> None:
        """Load a pipeline from a folder, never from the network.

        Raises:
            ConfigurationError: if the folder is not there or spaCy cannot load it.
        """
        if not folder.is_dir():
            raise ConfigurationError(f"spaCy pipeline folder {folder.name} does not exist")
        try:
            self._nlp = spacy.load(folder)
        except Exception as error:
            raise ConfigurationError(f"spaCy cannot load the pipeline in folder {folder.name}") from error
        self._name = folder.name

    @property
    def name(self) -> str:
        """The name of the pipeline's folder."""
        return self._name

    def __repr__(self) -> str:
        """Name the pipeline."""
        return f"SpacyPipeline({self.name})"

    def look(self, text: str) -> list[Entity]:
        """Return the pipeline's entities."""
        return [
            Entity(one.start_char, one.end_char, _entity_type(one.label_), _SPACY_SCORE, f"spacy.{self._name}")
            for one in self._nlp(text).ents
        ]


def load_recognizers(
    *,
    registries: Sequence[Path] = (),
    classes: Sequence[str] = (),
    pipelines: Sequence[Path] = (),
    timeout_s: float = 2.0,
) -> list[Recognizer]:
    """Load users' own recognizers.

    `registries` are YAML files in Presidio's recognizer-registry format, `classes` dotted paths `package.module:Class`
    of recognizers that need no arguments, `pipelines` folders of spaCy pipelines. `timeout_s` is what one recognizer
    may take for one piece of text; Presidio's patterns are stopped at it.

    Raises:
        ConfigurationError: naming the file, class or folder that cannot be loaded.
    """
    for module in _WITH_TIME_LIMITS:
        vars(importlib.import_module(module))["REGEX_TIMEOUT_SECONDS"] = timeout_s
    presidio = [one for path in registries for one in _registry(path)]
    presidio += [_instance(path) for path in classes]
    return [
        *(PresidioRecognizer(one, timeout_s=timeout_s) for one in presidio),
        *(SpacyPipeline(folder) for folder in pipelines),
    ]


def _registry(path: Path) -> list[EntityRecognizer]:
    # Presidio falls back to its default recognizers where a file is missing; here that is an error.
    if not path.is_file():
        raise ConfigurationError(f"recognizer file {path.name} does not exist")
    try:
        found = RecognizerRegistryProvider(conf_file=path).create_recognizer_registry().recognizers
    except Exception as error:
        raise ConfigurationError(f"{path.name} is not a recognizer registry that Presidio can load") from error
    return list(found)


def _instance(dotted: str) -> EntityRecognizer:
    module, colon, name = dotted.partition(":")
    try:
        found: Any = getattr(importlib.import_module(module), name)() if colon else None
    except Exception as error:
        raise ConfigurationError(f"recognizer {dotted} cannot be imported and made without arguments") from error
    if not isinstance(found, EntityRecognizer):
        raise ConfigurationError(f"{dotted} is not package.module:Class of a Presidio EntityRecognizer")
    return found


def _metadata(recognizer: Any) -> dict[str, Any]:
    """Return what Presidio wants to know of the recognizer behind a result."""
    return {
        RecognizerResult.RECOGNIZER_NAME_KEY: recognizer.name,
        RecognizerResult.RECOGNIZER_IDENTIFIER_KEY: recognizer.id,
    }


def _blank(language: str) -> Language:
    """Return a pipeline that only splits words, for a language or, where spaCy has none, for any."""
    try:
        return spacy.blank(language)
    except ImportError:
        return spacy.blank("xx")


def _entity_type(label: str) -> str:
    return PRESIDIO_NAMES.get(label.upper(), label.upper())
