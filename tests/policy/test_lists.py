"""A policy's lists: what is spared, what never is, and what is refused with file and line."""

from __future__ import annotations

from pathlib import Path

import pytest

from firewall.check.policy import run
from firewall.errors import ConfigurationError
from firewall.policy.lists import AllowList
from firewall.policy.policy import load
from firewall.vocabulary import Finding, Origin, Severity, Span
from tests.conftest import RULES

PLAIN = """id: default
version: "1"
description: A policy for tests.
mode: enforce
detect_level: 2
act_level: 1
clauses:
- id: one
  when: {entity_types: [PERSON, ORGANIZATION, SECRET]}
  action: block
  reason: found something
"""
GROUPS = "injection: [PROMPT_INJECTION]\nsecrets: [SECRET]\nnames: [PERSON, ORGANIZATION]\n"


def policy(root: Path, lists: str) -> Path:
    """Write a policy with lists, and return the rules folder."""
    (root / "policies" / "tests").mkdir(parents=True, exist_ok=True)
    (root / "policies" / "default.yaml").write_text(PLAIN + lists)
    (root / "entity_groups.yaml").write_text(GROUPS)
    return root


def spared(allow: AllowList, text: str, value: str, kind: str = "PERSON", **more: str) -> str | None:
    """Return the line that spares a finding of a value, None where it stays."""
    at = text.index(value)
    finding = Finding(more.get("detector", "entities"), more.get("rule_id", "model.entities"), kind, "/a",
                      Span(at, at + len(value)), 0.9, Severity.HIGH, Origin.TOOL_RESULT)  # fmt: skip
    return allow.spared([finding], {("/a", False): text}).get(0)


LISTS = """allow:
- {text: "Acme Lab", entity_types: [$names]}
- {text: "Grace", case: exact}
- {pattern: 'Ward [0-9]{1,2}', examples: [Ward 12]}
deny:
- {text: Project Bluebird, entity_type: ORGANIZATION}
"""


@pytest.mark.parametrize(
    ("text", "value", "kind", "line"),
    [
        ("at Acme Lab today", "Acme Lab", "ORGANIZATION", 13),
        ("at ACME\n lab today", "ACME", "PERSON", 13),
        ("at Acme Lab today", "Acme Lab today", "PERSON", None),  # longer than what is allowed
        ("at Acme Labs", "Acme Labs", "PERSON", None),
        ("at Acme Lab", "Acme Lab", "LOCATION", None),  # of another type
        ("Grace and", "Grace", "PERSON", 14),
        ("grace and", "grace", "PERSON", None),  # as it is written
        ("to ward 7 now", "ward 7", "LOCATION", 15),
        ("to ward 777 now", "ward 777", "LOCATION", None),
    ],
)
def test_what_lies_inside_an_allowed_text_is_spared(
    tmp_path: Path, text: str, value: str, kind: str, line: int | None
) -> None:
    """In the entry's case, for its entity types, and by the line that says so."""
    allow = load(policy(tmp_path, LISTS)).policies["default"].allow
    assert spared(allow, text, value, kind) == (None if line is None else f"policies/default.yaml:{line}")


@pytest.mark.parametrize(
    ("kind", "more"),
    [
        ("SECRET", {}),
        ("PROMPT_INJECTION", {}),
        ("PERSON", {"detector": "injection"}),
        ("PERSON", {"detector": "access"}),
        ("PERSON", {"rule_id": "secrets.generic.1"}),
        ("PERSON", {"rule_id": "injection.override.1"}),
    ],
)
def test_secrets_and_orders_are_never_spared(tmp_path: Path, kind: str, more: dict[str, str]) -> None:
    """By an entry for all entity types neither."""
    allow = load(policy(tmp_path, "allow: [{text: Grace}]\n")).policies["default"].allow
    assert spared(allow, "Grace", "Grace") is not None
    assert spared(allow, "Grace", "Grace", kind, **more) is None


@pytest.mark.parametrize(
    ("lists", "line", "word"),
    [
        ("allow: [{text: A}]\n", 12, "at least 2"),
        ("allow: [{text: Ab, pattern: Ab}]\n", 12, "either a text or a pattern"),
        ("allow:\n- {entity_types: [PERSON]}\n", 13, "either a text or a pattern"),
        ("allow:\n- {pattern: 'a+'}\n", 13, "without bound"),
        ("allow:\n- {pattern: '(a'}\n", 13, "RE2"),
        ("allow:\n- {pattern: '(?:\\pL{1,900}\\pN{1,900}){1,900}'}\n", 13, "RE2"),
        ("allow:\n- {pattern: 'a{0,3}'}\n", 13, "empty"),
        ("allow:\n- {text: Ab, entity_types: [SECRET]}\n", 13, "never spared"),
        ("allow:\n- {text: Ab, entity_types: [$injection]}\n", 13, "never spared"),
        ("allow:\n- {text: Ab, entity_types: [$none]}\n", 13, "no group"),
        ("allow:\n- {text: Ab, colour: red}\n", 13, "colour"),
        ("deny:\n- {text: Ab}\n", 13, "entity_type"),
        ("deny:\n- {text: Ab, entity_type: person}\n", 13, "entity_type"),
        ("deny:\n- {text: Ab, entity_type: PHONE_NUMBER}\n", 13, "no clause of the policy speaks of PHONE_NUMBER"),
        ("deny:\n- {pattern: 'a*b', entity_type: PERSON}\n", 13, "without bound"),
        ("deny:\n- {text: Ab, entity_type: PERSON, score: 2}\n", 13, "score"),
        ("ad_hoc: perhaps\n", 12, "ad_hoc"),
        ("propagate: always\n", 12, "propagate"),
    ],
)
def test_a_wrong_list_is_refused_with_its_line(tmp_path: Path, lists: str, line: int, word: str) -> None:
    """When the policy is loaded, not when a text comes by."""
    with pytest.raises(ConfigurationError, match=rf"^policies/default.yaml:{line}: .*{word}"):
        load(policy(tmp_path, lists))


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        ("{pattern: 'Ward [0-9]{1,2}', examples: [Ward 3], negative_examples: [Warden]}", None),
        ("{pattern: 'Ward [0-9]{1,2}'}", "no example"),
        ("{pattern: 'Ward [0-9]{1,2}', examples: [Ward 3, Ward X]}", "example 2 does not match"),
        ("{pattern: 'Ward [0-9]{1,2}', examples: [Ward 3], negative_examples: [ward 4]}", "negative example 1 matches"),
    ],
)
def test_patterns_prove_themselves(tmp_path: Path, entry: str, problem: str | None) -> None:
    """`firewall policy test` holds them to their examples, beside the cases."""
    (tmp_path / "registry").mkdir()
    for file in (RULES / "registry").glob("*.yaml"):
        (tmp_path / "registry" / file.name).write_text(file.read_text())
    results = [one for one in run(policy(tmp_path, f"allow:\n- {entry}\n")) if "list" in one.name]
    assert [one.where for one in results] == ["policies/default.yaml:13"]
    assert (results[0].problem is None) if problem is None else problem in str(results[0].problem)
