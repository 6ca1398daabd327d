"""A digest as a mail: text, HTML of the same words, and the picture inside it."""

from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest

from services.digests import picture
from services.mail import compose
from services.vendors.base import Message
from services.vendors.email import Email
from tests.digests.test_picture import chart

CONFIG = {"from_address": "desk@example.com", "from_name": "Desk", "signature": "Yours"}
WHY = "You chose this under Digests: https://desk.example/digests"
EVIL = "<script>alert(1)</script>\r\nBcc: x@example.com <img src=https://evil.example/p.gif>"


def told(**more: Any) -> Message:
    part = {
        "title": "Promises", "link": "https://desk.example/queue?view=today&sla=overdue",
        "lines": [{"text": "2 promises are broken", "link": ""},
                  {"text": "Case 7 (Acme)", "link": "https://desk.example/case?number=7"}],
    }  # fmt: skip
    body = {
        "to": {"name": "Ana", "address": "ana@example.com"}, "subject": "Loopdesk: 2 broken",
        "text": f"Promises\n- 2 promises are broken\n\n{WHY}", "why": WHY, "parts": [part],
        "chart": chart(), "message_id": "<ld-1@example.com>",
    }  # fmt: skip
    return Message("k", "digest", body | more)


def mail(**more: Any) -> EmailMessage:
    made = Email(CONFIG, {}, frozenset())._mail(told(**more))
    return message_from_bytes(compose.as_bytes(made), policy=policy.default)  # type: ignore


def test_it_is_text_and_html_with_the_picture_in_it() -> None:
    found = mail()
    assert found.get_content_type() == "multipart/alternative"
    plain, html = found.get_body(("plain",)), found.get_body(("html",))
    assert plain is not None and "2 promises are broken" in plain.get_content()
    assert html is not None and html.get_content().count("cid:chart@loopdesk.invalid") == 1
    (image,) = [part for part in found.walk() if part.get_content_type() == "image/png"]
    assert image["Content-ID"] == "<chart@loopdesk.invalid>"
    assert image.get_content() == picture.png(chart())
    assert len(compose.as_bytes(found)) < 90_000


def test_the_html_links_to_the_lists_and_says_where_to_stop_it() -> None:
    html = str(mail().get_body(("html",)).get_content())  # type: ignore[union-attr]
    assert 'href="https://desk.example/queue?view=today&amp;sla=overdue"' in html
    assert 'href="https://desk.example/case?number=7"' in html
    assert 'href="https://desk.example/digests"' in html
    assert picture.alt(chart()).replace("±", "±") in html


def test_it_is_from_a_machine_and_is_signed_by_nobody() -> None:
    found = mail()
    assert found["Auto-Submitted"] == "auto-generated" and found["Reply-To"] is None
    assert "Yours" not in str(found.get_body(("plain",)).get_content())  # type: ignore[union-attr]


@pytest.mark.parametrize("where", ["subject", "parts", "chart"])
def test_what_customers_chose_is_no_markup_and_no_header(where: str) -> None:
    part = {"title": EVIL, "link": "https://desk.example/queue",
            "lines": [{"text": EVIL, "link": ""}]}  # fmt: skip
    odd = {"subject": EVIL, "parts": [part], "chart": chart(title=EVIL)}[where]
    found = mail(**{where: odd})
    html = str(found.get_body(("html",)).get_content())  # type: ignore[union-attr]
    assert found["Bcc"] is None
    assert "<script" not in html and html.count("<img") == 1


def test_the_payload_is_what_is_sent_in_words() -> None:
    told_of = Email(CONFIG, {}, frozenset()).payload(told())
    assert told_of["envelope"] == {"from": "desk@example.com", "to": "ana@example.com"}
    assert told_of["text"].startswith("Promises") and "<h2" in told_of["html"]


def test_the_same_digest_is_the_same_mail_but_for_its_date() -> None:
    one, two = (compose.as_bytes(mail()).split(b"\n") for _ in range(2))
    assert [x for x, y in zip(one, two, strict=True) if x != y and not x.startswith(b"Date:")] == []
