"""A stream over a real socket: lines go in and events come out at the same time, and however it ends there is a record."""

from __future__ import annotations

import json
import shutil
import socket
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn

from firewall.api.app import create_app
from firewall.settings import Settings
from tests.test_stream import POLICY, planted

HEAD = {"direction": "outbound", "tool": {"server": "demo", "name": "fetch"}, "policy": "sections"}
SECONDS = 2.0  # that a stream may take where silence is tested


class Service:
    """A running service and its trail."""

    def __init__(self, port: int, database: Path) -> None:
        self.port = port
        self.url = f"http://127.0.0.1:{port}"
        self._database = database

    def records(self) -> int:
        """Count the records."""
        with sqlite3.connect(self._database) as opened:
            return int(opened.execute("select count(*) from records").fetchone()[0])

    def wait_for_records(self, count: int) -> int:
        """Wait until there are so many, for a while; return how many there are."""
        until = time.monotonic() + 10
        while self.records() < count and time.monotonic() < until:
            time.sleep(0.02)
        return self.records()

    def inspect(self, text: str, **more: Any) -> dict[str, Any]:
        """Ask about the whole text."""
        answer = httpx.post(f"{self.url}/inspect", json={**HEAD, **more, "result": text}, timeout=120)
        assert answer.status_code == 200, answer.text
        decision: dict[str, Any] = answer.json()
        return decision

    def post(
        self, lines: bytes | Iterator[bytes], kind: str = "application/x-ndjson", **headers: str
    ) -> httpx.Response:
        """Send lines and read the answer to its end."""
        return httpx.post(
            f"{self.url}/inspect/stream", content=lines, headers={"content-type": kind, **headers}, timeout=120
        )


@pytest.fixture(scope="module")
def service(
    make_settings: Callable[..., Settings],
    small_rules: Path,
    small_models: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Service]:
    """Serve on a socket, with a policy that streams in sections."""
    root = tmp_path_factory.mktemp("stream") / "rules"
    shutil.copytree(small_rules, root)
    told = {"name": "sections", "mode": "enforce", "stream": "sections", "injection": "block", "cut": "replace"}
    (root / "policies" / "sections.yaml").write_text(POLICY.format(**told, operator="replace"))
    settings = make_settings(
        rules_dir=root, models_dir=small_models, max_body_bytes=60_000, max_concurrency=2, threads=1
    )
    with served(settings) as opened:
        yield opened


@pytest.fixture
def impatient(make_settings: Callable[..., Settings], small_rules: Path, small_models: Path) -> Iterator[Service]:
    """Serve with little time for a stream."""
    with served(make_settings(rules_dir=small_rules, models_dir=small_models, stream_s=SECONDS)) as opened:
        yield opened


@contextmanager
def served(settings: Settings) -> Iterator[Service]:
    """Run a server in a thread."""
    server = uvicorn.Server(uvicorn.Config(create_app(settings), port=0, log_level="error", access_log=False))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    until = time.monotonic() + 60
    while not server.started and time.monotonic() < until:
        time.sleep(0.02)
    yield Service(server.servers[0].sockets[0].getsockname()[1], settings.audit_database)
    server.should_exit = True
    thread.join(20)


def lines(*more: Any, **head: Any) -> bytes:
    """Return the lines of a stream: the head, what follows, nothing else."""
    return b"".join(json.dumps(one).encode() + b"\n" for one in ({**HEAD, **head}, *more))


def events(body: str) -> list[tuple[str, dict[str, Any]]]:
    """Read server-sent events as a client does: blocks parted by an empty line, of two fields each."""
    found = []
    for block in body.removesuffix("\n\n").split("\n\n"):
        name, data = block.split("\n")
        assert name.startswith("event: ")
        assert data.startswith("data: ")
        found.append((name[7:], json.loads(data[6:])))
    return found


def released(told: list[tuple[str, dict[str, Any]]]) -> str:
    """Put together what was released."""
    return "".join(data["text"] for name, data in told if name == "text")


@contextmanager
def talk(service: Service, **head: Any) -> Iterator[socket.socket]:
    """Open a stream by hand, in chunked transfer coding, and send its head."""
    with socket.create_connection(("127.0.0.1", service.port), timeout=120) as opened:
        opened.sendall(
            b"POST /inspect/stream HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-ndjson\r\n"
            b"Transfer-Encoding: chunked\r\n\r\n"
        )
        chunk(opened, lines(**head))
        yield opened


def chunk(opened: socket.socket, data: bytes) -> None:
    """Send a chunk."""
    opened.sendall(f"{len(data):x}\r\n".encode() + data + b"\r\n")


def until_text(opened: socket.socket, wanted: bytes) -> bytes:
    """Read until something has come."""
    got = b""
    while wanted not in got:
        more = opened.recv(65_536)
        assert more, got[:300]
        got += more
    return got


def test_text_comes_while_more_is_sent(service: Service) -> None:
    """The first text is out before the last line is in, and what comes together is what /inspect gives."""
    before = service.records()
    text = planted(21, 30_000)
    with talk(service) as opened:
        chunk(opened, lines({"text": text[:9_000]})[len(lines()) :])
        head = until_text(opened, b"event: text")
        assert service.records() == before
        chunk(opened, lines({"text": text[9_000:]}, {"end": True})[len(lines()) :])
        opened.sendall(b"0\r\n\r\n")
        rest = b""
        while more := opened.recv(65_536):
            rest += more
    answer = (head + rest).decode()
    assert "HTTP/1.1 200" in answer
    assert "content-type: text/event-stream; charset=utf-8" in answer
    decision = service.inspect(text)
    got = "".join(
        json.loads(line.removeprefix("data: "))["text"]
        for line in answer.replace("\r\n", "\n").split("\n")
        if line.startswith('data: {"text"')
    )
    assert got == decision["content"]
    assert service.records() == before + 2


def test_the_end_is_the_answer_of_inspect(service: Service) -> None:
    """The last event says what /inspect says, but for the content and what differs from call to call."""
    text = planted(22, 16_000)
    pieces = [{"text": text[at : at + 333]} for at in range(0, len(text), 333)]
    answer = service.post(lines(*pieces, {"end": True}, explain=True))
    told = events(answer.text)
    name, end = told[-1]
    decision = service.inspect(text, explain=True)
    assert name == "final"
    assert released(told) == decision.pop("content")
    assert end.pop("released") == len(released(told))
    assert end.pop("complete") is True
    for one in (end, decision):
        del one["audit_id"], one["timings_ms"]
    assert end == decision
    assert len([name for name, _ in told if name == "final"]) == 1


def test_a_short_text_comes_at_the_end(service: Service) -> None:
    """A text of one section is released whole; characters that end a line elsewhere do not break an event."""
    text = "SSN 536-22-1874\u2028for\u0085the\rnotes\r\n\nof the 'pump' \U0001f489"
    told = events(service.post(lines({"text": text}, {"end": True})).text)
    assert [name for name, _ in told] == ["text", "final"]
    assert released(told) == text.replace("536-22-1874", "<US_SSN>")


def test_a_default_policy_holds(service: Service) -> None:
    """Unless a policy says otherwise, nothing is released before the end, and the stream says so at once."""
    text = planted(23, 9_000)
    told = events(service.post(lines({"text": text}, {"end": True}, policy=None)).text)
    assert [name for name, _ in told] == ["held", "text", "final"]
    assert told[0][1] == {"reason": "policy"}
    assert released(told) == service.inspect(text, policy=None)["content"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"nonsense\n", 400),
        (b'{"direction": "outbound"}\n', 422),
        (lines(direction="inbound"), 422),
        (lines(policy="nobody"), 422),
        (lines(result="text"), 422),
    ],
)
def test_a_wrong_head_is_a_problem(service: Service, body: bytes, status: int) -> None:
    """What is wrong with the first line is answered as everywhere, and nothing is recorded."""
    before = service.records()
    answer = service.post(body)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert service.records() == before


def test_only_lines_of_json_are_read(service: Service) -> None:
    """Another content type or a content encoding is refused."""
    assert service.post(lines(), kind="application/json").status_code == 415
    assert service.post(lines(), **{"content-encoding": "gzip"}).status_code == 415


@pytest.mark.parametrize(
    ("line", "status", "reason"),
    [
        (b"nonsense 536-22-1874\n", 400, "encoding"),
        (b'{"text": "a", "text": "b"}\n', 400, "encoding"),
        (b'{"text": "\\ud83d"}\n', 400, "encoding"),
        (b'{"text": 5}\n', 422, "encoding"),
        (b'{"text": null}\n', 422, "encoding"),
        (b'{"end": false}\n', 422, "encoding"),
        (b'{"text": "a", "end": true}\n', 422, "encoding"),
        (b'{"said": "536-22-1874"}\n', 422, "encoding"),
        (b"", 422, "encoding"),
    ],
)
def test_a_wrong_line_ends_the_stream(service: Service, line: bytes, status: int, reason: str) -> None:
    """The last event is a problem, without a word of the text, with the id of the record of what had come before."""
    before = service.records()
    first = lines({"text": "seen today, SSN 536-22-1874 "})
    answer = service.post(iter([first, line]))
    name, problem = events(answer.text)[-1]
    assert answer.status_code == 200
    assert (name, problem["status"]) == ("problem", status)
    assert {"type", "title", "detail", "code"} <= problem.keys()
    assert "1874" not in answer.text
    assert problem["released"] == 0
    assert service.records() == before + 1
    assert problem["audit_id"]
    assert reason in _last_record(service)


def test_a_body_over_the_limit_ends_the_stream(service: Service) -> None:
    """A stream is no way around the limit on bodies; what came before is recorded."""
    before = service.records()
    with talk(service) as opened:
        until_text(opened, b"HTTP/1.1 200")
        chunk(opened, b'{"text": "' + b"a " * 40_000)
        assert b'"status": 413' in until_text(opened, b"\n\n")
    assert service.wait_for_records(before + 1) == before + 1
    assert "budget" in _last_record(service)


def _last_record(service: Service) -> str:
    """Return all of the last record."""
    with sqlite3.connect(service._database) as opened:
        opened.row_factory = sqlite3.Row
        row = opened.execute("select * from records order by sequence desc limit 1").fetchone()
        return " ".join(str(value) for value in tuple(row))


def test_a_sender_that_goes_is_recorded(service: Service) -> None:
    """When the connection breaks, there is one record, and the place is free again."""
    before = service.records()
    with talk(service) as opened:
        chunk(opened, lines({"text": planted(24, 9_000)})[len(lines()) :])
        until_text(opened, b"event: text")
    assert service.wait_for_records(before + 1) == before + 1
    service.inspect("still here")
    assert "firewall_in_flight 0.0" in httpx.get(f"{service.url}/metrics").text


def test_a_sender_that_is_silent_is_not_waited_for(impatient: Service) -> None:
    """After the time a stream may take it ends with a problem, and is recorded."""
    began = time.monotonic()
    with talk(impatient, policy=None) as opened:
        got = until_text(opened, b"event: problem")
    assert time.monotonic() - began > SECONDS - 0.5
    assert b"took longer" in got
    assert impatient.wait_for_records(1) == 1


def test_streams_need_a_place(service: Service) -> None:
    """An open stream holds one of the places for work; with none left, the next is refused before any work."""
    before = service.records()
    with talk(service) as one, talk(service) as two:
        for opened in (one, two):
            until_text(opened, b"HTTP/1.1 200")
        assert service.post(lines({"end": True})).status_code == 429
    assert service.wait_for_records(before + 2) == before + 2
