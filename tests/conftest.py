"""What all tests share: the shipped rules and models, a service in this process, and a place for its trail."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from firewall.api.app import create_app
from firewall.settings import Settings, load
from tests import tiny_models

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


@pytest.fixture(scope="session")
def small_rules(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a rules folder that loads in no time: the shipped policies and registry, and two rule files."""
    root = tmp_path_factory.mktemp("small") / "rules"
    for name in ("policies", "registry"):
        shutil.copytree(RULES / name, root / name)
    for name in ("entity_groups.yaml", "TAGS", "identifiers/us_ssn.yaml", "injection/override.yaml"):
        (root / name).parent.mkdir(exist_ok=True)
        shutil.copy(RULES / name, root / name)
    return root


@pytest.fixture(scope="session")
def small_models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a models folder in which one word is an injection, and a few words are names and places."""
    root = tmp_path_factory.mktemp("small") / "models"
    tiny_models.write_injection(root / "injection")
    tiny_models.write_entities(root / "entities")
    return root
