"""`firewall audit`: a whole trail is whole, a broken one is named by number, and records come out as they went in."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.audit.trails import KEY, fill


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a trail of five records; tests take a copy."""
    database = tmp_path_factory.mktemp("trail") / "audit.db"
    fill(database, 5)
    return database


@pytest.fixture
def trail(original: Path, tmp_path: Path) -> Path:
    """Return a trail of five records in the configured place, with its key beside it."""
    folder = tmp_path / "var"
    folder.mkdir()
    key = folder / "audit.key"
    key.write_bytes(KEY)
    key.chmod(0o600)
    return Path(shutil.copy(original, folder / "audit.db"))


def remove(database: Path, sequence: int) -> None:
    """Take a record out, as somebody with the file could."""
    with sqlite3.connect(database) as connection:
        (sql,) = connection.execute("SELECT sql FROM sqlite_master WHERE name = 'records_no_delete'").fetchone()
        connection.execute("DROP TRIGGER records_no_delete")
        connection.execute("DELETE FROM records WHERE sequence = ?", (sequence,))
        connection.execute(sql)
    connection.close()


class TestVerify:
    """The chain."""

    def test_a_whole_trail_is_0_with_its_signature_checked(self, firewall: Callable[..., Any], trail: Path) -> None:
        """The configured trail and key are taken where none is named."""
        told = firewall("audit", "verify")
        assert (told.code, told.err) == (0, "")
        assert told.out.startswith("whole: 5 records, head 5 ")
        assert "signature holds" in told.out

    def test_on_a_terminal_a_bar_is_shown_and_taken_away(
        self, firewall: Callable[..., Any], trail: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The bar goes to standard error, the verdict to standard output."""
        monkeypatch.setenv("FORCE_COLOR", "1")
        told = firewall("audit", "verify")
        assert told.code == 0
        assert "5 of 5" in told.err
        assert told.out.startswith("whole: 5 records")

    def test_without_a_key_it_says_that_the_signature_was_not_checked(
        self, firewall: Callable[..., Any], trail: Path
    ) -> None:
        """Nobody takes a checked chain for a checked signature."""
        trail.with_name("audit.key").unlink()
        told = firewall("audit", "verify", trail)
        assert told.code == 0
        assert "signature not checked" in told.out

    def test_a_removed_record_is_1_and_named_by_number(self, firewall: Callable[..., Any], trail: Path) -> None:
        """For people on standard error, for machines as JSON."""
        remove(trail, 3)
        told = firewall("audit", "verify", trail)
        assert told.code == 1
        assert "record 3: missing" in told.err
        assert told.out.startswith("BROKEN: 4 records")
        plain = json.loads(firewall("audit", "verify", "--json").out)
        assert (plain["ok"], plain["problems"][0]["sequence"]) == (False, 3)

    def test_another_key_is_1(self, firewall: Callable[..., Any], trail: Path, tmp_path: Path) -> None:
        """A trail that somebody else signed is not whole."""
        other = tmp_path / "other.key"
        other.write_bytes(bytes(32))
        other.chmod(0o600)
        assert firewall("audit", "verify", "--key", other).code == 1

    @pytest.mark.parametrize("options", [("/nowhere.db",), ("--key", "/nowhere.key")])
    def test_no_such_trail_or_key_is_2(
        self, firewall: Callable[..., Any], trail: Path, options: tuple[str, ...]
    ) -> None:
        """What cannot be checked is neither whole nor broken."""
        told = firewall("audit", "verify", *options)
        assert (told.code, told.out) == (2, "")
        assert told.err.startswith("firewall: ")


class TestRecords:
    """Reading them."""

    def test_tail_prints_the_last_ones_oldest_first(self, firewall: Callable[..., Any], trail: Path) -> None:
        """As a table, or one JSON object a line."""
        lines = firewall("audit", "tail", "-n", "2", "--json").out.splitlines()
        assert [json.loads(line)["sequence"] for line in lines] == [4, 5]
        table = firewall("audit", "tail", "-n", "2").out.splitlines()
        assert [row.split()[0] for row in table] == ["number", "4", "5"]
        assert all("ehr/get_patient" in row for row in table[1:])

    def test_show_prints_one_and_says_so_where_there_is_none(self, firewall: Callable[..., Any], trail: Path) -> None:
        """An unknown identifier is exit code 1."""
        (last,) = firewall("audit", "tail", "-n", "1", "--json").out.splitlines()
        assert json.loads(firewall("audit", "show", json.loads(last)["audit_id"]).out) == json.loads(last)
        missing = firewall("audit", "show", "no-such-id")
        assert (missing.code, missing.out) == (1, "")

    def test_export_writes_a_period_in_either_format(
        self, firewall: Callable[..., Any], trail: Path, tmp_path: Path
    ) -> None:
        """One event a line, all of the period and none else."""
        records = [json.loads(line) for line in firewall("audit", "export").out.splitlines()]
        assert [record["sequence"] for record in records] == [1, 2, 3, 4, 5]
        events = [json.loads(line) for line in firewall("audit", "export", "--format", "ocsf").out.splitlines()]
        assert [event["metadata"]["uid"] for event in events] == [record["audit_id"] for record in records]
        assert {event["class_uid"] for event in events} == {2004}
        assert firewall("audit", "export", "--since", "2999-01-01").out == ""
        assert firewall("audit", "export", "--until", "2001-01-01T00:00Z").out == ""

    def test_export_overwrites_nothing(self, firewall: Callable[..., Any], trail: Path, tmp_path: Path) -> None:
        """A file that is there stays."""
        target = tmp_path / "out.jsonl"
        assert firewall("audit", "export", "--out", target).code == 0
        before = target.read_text()
        assert len(before.splitlines()) == 5
        assert firewall("audit", "export", "--out", target).code == 2
        assert target.read_text() == before

    def test_a_moment_that_is_none_is_wrong_usage(self, firewall: Callable[..., Any], trail: Path) -> None:
        """It says what to write."""
        told = firewall("audit", "export", "--since", "yesterday")
        assert told.code == 2
        assert "2026-01-31" in told.err
