"""Recognizers as a user of Presidio would write them, for the tests of configuration."""

from __future__ import annotations

from typing import Any

from presidio_analyzer import EntityRecognizer, Pattern, PatternRecognizer, RecognizerResult


class AssayRecognizer(EntityRecognizer):
    """Finds the word `assay-9`, and logs nothing."""

    def __init__(self) -> None:
        """Name the type."""
        super().__init__(supported_entities=["ASSAY"])

    def load(self) -> None:
        """Load nothing."""

    def analyze(self, text: str, entities: list[str], nlp_artifacts: Any = None) -> list[RecognizerResult]:
        """Return the first place of the word."""
        at = text.find("assay-9")
        return [RecognizerResult("ASSAY", at, at + 7, 0.8)] if at >= 0 else []


class SlowPattern(PatternRecognizer):
    """A pattern whose cost doubles with every letter."""

    def __init__(self) -> None:
        """Compile the pattern."""
        super().__init__(supported_entity="SLOW", patterns=[Pattern("slow", r"(?:a|a)+\d", 0.9)])


NOT_A_CLASS = 5
