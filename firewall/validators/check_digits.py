"""Check digits and position rules of identifiers that python-stdnum does not know, each with its source."""

from __future__ import annotations

import re

from stdnum import ean, luhn


def digits(value: str) -> str:
    """Keep the ASCII digits only."""
    return "".join(char for char in value if "0" <= char <= "9")


def npi(value: str) -> bool:
    """US National Provider Identifier: Luhn over the number behind 80840 (CMS NPI check digit, 45 CFR 162.406)."""
    number = digits(value)
    return len(number) == 10 and number[0] in "12" and luhn.is_valid("80840" + number)


def dea(value: str) -> bool:
    """US DEA registration: (d1+d3+d5) + 2 x (d2+d4+d6) ends in d7 (DEA Diversion Control, Practitioner's Manual)."""
    number = [int(char) for char in value[-7:]]
    return len(number) == 7 and (sum(number[0:6:2]) + 2 * sum(number[1:6:2])) % 10 == number[6]


def mbi(value: str) -> bool:
    """Medicare Beneficiary Identifier: positions of CMS "Understanding the MBI format"; it has no check digit."""
    letter = "AC-HJKMNP-RT-Y"
    pattern = rf"[1-9][{letter}][0-9{letter}]\d[{letter}][0-9{letter}]\d[{letter}]{{2}}\d{{2}}"
    return re.fullmatch(pattern, value.replace("-", "").replace(" ", "").upper()) is not None


def vin(value: str) -> bool:
    """Vehicle identification number: check character in place 9, modulo 11 (49 CFR 565.15)."""
    values = dict(zip("0123456789ABCDEFGHJKLMNPRSTUVWXYZ", "012345678912345678123457923456789", strict=True))
    number = value.upper()
    weights = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)
    total = sum(weight * int(values[char]) for weight, char in zip(weights, number, strict=True))
    return len(set(number)) > 5 and not number.isdecimal() and number[8] == "0123456789X"[total % 11]


def medicare_au(value: str) -> bool:
    """Australian Medicare card: weighted sum of eight digits modulo 10 (Services Australia, METeOR 270101)."""
    number = [int(char) for char in digits(value)]
    weighted = sum(weight * digit for weight, digit in zip((1, 3, 7, 9, 1, 3, 7, 9), number, strict=False))
    return len(number) in (10, 11) and 2 <= number[0] <= 6 and weighted % 10 == number[8]


def nino(value: str) -> bool:
    """UK National Insurance number: prefixes never allocated are refused (HMRC NIM39110); it has no check digit."""
    number = value.replace(" ", "").replace("-", "").upper()
    shape = re.fullmatch(r"[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z]\d{6}[A-D]", number)
    return shape is not None and number[:2] not in {"BG", "GB", "KN", "NK", "NT", "TN", "ZZ"}


def ssn_labelled(value: str) -> bool:
    """A number that is called a social security number: nine digits that are not all the same (masks in forms)."""
    number = digits(value)
    return len(number) == 9 and len(set(number)) > 1


def card(value: str) -> bool:
    """Payment card: Luhn, an issuer's first digit (ISO/IEC 7812), 13 to 19 digits, not one digit repeated."""
    number = re.sub(r"[ -]", "", value)
    return 13 <= len(number) <= 19 and number[0] in "23456" and len(set(number)) > 1 and luhn.is_valid(number)


def gtin(value: str) -> bool:
    """Device identifier of a GS1 UDI: the 14 digits after (01) end in a modulo 10 digit (GS1 General Specification)."""
    return bool(ean.is_valid(digits(value)[2:16]))


def hibc(value: str) -> bool:
    """HIBC supplier code: the last character is the modulo 43 sum of the others (ANSI/HIBC 2.6)."""
    table = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-. $/+%"
    return table[sum(table.index(char) for char in value[:-1]) % 43] == value[-1]


def mrz(value: str) -> bool:
    """Passport machine-readable zone (ICAO 9303-4): number, birth date, expiry and composite check digits hold."""
    line = value.replace(" ", "")[-44:].upper()
    fields = ((line[0:9], line[9]), (line[13:19], line[19]), (line[21:27], line[27]))
    composite = line[0:10] + line[13:20] + line[21:43]
    return all(_mrz_digit(text) == check for text, check in (*fields, (composite, line[43])))


def _mrz_digit(text: str) -> str:
    """Check digit of ICAO 9303-3 section 4.9: weights 7, 3, 1 over 0-9, A=10 ... Z=35, filler 0."""
    values = (0 if char == "<" else int(char, 36) for char in text)
    return str(sum(number * (7, 3, 1)[place % 3] for place, number in enumerate(values)) % 10)
