"""The real service as a process of its own, as an operator starts it."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.conftest import MODELS, ROOT, RULES

# These silence the telemetry of libraries; the service must do so itself.
_SILENCERS = {"CI", "ORT_DISABLE_TELEMETRY", "ORT_RUNNING_UNIT_TESTS", "DO_NOT_TRACK", "HF_HUB_OFFLINE"}


class Server:
    """A running `firewall serve`, its address, and everything it said."""

    def __init__(self, process: subprocess.Popen[str], url: str, said: list[str]) -> None:
        self.process = process
        self.url = url
        self.said = said

    def kill(self) -> None:
        """Take the process away without any warning."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(10)

    def stop(self) -> int:
        """Ask the process to end, and return its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(20)


@contextmanager
def serve(var: Path, rules: Path = RULES, **environment: str) -> Iterator[Server]:
    """Start the service on a free port with a trail in `var`; what it says on stderr is kept."""
    variables: Mapping[str, str] = {
        **{
            name: value
            for name, value in os.environ.items()
            if not name.startswith("FIREWALL_") and name not in _SILENCERS
        },
        "FIREWALL_PORT": "0",
        "FIREWALL_RULES_DIR": str(rules),
        "FIREWALL_MODELS_DIR": str(MODELS),
        "FIREWALL_AUDIT_DATABASE": str(var / "audit.db"),
        "FIREWALL_AUDIT_KEY": str(var / "audit.key"),
        **environment,
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "firewall.cli.main", "serve"],
        cwd=ROOT,
        env=variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    said: list[str] = []
    assert process.stdout is not None
    assert process.stderr is not None
    threading.Thread(target=lambda: said.extend(process.stderr or ()), daemon=True).start()
    try:
        for line in process.stdout:
            found = re.search(r"ready: (http://\S+)", line)
            if found:
                threading.Thread(target=lambda: said.extend(process.stdout or ()), daemon=True).start()
                yield Server(process, found[1], said)
                return
        raise AssertionError(f"the service did not start: {''.join(said)[-2000:]}")
    finally:
        if process.poll() is None:
            process.kill()
        process.wait(10)
