"""A Redis of a test's own: real, on a socket nobody else knows, gone with the test; and a cache connected to it."""

from __future__ import annotations

import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import redis

from firewall.inference.shared import SharedVerdicts
from firewall.telemetry import Metrics

KEY = bytes(range(32))


class RedisServer:
    """A `redis-server` process that can be killed, stopped for a while, and started again at the same place."""

    def __init__(self, folder: Path, arguments: tuple[str, ...]) -> None:
        """Take a folder with a short path: the name of a socket has a hundred characters at most."""
        self.folder = folder
        self.arguments = arguments
        self.url = f"unix://{folder}/socket"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start, and return when it answers."""
        command = ["redis-server", "--dir", str(self.folder), "--unixsocket", f"{self.folder}/socket", "--save", ""]
        self.process = subprocess.Popen(
            [*command, "--port", "0", *self.arguments], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            try:
                with socket.socket(socket.AF_UNIX) as opened:
                    opened.connect(f"{self.folder}/socket")
                    return
            except OSError:
                time.sleep(0.01)
        raise AssertionError("redis-server did not start")

    def kill(self) -> None:
        """Take the process away without any warning."""
        assert self.process is not None
        self.process.kill()
        self.process.wait(10)

    def pause(self) -> None:
        """Let the process stand still: it holds its connections and answers nothing."""
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let the process go on."""
        assert self.process is not None
        self.process.send_signal(signal.SIGCONT)

    def client(self, **more: object) -> redis.Redis:
        """Return a connection of the test's own, as somebody has who may do everything in this Redis."""
        return redis.Redis.from_url(self.url, **more)

    def dump(self) -> bytes:
        """Return everything that Redis holds, as it would lie on its disk, uncompressed."""
        client = self.client()
        client.config_set("rdbcompression", "no")
        client.save()
        return (self.folder / "dump.rdb").read_bytes()


@contextmanager
def redis_server(*arguments: str) -> Iterator[RedisServer]:
    """Start a Redis; the test is skipped, with the reason, on a machine that has none."""
    if shutil.which("redis-server") is None:
        pytest.skip("redis-server is not installed (as root: make redis-server)")
    folder = Path(tempfile.mkdtemp(prefix="redis-"))
    server = RedisServer(folder, arguments)
    try:
        server.start()
        yield server
    finally:
        if server.process is not None:
            server.process.kill()  # also ends one that stands still
            server.process.wait(10)
        shutil.rmtree(folder)


def eventually(holds: Callable[[], object]) -> None:
    """Wait until something holds, for ten seconds at most."""
    deadline = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def count(metrics: Metrics, reason: str) -> float:
    """Return how often something went wrong for a reason."""
    found = metrics.registry.get_sample_value("firewall_verdict_cache_errors_total", {"reason": reason})
    return found or 0.0


def connected(url: str, key: bytes = KEY, **more: object) -> SharedVerdicts:
    """Open a shared cache and wait until it is connected. It waits long for Redis, since this machine may be busy."""
    shared = SharedVerdicts(url, key, **{"timeout_s": 2.0, **more})
    eventually(lambda: shared.up)
    return shared
