"""Which files of an output folder are done, so that a run that was stopped can go on where it was.

The journal lies in the output folder. A file counts as done when its input is byte for byte the one that was cleaned,
under the same policy, rules and models, and its output is byte for byte what was written.
"""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from types import TracebackType
from typing import Self

from firewall.errors import ConfigurationError
from firewall.scrub.plan import JOURNAL, Job
from firewall.scrub.report import FileReport


class Journal:
    """The journal of one output folder, open for appending. `under` names everything that decides."""

    def __init__(self, out: Path, under: str, *, resume: bool) -> None:
        """Open or begin the journal.

        Raises ConfigurationError where the folder holds something and `resume` is not set, or holds things that no
        scrub has written.
        """
        self.out, self.under = out, under
        self._done: dict[str, FileReport] = {}
        path = out / JOURNAL
        try:
            out.mkdir(parents=True, exist_ok=True)
            if path.exists():
                if not resume:
                    raise ConfigurationError(
                        f"{out} holds an earlier scrub; go on with it (--resume) or name another folder"
                    )
                self._read(path)
            elif any(out.iterdir()):
                raise ConfigurationError(f"{out} is not empty and holds no earlier scrub; name another folder")
            self._file = path.open("a", encoding="utf-8")
            if path.stat().st_size and not path.read_bytes().endswith(b"\n"):
                self._file.write("\n")  # the line that the last run did not finish
        except OSError as error:
            raise ConfigurationError(f"the output folder {out} cannot be used ({error.strerror})") from None

    def done(self, job: Job) -> FileReport | None:
        """Return the report of a file that an earlier run has finished, or None."""
        report = self._done.get(job.name)
        if report is None or report.form != job.form:
            return None
        same = _digest(job.source) == report.source_sha256 and _digest(self.out / job.name) == report.target_sha256
        return report if same else None

    def note(self, report: FileReport) -> None:
        """Write down, durably, that a file is done."""
        self._file.write(json.dumps({"under": self.under, "file": report.as_dict()}) + "\n")
        self._file.flush()
        os.fsync(self._file.fileno())

    def __enter__(self) -> Self:
        """Return the open journal."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it."""
        self._file.close()

    def _read(self, path: Path) -> None:
        with path.open(encoding="utf-8", errors="replace") as file:
            for line in file:
                try:
                    noted = json.loads(line)
                    if noted["under"] == self.under:
                        report = FileReport.of(noted["file"])
                        self._done[report.name] = report
                except (ValueError, KeyError, TypeError):
                    continue  # a line that was not finished, or of another version: the file is done again


def _digest(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""
