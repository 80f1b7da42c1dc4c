"""Whatever the bytes, the answer is a problem that names the place, and the next request is served."""

from __future__ import annotations

import gzip
import json
import resource
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient

JSON = {"content-type": "application/json"}
TOOL = '"tool": {"server": "demo", "name": "fetch"}'
GOOD = f'{{"direction": "inbound", {TOOL}, "arguments": {{"q": "lot 20441"}}}}'


def _inbound(arguments: str) -> str:
    return f'{{"direction": "inbound", {TOOL}, "arguments": {arguments}}}'


@pytest.fixture(autouse=True)
def _next_request_is_served(client: TestClient) -> Iterator[None]:
    """After every bad request a good one gets its decision."""
    yield
    answer = client.post("/inspect", content=GOOD, headers=JSON)
    assert answer.status_code == 200
    assert answer.json()["action"] == "allow"


@pytest.fixture
def refuse(client: TestClient) -> Callable[..., dict[str, Any]]:
    """Send a body that must be refused, and return the problem."""

    def send(body: str | bytes, status: int, path: str = "/inspect", **headers: str) -> dict[str, Any]:
        answer = client.post(path, content=body, headers=JSON | {k.replace("_", "-"): v for k, v in headers.items()})
        assert answer.status_code == status, answer.text[:300]
        assert answer.headers["content-type"] == "application/problem+json"
        problem: dict[str, Any] = answer.json()
        assert problem["status"] == status
        return problem

    return send


Refuse = Callable[..., dict[str, Any]]


@pytest.mark.parametrize(
    "body", ["", "{", '{"direction": ', "nul", "[1,]", '{"direction" "inbound"}', GOOD + "x", "'a'"]
)
def test_malformed_json(refuse: Refuse, body: str) -> None:
    """JSON that is not well-formed is a 400 with a pointer."""
    assert "pointer" in refuse(body, 400)


def test_duplicate_keys(refuse: Refuse) -> None:
    """A member name that stands twice is refused at its place, in the envelope and in the payload."""
    twice = f'{{"direction": "inbound", "direction": "outbound", {TOOL}, "arguments": {{}}}}'
    assert refuse(twice, 400)["pointer"] == "/direction"
    assert refuse(_inbound('{"a": {"b": 1, "b": 2}}'), 400)["pointer"] == "/arguments/a/b"


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "01", "1.", ".5", "+1", "0x10"])
def test_not_a_number(refuse: Refuse, number: str) -> None:
    """What JSON does not know as a number is refused at its place."""
    assert refuse(_inbound(f'{{"dose": {number}}}'), 400)["pointer"] == "/arguments/dose"


def test_depth_bomb(refuse: Refuse) -> None:
    """A hundred thousand open brackets are refused at the limit of depth."""
    problem = refuse(_inbound("[" * 100_000), 413)
    assert problem["pointer"].startswith("/arguments/0/0")


def test_body_of_fifty_megabytes(client: TestClient, refuse: Refuse) -> None:
    """Fifty megabytes are refused, also when no length is declared; the process keeps its size."""
    refuse(b"[" + b" " * 50_000_000, 413)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    def chunks() -> Iterator[bytes]:
        for _ in range(800):
            yield b" " * 65_536

    answer = client.post("/inspect", content=chunks(), headers=JSON)
    assert answer.status_code == 413
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 120_000


@pytest.mark.parametrize("text", [r'"\ud800"', r'"\udc00\ud800"', r'"a\ud83d"'])
def test_lone_surrogates(refuse: Refuse, text: str) -> None:
    """Half of a surrogate pair is refused at its place."""
    assert refuse(_inbound(f'{{"note": {text}}}'), 400)["pointer"] == "/arguments/note"


def test_surrogate_bytes_and_bad_utf8(refuse: Refuse) -> None:
    """Bytes that are not UTF-8, and a byte order mark, are refused."""
    refuse(_inbound('"x"').encode().replace(b'"x"', b'"\xed\xa0\x80"'), 400)
    refuse(b"\xff\xfe" + GOOD.encode("utf-16-le"), 400)
    refuse(b"\xef\xbb\xbf" + GOOD.encode(), 400)


@pytest.mark.parametrize("kind", ["text/plain", "application/xml", "", "application/x-www-form-urlencoded"])
def test_wrong_content_type(refuse: Refuse, kind: str) -> None:
    """Only application/json is read."""
    refuse(GOOD, 415, content_type=kind)


def test_gzip_bomb(refuse: Refuse) -> None:
    """A compressed body is refused without being unpacked."""
    refuse(gzip.compress(b"[" + b" " * 20_000_000), 415, content_encoding="gzip")


def test_gzip_bomb_inside_a_string(client: TestClient) -> None:
    """A bomb in base64 inside a result is not unpacked beyond the limit, and what was not read is named."""
    import base64

    bomb = base64.b64encode(gzip.compress(b"safe words " * 4_000_000)).decode()
    body = {"direction": "outbound", "tool": {"server": "demo", "name": "fetch"}, "result": {"data": bomb}}
    answer = client.post("/inspect", json=body).json()
    assert {"budget"} <= {skip["reason"] for skip in answer["skipped"]}
    assert answer["action"] == "block"


def test_unknown_fields(refuse: Refuse) -> None:
    """A field that the contract does not know is refused at its place, at every level."""
    assert refuse(GOOD[:-1] + ', "extra": 1}', 422)["pointer"] == "/extra"
    body = json.loads(GOOD) | {"context": {"tenant": "a", "colour": "b"}}
    assert refuse(json.dumps(body), 422)["pointer"] == "/context/colour"
    assert refuse(GOOD[:-1] + ', "result": 1}', 422)["pointer"] == "/result"


@pytest.mark.parametrize("missing", ["direction", "tool", "arguments"])
def test_missing_fields(refuse: Refuse, missing: str) -> None:
    """A field that is missing is named."""
    body = json.loads(GOOD)
    del body[missing]
    assert refuse(json.dumps(body), 422)["pointer"] == f"/{missing}"


def test_missing_tool_name(refuse: Refuse) -> None:
    """A field that is missing inside another is named by its whole pointer."""
    body = json.loads(GOOD) | {"tool": {"server": "demo"}}
    assert refuse(json.dumps(body), 422)["pointer"] == "/tool/name"


def test_million_key_object(refuse: Refuse) -> None:
    """An object of a million members is refused at the limit of nodes."""
    names = ",".join(f'"k{index}":1' for index in range(700_000))
    assert "pointer" in refuse(_inbound("{" + names + "}"), 413)


def test_five_megabyte_string(refuse: Refuse) -> None:
    """A single string of five megabytes is refused at its place."""
    assert refuse(_inbound(json.dumps({"note": "a" * 5_000_000})), 413)["pointer"] == "/arguments/note"


def test_unknown_direction(refuse: Refuse) -> None:
    """A direction other than the two is refused."""
    assert refuse(GOOD.replace("inbound", "sideways"), 422)["pointer"] == "/direction"


@pytest.mark.parametrize("body", ["[]", '"text"', "1", "null", "true"])
def test_a_request_is_an_object(refuse: Refuse, body: str) -> None:
    """JSON that is no object is no request."""
    refuse(body, 422)


def test_wrong_types(refuse: Refuse) -> None:
    """Fields of another type are refused, not converted."""
    assert refuse(GOOD[:-1] + ', "dry_run": "yes"}', 422)["pointer"] == "/dry_run"
    assert refuse(GOOD[:-1] + ', "policy": 7}', 422)["pointer"] == "/policy"
    assert refuse(GOOD[:-1] + ', "policy": "no-such-policy"}', 422)["pointer"] == "/policy"


def test_names_in_pointers_are_not_shown(refuse: Refuse) -> None:
    """A member name that could be somebody's data does not come back in the problem."""
    problem = refuse(_inbound('{"Maria Gonzalez 219-09-9999": {"b": 1, "b": 2}}'), 400)
    assert problem["pointer"] == "/arguments/*/b"
    assert "Maria" not in json.dumps(problem)


def test_unknown_path_and_method(client: TestClient) -> None:
    """Paths and methods that do not exist are problems too."""
    for answer in (client.get("/nowhere"), client.get("/inspect")):
        assert answer.status_code in (404, 405)
        assert answer.headers["content-type"] == "application/problem+json"


def test_batch_limits(refuse: Refuse) -> None:
    """A batch is a list of 1 to 64 requests, and a bad one is named by its place."""
    refuse("[]", 422, "/inspect/batch")
    refuse('{"requests": []}', 422, "/inspect/batch")
    refuse(f'{{"requests": [{",".join([GOOD] * 65)}]}}', 422, "/inspect/batch")
    problem = refuse(f'{{"requests": [{GOOD}, {{"direction": "inbound"}}]}}', 422, "/inspect/batch")
    assert problem["pointer"].startswith("/requests/1/")
