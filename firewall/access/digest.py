"""The digest of a tool's definition: SHA-256 over its canonical JSON (RFC 8785), so that anybody can compute it.

The whole definition counts, whatever the server put into it. White space, the order of members and the spelling of
numbers and escapes do not, because no two servers or proxies agree on those.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import math

from firewall.errors import InvalidRequestError

PREFIX = "sha256:"


def definition_digest(definition: object) -> str:
    """Return `sha256:` and the hex digest of a definition's plain values (as `json.loads` gives them).

    Raises InvalidRequestError for a number that no double can hold: readers would disagree about it.
    """
    return f"{PREFIX}{hashlib.sha256(canonical_json(definition).encode()).hexdigest()}"


def same_digest(one: str, other: str) -> bool:
    """Compare two digests in constant time."""
    return hmac.compare_digest(one.encode("utf-8", "replace"), other.encode("utf-8", "replace"))


def canonical_json(value: object) -> str:
    """Write plain values as RFC 8785 does: members in the order of their UTF-16 code units, numbers as ECMAScript does."""
    if isinstance(value, dict):
        members = sorted(value.items(), key=lambda item: str(item[0]).encode("utf-16-be"))
        return "{" + ",".join(f"{_text(str(name))}:{canonical_json(item)}" for name, item in members) + "}"
    if isinstance(value, list):
        return "[" + ",".join(canonical_json(item) for item in value) + "]"
    if isinstance(value, str):
        return _text(value)
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    if isinstance(value, int | float):
        return _number(value)
    raise TypeError("only what JSON knows has a canonical form")


def _text(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _number(number: float) -> str:
    """Write a number as ECMAScript's `Number::toString` does: the shortest digits that give the same double."""
    try:
        double = float(number)
    except OverflowError:
        double = math.inf
    if not math.isfinite(double):
        raise InvalidRequestError("a number in the definition is larger than a double can hold")
    if double == 0:
        return "0"
    sign = "-" if double < 0 else ""
    mantissa, _, power = f"{abs(double)!r}".partition("e")
    whole, _, fraction = mantissa.partition(".")
    fraction = "" if fraction == "0" else fraction
    digits = (whole + fraction).lstrip("0")
    # The value is 0.digits times ten to the power of `point`.
    point = len(whole) + int(power or 0) if whole != "0" else len(digits) - len(fraction) + int(power or 0)
    digits = digits.rstrip("0")
    count = len(digits)
    if count <= point <= 21:
        body = digits + "0" * (point - count)
    elif 0 < point <= 21:
        body = f"{digits[:point]}.{digits[point:]}"
    elif -6 < point <= 0:
        body = f"0.{'0' * -point}{digits}"
    else:
        tail = f".{digits[1:]}" if count > 1 else ""
        body = f"{digits[0]}{tail}e{'+' if point > 0 else '-'}{abs(point - 1)}"
    return sign + body
