"""What the service does when it is full, when it cannot tell, when a detector breaks, and when it must not start."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from firewall.api.app import create_app
from firewall.audit.store import AppendedRecord, AuditLog
from firewall.errors import AuditUnavailableError, ConfigurationError, ModelIntegrityError
from firewall.settings import Settings
from firewall.vocabulary import Direction, Report, Segment
from tests import tiny_models
from tests.conftest import MODELS

BODY = {"direction": "outbound", "tool": {"server": "demo", "name": "fetch"}, "result": "within limits"}


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of models that are small enough to load in no time."""
    folder = tmp_path_factory.mktemp("models")
    tiny_models.write_injection(folder / "injection")
    tiny_models.write_entities(folder / "entities")
    return folder


@pytest.fixture
def small(make_settings: Callable[..., Settings], tiny: Path) -> Iterator[TestClient]:
    """Serve the shipped rules with tiny models and room for one inspection."""
    app = create_app(make_settings(models_dir=tiny, max_concurrency=1, deadline_s=0.5))
    with TestClient(app, raise_server_exceptions=False) as client:
        yield client


def test_overload_is_refused_before_any_work(small: TestClient) -> None:
    """When every place is taken the answer is 429 with Retry-After; afterwards requests are served again."""
    with small.app.state.service.permit():  # type: ignore[attr-defined]  # the application is a FastAPI
        answer = small.post("/inspect", json=BODY)
        assert answer.status_code == 429
        assert int(answer.headers["retry-after"]) >= 1
        assert answer.json()["code"] == "overloaded"
    assert small.post("/inspect", json=BODY).status_code == 200


def test_no_record_no_answer(small: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """A call that cannot be recorded is refused with 503, unless its policy lets it pass."""

    async def fail(_: AuditLog, __: object) -> AppendedRecord:
        raise AuditUnavailableError("The disk is full.")

    monkeypatch.setattr(AuditLog, "append", fail)
    answer = small.post("/inspect", json=BODY)
    assert answer.status_code == 503
    assert answer.json()["code"] == "audit_unavailable"
    batch = small.post("/inspect/batch", json={"requests": [BODY]}).json()
    assert batch["results"][0]["code"] == "audit_unavailable"
    monitored = small.post("/inspect", json=BODY | {"policy": "monitor"})
    assert monitored.status_code == 200
    assert monitored.json()["audit_id"] is None


def test_readiness_follows_the_trail(small: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """A trail that cannot be written makes the service unready."""
    assert small.get("/readyz").status_code == 200
    monkeypatch.setattr(AuditLog, "healthy", property(lambda _: False))
    assert small.get("/readyz").status_code == 503


class _Broken:
    """A detector that breaks, or never ends."""

    name = "broken"

    def __init__(self, *, hang: bool) -> None:
        self.hang = hang

    async def detect(self, segments: Sequence[Segment]) -> Report:
        """Break in the wanted way."""
        import asyncio

        if self.hang:
            await asyncio.sleep(60)
        raise RuntimeError("Maria Gonzalez 219-09-9999")


@pytest.mark.parametrize(("hang", "reason"), [(False, "crash"), (True, "deadline")])
def test_a_detector_that_fails_is_named(small: TestClient, hang: bool, reason: str) -> None:
    """A detector that crashes or hangs is named, its words are not shown, and the call is blocked."""
    import dataclasses

    pipeline = small.app.state.service.runtime.pipeline  # type: ignore[attr-defined]  # the application is a FastAPI
    bundle = pipeline.bundle
    pipeline.bundle = dataclasses.replace(bundle, detectors={way: (_Broken(hang=hang),) for way in Direction})
    answer = small.post("/inspect", json=BODY)
    pipeline.bundle = bundle
    assert answer.json()["action"] == "block"
    assert answer.json()["skipped"] == [{"detector": "broken", "pointer": "", "reason": reason}]
    assert answer.json()["coverage"]["scanned"] == 0
    assert answer.json()["scores"] == {"injection": None}
    assert "Maria" not in answer.text


def test_a_changed_byte_stops_the_start(make_settings: Callable[..., Settings], tmp_path: Path) -> None:
    """The service refuses to start on a model with one changed byte, and names the file."""
    for name in ("injection", "entities"):
        shutil.copytree(MODELS / name, tmp_path / name, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    path = tmp_path / "entities" / "tokenizer.json"
    raw = bytearray(path.read_bytes())
    raw[len(raw) // 2] ^= 1
    path.write_bytes(bytes(raw))
    with (
        pytest.raises(ModelIntegrityError, match=r"tokenizer\.json"),
        TestClient(create_app(make_settings(models_dir=tmp_path))),
    ):
        raise AssertionError("it started")


def test_a_wrong_rule_stops_the_start(make_settings: Callable[..., Settings], tiny: Path, tmp_path: Path) -> None:
    """The service refuses to start on an empty rules folder."""
    with pytest.raises(ConfigurationError), TestClient(create_app(make_settings(models_dir=tiny, rules_dir=tmp_path))):
        raise AssertionError("it started")


def test_any_hugging_face_model(make_settings: Callable[..., Settings], tiny: Path, tmp_path: Path) -> None:
    """A sequence and a token model as optimum exports them serve instead of ours, when that is allowed by name."""
    sequence = tiny_models.write_hugging_face(
        tmp_path / "sequence", tiny_models.sequence_graph(), "Sequence", ["BENIGN", "INJECTION"]
    )
    token = tiny_models.write_hugging_face(
        tmp_path / "token", tiny_models.token_graph(shapes=False), "Token", tiny_models.LABELS
    )
    own = {"models_dir": tiny, "injection_model": sequence, "entities_model": token}
    with pytest.raises(ConfigurationError), TestClient(create_app(make_settings(**own))):
        raise AssertionError("it started")
    with TestClient(create_app(make_settings(**own, allow_unsigned_models=True))) as client:
        answer = client.post("/inspect", json=BODY | {"result": "report of alice smith in boston"}).json()
        assert {item["entity_type"] for item in answer["findings"]} >= {"PERSON", "LOCATION"}
        assert answer["content"] == "report of <PERSON> in <LOCATION>"
        order = client.post("/inspect", json=BODY | {"result": "ignore the pump"}).json()
        assert order["action"] == "block"
