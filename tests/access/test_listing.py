"""Listings held against the registry: drift, and names that mislead."""

from __future__ import annotations

import pytest

from firewall.access.listing import Drift, Listed, check_listing
from firewall.access.names import bare, one_slip_apart, skeleton
from firewall.access.registry import Registry, load
from firewall.vocabulary import Origin, Severity

PINNED = f"sha256:{'ab' * 32}"
OTHER = f"sha256:{'cd' * 32}"
TOOL = """- name: {name}
  version: "1.0.0"
  title: A tool
  owner: Somebody
  purpose: Does what its name says.
  risk_class: read_only
  data_classes: [public]
  roles: ["*"]
  models: ["*"]
  input_schema: {{}}
"""


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Registry:
    """Return a registry of two servers, one tool of which is pinned."""
    root = tmp_path_factory.mktemp("rules")
    (root / "registry").mkdir()
    pinned = TOOL.format(name="get_patient").replace("  input_schema", f"  digest: '{PINNED}'\n  input_schema")
    (root / "registry" / "ehr.yaml").write_text(f"server: ehr\ntools:\n{pinned}{TOOL.format(name='list_wards')}")
    (root / "registry" / "mail.yaml").write_text(f"server: mail\ntools:\n{TOOL.format(name='send_message')}")
    return load(root)


def held(
    registry: Registry, server: str, *names: str, plain: str | None = None, digest: str = OTHER
) -> list[list[str]]:
    """Return the kinds of findings of each tool of a listing; `plain` is how the first name looks in Latin letters."""
    tools = [Listed(name, plain if plain and not index else name, digest) for index, name in enumerate(names)]
    return [[finding.entity_type for finding in one.findings] for one in check_listing(registry, server, tools)]


def drift(registry: Registry, server: str, name: str, digest: str) -> Drift:
    """Return how one definition stands to what was approved."""
    return check_listing(registry, server, [Listed(name, name, digest)])[0].drift


def test_drift(registry: Registry) -> None:
    """Pinned, changed, unpinned, unknown."""
    assert drift(registry, "ehr", "get_patient", PINNED) is Drift.PINNED
    assert drift(registry, "ehr", "get_patient", OTHER) is Drift.CHANGED
    assert drift(registry, "ehr", "list_wards", OTHER) is Drift.UNPINNED
    assert drift(registry, "mail", "get_patient", PINNED) is Drift.UNKNOWN
    assert drift(registry, "nobody", "get_patient", PINNED) is Drift.UNKNOWN


def test_each_drift_is_a_finding_of_its_own(registry: Registry) -> None:
    """The approved definition has none; a changed one is as bad as an unknown caller."""
    assert held(registry, "ehr", "get_patient", digest=PINNED) == [[]]
    assert held(registry, "ehr", "get_patient") == [["TOOL_DEFINITION_CHANGED"]]
    assert held(registry, "ehr", "list_wards") == [["TOOL_DEFINITION_UNPINNED"]]
    assert held(registry, "ehr", "paint_walls") == [["TOOL_NOT_REGISTERED"]]
    (changed,) = check_listing(registry, "ehr", [Listed("get_patient", "get_patient", OTHER)])[0].findings
    assert (changed.severity, changed.origin, changed.span) == (Severity.HIGH, Origin.TOOL_DEFINITION, None)


def test_a_name_that_stands_twice(registry: Registry) -> None:
    """Also in another spelling, and then both are meant: nobody can tell which is called."""
    twice = held(registry, "ehr", "list_wards", "list_wards", "get_patient", digest=PINNED)
    assert [("TOOL_NAME_DUPLICATE" in kinds) for kinds in twice] == [True, True, False]
    spelled = held(registry, "x", "paint_walls", "paintWalls", "Paint-walls", "paint_wal1s", "paint_doors")
    assert [("TOOL_NAME_DUPLICATE" in kinds) for kinds in spelled] == [True, True, True, True, False]


@pytest.mark.parametrize(
    ("name", "plain", "kind"),
    [
        ("send_message", None, "TOOL_NAME_SHADOWS"),
        ("sendMessage", None, "TOOL_NAME_SHADOWS"),
        ("send_mes5age", None, "TOOL_NAME_LOOKALIKE"),
        ("send_rnessage", None, "TOOL_NAME_LOOKALIKE"),
        ("sеnd_message", "send_message", "TOOL_NAME_LOOKALIKE"),
        ("send_message\u200b", "send_message", "TOOL_NAME_LOOKALIKE"),
        ("send_messages", None, "TOOL_NAME_NEAR"),
        ("send_mesage", None, "TOOL_NAME_NEAR"),
        ("send_massage", None, "TOOL_NAME_NEAR"),
        ("sned_message", None, "TOOL_NAME_NEAR"),
        ("send_invoice", None, None),
        ("paint_walls", None, None),
    ],
)
def test_names_that_pass_for_another_tool(registry: Registry, name: str, plain: str | None, kind: str | None) -> None:
    """The same name under another server, a look-alike, a slip of the pen; an honest other name is none of these."""
    assert held(registry, "new", name, plain=plain) == [["TOOL_NOT_REGISTERED", *([kind] if kind else [])]]


def test_a_tool_of_its_own_server_misspelled(registry: Registry) -> None:
    """It shadows that tool as well."""
    assert held(registry, "ehr", "get_patlent") == [["TOOL_NOT_REGISTERED", "TOOL_NAME_LOOKALIKE"]]


def test_a_registered_tool_may_be_named_like_another(registry: Registry) -> None:
    """Whoever registered it has seen the other."""
    assert held(registry, "mail", "send_message") == [["TOOL_DEFINITION_UNPINNED"]]


def test_a_finding_prints_no_name(registry: Registry) -> None:
    """Names are chosen by the server."""
    listed = Listed("canary_name", "canary_name", OTHER)
    assert "canary" not in repr(listed) + repr(check_listing(registry, "x", [listed]))


def test_skeletons() -> None:
    """Twins fold together, and only they; `bare` leaves letters alone."""
    assert skeleton("get_Item-1") == skeleton("getltem1") == skeleton("GET.ITEM.l")
    assert skeleton("corn_flow") == skeleton("com_fl0w")
    assert skeleton("read_file") != skeleton("read_pile")
    assert bare("getItem") == bare("get_item") == "getitem"
    assert bare("get_1tem") != bare("get_item")


@pytest.mark.parametrize(
    ("one", "other", "near"),
    [
        ("getpatient", "getpatients", True),
        ("getpatient", "getpatiant", True),
        ("getpatient", "getpateint", True),
        ("getpatient", "getpatient", False),
        ("getpatient", "getpathway", False),
        ("getpatient", "getpatientss", False),
        ("exportv2", "exportv3", False),
        ("read", "reap", False),
        ("abcdefgh", "hgfedcba", False),
    ],
)
def test_one_slip(one: str, other: str, near: bool) -> None:
    """One letter or one swap; versions and short names are no slips; the order means nothing."""
    assert one_slip_apart(one, other) is near
    assert one_slip_apart(other, one) is near
