"""The tool registry: what is not registered does not exist, and arguments are held against the schema."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

from firewall.access.registry import Registry, check, load
from firewall.errors import ConfigurationError
from firewall.vocabulary import Call, Direction, Finding, Identity, Origin, Severity, ToolRef

RULES = Path(__file__).resolve().parents[2] / "rules"
DEMO = load(RULES)
PLAIN = """server: ehr
tools:
- name: read_chart
  version: "1.0.0"
  title: Read a chart
  owner: Clinical Informatics
  purpose: Returns one chart to whoever may read it.
  risk_class: read_only
  data_classes: [phi]
  roles: [clinician, nurse]
  models: [agent-1]
  input_schema:
    type: object
    additionalProperties: false
    required: [mrn]
    properties: {mrn: {type: string, pattern: '^[0-9]{6}$'}, deep: {type: array, items: {type: object, required: [x]}}}
"""


def write(root: Path, text: str, name: str = "ehr.yaml") -> Path:
    """Write a registry file below a rules folder and return the folder."""
    (root / "registry").mkdir(parents=True, exist_ok=True)
    (root / "registry" / name).write_text(text)
    return root


def held(
    registry: Registry,
    tool: str,
    arguments: Any = None,
    *,
    version: str | None = None,
    direction: Direction = Direction.INBOUND,
    model: str = "",
    roles: tuple[str, ...] = (),
) -> tuple[Finding, ...]:
    """Hold a call against a registry."""
    server, name = tool.split("/")
    call = Call(direction, ToolRef(server, name, version), Identity(model=model, roles=roles))
    return check(registry, call, None if arguments is None else json.dumps(arguments))


def places(findings: tuple[Finding, ...]) -> list[tuple[str, str]]:
    """Return kind and pointer of each finding."""
    return sorted((finding.entity_type, finding.pointer) for finding in findings)


GOOD = {"sample_id": "S-2024-00017", "test": "assay", "value": 99.2, "unit": "%"}


class TestCalls:
    """Single calls against the demo registry."""

    def test_an_unknown_tool_does_not_exist(self) -> None:
        """In both directions; the finding is about the whole call and certain."""
        for direction, origin in ((Direction.INBOUND, Origin.TOOL_CALL), (Direction.OUTBOUND, Origin.TOOL_RESULT)):
            (finding,) = held(DEMO, "ehr/delete_patient", {}, direction=direction)
            assert (finding.entity_type, finding.span, finding.score) == ("TOOL_NOT_REGISTERED", None, 1.0)
            assert (finding.origin, finding.severity) == (origin, Severity.HIGH)

    def test_a_tool_of_another_server_is_another_tool(self) -> None:
        """Names are looked up under their server."""
        assert places(held(DEMO, "shadow/get_patient")) == [("TOOL_NOT_REGISTERED", "")]

    def test_the_version_is_compared_where_it_is_given(self) -> None:
        """Without one, any will do."""
        assert held(DEMO, "lims/search_samples", {"query": "x"}, version="2.1.0") == ()
        assert held(DEMO, "lims/search_samples", {"query": "x"}) == ()
        (finding,) = held(DEMO, "lims/search_samples", {"query": "x"}, version="2.1")
        assert (finding.entity_type, finding.severity) == ("TOOL_VERSION_MISMATCH", Severity.MEDIUM)

    def test_the_digest_is_compared_where_it_is_given_and_pinned(self, tmp_path: Path) -> None:
        """A call that names another definition than the approved one is as bad as an unknown tool."""
        pinned = f"sha256:{'ab' * 32}"
        registry = load(write(tmp_path, PLAIN.replace("  input_schema", f"  digest: '{pinned}'\n  input_schema")))
        for digest, kinds in ((pinned, []), (None, []), ("sha256:é", ["TOOL_DEFINITION_CHANGED"])):
            call = Call(
                Direction.OUTBOUND,
                ToolRef("ehr", "read_chart", None, digest),
                Identity(model="agent-1", roles=("nurse",)),
            )
            assert [finding.entity_type for finding in check(registry, call, None)] == kinds
            assert check(load(write(tmp_path / "unpinned", PLAIN)), call, None) == ()

    def test_arguments_that_fit_pass(self) -> None:
        """All of them optional ones too."""
        assert held(DEMO, "lims/enter_result", {**GOOD, "instrument": "HPLC-07", "comment": ""}) == ()

    @pytest.mark.parametrize(
        ("change", "pointers"),
        [
            ({"sql": 1}, ["/sql"]),
            ({"a/b~c": 1, "sql": 1}, ["/a~1b~0c", "/sql"]),
            ({"unit": None}, ["/unit"]),
            ({"value": "99.2"}, ["/value"]),
            ({"sample_id": "S-1", "unit": ""}, ["/sample_id", "/unit"]),
        ],
    )
    def test_each_break_is_named_by_its_pointer(self, change: dict[str, Any], pointers: list[str]) -> None:
        """Unknown members, wrong types and values out of their pattern."""
        found = held(DEMO, "lims/enter_result", {**GOOD, **change})
        assert places(found) == [("TOOL_ARGUMENTS_INVALID", pointer) for pointer in pointers]

    def test_missing_members_are_named_where_they_should_stand(self) -> None:
        """As are breaks deep inside."""
        assert [pointer for _, pointer in places(held(DEMO, "lims/enter_result", {}))] == [
            "/sample_id", "/test", "/unit", "/value",
        ]  # fmt: skip
        order = {"mrn": "123456", "order_type": "medication", "code": "A10", "dose": {"value": -1, "unit": "mg"}}
        assert places(held(DEMO, "ehr/place_order", order)) == [("TOOL_ARGUMENTS_INVALID", "/dose/value")]
        changes = {"mrn": "123456", "changes": [{"operation": "add", "substance": "latex"}, {"operation": "add"}]}
        assert places(held(DEMO, "ehr/update_allergies", changes)) == [
            ("TOOL_ARGUMENTS_INVALID", "/changes/1/substance")
        ]

    @pytest.mark.parametrize("arguments", ["text", [], 1, None])
    def test_arguments_must_be_an_object(self, arguments: Any) -> None:
        """The break stands at the root."""
        call = Call(Direction.INBOUND, ToolRef("lims", "enter_result"), Identity())
        assert places(check(DEMO, call, json.dumps(arguments))) == [("TOOL_ARGUMENTS_INVALID", "")]

    @pytest.mark.parametrize("tool", ["search_patients"])
    @pytest.mark.parametrize(("date", "fits"), [("1980-02-29", True), ("1981-02-29", False), ("29.02.1980", False)])
    def test_formats_are_checked(self, tool: str, date: str, fits: bool) -> None:
        """A date must be one."""
        assert (held(DEMO, f"ehr/{tool}", {"birth_date": date}) == ()) is fits

    def test_results_are_not_held_against_the_schema(self) -> None:
        """It speaks about arguments."""
        assert held(DEMO, "lims/enter_result", {"anything": 1}, direction=Direction.OUTBOUND) == ()

    @pytest.mark.parametrize("number", ["1e999", "-1e999", "9" * 4_000, "1e-4000"])
    def test_extreme_numbers_do_no_harm(self, number: str) -> None:
        """Whatever a number is, the answer is a finding or none."""
        call = Call(Direction.INBOUND, ToolRef("lims", "enter_result"), Identity())
        findings = check(DEMO, call, json.dumps({**GOOD, "value": 0}).replace('"value": 0', f'"value": {number}'))
        assert {finding.pointer for finding in findings} <= {"/value"}

    def test_many_breaks_are_cut_off(self) -> None:
        """A hundred thousand unknown members neither flood the record nor cost long."""
        began = time.thread_time()
        found = held(DEMO, "lims/enter_result", {f"k{number}": 1 for number in range(100_000)})
        assert len(found) <= 64
        assert time.thread_time() - began < 10

    def test_a_finding_prints_no_argument(self) -> None:
        """Neither value nor the name of an unknown member."""
        found = held(DEMO, "lims/enter_result", {**GOOD, "canary-key": "canary-value", "unit": "canary" * 9})
        assert len(found) == 2 and "canary" not in repr(found)


class TestCallers:
    """Roles and models."""

    @pytest.fixture
    def closed(self, tmp_path: Path) -> Registry:
        """Return a registry with a tool that two roles and one model may call."""
        return load(write(tmp_path, PLAIN))

    def test_who_may_call_passes(self, closed: Registry) -> None:
        """One of the roles is enough."""
        assert held(closed, "ehr/read_chart", {"mrn": "123456"}, model="agent-1", roles=("visitor", "nurse")) == ()

    def test_another_model_may_not(self, closed: Registry) -> None:
        """Nor one without a name."""
        for model in ("agent-2", ""):
            found = held(closed, "ehr/read_chart", {"mrn": "123456"}, model=model, roles=("nurse",))
            assert places(found) == [("MODEL_NOT_ALLOWED", "")]

    def test_another_role_may_not(self, closed: Registry) -> None:
        """Nor a caller without any; results are refused as well."""
        for roles in ((), ("visitor",)):
            for direction in Direction:
                found = held(
                    closed, "ehr/read_chart", {"mrn": "123456"}, model="agent-1", roles=roles, direction=direction
                )
                assert places(found) == [("ROLE_NOT_ALLOWED", "")]

    def test_everything_that_is_wrong_is_said(self, closed: Registry) -> None:
        """One break does not hide another."""
        found = held(closed, "ehr/read_chart", {"mrn": "1"}, version="9")
        assert [kind for kind, _ in places(found)] == [
            "MODEL_NOT_ALLOWED", "ROLE_NOT_ALLOWED", "TOOL_ARGUMENTS_INVALID", "TOOL_VERSION_MISMATCH",
        ]  # fmt: skip

    def test_the_fields_of_a_schema_are_known(self, closed: Registry) -> None:
        """Also of nested ones: they are nobody's data and may be shown."""
        tool = closed.find("ehr", "read_chart")
        assert tool is not None and tool.fields == {"mrn", "deep"}


class TestLoading:
    """From YAML to a registry."""

    @pytest.mark.parametrize(
        ("old", "new", "where"),
        [
            ("server: ehr", "server: 'e h r'", "registry/ehr.yaml:1"),
            ('version: "1.0.0"', "version: 1.0", "registry/ehr.yaml:4"),
            ("risk_class: read_only", "risk_class: harmless", "registry/ehr.yaml:8"),
            ("roles: [clinician, nurse]", "roles: []", "registry/ehr.yaml:10"),
            ("owner:", "onwer:", "registry/ehr.yaml:6"),
            ("  input_schema:", "  digest: 'sha256:AB'\n  input_schema:", "registry/ehr.yaml:12"),
            ("type: object\n    add", "type: objekt\n    add", "registry/ehr.yaml:12"),
            ("pattern: '^[0-9]{6}$'", "pattern: '^[0-9'", "registry/ehr.yaml:12"),
            ("pattern: '^[0-9]{6}$'", "pattern: '^(?=a)[0-9]{6}$'", "registry/ehr.yaml:12"),
            ("pattern: '^[0-9]{6}$'", "$ref: 'https://schemas.example/mrn.json'", "registry/ehr.yaml:12"),
        ],
    )
    def test_each_mistake_is_named_with_file_and_line(self, tmp_path: Path, old: str, new: str, where: str) -> None:
        """Also a schema that is none, a pattern that is not linear, and one that lies elsewhere."""
        assert PLAIN.count(old) == 1
        with pytest.raises(ConfigurationError) as caught:
            load(write(tmp_path, PLAIN.replace(old, new)))
        assert caught.value.detail.startswith(f"{where}: ")

    def test_a_tool_is_registered_once(self, tmp_path: Path) -> None:
        """Also over two files of one server."""
        write(tmp_path, PLAIN, "zz.yaml")
        with pytest.raises(ConfigurationError, match=r"registry/zz.yaml:3: .*twice"):
            load(write(tmp_path, PLAIN))

    def test_an_empty_registry_is_a_mistake(self, tmp_path: Path) -> None:
        """Every call would be blocked."""
        with pytest.raises(ConfigurationError):
            load(tmp_path)

    def test_the_digest_follows_every_byte(self, tmp_path: Path) -> None:
        """A comment is enough."""
        first = load(write(tmp_path, PLAIN)).digest
        assert load(write(tmp_path, PLAIN)).digest == first
        assert load(write(tmp_path, PLAIN + "# a word\n")).digest != first


class TestDemo:
    """The registry in `rules/`."""

    def test_it_holds_the_tools_of_six_servers(self) -> None:
        """About twenty, and one that takes anything."""
        assert {server for server, _ in DEMO.tools} == {"demo", "ehr", "lims", "qms", "mes", "mail"}
        assert 20 <= len(DEMO.tools) <= 30
        assert {tool.risk_class for tool in DEMO.tools.values()} == {
            "read_only",
            "write_sensitive",
            "clinical_impacting",
        }

    @pytest.mark.parametrize("arguments", [{}, {"a": [1, {"b": None}]}, [], "text", 1, None])
    def test_fetch_takes_anything(self, arguments: Any) -> None:
        """Any JSON at all."""
        call = Call(Direction.INBOUND, ToolRef("demo", "fetch"), Identity())
        assert check(DEMO, call, json.dumps(arguments)) == ()

    def test_every_schema_is_closed(self) -> None:
        """Nothing rides along unnamed with any tool but the demo one."""
        for server, name in DEMO.tools:
            if server != "demo":
                assert ("TOOL_ARGUMENTS_INVALID", "/unheard_of") in places(
                    held(DEMO, f"{server}/{name}", {"unheard_of": 1})
                )
