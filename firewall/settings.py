"""`FIREWALL_*` environment variables become one frozen value. Only the assembly and the CLI read it."""

from __future__ import annotations

import ipaddress
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from firewall.errors import ConfigurationError


class Settings(BaseSettings):
    """Every setting, with its default. The README's table is generated from the descriptions."""

    model_config = SettingsConfigDict(env_prefix="FIREWALL_", frozen=True, extra="ignore")

    host: str = Field("127.0.0.1", description="Address to listen on. Open mode refuses anything but loopback.")
    port: int = Field(8080, ge=0, le=65535, description="Port to listen on; 0 takes a free one.")
    allow_open_network: bool = Field(
        False,
        description="Listen on other addresses although callers are not authenticated. For a pod whose network policy "
        "lets nobody but the gateway in.",
    )
    rules_dir: Path = Field(Path("rules"), description="Folder of rules, policies and the tool registry.")
    models_dir: Path = Field(Path("models"), description="Folder that holds the folders `injection` and `entities`.")
    injection_model: Path | None = Field(
        None, description="Another folder for the injection classifier, for example a Hugging Face export."
    )
    entities_model: Path | None = Field(None, description="Another folder for the entity model.")
    allow_unsigned_models: bool = Field(
        False, description="Load model folders that have no manifest of ours (bring your own model)."
    )
    presidio_recognizers: Path | None = Field(
        None, description="YAML file of your own Presidio recognizers, in Presidio's registry format."
    )
    recognizer_classes: tuple[str, ...] = Field(
        (), description="Your own Presidio recognizers as a JSON list of `package.module:Class`."
    )
    spacy_pipelines: tuple[Path, ...] = Field((), description="Your own spaCy pipelines as a JSON list of folders.")
    audit_database: Path = Field(Path("var/audit.db"), description="SQLite file of the audit trail.")
    audit_key: Path = Field(
        Path("var/audit.key"), description="Key of fingerprints and of the chain's head, mode 0600."
    )
    redaction_key: Path | None = Field(
        None,
        description="Key of `hash`, `encrypt`, `vault`, `surrogate` and `shift_date`: 32 bytes, mode 0600, the same for "
        "all services that restore each other's tokens. Without one it is the audit key.",
    )
    vault_ttl_s: int = Field(
        86_400, ge=1, le=31_536_000, description="Seconds that the vault keeps a text after it was last redacted."
    )
    vault_mb: int = Field(
        64,
        ge=1,
        le=65_536,
        description="Memory of the vault in this process, in MiB; the oldest texts are forgotten first. With a Redis the "
        "vault is there, and the size is Redis' affair.",
    )
    session_names_s: int = Field(
        3_600,
        ge=1,
        le=604_800,
        description="Seconds that a session's names and numbers are known after its last result, as keyed hashes in this "
        "process, where a policy says `propagate: session`.",
    )
    provider: Literal["cpu", "cuda"] = Field("cpu", description="Where models run. `cuda` needs onnxruntime-gpu.")
    threads: int = Field(0, ge=0, le=256, description="Threads of each model; 0 takes every core.")
    screen: bool = Field(
        True,
        description="Let a model's small first stage, where its folder has one, answer for the windows that it clears.",
    )
    max_concurrency: int = Field(128, ge=1, le=65536, description="Inspections in flight; more are refused with 429.")
    deadline_s: float = Field(
        20.0, gt=0, le=600, description="Seconds after which a detector counts as not having looked."
    )
    max_body_bytes: int = Field(8_388_608, ge=1024, le=268_435_456, description="Largest request body in bytes.")
    max_string_chars: int = Field(2_097_152, ge=64, le=268_435_456, description="Longest string in a payload.")
    max_nodes: int = Field(200_000, ge=16, le=10_000_000, description="Most values and names in a payload.")
    max_depth: int = Field(64, ge=4, le=200, description="Deepest nesting of a payload.")
    max_batch: int = Field(64, ge=1, le=4096, description="Most requests in one `/inspect/batch`.")
    max_tools: int = Field(512, ge=1, le=65536, description="Most tool definitions in one `/inspect/tools`.")
    stream_s: float = Field(
        300.0,
        gt=0,
        le=86_400,
        description="Seconds that one `/inspect/stream` may take, from its first line to its last event.",
    )
    verdict_cache_mb: int = Field(
        64,
        ge=0,
        le=65_536,
        description="Memory for answers of the models that can be given again, in MiB for each model; 0 keeps none, in Redis "
        "neither.",
    )
    verdict_cache_entries: int = Field(
        200_000, ge=1, le=100_000_000, description="Most answers kept in memory, for each model."
    )
    verdict_key: Path | None = Field(
        None,
        description="Key of the verdict cache in Redis: 32 bytes, mode 0600, the same for all services that share it. "
        "Without one it is derived from the audit key.",
    )
    verdict_ttl_s: int = Field(
        86_400, ge=1, le=31_536_000, description="Seconds that Redis keeps an answer after it was written."
    )
    redis_url: SecretStr | None = Field(
        None,
        description="Redis that shares the verdict cache and the vault between services: "
        "`rediss://user:password@host:6379/0` (TLS), `redis://...` or `unix://...`. It holds keyed hashes and sealed "
        "bytes, nothing that can be read. Verdicts do without it when it is gone, what policies send to the vault does not.",
    )
    redis_timeout_s: float = Field(
        0.05, gt=0, le=5, description="Seconds that an inspection waits for Redis at most, before it computes instead."
    )
    reload_rules: bool = Field(True, description="Watch the rules folder and take over good edits while running.")
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="Least severe log line written."
    )

    @field_validator("redis_url")
    @classmethod
    def _redis_has_an_address(cls, url: SecretStr | None) -> SecretStr | None:
        """Refuse another kind of address here, by name; what is wrong with one of these is seen when it is opened."""
        if url is not None and not url.get_secret_value().startswith(("redis://", "rediss://", "unix://")):
            raise ValueError("an address of Redis begins with redis://, rediss:// or unix://")
        return url

    @model_validator(mode="after")
    def _open_mode_stays_home(self) -> Self:
        """Without authentication the service answers to this machine only, unless told otherwise by name."""
        try:
            loopback = ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            loopback = self.host == "localhost"
        if not loopback and not self.allow_open_network:
            raise ValueError(
                "callers are not authenticated, so only a loopback address may be listened on; "
                "set FIREWALL_ALLOW_OPEN_NETWORK=true if the network lets nobody but the gateway in"
            )
        return self


def load(**overrides: object) -> Settings:
    """Read the environment; `overrides` win. Raises ConfigurationError naming the variable and what is wrong."""
    try:
        return Settings(**{name: value for name, value in overrides.items() if value is not None})  # type: ignore[arg-type]  # pydantic checks them
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        name = "_".join(str(step) for step in first["loc"]).upper()
        raise ConfigurationError(f"{f'FIREWALL_{name}: ' if name else ''}{first['msg']}") from None
