"""`firewall rules test` finds every kind of broken promise."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from firewall import rules
from firewall.check import rules as check
from firewall.errors import ConfigurationError

GOOD = {
    "id": "injection.test.1",
    "name": "A test rule",
    "description": "Orders that a test writes.",
    "entity_type": "PROMPT_INJECTION",
    "tags": ["owasp-llm01"],
    "severity": "high",
    "score": 0.9,
    "level": 1,
    "status": "test",
    "view": "canonical",
    "origins": ["tool_result"],
    "any_of": [r"\bopen the pod bay doors\b"],
    "examples": [
        "Please open the pod bay doors, HAL.",
        {"text": "Open the pod bay doors", "match": "Open the pod bay doors"},
    ],
    "negative_examples": ["The pod bay doors are open.", "Open the door."],
}


def _folder(root: Path, corpus: str = "The analyst records the weight.", **changes: object) -> Path:
    (root / "injection").mkdir()
    (root / "corpus").mkdir()
    (root / "TAGS").write_text("owasp-llm01  # a tag\n", encoding="utf-8")
    (root / "corpus" / "sop.txt").write_text(corpus + "\n", encoding="utf-8")
    (root / "injection" / "test.yaml").write_text(yaml.safe_dump({"rules": [GOOD | changes]}), encoding="utf-8")
    return root


def _promises(root: Path) -> list[str]:
    return [failure.promise for failure in check.run(rules.load(root), root).failures]


def test_a_good_rule_keeps_its_promises(tmp_path: Path) -> None:
    """A rule that finds its examples in every disguise and nothing else has no failure."""
    report = check.run(rules.load(_folder(tmp_path)), tmp_path)
    assert report.failures == ()
    assert (report.rules, report.positives, report.negatives) == (1, 2, 2)
    assert report.disguised > 20


@pytest.mark.parametrize(
    ("changes", "promise"),
    [
        ({"examples": ["Open the door.", "Please open the pod bay doors"]}, "example 1: not found"),
        (
            {"examples": [{"text": "open the pod bay doors", "match": "doors now"}, "open the pod bay doors"]},
            "another place",
        ),
        ({"negative_examples": ["Open the door.", "To open the pod bay doors is fine"]}, "negative example 2: found"),
        ({"case_sensitive": True, "any_of": ["OPEN THE POD\nBAY"], "examples": ["OPEN THE POD\nBAY"] * 2}, "not found"),
    ],
    ids=["missed", "place", "negative", "newline"],
)
def test_a_broken_promise_is_named(tmp_path: Path, changes: dict[str, object], promise: str) -> None:
    """A missed example, a wrong place, a found near miss and a pattern that canonical text cannot hold are named."""
    assert any(promise in told for told in _promises(_folder(tmp_path, **changes)))


def test_a_disguise_that_hides_is_named(tmp_path: Path) -> None:
    """A rule that looks only at raw text and claims the canonical view would be found out: decoded text is text too."""
    folder = _folder(tmp_path, any_of=[r"\bopen the (?-i:pod) bay doors\b"], examples=["open the pod bay doors"] * 2)
    assert _promises(folder) == []


def test_a_level_one_rule_may_not_hit_the_corpus(tmp_path: Path) -> None:
    """One benign line that a level-1 rule hits is a failure."""
    folder = _folder(tmp_path, corpus="Operators open the pod bay doors at noon.")
    assert any("level 1" in told for told in _promises(folder))


def test_more_benign_hits_than_accepted_fail(tmp_path: Path) -> None:
    """An eager rule may hit what the baseline accepts, and no line more."""
    folder = _folder(tmp_path, corpus="Operators open the pod bay doors at noon.", level=3)
    assert any("baseline" in told for told in _promises(folder))
    check.accept(folder, check.run(rules.load(folder), folder).benign_hits)
    assert _promises(folder) == []


def test_a_missing_corpus_is_refused(tmp_path: Path) -> None:
    """Without a benign corpus nothing is proved."""
    folder = _folder(tmp_path)
    (folder / "corpus" / "sop.txt").unlink()
    with pytest.raises(ConfigurationError, match="corpus"):
        check.run(rules.load(folder), folder)


@pytest.mark.parametrize("origins", [["tool_definition"], ["tool_result", "tool_definition"]])
def test_a_rule_on_definitions_may_not_hit_honest_ones(tmp_path: Path, origins: list[str]) -> None:
    """They have a corpus of their own, which rules on results alone do not meet."""
    folder = _folder(tmp_path, origins=origins)
    (folder / "corpus" / "definitions").mkdir()
    (folder / "corpus" / "definitions" / "tools.txt").write_text("Will open the pod bay doors.\n", encoding="utf-8")
    assert any("level 1, and hits 1 line" in told for told in _promises(folder))


def test_a_rule_on_results_does_not_meet_honest_definitions(tmp_path: Path) -> None:
    """What is an order in a result may be help in a definition."""
    folder = _folder(tmp_path)
    (folder / "corpus" / "definitions").mkdir()
    (folder / "corpus" / "definitions" / "tools.txt").write_text("Will open the pod bay doors.\n", encoding="utf-8")
    assert _promises(folder) == []


def test_a_rule_on_definitions_alone_meets_the_rest_of_the_corpus(tmp_path: Path) -> None:
    """A line of a procedure is as harmless in a definition."""
    folder = _folder(tmp_path, corpus="Operators open the pod bay doors at noon.", origins=["tool_definition"])
    assert any("level 1, and hits 1 line" in told for told in _promises(folder))


def test_names_prove_themselves_as_names(tmp_path: Path) -> None:
    """An example that is an identifier is read as its words, and reported whole."""
    folder = _folder(
        tmp_path,
        origins=["tool_definition"],
        view="raw",
        any_of=[r"\bidentifier: open the pod bay\b"],
        examples=["open_the_pod_bay_doors", {"text": "openThePodBay", "match": "openThePodBay"}],
    )
    assert _promises(folder) == []
