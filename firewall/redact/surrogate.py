"""Surrogates: values that look like the original, are nobody's, and are the same for the same original in a session.

Everything follows from a key of the session: numbers and codes go to another one of the same format whose check digits
hold (`permute.py`), names word by word to another name of the same list, dates to another day. What is taken from few
values (names that stand in no list, telephone numbers and addresses that are kept free for examples) could meet; a `Book`
in memory sees to it that no two originals of a session become the same.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Callable, Mapping
from hashlib import blake2b
from typing import Final

from stdnum import iban

from firewall.redact.names import ENDINGS, STEMS, every_list
from firewall.redact.permute import next_of, next_valid
from firewall.redact.reserved import address_of, example_domain, subscriber, telephone
from firewall.validators import VALIDATORS

# Entity types whose values have check digits or rules: a valid original becomes a valid surrogate.
# fmt: off
VALID: Final[Mapping[str, tuple[str, ...]]] = {
    "US_SSN": ("us_ssn",), "US_ITIN": ("us_itin",), "US_NPI": ("npi",), "US_MBI": ("mbi",), "HEALTH_PLAN_ID": ("mbi",),
    "MEDICAL_LICENSE": ("dea",), "VEHICLE_ID": ("vin",), "DEVICE_ID": ("imei",), "CREDIT_CARD": ("card",),
    "UK_NHS": ("nhs",), "UK_NINO": ("nino",), "CA_SIN": ("sin",), "AU_TFN": ("tfn",), "AU_MEDICARE": ("medicare_au",),
    "DE_TAX_ID": ("steuer_id",), "FR_NIR": ("nir",), "ES_NIF": ("dni",), "ES_NIE": ("nie",), "NL_BSN": ("bsn",),
    "IT_FISCAL_CODE": ("codice_fiscale",), "SE_PERSONNUMMER": ("personnummer",), "NO_FODSELSNUMMER": ("fodselsnummer",),
    "DK_CPR": ("cpr",), "FI_HETU": ("hetu",), "PL_PESEL": ("pesel",), "BR_CPF": ("cpf",), "IN_AADHAAR": ("aadhaar",),
    "IN_PAN": ("pan",), "CH_AHV": ("ahv",), "BE_NATIONAL_NUMBER": ("be_nn",), "ACCOUNT_NUMBER": ("routing_number",),
}
# fmt: on
_COUNTRY_PREFIX: Final = {"CH_AHV": "756"}
_ABROAD: Final = re.compile(r"[ (]{0,3}\+ ?[0-9]{2}")
_NAMES: Final = frozenset({"PERSON", "USERNAME"})
_WORD: Final = re.compile(r"[^\W\d_]++")
_PIECE: Final = re.compile(r"[^\W\d_]++|[0-9]++")
# What stands with a name and is none.
_KEPT: Final = frozenset(
    "dr mr mrs ms miss mx prof professor sir dame lady lord rev reverend sister brother father sr sra srta don doña "
    "herr frau mme mlle monsieur madame signor signora med phd md do rn np pa dds dvm bsn msn mph jr ii iii iv van von "
    "der den de del della di da dos das la le el al bin ibn ben abu y e zu zum and und et o d mc mac st the of".split()
)
# What says that an address is one, and where it is in the large: streets' kinds, directions, and states are nobody's.
_KEPT_PLACES: Final = frozenset(
    "street st avenue ave road rd boulevard blvd lane ln drive dr court ct terrace ter parkway pkwy highway hwy circle cir "
    "square sq trail way place pl crescent mews apt apartment suite ste unit floor fl room rm building bldg box po north "
    "south east west n s e w ne nw se sw rue avenida calle plaza strasse straße platz weg allee via piazza rua de la le "
    "du des del of the and in at near us usa uk al ak az ar ca co ct de dc fl ga hi id il in ia ks ky la me md ma mi mn "
    "ms mo mt nv nh nj nm ny nc nd oh ok or pa ri sc sd tn tx ut vt va wa wv wi wy".split()
)
_TRIES: Final = 64
_ORIGINALS: Final = 100_000  # of one session that are told apart
_SESSIONS: Final = 1_024


class Book:
    """Which surrogates of a session are taken, by hashes of their originals: no text, and no surrogate of anybody."""

    def __init__(self, key: bytes) -> None:
        """Take the key of the hashes."""
        self._key = key
        self._taken: dict[bytes, bytes] = {}

    def claim(self, surrogate: str, original: str) -> bool:
        """Take a surrogate for an original; False where another original has it."""
        name, mine = self._hash(surrogate), self._hash(original)
        if len(self._taken) >= _ORIGINALS and name not in self._taken:
            self._taken.pop(next(iter(self._taken)))
        return self._taken.setdefault(name, mine) == mine

    def _hash(self, text: str) -> bytes:
        return blake2b(text.encode("utf-8", "surrogatepass"), key=self._key, digest_size=12).digest()


class Sessions:
    """The surrogates of the sessions that were last spoken of."""

    def __init__(self) -> None:
        self._sessions: OrderedDict[bytes, Surrogates] = OrderedDict()

    def of(self, key: bytes) -> Surrogates:
        """Return the surrogates of the session with a key (32 bytes)."""
        surrogates = self._sessions.pop(key, None) or Surrogates(key)
        self._sessions[key] = surrogates
        if len(self._sessions) > _SESSIONS:
            self._sessions.popitem(last=False)
        return surrogates


class Surrogates:
    """The surrogates of one tenant's session."""

    def __init__(self, key: bytes) -> None:
        """Take the session's key (32 bytes)."""
        self._key, self._book = key, Book(key)
        self._orders: dict[int, Mapping[str, str]] = {}

    def __repr__(self) -> str:
        """Show no key."""
        return "Surrogates()"

    def of(self, text: str, entity_type: str) -> str:
        """Return the surrogate of a text. Dates and ages are not made here."""
        if entity_type in _NAMES:
            return self._words(text, _KEPT if entity_type == "PERSON" else frozenset())
        if entity_type == "LOCATION":
            return self._words(text, _KEPT_PLACES)
        if entity_type in ("PHONE_NUMBER", "FAX_NUMBER"):
            abroad = _ABROAD.match(text)
            keep = abroad[0] if abroad else ""
            return self._claimed(text, subscriber, telephone) or keep + self._code(text[len(keep) :])
        if entity_type == "IP_ADDRESS":
            return self._claimed(text, str.casefold, address_of) or self._code(text)
        if entity_type == "EMAIL_ADDRESS" and "@" in text:
            return self._mail(text)
        if entity_type == "URL":
            return self._url(text)
        if entity_type == "MAC_ADDRESS":
            return next_of(text, self._key, hexadecimal=True)
        return self._valid(text, entity_type)

    def _valid(self, text: str, entity_type: str) -> str:
        """Return another text of the format, for which the checks hold that hold for this one, and fail that fail."""
        if entity_type == "IBAN_CODE" and VALIDATORS["iban"](text):
            return self._iban(text)
        for name in VALID.get(entity_type, ()):
            fixed = _COUNTRY_PREFIX.get(entity_type, "")
            keep = fixed if text.startswith(fixed) else ""
            holds = VALIDATORS[name]
            found = next_valid(text[len(keep) :], self._key, _like(holds, keep, holds(text)))
            if found is not None:
                return keep + found
        return self._code(text)

    def _iban(self, text: str) -> str:
        """Return another account of the same country and kind, with check digits that are right."""
        bare = text[4:]

        def whole(rest: str) -> str:
            return (
                text[:2]
                + str(iban.calc_check_digits((text[:2] + "00" + re.sub(r"[^A-Za-z0-9]", "", rest)).upper()))
                + rest
            )

        found = next_valid(bare, self._key, lambda rest: VALIDATORS["iban"](whole(rest)))
        return self._code(text) if found is None else whole(found)

    def _code(self, text: str) -> str:
        return next_of(text, self._key)

    def _words(self, text: str, kept: frozenset[str]) -> str:
        """Return a text with each word and each number replaced by its own surrogate."""
        return _PIECE.sub(lambda found: self._piece(found[0], kept), text)

    def _piece(self, piece: str, kept: frozenset[str]) -> str:
        if piece.isdecimal():
            return self._code(piece)
        folded = piece.casefold()
        if folded in kept:
            return piece
        if len(piece) == 1 or not _latin(piece):
            return self._code(piece)
        return _cased(piece, self._listed(folded) or self._made(folded))

    def _made(self, folded: str) -> str:
        """Return a made-up surname for a name that stands in no list."""
        for turn in range(_TRIES):
            number = self._number(folded, turn)
            name = _made_name(number)
            if turn >= _TRIES // 2:  # all but all are taken: two in one
                name = f"{name}{_made_name(number >> 32)}"
            if name != folded and name not in _LIST_OF and self._book.claim(name, folded):
                return name
        return self._code(folded)

    def _listed(self, folded: str) -> str | None:
        """Return the name behind a listed name, in the session's own order of its list; None for one that is not listed."""
        place = _LIST_OF.get(folded)
        if place is None:
            return None
        order = self._orders.get(place)
        if order is None:
            names = sorted(_LISTS[place], key=lambda name: self._number(name, -1))
            order = self._orders[place] = dict(zip(names, names[1:] + names[:1], strict=True))
        return order[folded]

    def _mail(self, text: str) -> str:
        local, _, domain = text.rpartition("@")
        name, place = self._words(local, frozenset()), example_domain(self._number(domain.casefold(), 0))
        for turn in range(_TRIES):
            made = f"{name}{turn or ''}@{place}"
            if self._book.claim(made.casefold(), text.casefold()):
                return made
        return f"{name}.{self._number(text.casefold(), 0) % 10**12}@{place}"

    def _url(self, text: str) -> str:
        scheme, mark, rest = text.rpartition("://") if "://" in text else ("", "", text)
        host, slash, path = rest.partition("/")
        name = self._made(f"{host.casefold()}/")  # with a mark, so that it is nobody's surname
        return f"{scheme}{mark}{name}.{example_domain(self._number(host.casefold(), 0))}{slash}{self._code(path)}"

    def _claimed(self, text: str, same: Callable[[str], str], made: Callable[[str, int], str | None]) -> str | None:
        """Return the first surrogate that is free; `same` of two texts is equal where they are one original."""
        original = same(text)
        for turn in range(_TRIES):
            surrogate = made(text, self._number(original, turn))
            if surrogate is None:
                return None
            if same(surrogate) != original and self._book.claim(same(surrogate), original):
                return surrogate
        return None

    def _number(self, text: str, turn: int) -> int:
        """Return a number of 128 bits that follows from the key, a text and a turn."""
        told = f"{turn}\0{text}".encode("utf-8", "surrogatepass")
        return int.from_bytes(blake2b(told, key=self._key, digest_size=16).digest(), "big")


_LISTS: Final = tuple(every_list())
_LIST_OF: Final = {name: place for place, names in enumerate(_LISTS) for name in names}


def _like(holds: Callable[[str], bool], keep: str, wanted: bool) -> Callable[[str], bool]:
    """Return the test whether a text behind `keep` is as valid as is wanted."""
    return lambda one: holds(keep + one) is wanted


def _made_name(number: int) -> str:
    number, stem = divmod(number, len(STEMS))
    return STEMS[stem] + ENDINGS[number % len(ENDINGS)]


def _latin(word: str) -> bool:
    """Tell whether a word is written in Latin letters."""
    return all(ord(char) < 0x250 or 0x1E00 <= ord(char) < 0x1F00 for char in word)


def _cased(like: str, word: str) -> str:
    """Write a word in capitals, in small letters, or with a capital, as another word is written."""
    if like.isupper():
        return word.upper()
    return word if like.islower() else word[:1].upper() + word[1:]
