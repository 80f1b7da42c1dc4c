"""The way back: what was sealed or kept comes back to the letter, for the same tenant, session and purpose, and is told."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from firewall.api.app import create_app
from firewall.settings import Settings
from tests.redis_servers import redis_server

SSN = "536-22-1874"
CALLER = {"tenant": "north", "session": "s-1", "purpose": "treatment", "roles": ["clinician"], "user": "u-1"}
POLICY = """id: {name}
version: "1"
description: A policy for tests of restoring.
mode: {mode}
detect_level: 3
act_level: 2
{restore}
clauses:
- id: identifier-result
  when: {{entity_types: [$identifiers]}}
  action: redact
  operator: {{name: {operator}}}
  reason: The result holds an identifier
skipped: {{default: allow}}
"""
ALLOWED = "restore: {purposes: [treatment, payment]}"


@pytest.fixture(scope="module")
def rules(small_rules: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a rules folder with policies that seal, keep, and look like they may be undone and may not."""
    root = tmp_path_factory.mktemp("restore") / "rules"
    shutil.copytree(small_rules, root)
    for name, operator, restore in [
        ("sealing", "encrypt", ALLOWED),
        ("keeping", "vault", ALLOWED),
        ("closed", "encrypt", ""),
        ("faking", "surrogate", ALLOWED),
        ("watching", "vault", ALLOWED),
    ]:
        mode = "monitor" if name == "watching" else "enforce"
        text = POLICY.format(name=name, operator=operator, restore=restore, mode=mode)
        (root / "policies" / f"{name}.yaml").write_text(text)
    return root


@pytest.fixture(scope="module")
def service(make_settings: Callable[..., Settings], rules: Path, small_models: Path) -> Iterator[TestClient]:
    """Serve these rules beside tiny models."""
    app = create_app(make_settings(rules_dir=rules, models_dir=small_models))
    with TestClient(app, raise_server_exceptions=False) as opened:
        yield opened


def redacted(client: TestClient, result: Any, policy: str = "sealing", **context: Any) -> Any:
    """Return the content of an inspected result."""
    body = {"direction": "outbound", "tool": {"server": "demo", "name": "fetch"}, "result": result,
            "context": CALLER | context, "policy": policy}  # fmt: skip
    answer = client.post("/inspect", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()["content"]


def restored(client: TestClient, content: Any, policy: str = "sealing", **context: Any) -> Any:
    """Ask for the originals of a content and return the answer."""
    return client.post("/restore", json={"content": content, "context": CALLER | context, "policy": policy})


def records(client: TestClient) -> list[dict[str, Any]]:
    """Return the records of restores, oldest first."""
    path = client.app.state.service.runtime.settings.audit_database  # type: ignore[attr-defined]
    with sqlite3.connect(path) as trail:
        entries = [json.loads(row[0])["entry"] for row in trail.execute("SELECT record FROM records ORDER BY sequence")]
    return [entry for entry in entries if entry.get("kind") == "restore"]


DOCUMENTS: list[Any] = [
    f"Patient SSN {SSN}.",
    {"a": f"SSN {SSN} and SSN {SSN}", "b": [f"SSN {SSN}", 1.50, None, True], "n": 12},
    {f"SSN {SSN}": f"SSN {SSN}", "nested": {f"x SSN {SSN}": 1}},
    json.dumps({"note": f'said "SSN {SSN}"\n\t\\', "more": [f"SSN {SSN}é"]}),
    {"deep": json.dumps({"inner": json.dumps({"ssn": f"SSN {SSN}", "quote": '"'})})},
    '{"ssn": "SSN 536\\u002d22-1874", "odd": "\\u0041\\/"}',
    {"content": [{"type": "text", "text": f"alice smith, SSN {SSN}"}], "isError": False},
    f"name,ssn\r\nalice smith,{SSN}\r\nbob,SSN {SSN}\r\n",
    f"<p title='SSN {SSN}'>alice &amp; smith, SSN 536&#45;22-1874</p>",
    f"MSH|^~\\&|A|B|C|D|20240305||ADT^A01|1|P|2.5\rPID|1||00412377||SMITH^ALICE||19600101|F|||||||||{SSN}\r",
]


@pytest.mark.parametrize("policy", ["sealing", "keeping"])
@pytest.mark.parametrize("document", DOCUMENTS, ids=range(len(DOCUMENTS)))
def test_what_was_taken_comes_back_to_the_letter(service: TestClient, document: Any, policy: str) -> None:
    """In values and names, twice, in formats nested in strings with escapes of their own; and nothing of it was left."""
    content = redacted(service, document, policy)
    assert SSN not in json.dumps(content) and "FW1-" in json.dumps(content)
    answer = restored(service, content, policy)
    assert answer.status_code == 200, answer.text
    assert answer.json()["content"] == document
    assert answer.json()["restored"] == json.dumps(content).count("FW1-")
    assert list(answer.json()) == ["content", "restored", "policy", "bundle", "audit_id", "timings_ms"]


@given(
    st.recursive(
        st.one_of(
            st.text(max_size=8).map(lambda text: f"{text} SSN {SSN} {text}"),
            st.text('alice smith of boston"\\\n<>&,|{[', max_size=24),
            st.booleans(),
            st.none(),
        ),
        lambda inner: st.one_of(
            st.lists(inner, max_size=3),
            st.dictionaries(st.text(max_size=6).map(lambda text: f"{text} SSN {SSN}"), inner, max_size=3),
            inner.map(json.dumps),
            inner.map(lambda value: json.dumps(value, ensure_ascii=False)),
        ),
        max_leaves=6,
    ),
    st.sampled_from(["sealing", "keeping"]),
)
@examples(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
def test_any_document_comes_back(service: TestClient, document: Any, policy: str) -> None:
    """Whatever stands around the identifiers, the way there and back ends where it began."""
    content = redacted(service, document, policy)
    assert SSN not in json.dumps(content)
    answer = restored(service, content, policy)
    assert answer.status_code == 200, answer.text
    assert answer.json()["content"] == document


@pytest.mark.parametrize("policy", ["sealing", "keeping"])
@pytest.mark.parametrize(
    "context",
    [
        {"tenant": "south"},
        {"session": "s-2"},
        {"purpose": "payment"},
        {"tenant": ""},
        {"purpose": "research"},
        {"session": ""},
    ],
    ids=str,
)
def test_nobody_else_gets_it(service: TestClient, policy: str, context: dict[str, Any]) -> None:
    """Another tenant, session or purpose gets 403 and no word of the content, and the record says who asked."""
    content = redacted(service, {"a": f"SSN {SSN}", "b": "free"}, policy)
    before = len(records(service))
    answer = restored(service, content, policy, **context)
    assert (answer.status_code, answer.json()["code"]) == (403, "restore_refused")
    assert answer.headers["content-type"] == "application/problem+json"
    assert SSN not in answer.text and "FW1-" not in answer.text
    told = records(service)
    assert len(told) == before + 1
    last = told[-1]
    assert (last["outcome"], last["action"], last["counts"]) == ("restore_refused", None, {"tokens": 1, "restored": 0})
    assert last["reasons"][0].startswith("restore-")
    assert [last[name] for name in ("tenant", "session", "purpose", "user")] == [
        (CALLER | context)[name] for name in ("tenant", "session", "purpose", "user")
    ]


def test_a_policy_says_who_may(service: TestClient) -> None:
    """No restore without a word about it, and where roles are named only to them."""
    content = redacted(service, f"SSN {SSN}", "closed")
    assert restored(service, content, "closed").status_code == 403
    content = redacted(service, f"SSN {SSN}", "reversible")
    assert restored(service, content, "reversible", roles=["billing"]).status_code == 403
    assert restored(service, content, "reversible", roles=["billing", "clinician"]).json()["content"] == f"SSN {SSN}"
    assert restored(service, content, "none").status_code == 422
    assert [entry["outcome"] for entry in records(service)[-4:]] == [
        "restore_refused", "restore_refused", "decided", "invalid_request"
    ]  # fmt: skip
    assert records(service)[-2]["counts"] == {"tokens": 1, "restored": 1}


def test_one_token_that_does_not_open_refuses_all(service: TestClient) -> None:
    """One of another session, or one that was changed, beside a good one."""
    mine, theirs = redacted(service, f"SSN {SSN}"), redacted(service, f"SSN {SSN}", session="s-2")
    assert restored(service, [mine, theirs]).status_code == 403
    last = mine[-1]
    assert restored(service, [mine, mine[:-2] + ("A" if mine[-2] != "A" else "B") + last]).status_code == 403
    assert restored(service, [mine, "FW1- is no token, FW1-PERSON neither"]).json()["content"] == [
        f"SSN {SSN}", "FW1- is no token, FW1-PERSON neither"
    ]  # fmt: skip
    assert records(service)[-1]["counts"] == {"tokens": 1, "restored": 1}


def test_a_token_moved_elsewhere_says_its_value(service: TestClient) -> None:
    """A token out of a JSON text inside a string, as a model writes it into a field of its own, and the other way."""
    nested = redacted(service, {"body": '{"ssn": "SSN 536\\u002d22-1874"}'})
    [token] = re.findall("FW1-[A-Za-z0-9_-]+", nested["body"])
    [value] = restored(service, [token]).json()["content"]
    assert SSN in value and "\\u" not in value
    assert json.loads(restored(service, json.dumps({"said": token})).json()["content"]) == {"said": value}


def test_a_token_that_comes_by_again_stays(service: TestClient) -> None:
    """In results of the same session, under another policy too."""
    content = redacted(service, f"alice smith, SSN {SSN}")
    assert redacted(service, content) == content
    assert redacted(service, content, "keeping") == content


def test_a_number_becomes_0_and_stays_so(service: TestClient) -> None:
    """It can hold no token, and its type is kept: what has to come back is sent as a string."""
    content = redacted(service, {"ssn": 536221874, "n": 12, "text": f"SSN {SSN}"})
    assert (content["ssn"], content["n"]) == (0, 12)
    assert restored(service, content).json()["content"] == {"ssn": 0, "n": 12, "text": f"SSN {SSN}"}


def test_a_surrogate_does_not_come_back(service: TestClient) -> None:
    """It looks like the original, is the same in the session, and there is nothing to restore in it."""
    content = redacted(service, f"SSN {SSN}, once more SSN {SSN}", "faking")
    first, second = content.split(", once more ")
    assert first == second and SSN not in content and len(first) == len(f"SSN {SSN}")
    answer = restored(service, content, "faking").json()
    assert (answer["content"], answer["restored"]) == (content, 0)


def test_what_is_only_watched_is_not_kept(service: TestClient) -> None:
    """Under a policy that monitors the content passes as it came, and the vault gets nothing."""
    vault = service.app.state.service.runtime.pipeline.keyring.vault  # type: ignore[attr-defined]
    before = repr(vault)
    assert redacted(service, "SSN 537-22-1875", "watching") == "SSN 537-22-1875"
    assert repr(vault) == before


def test_what_is_no_request_is_refused(service: TestClient) -> None:
    """Without content or context, or with a field that is unknown: 422 with its place."""
    for body in ({"context": CALLER}, {"content": 1}, {"content": 1, "context": CALLER, "more": 1}):
        assert service.post("/restore", json=body).status_code == 422
    assert service.post("/restore", content=b"[", headers={"content-type": "application/json"}).status_code == 400


def test_a_fleet_shares_one_vault(make_settings: Callable[..., Settings], rules: Path, small_models: Path) -> None:
    """What one service kept another with the same key restores; neither Redis nor any file holds a readable character."""
    name = "SSN 541-33-2967"
    with redis_server() as server:
        key = make_settings().audit_key.with_name("redaction.key")
        key.write_bytes(bytes(range(32)))
        key.chmod(0o600)
        shared = {"rules_dir": rules, "models_dir": small_models, "redis_url": server.url, "redaction_key": key}
        one, two = make_settings(**shared), make_settings(**shared)
        with TestClient(create_app(one), raise_server_exceptions=False) as first:
            content = redacted(first, {"a": name, "b": name}, "keeping")
        with TestClient(create_app(two), raise_server_exceptions=False) as second:
            assert restored(second, content, "keeping").json()["content"] == {"a": name, "b": name}
            assert restored(second, content, "keeping", session="s-9").status_code == 403
            held = server.dump()
            server.client().flushall()
            gone = restored(second, content, "keeping")
            assert (gone.status_code, gone.json()["code"]) == (410, "no_longer_kept")
            server.kill()
            failed = restored(second, content, "keeping")
            assert (failed.status_code, failed.json()["code"]) == (503, "vault_unavailable")
            body = {"direction": "outbound", "tool": {"server": "demo", "name": "fetch"}, "result": name,
                    "context": CALLER, "policy": "keeping"}  # fmt: skip
            assert second.post("/inspect", json=body).status_code == 503
        files = [path.read_bytes() for used in (one, two) for path in used.audit_database.parent.iterdir()]
    for bytes_ in (held, *files):
        assert b"541-33-2967" not in bytes_ and b"541332967" not in bytes_
