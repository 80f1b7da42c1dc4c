"""vCard and iCalendar: properties that identify somebody go, the frame stays."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from firewall.payload.dialects import cards

CARD = (
    "BEGIN:VCARD\r\nVERSION:4.0\r\nN:Quill;Odile;Marie;Dr.;\r\nFN:Odile Quill\r\nORG:Plant 4\r\n"
    "item1.ADR;TYPE=home:;;12 Rue des Lilas;Lyon;ARA;69003;France\r\nTEL;VALUE=uri:tel:+33-6-1234-5678\r\n"
    "EMAIL:o.quill@x.example\r\nBDAY:19700303\r\nEND:VCARD\r\n"
)
EVENT = (
    "BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:8842@x.example\nDTSTART;TZID=Europe/Paris:20260303T101200\nDTSTAMP:20260301T000000Z\n"
    'ATTENDEE;ROLE=CHAIR;CN="Quill, Odile":mailto:o.quill@x.example\nORGANIZER;CN=Horst Roe:mailto:roe@x.example\n'
    "SUMMARY:Review of batch 12\nEND:VEVENT\nEND:VCALENDAR\n"
)


def told(text: str) -> list[tuple[str, str]]:
    """Return entity type and text of each field that identifies somebody."""
    return [(one.entity_type, text[one.start : one.end]) for one in cards.fields(text) or () if one.entity_type]


def test_a_card_gives_up_its_person() -> None:
    """Components are fields of their own; a region, a country, an organisation and a title stay."""
    assert told(CARD) == [
        ("PERSON", "Quill"), ("PERSON", "Odile"), ("PERSON", "Marie"), ("PERSON", "Odile Quill"),
        ("LOCATION", "12 Rue des Lilas"), ("LOCATION", "Lyon"), ("LOCATION", "69003"),
        ("PHONE_NUMBER", "+33-6-1234-5678"), ("EMAIL_ADDRESS", "o.quill@x.example"), ("DATE_TIME", "19700303"),
    ]  # fmt: skip


def test_an_event_gives_up_who_comes_and_when() -> None:
    """The time at which the file was made is a time of the system, and a summary is for the detectors."""
    assert told(EVENT) == [
        ("OTHER_ID", "8842@x.example"), ("DATE_TIME", "20260303T101200"), ("PERSON", "Quill, Odile"),
        ("EMAIL_ADDRESS", "o.quill@x.example"), ("PERSON", "Horst Roe"), ("EMAIL_ADDRESS", "roe@x.example"),
    ]  # fmt: skip


def test_what_is_no_card_is_left_alone() -> None:
    """`N:` and `TEL:` mean nothing without the frame."""
    assert cards.fields("N:Quill;Odile\nTEL:617-555-0143\n") is None


@given(st.text(alphabet=st.sampled_from('NFADRTEL;:=,"\n\r x1'), max_size=120))
def test_any_text_is_read_inside_itself(tail: str) -> None:
    """Fields are not empty and lie inside the text."""
    text = f"BEGIN:VCARD\n{tail}"
    for one in cards.fields(text) or ():
        assert 0 <= one.start < one.end <= len(text)
