"""What all tests share: the shipped rules and models, a service in this process, and a place for its trail."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from firewall.api.app import create_app
from firewall.settings import Settings, load

ROOT = Path(__file__).resolve().parent.parent
RULES = ROOT / "rules"
MODELS = ROOT / "models"


@pytest.fixture(scope="session")
def make_settings(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Settings]:
    """Make settings with a trail of their own; keyword arguments win."""

    def make(**overrides: object) -> Settings:
        var = tmp_path_factory.mktemp("var")
        own = {
            "rules_dir": RULES,
            "models_dir": MODELS,
            "audit_database": var / "audit.db",
            "audit_key": var / "audit.key",
            "reload_rules": False,
        }
        return load(**{**own, **overrides})

    return make


@pytest.fixture(scope="session")
def settings(make_settings: Callable[..., Settings]) -> Settings:
    """Return the settings of the shared service."""
    return make_settings()


@pytest.fixture(scope="session")
def client(settings: Settings) -> Iterator[TestClient]:
    """Serve the shipped rules and models, everything on."""
    with TestClient(create_app(settings), raise_server_exceptions=False) as opened:
        yield opened
