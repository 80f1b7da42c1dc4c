"""The cache in a real Redis: shared, unreadable, not to be forged, and missed by nobody when it is gone."""

from __future__ import annotations

import asyncio
import datetime as dt
import ipaddress
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from firewall.errors import ConfigurationError
from firewall.inference.batcher import Batcher
from firewall.inference.cached import CachedBatcher
from firewall.inference.model import Answer, Model, Window
from firewall.inference.shared import PREFIX, SharedVerdicts
from firewall.inference.verdicts import Form, Memory, on_behalf_of
from firewall.telemetry import Metrics
from tests import tiny_models
from tests.redis_servers import KEY, RedisServer, connected, count, eventually, redis_server

PATIENT = "patient alice smith of boston"
LONG = " ".join(["report is in the notes and pump of", PATIENT] * 12)
NAMES = [bytes([number]) * 32 for number in range(4)]
ENTRIES = [(name, b"answer" + name[:1]) for name in NAMES]


@pytest.fixture(scope="module")
def guard(tmp_path_factory: pytest.TempPathFactory) -> Model:
    """Return a sequence model with windows of 32 tokens."""
    return Model.load(tiny_models.write_injection(tmp_path_factory.mktemp("guard") / "guard"))


@pytest.fixture
def server() -> Iterator[RedisServer]:
    """Start a Redis."""
    with redis_server() as started:
        yield started


def windows_of(model: Model, *texts: str) -> list[Window]:
    """Return the windows of texts, in order."""
    return [window for encoded in model.encode(texts) for window in encoded.windows]


def ask(scorer: CachedBatcher, windows: list[Window], tenant: str = "clinic") -> list[Answer]:
    """Score on behalf of a tenant."""

    async def scored() -> list[Answer]:
        with on_behalf_of(tenant):
            return await scorer.score(windows)

    return asyncio.run(scored())


class TestWhatIsShared:
    """Services with one key and one model answer for each other; nobody else is answered."""

    def test_one_computes_for_all(self, guard: Model, server: RedisServer) -> None:
        """What one service has computed another is given, to the bit, with one question to Redis, and remembers."""
        windows = windows_of(guard, LONG)
        metrics = Metrics()
        with (
            Batcher(guard) as batcher,
            closing(connected(server.url)) as mine,
            closing(connected(server.url)) as theirs,
        ):
            first = ask(CachedBatcher(batcher, Memory(1 << 20, 100), KEY, shared=mine), windows)
            distinct = len({window.ids.tobytes() for window in windows})
            eventually(lambda: len(server.client().keys()) == distinct)
            other = CachedBatcher(batcher, Memory(1 << 20, 100), KEY, shared=theirs, metrics=metrics)
            server.client().config_resetstat()
            second, third = ask(other, windows), ask(other, windows)
            asked = server.client().info("commandstats")
        for one in (second, third):
            assert [list(answer.logits) for answer in one] == [list(answer.logits) for answer in first]
        assert asked["cmdstat_mget"]["calls"] == 1
        assert "cmdstat_set" not in asked

        def told(source: str) -> float | None:
            labels = {"model": "guard", "source": source}
            return metrics.registry.get_sample_value("firewall_verdict_cache_windows_total", labels)

        assert (told("memory"), told("redis"), told("computed")) == (distinct, distinct, 0)

    def test_who_has_another_key_is_not_answered(self, guard: Model, server: RedisServer) -> None:
        """Under another key, for another tenant, or by another model nothing is found: each has names of its own."""
        with Batcher(guard) as batcher, closing(connected(server.url)) as shared:
            windows = windows_of(guard, LONG)
            ask(CachedBatcher(batcher, Memory(1 << 20, 100), KEY, shared=shared), windows)
            distinct = len({window.ids.tobytes() for window in windows})
            for number, (key, tenant) in enumerate([(bytes(32), "clinic"), (KEY, "lab")], 2):
                metrics = Metrics()
                other = CachedBatcher(batcher, Memory(1 << 20, 100), key, shared=shared, metrics=metrics)
                ask(other, windows, tenant)
                labels = {"model": "guard", "source": "redis"}
                assert metrics.registry.get_sample_value("firewall_verdict_cache_windows_total", labels) == 0
                wanted = number * distinct
                eventually(lambda wanted=wanted: len(server.client().keys()) == wanted)

    def test_a_short_text_is_not_asked_for(self, guard: Model, server: RedisServer) -> None:
        """A few tokens are computed sooner than Redis answers, so it is not asked, but told."""
        with Batcher(guard) as batcher, closing(connected(server.url)) as shared:
            server.client().config_resetstat()
            ask(CachedBatcher(batcher, Memory(1 << 20, 100), KEY, shared=shared), windows_of(guard, "the pump"))
            eventually(lambda: len(server.client().keys()) == 1)
            assert "cmdstat_mget" not in server.client().info("commandstats")

    def test_answers_are_kept_for_their_time(self, server: RedisServer) -> None:
        """Redis forgets an answer by itself, at the latest after the time that was set."""
        with closing(connected(server.url, ttl_s=50)) as shared:
            shared.put(ENTRIES)
            eventually(lambda: len(server.client().keys()) == len(ENTRIES))
            assert all(0 < server.client().ttl(key) <= 50 for key in server.client().scan_iter())

    def test_a_long_question_is_cut(self, server: RedisServer) -> None:
        """Of very many windows the first are asked for and the rest counts as not found."""
        names = [number.to_bytes(32, "big") for number in range(400)]
        with closing(connected(server.url)) as shared:
            shared.put([(name, b"answer") for name in names])
            eventually(lambda: len(server.client().keys()) == 400)
            found = asyncio.run(shared.get(names))
        assert found == [b"answer"] * 256 + [None] * 144

    def test_password_and_tls_are_in_the_address(self, tmp_path: Path) -> None:
        """`rediss://` speaks TLS, checks the certificate, and gives user and password."""
        certificate, key = write_certificate(tmp_path)
        with redis_server("--requirepass", "p4ss") as server:
            server.client(password="p4ss").config_set("tls-cert-file", str(certificate))
            server.client(password="p4ss").config_set("tls-key-file", str(key))
            server.client(password="p4ss").config_set("tls-auth-clients", "no")
            port = free_port()
            server.client(password="p4ss").config_set("tls-port", port)
            url = f"rediss://:p4ss@127.0.0.1:{port}/0"
            with closing(connected(f"{url}?ssl_ca_certs={certificate}")) as shared:
                shared.put(ENTRIES)
                eventually(lambda: asyncio.run(shared.get(NAMES)) == [packed for _, packed in ENTRIES])
                assert "p4ss" not in repr(shared)
            with closing(SharedVerdicts(url, KEY)) as stranger:  # nobody vouches for this certificate
                time.sleep(0.3)
                assert not stranger.up

    def test_a_user_who_may_do_little_will_do(self, server: RedisServer) -> None:
        """A Redis user with the three commands that are documented is enough."""
        server.client().execute_command(
            "ACL",
            "SETUSER",
            "cache",
            "on",
            ">p4ss",
            "resetkeys",
            "~firewall:verdict:*",
            "-@all",
            "+mget",
            "+set",
            "+ping",
        )
        url = server.url.replace("unix://", "unix://cache:p4ss@")
        with closing(connected(url)) as shared:
            shared.put(ENTRIES)
            eventually(lambda: asyncio.run(shared.get(NAMES)) == [packed for _, packed in ENTRIES])

    def test_a_wrong_address_is_refused_without_being_shown(self) -> None:
        """What is no address of a Redis stops the start; the message holds no part of it."""
        for wrong in ("redis://:s3cret@host:port/0", "http://:s3cret@host", "redis://[:s3cret@host"):
            with pytest.raises(ConfigurationError) as refused:
                SharedVerdicts(wrong, KEY)
            assert "s3cret" not in repr(refused.value)
            assert refused.value.__cause__ is None


class TestWhatIsRead:
    """Who can read everything in Redis reads no text, no token, and no answer."""

    def test_nothing_planted_can_be_read(self, guard: Model, server: RedisServer) -> None:
        """In all that Redis holds, keys and values, there is no word, no token, no logit and no tenant."""
        windows = windows_of(guard, LONG)
        with Batcher(guard) as batcher, closing(connected(server.url)) as shared:
            cached = CachedBatcher(batcher, Memory(1 << 20, 100), KEY, shared=shared)
            answers = ask(cached, windows, "general-hospital")
            eventually(lambda: len(server.client().keys()) == len({window.ids.tobytes() for window in windows}))
        dump = server.dump()
        assert PREFIX in dump  # it is the right file, and not compressed
        form = Form(guard)
        planted = [word.encode() for word in ("patient", "alice", "smith", "boston", "pump", "notes", "hospital")]
        planted += [word.decode().encode("utf-16-le") for word in planted]
        planted += [windows[0].ids[at : at + 3].tobytes() for at in range(len(windows[0]) - 2)]
        planted += [answers[0].logits.tobytes(), form.pack(answers[0])[1:], KEY]
        assert [one for one in planted if one in dump] == []


class TestWhatIsPlanted:
    """Who can write everything in Redis changes no verdict."""

    def test_what_is_not_ours_is_not_believed(self, guard: Model, server: RedisServer) -> None:
        """An answer that was changed, cut, moved from another window, or made up is computed anew, and counted."""
        good, bad = windows_of(guard, "pump " * 90), windows_of(guard, "ignore " * 90, "the ignore " * 25)
        metrics = Metrics()
        client = server.client()
        with Batcher(guard) as batcher, closing(connected(server.url, metrics=metrics)) as shared:

            def fresh() -> CachedBatcher:
                return CachedBatcher(batcher, Memory(1 << 20, 100), KEY, shared=shared)

            def verdict(windows: list[Window]) -> bool:
                return all(guard.margin(answer.logits) > 0 for answer in ask(fresh(), windows))

            assert not verdict(good)
            eventually(lambda: len(client.keys()) == 1)
            harmless = set(client.keys())
            assert verdict(bad)
            eventually(lambda: len(client.keys()) == 3)
            warned = sorted(set(client.keys()) - harmless)
            genuine = {key: client.get(key) for key in client.scan_iter()}
            swapped = genuine[min(harmless)]
            flipped = bytes([swapped[0] ^ 1]) + swapped[1:]
            for forged in (swapped, flipped, swapped[:20], b"", b"\0" * 37, b"x" * 500_000):
                before = count(metrics, "forged")
                for key in warned:
                    client.set(key, forged)
                assert verdict(bad)
                assert count(metrics, "forged") == before + len(warned)
                eventually(lambda forged=forged: all(client.get(key) != forged for key in warned))  # set right again
            before = count(metrics, "forged")
            assert verdict(bad)
            assert count(metrics, "forged") == before
            for key in warned:
                client.delete(key)
                client.rpush(key, "a list")
            assert verdict(bad)
            assert shared.up


def test_limits_are_checked() -> None:
    """A short key and a time that is none are refused."""
    for wrong in ({"key": b"k"}, {"timeout_s": 0}, {"ttl_s": 0}):
        with pytest.raises(ValueError, match="32 bytes and limits"):
            SharedVerdicts("unix:///nowhere", **{"key": KEY, **wrong})


def write_certificate(folder: Path) -> tuple[Path, Path]:
    """Write a certificate for 127.0.0.1 that vouches for itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "a test")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    certificate, secret = folder / "redis.crt", folder / "redis.key"
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    secret.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return certificate, secret


def free_port() -> int:
    """Return a port that nobody listens on."""
    import socket

    with socket.socket() as opened:
        opened.bind(("127.0.0.1", 0))
        port: int = opened.getsockname()[1]
        return port
