"""Tokens: what takes the place of a text that can be had back, and what a token has to be for that.

A token is letters, digits, `-` and `_` only, so that it stands unchanged in JSON, XML, HL7, CSV and an address:

    FW1-PERSON-s51-<51 characters>   sealed: the text itself, encrypted with AES-256-GCM; nothing is kept anywhere
    FW1-PERSON-v<22 characters>      vault: a name and its check; the text is kept in a vault, sealed

Its length is told in front or fixed, so it ends where it ends, whatever follows it. Keys come by HKDF from the service's
key and from tenant, session and purpose: a token of another scope is not opened, and cannot be told from a forged one.
Within a scope the same text has the same token, so that whoever sees two of them sees whether they are the same.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from firewall.sealed import NONCE_BYTES, Seal, derive

PREFIX: Final = "FW1-"
SEALED, KEPT = "s", "v"
_HEAD: Final = re.compile(r"FW1-([A-Z][A-Z0-9_]{0,39})-(?:s([1-9][0-9]{0,7})-|(v))")
_BODY: Final = re.compile(r"[A-Za-z0-9_-]*+")
_OTHER: Final = re.compile(r"[^A-Z0-9_]")
_ID_BYTES: Final = 12
_CHECK_BYTES: Final = 4
_KEPT_CHARACTERS: Final = 22  # 16 bytes


@dataclass(frozen=True, slots=True)
class Original:
    """What a token stands for: the text, and how it was spelled where that is not how its format would write it.

    `syntax` names the formats around it, the outermost first; the spelling is good for a place inside the same ones.
    """

    value: str = field(repr=False)
    spelling: str | None = field(default=None, repr=False)
    syntax: str = ""

    def packed(self) -> bytes:
        """Return it as bytes."""
        value = self.value.encode("utf-8", "surrogatepass")
        if self.spelling is None:
            return b"\0" + value
        syntax = self.syntax.encode("ascii", "replace")[:255]
        spelling = self.spelling.encode("utf-8", "surrogatepass")
        return b"\1" + bytes([len(syntax)]) + syntax + len(value).to_bytes(4, "big") + value + spelling

    @classmethod
    def unpacked(cls, packed: bytes) -> Original:
        """Read what `packed` wrote."""
        if packed[:1] == b"\0":
            return cls(packed[1:].decode("utf-8", "surrogatepass"))
        at = 2 + packed[1]
        syntax = packed[2:at].decode("ascii")
        end = at + 4 + int.from_bytes(packed[at : at + 4], "big")
        value, spelling = packed[at + 4 : end], packed[end:]
        return cls(value.decode("utf-8", "surrogatepass"), spelling.decode("utf-8", "surrogatepass"), syntax)


@dataclass(frozen=True, slots=True)
class Token:
    """A token that stands in a text at `[start, end)`: what it says of itself, which may all be made up."""

    start: int
    end: int
    kind: str
    entity_type: str = field(repr=False)
    body: bytes = field(repr=False)


def tokens_in(text: str) -> Iterator[Token]:
    """Yield what has the form of a token, in order and apart from one another. Linear in the text."""
    at = text.find(PREFIX)
    while at >= 0:
        head = _HEAD.match(text, at)
        if head is None:
            at = text.find(PREFIX, at + len(PREFIX))
            continue
        end = head.end() + (_KEPT_CHARACTERS if head[3] else int(head[2]))
        body = _bytes(text[head.end() : end]) if end <= len(text) else None
        if body is not None:
            yield Token(at, end, head[3] or SEALED, head[1], body)
        # What the head claims is passed over even where it is none, so that no character is read twice.
        at = text.find(PREFIX, end if body is not None or end <= len(text) else head.end())


class Scope:
    """The tokens of one tenant, session and purpose."""

    __slots__ = ("_checks", "_cipher", "_names", "_nonces", "_seal")

    def __init__(self, key: bytes) -> None:
        """Take the scope's key (32 bytes)."""
        self._cipher = AESGCM(derive(key, "tokens/sealed"))
        self._nonces = derive(key, "tokens/nonces")
        self._names = derive(key, "tokens/names")
        self._checks = derive(key, "tokens/checks")
        self._seal = Seal(key, "tokens/vault")

    def __repr__(self) -> str:
        """Show no key."""
        return "Scope()"

    def sealed(self, original: Original, entity_type: str) -> str:
        """Return the token that holds a text itself.

        The nonce is a keyed hash of what is sealed, so that two texts have the same one only where they are the same.
        """
        kind = word(entity_type)
        packed, about = original.packed(), _about(SEALED, kind)
        nonce = hmac.digest(self._nonces, about + packed, "sha256")[:NONCE_BYTES]
        body = _text(nonce + self._cipher.encrypt(nonce, packed, about))
        return f"{PREFIX}{kind}-{SEALED}{len(body)}-{body}"

    def kept(self, original: Original, entity_type: str) -> tuple[str, bytes, bytes]:
        """Return the token of a text that a vault keeps, with the name and the sealed bytes that it keeps it under."""
        kind = word(entity_type)
        packed, about = original.packed(), _about(KEPT, kind)
        number = hmac.digest(self._names, about + packed, "sha256")[:_ID_BYTES]
        name = self._name(number)
        body = _text(number + self._check(about, number))
        return f"{PREFIX}{kind}-{KEPT}{body}", name, self._seal.seal(name, packed)

    def opened(self, token: Token) -> Original | None:
        """Return what a sealed token holds; None where it is not of this scope."""
        if token.kind != SEALED:
            return None
        nonce, rest = token.body[:NONCE_BYTES], token.body[NONCE_BYTES:]
        try:
            return Original.unpacked(self._cipher.decrypt(nonce, rest, _about(SEALED, token.entity_type)))
        except (InvalidTag, ValueError):  # ValueError: too short to be anything that was sealed
            return None

    def name_of(self, token: Token) -> bytes | None:
        """Return the name under which a vault keeps a token's text; None where the token is not of this scope."""
        if token.kind != KEPT or len(token.body) != _ID_BYTES + _CHECK_BYTES:
            return None
        number, check = token.body[:_ID_BYTES], token.body[_ID_BYTES:]
        if not hmac.compare_digest(check, self._check(_about(KEPT, token.entity_type), number)):
            return None
        return self._name(number)

    def unsealed(self, name: bytes, sealed: bytes) -> Original | None:
        """Return what a vault kept under a name; None where this scope did not seal it."""
        packed = self._seal.open(name, sealed)
        return None if packed is None else Original.unpacked(packed)

    def genuine(self, token: Token) -> bool:
        """Tell whether a token was made in this scope."""
        return self.opened(token) is not None if token.kind == SEALED else self.name_of(token) is not None

    def _name(self, number: bytes) -> bytes:
        return hmac.digest(self._names, b"name" + number, "sha256")

    def _check(self, about: bytes, number: bytes) -> bytes:
        return hmac.digest(self._checks, about + number, "sha256")[:_CHECK_BYTES]


def word(entity_type: str) -> str:
    """Return an entity type as it stands in a token: capitals, digits and `_`, at most 40."""
    kept = _OTHER.sub("_", entity_type.upper())[:40]
    return kept if kept[:1].isalpha() else "VALUE"


def _about(kind: str, entity_type: str) -> bytes:
    return f"{PREFIX}{entity_type}-{kind}".encode()


def _text(body: bytes) -> str:
    return base64.urlsafe_b64encode(body).rstrip(b"=").decode("ascii")


def _bytes(body: str) -> bytes | None:
    """Return the bytes that a body spells; None where it is no base64url, or another spelling of the same bytes."""
    if _BODY.fullmatch(body) is None:
        return None
    try:
        found = base64.urlsafe_b64decode(body + "=" * (-len(body) % 4))
    except (binascii.Error, ValueError):
        return None
    return found if _text(found) == body else None
