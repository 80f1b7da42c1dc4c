"""Mail as text: headers, answers, greetings and signatures; subjects and bodies are left alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firewall.payload.dialects import mail

HEADERS = """From: "Okonkwo, Ifeoma" <i.okonkwo@ward.example>
To: Quality Team <quality@plant.example>, Bertrand Quill <b.quill@ward.example>
Cc: Marwick, Della <dm@ward.example>;
 =?utf-8?Q?J=C3=B6rg_Quill?= <roe@ward.example>
Date: Tue, 3 Mar 2026 10:12:33 +0100
Message-ID: <CAF8x1@mail.example>
Received: from a.example ([10.22.3.4]) by b.example with ESMTP id 3x; Tue, 3 Mar 2026 10:12:30 +0100
X-Originating-IP: [192.0.2.44]
Subject: Results for batch 12

Batch 12 has passed.
"""


def told(text: str) -> list[tuple[str, str]]:
    """Return entity type and text of each field that identifies somebody, in order."""
    fields = sorted(mail.fields(text) or (), key=lambda one: one.start)
    return [(one.entity_type, text[one.start : one.end]) for one in fields if one.entity_type]


def test_header_fields_say_who_wrote_to_whom_when_and_from_where() -> None:
    """Names, mailboxes, dates and addresses go; the mailbox of a role, its name, the subject and the body stay."""
    assert told(HEADERS) == [
        ("PERSON", "Okonkwo, Ifeoma"),
        ("EMAIL_ADDRESS", "i.okonkwo@ward.example"),
        ("PERSON", "Bertrand Quill"),
        ("EMAIL_ADDRESS", "b.quill@ward.example"),
        ("PERSON", "Marwick, Della"),
        ("EMAIL_ADDRESS", "dm@ward.example"),
        ("PERSON", "=?utf-8?Q?J=C3=B6rg_Quill?="),
        ("EMAIL_ADDRESS", "roe@ward.example"),
        ("DATE_TIME", "Tue, 3 Mar 2026 10:12:33 +0100"),
        ("OTHER_ID", "CAF8x1@mail.example"),
        ("IP_ADDRESS", "10.22.3.4"),
        ("DATE_TIME", "Tue, 3 Mar 2026 10:12:30 +0100"),
        ("IP_ADDRESS", "192.0.2.44"),
    ]


@pytest.mark.parametrize(
    ("line", "date", "name", "address"),
    [
        ("On Tue, 3 Mar 2026 at 10:12, Bertrand Quill <b@x.example> wrote:", "Tue, 3 Mar 2026 at 10:12", "Bertrand Quill", "b@x.example"),
        ("Am 03.03.2026 um 10:12 schrieb Jutta Quill <j@x.example>:", "03.03.2026 um 10:12", "Jutta Quill", "j@x.example"),
        ("Le mar. 3 mars 2026 à 10:12, Odile Quill <o@x.example> a écrit :", "mar. 3 mars 2026 à 10:12", "Odile Quill", "o@x.example"),
        ("> El mar, 3 mar 2026 a las 10:12, Inés Quill <i@x.example> escribió:", "mar, 3 mar 2026 a las 10:12", "Inés Quill", "i@x.example"),
    ],
)  # fmt: skip
def test_the_line_above_an_answer_names_its_writer(line: str, date: str, name: str, address: str) -> None:
    """In English, German, French and Spanish."""
    assert told(f"Thanks.\n\n{line}\n> text\n") == [("DATE_TIME", date), ("PERSON", name), ("EMAIL_ADDRESS", address)]


@pytest.mark.parametrize(
    "block",
    [
        "-----Original Message-----\nFrom: Jutta Quill\nSent: Tuesday, March 3, 2026 10:12 AM\nTo: Roe, Horst; Quality Assurance\nSubject: x\n",
        "Von: Jutta Quill\nGesendet: Tuesday, March 3, 2026 10:12 AM\nAn: Roe, Horst; Qualität Team\nBetreff: x\n",
        "De : Jutta Quill\nEnvoyé : Tuesday, March 3, 2026 10:12 AM\nÀ : Roe, Horst\nObjet : x\n",
        "> De: Jutta Quill\n> Enviado: Tuesday, March 3, 2026 10:12 AM\n> Para: Roe, Horst\n> Asunto: x\n",
    ],
)
def test_headers_of_what_was_forwarded_are_read(block: str) -> None:
    """Names without mailboxes too, behind marks of quotation too; a team is nobody."""
    found = told(block)
    assert found[0] == ("PERSON", "Jutta Quill")
    assert found[1] == ("DATE_TIME", "Tuesday, March 3, 2026 10:12 AM")
    assert "Roe" in " ".join(value for kind, value in found[2:] if kind == "PERSON")
    assert "Quality" not in str(found)


def test_greeting_and_signature_name_people() -> None:
    """Only in a mail; titles and degrees stay, teams are nobody."""
    text = "From: a@x.example\nTo: b@x.example\n\nDear Dr. Quill,\n\nHello Team,\nDone.\n\nBest regards,\nIfeoma Okonkwo, MD\nPathology\n"
    assert told(text)[2:] == [("PERSON", "Quill"), ("PERSON", "Ifeoma Okonkwo")]
    assert told("Dear Dr. Quill,\nDone.\n\nBest regards,\nIfeoma Okonkwo\n") == []


@pytest.mark.parametrize(
    "text", ["From: here\nwe go on", "to: do\n", "Date: 2026-01-01\nVersion: 3\n", "he wrote:\nnothing", ""]
)
def test_what_is_no_mail_is_left_alone(text: str) -> None:
    """One line with a colon is no header."""
    assert mail.fields(text) is None


@given(
    st.text(alphabet=st.sampled_from('aB1 @<>,;:"\n\r\t>.()'), max_size=120),
    st.sampled_from(["", "From: a\nTo: ", "On 3 Mar 2026, "]),
)
def test_any_text_is_read_inside_itself(tail: str, head: str) -> None:
    """Fields are not empty and lie inside the text."""
    for one in mail.fields(head + tail) or ():
        assert 0 <= one.start < one.end <= len(head + tail)
