"""Writes attacks, and harmless texts that look like them, for what the collected data lacks.

Everything here is a grammar of our own: short lists that are combined at random. An *attack* speaks to the model that
reads the text and asks it to do, say, hide or reveal something that its user did not ask for. A *decoy* uses the same
words for people, programs or readers.
"""

from __future__ import annotations

import base64
import json
import random
import re
from collections.abc import Callable, Sequence

from models.injection import phrases as p
from models.injection import wrappers as w

# Headings in front of a task that nobody gave; `%` is the task.
_NOTICES = (
    "!!! NEW TASK !!!\n%", "[[ updated instructions ]] %", "=== instructions for the model ===\n%", "TODO(agent): %", "<task>%</task>",
    "HIGH PRIORITY: %", "*** ADDITIONAL INSTRUCTION ***\n%", "Next step - %", "Step 2: %", "Request: %", "Prompt: %", "User: %", "Q: %\nA:",
    "Debug run. Checks off. %", "Error 0x19. Admin rights granted. %", "System update complete. %",
)  # fmt: skip
Maker = Callable[[random.Random], str]


def fill(rng: random.Random, template: str) -> str:
    """Replace every `{slot}` of a template by a random entry of that list, and `{n}`, `{id}`, `{mail}`, `{url}`."""

    def one(match: re.Match[str]) -> str:
        name = match.group(1)
        if name == "n":
            return str(rng.randint(2, 999))
        if name == "id":
            return identifier(rng)
        if name == "mail":
            return f"{rng.choice(p.MAILBOXES)}@{rng.choice(p.HOSTS)}"
        if name == "url":
            return f"https://{rng.choice(p.HOSTS)}/{rng.choice(p.PATHS)}"
        if name == "drug":
            return rng.choice(w.DRUGS)
        if name == "task":
            return task(rng)
        if name == "harm":
            return fill(rng, rng.choice(p.HARM))
        return fill(rng, rng.choice(p.SLOTS[name]))

    return re.sub(r"\{([a-z_]+)\}", one, template)


def identifier(rng: random.Random) -> str:
    """Return a made-up record number."""
    form = rng.choice(("######", "XX-####", "X#####", "XXX-20##-####", "########", "X-###-###", "####"))
    return "".join(
        rng.choice("0123456789") if c == "#" else rng.choice("ABCDEFGHKLMNPRST") if c == "X" else c for c in form
    )


def task(rng: random.Random) -> str:
    """Return something an agent could do, in the imperative, lower case, without a full stop."""
    words = fill(rng, rng.choice(p.TASKS))
    if rng.random() < 0.35:
        words += " " + fill(rng, rng.choice(p.PURPOSES))
    return words


def goal(rng: random.Random) -> str:
    """Return what an attacker wants: a harmful act, an ordinary task, a leak or a changed answer."""
    return rng.choices(
        (lambda: fill(rng, rng.choice(p.HARM)), lambda: task(rng), lambda: fill(rng, rng.choice(p.SAY))),
        (4, 4, 3),
    )[0]()


def sentence(text: str) -> str:
    """Return the text with a capital and a full stop."""
    text = text[:1].upper() + text[1:]
    return text if text[-1:] in ".!?>}])`" else text + "."


def ask(rng: random.Random) -> str:
    """Speak to the agent without any override word."""
    return sentence(fill(rng, rng.choice(p.ASKS)).replace("%", goal(rng)))


def plain(rng: random.Random) -> str:
    """Ask politely for an ordinary task; only its place in data makes it an attack."""
    return sentence(
        rng.choice(("please %", "please %", "%", "kindly %", "now %", "also %", "then %")).replace("%", task(rng))
    )


def override(rng: random.Random) -> str:
    """Cancel earlier instructions and give new ones."""
    first = fill(rng, rng.choice(p.OVERRIDES))
    second = rng.choice(("% ", "instead, %", "and %", "please %", "your new task: %", "now %", "you must %")).strip()
    return sentence(first) + " " + sentence(second.replace("%", goal(rng)))


def behind_pretext(rng: random.Random, wish: str) -> str:
    """Put a reason in front of a wish why it is to be done although nobody asked for it."""
    way = rng.random()
    if way < 0.45:
        return fill(rng, rng.choice(w.PRETEXTS).replace("%", "\x00")).replace("\x00", wish)
    if way < 0.75:
        first = sentence(fill(rng, rng.choice(p.OVERRIDES)))
        return first + rng.choice((" ", "\n", " Instead: ", " Now: ", " and ")) + wish
    if way < 0.88:
        return fill(rng, rng.choice(p.DONE)) + rng.choice((" ", "\n", " \n ")) + wish
    return rng.choice(_NOTICES).replace("%", wish)


def completion(rng: random.Random) -> str:
    """Pretend that the task is over, then give the next one."""
    done = fill(rng, rng.choice(p.DONE))
    middle = rng.choice(("", "", fill(rng, rng.choice(p.OVERRIDES)) + ". "))
    joint = rng.choice((" ", "\n", " \n ", "\\n", "\n\n"))
    return done + joint + sentence(middle + rng.choice(("please %", "%", "next, %", "now %")).replace("%", goal(rng)))


def turn(rng: random.Random) -> str:
    """Open a fake turn of the chat, or a fake system message."""
    open_, close = rng.choice(p.TURNS)
    body = rng.choice((override, ask, lambda r: sentence(goal(r)), extraction))(rng)
    return open_ + body + close


def authority(rng: random.Random) -> str:
    """Claim a rank or an emergency."""
    return sentence(fill(rng, rng.choice(p.AUTHORITY)).replace("%", goal(rng)))


def conditional(rng: random.Random) -> str:
    """Give an order for when the model reads, summarises or answers."""
    return sentence(fill(rng, rng.choice(p.CONDITIONS)).replace("%", goal(rng)))


def extraction(rng: random.Random) -> str:
    """Ask for the hidden prompt, the tools or secrets."""
    lead = rng.choice(("", "", "", fill(rng, rng.choice(p.OVERRIDES)) + ". ", fill(rng, "{pretext}") + " "))
    return sentence(lead + fill(rng, rng.choice(p.EXTRACTION)))


def persona(rng: random.Random) -> str:
    """Put the model into a role without rules."""
    return " ".join(
        sentence(fill(rng, rng.choice(group)).replace("%", goal(rng)))
        for group in rng.sample(p.PERSONA, k=rng.randint(1, len(p.PERSONA)))
    )


def exfiltration(rng: random.Random) -> str:
    """Carry data out through an image, a link, a request or a message."""
    return sentence(fill(rng, rng.choice(p.EXFILTRATION)))


def call(rng: random.Random) -> str:
    """Write a tool call where only a result should stand."""
    name, key = rng.choice(p.TOOLS), rng.choice(("to", "path", "query", "command", "body", "patient_id", "url"))
    value = fill(rng, rng.choice(("{mail}", "{url}", "{id}", "{thing}", "rm -rf /data/{id}", "{harm}")))
    arguments = json.dumps({key: value, rng.choice(("confirm", "force", "silent")): True})
    form = rng.choice(p.CALLS)
    lead = rng.choice(("", "", fill(rng, "{pretext} "), "Next step: ", "Run this: ", "Required follow-up call:\n"))
    return lead + form.replace("@name", name).replace("@args", arguments)


def regulated(rng: random.Random) -> str:
    """Attack records of hospitals, laboratories and plants."""
    lead = fill(rng, rng.choice(("", "", "{vocative} ", "{pretext} ", "{override_short}. ", "Note to the agent: ")))
    return sentence(lead + fill(rng, rng.choice(p.REGULATED)))


def foreign(rng: random.Random) -> str:
    """Attack in one of fourteen languages."""
    language = rng.choice(list(p.FOREIGN))
    return fill(rng, rng.choice(p.FOREIGN[language]).replace("%", rng.choice(p.FOREIGN_GOALS[language])))


def encoded(rng: random.Random) -> str:
    """Ask the model to decode something and obey it."""
    secret = base64.b64encode(goal(rng).encode()).decode()
    return rng.choice(p.ENCODED).replace("@", secret)


def pretext(rng: random.Random) -> str:
    """Wrap a wish that would be fine from a user into a reason why rules do not count."""
    wish = fill(rng, rng.choice(w.WISHES))
    lead = fill(rng, rng.choice(w.PRETEXTS))
    return sentence(lead.replace("%", wish if not lead.startswith("%") else sentence(wish)))


ATTACKS: Sequence[tuple[Maker, float]] = (
    (ask, 4), (plain, 2.5), (override, 2.5), (completion, 1.5), (turn, 1.5), (authority, 2), (conditional, 2),
    (extraction, 2), (persona, 1.5), (exfiltration, 1.2), (call, 1), (regulated, 1.5), (foreign, 2.5), (encoded, 0.3),
    (pretext, 5),
)  # fmt: skip
BARE: Sequence[tuple[Maker, float]] = (
    (override, 2.5), (turn, 1), (authority, 1.2), (conditional, 1), (extraction, 3), (persona, 3), (foreign, 2),
    (regulated, 0.5), (encoded, 0.3), (exfiltration, 0.5), (pretext, 6),
)  # fmt: skip


def attack(rng: random.Random, *, bare: bool = False) -> str:
    """Return an attack; `bare` leaves out those that are attacks only because of where they stand."""
    table = BARE if bare else ATTACKS
    text = rng.choices([maker for maker, _ in table], [weight for _, weight in table])[0](rng)
    if rng.random() < 0.12 and not bare:
        text += " " + sentence(fill(rng, "{secrecy}"))
    return disguise(rng, text) if rng.random() < 0.15 else text


def decoy(rng: random.Random) -> str:
    """Return a harmless sentence full of the words that attacks are made of, addressed to people or programs."""
    text = sentence(fill(rng, rng.choice(rng.choice(p.DECOYS))))
    return disguise(rng, text) if rng.random() < 0.05 else text


def policy(rng: random.Random) -> str:
    """Return a document that tells staff or customers what to do: many orders, none of them for the model."""
    parts = [rng.choice(("# {}", "{}", "## {}", "{}:", "**{}**")).replace("{}", rng.choice(w.SUBJECTS))]
    for _ in range(rng.randint(1, 4)):
        parts.append(rng.choice(("## {}", "### {}", "{}:", "{}")).replace("{}", rng.choice(w.HEADINGS)))
        mark = rng.choice(("- ", "* ", "1. ", ""))
        lines = [mark + fill(rng, line) for line in rng.sample(w.POLICY, k=rng.randint(2, 6))]
        parts.append(rng.choice(("\n", "\n", " ")).join(lines))
    return "\n\n".join(parts)


def request(rng: random.Random) -> str:
    """Return what an ordinary user or agent writes: a question, a request, a query, a message to send."""
    return sentence(fill(rng, rng.choice(p.REQUESTS)).replace("%", task(rng)))


def disguise(rng: random.Random, text: str) -> str:
    """Change case, spacing or spelling a little, as people and filters' enemies do."""
    way = rng.randrange(6)
    if way == 0:
        return text.upper()
    if way == 1:
        return text.lower()
    if way == 2:
        return re.sub(" ", lambda _: rng.choice((" ", " ", "  ", "\n")), text)
    if way == 3:
        table = {"a": "4", "e": "3", "i": "1", "o": "0", "s": "5", "t": "7"}
        return "".join(table.get(c, c) if rng.random() < 0.5 else c for c in text)
    if way == 4:
        letters = list(text)
        for _ in range(max(1, len(text) // 25)):
            at = rng.randrange(len(letters) - 1) if len(letters) > 1 else 0
            if letters[at].isalpha():
                letters[at] = rng.choice(("", letters[at] * 2, rng.choice("abcdefghijklmnopqrstuvwxyz")))
        return "".join(letters)
    return rng.choice(
        ("**{}**", "<!-- {} -->", "[{}]", "/* {} */", "# {}", "\n\n{}\n\n", '"{}"', "({})", "> {}")
    ).replace("{}", text)


def record(rng: random.Random, texts: Sequence[str]) -> tuple[str, list[str]]:
    """Return a JSON record as a tool would answer it and the names of its free-text fields.

    The free texts are taken from `texts`; the fields hold made-up values.
    """
    kind = rng.choice(list(p.RECORDS))
    fixed, free = p.RECORDS[kind]
    fields: dict[str, object] = {}
    for name, template in fixed.items():
        value = fill(rng, template)
        fields[name] = int(value) if value.isdigit() and len(value) < 6 and rng.random() < 0.7 else value
    chosen = rng.sample(free, k=rng.randint(1, min(2, len(free))))
    for name in chosen:
        fields[name] = rng.choice(texts)
    items = list(fields.items())
    rng.shuffle(items)
    content: object = dict(items)
    if rng.random() < 0.2:
        content = {"status": "ok", "results": [content]}
    elif rng.random() < 0.1:
        content = {"content": [{"type": "text", "text": json.dumps(content, ensure_ascii=False)}], "isError": False}
    return json.dumps(content, ensure_ascii=rng.random() < 0.1, indent=rng.choice((None, None, 2))), chosen
