"""Whether figures and month names can be a day: in full, without a year, in words of some twenty languages."""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from typing import Final

from firewall.validators.check_digits import digits

# By month; without accents, as `_plain` leaves them. Abbreviations that are words of another language are left out.
_MONTHS: Final = {
    name: number
    for number, names in enumerate(
        (
            (
                "jan january januar januari janvier janv janeiro enero ene gennaio gen janner stycznia ocak ledna "
                "tammikuuta января"
            ),
            (
                "feb february februar februari fevrier fevr fevereiro febrero febbraio lutego subat unora helmikuuta "
                "февраля"
            ),
            "mar march marz maerz maart mars marts marzo marco marca mart mrz brezna maaliskuuta марта",
            "apr april avril avr abril abr aprile kwietnia nisan dubna huhtikuuta апреля",
            "may mai maj mei mayo maio maggio mag maja mayis kvetna toukokuuta мая",
            "jun june juni juin junio junho giugno giu czerwca haziran kesakuuta июня",
            "jul july juli juillet juil julio julho luglio lug lipca temmuz heinakuuta июля",
            "aug august augusti augustus aout agosto ago sierpnia agustos srpna elokuuta августа",
            (
                "sep sept september septembre septiembre setiembre setembro settembre set wrzesnia eylul syyskuuta "
                "сентября"
            ),
            "oct october oktober okt octobre octubre outubro ottobre ott pazdziernika ekim lokakuuta октября",
            "nov november novembre noviembre novembro listopada kasim marraskuuta ноября",
            (
                "dec december dezember dez desember decembre diciembre dezembro dic dicembre grudnia aralik prosince "
                "joulukuuta декабря"
            ),
        ),
        start=1,
    )
    for name in names.split()
}
_WEEKDAYS: Final = frozenset(
    "mon monday tue tues tuesday wed weds wednesday thu thur thurs thursday fri friday sat saturday sun sunday montag "
    "dienstag mittwoch donnerstag freitag samstag sonntag lundi mardi mercredi jeudi vendredi samedi dimanche lunes "
    "martes miercoles jueves viernes sabado domingo".split()
)
_WORDS: Final = re.compile(r"[^\W\d_]+")
_NUMBERS: Final = re.compile(r"\d+")
_ROMAN: Final = {name: number for number, name in enumerate("i ii iii iv v vi vii viii ix x xi xii".split(), start=1)}
_FIGURES: Final = re.compile(r"\d{1,4}(?:[-./] ?\d{1,4}| \d{1,4}){1,2}\.?")
_TWO: Final = re.compile(
    r"(\d{1,2}/\d{1,2}) ?(?:,|&|and|or|to|-|\u2013|bis|et|y) ?(\d{1,2}/\d{1,2}/\d{2,4})", re.IGNORECASE
)
_PAIRS: Final = re.compile(r"(\d{1,2})/(\d{1,2})")
_LONGER: Final = re.compile(r"\d/\d{1,2}[/.]\d")


def calendar_date(value: str) -> bool:
    """A day that exists, in any usual order and spelling, with a year of 1850 to 2150 where four digits are given."""
    if _month(value) is not None:
        return month_date(value)
    numbers = [int(number) for number in _NUMBERS.findall(value)]
    if numbers[0] > 9999 or (
        len(numbers) == 1 and len(value) == 6
    ):  # without separators: 20240131, 01312024, 310124, with or without the time
        return _run(digits(value))
    if len(numbers) == 2:
        return _month_and_day(*numbers)
    first, second, third = numbers[:3]
    if first > 31:
        return _exists(first, second, third)
    return _exists(third, second, first) or _exists(third, first, second)


def any_date(value: str) -> bool:
    """A day in figures, also with the month as a Roman number; two figures are a day and a month. No more figures."""
    pair = _TWO.fullmatch(value)  # 8/22 and 8/29/31
    if pair:
        return any_date(pair[1]) and any_date(pair[2])
    words = _WORDS.findall(value.lower())
    if words:
        month = _ROMAN.get(words[0])
        numbers = [int(number) for number in _NUMBERS.findall(value)]
        return len(words) == 1 and month is not None and len(numbers) == 2 and _exists(numbers[1], month, numbers[0])
    return _FIGURES.fullmatch(value) is not None and calendar_date(value)


def month_date(value: str) -> bool:
    """One or more days of a month that is named, with or without a year; each of the first two must exist."""
    month = _month(value)
    numbers = [int(number) for number in _NUMBERS.findall(value)]
    if month is None or not numbers:
        return False
    year = next((number for number in numbers if number > 31), 2000)
    days = [number for number in numbers if number <= 31]
    return bool(days) and _exists(year, month, days[0])


def month_year(value: str) -> bool:
    """A month that is named, or the figures of one, with a year; no other word that begins like a month."""
    return _month(value) is not None or _WORDS.search(value) is None


def weekday(value: str) -> bool:
    """A text that begins with a day of the week, whole or as it is abbreviated, in one of four languages."""
    word = _WORDS.match(value.lower())
    return word is not None and _plain(word[0]) in _WEEKDAYS


def day_and_month(value: str) -> bool:
    """Figures such as 10/9, one or several, that can all be days without a year, rather than fractions or scores."""
    pairs = [(int(first), int(second)) for first, second in _PAIRS.findall(value)]
    if not pairs or _LONGER.search(value) or not all(_month_and_day(*pair) for pair in pairs):
        return False
    return len(pairs) == 1 or len({second for _, second in pairs}) > 1  # 3/10-5/10 are two scores


def _plain(value: str) -> str:
    """Lower case, without accents."""
    spread = unicodedata.normalize("NFKD", value.lower().replace("\u0131", "i"))
    return "".join(char for char in spread if not unicodedata.combining(char))


def _month(value: str) -> int | None:
    """Return the first month that is named, 1 to 12."""
    words = _WORDS.findall(value.lower())
    if not value.isascii():
        words += _WORDS.findall(_plain(value))
    return next((_MONTHS[word] for word in words if word in _MONTHS), None)


def _run(figures: str) -> bool:
    """Tell whether a run of digits begins with a day: eight digits with the whole year, six with two of its digits."""
    if len(figures) == 6:
        first, second, third = int(figures[:2]), int(figures[2:4]), int(figures[4:])
        return _exists(third, second, first) or _exists(third, first, second) or _exists(first, second, third)
    year, month, day = int(figures[:4]), int(figures[4:6]), int(figures[6:8])
    return _exists(year, month, day) or _exists(int(figures[4:8]), int(figures[:2]), int(figures[2:4]))


def _month_and_day(first: int, second: int) -> bool:
    """Tell whether two numbers are a month and a day of it, in either order."""
    return _exists(2000, first, second) or _exists(2000, second, first)


def _exists(year: int, month: int, day: int) -> bool:
    """Tell whether that day is in the calendar; a two-digit year is taken in a century that has leap days alike."""
    if not (0 <= year < 100 or 1850 <= year <= 2150):
        return False
    try:
        date(2000 + year if year < 100 else year, month, day)
    except ValueError:
        return False
    return True
