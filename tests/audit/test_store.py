"""The log: order, group commit, a full queue, failures that reach every caller, and recovery."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Sequence
from pathlib import Path

import pytest

from firewall.audit.read import export, show, tail
from firewall.audit.record import AuditEntry
from firewall.audit.store import AppendedRecord, AuditLog
from firewall.audit.verify import verify
from firewall.audit.writer import ChainWriter, Prepared
from firewall.errors import AuditUnavailableError
from tests.audit.trails import KEY, fill, make_entry, tamper

ROOT = Path(__file__).parents[2]


class SlowWriter(ChainWriter):
    """A writer that waits for leave before each commit, and tells how large each was."""

    def __init__(self, database: Path) -> None:
        """Open the trail and hold the first commit back."""
        super().__init__(database, KEY)
        self.leave = threading.Event()
        self.entered = threading.Event()
        self.sizes: list[int] = []
        self.open()

    def append(self, batch: Sequence[Prepared]) -> list[AppendedRecord]:
        """Wait for leave, then write."""
        self.entered.set()
        assert self.leave.wait(10)
        self.sizes.append(len(batch))
        return super().append(batch)


class TestAppend:
    """What an append promises."""

    def test_a_record_is_durable_when_append_returns(self, tmp_path: Path) -> None:
        """Another connection sees the record, with the number and hash that append gave, before anything else."""

        async def run() -> None:
            log = AuditLog.open(tmp_path / "a.db", KEY)
            for number in (1, 2):
                entry = make_entry(number)
                appended = await log.append(entry)
                seen = show(tmp_path / "a.db", entry.audit_id)
                assert seen is not None
                assert (seen["sequence"], seen["hash"]) == (appended.sequence, appended.hash)
                assert appended.sequence == number
            await log.close()

        asyncio.run(run())

    def test_records_stand_in_the_order_of_the_calls(self, tmp_path: Path) -> None:
        """Many callers at once: each gets its own number, in the order in which they called."""

        async def run() -> list[AppendedRecord]:
            log = AuditLog.open(tmp_path / "a.db", KEY)
            written = await asyncio.gather(*(log.append(make_entry(number)) for number in range(500)))
            await log.close()
            return written

        written = asyncio.run(run())
        assert [record.sequence for record in written] == list(range(1, 501))
        stored = [(record["request_id"], record["hash"]) for record in export(tmp_path / "a.db")]
        assert stored == [(f"request-{number}", record.hash) for number, record in enumerate(written)]
        assert verify(tmp_path / "a.db", KEY).ok

    def test_waiting_callers_share_a_commit(self, tmp_path: Path) -> None:
        """What gathers while the disk is busy is written as one transaction, of 512 records at most."""

        async def run() -> list[int]:
            writer = SlowWriter(tmp_path / "a.db")
            log = AuditLog(writer, capacity=1000)
            first = asyncio.ensure_future(log.append(make_entry()))
            await asyncio.to_thread(writer.entered.wait, 10)
            rest = [asyncio.ensure_future(log.append(make_entry())) for _ in range(530)]
            await asyncio.sleep(0)
            writer.leave.set()
            await asyncio.gather(first, *rest)
            await log.close()
            return writer.sizes

        assert asyncio.run(run()) == [1, 512, 18]

    def test_a_full_queue_refuses(self, tmp_path: Path) -> None:
        """When as many wait as may, the next caller is refused at once and the others are written."""

        async def run() -> None:
            writer = SlowWriter(tmp_path / "a.db")
            log = AuditLog(writer, capacity=2)
            first = asyncio.ensure_future(log.append(make_entry()))
            await asyncio.to_thread(writer.entered.wait, 10)
            waiting = [asyncio.ensure_future(log.append(make_entry())) for _ in range(2)]
            await asyncio.sleep(0)
            with pytest.raises(AuditUnavailableError, match="wait"):
                await log.append(make_entry())
            writer.leave.set()
            assert [r.sequence for r in await asyncio.gather(first, *waiting)] == [1, 2, 3]
            await log.close()

        asyncio.run(run())

    def test_the_event_loop_runs_while_the_disk_is_busy(self, tmp_path: Path) -> None:
        """A commit that hangs does not stop other tasks."""

        async def run() -> None:
            writer = SlowWriter(tmp_path / "a.db")
            log = AuditLog(writer, capacity=10)
            pending = asyncio.ensure_future(log.append(make_entry()))
            await asyncio.wait_for(asyncio.to_thread(writer.entered.wait, 10), 10)
            for _ in range(100):
                await asyncio.sleep(0)
            assert not pending.done()
            writer.leave.set()
            await pending
            await log.close()

        asyncio.run(run())

    def test_a_cancelled_caller_leaves_a_record_and_no_harm(self, tmp_path: Path) -> None:
        """Whoever hangs up while waiting is recorded all the same, and the next caller is served."""

        async def run() -> None:
            writer = SlowWriter(tmp_path / "a.db")
            log = AuditLog(writer, capacity=10)
            gone = asyncio.ensure_future(log.append(make_entry()))
            await asyncio.to_thread(writer.entered.wait, 10)
            gone.cancel()
            writer.leave.set()
            assert (await log.append(make_entry())).sequence == 2
            await log.close()

        asyncio.run(run())

    def test_close_writes_what_waits_and_then_refuses(self, tmp_path: Path) -> None:
        """Everything queued before close is durable after it; closing twice is fine; appending is not."""

        async def run() -> None:
            log = AuditLog.open(tmp_path / "a.db", KEY)
            waiting = [asyncio.ensure_future(log.append(make_entry())) for _ in range(50)]
            await asyncio.sleep(0)
            await log.close()
            await asyncio.gather(*waiting)
            await log.close()
            with pytest.raises(AuditUnavailableError, match="closed"):
                await log.append(make_entry())

        asyncio.run(run())
        assert verify(tmp_path / "a.db", KEY).records == 50

    def test_one_identifier_twice_stops_nobody(self, tmp_path: Path) -> None:
        """An entry that is appended twice makes two records; those that share its commit are written."""
        entry = make_entry()

        async def run() -> None:
            log = AuditLog.open(tmp_path / "a.db", KEY)
            await asyncio.gather(*(log.append(entry) for _ in range(3)))
            await log.close()

        asyncio.run(run())
        assert verify(tmp_path / "a.db", KEY).records == 3

    def test_hostile_identities_can_be_stored(self, tmp_path: Path) -> None:
        """Surrogates, null characters and quotes from a caller reach the disk as harmless text."""

        async def run() -> None:
            log = AuditLog.open(tmp_path / "a.db", KEY)
            await log.append(AuditEntry(user="\ud800\x00'); --", outcome="malformed"))
            await log.close()

        asyncio.run(run())
        assert tail(tmp_path / "a.db", 1)[0]["user"].startswith("'); --~")
        assert verify(tmp_path / "a.db", KEY).ok


class TestFailure:
    """When a record cannot be written the caller hears it, and later callers are served again."""

    def test_a_locked_database_refuses_and_recovers(self, tmp_path: Path) -> None:
        """While somebody else holds the write lock every waiting caller is refused; afterwards the chain goes on."""

        async def run() -> None:
            log = AuditLog.open(tmp_path / "a.db", KEY, busy_timeout_ms=50)
            await log.append(make_entry())
            other = sqlite3.connect(tmp_path / "a.db", isolation_level=None)
            other.execute("BEGIN IMMEDIATE")
            outcomes = await asyncio.gather(*(log.append(make_entry()) for _ in range(5)), return_exceptions=True)
            assert all(isinstance(outcome, AuditUnavailableError) for outcome in outcomes)
            assert len({id(outcome) for outcome in outcomes}) == 5
            assert "SQLITE_BUSY" in str(outcomes[0])
            other.execute("ROLLBACK")
            other.close()
            assert (await log.append(make_entry())).sequence == 2
            await log.close()

        asyncio.run(run())
        assert verify(tmp_path / "a.db", KEY).ok

    def test_a_trail_that_was_moved_away_refuses(self, tmp_path: Path) -> None:
        """Records go neither to a file that lost its name nor to a new trail; once it is back the chain goes on."""
        database = tmp_path / "a.db"

        async def run() -> None:
            log = AuditLog.open(database, KEY)
            await log.append(make_entry())
            database.rename(tmp_path / "away")
            for message in ("No such file", "is gone"):
                with pytest.raises(AuditUnavailableError, match=message):
                    await log.append(make_entry())
            (tmp_path / "away").rename(database)
            assert (await log.append(make_entry())).sequence == 2
            await log.close()

        asyncio.run(run())
        assert verify(database, KEY).records == 2

    def test_a_write_ahead_log_that_was_moved_away_loses_nothing(self, tmp_path: Path) -> None:
        """The first append after the log lost its name is refused; then the trail goes on, complete."""
        database = tmp_path / "a.db"

        async def run() -> None:
            log = AuditLog.open(database, KEY)
            await log.append(make_entry())
            (tmp_path / "a.db-wal").rename(tmp_path / "away")
            with pytest.raises(AuditUnavailableError, match="No such file"):
                await log.append(make_entry())
            assert (await log.append(make_entry())).sequence == 2
            await log.close()

        asyncio.run(run())
        assert verify(database, KEY).records == 2

    def test_an_older_copy_put_back_refuses(self, tmp_path: Path) -> None:
        """A copy from before, genuine but shorter than what was acknowledged, is not continued."""
        database = tmp_path / "a.db"
        fill(database, 3)
        older = database.read_bytes()

        async def run() -> None:
            log = AuditLog.open(database, KEY)
            await log.append(make_entry())
            replacement = tmp_path / "b.db"
            replacement.write_bytes(older)
            (tmp_path / "a.db-wal").unlink()
            (tmp_path / "a.db-shm").unlink()
            replacement.rename(database)
            with pytest.raises(AuditUnavailableError, match="No such file"):
                await log.append(make_entry())
            with pytest.raises(AuditUnavailableError, match="lost records that were acknowledged"):
                await log.append(make_entry())
            await log.close()

        asyncio.run(run())

    def test_a_file_replaced_under_its_log_loses_nothing(self, tmp_path: Path) -> None:
        """An older file in the trail's place is refused once; its log still holds the rest, so the trail goes on."""
        database = tmp_path / "a.db"
        fill(database, 3)
        older = database.read_bytes()

        async def run() -> None:
            log = AuditLog.open(database, KEY)
            await log.append(make_entry())
            replacement = tmp_path / "b.db"
            replacement.write_bytes(older)
            replacement.rename(database)
            with pytest.raises(AuditUnavailableError, match="replaced"):
                await log.append(make_entry())
            assert (await log.append(make_entry())).sequence == 5
            await log.close()

        asyncio.run(run())
        assert verify(database, KEY).records == 5

    def test_a_head_changed_by_another_hand_refuses(self, tmp_path: Path) -> None:
        """A writer that went around the lock and moved the head is noticed before anything is written."""

        async def run() -> None:
            log = AuditLog.open(tmp_path / "a.db", KEY)
            await log.append(make_entry())
            await asyncio.to_thread(tamper, tmp_path / "a.db", "UPDATE head SET sequence = 7")
            with pytest.raises(AuditUnavailableError, match="head"):
                await log.append(make_entry())
            await log.close()

        asyncio.run(run())
        assert verify(tmp_path / "a.db", KEY).records == 1

    @pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
    def test_a_dead_thread_is_told_and_replaced(self, tmp_path: Path) -> None:
        """If the writer thread dies, its callers hear it, and the next append starts another."""

        class Deadly(SlowWriter):
            deaths = 1

            def append(self, batch: Sequence[Prepared]) -> list[AppendedRecord]:
                """Die once, with leave."""
                self.entered.set()
                assert self.leave.wait(10)
                if self.deaths:
                    self.deaths -= 1
                    raise SystemExit
                return super().append(batch)

        async def run() -> None:
            writer = Deadly(tmp_path / "a.db")
            log = AuditLog(writer, capacity=10)
            callers = [asyncio.ensure_future(log.append(make_entry()))]
            await asyncio.to_thread(writer.entered.wait, 10)
            callers += [asyncio.ensure_future(log.append(make_entry())) for _ in range(3)]
            await asyncio.sleep(0)
            writer.leave.set()
            outcomes = await asyncio.wait_for(asyncio.gather(*callers, return_exceptions=True), 10)
            assert [str(outcome) for outcome in outcomes] == ["The audit writer has stopped."] * 4
            assert (await asyncio.wait_for(log.append(make_entry()), 10)).sequence == 1
            await log.close()

        asyncio.run(run())
