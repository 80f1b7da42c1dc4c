"""Made-up people, dates, numbers and places in many spellings; every maker returns marked text."""

from __future__ import annotations

import datetime as dt
import random
import string
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from faker import Faker

from models.entities.marked import mark
from models.entities.wordlists import (
    COUNTRIES,
    DAYS,
    JOBS,
    LATIN,
    MONTHS,
    OTHER_SCRIPTS,
    PEOPLES,
    ROMANISED,
    ROMANISED_LAST,
    STATES,
)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Person:
    """One made-up person; the fields are plain text."""

    first: str
    last: str
    middle: str
    born: dt.date


class World:
    """All pools of values, filled once from the word lists and Faker; everything follows one seed."""

    def __init__(self, carriers: Path, seed: int) -> None:
        """Read the lists under `carriers` and fill the pools."""
        self.random = random.Random(seed)
        names = carriers / "names"

        def words(name: str) -> list[str]:
            return [word for word in (names / name).read_text("utf-8").split("\n") if 1 < len(word) < 30]

        self.first_common, self.first_all = words("first_us.txt"), words("first_all.txt")
        self.last_pools = [words(f"last_{kind}.txt") for kind in ("us", "es", "de", "all_sample")]
        self.cities = [line.split("|") for line in words("us_city_state_county.txt")]
        ambiguous = (carriers / "negatives" / "names_that_are_words_or_places.txt").read_text("utf-8")
        self.ambiguous = [word for word in ambiguous.split("\n") if word and not word.startswith("#")]
        self.local: list[tuple[str, str]] = []
        self.addresses: list[str] = []
        self.towns: list[str] = []
        self.companies: list[str] = []
        for locale in (*LATIN, *OTHER_SCRIPTS):
            faker = Faker(locale)
            faker.seed_instance(seed)
            count = 120 if locale in LATIN else 40
            self.local += [(faker.first_name(), faker.last_name()) for _ in range(count)]
            self.addresses += [faker.street_address().replace("\n", ", ") for _ in range(count // 2)]
            self.towns += [faker.city() for _ in range(count // 3)]
            if locale in LATIN:
                self.companies += [faker.company() for _ in range(count // 4)]

    # --- chance ---------------------------------------------------------------------------------------------------

    def chance(self, p: float) -> bool:
        """Answer yes with probability `p`."""
        return self.random.random() < p

    def pick(self, items: list[T] | tuple[T, ...]) -> T:
        """Choose one."""
        return self.random.choice(items)

    def shape(self, pattern: str) -> str:
        """Fill a pattern: `#` digit, `%` 1-9, `@` capital, `~` lower-case letter, `^` hex, `*` capital or digit."""
        alphabet = {
            "#": string.digits, "%": "123456789", "@": string.ascii_uppercase, "~": string.ascii_lowercase,
            "^": "0123456789abcdef", "*": string.ascii_uppercase + string.digits,
        }  # fmt: skip
        return "".join(self.random.choice(alphabet[c]) if c in alphabet else c for c in pattern)

    # --- people ---------------------------------------------------------------------------------------------------

    def person(self) -> Person:
        """Make up a person of one of many cultures."""
        roll = self.random.random()
        if roll < 0.33:
            first, last = self.pick(self.first_common), self.pick(self.last_pools[0])
        elif roll < 0.5:
            first, last = self.pick(self.first_all), self.pick(self.pick(self.last_pools))
        elif roll < 0.73:
            first, last = self.pick(self.local)
        elif roll < 0.9:
            first, last = self.pick(ROMANISED), self.pick(ROMANISED_LAST)
        else:
            first = self.pick(self.ambiguous) if self.chance(0.5) else self.pick(self.first_common)
            last = self.pick(self.ambiguous) if self.chance(0.6) else self.pick(self.last_pools[0])
        middle = self.pick(self.first_common) if self.chance(0.3) else ""
        return Person(first, last, middle, self.day(1925, 2020))

    def name(self, person: Person | None = None) -> str:
        """Write a full name, as prose does."""
        p = person or self.person()
        initial = (p.middle or self.pick(self.first_common))[0]
        forms = [f"{p.first} {p.last}"] * 8 + [
            f"{p.first} {initial}. {p.last}", f"{p.first} {initial} {p.last}", f"{p.first[0]}. {p.last}",
            f"{p.last}, {p.first}", f"{p.last}, {p.first} {initial}", f"{p.first} {p.middle or initial} {p.last}",
            f"{p.last.upper()}, {p.first}", f"{p.last.upper()}, {p.first.upper()}", f"{p.first} {p.last.upper()}",
        ]  # fmt: skip
        text = self.pick(forms)
        roll = self.random.random()
        text = text.upper() if roll < 0.06 else text.lower() if roll < 0.11 else text
        return mark("NAME", text)

    def first(self, person: Person | None = None) -> str:
        """Write a given name alone."""
        return mark("NAME", (person or self.person()).first)

    def last(self, person: Person | None = None) -> str:
        """Write a family name alone."""
        return mark("NAME", (person or self.person()).last)

    def doctor(self) -> str:
        """Write a clinician with a title or a degree outside the labelled place."""
        p = self.person()
        degree = self.pick(["MD", "M.D.", "RN", "DO", "PharmD", "NP", "PA-C", "PhD"])
        return self.pick([
            f"Dr. {self.last(p)}", f"Dr. {self.name(p)}", f"{self.name(p)}, {degree}", f"Dr {self.last(p)}",
            f"{self.name(p)} {degree}", f"{mark('NAME', p.first + ' ' + p.last)}, {degree}",
        ])  # fmt: skip

    def email(self, person: Person | None = None) -> str:
        """Write a mail address that may follow the person's name."""
        p = person or self.person()
        ascii_first = "".join(c for c in p.first.lower() if c in string.ascii_lowercase) or "info"
        ascii_last = "".join(c for c in p.last.lower() if c in string.ascii_lowercase) or "desk"
        local = self.pick([
            f"{ascii_first}.{ascii_last}", f"{ascii_first[0]}{ascii_last}",
            f"{ascii_first}_{ascii_last}{self.shape('##')}",
            f"{ascii_last}{self.shape('##')}", f"{ascii_first}{self.shape('####')}", ascii_last,
            f"{ascii_first}-{ascii_last}",
        ])  # fmt: skip
        host = self.shape("~~~~~~~~"[: self.random.randint(3, 8)])
        domain = self.pick(["gmail.com", "yahoo.com", "outlook.com", "example.org", "mail.net", f"{host}.com",
         f"{host}.org",
                            f"{host}-pharma.com", f"{host}health.org", f"mail.{host}.co.uk", f"{host}.de"])  # fmt: skip
        return mark("EMAIL", f"{local}@{domain}")

    def username(self, person: Person | None = None) -> str:
        """Write a login name."""
        p = person or self.person()
        first, last = p.first.lower().replace(" ", ""), p.last.lower().replace(" ", "")
        return mark("USERNAME", self.pick([
            f"{first[0]}{last}", f"{first}.{last}", f"{last}{first[0]}", f"{first}{self.shape('##')}",
            f"{last}_{first[0]}",
            self.shape("~~~####"), f"{first[0]}{last}{self.shape('#')}",
        ]))  # fmt: skip

    # --- time -----------------------------------------------------------------------------------------------------

    def day(self, low: int = 1930, high: int = 2027) -> dt.date:
        """Choose a day."""
        return dt.date(low, 1, 1) + dt.timedelta(days=self.random.randrange((high - low) * 365))

    def date_text(self, day: dt.date | None = None) -> str:
        """Write a day in one of many spellings, unmarked."""
        d = day or (self.day(2005, 2028) if self.chance(0.7) else self.day())
        month = MONTHS[d.month - 1]
        short = month[:3]
        y2 = f"{d.year % 100:02d}"
        suffix = "th" if 10 < d.day < 14 else {1: "st", 2: "nd", 3: "rd"}.get(d.day % 10, "th")
        return self.pick([
            d.isoformat(), d.isoformat(), d.isoformat(), f"{d.month:02d}/{d.day:02d}/{d.year}",
            f"{d.month}/{d.day}/{d.year}",
            f"{d.month:02d}/{d.day:02d}/{d.year}", f"{d.month}/{d.day}/{y2}", f"{d.day:02d}.{d.month:02d}.{d.year}",
            f"{d.day:02d}/{d.month:02d}/{d.year}", f"{d.day:02d}-{d.month:02d}-{d.year}",
            f"{d.year}/{d.month:02d}/{d.day:02d}",
            f"{month} {d.day}, {d.year}", f"{d.day} {month} {d.year}", f"{short} {d.day}, {d.year}",
            f"{d.day} {short} {d.year}",
            f"{d.day:02d}-{short}-{d.year}", f"{d.day:02d}-{short.upper()}-{d.year}",
            f"{d.day:02d}{short.upper()}{d.year}",
            f"{month} {d.day}{suffix}, {d.year}", f"{d.day}{suffix} of {month} {d.year}", f"{d.day}{suffix} {month}",
            f"{month} {d.day}", f"{short} {d.day}", f"{d.month}/{d.day}", f"{month} {d.year}", f"{month} of {d.year}",
            f"{d.year}{d.month:02d}{d.day:02d}", f"{d.day:02d}.{d.month:02d}.{y2}", f"{d.month}-{d.day}-{y2}",
            f"{DAYS[d.weekday()]}, {month} {d.day}, {d.year}", f"{DAYS[d.weekday()]} {d.day} {month} {d.year}",
            f"{month.upper()} {d.day}, {d.year}", f"{short}. {d.day}, {d.year}", f"{d.day:02d} {short} {y2}",
        ])  # fmt: skip

    def date(self, day: dt.date | None = None) -> str:
        """Write a day in one of many spellings."""
        return mark("DATE", self.date_text(day))

    def stamp_text(self) -> str:
        """Write a day with a time of day, unmarked."""
        d = self.day(2015, 2028)
        t = dt.time(self.random.randrange(24), self.random.randrange(60), self.random.randrange(60))
        return self.pick([
            f"{d}T{t}Z", f"{d}T{t}+00:00", f"{d} {t}", f"{d} {t:%H:%M}", f"{d:%Y%m%d%H%M%S}", f"{d:%Y%m%d%H%M}",
            f"{d:%m/%d/%Y} {t:%H:%M}", f"{d}T{t}.{self.shape('###')}Z", f"{d:%d-%b-%Y} {t:%H:%M:%S}", f"{d}T{t}-05:00",
            f"{d:%m/%d/%Y} {t:%I:%M %p}",
        ])  # fmt: skip

    def stamp(self) -> str:
        """Write a day with a time of day."""
        return mark("DATE", self.stamp_text())

    def age(self) -> str:
        """Write an age; the unit stays outside, except in the hyphened forms."""
        years = self.random.randrange(1, 103)
        return self.pick([
            f"{mark('AGE', f'{years}-year-old')}", f"{mark('AGE', f'{years} year old')}",
            f"{mark('AGE', f'{years}')} y/o",
            f"{mark('AGE', f'{years}yo')}", f"{mark('AGE', f'{years} years old')}",
            f"{mark('AGE', f'{years}-year-old')}",
        ])  # fmt: skip

    # --- places ---------------------------------------------------------------------------------------------------

    def state(self) -> str:
        """Write a state, long or short."""
        long, short = self.pick(STATES).rsplit(" ", 1)
        return mark("STATE_OR_COUNTRY", self.pick([long, short, short]))

    def country(self) -> str:
        """Write a country."""
        return mark("STATE_OR_COUNTRY", self.pick(COUNTRIES))

    def city(self) -> str:
        """Write a town."""
        return mark("LOCATION", self.pick(self.cities)[0] if self.chance(0.65) else self.pick(self.towns))

    def street(self) -> str:
        """Write a house and street."""
        if self.chance(0.4):
            return mark("LOCATION", self.pick(self.addresses))
        base = (
            self.pick(self.last_pools[0])
            if self.chance(0.6)
            else self.pick(
                [
                    "Oak",
                    "Maple",
                    "Cedar",
                    "Main",
                    "Church",
                    "Park",
                    "Elm",
                    "High",
                    "2nd",
                    "14th",
                    "Lake",
                    "Mill",
                    "River",
                    "Sunset",
                ]
            )
        )
        kind = self.pick(
            "Street St St. Avenue Ave Ave. Road Rd Lane Ln Drive Dr Court Ct Blvd Boulevard Way Terrace Place".split()
        )
        unit = self.pick(["", "", "", "", f", Apt {self.shape('%#')}", f" Apt. {self.shape('%@')}",
         f", Suite {self.shape('%##')}",
                          f" #{self.shape('%##')}", f", Unit {self.shape('%')}"])  # fmt: skip
        text = f"{self.shape(self.pick(['%#', '%##', '%###', '%####']))} {base} {kind}{unit}"
        return mark("LOCATION", text.upper() if self.chance(0.1) else text)

    def zip(self) -> str:
        """Write a postal code."""
        return mark(
            "LOCATION", self.shape(self.pick(["#####", "#####", "#####-####", "#####", "@%# %@@", "@# #@@", "%####"]))
        )

    def address(self) -> str:
        """Write a whole address in one line or two."""
        glue = self.pick([", ", ", ", " ", "\n"])
        return self.pick([
            f"{self.street()}{glue}{self.city()}, {self.state()} {self.zip()}",
            f"{self.street()}{glue}{self.city()} {self.zip()}",
            f"{self.street()}, {self.zip()} {self.city()}",
            f"{self.street()}, {self.city()}, {self.country()}",
        ])  # fmt: skip

    # --- institutions, work ---------------------------------------------------------------------------------------

    def hospital(self) -> str:
        """Write a hospital or clinic."""
        place = self.pick(
            [self.pick(self.cities)[0], self.pick(self.last_pools[0]), f"St. {self.pick(self.first_common)}"]
        )
        kind = self.pick(["General Hospital", "Medical Center", "Regional Hospital", "Clinic", "Memorial Hospital",
         "Health Center",
                          "Family Practice", "University Hospital", "Oncology Associates", "Hospice",
                          "Pharmacy"])  # fmt: skip
        return mark("ORG", f"{place} {kind}")

    def company(self) -> str:
        """Write a company."""
        return mark("ORG", self.pick(self.companies))

    def job(self) -> str:
        """Write a profession."""
        return mark("PROFESSION", self.pick(JOBS))

    def people(self) -> str:
        """Write a nationality."""
        return mark("NATIONALITY", self.pick(PEOPLES))
