"""A long plain text, decided section by section: what can be released before all of it is there, and what was seen in all.

The same sections are looked at in the same surroundings, and edited within the same borders, whether a text arrives in
one piece or in thousands; so what is released, put together, is what an answer to the whole text holds.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Final

from firewall.payload.reading import Reading
from firewall.payload.sections import Section, Sections, why_held
from firewall.redact.keys import Keys
from firewall.redact.redact import redact
from firewall.vocabulary import Action, Coverage, Decision, Finding, Origin, Redaction, Report, Segment, Skipped, Span

MARGIN: Final = 256  # code points of a section that the next one, which sees more behind them, may still speak about
Place = tuple[str, str, str, Span | None]


class Sectioned:
    """One text on its way. `cleaned` grows with what may be released, `report` with what was seen."""

    def __init__(
        self,
        read: Callable[[str], Reading],
        ask: Callable[[Reading], Awaitable[Report]],
        decide: Callable[[Report], Decision],
        keep: Callable[[], Awaitable[None]],
        keys: Keys,
        first: Report,
        *,
        widest: int,
        enforced: bool,
    ) -> None:
        """Take how a text is read, looked at and decided, and how what tokens stand for is kept before they are given out.

        `first` is what is known of the call before its text; `widest` the width of the widest match in drawn code points.
        """
        self._read, self._ask, self._decide, self._keep, self._keys = read, ask, decide, keep, keys
        self._sections = Sections(widest)
        self._findings: dict[Place, Finding] = {}
        self._first = first
        self._skipped: dict[Skipped, None] = dict.fromkeys(first.skipped)
        self._scores: dict[str, float] = {}
        self._timings: dict[str, float] = {}
        self._scanned = 0
        self._waiting: list[Redaction] = []  # edits of what has not been cleaned yet
        self._enforced = enforced
        self._edited = 0  # code points of the text that have been cleaned
        self._ready: list[str] = []
        self.action = decide(first).action
        self.cleaned: list[str] = []

    @property
    def text(self) -> str:
        """All that has arrived."""
        self._sections.gather()
        return self._sections.text

    @property
    def held(self) -> str | None:
        """Why nothing more is released before the end; None where something may be."""
        if self._enforced and self.action >= Action.REVIEW:
            return self.action.name.lower()
        return self._sections.held

    def __len__(self) -> int:
        """Return how many code points have arrived."""
        return len(self._sections)

    async def add(self, piece: str) -> str:
        """Take what comes next, and return what may be released of it and of what came before."""
        self._sections.add(piece)
        await self._advance()
        return "" if self.held else self._take()

    async def end(self) -> str:
        """Look at what is left, and return it cleaned; nothing where the decision is to block."""
        self._sections.gather()
        await self._advance()
        section = self._sections.rest()
        if section is not None:
            await self._look(section, self._read(self._sections.text[section.low : section.high]))
            await self._clean(section.end)
        return "" if self._enforced and self.action is Action.BLOCK else self._take()

    @property
    def report(self) -> Report:
        """What was seen so far, in code points of the text; what was not read yet does not count as scanned."""
        return Report(
            findings=self._first.findings + tuple(self._findings.values()),
            skipped=tuple(self._skipped),
            coverage=Coverage(self._scanned, len(self._sections)),
            timings_ms=self._timings,
            scores=self._scores,
        )

    async def _advance(self) -> None:
        """Look at all sections that are there, and clean what they settle."""
        while (section := self._sections.next()) is not None:
            reading = self._read(self._sections.text[section.low : section.high])
            why = await asyncio.to_thread(why_held, reading.segments)
            if why is not None:
                self._sections.hold(why)
                return
            await self._look(section, reading)
            await self._clean(self._settled(section.end - MARGIN))
            self._sections.taken(section)

    async def _look(self, section: Section, reading: Reading) -> None:
        """Look at a section in its surroundings, and keep what is about the section itself."""
        seen = await self._ask(reading)
        found = [one for one in (self._placed(finding, section) for finding in seen.findings) if one is not None]
        for finding in found:
            place = (finding.detector, finding.rule_id, finding.entity_type, finding.span)
            known = self._findings.get(place)
            if known is None or known.score < finding.score:
                self._findings[place] = finding
        self._skipped |= dict.fromkeys(seen.skipped)
        self._scanned += max(0, section.end - section.start - (seen.coverage.total - seen.coverage.scanned))
        _grow(self._scores, seen.scores, max)
        _grow(self._timings, seen.timings_ms, lambda one, other: one + other)
        decision = self._decide(replace(seen, findings=tuple(found)))
        self.action = max(self.action, decision.action)
        self._waiting += decision.redactions

    def _placed(self, finding: Finding, section: Section) -> Finding | None:
        """Return a finding in code points of the text, without what is cleaned already; None where nothing is left of it."""
        if finding.span is None:
            return finding
        start, end = finding.span.start + section.low, finding.span.end + section.low
        if end <= self._edited or start >= section.end:
            return None
        return replace(finding, span=Span(max(start, self._edited), end))

    def _settled(self, end: int) -> int:
        """Return up to where nothing can change: a place, or the beginning of what reaches over it."""
        self._waiting.sort(key=lambda one: (one.span.start, one.span.end))
        start = reach = self._edited
        for one in self._waiting:
            if one.span.start >= end:
                break
            if one.span.start >= reach:
                start = one.span.start
            reach = max(reach, one.span.end)
        return start if reach > end else end

    async def _clean(self, end: int) -> None:
        """Edit what is settled, up to a place in which no edit lies."""
        begin = self._edited
        if end <= begin:
            return
        mine = [one for one in self._waiting if one.span.start < end]
        self._waiting = [one for one in self._waiting if one.span.start >= end]
        text = self._sections.text[begin:end]
        if mine and self._enforced:
            segment = Segment("", Origin.TOOL_RESULT, text)
            moved = [replace(one, span=Span(one.span.start - begin, one.span.end - begin)) for one in mine]
            text = redact(segment, moved, self._keys)
            await self._keep()
        self._ready.append(text)
        self._edited = end

    def _take(self) -> str:
        """Hand out what is ready."""
        text = "".join(self._ready)
        self._ready.clear()
        self.cleaned.append(text)
        return text


def _grow(told: dict[str, float], more: Mapping[str, float], both: Callable[[float, float], float]) -> None:
    """Put numbers into others by name, with `both` where a name stands in each."""
    for name, value in more.items():
        told[name] = both(told[name], value) if name in told else value
