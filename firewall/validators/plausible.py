"""Plausibility: whether a value can be the thing that a pattern took it for, where no check digit can say so."""

from __future__ import annotations

import base64
import binascii
import ipaddress
import json
import math
import re
from collections import Counter
from collections.abc import Callable
from typing import Any

import phonenumbers

from firewall.validators.check_digits import digits

_PHONE_REGIONS = ("US", "GB", "DE", "FR", "ES", "IT", "NL", "IN", "AU", "BR", "SE", "PL")
# Plans whose numbers are written with a leading 0 at home, and the two where brackets hold the area code.
_TRUNK_REGIONS = (
    "GB", "DE", "FR", "IE", "AU", "NZ", "CH", "AT", "BE", "NL", "SE", "FI", "IN", "JP", "CN", "KR", "ZA", "NG", "IL",
    "TR", "IT",
)  # fmt: skip
_BRACKET_REGIONS = ("BR", "MX", "IE", "GB", "AU", "NZ", "RU")
_SLASHED_DATE = re.compile(r"\d{1,2}(?:/\d{1,2}/\d{2}|[.-]\d{1,2}[.-](?:19|20)\d{2}\b)")
_EXTENSION = re.compile(r",? ?(?:x|ext\.?|extn\.?|extension|#)[ .:]{0,2}\d{1,6}$", re.IGNORECASE)
_ROLE_MAILBOXES = frozenset(
    "abuse accounts admin administrator alerts billing bot bounce careers ci compliance contact customerservice "
    "devnull devops donotreply do-not-reply feedback git hello help helpdesk hostmaster hr info it itsupport jobs "
    "legal lims mail mailer mailer-daemon marketing monitoring news newsletter noc no-reply nobody noreply "
    "notification notifications office ops orders pharmacovigilance postmaster press privacy qa qms quality "
    "regulatory reports root safety sales security service servicedesk support sysadmin system team validation "
    "webmaster".split()
)
# Hosts that stand in names of code systems, profiles and XML namespaces; nobody's page is there.
_NAMESPACES = frozenset(
    "hl7.org terminology.hl7.org fhir.org loinc.org snomed.info unitsofmeasure.org w3.org purl.org purl.obolibrary.org "
    "json-schema.org schema.org schemas.xmlsoap.org schemas.openxmlformats.org dicom.nema.org nucc.org ns.adobe.com "
    "standardhealthrecord.org id.who.int whocc.no ama-assn.org cdc.gov/nhsn nlm.nih.gov/research/umls ihe.net "
    "ihtsdo.org rxnav.nlm.nih.gov ncimeta.nci.nih.gov nema.org cms.gov/medicare/coding".split()
)
_PLACEHOLDER = re.compile(
    r"(?:your|my|the|some|insert|enter|add|replace|change|example|sample|dummy|placeholder|redacted|masked|hidden|"
    r"removed|undefined|optional|required|xxx+|\*\*\*+|\.\.\.|process\.env|os\.environ|getenv|vault:|secretref|todo)"
    r"(?:[^a-z]|$)|[<>{}$]|%\(|%[sd]|[a-z]\(|^(?:null|none|nil|true|false|string|str|text|password|secret|token|n/a)$"
)
_WORDS_FOR_PASSWORDS = frozenset("pass password passwd pwd secret token pw key xxx".split())
_ATTRIBUTE = re.compile(r"[A-Za-z_]\w{0,19}(?:\.[A-Za-z_]\w{0,19})+")  # `result1.output.strip` in source code


def entropy(value: str) -> float:
    """Shannon entropy of the characters, in bits a character."""
    total = len(value)
    return -sum(count / total * math.log2(count / total) for count in Counter(value).values()) if total else 0.0


def secret_like(value: str) -> bool:
    """A machine-made secret: no placeholder, letters and digits mixed, at least 3 bits a character."""
    mixed = any(char.isalpha() for char in value) and any(char.isdigit() for char in value)
    placeholder = _PLACEHOLDER.search(value.lower()) or _ATTRIBUTE.fullmatch(value)
    return mixed and not placeholder and entropy(value) >= 3.0


def password_like(value: str) -> bool:
    """A password rather than a word or a placeholder: six characters or more of two kinds, four of them different."""
    kinds = sum(
        any(test(char) for char in value)
        for test in (str.islower, str.isupper, str.isdigit, lambda char: not char.isalnum() and char not in "_-. /,;:")
    )
    # a capitalised or camel-case word (`Required`, `resetPassword`) has two kinds of letters and is still a word
    word = re.fullmatch(r"[A-Za-z][a-z]*(?:[A-Z][a-z]*)*[.,;!?]?", value) is not None
    return (
        len(value) >= 6 and len(set(value)) >= 4 and kinds >= 2 and not word and not _PLACEHOLDER.search(value.lower())
    )


def url_credentials(value: str) -> bool:
    """The `user:password` of an address rather than the words for them."""
    password = value.partition(":")[2]
    return password.lower() not in _WORDS_FOR_PASSWORDS and not _PLACEHOLDER.search(password.lower())


def jwt(value: str) -> bool:
    """RFC 7519 compact form: the first two parts are base64url JSON objects and the header names an algorithm."""
    parts = [_json_object(part) for part in value.split(".")[:2]]
    return len(parts) == 2 and all(part is not None for part in parts) and "alg" in (parts[0] or {})


def _json_object(part: str) -> dict[str, Any] | None:
    """Decode one base64url part to a JSON object, or None."""
    decoded = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return decoded if isinstance(decoded, dict) else None


def basic_credentials(value: str) -> bool:
    """RFC 7617: base64 of `user:password`."""
    try:
        decoded = base64.b64decode(value + "=" * (-len(value) % 4), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return False
    return decoded.isprintable() and re.fullmatch(r"[^:]+:.+", decoded) is not None


def age_over_89(value: str) -> bool:
    """An age that Safe Harbor wants aggregated: 90 to 119 years (45 CFR 164.514(b)(2)(i)(C)), in figures or words."""
    if value.isdecimal():
        return 90 <= int(value) <= 119
    return re.match(r"ninety|(?:one |a )?hundred", value.lower()) is not None


def phone_possible(value: str) -> bool:
    """A number that is called a phone number: of a possible length in one of twelve numbering plans."""
    value = _EXTENSION.sub("", value)
    number = digits(value)
    if not 7 <= len(number) <= 15 or len(set(number)) < 3:
        return False
    regions = (None,) if value.startswith("+") else _PHONE_REGIONS
    return any(_phone(value, region, phonenumbers.is_possible_number) for region in regions) or len(number) == 7


def phone_valid(value: str) -> bool:
    """An international number (+ or 00) whose country code is assigned and whose length its plan knows."""
    number = _EXTENSION.sub("", value).replace("(0)", "")
    number = f"+{number[2:]}" if number.startswith("00") else number
    return 8 <= len(digits(number)) <= 15 and _phone(number, None, phonenumbers.is_possible_number)


def phone_trunk(value: str) -> bool:
    """A number as it is dialled at home, with a leading 0: valid in one of twenty plans."""
    value = _EXTENSION.sub("", value)
    number = digits(value)
    if not 9 <= len(number) <= 12 or number[0] != "0" or number[1] == "0" or len(set(number)) < 3:
        return False
    if _SLASHED_DATE.match(value):
        return False
    if value.count("-") > 1 and re.search(r"-\d{4}$", value) is None:
        return False  # a part number: with two dashes, the last group of a telephone number has four digits
    return any(_phone(value, region, phonenumbers.is_valid_number) for region in _TRUNK_REGIONS)


def phone_bracketed(value: str) -> bool:
    """A number whose area code stands in brackets: of a possible length in one of the plans that write so."""
    number = digits(value)
    if not 9 <= len(number) <= 11 or len(set(number)) < 3:
        return False
    return any(_phone(value, region, phonenumbers.is_possible_number) for region in _BRACKET_REGIONS)


def phone_nanp(value: str) -> bool:
    """A North American number: area and exchange start with 2-9, and the area code is no service code (N11)."""
    number = digits(_EXTENSION.sub("", value))
    number = number[1:] if number[:1] == "1" else number
    return len(number) == 10 and number[0] > "1" and number[3] > "1" and number[1:3] != "11" and len(set(number)) > 3


def _phone(value: str, region: str | None, test: Callable[[phonenumbers.PhoneNumber], bool]) -> bool:
    """Parse with the region's dialling rules and apply the test; unreadable is False."""
    try:
        return test(phonenumbers.parse(value, region))
    except phonenumbers.NumberParseException:
        return False


def personal_mailbox(value: str) -> bool:
    """A mailbox of a person rather than of a role (noreply@, quality@) or of a machine (git@)."""
    local = value.lower().split("@", 1)[0].split("+", 1)[0]
    return local not in _ROLE_MAILBOXES and not local.startswith(("noreply", "no-reply", "donotreply"))


def web_address(value: str) -> bool:
    """An address somebody can be found by, rather than a code system's name, an XML namespace or this machine."""
    place = re.sub(r"^[a-z]+://(?:[^@/]*@)?", "", value.lower()).removeprefix("www.").rstrip("/")
    host = place.split("/", 1)[0].split(":", 1)[0]
    named = host in _NAMESPACES or any(place.startswith(name) for name in _NAMESPACES if "/" in name)
    return not named and not host.startswith(("localhost", "127."))


def mac_address(value: str) -> bool:
    """A hardware address that can belong to one machine: six octets, neither broadcast nor zero."""
    octets = re.sub(r"[^0-9a-f]", "", value.lower())
    return len(octets) == 12 and len(set(octets)) > 2


def ip_address(value: str) -> bool:
    """An IPv4 or IPv6 address that can belong to a machine: not unspecified, loopback or a net mask."""
    address = ipaddress.ip_address(value.split("/", 1)[0].split("%", 1)[0])
    if address.version == 6 and value.count(":") + value.count(".") < 3:
        return False  # `a::b` is a name in several programming languages
    if address.version == 4 and address.packed[0] != 10 and max(address.packed) < 32:
        return False  # 2.7.10.1 is a version, a chapter or an enzyme far more often
    return not (address.is_unspecified or address.is_loopback or value.startswith(("255.", "0.")))
