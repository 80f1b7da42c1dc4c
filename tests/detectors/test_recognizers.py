"""Presidio and spaCy: our model in theirs, theirs in our detector, and nothing from the network."""

from __future__ import annotations

import asyncio
import importlib
import logging
import socket
from pathlib import Path
from typing import Any, NoReturn

import pytest
import spacy
from presidio_analyzer import AnalyzerEngine, RecognizerRegistry
from presidio_analyzer.nlp_engine import SpacyNlpEngine
from presidio_analyzer.predefined_recognizers import SpacyRecognizer

from firewall.detectors.entities import EntityDetector
from firewall.detectors.recognizers import ModelRecognizer, PresidioRecognizer, load_recognizers
from firewall.errors import ConfigurationError
from firewall.inference.model import Model
from firewall.vocabulary import Origin, Report, Segment, SkipReason
from tests import tiny_models

USER = "tests.detectors.presidio_user"
REGISTRY = r"""
supported_languages: [en]
global_regex_flags: 26
recognizers:
  - {name: EmailRecognizer, type: predefined}
  - {name: IbanRecognizer, type: predefined, enabled: false}
  - name: Lot recognizer
    type: custom
    supported_language: en
    supported_entity: LOT_NUMBER
    context: [lot]
    patterns: [{name: lot, regex: '\bL\d{5}\b', score: 0.2}]
"""


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Deny every look-up and every connection."""

    def refuse(*_: Any, **__: Any) -> NoReturn:
        raise AssertionError("the network was asked")

    for name in ("connect", "connect_ex", "sendto"):
        monkeypatch.setattr(socket.socket, name, refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(socket, "create_connection", refuse)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Model:
    """Return a token model that knows capitalised names, and places."""
    return Model.load(tiny_models.write_entities(tmp_path_factory.mktemp("models") / "tagger"))


@pytest.fixture
def registry(tmp_path: Path) -> Path:
    """Write a registry file as Presidio's documentation shows it."""
    (tmp_path / "recognizers.yaml").write_text(REGISTRY)
    return tmp_path / "recognizers.yaml"


@pytest.fixture
def pipeline(tmp_path: Path) -> Path:
    """Write a folder with a spaCy pipeline of one rule component."""
    nlp = spacy.blank("en")
    nlp.add_pipe("entity_ruler").add_patterns(
        [{"label": "GPE", "pattern": "Basel"}, {"label": "ASSAY", "pattern": [{"LOWER": "elisa"}]}]
    )
    nlp.to_disk(tmp_path / "site-words")
    return tmp_path / "site-words"


@pytest.fixture
def engine(model: Model) -> AnalyzerEngine:
    """Return a Presidio engine with a blank spaCy pipeline and our recognizer only."""
    nlp = SpacyNlpEngine(models=[])
    nlp.nlp = {"en": spacy.blank("en")}
    return AnalyzerEngine(
        registry=RecognizerRegistry(recognizers=[ModelRecognizer(model)], supported_languages=["en"]),
        nlp_engine=nlp,
        supported_languages=["en"],
    )


def look(recognizers: list[Any], *texts: str, **limits: float) -> Report:
    """Detect with these recognizers alone."""
    detector = EntityDetector(None, recognizers, **limits)
    segments = [Segment(f"/{at}", Origin.TOOL_RESULT, text) for at, text in enumerate(texts)]
    try:
        return asyncio.run(detector.detect(segments))
    finally:
        detector.close()


def places(report: Report) -> list[tuple[str, int, int, str, str]]:
    """Return what was found where, and by what."""
    located = [(one, one.span) for one in report.findings if one.span]
    return sorted((one.pointer, span.start, span.end, one.entity_type, one.rule_id) for one, span in located)


def test_our_model_serves_presidio(engine: AnalyzerEngine) -> None:
    """A stock AnalyzerEngine finds entities through our recognizer, and only the types it is asked for."""
    text = "Alice Smith lives in Boston"
    found = engine.analyze(text, language="en")
    assert sorted((one.start, one.end, one.entity_type) for one in found) == [(0, 11, "PERSON"), (21, 27, "LOCATION")]
    assert [one.entity_type for one in engine.analyze(text, language="en", entities=["LOCATION"])] == ["LOCATION"]
    assert sorted(engine.get_supported_entities("en")) == ["LOCATION", "PERSON"]


def test_a_long_text_is_analyzed_whole(model: Model) -> None:
    """Our recognizer cuts long texts itself and misses nothing in them."""
    found = ModelRecognizer(model).analyze("the pump of Alice in notes " * 200)
    assert [(one.start, one.end) for one in found] == [(27 * at + 12, 27 * at + 17) for at in range(200)]


def test_registries_load_and_run(registry: Path) -> None:
    """Predefined and custom recognizers of a file run; one that is switched off does not."""
    recognizers = load_recognizers(registries=[registry])
    assert [one.name for one in recognizers] == ["EmailRecognizer", "Lot recognizer"]
    report = look(recognizers, "ask a.b@example.com", "from lot L12345, iban GB33BUKB20201555555555")
    assert places(report) == [
        ("/0", 4, 19, "EMAIL_ADDRESS", "presidio.EmailRecognizer"),
        ("/1", 9, 15, "LOT_NUMBER", "presidio.Lot recognizer"),
    ]
    assert report.skipped == ()


def test_context_words_count(registry: Path) -> None:
    """A weak pattern is a finding only where a context word stands before it, as in Presidio."""
    recognizers = load_recognizers(registries=[registry])
    assert [one.score for one in look(recognizers, "from lot L12345").findings] == [pytest.approx(0.55)]
    assert look(recognizers, "see page L12345").findings == ()


def test_classes_load_by_their_path() -> None:
    """A dotted path gives a recognizer, whatever metadata its results lack."""
    report = look(load_recognizers(classes=[f"{USER}:AssayRecognizer"]), "an assay-9 kit")
    assert places(report) == [("/0", 3, 10, "ASSAY", "presidio.AssayRecognizer")]


def test_pipelines_load_from_folders(pipeline: Path) -> None:
    """A spaCy pipeline's entities are findings, under Presidio's names where there is one."""
    report = look(load_recognizers(pipelines=[pipeline]), "ELISA done in Basel")
    assert places(report) == [("/0", 0, 5, "ASSAY", "spacy.site-words"), ("/0", 14, 19, "LOCATION", "spacy.site-words")]


def test_a_pattern_that_runs_away_is_named() -> None:
    """Presidio drops a pattern that runs out of time in silence; here its leaves are skipped by name."""
    recognizers = load_recognizers(classes=[f"{USER}:SlowPattern"], timeout_s=0.3)
    report = look(recognizers, "a" * 60, recognizer_timeout_s=20)
    assert [(one.pointer, one.reason) for one in report.skipped] == [("/0", SkipReason.DEADLINE)]
    assert look(recognizers, "the pump").skipped == ()


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (None, "absent.yaml"),
        ("recognizers: [", "broken.yaml"),
        ("recognizers: [{name: NoSuchRecognizer, type: predefined}]", "odd.yaml"),
    ],
)
def test_a_registry_that_cannot_be_loaded_is_named(tmp_path: Path, content: str | None, name: str) -> None:
    """A missing or wrong file is a configuration error with its name; Presidio's defaults are not taken instead."""
    if content is not None:
        (tmp_path / name).write_text(content)
    with pytest.raises(ConfigurationError, match=name):
        load_recognizers(registries=[tmp_path / name])


@pytest.mark.parametrize("path", ["no.such:Thing", f"{USER}:Missing", f"{USER}:NOT_A_CLASS", USER, "pathlib:Path"])
def test_a_class_that_cannot_be_made_is_named(path: str) -> None:
    """Anything but a recognizer class without arguments is a configuration error with its path."""
    with pytest.raises(ConfigurationError, match=path):
        load_recognizers(classes=[path])


def test_pipelines_that_cannot_be_loaded_are_named(tmp_path: Path) -> None:
    """A missing or empty pipeline folder is a configuration error; nothing is downloaded."""
    for name in ("en_core_web_sm", "empty"):
        (tmp_path / "empty").mkdir(exist_ok=True)
        with pytest.raises(ConfigurationError, match=name):
            load_recognizers(pipelines=[tmp_path / name])


def test_recognizers_without_an_eye_of_their_own_are_refused() -> None:
    """A recognizer that only repeats an NLP engine's answers would find nothing; it is refused, not run blind."""
    with pytest.raises(ConfigurationError, match="NLP engine"):
        PresidioRecognizer(SpacyRecognizer())


def test_nothing_is_logged_of_the_text(registry: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Presidio's loggers write words around a finding; here they are silent."""
    with caplog.at_level(logging.DEBUG):
        importlib.import_module("firewall.detectors.recognizers")
        for name in ("presidio-analyzer", "presidio-anonymizer"):
            logging.getLogger(name).disabled = False  # what logging.config does, and uvicorn with it
        report = look(load_recognizers(registries=[registry]), "planted lot L12345")
    assert report.findings
    assert "planted" not in caplog.text
    assert "planted" not in repr(report) + repr(load_recognizers(registries=[registry]))
