"""The service as a process: killed, cut off from the network, with its rules edited, and with secrets planted."""

from __future__ import annotations

import json
import random
import shutil
import signal
import string
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from firewall.audit.fingerprint import load_key
from firewall.audit.read import export
from firewall.audit.verify import verify
from tests.conftest import RULES
from tests.integration.server import serve

TOOL = {"server": "demo", "name": "fetch"}


def _ask(client: httpx.Client, result: object) -> dict[str, object]:
    answer = client.post("/inspect", json={"direction": "outbound", "tool": TOOL, "result": result})
    assert answer.status_code == 200, answer.text
    decision: dict[str, object] = answer.json()
    return decision


def test_kill_during_load(tmp_path: Path) -> None:
    """After kill -9 under load the chain verifies, every answered call is in it, and the service starts again."""
    answered: list[str] = []
    with serve(tmp_path) as server:
        stop = threading.Event()

        def load(number: int) -> None:
            with httpx.Client(base_url=server.url, timeout=20) as client:
                while not stop.is_set():
                    try:
                        answered.append(str(_ask(client, f"sample {number} within limits")["audit_id"]))
                    except httpx.HTTPError:
                        return

        with ThreadPoolExecutor(8) as pool:
            for number in range(8):
                pool.submit(load, number)
            deadline = time.monotonic() + 30
            while len(answered) < 60 and time.monotonic() < deadline:
                time.sleep(0.05)
            server.kill()
            stop.set()
    assert len(answered) >= 60
    key = load_key(tmp_path / "audit.key")
    assert verify(tmp_path / "audit.db", key).ok
    recorded = {str(record["audit_id"]) for record in export(tmp_path / "audit.db")}
    assert set(answered) <= recorded
    with serve(tmp_path) as server, httpx.Client(base_url=server.url, timeout=20) as client:
        assert _ask(client, "and on it goes")["action"] == "allow"
    assert verify(tmp_path / "audit.db", key).ok


@pytest.fixture
def no_network(tmp_path: Path) -> Path:
    """Return a folder that, on PYTHONPATH, denies every connection but loopback ones and every name look-up."""
    (tmp_path / "sitecustomize.py").write_text(
        "import socket\n"
        "def _home(address):\n"
        "    return not isinstance(address, tuple) or address[0] in ('127.0.0.1', '::1', 'localhost')\n"
        "def _deny(name):\n"
        "    real = getattr(socket.socket, name)\n"
        "    def guarded(self, address, *rest):\n"
        "        if not _home(address):\n"
        "            open(MARK, 'a').write(f'{address}\\n')\n"
        "            raise OSError('the network is denied')\n"
        "        return real(self, address, *rest)\n"
        "    return guarded\n"
        f"MARK = {str(tmp_path / 'tried')!r}\n"
        "class Guarded(socket.socket):\n"
        "    connect = _deny('connect')\n"
        "    connect_ex = _deny('connect_ex')\n"
        "socket.socket = Guarded\n"
        "_look_up = socket.getaddrinfo\n"
        "def getaddrinfo(host, *rest, **more):\n"
        "    if host not in (None, '127.0.0.1', '::1', 'localhost', b'127.0.0.1'):\n"
        "        open(MARK, 'a').write(f'{host}\\n')\n"
        "        raise OSError('the network is denied')\n"
        "    return _look_up(host, *rest, **more)\n"
        "socket.getaddrinfo = getaddrinfo\n",
        encoding="utf-8",
    )
    return tmp_path


def test_no_network(no_network: Path) -> None:
    """The service starts and answers with the network denied, and does not even try to use it."""
    home = no_network / "home"
    home.mkdir()
    environment = {"PYTHONPATH": str(no_network), "HF_HUB_OFFLINE": "1", "HOME": str(home), "XDG_CACHE_HOME": str(home)}
    guard = subprocess.run(
        [sys.executable, "-c", "import socket; socket.create_connection(('192.0.2.1', 80), 1)"],
        env=environment,
        capture_output=True,
        check=False,
    )
    assert b"the network is denied" in guard.stderr
    (no_network / "tried").unlink()
    with serve(no_network, **environment) as server, httpx.Client(base_url=server.url, timeout=20) as client:
        answer = _ask(client, "Contact: maria.gonzalez@example.co.uk, https://portal.example.org/visit/1")
    assert answer["action"] == "redact"
    assert not (no_network / "tried").exists()
    # onnxruntime reports its use from native code, past the guard above; its store would stand here.
    assert not list(home.rglob("*"))


def test_edit_of_the_rules(tmp_path: Path) -> None:
    """A good edit is live within a second, a broken one keeps the last good set and says so, no request is lost."""
    rules = tmp_path / "rules"
    shutil.copytree(RULES, rules)
    target = rules / "injection" / "override.yaml"
    shipped = target.read_text(encoding="utf-8")
    lost: list[str] = []
    with serve(tmp_path, rules) as server, httpx.Client(base_url=server.url, timeout=20) as client:
        stop = threading.Event()

        def traffic() -> None:
            with httpx.Client(base_url=server.url, timeout=20) as other:
                while not stop.is_set():
                    try:
                        _ask(other, "within limits")
                    except (httpx.HTTPError, AssertionError) as error:
                        lost.append(type(error).__name__)

        thread = threading.Thread(target=traffic)
        thread.start()
        before = client.get("/readyz").json()["rules"]["digest"]
        target.write_text(shipped.replace("injection.override.1", "injection.override.1x", 1), encoding="utf-8")
        _wait(lambda: client.get("/readyz").json()["rules"]["rejected_edit"], 10)
        state = client.get("/readyz").json()["rules"]
        assert "override.yaml" in state["rejected_edit"]
        assert state["digest"] == before
        began = time.monotonic()
        target.write_text(shipped + "\n# a comment\n", encoding="utf-8")
        _wait(lambda: client.get("/readyz").json()["rules"]["digest"] != before, 10)
        took = time.monotonic() - began
        assert client.get("/readyz").json()["rules"]["rejected_edit"] is None
        stop.set()
        thread.join()
    assert not lost
    assert took < 3, f"the edit took {took:.2f} s"  # 1 s on a machine that does nothing else


def _wait(condition: object, seconds: float) -> None:
    assert callable(condition)
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


def test_ten_thousand_secrets(tmp_path: Path, small_models: Path) -> None:
    """Of ten thousand planted secrets and names none is in logs, metrics, the trail, or errors."""
    dice = random.Random(7)
    letters = string.ascii_lowercase
    planted: list[str] = []
    documents: list[object] = []
    for _ in range(50):
        block = []
        for _ in range(100):
            name = "".join(dice.choices(letters, k=9)).title() + " " + "".join(dice.choices(letters, k=10)).title()
            secret = "ghp_" + "".join(dice.choices(string.ascii_letters + string.digits, k=36))
            planted += [name, secret]
            block.append({"patient": name, name: "seen", "note": f"Dr. {name} used {secret}", "token": secret})
        documents.append(block)
    # Small models: what is planted must not leak whether or not it is found, and the real ones take minutes.
    with serve(tmp_path, FIREWALL_LOG_LEVEL="debug", FIREWALL_MODELS_DIR=str(small_models)) as server:
        with httpx.Client(base_url=server.url, timeout=120) as client:
            problems = []
            for document in documents:
                _ask(client, document)
                broken = json.dumps({"direction": "outbound", "tool": TOOL, "result": document, "x": document})
                problems.append(
                    client.post("/inspect", content=broken, headers={"content-type": "application/json"}).text
                )
                problems.append(
                    client.post("/inspect", content=broken[:-9], headers={"content-type": "application/json"}).text
                )
            metrics = client.get("/metrics").text
        assert server.stop() in (0, -signal.SIGTERM)
        logs = "".join(server.said)
    trail = b"".join(path.read_bytes() for path in tmp_path.glob("audit.db*"))
    for place in (logs.encode(), metrics.encode(), trail, "".join(problems).encode()):
        assert place is not None
        words = set(place.replace(b'"', b" ").split())
        for text in planted:
            assert text.encode() not in place
            first = text.split()[0].encode()
            assert first not in words
