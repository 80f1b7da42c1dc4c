"""Which collected files the shipped weights may learn from, how much of each, and under which licence."""

from __future__ import annotations

import gzip
import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Source:
    """A data file: most rows taken with label 1 and with label 0, weight of its positives, licence."""

    positives: int
    negatives: int
    weight: float
    licence: str


@dataclass(frozen=True, slots=True)
class Row:
    """One labelled text. `span` is the injected part where it is known; `group` keeps a document in one split."""

    text: str = field(repr=False)
    label: int
    span: tuple[int, int] | None
    surface: str
    file: str
    group: str
    weight: float = 1.0


SOURCES: dict[str, Source] = {
    "agentbench": Source(0, 1300, 1, "Apache-2.0"),
    "bfcl": Source(0, 2000, 1, "Apache-2.0"),
    "bipia_train": Source(700, 400, 0.6, "MIT; tables CC BY-SA 4.0"),
    "code_snippets": Source(0, 1300, 1, "Apache-2.0, MIT, BSD-3-Clause"),
    "deepset_train": Source(153, 321, 0.7, "Apache-2.0"),
    "dolly": Source(0, 900, 1, "CC BY-SA 3.0"),
    "gpteacher": Source(0, 1500, 1, "MIT; Apache-2.0"),
    "inthewild_jailbreaks": Source(435, 0, 1.2, "MIT"),
    "jailbreak_classification": Source(368, 1263, 1.5, "MIT"),
    "jailbreak_templates_misc": Source(102, 48, 1.2, "MIT"),
    "metatool_queries": Source(0, 1500, 1, "MIT"),
    "mitre_frr": Source(0, 1000, 1, "MIT"),
    "multilingual_docs": Source(0, 2600, 1, "MIT; CC BY 4.0; CC0 1.0"),
    "openpromptinjection_benign": Source(0, 1100, 1, "MIT"),
    "planted_harmless": Source(0, 3500, 1, "own text; carriers as listed here"),
    "planted_injections": Source(5000, 0, 0.8, "own text; carriers as listed here"),
    "promptshield": Source(1702, 2694, 1.5, "MIT (HackAPrompt, Ultrachat); Apache-2.0 (IFEval)"),
    "seal_tools": Source(0, 1700, 1, "Apache-2.0"),
    "security_docs": Source(0, 2300, 1, "CC BY-SA 4.0 (OWASP); Apache-2.0, MIT (tools); DRL 1.1 (Sigma)"),
    "sop_runbooks": Source(0, 900, 1, "Apache-2.0"),
    "spamassassin_mail": Source(0, 1800, 1, "PDDL 1.0 / CC0 1.0"),
    "sql_queries": Source(0, 900, 1, "Apache-2.0; CC BY-SA 4.0 (Spider)"),
    "taskbench": Source(0, 1000, 1, "MIT"),
    "tasktracker_composed": Source(1300, 0, 0.7, "MIT; carriers as listed here"),
    "tau_bench": Source(0, 1700, 1, "MIT"),
    "tech_docs": Source(0, 1800, 1, "Apache-2.0, MIT, BSD-3-Clause"),
    "toolalpaca": Source(0, 797, 1, "Apache-2.0"),
    "web_pages": Source(0, 1300, 1, "Apache-2.0; MIT"),
    "written_hard_negatives": Source(0, 1165, 1, "own text"),
}
# Left out: non-commercial or research-only content, content without a stated licence, and GPL text. `own:json`
# carriers hold sentences of all files, so their licence cannot be told.
REFUSED = re.compile(
    r"logpai|openregulatory|hackathonworks|socd06|jonastuttle|tldrsec|Awesome-LLMSecOps|InjecGuard|goodwiins"
    r"|tensor-trust|own:json|[Aa]lpaca dataset|#Alpaca|StruQ - Alpaca|benign_alpaca"
)
LEFT_OUT = {
    "composed_tool_results": "sentences of all files mixed; licence of a row cannot be told",
    "clinical_notes": "no licence (one source), GPL-3.0 (the other); its GPL part is used to measure false alarms only",
    "harmful_requests": "harmful wishes without an injection are not what this model detects",
    "injecguard_early_valid": "no licence",
    "jonastuttle_merged": "no licence",
    "logs": "research or academic use only",
    "multilang_short": "no licence",
    "tensor_trust": "no licence",
}


def read(path: Path) -> Iterator[dict[str, object]]:
    """Yield the rows of a gzipped JSON Lines file."""
    with gzip.open(path, "rt", encoding="utf-8") as file:
        yield from map(json.loads, file)


def digest(text: str) -> int:
    """Return a stable number for a text, to sort and split by."""
    return int.from_bytes(hashlib.sha256(text.encode("utf-8", "replace")).digest()[:8], "big")


def permitted(file: str, source: str) -> bool:
    """Tell whether a row may be learned from, by the file it is in and the source it names."""
    return file in SOURCES and not REFUSED.search(source)


def load(folder: Path, *, clean: float = 1.0) -> list[Row]:
    """Return the permitted rows of all files, at most as many of each as `SOURCES` says, the same on every run.

    `clean` multiplies the caps of rows without an attack.

    Raises:
        FileNotFoundError: if a file that `SOURCES` names is missing.
    """
    rows: list[Row] = []
    for file, source in SOURCES.items():
        taken = [row for raw in read(folder / f"{file}.jsonl.gz") if (row := _row(raw, file, source)) is not None]
        taken.sort(key=lambda row: digest(row.text))
        positives = [row for row in taken if row.label == 1][: source.positives]
        negatives = [row for row in taken if row.label == 0][: round(clean * source.negatives)]
        rows += positives + negatives
    return rows


def phrases_of(folder: Path) -> list[str]:
    """Return the injected parts of the planted file: text of our own, whatever carrier it stands in."""
    found = set()
    for raw in read(folder / "planted_injections.jsonl.gz"):
        span = raw["span"]
        if isinstance(span, list):
            found.add(str(raw["text"])[span[0] : span[1]])
    return sorted(found)


def development(path: Path) -> list[Row]:
    """Return all rows of a development file."""
    rows = []
    for raw in read(path):
        row = _row(raw, path.name.removesuffix(".jsonl.gz"), Source(0, 0, 1.0, ""), check=False)
        if row is not None:
            rows.append(row)
    return rows


def clinical(folder: Path) -> list[Row]:
    """Return the clinical reports that are only measured on."""
    source = Source(0, 0, 1.0, "")
    rows = [_row(raw, "clinical_notes", source, check=False) for raw in read(folder / "clinical_notes.jsonl.gz")]
    return [row for row in rows if row is not None and "socd06" in row.group]


def _row(raw: dict[str, object], file: str, source: Source, *, check: bool = True) -> Row | None:
    origin, text = str(raw["source"]), str(raw["text"])
    if not text.strip() or (check and not permitted(file, origin)):
        return None
    span = raw["span"]
    label = 1 if raw["label"] == 1 else 0
    # Rows of one document share a group; files that name no document are split by row.
    documents = file in {"code_snippets", "security_docs", "sop_runbooks", "tech_docs", "multilingual_docs"}
    return Row(
        text,
        label,
        (span[0], span[1]) if isinstance(span, list) else None,
        str(raw["surface"]),
        file,
        origin if documents or not check else f"{file}:{digest(text)}",
        source.weight if label else 1.0,
    )
