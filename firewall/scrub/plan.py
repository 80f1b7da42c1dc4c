"""Which files are cleaned, in which form, and where each goes; refused before anything is read where that is not clear."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from firewall.errors import ConfigurationError

JOURNAL = ".scrub-journal.jsonl"  # lies in every output folder
FORMS = {
    ".txt": "text",
    ".text": "text",
    ".log": "text",
    ".md": "text",
    ".markdown": "text",
    ".json": "json",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".csv": "csv",
    ".tsv": "tsv",
    ".tab": "tsv",
    ".hl7": "hl7",
}


@dataclass(frozen=True, slots=True)
class Job:
    """A file to clean: `name` is its path below the output folder, `size` its bytes."""

    source: Path
    name: str
    form: str
    size: int


@dataclass(frozen=True, slots=True)
class Plan:
    """What is cleaned, and what was found but is of no form that is read here: its name and why."""

    jobs: tuple[Job, ...]
    passed_over: tuple[tuple[str, str], ...] = field(default=())

    @property
    def size(self) -> int:
        """The bytes of all files to clean."""
        return sum(job.size for job in self.jobs)


def plan(paths: Sequence[Path], out: Path) -> Plan:
    """Walk files and folders; a folder's content goes to `out` under the same relative names.

    Raises ConfigurationError where a path does not exist, `out` and an input lie inside one another, or two inputs
    would become the same output.
    """
    target = out.resolve()
    jobs: dict[str, Job] = {}
    passed_over: list[tuple[str, str]] = []
    for path in paths:
        if not path.exists():
            raise ConfigurationError(f"there is no file or folder {path}")
        real = path.resolve()
        if target == real or target.is_relative_to(real) or (path.is_dir() and real.is_relative_to(target)):
            raise ConfigurationError(f"the output folder {out} and the input {path} lie inside one another")
        if real.is_relative_to(target):
            raise ConfigurationError(f"the input {path} lies in the output folder {out}")
        for file, name in _files(path):
            problem = _problem(file)
            if problem is not None:
                passed_over.append((name, problem))
                continue
            if name in jobs:
                raise ConfigurationError(f"{jobs[name].source} and {file} would both become {name} in {out}")
            jobs[name] = Job(file, name, FORMS[file.suffix.lower()], file.stat().st_size)
    return Plan(tuple(jobs.values()), tuple(passed_over))


def _files(path: Path) -> Iterator[tuple[Path, str]]:
    """Yield every file below a path with its relative name, in a stable order; links to folders are not followed."""
    if not path.is_dir():
        yield path, path.name
        return
    for folder, folders, names in os.walk(path):
        folders.sort()
        for name in sorted(names):
            file = Path(folder, name)
            yield file, file.relative_to(path).as_posix()
        for name in folders:
            link = Path(folder, name)
            if link.is_symlink():
                yield link, link.relative_to(path).as_posix()


def _problem(file: Path) -> str | None:
    """Say why a file found in a folder is not read, or None."""
    if file.is_symlink() and file.is_dir():
        return "a link to a folder, which is not followed"
    if not file.is_file():
        return "not a regular file"
    if file.name == JOURNAL:
        return "the journal of an earlier scrub"
    if file.suffix.lower() not in FORMS:
        return f"not one of {', '.join(sorted(FORMS))}"
    return None
