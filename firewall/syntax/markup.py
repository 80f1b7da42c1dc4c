"""XML and HTML: text nodes, attribute values and comments. Entities are read one by one and never expanded further.

A tokenizer of our own, since places in the source are needed: one pass, no external entities, and a document type with
definitions of its own is refused. XML is well-formed as far as it goes (a text that breaks off is still read); HTML is
known by its own element names, and everything that is no tag of it is text.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from firewall.syntax.spelling import Literal, Spelled, piecewise

_NAME = r"[A-Za-z_:][\w:.\-]*+"
_VALUE = r"\"[^\"]*+\"|'[^']*+'|[^\s\"'<>=`]++"
_TAG = re.compile(rf"<(/?)({_NAME})((?:\s++[^\s=/>\"'<]++(?:\s*+=\s*+(?:{_VALUE}))?+)*+)\s*+(/?)>")
_ATTRIBUTE = re.compile(rf"([^\s=/>\"'<]++)(?:\s*+=\s*+({_VALUE}))?+")
_BEGIN = re.compile(r"(?:\A|\n)[ \t\r\n\ufeff]*+(?=<[?!A-Za-z_])")
_HTML_MARK = re.compile(
    r"<!doctype html|<html\b|</(?:a|b|i|p|u|em|h[1-6]|li|td|th|tr|ul|ol|dl|dd|dt|div|pre|body|code|font|form|head|span|"
    r"label|small|table|tbody|thead|title|strong|button|option|select|section|textarea|blockquote)\s{0,8}>"
    r"|<(?:br|hr|img|input|meta|link)\s[^<>]{0,400}>",
    re.IGNORECASE,
)
_HTML_NAMES = frozenset(
    "a abbr address area article aside audio b base bdi bdo blockquote body br button canvas caption center cite code "
    "col colgroup data datalist dd del details dfn dialog div dl dt em embed fieldset figcaption figure font footer form "
    "h1 h2 h3 h4 h5 h6 head header hr html i iframe img input ins kbd label legend li link main map mark meta meter nav "
    "noscript object ol optgroup option output p param picture pre progress q rp rt ruby s samp script section select "
    "small source span strike strong style sub summary sup table tbody td template textarea tfoot th thead time title tr "
    "track tt u ul var video wbr".split()
)
_RAW_NAMES = ("script", "style")
_ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_LONGEST_TAG = 65_536
_BROKEN_TAGS = 256  # how many tags that do not end are looked at before a text is taken for no markup
TEXT, RAW, PLAIN, QUOTED, APOSTROPHE, BARE, COMMENT = "text", "raw", "plain", '"', "'", "bare", "comment"


@dataclass(frozen=True, slots=True)
class Attribute:
    """An attribute: its name as written, and its value's literal."""

    name: str
    literal: Literal


@dataclass(frozen=True, slots=True)
class Opened:
    """A start tag; `empty` where the element ends with it. `name` has no prefix, and in HTML no capitals."""

    name: str
    attributes: tuple[Attribute, ...]
    empty: bool


@dataclass(frozen=True, slots=True)
class Closed:
    """An end tag."""

    name: str


Token = Opened | Closed | Literal


@dataclass(frozen=True, slots=True)
class MarkupText:
    """A document's tags and texts in order. `is_html` tells which of the two."""

    text: str = field(repr=False)
    tokens: tuple[Token, ...] = field(repr=False)
    is_html: bool

    @property
    def cuts_across(self) -> bool:
        """In HTML, passages go with the tags around them; XML keeps its elements."""
        return self.is_html

    @property
    def literals(self) -> tuple[Literal, ...]:
        """Texts, comments and attribute values, in order."""
        found: list[Literal] = []
        for token in self.tokens:
            if isinstance(token, Literal):
                found.append(token)
            elif isinstance(token, Opened):
                found += [one.literal for one in token.attributes if one.literal.start < one.literal.end]
        return tuple(found)

    def spelled(self, literal: Literal) -> Spelled:
        """Return what a text or a value says."""
        raw = self.text[literal.start : literal.end]
        if literal.kind in (RAW, PLAIN, COMMENT) or "&" not in raw:
            return Spelled(raw)
        return piecewise(raw, _entities(raw))

    def encode(self, literal: Literal, text: str) -> str:
        """Write a text so that no character of it is read as markup."""
        match literal.kind:
            case "plain":
                return text
            case "raw" | "comment":  # no entities are read there; what would end it is parted
                return text.replace("]]>", "]] >").replace("--", "- -").replace("?>", "? >").replace("</", "< /")
        written = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        if literal.kind != TEXT:
            written = written.replace('"', "&quot;").replace("'", "&#39;")
        if literal.kind == BARE:
            written = re.sub(r"[\s=`]", lambda match: f"&#{ord(match[0])};", written)
        return written


def syntax_in(text: str) -> MarkupText | None:
    """Return the tags and texts of an XML or HTML text, or None where it is neither. Linear; never raises."""
    if "<" not in text or ">" not in text:
        return None
    begin = _BEGIN.search(text)
    if begin is not None:
        read = _Xml(text, begin.end()).read()
        if read is not None:
            return read
    return _html(text) if _HTML_MARK.search(text) else None


class _Xml:
    """Reads one XML document or fragment; None wherever it is not well-formed, except that it may break off."""

    def __init__(self, text: str, begin: int) -> None:
        self.text, self.at = text, begin
        self.tokens: list[Token] = [Literal(0, begin, PLAIN)] if text[:begin].strip() else []
        self.stack: list[str] = []
        self.roots: list[str] = []
        self.declared = text.startswith("<?xml", begin)

    def read(self) -> MarkupText | None:
        text, broke_off = self.text, False
        while self.at < len(text):
            begin = text.find("<", self.at)
            begin = len(text) if begin < 0 else begin
            if not self.stack and self.roots and text[self.at : begin].strip():
                break  # text behind the document
            self._text(self.at, begin, TEXT)
            self.at = begin
            if begin < len(text) and not self._markup():
                if not text.startswith(("<!--", "<![", "<?"), begin) and ">" in text[begin:]:
                    return None
                broke_off = True
                break  # the text breaks off inside a tag or a comment
        if not self.roots or ((self.stack or broke_off) and not self.declared):
            return None
        if self.roots[0].lower() in _HTML_NAMES and not self.declared:
            return None
        self._text(self.at, len(text), PLAIN)
        return MarkupText(text, tuple(self.tokens), is_html=False)

    def _text(self, start: int, end: int, kind: str) -> None:
        if self.text[start:end].strip():
            self.tokens.append(Literal(start, end, kind))

    def _markup(self) -> bool:
        """Read what begins with `<`; False where it does not end, or is not allowed there."""
        text, at = self.text, self.at
        for opener, closer, kind in (("<!--", "-->", COMMENT), ("<![CDATA[", "]]>", RAW), ("<?", "?>", RAW)):
            if text.startswith(opener, at):
                end = text.find(closer, at + len(opener))
                if end < 0:
                    return False
                if not text.startswith("<?xml ", at):
                    self._text(at + len(opener), end, kind)
                self.at = end + len(closer)
                return True
        if text.startswith("<!DOCTYPE", at):
            end = text.find(">", at)
            if end < 0 or "[" in text[at:end]:
                return False
            self.at = end + 1
            return not self.roots
        tag = _TAG.match(text, at, at + _LONGEST_TAG)
        if tag is None:
            return False
        self.at = tag.end()
        if tag[1]:
            self.tokens.append(Closed(_local(tag[2])))
            return not tag[3] and not tag[4] and bool(self.stack) and self.stack.pop() == tag[2]
        attributes = tuple(_attributes(text, *tag.span(3)))
        if any("<" in text[one.literal.start : one.literal.end] or one.literal.kind == BARE for one in attributes):
            return False
        self.tokens.append(Opened(_local(tag[2]), attributes, bool(tag[4])))
        if not self.stack:
            self.roots.append(tag[2])
            self.declared = self.declared or any(one.name.startswith("xmlns") for one in attributes)
        if not tag[4]:
            self.stack.append(tag[2])
        return True


def _html(text: str) -> MarkupText | None:
    """Read HTML: tags of its own names, comments, and text in between."""
    tokens: list[Token] = []
    at = begin = broken = 0
    while (begin := text.find("<", begin)) >= 0:
        comment = text.startswith("<!--", begin)
        end = text.find("-->" if comment else ">", begin) if text.startswith("<!", begin) else 0
        if end > 0:
            _put(tokens, text, at, begin, TEXT)
            if comment:
                _put(tokens, text, begin + 4, max(begin + 4, end), COMMENT)
            at = begin = end + (3 if comment else 1)
            continue
        tag = _TAG.match(text, begin, begin + _LONGEST_TAG)
        if end < 0 or tag is None or tag[2].lower() not in _HTML_NAMES:
            broken += tag is None and text[begin + 1 : begin + 2].isalpha()
            if broken > _BROKEN_TAGS or end < 0:
                return None
            begin += 1
            continue
        _put(tokens, text, at, begin, TEXT)
        name, at = tag[2].lower(), tag.end()
        begin = at
        if tag[1]:
            tokens.append(Closed(name))
            continue
        tokens.append(Opened(name, tuple(_attributes(text, *tag.span(3))), bool(tag[4])))
        if name in _RAW_NAMES:
            close = text.find(f"</{name}", at)
            close = len(text) if close < 0 else close
            _put(tokens, text, at, close, RAW)
            at = begin = close
    _put(tokens, text, at, len(text), TEXT)
    return MarkupText(text, tuple(tokens), is_html=True)


def _put(tokens: list[Token], text: str, start: int, end: int, kind: str) -> None:
    if text[start:end].strip():
        tokens.append(Literal(start, end, kind))


def _attributes(text: str, start: int, end: int) -> Iterator[Attribute]:
    for match in _ATTRIBUTE.finditer(text, start, end):
        if match[2] is None:
            continue
        low, high = match.span(2)
        quote = text[low] if text[low] in "\"'" else ""
        yield Attribute(match[1], Literal(low + 1, high - 1, quote) if quote else Literal(low, high, BARE))


def _local(name: str) -> str:
    return name.rpartition(":")[2]


def _entities(raw: str) -> Iterator[tuple[int, int, str]]:
    for match in _ENTITY.finditer(raw):
        meaning = html.unescape(match[0])
        yield *match.span(), "" if meaning == match[0] else meaning
