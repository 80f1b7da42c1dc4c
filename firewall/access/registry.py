"""The tool registry: what a tool is, who owns it, what it may be given, and who may call it.

A tool that is not registered does not exist; arguments that break the registered JSON Schema do not reach it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any, Literal

import jsonschema_rs
from pydantic import BaseModel, ConfigDict, Field

from firewall.access.digest import same_digest
from firewall.errors import ConfigurationError
from firewall.sources import Source, read, validated
from firewall.vocabulary import Call, Direction, Finding, Origin, Segment, Severity

NAME = "access"
_MAX_FINDINGS = 32
_SEGMENT = r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$"
_PROMPT = r"^(/[^/]{0,127}){0,8}$"
_DIGEST = r"^sha256:[0-9a-f]{64}$"


class ToolModel(BaseModel):
    """One tool as it is written in YAML. `roles` and `models` hold `*` where anybody may call.

    `digest` pins the definition that somebody has read and approved: `firewall tools digest` prints it. `prompts` are
    RFC 6901 pointers to arguments that carry what a user said; a `*` stands for any one name or index.
    """

    model_config = ConfigDict(extra="forbid", strict=True)
    name: str = Field(pattern=_SEGMENT)
    version: str = Field(min_length=1, max_length=40)
    title: str = Field(min_length=3)
    owner: str = Field(min_length=3)
    purpose: str = Field(min_length=10)
    risk_class: Literal["read_only", "write_sensitive", "clinical_impacting"]
    data_classes: list[str] = Field(min_length=1)
    roles: list[str] = Field(min_length=1)
    models: list[str] = Field(min_length=1)
    digest: str | None = Field(default=None, pattern=_DIGEST)
    prompts: list[Annotated[str, Field(pattern=_PROMPT)]] = []
    input_schema: dict[str, Any]


class RegistryFile(BaseModel):
    """The tools of one server."""

    model_config = ConfigDict(extra="forbid", strict=True)
    server: str = Field(pattern=_SEGMENT)
    tools: list[ToolModel] = Field(min_length=1)


@dataclass(frozen=True, slots=True)
class Tool:
    """One registered tool. `fields` are the property names of its schema, which are nobody's data.

    `digest` is that of its approved definition, None where none is pinned; `prompts` are pointers as tuples of tokens.
    """

    server: str
    name: str
    version: str
    title: str
    owner: str
    purpose: str
    risk_class: str
    data_classes: tuple[str, ...]
    roles: frozenset[str]
    models: frozenset[str]
    digest: str | None
    prompts: tuple[tuple[str, ...], ...]
    fields: frozenset[str]
    validator: jsonschema_rs.Draft202012Validator = field(repr=False)


@dataclass(frozen=True, slots=True)
class Registry:
    """All tools by (server, name), and the digest of the bytes they were read from."""

    tools: Mapping[tuple[str, str], Tool]
    digest: str

    def find(self, server: str, name: str) -> Tool | None:
        """Return the registered tool, or None."""
        return self.tools.get((server, name))


def load(root: Path) -> Registry:
    """Read `registry/*.yaml` below `root`. Raises ConfigurationError naming file and line."""
    tools: dict[tuple[str, str], Tool] = {}
    digest = hashlib.sha256()
    for path in sorted((root / "registry").glob("*.yaml")):
        source = read(path, root)
        digest.update(f"{source.name}\0{source.sha256}\n".encode())
        model = validated(RegistryFile, source)
        for index, item in enumerate(model.tools):
            key = (model.server, item.name)
            if key in tools:
                raise ConfigurationError(f"{source.where(('tools', index, 'name'))}: the tool is registered twice")
            tools[key] = _tool(model.server, item, source, index)
    if not tools:
        raise ConfigurationError("registry/: no tool is registered, so every call would be blocked")
    return Registry(tools, f"sha256:{digest.hexdigest()}")


def _tool(server: str, model: ToolModel, source: Source, index: int) -> Tool:
    try:
        # The linear-time engine: a schema's `pattern` meets text that an attacker wrote.
        validator = jsonschema_rs.Draft202012Validator(
            model.input_schema, pattern_options=jsonschema_rs.RegexOptions(), validate_formats=True, offline=True
        )
    except (jsonschema_rs.ValidationError, ValueError):
        where = source.where(("tools", index, "input_schema"))
        raise ConfigurationError(f"{where}: {model.name}: not a JSON Schema (draft 2020-12)") from None
    return Tool(
        server=server,
        name=model.name,
        version=model.version,
        title=model.title,
        owner=model.owner,
        purpose=model.purpose,
        risk_class=model.risk_class,
        data_classes=tuple(model.data_classes),
        roles=frozenset(model.roles),
        models=frozenset(model.models),
        digest=model.digest,
        prompts=tuple(tuple(pointer.split("/")) for pointer in model.prompts),
        fields=frozenset(_property_names(model.input_schema)),
        validator=validator,
    )


def _property_names(schema: object) -> set[str]:
    names: set[str] = set()
    if isinstance(schema, dict):
        properties = schema.get("properties")
        if isinstance(properties, dict):
            names |= {str(name) for name in properties}
        for value in schema.values():
            names |= _property_names(value)
    elif isinstance(schema, list):
        for value in schema:
            names |= _property_names(value)
    return names


def check(registry: Registry, call: Call, arguments: str | None) -> tuple[Finding, ...]:
    """Hold a call against the registry. `arguments` is the JSON text of an inbound call's arguments."""
    tool = registry.find(call.tool.server, call.tool.name)
    if tool is None:
        return (_finding(call, "access.registry.1", "TOOL_NOT_REGISTERED"),)
    findings: list[Finding] = []
    if call.tool.version is not None and call.tool.version != tool.version:
        findings.append(_finding(call, "access.registry.2", "TOOL_VERSION_MISMATCH", severity=Severity.MEDIUM))
    if call.tool.digest is not None and tool.digest is not None and not same_digest(call.tool.digest, tool.digest):
        findings.append(_finding(call, "access.definition.1", "TOOL_DEFINITION_CHANGED"))
    if "*" not in tool.models and call.identity.model not in tool.models:
        findings.append(_finding(call, "access.model.1", "MODEL_NOT_ALLOWED"))
    if "*" not in tool.roles and tool.roles.isdisjoint(call.identity.roles):
        findings.append(_finding(call, "access.role.1", "ROLE_NOT_ALLOWED"))
    if call.direction is Direction.INBOUND and arguments is not None:
        for error in tool.validator.iter_errors(json.loads(arguments)):
            for pointer in _pointers(error):
                findings.append(_finding(call, "access.schema.1", "TOOL_ARGUMENTS_INVALID", pointer))
            if len(findings) >= _MAX_FINDINGS:
                break
    return tuple(findings)


def attributed(registry: Registry, call: Call, segments: Sequence[Segment]) -> tuple[Segment, ...]:
    """Return the segments of a call's arguments with those written by the user marked as such."""
    tool = registry.find(call.tool.server, call.tool.name)
    if tool is None or not tool.prompts or call.direction is not Direction.INBOUND:
        return tuple(segments)
    return tuple(
        replace(segment, origin=Origin.USER_PROMPT)
        if not segment.is_key and any(_stands_for(prompt, segment.pointer) for prompt in tool.prompts)
        else segment
        for segment in segments
    )


def _stands_for(prompt: tuple[str, ...], pointer: str) -> bool:
    tokens = pointer.split("/", len(prompt))
    return len(tokens) == len(prompt) and all(a in ("*", b) for a, b in zip(prompt, tokens, strict=True))


def _pointers(error: jsonschema_rs.ValidationError) -> list[str]:
    """Return the places that break the schema: the member that must not be there or is missing, else the value."""
    steps = list(error.instance_path)
    extra = getattr(error.kind, "unexpected", None) or [getattr(error.kind, "property", None)]
    ends = [[*steps, name] if isinstance(name, str) else steps for name in extra[:_MAX_FINDINGS]]
    return ["".join(f"/{str(step).replace('~', '~0').replace('/', '~1')}" for step in path) for path in ends]


def _finding(
    call: Call, rule_id: str, entity_type: str, pointer: str = "", severity: Severity = Severity.HIGH
) -> Finding:
    origin = Origin.TOOL_CALL if call.direction is Direction.INBOUND else Origin.TOOL_RESULT
    return Finding(NAME, rule_id, entity_type, pointer, None, 1.0, severity, origin, ("owasp-llm06",))
