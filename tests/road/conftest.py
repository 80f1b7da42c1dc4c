"""Requests as gateways send them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from fastapi.testclient import TestClient

Ask = Callable[..., dict[str, Any]]


@pytest.fixture
def ask(client: TestClient) -> Ask:
    """Send one request to /inspect and return the answer, which must be a decision."""

    def send(payload: Any, direction: str = "outbound", tool: str = "demo/fetch", **more: Any) -> dict[str, Any]:
        server, name = tool.split("/")
        body = {"direction": direction, "tool": {"server": server, "name": name}, **more}
        body["arguments" if direction == "inbound" else "result"] = payload
        answer = client.post("/inspect", json=body)
        assert answer.status_code == 200, answer.text
        decision: dict[str, Any] = answer.json()
        return decision

    return send
