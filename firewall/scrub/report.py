"""What a scrub tells: counts by file and type, never a word of text. File names are told as they are."""

from __future__ import annotations

import html
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

_COUNTS = ("removed", "withheld", "withheld_for", "skipped")


@dataclass(slots=True)
class FileReport:
    """One file. `removed` counts places by entity type; `withheld` records that were written as nothing, by why.

    `withheld_for` counts the policy's clauses that spoke, `withheld_at` numbers the first such records from 1.
    `scanned` of `total` characters were looked at. `problem` is why the file was not written at all.
    """

    name: str
    form: str
    bytes_in: int = 0
    bytes_out: int = 0
    records: int = 0
    removed: Counter[str] = field(default_factory=Counter)
    withheld: Counter[str] = field(default_factory=Counter)
    withheld_for: Counter[str] = field(default_factory=Counter)
    withheld_at: list[int] = field(default_factory=list)
    skipped: Counter[str] = field(default_factory=Counter)
    scanned: int = 0
    total: int = 0
    source_sha256: str = ""
    target_sha256: str = ""
    problem: str | None = None

    def withhold(self, why: str, reasons: Sequence[str], most: int) -> None:
        """Count the record that was just counted as withheld; at most `most` are named by number."""
        self.withheld[why] += 1
        self.withheld_for.update(reasons)
        if len(self.withheld_at) < most:
            self.withheld_at.append(self.records)

    def as_dict(self) -> dict[str, Any]:
        """Return plain data."""
        plain = {each.name: getattr(self, each.name) for each in fields(self)}
        return {name: dict(sorted(value.items())) if name in _COUNTS else value for name, value in plain.items()}

    @classmethod
    def of(cls, plain: Mapping[str, Any]) -> FileReport:
        """Read what `as_dict` wrote. Raises TypeError where it did not."""
        report = cls(**plain)
        for name in _COUNTS:
            setattr(report, name, Counter(getattr(report, name)))
        return report


@dataclass(frozen=True, slots=True)
class ScrubReport:
    """A whole run: under which policy and bundle, every file, and how many of them an earlier run had finished."""

    policy: str
    bundle: str
    models: Mapping[str, str]
    files: tuple[FileReport, ...]
    resumed: int
    seconds: float

    @property
    def removed(self) -> Counter[str]:
        """Places edited, by entity type, over all files."""
        return sum((file.removed for file in self.files), Counter())

    @property
    def withheld(self) -> Counter[str]:
        """Records written as nothing, by why, over all files."""
        return sum((file.withheld for file in self.files), Counter())

    @property
    def unread(self) -> tuple[FileReport, ...]:
        """The files that were not written."""
        return tuple(file for file in self.files if file.problem is not None)

    @property
    def ok(self) -> bool:
        """Tell whether every file and every record of it was cleaned and written."""
        return not self.unread and not self.withheld

    def as_dict(self) -> dict[str, Any]:
        """Return plain data."""
        return {
            "policy": self.policy,
            "bundle": self.bundle,
            "models": dict(self.models),
            "seconds": round(self.seconds, 3),
            "resumed": self.resumed,
            "files_written": len(self.files) - len(self.unread),
            "files_unread": len(self.unread),
            "records": sum(file.records for file in self.files),
            "bytes_in": sum(file.bytes_in for file in self.files),
            "bytes_out": sum(file.bytes_out for file in self.files),
            "removed": dict(sorted(self.removed.items())),
            "withheld": dict(sorted(self.withheld.items())),
            "coverage": {
                "scanned": sum(file.scanned for file in self.files),
                "total": sum(file.total for file in self.files),
            },
            "files": [file.as_dict() for file in self.files],
        }

    def write(self, path: Path) -> None:
        """Write the report, as HTML or JSON by the name's suffix."""
        if path.suffix.lower() in (".html", ".htm"):
            path.write_text(_html(self), encoding="utf-8")
        else:
            path.write_text(json.dumps(self.as_dict(), indent=1) + "\n", encoding="utf-8")


_STYLE = (
    "body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:72rem;padding:0 1rem;color:#1b1f24}"
    "table{border-collapse:collapse;width:100%;margin:1rem 0}"
    "th,td{text-align:left;padding:.35rem .6rem;border-bottom:1px solid #d5d9de;vertical-align:top}"
    "td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}code{font-size:.85em;word-break:break-all}"
    ".bad{color:#a40e26;font-weight:600}.good{color:#116329;font-weight:600}"
)


def _html(report: ScrubReport) -> str:
    plain = report.as_dict()
    verdict = (
        '<p class="good">Every file and every record was cleaned and written.</p>'
        if report.ok
        else f'<p class="bad">{plain["files_unread"]} file(s) were not written, {report.withheld.total()} record(s) '
        "were written as nothing.</p>"
    )
    facts = [
        ("Policy", report.policy),
        ("Bundle", report.bundle),
        *((f"Model {name}", digest) for name, digest in sorted(report.models.items())),
        ("Files written", f"{plain['files_written']:,} ({report.resumed:,} of them by an earlier run)"),
        ("Records", f"{plain['records']:,}"),
        ("Bytes read, written", f"{plain['bytes_in']:,}, {plain['bytes_out']:,}"),
        ("Characters looked at", f"{plain['coverage']['scanned']:,} of {plain['coverage']['total']:,}"),
        ("Seconds", f"{report.seconds:.1f}"),
    ]
    body = [
        "<h1>Scrub report</h1>",
        verdict,
        _table((), [[name, value] for name, value in facts]),
        "<h2>Removed</h2>",
        _table(("Entity type", "Places"), [[name, f"{count:,}"] for name, count in report.removed.most_common()]),
        "<h2>Files</h2>",
        _table(
            ("File", "Form", "Records", "Removed", "Withheld", "Not looked at", "Problem"),
            [_row(f) for f in report.files],
        ),
    ]
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Scrub report</title>'
        f"<style>{_STYLE}</style></head><body>{''.join(body)}</body></html>\n"
    )


def _row(file: FileReport) -> list[str]:
    at = ", ".join(str(number) for number in file.withheld_at[:20])
    withheld = f"{_counts(file.withheld)}; records {at}; {_counts(file.withheld_for)}" if file.withheld else ""
    return [
        file.name,
        file.form,
        f"{file.records:,}",
        _counts(file.removed),
        withheld,
        _counts(file.skipped),
        file.problem or "",
    ]


def _counts(counts: Counter[str]) -> str:
    return ", ".join(f"{name} {count:,}" for name, count in counts.most_common())


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    head = f"<tr>{''.join(f'<th>{html.escape(name)}</th>' for name in heads)}</tr>" if heads else ""
    cells = ("".join(f"<td>{html.escape(cell)}</td>" for cell in row) for row in rows)
    return f"<table>{head}{''.join(f'<tr>{row}</tr>' for row in cells)}</table>"
