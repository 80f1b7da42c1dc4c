"""One file down the road: pieces in flight together, so that the model's batches fill, written back in order.

Fails closed: what the policy blocks or wants reviewed, and what cannot be read, is written as nothing and counted. A
file appears under its name only when all of it is written.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

from firewall.errors import ConfigurationError, FirewallError
from firewall.payload.document import Document, Limits
from firewall.pipeline import Bundle, Inquiry, Inspection, Pipeline, Unrecorded
from firewall.redact.operators import REVERSIBLE
from firewall.scrub import hl7, json_texts, tables, texts
from firewall.scrub.pieces import Piece, Record, TextSource, Unreadable, Verbatim
from firewall.scrub.plan import Job
from firewall.scrub.report import FileReport
from firewall.vocabulary import Action, Decision, Direction, Identity, Redaction, ToolRef

IN_FLIGHT = 16
IN_FLIGHT_CHARS = 262_144  # bounds memory, and the windows that wait for the model
PART_SUFFIX = ".scrub-part"
_NAMED_PLACES = 100
_TOOL = ToolRef("demo", "fetch")  # registered for any result; a file is read as a result is

_Waiting = tuple[Piece, asyncio.Task[Inspection] | None, int]


class Scrubber:
    """Cleans files under one policy. Nothing is recorded in the audit trail: the report tells what was removed."""

    def __init__(
        self, bundle: Bundle, key: bytes, *, policy: str, limits: Limits, deadline_s: float, header: bool = True
    ) -> None:
        """Take what decides, the secret of the `hash` operator, and whether tables begin with their column names.

        Raises ConfigurationError for a policy that does not exist, or that does not enforce and so removes nothing.
        """
        known = bundle.policies.policies.get(policy)
        if known is None:
            raise ConfigurationError(f"there is no policy named {policy}")
        if not known.enforced:
            raise ConfigurationError(f"the policy {policy} only monitors, so nothing would be removed")
        if any(clause.operator.name in REVERSIBLE for clause in known.clauses):
            raise ConfigurationError(
                f"the policy {policy} makes tokens, which are restored for a session, and a file has none; "
                "surrogate and hash keep equal values equal without them"
            )
        self.bundle, self.policy, self.limits, self.header = bundle, known, limits, header
        self._pipeline = Pipeline(bundle, Unrecorded(), key, deadline_s=deadline_s)

    async def clean(self, job: Job, target: Path, told: Callable[[int], None]) -> FileReport:
        """Clean one file into `target`; `told` hears how many more bytes were read.

        A file that cannot be read is not written, and its report says why.
        """
        part = target.with_name(f".{target.name}{PART_SUFFIX}")
        report = FileReport(job.name, job.form)
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            with job.source.open("rb") as file, part.open("wb") as out:
                await self._run(job, file, out, report, told)
                out.flush()
                os.fsync(out.fileno())
            part.replace(target)
        except FirewallError as error:
            report.problem = error.detail
        except OSError as error:
            report.problem = f"cannot be read or written ({error.strerror})"
        finally:
            part.unlink(missing_ok=True)
        return report

    async def _run(
        self, job: Job, file: BinaryIO, out: BinaryIO, report: FileReport, told: Callable[[int], None]
    ) -> None:
        """Keep pieces in flight and write the oldest as soon as it is done."""
        source = TextSource(file)
        waiting: deque[_Waiting] = deque()
        written = _Writer(out)
        flying = read = 0
        try:
            for piece in self._pieces(job, source):
                if not written.bytes and source.marked and not waiting:
                    written.put("\ufeff")
                size = len(piece.document.source) if isinstance(piece, Record) else 0
                while waiting and (len(waiting) >= IN_FLIGHT or flying + size > IN_FLIGHT_CHARS):
                    flying -= await self._finish(waiting.popleft(), written, report)
                task = asyncio.create_task(self._look(piece.document)) if isinstance(piece, Record) else None
                waiting.append((piece, task, size))
                flying += size
                told(source.consumed - read)
                read = source.consumed
            while waiting:
                await self._finish(waiting.popleft(), written, report)
            if source.marked and not written.bytes:
                written.put("\ufeff")
        finally:
            for _, task, _ in waiting:
                if task is not None:
                    task.cancel()
        told(source.consumed - read)
        report.bytes_in, report.bytes_out = source.consumed, written.bytes
        report.source_sha256, report.target_sha256 = source.digest, written.digest

    async def _look(self, document: Document) -> Inspection:
        inquiry = Inquiry(Direction.OUTBOUND, _TOOL, Identity(), document, policy=self.policy.id)
        return await self._pipeline.inspect(inquiry)

    async def _finish(self, item: _Waiting, written: _Writer, report: FileReport) -> int:
        """Write one piece, count what was done to it, and return the characters that are no longer in flight."""
        piece, task, size = item
        if isinstance(piece, Verbatim):
            written.put(piece.text)
            return size
        report.records += 1
        if isinstance(piece, Unreadable) or task is None:
            report.withhold("unreadable", (), _NAMED_PLACES)
            written.put(piece.empty)
            return size
        inspection = await task
        decision, coverage = inspection.decision, inspection.report.coverage
        report.scanned += coverage.scanned
        report.total += coverage.total
        report.skipped.update(f"{skip.detector}: {skip.reason}" for skip in inspection.report.skipped)
        if decision.action >= Action.REVIEW or inspection.content is None:
            report.withhold(decision.action.name.lower(), _why(decision), _NAMED_PLACES)
            written.put(piece.empty)
            return size
        report.removed.update(removed(decision.redactions))
        written.put(piece.render(inspection.content))
        return size

    def _pieces(self, job: Job, source: TextSource) -> Iterator[Piece]:
        blocks = source.blocks()
        match job.form:
            case "json":
                return json_texts.document(blocks, self.limits)
            case "jsonl":
                return json_texts.json_lines(blocks, self.limits)
            case "csv":
                return tables.pieces(blocks, self.limits, header=self.header)
            case "tsv":
                return tables.pieces(blocks, self.limits, delimiter="\t", header=self.header)
            case "hl7":
                return hl7.pieces(blocks, self.limits)
            case _:
                return texts.pieces(blocks)


class _Writer:
    """Counts and hashes what is written."""

    def __init__(self, out: BinaryIO) -> None:
        self._out = out
        self._hash = hashlib.sha256()
        self.bytes = 0

    @property
    def digest(self) -> str:
        """The SHA-256 of what was written, in hexadecimal."""
        return self._hash.hexdigest()

    def put(self, text: str) -> None:
        """Write text as UTF-8."""
        raw = text.encode("utf-8")
        self._out.write(raw)
        self._hash.update(raw)
        self.bytes += len(raw)


def _why(decision: Decision) -> list[str]:
    """Return the reasons that withhold a record, without those that would only have redacted it."""
    strict = zip(decision.clauses, decision.actions, strict=True)
    clauses = {clause for clause, action in strict if action >= Action.REVIEW}
    return [reason for reason in decision.reasons if reason.startswith("skipped-") or reason.split(":")[0] in clauses]


def removed(redactions: Sequence[Redaction]) -> Counter[str]:
    """Count the places that were edited, by type: what overlaps is one place, of the type of its longest finding."""
    counts: Counter[str] = Counter()
    order = sorted(
        (item for item in redactions if item.operator.name != "keep"),
        key=lambda item: (item.pointer, item.is_key, item.span.start, -item.span.end),
    )
    last: tuple[str, bool] | None = None
    end = longest = 0
    kind = ""
    for item in order:
        length = item.span.end - item.span.start
        if (item.pointer, item.is_key) == last and item.span.start < end:
            end = max(end, item.span.end)
            if length > longest:
                longest, kind = length, item.entity_type
            continue
        if kind:
            counts[kind] += 1
        last, end, longest, kind = (item.pointer, item.is_key), item.span.end, length, item.entity_type
    if kind:
        counts[kind] += 1
    return counts
