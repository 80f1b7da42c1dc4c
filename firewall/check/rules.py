"""`firewall rules test`: every rule proves itself on the real road, and the benign corpus keeps it honest."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from firewall.check.disguises import EVERYWHERE, ORDERS
from firewall.detectors.patterns import PatternDetector
from firewall.errors import ConfigurationError
from firewall.payload.decode import telling
from firewall.payload.definitions import texts
from firewall.payload.document import Limits, from_text, parse
from firewall.payload.normalize import canonical
from firewall.payload.reading import read
from firewall.rules import Example, Rule, RuleSet
from firewall.vocabulary import Direction, Finding, Origin, Segment, ViewKind

_PROFILE_CHARS = 65_536
_LIMITS = Limits()
_AT_ONCE = 64  # lines of the corpus that are looked at together where only their number counts


@dataclass(frozen=True, slots=True)
class Failure:
    """One promise that a rule did not keep; `where` is file:line."""

    rule_id: str
    where: str
    promise: str


@dataclass(frozen=True, slots=True)
class CheckReport:
    """All that was tried. `benign_hits` counts corpus lines by rule; `cost_us` is microseconds a rule for a KB."""

    rules: int
    positives: int
    negatives: int
    disguised: int
    corpus_lines: int
    failures: tuple[Failure, ...]
    benign_hits: Mapping[str, int]
    cost_us: Mapping[str, float]
    ms_per_kb: float
    level_hits: Mapping[int, int] = field(default_factory=dict)


def run(rules: RuleSet, root: Path, progress: Callable[[], None] = lambda: None) -> CheckReport:
    """Hold every rule to its promises. `progress` is called once a rule. Raises ConfigurationError if none compiles."""
    failures: list[Failure] = []
    counts: Counter[str] = Counter()
    for rule in rules.rules:
        alone = PatternDetector(RuleSet((replace(rule, status="stable"),), rules.digest))
        failures.extend(_prove(rule, alone, counts))
        progress()
    lines = corpus(root)
    together = PatternDetector(rules.about_calls())
    hits, spent_ms = _benign(together, lines)
    hits.update(_benign_definitions(rules, root, lines))
    by_id = {rule.id: rule for rule in rules.rules}
    for rule_id, count in hits.items():
        rule = by_id[rule_id]
        if rule.level == 1:
            failures.append(Failure(rule_id, rule.where, f"level 1, and hits {count} line(s) of the benign corpus"))
    allowed = _accepted(root)
    for rule_id, count in sorted(hits.items()):
        if by_id[rule_id].level > 1 and count > allowed.get(rule_id, 0):
            rule, known = by_id[rule_id], allowed.get(rule_id, 0)
            failures.append(Failure(rule_id, rule.where, f"hits {count} benign lines, {known} are accepted (baseline)"))
    characters = sum(len(line) for line in lines)
    return CheckReport(
        rules=len(rules),
        positives=counts["positive"],
        negatives=counts["negative"],
        disguised=counts["disguised"],
        corpus_lines=len(lines),
        failures=tuple(failures),
        benign_hits=dict(hits),
        cost_us=PatternDetector(rules).profile(canonical(chr(10).join(lines)[:_PROFILE_CHARS]).text),
        ms_per_kb=spent_ms / max(1.0, characters / 1024),
        level_hits=Counter(by_id[rule_id].level for rule_id, count in hits.items() for _ in range(count)),
    )


def corpus(root: Path) -> list[str]:
    """Return the lines of the benign corpus of arguments and results, which no level-1 rule may hit."""
    lines = _lines(root / "corpus")
    if not lines:
        raise ConfigurationError("corpus/*.txt: the benign corpus is missing")
    return lines


def _lines(folder: Path) -> list[str]:
    return [
        line
        for path in sorted(folder.glob("*.txt"))
        for line in path.read_text(encoding="utf-8").splitlines()
        if line.strip()
    ]


def accept(root: Path, hits: Mapping[str, int]) -> Path:
    """Write the counts of benign hits that the next check compares with."""
    path = root / "corpus" / "baseline.json"
    path.write_text(json.dumps(dict(sorted(hits.items())), indent=1) + "\n", encoding="utf-8")
    return path


def _accepted(root: Path) -> Mapping[str, int]:
    path = root / "corpus" / "baseline.json"
    accepted: dict[str, int] = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    return accepted


def look(detector: PatternDetector, text: str, origin: Origin) -> list[Finding]:
    """Send a text down the road as a document of its own, written by `origin`."""
    if origin is Origin.RESOURCE:
        return list(detector.look([Segment("", origin, text)]).findings)
    if origin is Origin.TOOL_DEFINITION:
        own = texts(parse(json.dumps({"description": text}, ensure_ascii=False), _LIMITS))
        return [own.home(finding) for finding in detector.look(own.segments).findings]
    direction = Direction.INBOUND if origin is Origin.TOOL_CALL else Direction.OUTBOUND
    document = parse(from_text(text).source, _LIMITS)
    return list(detector.look(read(document, direction).segments).findings)


def _prove(rule: Rule, alone: PatternDetector, counts: Counter[str]) -> Iterator[Failure]:
    for number, example in enumerate(rule.examples, 1):
        counts["positive"] += 1
        if problem := _missed(rule, alone, example):
            yield Failure(rule.id, rule.where, f"example {number}: {problem}")
            continue
        for name, text in _disguised(rule, example):
            counts["disguised"] += 1
            if not any(look(alone, text, origin) for origin in _one(rule)):
                yield Failure(rule.id, rule.where, f"example {number}: not found through the disguise {name}")
    for number, text in enumerate(rule.negative_examples, 1):
        counts["negative"] += 1
        if any(look(alone, text, origin) for origin in _one(rule)):
            yield Failure(rule.id, rule.where, f"negative example {number}: found")


def _one(rule: Rule) -> Sequence[Origin]:
    """The origins to try: one is enough, since the text decides; the others are tested by the detector's own tests."""
    return sorted(rule.origins)[-1:]


def _missed(rule: Rule, alone: PatternDetector, example: Example) -> str | None:
    origin = _one(rule)[0]
    findings = look(alone, example.text, origin)
    if not findings:
        return "not found"
    if example.match is None:
        return None
    wanted = canonical(example.match).text
    reported = [example.text[f.span.start : f.span.end] for f in findings if f.span is not None]
    if any(canonical(text).text == wanted for text in reported) or example.match in reported:
        return None
    covered = any(wanted in canonical(text).text for text in reported)
    if covered and rule.family in ("injection", "recommendations"):  # a passage may be reported with its surroundings
        return None
    return "found at another place" if not covered else "the reported part is wider than `match`"


def _disguised(rule: Rule, example: Example) -> Iterator[tuple[str, str]]:
    """Put a positive into each disguise that leaves it what it is."""
    if rule.view is not ViewKind.CANONICAL:
        return
    plain = canonical(example.text).text
    # A rotated text is recognised by its common English words; where there are none, it is not claimed.
    readable = rule.family == "injection" and "multilingual" not in rule.tags and telling(example.text, 2)
    for name, disguise in (ORDERS if readable else EVERYWHERE).items():
        if name in ("confusables", "full-width", "soft-hyphens", "zero-width", "rot13") and not _latin(example.text):
            continue
        text = disguise(plain if name in ("zero-width", "full-width", "confusables", "soft-hyphens") else example.text)
        if text != example.text:
            yield name, text


def _latin(text: str) -> bool:
    """Tell whether the letters of a text are Latin ones: other scripts have no full-width or look-alike forms."""
    letters = [char for char in text if char.isalpha()]
    return bool(letters) and sum(char.isascii() for char in letters) > 0.9 * len(letters)


def _benign(detector: PatternDetector, lines: Sequence[str]) -> tuple[Counter[str], float]:
    hits: Counter[str] = Counter()
    began = time.perf_counter()
    for line in lines:
        for rule_id in {finding.rule_id for finding in look(detector, line, Origin.TOOL_RESULT)}:
            hits[rule_id] += 1
    return hits, (time.perf_counter() - began) * 1e3


def _benign_definitions(rules: RuleSet, root: Path, lines: Sequence[str]) -> Counter[str]:
    """Count hits on what servers say of their tools; rules that speak of nothing else meet the rest of the corpus too."""
    alone = RuleSet(tuple(rule for rule in rules.rules if rule.origins == {Origin.TOOL_DEFINITION}), rules.digest)
    hits: Counter[str] = Counter()
    speaking, detector = PatternDetector(rules.about_definitions()), PatternDetector(alone)
    for line in _lines(root / "corpus" / "definitions"):
        hits.update({finding.rule_id for finding in look(speaking, line, Origin.TOOL_DEFINITION)})
    for at in range(0, len(lines), _AT_ONCE):
        some = [Segment(f"/{n}", Origin.TOOL_DEFINITION, line) for n, line in enumerate(lines[at : at + _AT_ONCE])]
        seen = {(f.rule_id, f.pointer) for f in detector.look(some).findings if "joined" not in f.tags}
        hits.update(rule_id for rule_id, _ in seen)
    return hits
