"""E-mail as text: header fields (RFC 5322), headers of what was answered or forwarded, greetings and signatures.

Names that are displayed are persons unless the mailbox is that of a role; a subject and a body are left to detectors.
"""

# ruff: noqa: RUF001 - typographic apostrophes stand in names
from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from firewall.payload.dialects import cells
from firewall.payload.dialects.field import Field
from firewall.validators import words
from firewall.validators.plausible import personal_mailbox

_GATE = re.compile(
    r"(?im)^[> \t*]{0,16}(?:from|to|cc|von|an|de|à|para|sender|reply-to|return-path|received)\**[ \t]?:"
    r"|(?:wrote|schrieb|écrit|escribió)[^\r\n]{0,160}:[ \t]*$"
)
_HEADER = re.compile(r"([> \t*]{0,16})([A-Za-zÀ-ÿ][A-Za-zÀ-ÿ-]{0,30})\**[ \t]?:\**[ \t]*")
_LINE = re.compile(r"([^\r\n]*+)(?:\r\n|\r|\n|\Z)")
_PEOPLE = frozenset(
    "from to cc bcc reply-to sender return-path delivered-to x-original-to x-sender x-envelope-from resent-from resent-to "
    "disposition-notification-to envelope-to errors-to von an kopie blindkopie antwort-an de para cco à cci copie répondre-à".split()
)
_DATES = frozenset("date sent gesendet datum envoyé enviado fecha resent-date delivery-date".split())
_IDS = frozenset("message-id in-reply-to references content-id thread-index x-message-id resent-message-id".split())
_ADDRESSES = frozenset(
    "x-originating-ip x-sender-ip x-client-ip x-remote-ip x-source-ip x-real-ip received x-received".split()
)
_OTHERS = frozenset(
    "subject betreff objet asunto importance priority attachments anlagen pièces mime-version content-type".split()
)
_ALL = _PEOPLE | _DATES | _IDS | _ADDRESSES | _OTHERS
_ADDRESS = re.compile(r"[^\s@<>,;:\"'()\[\]]{1,64}@[^\s@<>,;:\"'()\[\]]{1,255}")
_IP = re.compile(r"(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?![\w.])|(?<=\[)(?:IPv6:)?[0-9a-fA-F:]{6,39}(?=\])")
_ITEM = re.compile(r"\"((?:[^\"\\]|\\.){1,120}+)\"|([^\"<>;,()\[\]]+(?:,(?=[^<>;@]{1,60}<)[^\"<>;,()\[\]]+)?)")
_ID = re.compile(r"<?([^\s<>]{3,250})>?")
# "On Tue, 3 Mar 2026 at 10:12, Name <a@b> wrote:" in four languages; the date in front of the name, or behind "am".
_REPLY = re.compile(
    r"(?m)^[> \t]{0,16}(?:(?:On|Le|El)[ \t]([^\r\n<>]{6,70}?\d{1,2}[:.h]\d{2}(?:[ \t]?[AaPp]\.?[Mm]\.?)?|[^\r\n<>]{6,50}?\d{4}),?[ \t]"
    r"|Am[ \t]([^\r\n<>]{6,70}?)[ \t]schrieb[ \t])"
    r"([^\r\n<>:]{2,80}?)??(?:[ \t]?<([^\s<>]{3,200})>)?[ \t\r\n>]{0,6}(?:wrote|a écrit|escribió|schrieb)?[ \t]?:[ \t]*$"
)
_GREETING = re.compile(
    r"(?m)^[> \t]{0,16}(?:Dear|Hi|Hello|Hallo|Liebe[r]?|Sehr geehrte[r]?|Guten Tag|Bonjour|Cher|Chère|Hola|Estimad[oa]|Querid[oa])[ \t]"
    r"(?:(?:Dr|Prof|Mr|Mrs|Ms|Mme|M|Sr|Sra|Herr|Frau|Doctor|Professor|Señora?)\.?[ \t]){0,2}"
    r"([^\W\d_][\w'’-]{1,24}(?:[ \t][^\W\d_][\w'’-]{1,24}){0,3})[ \t]?[,:!]?[ \t]*$"
)
_CLOSING = re.compile(
    r"(?im)^[> \t]{0,16}(?:(?:best|kind|warm|many)?[ \t]?(?:regards|wishes|thanks)|sincerely|yours(?: (?:sincerely|truly|faithfully))?"
    r"|respectfully|cheers|thank you|mit freundlichen gr(?:ü|ue)(?:ß|ss)en|viele gr(?:ü|ue)(?:ß|ss)e|beste gr(?:ü|ue)(?:ß|ss)e"
    r"|freundliche gr(?:ü|ue)(?:ß|ss)e|cordialement|bien cordialement|saludos|un saludo|atentamente|--)[,.!]?[ \t]*"
    r"(?:\r\n|\r|\n)(?:[> \t]{0,16}(?:\r\n|\r|\n)){0,2}[> \t]{0,16}([^\r\n]{2,60})"
)
_TITLES = re.compile(r"(?:,? (?:M\.?D|Ph\.?D|R\.?N|D\.?O|MBA|MSc|BSc|PharmD|Jr|Sr|II|III|NP|PA-C|FACP)\.?)+\Z")
_TITLE = re.compile(r"(?:(?:Dr|Prof|Mr|Mrs|Ms|Mme|Sr|Sra|Herr|Frau)\.? )+")


def fields(text: str) -> Sequence[Field] | None:
    """Return what the headers of mails in a text say of ranges of it; None where there is no mail. Linear; never raises."""
    if ":" not in text or _GATE.search(text) is None:
        return None
    found = list(_headers(text))
    for match in _REPLY.finditer(text) if ":" in text else ():
        found += _reply(match)
    if not found:
        return None
    for match in _GREETING.finditer(text):
        if words.person_name(match[1]) and match[1][0].isupper():
            found.append(Field(*match.span(1), "PERSON", "mail:greeting"))
    for match in _CLOSING.finditer(text):
        found += _signed(match[1], match.start(1))
    return found


def _headers(text: str) -> Iterator[Field]:
    """Yield what header fields say, where two of them stand behind one another."""
    block: list[tuple[str, list[tuple[int, str]]]] = []
    for line in _LINE.finditer(text):
        match = _HEADER.match(line[1])
        name = "" if match is None else match[2].lower()
        if match is not None and (name in _ALL or (block and not match[1].strip("> \t*") and "-" in name)):
            block.append((name, [(line.start() + match.end(), line[1][match.end() :])]))
        elif block and line[1][:1] in (" ", "\t") and line[1].strip():  # folded
            block[-1][1].append((line.start(), line[1]))
        elif block:
            yield from _block(block)
            block = []
    yield from _block(block)


def _block(block: Sequence[tuple[str, list[tuple[int, str]]]]) -> Iterator[Field]:
    known = [name for name, _ in block if name in _ALL]
    if len(known) < 2 or not (_PEOPLE | _ADDRESSES).intersection(known):
        return
    for name, parts in block:
        for start, text in parts:
            if name in _PEOPLE:
                yield from _people(text, start, name)
            elif name in _DATES:
                yield from _whole(text, start, "DATE_TIME", "mail:date")
            elif name in _IDS:
                for match in _ID.finditer(text):
                    yield Field(start + match.start(1), start + match.end(1), "OTHER_ID", "mail:message-id")
            elif name in _ADDRESSES or "ip" in name.split("-"):
                yield from _trace(text, start)


def _whole(text: str, start: int, kind: str, meaning: str) -> Iterator[Field]:
    value = text.strip(" \t*")
    if any(char.isdigit() for char in value):
        low = start + text.index(value)
        yield Field(low, low + len(value), kind, meaning)


def _people(text: str, start: int, name: str) -> Iterator[Field]:
    """Yield the names and mailboxes of a list of addresses."""
    addresses = list(_ADDRESS.finditer(text))
    roles = set()
    for match in addresses:
        personal = personal_mailbox(match[0])
        if not personal:
            roles.add(match.start())
        yield Field(
            start + match.start(), start + match.end(), "EMAIL_ADDRESS" if personal else "", f"mail:{_shown(name)}"
        )
    for match in _ITEM.finditer(text):
        group = 1 if match[1] is not None else 2
        low, high = match.span(group)
        said = text[low:high]
        value = said.strip(" \t*'")
        low += said.index(value) if value else 0
        following = next((one.start() for one in addresses if one.start() >= match.end()), -1)
        if "@" in value or (following in roles and following - match.end() <= 3):
            continue
        if _person(value):
            yield Field(start + low, start + low + len(value), "PERSON", f"mail:{_shown(name)}")


def _shown(name: str) -> str:
    """A meaning is one of our words."""
    return name if name in ("from", "to", "cc", "bcc", "reply-to", "sender") else "people"


def _person(value: str) -> bool:
    """A name as mail programs show it: letters, and no word of forms and roles among them."""
    bare = _TITLES.sub("", _TITLE.sub("", value))
    return (
        len(value) <= 80 and len(bare.split()) <= 6 and any(char.isalpha() for char in bare) and words.person_name(bare)
    )


def _trace(text: str, start: int) -> Iterator[Field]:
    """Yield the addresses, the mailbox and the date in a line of `Received:`."""
    for match in _IP.finditer(text):
        yield Field(start + match.start(), start + match.end(), "IP_ADDRESS", "mail:ip")
    for match in _ADDRESS.finditer(text):
        yield Field(start + match.start(), start + match.end(), "EMAIL_ADDRESS", "mail:received")
    date = text.rpartition(";")[2]
    if ";" in text:
        yield from _whole(date, start + len(text) - len(date), "DATE_TIME", "mail:date")


def _reply(match: re.Match[str]) -> Iterator[Field]:
    """Yield what stands in the line that a mail program writes above what is answered."""
    if match[3] is None and match[4] is None:
        return
    date = 1 if match[1] is not None else 2
    yield Field(*match.span(date), "DATE_TIME", "mail:date")
    if match[3] is not None and (value := match[3].strip(" ,\"'\t")) and _person(value):
        low = match.start(3) + match[3].index(value)
        yield Field(low, low + len(value), "PERSON", "mail:from")
    if match[4] is not None:
        yield Field(*match.span(4), "EMAIL_ADDRESS", "mail:from")


def _signed(line: str, start: int) -> Iterator[Field]:
    """Yield the name that a signature begins with, where it looks like one."""
    value = line.strip()
    bare = _TITLES.sub("", _TITLE.sub("", value)).strip(" ,")
    parts = bare.split()
    if cells.name(bare) or (len(parts) == 1 and bare[:1].isupper() and bare.isalpha() and words.person_name(bare)):
        low = start + line.index(bare)
        yield Field(low, low + len(bare), "PERSON", "mail:signature")
