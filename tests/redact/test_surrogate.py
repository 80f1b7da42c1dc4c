"""Surrogates and generalised values: nobody's, of the same format, valid, the same for the same and no two alike."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firewall.redact.generalise import generalised
from firewall.redact.names import ENDINGS, STEMS, every_list
from firewall.redact.operators import operate
from firewall.redact.permute import next_of, next_valid
from firewall.validators import VALIDATORS
from firewall.vocabulary import Operator
from tests.redact.keyrings import KEYS, keys_of

KEY = bytes(32)
LISTS = list(every_list())
# entity type, validator, a number that is valid by its check digits and made up
NUMBERS = [
    ("US_SSN", "us_ssn", "536-22-1874"), ("US_NPI", "npi", "1234567893"), ("UK_NHS", "nhs", "943 476 5919"),
    ("CREDIT_CARD", "card", "4111 1111 1111 1111"), ("IBAN_CODE", "iban", "DE89 3704 0044 0532 0130 00"),
    ("IBAN_CODE", "iban", "GB82WEST12345698765432"), ("CA_SIN", "sin", "130 692 544"), ("AU_TFN", "tfn", "123 456 782"),
    ("NL_BSN", "bsn", "111222333"), ("BR_CPF", "cpf", "390.533.447-05"), ("ES_NIF", "dni", "12345678Z"),
    ("VEHICLE_ID", "vin", "1M8GDM9AXKP042788"), ("MEDICAL_LICENSE", "dea", "AB1234563"), ("PL_PESEL", "pesel", "44051401359"),
    ("IN_AADHAAR", "aadhaar", "234123412346"), ("CH_AHV", "ahv", "756.9217.0769.85"), ("DE_TAX_ID", "steuer_id", "36574261809"),
    ("UK_NINO", "nino", "AB123456C"), ("US_MBI", "mbi", "1EG4-TE5-MK73"), ("FI_HETU", "hetu", "131052-308T"),
]  # fmt: skip


def made(text: str, entity_type: str, session: str = "s-1") -> str:
    """Return a surrogate."""
    return operate(Operator("surrogate"), text, entity_type, keys_of(session=session))


def shape(text: str) -> str:
    """Return a text with every digit, small letter and capital as one of its kind."""
    return re.sub("[A-Z]", "A", re.sub("[a-z]", "a", re.sub("[0-9]", "0", text)))


@given(st.lists(st.text("abcXYZ0123456789-/ ", min_size=1, max_size=9), min_size=2, max_size=40, unique=True))
@settings(max_examples=80, deadline=None)
def test_one_text_for_each(texts: list[str]) -> None:
    """No text becomes itself, no two become the same, and all keep their format."""
    texts = [text for text in texts if re.search("[A-Za-z1-9]", text)]
    results = [next_of(text, KEY) for text in texts]
    assert len(set(results)) == len(results)
    assert all(result != text and shape(result) == shape(text) for result, text in zip(results, texts, strict=True))


def test_a_format_is_one_cycle() -> None:
    """Every three-digit code is reached once, and numbers keep that they do not begin with 0."""
    seen, at = set(), "100"
    while at not in seen:
        seen.add(at)
        at = next_of(at, KEY)
    assert seen == {str(number) for number in range(100, 1000)}
    assert next_of("x" * 5_000, KEY) != next_of("x" * 4_999 + "y", KEY)
    assert next_valid("7", KEY, lambda one: one == "7") is None


@pytest.mark.parametrize(("entity_type", "validator", "number"), NUMBERS, ids=[f"{one[0]}-{one[2]}" for one in NUMBERS])
def test_valid_numbers_stay_valid(entity_type: str, validator: str, number: str) -> None:
    """With their separators and letters where they were, the same in a session and another one in the next."""
    holds = VALIDATORS[validator]
    assert holds(number)
    results = {session: made(number, entity_type, session) for session in ("s-1", "s-2", "s-3")}
    for session, result in results.items():
        assert holds(result) and result != number
        assert re.sub("[A-Z0-9]", "0", result) == re.sub("[A-Z0-9]", "0", number)
        assert made(number, entity_type, session) == result
    assert len(set(results.values())) > 1


def test_names_keep_case_gender_and_their_parts() -> None:
    """A listed name becomes one of its list; titles and initials stay in place; a surname alone is the same surname."""
    women = next(names for names in LISTS if "maria" in names)
    first, last = made("Maria Rossi", "PERSON").split()
    assert first.lower() in women and first != "Maria"
    assert made("ROSSI, MARIA", "PERSON") == f"{last.upper()}, {first.upper()}"
    assert made("Dr. rossi", "PERSON") == f"Dr. {last.lower()}"
    assert re.fullmatch(
        r"O'[A-Z][a-z]+ [B-Z]\. [A-Z][a-z]+-[A-Z][a-z]+, MD", made("O'Brien A. Smith-Jones, MD", "PERSON")
    )
    assert re.fullmatch("[А-Я][а-я]{4} [А-Я][а-я]{5}", made("Павел Иванов", "PERSON"))


def test_no_two_names_of_a_session_meet() -> None:
    """Three thousand names that stand in no list, and all that do, become as many others."""
    unknown = [f"Q{stem}{ending}" for stem in STEMS[:60] for ending in ENDINGS[:50]]
    known = [name.capitalize() for names in LISTS for name in names]
    keys = keys_of(session="crowd")
    results = [keys.surrogates.of(name, "PERSON") for name in unknown + known]
    assert len(set(results)) == len(unknown) + len(known)
    assert all(one != other for one, other in zip(results, unknown + known, strict=True))


@pytest.mark.parametrize(
    ("number", "pattern"),
    [
        ("(415) 867-5309 x12", r"\(\d{3}\) 555-01\d\d x\d\d"),
        ("+1 415 867 5309", r"\+1 \d{3} 555 01\d\d"),
        ("867-5309", r"555-01\d\d"),
        ("+44 7911 123456", r"\+44 7700 900\d{3}"),
        ("06 12 34 56 78", r"06 39 98 \d\d \d\d"),
        ("+33 1 42 68 53 00", r"\+33 (?:1 99 00|2 61 91|3 53 01|4 65 71|5 36 49) \d\d \d\d"),
        ("+49 30 12345678", r"\+49 \d\d \d{8}"),
        ("+61 2 9374 4000", r"\+61 [2378] 5550 \d{4}"),
        ("+81 3 1234 5678", r"\+81 \d \d{4} \d{4}"),
    ],
)
def test_telephones_ring_nowhere(number: str, pattern: str) -> None:
    """Where a country keeps numbers free, one of these; written as it was, and the same however it is written."""
    assert re.fullmatch(pattern, made(number, "PHONE_NUMBER"))
    assert made("415-867-5309", "PHONE_NUMBER") == re.sub(r"\((\d+)\) ", r"\1-", made("(415) 867-5309", "PHONE_NUMBER"))


def test_telephones_of_a_session_do_not_meet() -> None:
    """Two thousand of one area become as many others."""
    keys = keys_of(session="crowd")
    results = {
        keys.surrogates.of(f"415-{200 + number // 10:03d}-{number:04d}", "PHONE_NUMBER") for number in range(2_000)
    }
    assert len(results) == 2_000


def test_addresses_reach_nobody() -> None:
    """Mail and pages are at example domains, machines in documentation networks; no two meet."""
    mails = {made(f"john.smith{number}@clinic{number % 7}.org", "EMAIL_ADDRESS") for number in range(200)}
    assert len(mails) == 200 and all(re.search(r"@example\.(?:org|com|net)$", mail) for mail in mails)
    assert made("John.Smith@Clinic.org", "EMAIL_ADDRESS").split("@")[0] == ".".join(
        made("John Smith", "PERSON").split()
    )
    assert re.fullmatch(
        r"https://[a-z]+\.example\.(?:org|com|net)/[a-z]/\d{4}", made("https://a.clinic.org/p/1234", "URL")
    )
    assert re.fullmatch(r"(?:192\.0\.2|198\.51\.100|203\.0\.113)\.\d+/24", made("10.2.3.4/24", "IP_ADDRESS"))
    assert made("fe80::1", "IP_ADDRESS").startswith("2001:db8:")
    assert re.fullmatch("(?:[0-9A-F]{2}:){5}[0-9A-F]{2}", made("00:1A:2B:3C:4D:5E", "MAC_ADDRESS"))
    place = made("4127 Alder Creek Road, Apt 5B, Fairmont, OR 97411", "LOCATION")
    assert re.fullmatch(r"[1-9]\d{3} [A-Z][a-z]+ [A-Z][a-z]+ Road, Apt \d[A-Z], [A-Z][a-z]+, OR [1-9]\d{4}", place)


def test_dates_and_ages_go_their_own_way() -> None:
    """A date moves as under `shift_date`, an age becomes its band."""
    assert made("2024-03-05", "DATE_TIME") == operate(Operator("shift_date"), "2024-03-05", "DATE_TIME", KEYS)
    assert made("93 years", "AGE") == "90+ years"


@pytest.mark.parametrize(
    ("text", "entity_type", "expected"),
    [
        ("97411", "LOCATION", "974"),
        ("97411-1234", "LOCATION", "974"),
        ("03601", "LOCATION", "000"),
        ("4127 Alder Creek Road, Fairmont, OR 97411", "LOCATION", "OR 974"),
        ("Fairmont", "LOCATION", None),
        ("2024-03-05", "DATE_TIME", "2024"),
        ("93-year-old", "AGE", "90+-year-old"),
        ("42", "AGE", "40-49"),
        ("ninety", "AGE", None),
        ("10.1.2.3", "IP_ADDRESS", "10.1.2.0/24"),
        ("2001:db8:1:2::1", "IP_ADDRESS", "2001:db8:1::/48"),
        ("no address", "IP_ADDRESS", None),
        ("Jane Doe", "PERSON", None),
    ],
)
def test_generalised(text: str, entity_type: str, expected: str | None) -> None:
    """As Safe Harbor allows it; where there is no such form, the operator writes the placeholder."""
    assert generalised(text, entity_type) == expected
    assert operate(Operator("generalise"), text, entity_type, KEYS) == (expected or f"<{entity_type}>")
    assert generalised("42", "AGE", band=5) == "40-44"
