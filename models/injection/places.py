"""Where a passage may stand in what a tool returns: fields, comments, mails, tables, logs, lists, descriptions.

Attacks and harmless passages are placed by the same functions, so that the place itself says nothing.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Sequence

from models.injection import generator, written_texts
from models.injection import phrases as p

Place = Callable[[random.Random, str, str], str]
"""Takes a random source, the passage and a piece of harmless text; returns the whole."""

DAYS = ("2026-01-14", "2025-11-03", "03/09/2025", "12 May 2026", "2024-08-30", "Tue, 4 Feb 2025", "20251224")
LEVELS = ("INFO", "WARN", "DEBUG", "ERROR", "NOTICE", "[info]", "<6>", "level=info")
SUBJECTS = (
    "Re: open points", "Your order", "Invoice", "Minutes of the meeting", "FW: shift handover", "Status", "Question",
    "Re: Re: sample results", "Schedule change", "Monthly statement", "Welcome", "Reminder", "Deviation follow-up",
)  # fmt: skip
FIELDS = (
    "comment", "note", "description", "body", "text", "remarks", "message", "content", "summary", "subject", "title",
    "memo", "details", "reason", "feedback", "bio", "address", "caption", "snippet", "value", "display", "narrative",
)  # fmt: skip


def _mail(rng: random.Random, passage: str, other: str) -> str:
    head = f"From: {written_texts.person(rng)} <{generator.fill(rng, '{mail}')}>\n"
    if rng.random() < 0.6:
        head += f"To: {generator.fill(rng, '{mail}')}\n"
    head += f"Subject: {rng.choice(SUBJECTS)}\n"
    if rng.random() < 0.4:
        head += f"Date: {rng.choice(DAYS)}\n"
    parts = [other, passage] if rng.random() < 0.6 else [passage, other] if rng.random() < 0.6 else [passage]
    end = rng.choice(
        ("", "\n\nBest regards,\n" + written_texts.person(rng), "\n--\n" + generator.fill(rng, "{company}"))
    )
    return head + "\n" + rng.choice(("\n\n", "\n", " ")).join(parts) + end


def _html(rng: random.Random, passage: str, other: str) -> str:
    form = rng.choice((
        "<!-- @ -->", "<!--@-->", '<div style="display:none">@</div>', '<span style="font-size:0">@</span>',
        "<p hidden>@</p>", '<img src="logo.png" alt="@">', '<meta name="description" content="@">', "<p>@</p>",
        "<li>@</li>", "<td>@</td>", "<blockquote>@</blockquote>", '<a href="#" title="@">more</a>', "<footer>@</footer>",
    ))  # fmt: skip
    inner = form.replace("@", passage)
    tag = rng.choice(("p", "div", "section", "article", "h2", "li"))
    around = f"<{tag}>{other}</{tag}>"
    return rng.choice((f"{around}\n{inner}", f"{inner}\n{around}", f"<body>{around}{inner}</body>", inner))


def _code(rng: random.Random, passage: str, other: str) -> str:
    flat = " ".join(passage.split())
    form = rng.choice(
        ("# @", "// @", "/* @ */", '"""@"""', "-- @", "; @", "<!-- @ -->", "REM @", "# TODO: @", "// NOTE: @")
    )
    lines = [line for line in other.splitlines() if line.strip()][:12] or [other]
    lines.insert(rng.randint(0, len(lines)), form.replace("@", flat))
    return "\n".join(lines)


def _log(rng: random.Random, passage: str, other: str) -> str:
    flat = " ".join(passage.split())
    lines = []
    for _ in range(rng.randint(1, 4)):
        stamp = f"{rng.choice(DAYS)} {rng.randint(0, 23):02}:{rng.randint(0, 59):02}:{rng.randint(0, 59):02}"
        lines.append(f"{stamp} {rng.choice(LEVELS)} {generator.fill(rng, '{id}')} {' '.join(other.split())[:60]}")
    at = rng.randrange(len(lines))
    lines[at] = lines[at].rsplit(" ", 3)[0] + rng.choice((" msg=", " comment: ", ' user-agent="', ": ")) + flat
    return "\n".join(lines)


def _table(rng: random.Random, passage: str, other: str) -> str:
    flat = " ".join(passage.split())
    bar = rng.choice((" | ", ",", "\t", " | "))
    rows = [bar.join(("id", rng.choice(("date", "status", "owner")), rng.choice(FIELDS)))]
    texts_ = [part.strip()[:80] for part in other.replace("\n", ". ").split(". ") if part.strip()][:3]
    cells = [*texts_, flat]
    rng.shuffle(cells)
    rows += [bar.join((generator.identifier(rng), rng.choice((*DAYS, "open", "done", "ok")), cell)) for cell in cells]
    return "\n".join(rows)


def _items(rng: random.Random, passage: str, other: str) -> str:
    key = rng.choice(FIELDS)
    parts = [part.strip() for part in other.replace("\n", ". ").split(". ") if part.strip()][: rng.randint(1, 4)]
    parts.insert(rng.randint(0, len(parts)), passage)
    rows: list[object] = [
        {"id": rng.randint(1, 9999), key: part, rng.choice(("rating", "date", "user")): rng.choice((3, 5, *DAYS))}
        for part in parts
    ]
    whole: object = (
        {rng.choice(("reviews", "items", "results", "messages", "data")): rows} if rng.random() < 0.6 else rows
    )
    return json.dumps(whole, ensure_ascii=rng.random() < 0.1, indent=rng.choice((None, None, 2)))


def _record(rng: random.Random, passage: str, other: str) -> str:
    text = rng.choice((passage, passage, f"{other} {passage}", f"{passage} {other}", f"{other}\n\n{passage}"))
    return generator.record(rng, [text])[0]


def _described(rng: random.Random, passage: str, other: str) -> str:
    first = other.split(". ", maxsplit=1)[0][:120]
    description = rng.choice((f"{first}. {passage}", f"{first}.\n\n{passage}", passage))
    tool: dict[str, object] = {"name": rng.choice(p.TOOLS), "description": description}
    if rng.random() < 0.4:
        tool = {
            "name": rng.choice(p.TOOLS),
            "description": first,
            "inputSchema": {
                "properties": {rng.choice(("id", "path", "query")): {"type": "string", "description": passage}}
            },
        }
    return json.dumps(tool, ensure_ascii=False)


def _marked(rng: random.Random, passage: str, other: str) -> str:
    form = rng.choice(
        ("> @", "**Note:** @", "## Note\n@", "- @", "1. @", "```\n@\n```", "---\n@\n---", "[@]", "* @", "\u2022 @")
    )
    inner = form.replace("@", passage)
    return rng.choice((f"{other}\n\n{inner}", f"{inner}\n\n{other}", f"{other}\n{inner}\n{other[:80]}"))


PLACES: Sequence[tuple[Place, float]] = (
    (_mail, 3), (_html, 2), (_code, 1.2), (_log, 1), (_table, 1), (_items, 2), (_record, 3), (_described, 1),
    (_marked, 1.5),
)  # fmt: skip


def place(rng: random.Random, passage: str, other: str) -> tuple[str, tuple[int, int] | None]:
    """Put a passage somewhere beside harmless text; return the whole and where the passage stands in it.

    The place is None where the passage is spelled differently in the whole (a JSON string of other letters).
    """
    maker = rng.choices([maker for maker, _ in PLACES], [weight for _, weight in PLACES])[0]
    whole = maker(rng, passage, other)
    for spelled in (
        passage,
        " ".join(passage.split()),
        json.dumps(passage, ensure_ascii=False)[1:-1],
        json.dumps(passage)[1:-1],
    ):
        at = whole.find(spelled)
        if at >= 0:
            return whole, (at, at + len(spelled))
    return whole, None
