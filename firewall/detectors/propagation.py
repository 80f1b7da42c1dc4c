"""Found once, found everywhere: names and numbers that were found with confidence are looked for in the whole document.

A model sees a name in one sentence and not in the next; a record number has its label once. This pass runs when all
detectors have answered and before anything is decided. With a memory it also knows what earlier results of the same
session held, by keyed hashes and not by text. Linear in the document, and it does nothing where nothing was found.
"""

from __future__ import annotations

import asyncio
import re
import time
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Final

from firewall.detectors.name_parts import Names, folded
from firewall.detectors.remembered import Known, SessionMemory
from firewall.payload.dialects.field import Field
from firewall.payload.structure import is_nobodys
from firewall.payload.structure import known as told_of
from firewall.vocabulary import Finding, Identity, Report, Segment, Skipped, SkipReason, Span

NAME = "propagation"
SURE: Final = 0.8  # the score from which a finding is looked for elsewhere
MOST: Final = 0.9  # what is found by comparison is never surer than this
TAG: Final = "propagated"
_INLINE_CHARS: Final = 4_096  # longer documents are looked at in a worker thread, so that the loop stays free
_MAX_FINDINGS: Final = 20_000
_DIGITS_ONLY: Final = 6  # digits of a number that is not taken for another one by chance
_CODE: Final = 5  # letters and digits of a code that has both
_LONGEST: Final = 40
NUMBERS: Final = frozenset(
    "ACCOUNT_NUMBER CREDIT_CARD DEVICE_ID DRIVER_LICENSE EMAIL_ADDRESS FAX_NUMBER HEALTH_PLAN_ID IBAN_CODE MEDICAL_LICENSE "
    "MEDICAL_RECORD_NUMBER OTHER_ID PASSPORT PHONE_NUMBER UK_NHS USERNAME US_ITIN US_MBI US_NPI US_SSN VEHICLE_ID".split()
)
# Digits as people group them; what has fewer is nobody's number.
_RUN: Final = re.compile(r"\+?[0-9](?:[ .\-/()\u00a0\u2010-\u2013]{0,3}[0-9]){5,}+")
_TOKEN: Final = re.compile(r"[^\W_]++(?:[-._/@+][^\W_]++)*+")  # a code, a login or an address
_APART: Final = re.compile(r"[\W_]+")
_TOGETHER: Final = re.compile(r"[0-9]+|.+@")
_FEW: Final = 64  # codes that are asked for one by one before a text is cut into words


class Propagation:
    """The pass. `memory` keeps hashes of what was found, for sessions that are to be remembered."""

    name = NAME

    def __init__(self, memory: SessionMemory | None = None) -> None:
        """Take a memory, or remember nothing."""
        self.memory = SessionMemory() if memory is None else memory

    def known_of(self, session: Identity | None) -> Known:
        """Return what a session's results held so far; None: nothing yet, for a document that comes in parts."""
        return Known() if session is None else self.memory.of(session)

    async def follow(self, findings: Sequence[Finding], segments: Sequence[Segment], known: object | None) -> Report:
        """Return what else is in the segments, given what was found and what was `known_of` a session or document."""
        began = time.perf_counter()
        sources = [one for one in findings if _is_source(one)]
        mine = known if isinstance(known, Known) else None
        if not sources and (mine is None or not mine.filled):
            return Report()
        total = sum(len(segment.text) for segment in segments)
        if total <= _INLINE_CHARS:
            report = look(sources, findings, segments, mine)
        else:
            report = await asyncio.to_thread(look, sources, findings, segments, mine)
        return replace(report, timings_ms={NAME: (time.perf_counter() - began) * 1e3})


def _is_source(finding: Finding) -> bool:
    kind = finding.entity_type
    return finding.span is not None and finding.score >= SURE and (kind == "PERSON" or kind in NUMBERS)


def look(
    sources: Sequence[Finding], findings: Sequence[Finding], segments: Sequence[Segment], mine: Known | None = None
) -> Report:
    """Report each place that says again what one of the sources says and that none of the findings covers."""
    sight = _Sight(segments, findings)
    for finding in sources:
        sight.learn(finding)
    if mine is not None:
        sight.recall(mine)
        mine.remember(
            ((key, part, sight.kinds[part.source]) for key, part in sight.names.parts.items()),
            ((key, sight.kinds[source]) for key, source in sight.numbers.items()),
        )
    found = tuple(sight.places())
    return Report(found, (Skipped(NAME, "", SkipReason.BUDGET),) if sight.full else ())


class _Sight:
    """What is looked for in one document, and where something stands already. `kinds[i]` is a source with no place."""

    def __init__(self, segments: Sequence[Segment], findings: Sequence[Finding]) -> None:
        self.segments = segments
        self.findings = findings
        self.kinds: list[Finding] = []
        self.names = Names()
        self.numbers: dict[str, int] = {}
        self.full = False  # whether there may be more than a document may have
        self._homes = {(one.pointer, one.is_key): at for at, one in enumerate(segments)}

    def learn(self, finding: Finding) -> None:
        """Take over what a finding covers."""
        at = self._homes.get((finding.pointer, finding.is_key))
        if at is None or finding.span is None:
            return
        text = self.segments[at].text[finding.span.start : finding.span.end]
        source = self._kind(finding)
        if finding.entity_type == "PERSON":
            self.names.add(text, source)
        elif finding.entity_type in NUMBERS and (key := number_key(text)):
            self.numbers.setdefault(key, source)

    def recall(self, mine: Known) -> None:
        """Take over which words and numbers of this document an earlier one of the session held."""
        if not mine.filled:
            return
        seen: set[str] = set()
        for segment in self.segments:
            seen |= folded(segment.text)
        for key, (part, kind) in mine.parts(seen - self.names.parts.keys()).items():
            self.names.put(key, replace(part, source=self._kind(kind), names=frozenset(-name for name in part.names)))
        numbers = {key for segment in self.segments for key in _keys(segment.text)}
        for key, kind in mine.numbers(numbers - self.numbers.keys()).items():
            self.numbers[key] = self._kind(kind)

    def places(self) -> Iterator[Finding]:
        """Yield the findings, at most as many as a document may have."""
        told: Sequence[Sequence[Field]] | None = None
        covered = _Covered(self.findings)
        left = _MAX_FINDINGS
        for at, segment in enumerate(self.segments):
            for start, end, source in self._places(segment):
                kind = self.kinds[source]
                if covered.by(segment, start, end, kind.level):
                    continue
                told = told_of(self.segments) if told is None else told
                if is_nobodys(told[at], start, end):
                    continue
                yield replace(
                    kind,
                    pointer=segment.pointer,
                    span=Span(start, end),
                    origin=segment.origin,
                    is_key=segment.is_key,
                )
                left -= 1
                if not left:
                    self.full = True
                    return

    def _places(self, segment: Segment) -> Iterator[tuple[int, int, int]]:
        if self.names.parts:
            yield from self.names.find(segment.text)
            yield from self.names.signed(segment.text, segment.field_name)
        if self.numbers:
            yield from _numbers(segment.text, self.numbers)

    def _kind(self, finding: Finding) -> int:
        """Return the number of what findings like this one carry on."""
        kind = replace(
            finding,
            detector=NAME,
            pointer="",
            span=None,
            score=min(MOST, finding.score),
            tags=finding.tags if TAG in finding.tags else (*finding.tags, TAG),
            is_key=False,
        )
        self.kinds.append(kind)
        return len(self.kinds) - 1


class _Covered:
    """Where findings stand that are as sure, and act as early, as what would be found again."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        self._spans: dict[tuple[str, bool, int], list[tuple[int, int]]] = {}
        for one in findings:
            if (
                one.span is not None
                and one.score >= SURE
                and (one.entity_type == "PERSON" or one.entity_type in NUMBERS)
            ):
                self._spans.setdefault((one.pointer, one.is_key, one.level), []).append((one.span.start, one.span.end))
        for key, spans in self._spans.items():
            merged: list[tuple[int, int]] = []
            for start, end in sorted(spans):
                if merged and start <= merged[-1][1]:
                    merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
                else:
                    merged.append((start, end))
            self._spans[key] = merged

    def by(self, segment: Segment, start: int, end: int, level: int) -> bool:
        """Tell whether a place lies inside findings of a level up to this one."""
        for one in range(1, level + 1):
            spans = self._spans.get((segment.pointer, segment.is_key, one), [])
            at = bisect_right(spans, start, key=lambda span: span[0]) - 1
            if at >= 0 and end <= spans[at][1]:
                return True
        return False


def number_key(text: str) -> str | None:
    """Return a number, code or address as it is compared; None where it is too short to be told from another."""
    if "@" in text:
        return text.strip().casefold()
    key = _APART.sub("", text).casefold()
    digits = sum(char.isdigit() for char in key)
    if not digits or len(key) > _LONGEST or not key.isascii():
        return None
    if digits == len(key):
        return _plain(key) if len(key) >= _DIGITS_ONLY and len(set(key)) > 2 else None  # 000000, 101010
    return key if len(key) >= _CODE and digits >= 2 else None  # one digit makes a unit or a model


def _plain(digits: str) -> str:
    """Return a North American number without its country code, with which and without it people write it."""
    return digits[1:] if len(digits) == 11 and digits[0] == "1" else digits  # 1 and ten digits


def _keys(text: str) -> Iterator[str]:
    """Yield all that can be a number, code or address in a text, as it is compared."""
    for pattern in (_RUN, _TOKEN):
        for match in pattern.finditer(text):
            if key := number_key(match[0]):
                yield key


def _numbers(text: str, known_numbers: dict[str, int]) -> Iterator[tuple[int, int, int]]:
    """Yield start, end and source of each place in a text that is one of the numbers, however it is grouped."""
    lengths = sorted({len(key) for key in known_numbers if key.isdigit()}, reverse=True)
    for match in _RUN.finditer(text) if lengths else ():
        low, high = match.span()
        if _inside_word(text, low, high):
            continue
        places = [at for at in range(low, high) if "0" <= text[at] <= "9"]
        digits = "".join(text[at] for at in places)
        yield from _in_run(digits, places, lengths, known_numbers)
    codes = [key for key in known_numbers if not key.isdigit()]
    for match in _TOKEN.finditer(text) if _may_hold(text, codes) else ():
        source = _of_token(match[0], known_numbers)
        if source is not None:
            yield *match.span(), source


def _may_hold(text: str, codes: Sequence[str]) -> bool:
    """Tell whether a text can hold one of some codes and addresses, by what of each is always written together."""
    if len(codes) > _FEW:
        return True
    lower = text.casefold() if codes else ""
    return any(max(_TOGETHER.findall(code), key=len, default="") in lower for code in codes)


def _of_token(token: str, known_numbers: dict[str, int]) -> int | None:
    if "@" in token:
        return known_numbers.get(token.casefold())
    if not any(char.isdigit() for char in token):
        return None
    key = _APART.sub("", token).casefold()
    return None if key.isdigit() else known_numbers.get(key)


def _in_run(
    digits: str, places: Sequence[int], lengths: Iterable[int], known_numbers: dict[str, int]
) -> Iterator[tuple[int, int, int]]:
    """Yield what stands in a run of digits, between its ends and its gaps. Each digit is asked once for each length."""
    begins = [at for at in range(len(places)) if at == 0 or places[at] != places[at - 1] + 1]
    ends = {at + 1 for at in range(len(places)) if at + 1 == len(places) or places[at + 1] != places[at] + 1}
    done = 0
    for begin in begins:
        if begin < done:
            continue
        for length in lengths:
            source = known_numbers.get(digits[begin : begin + length]) if begin + length in ends else None
            if source is None and length == 10 and digits[begin] == "1" and begin + length + 1 in ends:
                source = known_numbers.get(digits[begin + 1 : begin + length + 1])  # with the country code of the US
                length = length + 1  # noqa: PLW2901 - as long as what stands there
            if source is not None:
                done = begin + length
                yield places[begin], places[done - 1] + 1, source
                break


def _inside_word(text: str, low: int, high: int) -> bool:
    """Tell whether a run of digits is a part of a longer code, number with decimals or version."""
    before, after = text[low - 1 : low], text[high : high + 1]
    return before.isalnum() or after.isalnum() or (before in (".", ",") and low > 1 and text[low - 2].isdigit())
