"""The disguises that every example of a rule is put into, and must be found through."""

from __future__ import annotations

import base64
import codecs
import gzip
from collections.abc import Callable, Mapping

_HOMOGLYPHS = str.maketrans("aeopcxyisjAEOPCXTBHKM", "аеорсхуіѕјАЕОРСХТВНКМ")  # noqa: RUF001 - the disguise itself


def _zero_width(text: str) -> str:
    return "\u200b".join(text)


def _soft_hyphens(text: str) -> str:
    return "".join(char + "\u00ad" if char.isalpha() else char for char in text)


def _full_width(text: str) -> str:
    return "".join(chr(ord(char) + 0xFEE0) if "!" <= char <= "~" else char for char in text)


def _confusables(text: str) -> str:
    return text.translate(_HOMOGLYPHS)


def _white_space(text: str) -> str:
    return text.replace(" ", " \n\t ")


def _base64(text: str) -> str:
    return f"see {base64.b64encode(text.encode()).decode()} end"


def _base64_twice(text: str) -> str:
    return base64.b64encode(base64.b64encode(text.encode())).decode()


def _base32(text: str) -> str:
    return base64.b32encode(text.encode()).decode()


def _gzip(text: str) -> str:
    return base64.b64encode(gzip.compress(text.encode(), mtime=0)).decode()


def _hex(text: str) -> str:
    return text.encode().hex()


def _percent(text: str) -> str:
    return "".join(f"%{byte:02X}" for byte in text.encode())


def _entities(text: str) -> str:
    return "".join(f"&#x{ord(char):x};" for char in text)


def _escapes(text: str) -> str:
    units = text.encode("utf-16-be")
    pairs = (units[index : index + 2].hex() for index in range(0, len(units), 2))
    return "".join(f"\\u{pair}" for pair in pairs) if all(ord(char) < 0x10000 for char in text) else text


def _tags(text: str) -> str:
    return "see" + "".join(chr(0xE0000 + ord(char)) for char in text) if text.isascii() and text.isprintable() else text


def _rot13(text: str) -> str:
    return codecs.encode(text, "rot13")


def _reversed(text: str) -> str:
    return text[::-1]


EVERYWHERE: Mapping[str, Callable[[str], str]] = {
    "zero-width": _zero_width,
    "soft-hyphens": _soft_hyphens,
    "full-width": _full_width,
    "confusables": _confusables,
    "white-space": _white_space,
    "base64": _base64,
    "base64-twice": _base64_twice,
    "base32": _base32,
    "gzip-base64": _gzip,
    "hex": _hex,
    "percent": _percent,
    "html-entities": _entities,
    "json-escapes": _escapes,
    "tag-characters": _tags,
}
# Nobody can read an identifier in rot13 or backwards, a model can read an order in it.
ORDERS: Mapping[str, Callable[[str], str]] = {**EVERYWHERE, "rot13": _rot13, "reversed": _reversed}
