"""Policy files: refused with file and line, selected by tenant and tool, and proven by their own cases."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from firewall.check.policy import run
from firewall.errors import ConfigurationError, InvalidRequestError
from firewall.policy.policy import load
from firewall.rules import entity_types
from firewall.rules import load as load_rules
from firewall.vocabulary import Call, Direction, Identity, ToolRef

RULES = Path(__file__).resolve().parents[2] / "rules"
PLAIN = """id: default
version: "1"
description: A policy for tests.
mode: enforce
detect_level: 2
act_level: 1
clauses:
- id: one
  when: {entity_types: [$some, C]}
  action: block
  reason: found something
"""


def write(root: Path, name: str, text: str) -> Path:
    """Write a policy below a rules folder and return the folder."""
    (root / "policies" / "tests").mkdir(parents=True, exist_ok=True)
    (root / "policies" / name).write_text(text)
    (root / "entity_groups.yaml").write_text("some: [A, B]\n")
    return root


class TestLoading:
    """From YAML to frozen policies."""

    def test_a_group_stands_for_its_entity_types(self, tmp_path: Path) -> None:
        """Beside types that are written out."""
        policy = load(write(tmp_path, "default.yaml", PLAIN)).policies["default"]
        assert policy.clauses[0].entity_types == {"A", "B", "C"}

    @pytest.mark.parametrize(
        ("old", "new", "line", "word"),
        [
            ("$some", "$none", 9, "group"),
            ("id: default", "id: other", 1, "file's name"),
            ("act_level: 1", "act_level: 3", 6, "detect_level"),
            ("action: block", "action: destroy", 10, "action"),
            ("mode: enforce", "mode: off", 4, "mode"),
            ("detect_level: 2", "detect_level: 5", 5, "detect_level"),
            ("when: {", "when: {colour: red, ", 9, "colour"),
            ("when: {", "when: {min_score: 1.5, ", 9, "min_score"),
            ("when: {", "when: {directions: [sideways], ", 9, "directions"),
            ("  reason: found something\n", "", 8, "reason"),
            ("  reason: found something\n", "  reason: found something\n  operator: {name: encipher}\n", 12, "operator"),
            ("description", "descripton", 3, "descripton"),
            ("  reason: found something\n", "  reason: found something\n- {id: one, when: {}, action: allow, reason: once more}\n",
             12, "twice"),
        ],
    )  # fmt: skip
    def test_each_mistake_is_named_with_file_and_line(
        self, tmp_path: Path, old: str, new: str, line: int, word: str
    ) -> None:
        """So that an editor can jump there."""
        assert PLAIN.count(old) == 1
        root = write(tmp_path, "default.yaml", PLAIN.replace(old, new))
        with pytest.raises(ConfigurationError) as caught:
            load(root)
        where, _, rest = caught.value.detail.partition(": ")
        assert word in rest
        assert where == f"policies/default.yaml:{line}"

    def test_an_empty_group_is_a_mistake(self, tmp_path: Path) -> None:
        """A clause whose list of kinds came out empty would speak about every kind."""
        write(tmp_path, "default.yaml", PLAIN)
        (tmp_path / "entity_groups.yaml").write_text("some: []\n")
        with pytest.raises(ConfigurationError, match=r"^entity_groups.yaml:1: some: "):
            load(tmp_path)

    def test_there_must_be_a_default(self, tmp_path: Path) -> None:
        """Every call falls under something."""
        with pytest.raises(ConfigurationError, match="default"):
            load(write(tmp_path, "other.yaml", PLAIN.replace("id: default", "id: other")))

    def test_the_digest_follows_every_byte(self, tmp_path: Path) -> None:
        """Of the policies and of the groups."""
        first = load(write(tmp_path, "default.yaml", PLAIN)).digest
        assert load(write(tmp_path, "default.yaml", PLAIN)).digest == first
        second = load(write(tmp_path, "default.yaml", PLAIN + "# a word\n")).digest
        (tmp_path / "entity_groups.yaml").write_text("some: [A]\n")
        assert len({first, second, load(tmp_path).digest}) == 3


class TestSelecting:
    """Which policy a call falls under."""

    @pytest.mark.parametrize(
        ("tenant", "tool", "policy"),
        [
            ("acme", "ehr/get_patient", "clinic"),
            ("acme", "mail/send", "acme"),
            ("other", "ehr/get_patient", "default"),
            ("", "demo/fetch", "default"),
        ],
    )
    def test_the_most_specific_one_wins(self, tmp_path: Path, tenant: str, tool: str, policy: str) -> None:
        """Tenant and tool before tenant alone before everything."""
        write(tmp_path, "default.yaml", PLAIN + 'applies_to: {tenants: ["*"], tools: ["*"]}\n')
        write(tmp_path, "acme.yaml", PLAIN.replace("id: default", "id: acme") + "applies_to: {tenants: [acme]}\n")
        clinic = PLAIN.replace("id: default", "id: clinic") + 'applies_to: {tenants: [acme], tools: ["ehr/*"]}\n'
        write(tmp_path, "clinic.yaml", clinic)
        write(tmp_path, "unbound.yaml", PLAIN.replace("id: default", "id: unbound"))
        server, name = tool.split("/")
        call = Call(Direction.INBOUND, ToolRef(server, name), Identity(tenant=tenant))
        assert load(tmp_path).select(call).id == policy

    def test_a_policy_can_be_named(self, tmp_path: Path) -> None:
        """And a name that does not exist is the caller's mistake."""
        policies = load(write(tmp_path, "default.yaml", PLAIN))
        call = Call(Direction.INBOUND, ToolRef("demo", "fetch"), Identity())
        assert policies.select(call, "default").id == "default"
        with pytest.raises(InvalidRequestError) as caught:
            policies.select(call, "none")
        assert caught.value.pointer == "/policy"


class TestShipped:
    """The policies in `rules/`."""

    def test_every_case_holds_and_every_clause_is_met(self) -> None:
        """Which is what `firewall policy test` says."""
        results = run(RULES)
        assert [(result.where, result.name, result.problem) for result in results if not result.ok] == []
        assert len(results) >= 40

    def test_every_kind_that_a_rule_can_report_is_answered(self) -> None:
        """An entity type that no clause speaks about would pass unseen."""
        reported = entity_types(load_rules(RULES).rules)
        for policy in load(RULES).policies.values():
            answered = {name for clause in policy.clauses for name in clause.entity_types}
            assert reported - answered == set(), policy.id

    def test_excising_differs_in_what_is_done_about_injection_only(self) -> None:
        """Every other clause, the levels and the skips are the default's; thresholds are too."""
        default, excise = (
            yaml.safe_load((RULES / "policies" / f"{name}.yaml").read_text()) for name in ("default", "excise")
        )
        plain, cutting = (
            {one["id"]: one for one in policy["clauses"] if not one["id"].startswith(("injection-", "definition-rule"))}
            for policy in (default, excise)
        )
        assert plain == cutting
        assert excise["skipped"] == default["skipped"]
        scores = [
            [one["when"]["min_score"] for one in policy["clauses"] if "min_score" in one["when"]]
            for policy in (default, excise)
        ]
        assert scores[0] == scores[1]

    def test_monitoring_has_the_clauses_of_the_default(self) -> None:
        """It says what the default policy would do, so the two may not drift apart."""
        default, monitor = (
            yaml.safe_load((RULES / "policies" / f"{name}.yaml").read_text()) for name in ("default", "monitor")
        )
        assert (monitor["clauses"], monitor["skipped"]) == (default["clauses"], default["skipped"])
        assert monitor["mode"] == "monitor"


class TestCases:
    """The runner of policy cases."""

    @pytest.fixture
    def root(self, tmp_path: Path) -> Path:
        """Return a rules folder with one policy and the demo registry."""
        shutil.copytree(RULES / "registry", tmp_path / "registry")
        return write(tmp_path, "default.yaml", PLAIN)

    GOOD = """- name: an A is blocked
  policy: default
  call: {direction: outbound, tool: demo/fetch}
  findings: [{entity_type: A, score: 0.9, severity: high}]
  expect: {action: block, reasons: [one], operators: []}
- name: a crash is blocked
  policy: default
  call: {direction: outbound, tool: demo/fetch}
  skipped: [{reason: crash}]
  expect: {action: block}
"""

    def test_cases_that_hold(self, root: Path) -> None:
        """Two cases, the clause and the default answer to skips."""
        (root / "policies" / "tests" / "default.yaml").write_text(self.GOOD)
        assert [result.ok for result in run(root)] == [True] * 4

    @pytest.mark.parametrize(
        ("old", "new", "problem"),
        [
            ("action: block, reasons", "action: allow, reasons", "expected allow, decided block (one)"),
            ("reasons: [one]", "reasons: [two]", "expected the reasons"),
            ("operators: []", "operators: [mask]", "expected the operators"),
            ("operators: []", "enforced: false", "expected enforced: false"),
            ("name: an A is blocked\n  policy: default", "name: an A is blocked\n  policy: none", "no policy with the id none"),
            ("name: a crash is blocked", "name: an A is blocked", "twice"),
        ],
    )  # fmt: skip
    def test_a_case_that_does_not_hold_says_why(self, root: Path, old: str, new: str, problem: str) -> None:
        """With the line of the case."""
        assert self.GOOD.count(old) == 1
        (root / "policies" / "tests" / "default.yaml").write_text(self.GOOD.replace(old, new))
        failed = [result for result in run(root) if not result.ok]
        assert problem in str(failed[0].problem)
        assert failed[0].where in ("policies/tests/default.yaml:1", "policies/tests/default.yaml:6")

    def test_a_clause_that_no_case_meets_fails(self, root: Path) -> None:
        """As does the answer to what was not looked at; both are named with the line of the policy."""
        failed = [(result.where, result.problem) for result in run(root)]
        assert failed == [
            ("policies/default.yaml:8", "no case meets it"),
            ("policies/default.yaml:1", "no case meets it"),
        ]

    def test_a_broken_case_is_refused_with_its_line(self, root: Path) -> None:
        """Unknown fields are no silent promises."""
        (root / "policies" / "tests" / "default.yaml").write_text(self.GOOD + "  expected: {action: block}\n")
        with pytest.raises(ConfigurationError, match=r"^policies/tests/default.yaml:11: "):
            run(root)


@pytest.mark.parametrize("params", ["{extent: page}", "{new_value: x}", "{extent: sentence, depth: 2}"])
def test_excise_takes_no_other_parameter(tmp_path: Path, params: str) -> None:
    """A misspelled extent would cut another piece than was meant."""
    text = PLAIN.replace("action: block", f"action: redact\n  operator: {{name: excise, params: {params}}}")
    with pytest.raises(ConfigurationError, match=r"default\.yaml.*extent"):
        load(write(tmp_path, "default.yaml", text))


@pytest.mark.parametrize(
    "operator",
    ["{name: encrypt, params: {key: x}}", "{name: vault, params: {ttl: 5}}", "{name: generalise, params: {band: 7}}",
     "{name: shift_date, params: {max_days: 0}}", "{name: shift_date, params: {of: patient}}",
     "{name: surrogate, params: {culture: any}}"],
)  # fmt: skip
def test_our_operators_take_no_other_parameter(tmp_path: Path, operator: str) -> None:
    """What is misspelled would be silently something else."""
    text = PLAIN.replace("action: block", f"action: redact\n  operator: {operator}")
    with pytest.raises(ConfigurationError, match=r"default\.yaml.*takes"):
        load(write(tmp_path, "default.yaml", text))


def test_a_restore_names_its_purposes(tmp_path: Path) -> None:
    """Who may have originals back is said, or nobody may; an empty list of purposes is a mistake."""
    policy = load(write(tmp_path, "default.yaml", PLAIN)).policies["default"]
    assert policy.refuses_restore(Identity(session="s", purpose="treatment")) is not None
    write(tmp_path, "default.yaml", f"{PLAIN}restore: {{purposes: [treatment], roles: [nurse]}}\n")
    policy = load(tmp_path).policies["default"]
    who = Identity(session="s", purpose="treatment", roles=("clerk", "nurse"))
    assert policy.refuses_restore(who) is None
    for other in (
        replace(who, session=""),
        replace(who, purpose=""),
        replace(who, purpose="sale"),
        replace(who, roles=()),
    ):
        assert policy.refuses_restore(other) is not None
    write(tmp_path, "default.yaml", f"{PLAIN}restore: {{purposes: []}}\n")
    with pytest.raises(ConfigurationError, match=r"default\.yaml.*restore"):
        load(tmp_path)
