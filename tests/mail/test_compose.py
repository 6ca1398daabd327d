"""What is written can be read back as it was meant, whatever was put in."""

from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.mail.compose import (
    Letter,
    Unsendable,
    as_bytes,
    composed,
    domain,
    letter,
    needs_utf8,
    person,
)
from services.mail.html import plain
from services.mail.texts import clean

NOW = datetime(2026, 5, 5, 8, 15, tzinfo=UTC)
SENDER = person({"name": "Loopdesk Support", "address": "desk@example.com"})
OUTLOOK = f"<{'DB9PR01MB0001' * 6}@DB9PR01MB0001.eurprd01.prod.exchangelabs.com>"


def written(sender: Any = SENDER, more: dict[str, Any] | None = None, **body: Any) -> EmailMessage:
    to = {"name": "Ana Kim", "address": "ana@example.org"}
    known = {"to": to, "subject": "Your answer", "text": "Hi", "message_id": "<1@x>"} | body
    raw = as_bytes(composed(letter(known, sender, **(more or {})), NOW))
    assert max(map(len, raw.split(b"\r\n"))) <= 998 and b"\0" not in raw
    found = message_from_bytes(raw, policy=policy.default)
    assert isinstance(found, EmailMessage) and not found.defects
    return found


def parts(mail: EmailMessage) -> tuple[str, str]:
    plain, html = (part.get_content() for part in mail.iter_parts())
    return plain.replace("\r\n", "\n"), html.replace("\r\n", "\n")


def test_a_letter_has_its_headers() -> None:
    mail = written(in_reply_to="<a@x>", references=["<c@x>", "<b@x>"])
    assert mail["From"] == "Loopdesk Support <desk@example.com>"
    assert mail["To"] == "Ana Kim <ana@example.org>"
    assert mail["Date"].datetime == NOW
    assert (mail["Message-ID"], mail["In-Reply-To"]) == ("<1@x>", "<a@x>")
    assert mail["References"] == "<c@x> <b@x> <a@x>"
    assert mail.get_content_type() == "multipart/alternative"


def test_a_long_message_id_stays_as_it_is() -> None:
    """The standard policy writes it as an encoded word, and the thread is lost."""
    raw = as_bytes(
        composed(
            Letter(SENDER, SENDER, "s", "t", OUTLOOK, in_reply_to=OUTLOOK, references=[OUTLOOK]),
            NOW,
        )
    )
    assert raw.count(OUTLOOK.encode()) == 3


def test_references_keep_the_first_and_the_last_of_a_long_thread() -> None:
    thread = [f"<{n}@x>" for n in range(200)]
    found = written(references=thread)["References"].split()
    assert len(found) == 50 and found[0] == thread[0] and found[1:] == thread[-49:]


def test_foreign_message_ids_add_no_header() -> None:
    mail = written(
        in_reply_to="<a@x>\r\nBcc: x@evil.test", references=["<b@x\r\nBcc: y@evil.test>", "no id"]
    )
    assert "Bcc" not in mail and mail["In-Reply-To"] == "<a@x>"


def test_the_html_says_the_same_without_acting() -> None:
    text = '<img src="https://t.example/x.gif" onerror="a()">\n\n& "x" {{score}}'
    plain_part, html = parts(written(text=text))
    assert plain_part == text + "\n"
    assert "<img" not in html and "&lt;img" in html
    assert plain(html) == clean(text)


def test_a_web_address_is_a_link_to_what_it_says() -> None:
    _, html = parts(
        written(text="See https://desk.example/case?number=1&x=<b>, (http://b.example).")
    )
    link = "https://desk.example/case?number=1&amp;x="
    assert f'<a href="{link}">{link}</a>&lt;b&gt;, ' in html
    assert '(<a href="http://b.example">http://b.example</a>).' in html


def test_a_signature_stands_below_a_line_that_programs_know() -> None:
    plain_part, html = parts(written(text="Hi", more={"signature": "Jo <b>\r\nDesk"}))
    assert plain_part == "Hi\n\n-- \nJo <b>\nDesk\n"
    assert "<p>-- <br>\nJo &lt;b&gt;<br>\nDesk</p>" in html


@pytest.mark.parametrize(
    "address",
    [
        "",
        "ana",
        "@x.example",
        "a@",
        "a@b@c.example",
        "a b@x.example",
        "a@x.example\nX: y",
        "<a@b.c>",
    ],
)
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(Unsendable):
        person({"address": address})


def test_an_address_inside_a_company_is_one() -> None:
    assert person("ana@mail.intern").addr_spec == "ana@mail.intern"


def test_the_domain_of_a_message_id_is_in_ascii() -> None:
    assert domain("desk@müller.example") == "xn--mller-kva.example"
    assert domain("nobody") == "loopdesk.invalid"


def test_only_a_local_part_beyond_ascii_needs_more_of_the_server() -> None:
    for address, needed in [("a@müller.example", False), ("ä@example.org", True)]:
        mail = composed(Letter(SENDER, person(address), "s", "t", "<1@x>"), NOW)
        assert needs_utf8(mail) is needed
        as_bytes(mail, utf8=needed)


ANYTHING = st.text(max_size=200)


@settings(deadline=None, max_examples=200)
@given(name=ANYTHING, subject=ANYTHING, text=ANYTHING, signature=ANYTHING)
def test_any_text_arrives_and_adds_no_header(
    name: str, subject: str, text: str, signature: str
) -> None:
    mail = written(
        to={"name": name, "address": "ana@example.org"},
        subject=subject, text=text, more={"signature": signature},
    )  # fmt: skip
    assert {key.lower() for key in mail} == {
        "from", "to", "subject", "date", "message-id", "mime-version", "content-type",
    }  # fmt: skip
    assert [one.addr_spec for one in mail["To"].addresses] == ["ana@example.org"]
    assert parts(mail)[0].startswith(clean(text))


@settings(deadline=None, max_examples=200)
@given(st.text(st.characters(categories=["L", "N", "P", "Zs"]), max_size=290).map(str.strip))
def test_a_subject_is_read_as_it_was_written(subject: str) -> None:
    expected = " ".join(subject.replace("\xa0", " ").split())
    assert " ".join(str(written(subject=subject)["Subject"]).split()) == expected
