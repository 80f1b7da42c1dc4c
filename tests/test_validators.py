"""Validators accept what the issuer would accept, refuse the near miss, and never raise."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firewall.validators import VALIDATORS
from firewall.validators.plausible import entropy

# name: (values that hold, near misses); every number is made up and only its check digits are real
CASES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "aadhaar": (("3721 5901 0928",), ("3721 5901 0929", "1721 5901 0928")),
    "age_over_89": (
        ("90", "101", "119", "ninety", "ninety-eight", "one hundred and three"),
        ("89", "120", "eighty-nine", ""),
    ),
    "ahv": (("756.0117.1671.93",), ("756.0117.1671.94",)),
    "any_date": (
        ("3/4/31", "04.12.30", "9. 4. 1953", "9-X-1955", "8/22 and 8/29/31", "11-3-31"),
        ("10-20-30-40", "22-04-17-B", "13/13/2031", "31-XI-2031", "8/40 and 8/29/31", "1.2.3.4", "May 3"),
    ),
    "basic_credentials": (
        (base64.b64encode(b"robot:Kite-9931").decode(),),
        (base64.b64encode(b"no colon here").decode(), "Basic training", base64.b64encode(b"\xff\xfe:x").decode()),
    ),
    "be_nn": (("85.07.30-504.42",), ("85.07.30-504.43",)),
    "bitcoin": (("1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa",), ("1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNb",)),
    "bsn": (("167868433",), ("167868434",)),
    "calendar_date": (
        (
            "2028-02-29",
            "29/02/2028",
            "02/29/2028",
            "5. März 2031",
            "4th of March, 2031",
            "20310304",
            "03042031",
            "2031-Mar-04",
            "04-MAR-31",
            "3 de mayo de 2031",
            "2031-03-04T10:22:01Z",
            "20310304T090000Z",
            "3月4日",
            "010355",
            "2031-12-04/05",
        ),
        ("999999", "2027-02-29", "31/02/2031", "13/13/2031", "30 February 2031", "1700-01-01", "20311399", "2031", ""),
    ),
    "card": (
        ("5129 0025 2371 1431", "4111111111111111"),
        ("5129 0025 2371 1432", "1111111111111117", "123", "5129-lot"),
    ),
    "city_state_zip": (("Fairmont, OR 97411",), ("Section 4, PA 19103", "Fairmont, OR 00000")),
    "code_like": (("0099-44-8172", "QK7P2X", "GX-00918273"), ("12345", "HPLC-07", "efficacy", "")),
    "codice_fiscale": (("RSSMRA85T10A562S",), ("RSSMRA85T10A562T",)),
    "cpf": (("128.238.928-93",), ("128.238.928-94",)),
    "cpr": (("211062-7589",), ("321362-7589",)),
    "curp": (("BOXW310820HNERXN09",), ("BOXW310820HNERXN08",)),
    "day_and_month": (
        ("10/9", "03/15", "2/13 @ 4pm", "2/3, 2/10 and 2/17", "1/5-1/7", "30/01"),
        ("10/325", "3/10-5/10", "02/03/9", "31/31", "2/4, 2/4", "128/79", ""),
    ),
    "dea": (("BT6507529",), ("BT6507528", "BT65")),
    "dni": (("69894690J", "69894690-J"), ("69894690K",)),
    "fodselsnummer": (("190812 98516",), ("190812 98517",)),
    "gtin": (("(01)06966813977219(21)88213",), ("(01)06966813977218(21)88213",)),
    "handle": (("@pawfinder_jo", "@drkofi"), ("@property", "@types/", "@app.r", "@4711", "")),
    "has_digit": (("FMR0448122",), ("policy",)),
    "hetu": (("131052-109C",), ("131052-109D",)),
    "hibc": (("+H533PX772629V",), ("+H533PX772629W", "")),
    "iban": (("DE73 5002 0105 0612 3456 78", "GB82WEST12345698765432"), ("DE74 5002 0105 0612 3456 78",)),
    "id_like": (("1d03714f", "P-00412"), ("12", "required", "a1b2c")),
    "imei": (("373489515788796",), ("373489515788797",)),
    "ip_address": (
        ("203.0.113.57", "10.1.2.3/24", "2001:db8:85a3::8a2e:370:7334"),
        ("2.7.10.1", "127.0.0.1", "0.0.0.0", "255.255.255.0", "1.2.3.4.5", "::1", "a::b", "10:22:01"),
    ),
    "jwt": (
        (
            ".".join(
                base64.urlsafe_b64encode(p).decode().rstrip("=") for p in (b'{"alg":"HS256"}', b'{"sub":"1"}', b"s")
            ),
        ),
        (
            "eyJub3QtanNvbiI.eyJub3QtanNvbiI.c2ln",
            base64.urlsafe_b64encode(b'{"alg":"HS256"}').decode(),
            "W10.W10.x",
            ".".join(
                base64.urlsafe_b64encode(p).decode().rstrip("=") for p in (b'{"typ":"JWT"}', b'{"sub":"1"}', b"s")
            ),
        ),
    ),
    "luhn": (("7992-7398-713",), ("79927398714",)),
    "mac_address": (("3c:5a:b4:01:9f:2e", "3C-5A-B4-01-9F-2E"), ("ff:ff:ff:ff:ff:ff", "3c:5a:b4:01:9f:2e:77")),
    "mbi": (("2WK7-RT4-PY91", "2wk7rt4py91"), ("2SK7-RT4-PY91", "0WK7RT4PY91")),
    "medicare_au": (("2439 22271 3",), ("2439 22272 3", "9439222713", "243922")),
    "month_date": (
        (
            "3-5 March",
            "5th day of August, 2031",
            "Jan. 5 \u2013 7, 2031",
            "2031-Nov-03",
            "15 de março de 1971",
            "5. März",
            "3 października",
            "3 марта 2031",
            "4 kesäkuuta",
            "2nd Jan '31",
        ),
        ("30 February 2031", "31 Nov", "5 marsupials", "March", "5", ""),
    ),
    "month_year": (("March 2031", "Sept '31", "03/2031", "août 2031"), ("marathon 2031", "decade 2031")),
    "mrz": (
        ("P<UTOTESTPERSON<<SAMPLE<ANNA<<<<<<<<<<<<<<<< K819340573UTO8406125F3109155<<<<<<<<<<<<<<<6",),
        ("P<UTOTESTPERSON<<SAMPLE<ANNA<<<<<<<<<<<<<<<< K819340574UTO8406125F3109155<<<<<<<<<<<<<<<6", "P<UTO"),
    ),
    "nhs": (("780 063 9436",), ("780 063 9437",)),
    "nie": (("X8102618V",), ("X8102618W",)),
    "nino": (("KM 12 34 56 A",), ("GB 12 34 56 A", "QQ123456A", "KM123456E")),
    "nir": (("1 85 05 78 006 084 91",), ("1 85 05 78 006 084 92",)),
    "npi": (("1526018159",), ("1526018158", "3526018159", "152601815")),
    "pan": (("BTQPK9797L",), ("BTQXK9797L",)),
    "password_like": (
        ("Winter-2031!", "q7Wzz81kk", "jZ4KFAq77"),
        (
            "required",
            "Required.",
            "resetPassword",
            "<password>",
            "${DB_PW}",
            "********",
            "aB1",
            "a1a1a1",
            "getpass.getpass(",
        ),
    ),
    "person_name": (
        ("Mirela Halvorsen", "T. van der Wielen", "O'Neill"),
        ("Not Recorded", "Quality Assurance", "X", ""),
    ),
    "personal_mailbox": (("mirela@example.org", "m.h+qa@example.org"), ("noreply@example.org", "qa+x@example.org")),
    "personnummer": (("850709-8716", "19850709-2552"), ("850709-8717",)),
    "pesel": (("02842035387",), ("02842035388",)),
    "phone_bracketed": (("(11) 95555-0123", "(55) 5555-0124", "8 (495) 555-01-24"), ("(95) 1.10", "(11) 11111-1111")),
    "phone_nanp": (
        ("(541) 555-0142", "+1 541 555 0142", "541-555-0142 ext. 44", "541-555-0142x345"),
        ("(123) 456-7890", "541-555-01423", "511-555-0142", "911 911 9119"),
    ),
    "phone_possible": (("541-555-0142", "555-0142", "020 7946 0958", "+49 30 901820"), ("12-3", "1111111", "+1 2")),
    "phone_trunk": (
        (
            "020 7946 0124",
            "030 / 23 12 50 15",
            "06.39.98.12.36",
            "079 555 01 25",
            "0470 55 50 12",
            "070-174 06 06",
            "(02) 5550 1234",
            "03-5550-0124",
            "054-555-0124",
            "0532 555 01 24",
        ),
        ("0044-0071", "0447-118-22", "07 12 44 18", "02/03/2031 10", "00 44 1234567", "0000000000", "541 555 0142"),
    ),
    "phone_valid": (
        ("+44 20 7946 0958", "+44 (0)7700 900 127", "0034 600 555 015", "+12125550106", "+1 212 555 0105 ext. 9"),
        ("+44 1", "+0 12345678", "+5 12"),
    ),
    "place_name": (("New Brantford",), ("Not Applicable", "unknown")),
    "plate_like": (("7ABC318", "AB-123-CD", "TX·KLM-4471"), ("96-well", "MISSING", "447118", "LCP 3", "A")),
    "postal_code": (("1017 KE", "D-48149", "04567-120"), ("5000 IU", "1000 MG")),
    "pps": (("8375507B",), ("8375507C",)),
    "resident_cn": (("360426199101011357",), ("360426199101011358",)),
    "routing_number": (("126599181",), ("126599182",)),
    "rrn": (("971013-7797344",), ("971013-7797345",)),
    "secret_like": (
        ("9f8aQ77xk2LmZ0pT4vWb", "0123456789abcdef0123456789abcdef"),
        ("your-api-key-goes-here-1234", "aaaaaaaaaaaaaaa1", "onlyletters", "1234567890123456", "result1.output.strip"),
    ),
    "sin": (("783-757-628",), ("783-757-629",)),
    "ssn_labelled": (("987-65-4321",), ("999-99-9999", "12-34")),
    "steuer_id": (("45 803 371 295",), ("45 803 371 296",)),
    "street_address": (("4127 Alder Creek Road",), ("3 Washing Steps Way", "10 Working Days Court")),
    "tfn": (("204 293 557",), ("204 293 558",)),
    "url_credentials": (("svc:Tr0ub4dor-x",), ("user:pass", "user:${PASSWORD}")),
    "us_itin": (("992-83-0183",), ("992-00-0183",)),
    "us_ssn": (("536-22-8461", "536 22 8461"), ("000-12-3456", "666-12-3456", "923-45-6789", "536-00-8461")),
    "user_name": (("mhalvorsen",), ("null", "Admin")),
    "vin": (
        ("2TZMZWHR4KM271026",),
        ("2TZMZWHR5KM271026", "11111111111111111", "2TZMZWHR4KM27102", "IOQ45678901234567"),
    ),
    "web_address": (
        ("https://portal.example.test/p/448",),
        (
            "http://loinc.org",
            "http://www.w3.org/2001/XMLSchema",
            "http://www.nlm.nih.gov/research/umls/rxnorm",
        ),
    ),
    "weekday": (
        ("Wed 9 Aug", "Friday the 1st", "miércoles 3", "lundi 20/11"),
        ("monitor 3", "sunscreen 3rd", "3 Mon", ""),
    ),
    "za_id": (("4010223480141",), ("4010223480142",)),
}


def test_every_validator_has_cases() -> None:
    """No validator is without a value that it accepts and one that it refuses."""
    assert set(CASES) == set(VALIDATORS)
    assert all(good and bad for good, bad in CASES.values())


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, (good, _) in CASES.items() for value in good])
def test_accepts_what_holds(name: str, value: str) -> None:
    """A number with a right check digit, or a plausible value, passes."""
    assert VALIDATORS[name](value) is True


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, (_, bad) in CASES.items() for value in bad])
def test_refuses_the_near_miss(name: str, value: str) -> None:
    """One wrong digit, a reserved range, a placeholder or a word of the sentence does not pass."""
    assert VALIDATORS[name](value) is False


@given(st.text(max_size=80))
def test_never_raises(value: str) -> None:
    """Whatever the text, each validator answers with a bool."""
    assert {type(check(value)) for check in VALIDATORS.values()} == {bool}


@given(st.text(alphabet="0123456789-./ ABXYZ+@:", max_size=40))
def test_never_raises_on_numbers(value: str) -> None:
    """Whatever looks like a number, each validator answers with a bool."""
    assert {type(check(value)) for check in VALIDATORS.values()} == {bool}


@pytest.mark.parametrize(
    "name", ["npi", "dea", "card", "nhs", "sin", "bsn", "aadhaar", "imei", "routing_number", "pesel"]
)
def test_one_digit_decides(name: str) -> None:
    """Of the ten possible last digits exactly one is right."""
    value = CASES[name][0][0]
    assert sum(VALIDATORS[name](f"{value[:-1]}{digit}") for digit in range(10)) == 1


def test_entropy_is_in_bits_a_character() -> None:
    """One letter repeated carries nothing, sixteen different ones carry four bits each."""
    assert entropy("") == 0.0
    assert entropy("aaaa") == 0.0
    assert entropy("0123456789abcdef") == pytest.approx(4.0)
