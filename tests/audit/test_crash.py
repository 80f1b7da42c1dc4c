"""Processes that are killed, and disks that are full: child processes on real files."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from firewall.audit.read import export
from firewall.audit.verify import verify
from tests.audit.trails import KEY, fill

ROOT = Path(__file__).parents[2]


def run_child(script: str, database: Path) -> subprocess.Popen[str]:
    """Start a Python child that can import the package and the tests."""
    lines = script.split("\n")
    margin = min((len(line) - len(line.lstrip()) for line in lines if line.strip()), default=0)
    paths = [str(ROOT), os.environ.get("PYTHONPATH", "")]
    return subprocess.Popen(
        [sys.executable, "-c", "\n".join(line[margin:] for line in lines), str(database)],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, paths))},
    )


def test_a_full_disk_refuses_and_recovers(tmp_path: Path) -> None:
    """A write that the system refuses (here: a limit on file size) is told; with room again the chain goes on."""
    script = """
        import asyncio, resource, sys
        from pathlib import Path
        from tests.audit.trails import KEY, make_entry
        from firewall.audit.store import AuditLog
        from firewall.errors import AuditUnavailableError

        async def run():
            database = Path(sys.argv[1])
            log = AuditLog.open(database, KEY)
            await log.append(make_entry())
            size = Path(f"{database}-wal").stat().st_size
            _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
            resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
            refused = 0
            for _ in range(3):
                try:
                    await log.append(make_entry())
                except AuditUnavailableError:
                    refused += 1
            resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
            again = await log.append(make_entry())
            await log.close()
            print(refused, again.sequence)

        asyncio.run(run())
    """
    done = run_child(script, tmp_path / "a.db")
    assert done.communicate(timeout=60)[0].split() == ["3", "2"]
    assert verify(tmp_path / "a.db", KEY).records == 2


@pytest.mark.parametrize("after_s", [0.05, 0.3])
def test_a_killed_process_loses_no_answered_call(tmp_path: Path, after_s: float) -> None:
    """Kill -9 under load: every record acknowledged before is there with its hash, the chain holds, and goes on."""
    database = tmp_path / "a.db"
    script = """
        import asyncio, os, sys
        from pathlib import Path
        from tests.audit.trails import KEY, make_entry
        from firewall.audit.store import AuditLog

        async def one(log):
            while True:
                entry = make_entry()
                done = await log.append(entry)
                os.write(1, f"{done.sequence} {done.hash} {entry.audit_id}\\n".encode())

        async def run():
            log = AuditLog.open(Path(sys.argv[1]), KEY)
            await asyncio.gather(*(one(log) for _ in range(16)))

        asyncio.run(run())
    """
    child = run_child(script, database)
    assert child.stdout is not None
    lines = [child.stdout.readline()]

    def kill() -> None:
        time.sleep(after_s)
        child.send_signal(signal.SIGKILL)

    killer = threading.Thread(target=kill)
    killer.start()
    lines += child.stdout.readlines()
    killer.join()
    assert child.wait(30) == -signal.SIGKILL

    acknowledged = {tuple(line.split()) for line in lines if line.endswith("\n")}
    stored = {(str(r["sequence"]), r["hash"], r["audit_id"]) for r in export(database)}
    assert len(acknowledged) > 16
    assert acknowledged <= stored
    assert verify(database, KEY).ok
    fill(database, 1)
    assert verify(database, KEY).records == len(stored) + 1
