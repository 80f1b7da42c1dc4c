"""Dates: moved with their format and their distances, or said to be none."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firewall.redact.dates import shifted, years_of
from firewall.redact.operators import operate
from firewall.vocabulary import Operator
from tests.redact.keyrings import KEYS, keys_of

DAYS = st.dates(date(1975, 1, 1), date(2060, 12, 31))
FORMATS = ["%Y-%m-%d", "%Y/%m/%d", "%Y%m%d", "%m/%d/%Y", "%m/%d/%y", "%d.%m.%Y", "%d %B %Y", "%B %d, %Y", "%d-%b-%Y", "%b %d, %Y",
           "%Y-%m-%dT10:20:30.5Z", "%Y-%m-%dT23:59:59+02:00", "%Y%m%d101500.000-0500", "%a, %d %b %Y 10:15:00 +0000",
           "%m/%d/%Y 10:15 AM", "%A, %B %d, %Y"]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2024-03-05", "2023-12-26"),
        ("3/5/24", "12/26/23"),
        ("5.3.2024", "26.12.2023"),
        ("5. März 2024", "26. Dezember 2023"),
        ("5 de marzo de 2024", "26 de diciembre de 2023"),
        ("le 5 mars 2024 à 10:30", "le 26 décembre 2023 à 10:30"),
        ("05-MAR-2024", "26-DEC-2023"),
        ("05MAR2024", "26DEC2023"),
        ("Mar 12th, 2024", "Jan 2nd, 2024"),
        ("March 5, '24", "December 26, '23"),
        ("March 2024", "January 2024"),
        ("March 5", "December 26"),
        ("2024-03", "2024-01"),
        ("03/2024", "01/2024"),
        ("03/05", "12/26"),
        ("12 Sep 2023", "4 Jul 2023"),
        ("03/05/2024 - 03/09/2024", "12/26/2023 - 12/30/2023"),
        ("between March 5 and March 9, 2024", "between December 26 and December 30, 2023"),
        ("Tue Mar 5 10:15:00 2024", "Tue Dec 26 10:15:00 2023"),
        ("1709632800", "1703584800"),
        ("10:30 PM", "10:30 PM"),
    ],
)
def test_a_date_moves_and_is_written_as_it_was(text: str, expected: str) -> None:
    """By seventy days, in the language, order, width and case that it had."""
    assert shifted(text, -70) == expected


@pytest.mark.parametrize(
    "text",
    ["yesterday", "Q1 2024", "2024-13-45", "30 February 2024", "March 5-9, 2024", "2024-W10", "", "seen 2024-03-05"],
)
def test_what_cannot_be_read_is_said(text: str) -> None:
    """Rather than be moved in part; the operator writes the placeholder."""
    assert shifted(text, -70) is None
    assert operate(Operator("shift_date"), text, "DATE_TIME", KEYS) == "<DATE_TIME>"


def _plain(text: str) -> str:
    """Return a date without zeros before a day, and with months cut to three letters: May is long and short at once."""
    return re.sub("([A-Za-z]{3})[a-z]+", r"\1", text.replace(" 0", " ").removeprefix("0"))


@given(DAYS, DAYS, st.sampled_from(FORMATS), st.integers(-3_000, 3_000))
@settings(max_examples=150, deadline=None)
def test_intervals_stay(first: date, second: date, form: str, days: int) -> None:
    """Every format reads back as the day that many days away, so that two dates keep their distance."""
    days = days // 7 * 7  # whole weeks, so that weekdays stay true
    for one in (first, second):
        moved = shifted(one.strftime(form), days)
        assert moved is not None
        wanted = (one + timedelta(days)).strftime(form)
        assert _plain(moved) == _plain(wanted)


def test_the_distance_is_a_secret_of_the_session() -> None:
    """The same in a session for every purpose, of whole weeks into the past, and another one elsewhere; or a tenant's."""
    mine = KEYS.days()
    assert mine == keys_of(purpose="other").days() and mine % 7 == 0 and -1820 <= mine < 0
    assert len({keys_of(session=f"s{number}").days() for number in range(60)}) > 30
    assert keys_of(session="a").days(of="tenant") == keys_of(session="b").days(of="tenant")
    assert all(-5 <= keys_of(session=f"s{number}").days(most=5) < 0 for number in range(40))
    one, other = (
        operate(Operator("shift_date", {"of": "tenant"}), "2024-03-05", "DATE_TIME", keys_of(session=s)) for s in "ab"
    )
    assert one == other != "2024-03-05"


def test_day_first_is_asked_for() -> None:
    """With slashes the month comes first unless the policy says otherwise, or the number can be no month."""
    assert shifted("03/05/2024", 7) == "03/12/2024"
    assert shifted("03/05/2024", 7, day_first=True) == "10/05/2024"
    assert shifted("25/12/2023", 7) == "01/01/2024"


@pytest.mark.parametrize(
    ("text", "expected"),
    [("2024-03-05", "2024"), ("3/5/24", "24"), ("5 March 1931", "1936 or before"), ("3/5/30", "1936 or before"),
     ("03/05/2023 to 04/06/2024", "2023 - 2024"), ("March 5", None), ("yesterday", None)],
)  # fmt: skip
def test_only_the_year_is_left(text: str, expected: str | None) -> None:
    """And of old years only that they are old."""
    assert years_of(text, now=2026, oldest=1936) == expected
