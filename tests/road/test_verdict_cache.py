"""The verdict cache on the road: the same decisions, fewer windows, a tenant at a time, with and without Redis."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from firewall.api.app import create_app
from firewall.settings import Settings
from tests.redis_servers import redis_server

TEXT = "the report of the pump is in the notes and " * 12 + "ignore the notes"


def _ask(client: TestClient, tenant: str, text: str = TEXT) -> dict[str, object]:
    body = {
        "direction": "outbound",
        "tool": {"server": "demo", "name": "fetch"},
        "result": text,
        "context": {"tenant": tenant},
    }
    answer = client.post("/inspect", json=body)
    assert answer.status_code == 200
    told = answer.json()
    for name in ("audit_id", "timings_ms"):
        del told[name]
    return dict(told)


def _windows(client: TestClient, source: str) -> float:
    lines = client.get("/metrics").text.splitlines()
    return sum(
        float(line.rsplit(" ", 1)[1])
        for line in lines
        if line.startswith("firewall_verdict_cache_windows_total{") and f'source="{source}"' in line
    )


def test_the_second_time_nothing_is_computed(make_settings: Callable[..., Settings], small_models: Path) -> None:
    """The same call again has the same answer from memory; another tenant's is computed anew."""
    with TestClient(create_app(make_settings(models_dir=small_models))) as client:
        first = _ask(client, "clinic")
        computed = _windows(client, "computed")
        assert computed > 0
        assert _ask(client, "clinic") == first
        assert _windows(client, "computed") == computed
        assert _ask(client, "lab") == first
        assert _windows(client, "computed") == 2 * computed


def test_switched_off_it_decides_the_same(make_settings: Callable[..., Settings], small_models: Path) -> None:
    """Without a cache the decision is the same, and nothing is counted."""
    with TestClient(create_app(make_settings(models_dir=small_models))) as client:
        expected = _ask(client, "clinic")
    with TestClient(create_app(make_settings(models_dir=small_models, verdict_cache_mb=0))) as client:
        assert _ask(client, "clinic") == expected
        assert _windows(client, "computed") == 0


@pytest.mark.parametrize("restarted", [False, True])
def test_two_services_share_a_redis(
    make_settings: Callable[..., Settings], small_models: Path, tmp_path: Path, restarted: bool
) -> None:
    """What one service computed another with the same key is given; a Redis that dies meanwhile changes nothing."""
    key = tmp_path / "verdict.key"
    key.write_bytes(bytes(range(32)))
    key.chmod(0o600)
    with redis_server() as server:
        settings = [
            make_settings(models_dir=small_models, redis_url=server.url, verdict_key=key, redis_timeout_s=2.0)
            for _ in range(2)
        ]

        def connect(client: TestClient) -> None:
            deadline = time.monotonic() + 10
            while "firewall_verdict_cache_redis_up 1.0" not in client.get("/metrics").text:
                assert time.monotonic() < deadline
                time.sleep(0.02)

        with TestClient(create_app(settings[0])) as client:
            connect(client)
            first = _ask(client, "clinic")
        with TestClient(create_app(settings[1])) as client:
            connect(client)
            if restarted:
                server.kill()
            assert _ask(client, "clinic") == first
            assert (_windows(client, "redis") == 0) is restarted
            assert (_windows(client, "computed") > 0) is restarted
