"""Less exact instead of gone: the first digits of a ZIP code, the year of a date, a band of ages, a network.

As Safe Harbor has it (45 CFR 164.514(b)(2)(i)): ZIP codes keep three digits, or 000 where these stand for 20,000 people or
fewer; dates keep the year, unless it tells an age over 89; ages over 89 are one band.
"""

from __future__ import annotations

import ipaddress
import re
from datetime import UTC, datetime
from typing import Final

from firewall.redact.dates import years_of

# Areas of 20,000 people or fewer: by the census of 2000, as the guidance of HHS lists them, and by that of 2010.
RESTRICTED_ZIP3: Final = frozenset(
    "036 059 063 102 203 205 369 556 692 790 821 823 830 831 878 879 884 890 893".split()
)
OLDEST_AGE: Final = 90
_ZIP: Final = re.compile(r"\s*([0-9]{5})(?:-?[0-9]{4})?\s*\Z", re.ASCII)
# A state and its ZIP code at the end of an address.
_STATE_ZIP: Final = re.compile(
    r"(?:\A|[^A-Za-z])(A[KLRZ]|C[AOT]|D[CE]|FL|GA|HI|I[ADLN]|K[SY]|LA|M[ADEINOST]|N[CDEHJMVY]|O[HKR]|P[AR]|RI|S[CD]|"
    r"T[NX]|UT|V[AIT]|W[AIVY])[.,]?\s{1,3}([0-9]{5})(?:-[0-9]{4})?\s*\Z",
    re.ASCII,
)
_NUMBER: Final = re.compile(r"[0-9]+", re.ASCII)


def generalised(text: str, entity_type: str, *, band: int = 10) -> str | None:
    """Return a text made less exact, as its entity type allows; None where there is no such form of it.

    `band` is how many years a band of ages holds: 5 or 10.
    """
    if entity_type == "LOCATION":
        return _zip(text)
    if entity_type == "DATE_TIME":
        now = datetime.now(UTC).year
        return years_of(text, now=now, oldest=now - OLDEST_AGE)
    if entity_type == "AGE":
        return _age(text, band)
    if entity_type == "IP_ADDRESS":
        return _network(text)
    return None


def _zip(text: str) -> str | None:
    whole = _ZIP.match(text)
    if whole is not None:
        return _zip3(whole[1])
    found = _STATE_ZIP.search(text)
    return None if found is None else f"{found[1]} {_zip3(found[2])}"


def _zip3(code: str) -> str:
    return "000" if code[:3] in RESTRICTED_ZIP3 else code[:3]


def _age(text: str, band: int) -> str | None:
    numbers = _NUMBER.findall(text)
    if len(numbers) != 1 or len(numbers[0]) > 3:
        return None
    age = int(numbers[0])
    low = age // band * band
    return _NUMBER.sub(f"{OLDEST_AGE}+" if age >= OLDEST_AGE else f"{low}-{low + band - 1}", text)


def _network(text: str) -> str | None:
    try:
        address = ipaddress.ip_address(text.partition("/")[0])
    except ValueError:
        return None
    return str(ipaddress.ip_network(f"{address}/{24 if address.version == 4 else 48}", strict=False))
