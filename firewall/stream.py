"""A result that arrives piece by piece: what may pass is released as soon as nothing that is to come can change it.

Under a policy with `stream: whole` that is at the end; under `stream: sections` long running text is released on the
way. Put together, what is released is what /inspect answers for the whole text; where the decision is to block, it is
what had passed before anything was found, and the end says so. A stream leaves one record, also one that breaks off.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace

from firewall.errors import AuditUnavailableError, InvalidRequestError, LimitExceededError
from firewall.inference.verdicts import on_behalf_of
from firewall.payload.document import Limits, from_text
from firewall.pipeline import Inquiry, Inspection, Pipeline
from firewall.policy.decide import decide, reported
from firewall.redact.document import Edits
from firewall.vocabulary import Action, Coverage, Direction, Skipped, SkipReason

NAME = "stream"


@dataclass(frozen=True, slots=True)
class Released:
    """Text that may pass; it follows what was released before."""

    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Held:
    """From here on nothing is released before the end. `reason` is a word that tells nothing of the text."""

    reason: str


@dataclass(frozen=True, slots=True)
class Finished:
    """What came of the stream. `released` counts code points; `complete` is False where some of the content was withheld."""

    inspection: Inspection
    released: int
    complete: bool


Event = Released | Held | Finished
Tell = Callable[[Event], Awaitable[None]]


class Stream:
    """One result on its way. `tell` hears what happens, in order; it may wait until the receiver is ready."""

    def __init__(self, pipeline: Pipeline, inquiry: Inquiry, limits: Limits, tell: Tell) -> None:
        """Begin. The inquiry's document counts for nothing yet.

        Raises:
            InvalidRequestError: for arguments, which are no stream, and for a policy that does not exist.
            AuditUnavailableError: if no record can be expected to be taken and the policy insists.
        """
        if inquiry.direction is not Direction.OUTBOUND:
            raise InvalidRequestError("only results are streamed", pointer="/direction")
        self._pipeline, self._inquiry, self._limits, self._tell = pipeline, inquiry, limits, tell
        self._course = pipeline.begin(inquiry)
        self._sections = pipeline.sectioned(self._course) if self._course.in_sections else None
        self._pieces: list[str] = []
        self._length = 0
        self._held: str | None = None
        self.released = 0
        self.over = False
        self._check_audit()

    async def begin(self) -> None:
        """Say at once where nothing will be released before the end."""
        await self._say_held("policy" if self._sections is None else self._sections.held)

    async def add(self, piece: str) -> None:
        """Take what comes next. Raises LimitExceededError, and what stops an inspection."""
        self._length += len(piece)
        if self._length > self._limits.string_chars:
            raise LimitExceededError(f"the text is longer than {self._limits.string_chars} characters")
        if self._sections is None:
            self._pieces.append(piece)
            return
        with on_behalf_of(self._inquiry.identity.tenant):
            text = await self._sections.add(piece)
        if text:
            self._check_audit()
        await self._release(text)
        await self._say_held(self._sections.held)

    async def end(self) -> Inspection:
        """Decide over all of it, record it, and release what is left. Raises what an inspection raises."""
        if self._sections is None:
            inquiry = replace(self._inquiry, document=from_text("".join(self._pieces)))
            inspection = await self._pipeline.inspect(inquiry)
            rest = "" if inspection.content is None else json.loads(inspection.content)
        else:
            with on_behalf_of(self._inquiry.identity.tenant):
                rest = await self._sections.end()
                inspection = await self._pipeline.conclude_sections(self._course, self._sections)
        self.over = True
        await self._release(rest)
        decision = inspection.decision
        complete = not decision.enforced or decision.action < Action.BLOCK
        await self._tell(Finished(inspection, self.released, complete))
        return inspection

    async def abandon(self, reason: SkipReason) -> str | None:
        """Record a stream that breaks off, once; return the record's id. What was not read yet is answered as skipped."""
        if self.over:
            return None
        self.over = True
        course, pipeline = self._course, self._pipeline
        course.keys.kept.clear()  # nobody will have a token of these
        missing = Skipped(NAME, "", reason)
        try:
            if self._sections is not None:
                return (await pipeline.conclude_sections(course, self._sections, [missing])).audit_id
            report = replace(course.access, skipped=(missing,), coverage=Coverage(0, self._length))
            report = replace(report, findings=reported(report, course.policy))
            reading = pipeline.read(course, from_text(""))
            decision = decide(report, course.call, course.policy)
            return (await pipeline.conclude(course, reading, report, decision, Edits({}, {}))).audit_id
        except AuditUnavailableError:
            return None

    def _check_audit(self) -> None:
        """Refuse to release anything where it is known that there will be no record of it, and the policy insists."""
        if self._course.policy.refuse_without_audit and not self._pipeline.audit.healthy:
            raise AuditUnavailableError("the audit trail cannot be written")

    async def _release(self, text: str) -> None:
        if text:
            self.released += len(text)
            await self._tell(Released(text))

    async def _say_held(self, reason: str | None) -> None:
        if reason is not None and reason != self._held:
            self._held = reason
            await self._tell(Held(reason))
