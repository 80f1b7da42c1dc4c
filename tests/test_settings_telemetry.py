"""Settings are refused aloud; log lines drop what is not declared."""

from __future__ import annotations

import io
import json

import pytest
import structlog

from firewall.errors import ConfigurationError
from firewall.settings import load
from firewall.telemetry import LOG_FIELDS, Metrics, configure_logging, log


def test_open_mode_stays_home() -> None:
    """Without authentication only a loopback address is listened on, unless told otherwise by name."""
    assert load(host="127.0.0.1").host == "127.0.0.1"
    assert load(host="::1").host == "::1"
    with pytest.raises(ConfigurationError, match="loopback"):
        load(host="0.0.0.0")
    assert load(host="0.0.0.0", allow_open_network=True).allow_open_network


def test_a_wrong_setting_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """A value that makes no sense is refused with the name of its variable, and without the value."""
    monkeypatch.setenv("FIREWALL_PORT", "ninety-nine-secret")
    with pytest.raises(ConfigurationError, match="FIREWALL_PORT") as refused:
        load()
    assert "ninety" not in refused.value.detail


def test_undeclared_fields_are_dropped(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """A log line keeps declared fields only, so that a careless call cannot leak."""
    told = io.StringIO()
    monkeypatch.setattr("sys.stderr", told)
    configure_logging("info")
    try:
        log.info("refused", code="malformed", text="Maria Gonzalez", payload={"ssn": 1})
    finally:
        structlog.reset_defaults()
    line = json.loads(told.getvalue())
    assert line["code"] == "malformed"
    assert set(line) <= LOG_FIELDS
    assert "Maria" not in told.getvalue()


def test_metrics_stand_alone() -> None:
    """Two services in one process count apart."""
    first, second = Metrics(), Metrics()
    first.refused.labels("malformed").inc()
    assert second.registry.get_sample_value("firewall_refused_total", {"code": "malformed"}) is None


def test_the_address_of_redis_is_not_shown() -> None:
    """Another kind of address is refused by the name of its variable; a right one shows neither itself nor its password."""
    with pytest.raises(ConfigurationError, match="FIREWALL_REDIS_URL") as refused:
        load(redis_url="http://:s3cret@cache.example")
    assert "s3cret" not in refused.value.detail
    settings = load(redis_url="rediss://:s3cret@cache.example:6379/0")
    assert "s3cret" not in repr(settings)
    assert settings.redis_url is not None
    assert settings.redis_url.get_secret_value().startswith("rediss://")


def test_the_verdict_cache_needs_no_redis() -> None:
    """By default answers are remembered in this process alone."""
    settings = load()
    assert settings.redis_url is None
    assert settings.verdict_cache_mb > 0
