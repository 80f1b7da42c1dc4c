"""YAML files that people write, read with the line of every value, so that an error can name file and line."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from firewall.errors import ConfigurationError

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # libyaml reads the rule set about ten times faster
_MAX_BYTES = 4_194_304

M = TypeVar("M", bound=BaseModel)
Location = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Source:
    """One file: its plain data, the line of each value by its path, and the digest of its bytes."""

    name: str
    data: Any = field(repr=False)
    lines: Mapping[Location, int] = field(repr=False)
    sha256: str

    def where(self, location: Location) -> str:
        """Name the file and the line of the nearest value that was written there."""
        while location not in self.lines and location:
            location = location[:-1]
        return f"{self.name}:{self.lines.get(location, 1)}"


def read(path: Path, root: Path) -> Source:
    """Read one YAML file. Raises ConfigurationError for broken YAML, duplicate keys, anchors and oversize files."""
    name = path.relative_to(root).as_posix() if path.is_relative_to(root) else path.name
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise ConfigurationError(f"{name}: cannot be read ({error.strerror})") from None
    if len(raw) > _MAX_BYTES:
        raise ConfigurationError(f"{name}: larger than {_MAX_BYTES} bytes")
    loader = _LOADER(raw)
    try:
        node = loader.get_single_node()
        lines: dict[Location, int] = {}
        data = None if node is None else _build(node, loader, name, lines, set(), ())
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise ConfigurationError(f"{name}:{line}: {error.problem or 'not YAML'}") from None
    except yaml.YAMLError:
        raise ConfigurationError(f"{name}: not YAML") from None
    except RecursionError:
        raise ConfigurationError(f"{name}: nested too deep") from None
    finally:
        loader.dispose()
    return Source(name, data, lines, hashlib.sha256(raw).hexdigest())


def _build(node: yaml.Node, loader: Any, name: str, lines: dict[Location, int], seen: set[int], at: Location) -> Any:
    line = node.start_mark.line + 1
    lines.setdefault(at, line)
    if id(node) in seen:  # an alias: a few lines of them can stand for a billion values, or for themselves
        raise ConfigurationError(f"{name}:{line}: the value stands twice through an anchor, which is not read here")
    seen.add(id(node))
    if isinstance(node, yaml.MappingNode):
        built: dict[Any, Any] = {}
        for key_node, value_node in node.value:
            key = _scalar(key_node, loader, name)
            if key in built:
                raise ConfigurationError(f"{name}:{key_node.start_mark.line + 1}: the key stands twice")
            lines[(*at, key)] = key_node.start_mark.line + 1
            built[key] = _build(value_node, loader, name, lines, seen, (*at, key))
        return built
    if isinstance(node, yaml.SequenceNode):
        return [_build(item, loader, name, lines, seen, (*at, index)) for index, item in enumerate(node.value)]
    return _scalar(node, loader, name)


def _scalar(node: yaml.Node, loader: Any, name: str) -> Any:
    """Return a scalar's value. PyYAML's constructors raise what they like for a value that does not fit its tag."""
    if isinstance(node, yaml.ScalarNode):
        try:
            return loader.construct_object(node)
        except (ValueError, TypeError, KeyError, AttributeError, OverflowError):
            pass
    raise ConfigurationError(f"{name}:{node.start_mark.line + 1}: not a plain value")


def validated(model: type[M], source: Source, at: Location = ()) -> M:
    """Check the value at a path of a file against a pydantic model. Raises ConfigurationError with file:line."""
    value = source.data
    for step in at:
        value = value[step]
    try:
        return model.model_validate(value)
    except ValidationError as error:
        errors = error.errors(include_input=False, include_url=False)
        # A misspelled key shows as one missing and one unknown; the unknown one is where the mistake was made.
        first = next((item for item in errors if item["type"] == "extra_forbidden"), errors[0])
        location = (*at, *first["loc"])
        place = ".".join(str(step) for step in first["loc"]) or "the file"
        raise ConfigurationError(f"{source.where(location)}: {place}: {first['msg']}") from None
