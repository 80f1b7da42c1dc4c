"""XML and HTML: what an element's text or an attribute means, by its path in CDA and FHIR, elsewhere by its name.

Names of elements, of attributes and of form fields, and the heads of tables, are read as names of columns are.
Everything else (paragraphs, notes, titles) has no meaning here; it is for those who read text.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from firewall.payload.dialects import cda
from firewall.payload.dialects.columns import MAX_NAME, Column, column
from firewall.payload.dialects.field import Field
from firewall.syntax.markup import RAW, TEXT, Closed, MarkupText, Opened, Token, syntax_in
from firewall.syntax.spelling import Literal

_SOMETHING = re.compile(r"[^\W_]")
_YEAR = re.compile(r"[0-9]{0,4}\Z")
_NAMELIKE = re.compile(r"[^\W\d_][\w'\u2019.-]{0,30}(?:,? [^\W\d_][\w'\u2019.-]{0,30}){1,3}\Z")
_LONGEST = 200  # code points of a value whose place gives its meaning; longer ones are prose
_OPEN = 32  # elements that one end tag may close, where theirs were left out
_CDA_ROOTS = frozenset({"ClinicalDocument", "recordTarget", "patientRole"})
_VOID = frozenset("area base br col embed hr img input link meta param source track wbr".split())
_SCHEMES = ("tel:", "mailto:", "sms:", "fax:")
_NOBODYS_HTML = frozenset("class style rel lang charset role colspan rowspan width height align valign type".split())


def fields(text: str) -> Sequence[Field] | None:
    """Return what the elements and attributes of a markup text mean; None where it is none. Linear; never raises."""
    markup = syntax_in(text)
    if markup is None:
        return None
    reader = _Html(markup) if markup.is_html else _Xml(markup)
    return [one for one in reader.read() if _SOMETHING.search(text, one.start, one.end)]


@dataclass(slots=True)
class _Table:
    """The heads of the columns of an open table, and where the reading stands in it."""

    heads: list[Column | None] = field(default_factory=list)
    row_head: Column | None = None
    column: int = 0


class _Reader(ABC):
    """Walks the tags of a text. Tables are read alike in HTML and in the narrative of XML documents."""

    def __init__(self, markup: MarkupText) -> None:
        self.text, self.markup = markup.text, markup
        self.path: list[str] = []
        self.tables: list[_Table] = []
        self.alone = False  # whether a text is all that its element holds
        self.term: Column | None = None  # what the last <dt> says of its <dd>

    def read(self) -> Iterator[Field]:
        """Yield the fields in order."""
        tokens = self.markup.tokens
        last: Token | None = None
        for token, following in zip(tokens, (*tokens[1:], None), strict=True):
            if isinstance(token, Opened):
                self.opened(token.name)
                self.path.append(token.name)
                yield from self.attributes(token)
                if token.empty or (self.markup.is_html and token.name in _VOID):
                    self.path.pop()
            elif isinstance(token, Closed):
                self.closed(token.name)
            elif token.kind in (TEXT, RAW) and self.path:
                self.alone = isinstance(last, Opened) and isinstance(following, Closed)
                yield from self.leaf(token)
            last = token

    def opened(self, name: str) -> None:
        """Take a start tag."""
        if name == "table":
            self.tables.append(_Table())
        elif self.tables and name == "tr":
            self.tables[-1].column, self.tables[-1].row_head = 0, None

    def closed(self, name: str) -> None:
        """Take an end tag; in HTML those that were left out are closed with it."""
        if name in self.path[-_OPEN:]:
            while self.path.pop() != name:
                pass
        if not self.tables:
            return
        if name == "table":
            self.tables.pop()
        elif name in ("td", "th"):
            self.tables[-1].column += 1

    @abstractmethod
    def attributes(self, token: Opened) -> Iterator[Field]:
        """Yield what the attributes of an element mean."""

    def leaf(self, literal: Literal) -> Iterator[Field]:
        """Yield what a text means by the head of its column or row, or by the term before it."""
        value = self.value(literal)
        inside = next((one for one in reversed(self.path[-3:]) if one in ("td", "th", "dt", "dd")), "")
        told: Column | None = None
        if inside == "dt":
            self.term = column(value.rstrip(":"))
        elif inside == "dd":
            told = self.term
        elif inside and self.tables:
            table = self.tables[-1]
            is_label = value.endswith(":") and inside == "td"
            if inside == "th" or is_label:
                table.row_head = column(value.rstrip(": "))
                if inside == "th":
                    table.heads += [None] * (table.column + 1 - len(table.heads))
                    table.heads[table.column] = table.row_head
            else:
                head = table.heads[table.column] if table.column < len(table.heads) else None
                told = table.row_head or head
        yield from self.told(literal, told, f"html:{told.meaning}" if told else "")

    def told(self, literal: Literal, told: Column | None, meaning: str) -> Iterator[Field]:
        """Yield a field if a name says what a value is and the value can be that."""
        value = self.value(literal)
        if told is None or not value or len(value) > _LONGEST or (told.tentative and not _NAMELIKE.match(value)):
            return
        entity_type = "" if told.entity_type == "DATE_TIME" and _YEAR.match(value) else told.entity_type
        yield self.field(literal, entity_type, meaning)

    def value(self, literal: Literal) -> str:
        """Return what stands in a literal, without the blanks around it."""
        return self.text[literal.start : literal.end].strip()

    def field(self, literal: Literal, entity_type: str, meaning: str, skip: int = 0) -> Field:
        """Return a field without the blanks around a value, behind its first `skip` code points."""
        raw = self.text[literal.start : literal.end]
        start = literal.start + len(raw) - len(raw.lstrip()) + skip
        return Field(start, max(start + 1, literal.start + len(raw.rstrip())), entity_type, meaning)


class _Xml(_Reader):
    """CDA, FHIR XML, and documents of no format that is known here."""

    def __init__(self, markup: MarkupText) -> None:
        super().__init__(markup)
        roots = [token for token in markup.tokens if isinstance(token, Opened)][:1]
        named = {one.name for one in roots}
        spaces = {self.value(one.literal) for root in roots for one in root.attributes if one.name.startswith("xmlns")}
        self.is_cda = bool(named & _CDA_ROOTS) or "urn:hl7-org:v3" in spaces
        self.is_fhir = cda.FHIR_NAMESPACE in spaces

    def attributes(self, token: Opened) -> Iterator[Field]:
        """Yield what the attributes of an element mean."""
        own = {one.name.rpartition(":")[2]: self.value(one.literal) for one in token.attributes}
        for one in token.attributes:
            name, value = one.name.rpartition(":")[2], self.value(one.literal)
            if not value:
                continue
            if one.name.startswith("xmlns"):
                yield self.field(one.literal, "", "xml:namespace")
            elif self.is_fhir:
                entity_type = cda.fhir_type(self.path, value) if name == "value" else None
                if entity_type is not None:
                    yield self.field(one.literal, entity_type, "fhir-xml:value", self.skipped(value, entity_type))
            elif self.is_cda:
                entity_type = cda.attribute_type(self.path, name, value, own)
                if entity_type is not None:
                    meaning = f"cda:{self.shown()}.{name if name in ('value', 'extension', 'root') else 'code'}"
                    skip = self.skipped(value, entity_type) if self.path[-1] == "telecom" else 0
                    yield self.field(one.literal, entity_type, meaning, skip)
            else:
                told = column(name if name != "value" else self.path[-1]) if len(name) <= MAX_NAME else None
                yield from self.told(one.literal, told, f"xml:{told.meaning}" if told else "")

    def leaf(self, literal: Literal) -> Iterator[Field]:
        """Yield what a text means."""
        value = self.value(literal)
        if self.is_cda:
            entity_type = cda.text_type(self.path, value)
            if entity_type is not None:
                yield self.field(literal, entity_type, f"cda:{self.shown()}")
                return
        elif not self.is_fhir and self.alone and len(self.path[-1]) <= MAX_NAME:
            told = column(self.path[-1])
            if told is not None:
                yield from self.told(literal, told, f"xml:{told.meaning}")
                return
        yield from super().leaf(literal)

    def skipped(self, value: str, entity_type: str) -> int:
        """Return how much of a value is its scheme."""
        is_contact = entity_type in ("PHONE_NUMBER", "FAX_NUMBER", "EMAIL_ADDRESS")
        return cda.contact(value)[0] if is_contact else 0

    def shown(self) -> str:
        """Return the element's name where it is one of ours, so that no meaning shows what a payload made up."""
        return self.path[-1] if self.path[-1] in cda.WORDS else "element"


class _Html(_Reader):
    """Links, form fields and tables."""

    def attributes(self, token: Opened) -> Iterator[Field]:
        """Yield links to phones and addresses, the values of form fields, and what is only for the browser."""
        own = {one.name.lower(): one.literal for one in token.attributes}
        named = next((self.value(own[name]) for name in ("name", "id", "itemprop", "data-label") if name in own), "")
        told = column(named) if named else None
        for one in token.attributes:
            name, value = one.name.lower(), self.value(one.literal)
            if name == "href" and value.lower().startswith(_SCHEMES):
                skip, entity_type = cda.contact(value)
                found = self.field(one.literal, entity_type, "html:href", skip)
                query = self.text.find("?", found.start, found.end)
                yield found if query <= found.start else Field(found.start, query, entity_type, found.meaning)
            elif name in ("value", "content", "datetime"):
                yield from self.told(one.literal, told, f"html:{told.meaning}" if told else "")
            elif name in _NOBODYS_HTML and value:
                yield self.field(one.literal, "", "html:layout")
