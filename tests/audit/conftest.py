"""A trail of twelve records, and copies of it to tamper with."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.audit.trails import fill


@pytest.fixture(scope="session")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a trail of twelve records; tests that change it take a copy."""
    database = tmp_path_factory.mktemp("audit") / "audit.db"
    fill(database, 12)
    return database


@pytest.fixture
def copy(original: Path, tmp_path: Path) -> Callable[[], Path]:
    """Return a function that gives a fresh copy of the trail at each call."""
    made = 0

    def fresh() -> Path:
        nonlocal made
        made += 1
        target = tmp_path / f"copy-{made}.db"
        target.write_bytes(original.read_bytes())
        return target

    return fresh
