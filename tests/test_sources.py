"""YAML with lines: whatever is wrong with a file, the error names the file and, where it can, the line."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict

from firewall.errors import ConfigurationError
from firewall.sources import read, validated


class Item(BaseModel):
    """A model to hold files against."""

    model_config = ConfigDict(extra="forbid", strict=True)
    name: str
    sizes: list[int] = []


class Box(BaseModel):
    """A model of models."""

    model_config = ConfigDict(extra="forbid", strict=True)
    items: list[Item]


def write(root: Path, text: str | bytes) -> Path:
    """Write a file two folders below the root and return its path."""
    path = root / "family" / "file.yaml"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def refusal(root: Path, text: str | bytes) -> str:
    """Return what is said about a file that cannot be read."""
    with pytest.raises(ConfigurationError) as caught:
        read(write(root, text), root)
    return caught.value.detail


def test_every_value_knows_its_line(tmp_path: Path) -> None:
    """In block and flow style; what is not written down has the line of what it is missing in."""
    text = "# first\nitems:\n- name: one\n  sizes: [1,\n    2]\n- {name: two}\n"
    source = read(write(tmp_path, text), tmp_path)
    assert source.data == {"items": [{"name": "one", "sizes": [1, 2]}, {"name": "two"}]}
    places = [("items",), ("items", 0), ("items", 0, "sizes"), ("items", 0, "sizes", 1), ("items", 1, "name")]
    assert [source.where(place) for place in places] == [f"family/file.yaml:{line}" for line in (2, 3, 4, 5, 6)]
    assert source.where(("items", 1, "sizes", 7)) == "family/file.yaml:6"
    assert source.where(("nothing",)).startswith("family/file.yaml:")


def test_the_digest_is_that_of_the_bytes(tmp_path: Path) -> None:
    """A comment changes it, another name does not."""
    first = read(write(tmp_path, "a: 1\n"), tmp_path).sha256
    assert read(write(tmp_path, "a: 1\n"), tmp_path / "family").sha256 == first
    assert read(write(tmp_path, "a: 1 # one\n"), tmp_path).sha256 != first


def test_an_empty_file_holds_nothing(tmp_path: Path) -> None:
    """Which a model then refuses."""
    source = read(write(tmp_path, "# only words\n"), tmp_path)
    assert source.data is None
    with pytest.raises(ConfigurationError, match=r"^family/file.yaml:1: the file: "):
        validated(Box, source)


@pytest.mark.parametrize(
    ("text", "line", "word"),
    [
        ("a: [1\nb: 2\n", 2, ""),
        ("a: 1\n\tb: 2\n", 2, ""),
        ("a: 1\nb: 2\na: 3\n", 3, "twice"),
        ("a:\n  b: 1\n  b: 2\n", 3, "twice"),
        ("a: &x [1]\nb: *x\n", 1, "anchor"),
        ("a: &x 1\nb: *x\n", 1, "anchor"),
        ("&a [*a]\n", 1, "anchor"),
        ("a: 1\n---\nb: 2\n", 2, "document"),
        ("a: !!python/object:os.system x\n", 1, ""),
        ("a: !custom x\n", 1, ""),
        ("? [a, b]\n: c\n", 1, "plain"),
        ("b: 1\n? {a: b}\n: c\n", 2, "plain"),
        ("b: 1\na: !!int abc\n", 2, "plain"),
        ("a: 2024-13-45\n", 1, "plain"),
        ("a: !!timestamp x\n", 1, "plain"),
        ("a: !!bool x\n", 1, "plain"),
    ],
)
def test_what_is_not_plain_yaml_is_refused_with_its_line(tmp_path: Path, text: str, line: int, word: str) -> None:
    """Broken syntax, keys that stand twice, anchors, tags, and values that do not fit their tag."""
    detail = refusal(tmp_path, text)
    assert detail.startswith(f"family/file.yaml:{line}: ") and word in detail


def test_a_billion_laughs_are_refused_at_once(tmp_path: Path) -> None:
    """Nine lines of aliases do not become a billion values."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10)]
    assert "anchor" in refusal(tmp_path, "\n".join(lines))


@pytest.mark.parametrize("text", [b"a: \xff\xfe\xfa\n", b"a: \x00\n", b"a: \x07\n"])
def test_what_is_no_text_is_refused(tmp_path: Path, text: bytes) -> None:
    """By the file's name."""
    assert refusal(tmp_path, text) == "family/file.yaml: not YAML"


def test_depth_and_size_have_limits(tmp_path: Path) -> None:
    """Neither ends in a crash of the reader."""
    assert refusal(tmp_path, "[" * 4_000 + "]" * 4_000).startswith("family/file.yaml")
    assert refusal(tmp_path, "{a: " * 2_000 + "1" + "}" * 2_000).startswith("family/file.yaml")
    assert "larger" in refusal(tmp_path, b"#" * 4_194_305)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """Without the path of the machine."""
    with pytest.raises(ConfigurationError) as caught:
        read(tmp_path / "none.yaml", tmp_path)
    assert caught.value.detail.startswith("none.yaml: cannot be read")
    assert str(tmp_path) not in caught.value.detail


@pytest.mark.parametrize(
    ("text", "where", "word"),
    [
        ("items:\n- name: a\n- name: 1\n", "family/file.yaml:3", "items.1.name"),
        ("items:\n- name: a\n  sizes: [1,\n  x]\n", "family/file.yaml:4", "items.0.sizes.1"),
        ("items:\n- name: a\n- nmae: b\n", "family/file.yaml:3", "nmae"),
        ("items:\n- sizes: []\n", "family/file.yaml:2", "items.0.name"),
        ("itmes: []\n", "family/file.yaml:1", "itmes"),
        ("items: 5\n", "family/file.yaml:1", "items"),
    ],
)
def test_what_does_not_fit_its_model_is_named_with_its_line(tmp_path: Path, text: str, where: str, word: str) -> None:
    """A misspelled key by the key that is there, not by the one that is missing."""
    with pytest.raises(ConfigurationError) as caught:
        validated(Box, read(write(tmp_path, text), tmp_path))
    assert caught.value.detail.startswith(f"{where}: ") and word in caught.value.detail


def test_a_part_of_a_file_is_checked_with_the_files_lines(tmp_path: Path) -> None:
    """The error counts from the file's first line, not from the part's."""
    source = read(write(tmp_path, "other: 1\nitems:\n- name: a\n- name: 2\n"), tmp_path)
    assert validated(Item, source, ("items", 0)).name == "a"
    with pytest.raises(ConfigurationError, match=r"^family/file.yaml:4: name: "):
        validated(Item, source, ("items", 1))


@given(text=st.text(st.sampled_from("ab:- \n[]{}&*!?|>'\"#%@,1.0~\t<="), max_size=40))
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_file_is_read_or_refused(tmp_path: Path, text: str) -> None:
    """Never another kind of error."""
    try:
        read(write(tmp_path, text), tmp_path)
    except ConfigurationError as error:
        assert error.detail.startswith("family/file.yaml")
