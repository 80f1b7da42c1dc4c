"""Check digits and plausibility: what a pattern cannot say about the value that it matched.

A rule names one of `VALIDATORS`; a match that fails it is dropped. Each is a pure function over the matched
value, answers False for whatever it cannot read, never raises and never logs. Check digits come from
python-stdnum and phonenumbers; what they lack stands in `check_digits`, with its source.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType

from stdnum import bitcoin, iban, imei, luhn
from stdnum.au import tfn
from stdnum.be import nn as be_nn
from stdnum.br import cpf
from stdnum.ca import sin
from stdnum.ch import ssn as ch_ssn
from stdnum.cn import ric
from stdnum.de import idnr
from stdnum.dk import cpr
from stdnum.es import dni, nie
from stdnum.fi import hetu
from stdnum.fr import nir
from stdnum.gb import nhs
from stdnum.ie import pps
from stdnum.in_ import aadhaar, pan
from stdnum.it import codicefiscale
from stdnum.kr import rrn
from stdnum.mx import curp
from stdnum.nl import bsn
from stdnum.no import fodselsnummer
from stdnum.pl import pesel
from stdnum.se import personnummer
from stdnum.us import itin, rtn, ssn
from stdnum.za import idnr as za_idnr

from firewall.validators import check_digits, dates, plausible, words

Validator = Callable[[str], bool]


def _guarded(check: Callable[[str], object]) -> Validator:
    """Turn a check into one that answers False where it would raise (foreign code meets any text here)."""

    def answer(value: str) -> bool:
        try:
            return bool(check(value))
        except Exception:  # noqa: BLE001 - any failure to read the value means that it is not valid
            return False

    return answer


def _spaced(check: Callable[[str], object]) -> Validator:
    """Like `_guarded`, for numbers that people write with spaces, dots, slashes or dashes in any place."""
    return _guarded(lambda value: check(re.sub(r"[ ./-]", "", value)))


# fmt: off
# as a table, the whole list can be read at a glance
_OWN: tuple[Validator, ...] = (
    check_digits.card, check_digits.dea, check_digits.gtin, check_digits.hibc, check_digits.mbi,
    check_digits.medicare_au, check_digits.mrz, check_digits.nino, check_digits.npi, check_digits.ssn_labelled,
    check_digits.vin, dates.any_date, dates.calendar_date, dates.day_and_month, dates.month_date, dates.month_year,
    dates.weekday, plausible.age_over_89, plausible.basic_credentials, plausible.ip_address, plausible.jwt,
    plausible.mac_address, plausible.password_like, plausible.personal_mailbox, plausible.phone_bracketed,
    plausible.phone_nanp, plausible.phone_possible, plausible.phone_trunk, plausible.phone_valid,
    plausible.secret_like, plausible.url_credentials, plausible.web_address, words.city_state_zip, words.code_like,
    words.has_digit, words.handle, words.id_like, words.person_name, words.place_name, words.plate_like,
    words.postal_code, words.street_address, words.user_name,
)
# taken as written: IBAN has its own grouping, and the separator tells the century in the other two
_AS_WRITTEN: Mapping[str, Callable[[str], object]] = {
    "hetu": hetu.is_valid, "iban": iban.is_valid, "personnummer": personnummer.is_valid,
}
_STDNUM: Mapping[str, Callable[[str], object]] = {
    "aadhaar": aadhaar.is_valid, "ahv": ch_ssn.is_valid, "be_nn": be_nn.is_valid, "bitcoin": bitcoin.is_valid,
    "bsn": bsn.is_valid, "codice_fiscale": codicefiscale.is_valid, "cpf": cpf.is_valid, "cpr": cpr.is_valid,
    "curp": curp.is_valid, "dni": dni.is_valid, "fodselsnummer": fodselsnummer.is_valid, "imei": imei.is_valid,
    "luhn": luhn.is_valid, "nhs": nhs.is_valid, "nie": nie.is_valid, "nir": nir.is_valid, "pan": pan.is_valid,
    "pesel": pesel.is_valid, "pps": pps.is_valid, "resident_cn": ric.is_valid, "routing_number": rtn.is_valid,
    "rrn": rrn.is_valid, "sin": sin.is_valid, "steuer_id": idnr.is_valid, "tfn": tfn.is_valid,
    "us_itin": itin.is_valid, "us_ssn": ssn.is_valid, "za_id": za_idnr.is_valid,
}
# fmt: on

VALIDATORS: Mapping[str, Validator] = MappingProxyType(
    {check.__name__: _guarded(check) for check in _OWN}
    | {name: _guarded(check) for name, check in _AS_WRITTEN.items()}
    | {name: _spaced(check) for name, check in _STDNUM.items()}
)

# What a value passes only if it is what it looks like, or by a chance of one in ten and less.
CHECK_DIGITS: frozenset[str] = frozenset(
    {*_AS_WRITTEN, *_STDNUM, *(check.__name__ for check in _OWN if check.__module__ == check_digits.__name__)}
)
