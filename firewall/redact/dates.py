"""Dates moved by a secret number of days, the same for all of a session, and dates reduced to their year.

What is read: ISO 8601 with or without time and zone, HL7 timestamps, numbers with `/`, `.` or `-`, names of months in
English, German, French, Spanish and Italian, weekdays in front, parts of dates (a month, a month and day, a year), several
in one text, seconds since 1970. A date is written as it was: same order, separators, width, case, language of the month.
The time of day stays. By default the number of days is one of whole weeks, so that weekdays stay true.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Final

# fmt: off
_LANGUAGES: Final = tuple(tuple(names.split()) for names in (
    "january february march april may june july august september october november december",
    "jan feb mar apr may jun jul aug sep oct nov dec",
    "jan feb mar apr may june july aug sept oct nov dec",
    "januar februar märz april mai juni juli august september oktober november dezember",
    "jänner februar maerz april mai juni juli august september oktober november dezember",
    "jan feb mär apr mai jun jul aug sep okt nov dez",
    "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    "janvier fevrier mars avril mai juin juillet aout septembre octobre novembre decembre",
    "janv févr mars avr mai juin juil août sept oct nov déc",
    "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
    "ene feb mar abr may jun jul ago sep oct nov dic",
    "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
    "gen feb mar apr mag giu lug ago set ott nov dic",
))
_WEEKDAYS: Final = (
    "monday tuesday wednesday thursday friday saturday sunday mon tue tues wed thu thur thurs fri sat sun montag dienstag "
    "mittwoch donnerstag freitag samstag sonntag mo di mi do fr sa so lundi mardi mercredi jeudi vendredi samedi dimanche "
    "lunes martes miércoles jueves viernes sábado domingo lunedì martedì mercoledì giovedì venerdì sabato domenica"
)
# Words that may stand around and between dates.
_BETWEEN: Final = frozenset((
    f"{_WEEKDAYS} at on to from until till through thru and or the of in between since um am bis vom von der den und uhr "
    "le du au et à de des el la del al y a il dal e alle hrs h hours utc gmt z est edt cst cdt mst mdt pst pdt cet cest "
    "bst am pm noon midnight t"
).split())
# fmt: on
_MONTHS: Final = {name: number for names in _LANGUAGES for number, name in enumerate(names, 1)}
_MONTH: Final = "|".join(sorted(_MONTHS, key=len, reverse=True))
_TIME: Final = r"[0-2]?[0-9]:[0-5][0-9](?::[0-6][0-9])?(?:[.,][0-9]{1,9})?"
_ZONE: Final = r"(?:[ ]?(?:Z\b|UTC\b|GMT\b|[+-][0-2][0-9]:?[0-5][0-9]))"
_DATE: Final = re.compile(
    rf"(?<![0-9])(?<![0-9]:)(?:"
    # 2024-03-05, 2024/3/5, 2024.03.05
    rf"(?P<y1>[12][0-9]{{3}})(?P<s1>[-/.])(?P<m1>[01]?[0-9])(?P=s1)(?P<d1>[0-3]?[0-9])(?![0-9])"
    # 20240305, with the time of day and the zone behind: 20240305101500.000+0100
    rf"|(?P<y2>[12][0-9]{{3}})(?P<m2>[01][0-9])(?P<d2>[0-3][0-9])(?P<clock>(?:T?[0-2][0-9](?:[0-5][0-9](?:[0-5][0-9](?:\.[0-9]{{1,6}})?)?)?)?(?:Z|[+-][0-9]{{4}})?)(?![0-9])"
    # 03/05/2024, 5.3.24, 05-03-2024
    rf"|(?P<a3>[0-3]?[0-9])(?P<s3>[-/.])(?P<b3>[0-3]?[0-9])(?P=s3)(?P<y3>[12][0-9]{{3}}|[0-9]{{2}})(?![0-9])"
    # 5 March 2024, 5. März 2024, 05-MAR-2024, 5 de marzo de 2024, 1er mars
    rf"|(?P<d4>[0-3]?[0-9])(?P<g4>(?:st|nd|rd|th|er|º|\.)?[ \-/.,]{{0,2}}(?:(?:of|de)[ ])?)(?P<m4>{_MONTH})(?P<h4>\.?[ \-/.,]{{0,2}}(?:del?[ ])?)(?P<y4>[12][0-9]{{3}}|'?[0-9]{{2}}(?![0-9:.]))?(?![0-9])"
    # March 5, 2024; Mar 5th
    rf"|\b(?P<m5>{_MONTH})(?P<g5>\.?[ \-/]{{0,2}})(?P<d5>[0-3]?[0-9])(?P<o5>st|nd|rd|th)?(?![0-9:])(?P<h5>,?[ \-/]{{1,2}}(?:{_TIME}{_ZONE}?[ ])?)?(?(h5)(?P<y5>[12][0-9]{{3}}|'?[0-9]{{2}}(?![0-9:.]))?)(?![0-9])"
    # March 2024
    rf"|\b(?P<m6>{_MONTH})(?P<g6>\.?,?[ \-/]{{0,2}}(?:(?:of|del?)[ ])?)(?P<y6>[12][0-9]{{3}})(?![0-9])"
    # 2024-03, 03/2024
    rf"|(?P<y7>[12][0-9]{{3}})(?P<s7>[-/])(?P<m7>[01][0-9])(?![0-9])"
    rf"|(?P<m8>[01]?[0-9])(?P<s8>[-/.])(?P<y8>[12][0-9]{{3}})(?![0-9])"
    # 03/05, 5.3.
    rf"|(?P<a9>[0-3]?[0-9])(?P<s9>[/.])(?P<b9>[0-3]?[0-9])(?![0-9/:])"
    # seconds or milliseconds since 1970
    rf"|(?P<epoch>1[0-9]{{9}}(?:[0-9]{{3}})?)(?![0-9])"
    # 2024
    rf"|(?P<y0>(?:18|19|20|21)[0-9]{{2}})(?![0-9:])"
    rf")",
    re.IGNORECASE,
)
_REST: Final = re.compile(rf"{_TIME}{_ZONE}?|{_ZONE}|[^\W\d_]++|[0-9]++|[\s\-/.,;:()\[\]\u2013\u2014]", re.IGNORECASE)
_LEAP: Final = 2024  # the year taken for what has none: it has every day
_PIVOT: Final = 69  # two digits from here on are of the last century (POSIX)
WEEK: Final = 7


def shifted(text: str, days: int, *, day_first: bool = False) -> str | None:
    """Return a text with all its dates moved by `days`; None where any of it cannot be read as dates and times.

    `day_first` reads 03/05/2024 as the third of May; with dots that is so in any case.
    """
    years = {
        name for found in _DATE.finditer(text) for name, value in found.groupdict().items() if value and name[0] == "y"
    }
    if "y0" in years and _yearless(text):  # a year beside a day without one may be the day's own
        return None
    return _each(text, lambda found: _moved(found, days, day_first))


def years_of(text: str, *, now: int, oldest: int) -> str | None:
    """Return the years of the dates in a text; None where it cannot be read or has no year.

    The year `oldest` and what is before it become one value (45 CFR 164.514(b)(2)(i)(C): years that tell an age over 89).
    Two digits are the last such year that is not behind the year `now`.
    """
    years: list[str] = []

    def year(found: re.Match[str]) -> str | None:
        groups = {name[0]: value for name, value in found.groupdict().items() if value is not None and name[0] == "y"}
        written = groups.get("y", "").lstrip("'")
        if not written or _moved(found, 0, False) is None:
            return None
        full = int(written) if len(written) == 4 else now - (now - int(written)) % 100
        years.append(f"{oldest} or before" if full <= oldest else written)
        return ""

    return " - ".join(dict.fromkeys(years)) if _each(text, year) is not None and years else None


def _yearless(text: str) -> bool:
    """Tell whether a text has a day or month without a year."""
    return any(
        not found["epoch"] and not any(found[f"y{index}"] for index in range(9)) for found in _DATE.finditer(text)
    )


def _each(text: str, made: Callable[[re.Match[str]], str | None]) -> str | None:
    """Return a text with each date in it replaced; None where one is none, or something else stands around them."""
    pieces, at, count = [], 0, 0
    for found in _DATE.finditer(text):
        new = made(found)
        if new is None or not _harmless(text[at : found.start()]):
            return None
        pieces += [text[at : found.start()], new]
        at, count = found.end(), count + 1
    if not _harmless(text[at:]):
        return None
    return "".join([*pieces, text[at:]]) if count or _is_time(text) else None


def _is_time(text: str) -> bool:
    """Tell whether a text is a time of day, which is no date."""
    return re.fullmatch(rf"\s*{_TIME}{_ZONE}?\s*(?:[ap]\.?m\.?|uhr|h)?\s*", text, re.IGNORECASE) is not None


def _harmless(rest: str) -> bool:
    """Tell whether what stands around dates is times of day, weekdays and small words."""
    at = 0
    while at < len(rest):
        found = _REST.match(rest, at)
        if found is None:
            return False
        word = found[0].casefold()
        if word[0].isdigit() and ":" not in word:
            if not re.match(r"\s?(?:[ap]\.?m|uhr|h|o'clock)", rest[found.end() :], re.IGNORECASE) or int(word) > 24:
                return False
        elif word[0].isalpha() and word not in _BETWEEN and _ZONE_ONLY.fullmatch(found[0]) is None:
            return False
        at = found.end()
    return True


_ZONE_ONLY: Final = re.compile(_ZONE, re.IGNORECASE)


def _moved(found: re.Match[str], days: int, day_first: bool) -> str | None:
    """Return one date moved; None where there is no such day."""
    try:
        return _written(found, days, day_first)
    except (ValueError, OverflowError):
        return None


def _written(found: re.Match[str], days: int, day_first: bool) -> str:
    part = found.groupdict()
    delta = timedelta(days)
    if part["y1"]:
        new = date(int(part["y1"]), int(part["m1"]), int(part["d1"])) + delta
        return f"{new.year:04d}{part['s1']}{_like(part['m1'], new.month)}{part['s1']}{_like(part['d1'], new.day)}"
    if part["y2"]:
        new = date(int(part["y2"]), int(part["m2"]), int(part["d2"])) + delta
        return f"{new:%Y%m%d}{part['clock']}"
    if part["y3"]:
        first, second, dots = int(part["a3"]), int(part["b3"]), part["s3"] == "."
        turned = (day_first or dots or first > 12) and second <= 12
        day, month = (first, second) if turned else (second, first)
        new = date(_full(part["y3"]), month, day) + delta
        one, two = (new.day, new.month) if turned else (new.month, new.day)
        mark = part["s3"]
        return f"{_like(part['a3'], one)}{mark}{_like(part['b3'], two)}{mark}{_year(part['y3'], new.year)}"
    if part["d4"]:
        new = date(_full(part["y4"]), _MONTHS[part["m4"].casefold()], int(part["d4"])) + delta
        gap = _ordinal(part["g4"], new.day)
        return f"{_day(part['d4'], part['g4'], new.day)}{gap}{_month(part['m4'], new.month, part['g4'])}{part['h4']}{_year(part['y4'], new.year)}"
    if part["d5"]:
        new = date(_full(part["y5"]), _MONTHS[part["m5"].casefold()], int(part["d5"])) + delta
        written = f"{_day(part['d5'], part['g5'], new.day)}{_ordinal(part['o5'] or '', new.day)}"
        return f"{_month(part['m5'], new.month)}{part['g5']}{written}{part['h5'] or ''}{_year(part['y5'], new.year)}"
    if part["y6"]:
        new = date(int(part["y6"]), _MONTHS[part["m6"].casefold()], 15) + delta
        return f"{_month(part['m6'], new.month)}{part['g6']}{new.year:04d}"
    if part["y7"]:
        new = date(int(part["y7"]), int(part["m7"]), 15) + delta
        return f"{new.year:04d}{part['s7']}{new.month:02d}"
    if part["y8"]:
        new = date(int(part["y8"]), int(part["m8"]), 15) + delta
        return f"{_like(part['m8'], new.month)}{part['s8']}{new.year:04d}"
    if part["a9"]:
        first, second = int(part["a9"]), int(part["b9"])
        turned = (day_first or part["s9"] == "." or first > 12) and second <= 12
        day, month = (first, second) if turned else (second, first)
        new = date(_LEAP, month, day) + delta
        one, two = (new.day, new.month) if turned else (new.month, new.day)
        return f"{_like(part['a9'], one)}{part['s9']}{_like(part['b9'], two)}"
    if part["epoch"]:
        unit = 1_000 if len(part["epoch"]) > 10 else 1
        moved = int(part["epoch"]) + days * 86_400 * unit
        datetime.fromtimestamp(moved / unit, UTC)  # raises where that is no moment
        if moved <= 0 or len(str(moved)) != len(part["epoch"]):
            raise ValueError("before the first such moment")
        return str(moved)
    new = date(int(part["y0"]), 7, 1) + delta
    return f"{new.year:04d}"


def _full(year: str | None) -> int:
    if not year:
        return _LEAP
    number = int(year.lstrip("'"))
    if len(year.lstrip("'")) > 2:
        return number
    return number + (1900 if number >= _PIVOT else 2000)


def _year(like: str | None, year: int) -> str:
    """Write a year with as many digits, and the apostrophe, that another one has."""
    if not like:
        return ""
    digits = like.lstrip("'")
    mark = like[: len(like) - len(digits)]
    return f"{mark}{year % 100:02d}" if len(digits) == 2 else f"{mark}{year:04d}"


def _like(like: str, number: int) -> str:
    """Write a number with the width of another one."""
    return f"{number:0{len(like)}d}"


def _day(like: str, gap: str, day: int) -> str:
    """Write a day beside the name of a month: with a leading 0 where there was one or where nothing parts the two."""
    return _like(like, day) if like[0] == "0" or gap in ("", "-", "/") else str(day)


def _ordinal(like: str, day: int) -> str:
    """Return `like` with the English ending of a day where it has one."""
    ending = "th" if 10 < day % 100 < 14 else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")
    made = re.sub("st|nd|rd|th", ending.upper() if like[:2].isupper() else ending, like, count=1, flags=re.IGNORECASE)
    return re.sub("^er", "" if day != 1 else "er", made)


def _month(like: str, month: int, gap: str = " ") -> str:
    """Write a month in the language, length and case of another one; May is short where no blank is before it."""
    folded = like.casefold()
    short = folded == "may" and " " not in gap
    names = _LANGUAGES[1] if short else next(names for names in _LANGUAGES if folded in names)
    name = names[month - 1]
    return name.upper() if like.isupper() else name if like.islower() else name.capitalize()
