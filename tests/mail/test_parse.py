"""Mails as programs really write them: what each means, and that none of them breaks anything."""

import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.mail.parse import LONGEST, read
from services.vendors.base import Update

FOLDER = Path(__file__).parent.parent / "fixtures" / "email"
MAILS = {path.stem: path.read_bytes() for path in sorted(FOLDER.glob("*.eml"))}
NOW = datetime(2026, 5, 6, tzinfo=UTC)
OWN = "desk@example.com"
ID = "<case-1042.7f3a@desk.example.com>"

ANSWERS = {
    "apple_es": "El precio subió sin aviso. Eso es todo.",
    "apple_files": "This is what I see:\n\nAnd the log is attached.",
    "apple_fr": "Bonjour,\n\nc’est trop lent, surtout le matin.\n\nRenée",
    "broken_charset": "Grüße aus Zürich – €5 zu viel.",
    "broken_mime": "Hello, this still works.",
    "empty": "",
    "gmail_de_wrapped": "Danke, das hat geholfen.",
    "gmail_en": "Thanks for writing back. The export still fails for me – every time.\n\n"
    "Could you call me on Thursday?\n\nAna",
    "gmail_ru": "Спасибо, всё работает.",
    "html_only": "It is slow & loud.\n\nFix it, please.",
    "interleaved_it": "La 4.2, su Windows.\n\nDa lunedì.",
    "mislabelled_utf8": "Grüße aus Zürich.",
    "new_mail": "How do I change my plan?",
    "only_a_quote": "From: Loopdesk Support\nSent: Monday, May 4, 2026\nTo: Eve\n"
    "Subject: Your answer\n\nIs it better? YES, MUCH BETTER",
    "outlook_de_html": "Guten Tag,\n\ndie Anmeldung geht wieder – vielen Dank für die Hilfe.",
    "outlook_en": "Hi,\n\nno, the invoice is still wrong. It’s the third time.\n\nSam",
    "outlook_old_nl": "Het werkt weer, dank je.",
    "thunderbird_sv": "Ja, tack!",
    "yahoo_ja": "ありがとうございます。直りました。",
}
# name -> the address it is about, whether it will not go away, the reason
BOUNCES = {
    "bounce_exchange": ("full@contoso.com", True, "554 5.2.2 mailbox full"),
    "bounce_exim": ("gone@example.org", True, "550 No Such User Here"),
    "bounce_gmail_expired": (
        "slow@example.org", False,
        "The recipient server did not accept our requests to connect.",
    ),
    "bounce_postfix": (
        "gone@example.org", True,
        "550 5.1.1 <gone@example.org>: Recipient address rejected: User unknown",
    ),
    "bounce_postfix_late": (
        "slow@example.org", False,
        "delayed: connect to mail.example.org[192.0.2.7]:25: Connection timed out",
    ),
    "bounce_qmail": ("gone@example.org", True, "Sorry, no mailbox here by that name. (#5.1.1)"),
}  # fmt: skip
AWAY = ["away_exchange", "away_german", "away_vacation"]
NO_ANSWER = ["echo", "newsletter", "receipt", "report_delivered"]
OTHERS = dict.fromkeys(AWAY, "away") | dict.fromkeys(NO_ANSWER, "other")


def update(name: str) -> Update:
    return read(MAILS[name], OWN, NOW)


def mail(headers: str, body: str = "Hello") -> Update:
    return read(f"{headers}\n\n{body}\n".encode(), OWN, NOW)


def test_every_mail_that_is_kept_is_judged() -> None:
    assert set(MAILS) == set(ANSWERS) | set(BOUNCES) | set(OTHERS)


@pytest.mark.parametrize("name", ANSWERS)
def test_an_answer_holds_what_is_new_in_it(name: str) -> None:
    found = update(name)
    assert (found.kind, found.text) == ("answer", ANSWERS[name])
    assert found.thread[:1] == (() if name == "new_mail" else (ID,))
    assert (found.failed, found.hard) == (None, False)


@pytest.mark.parametrize("name", BOUNCES)
def test_a_bounce_names_the_mail_and_the_address(name: str) -> None:
    found = update(name)
    assert (found.kind, found.thread[0]) == ("bounce", ID)
    assert (found.failed, found.hard, found.text) == BOUNCES[name]


@pytest.mark.parametrize(("name", "kind"), OTHERS.items())
def test_what_a_machine_wrote_is_no_answer(name: str, kind: str) -> None:
    assert update(name).kind == kind


def test_the_nearest_mail_of_the_thread_comes_first() -> None:
    assert update("gmail_en").thread == (ID, "<case-1042.0001@desk.example.com>")
    found = mail("From: a@x.example\nReferences: <1@x> <2@x>\n\t<3@x>\nIn-Reply-To: <2@x>")
    assert found.thread == ("<2@x>", "<3@x>", "<1@x>")


def test_who_wrote_when_about_what() -> None:
    found = update("gmail_de_wrapped")
    assert found.sender == "joerg.weber@beispiel.de"
    assert found.subject == "Re: Ihre Rückmeldung"
    assert found.at == datetime(2026, 5, 5, 8, 15, 20, tzinfo=UTC)
    assert update("yahoo_ja").subject == "Re: お問い合わせ"


def test_the_time_is_that_of_our_own_server_where_it_says_so() -> None:
    assert update("gmail_en").at == datetime(2026, 5, 5, 8, 15, 31, tzinfo=UTC)


@pytest.mark.parametrize(
    "date", ["Fri, 1 Jan 2100 00:00:00 +0000", "soon", "", "31 Dec 9999 23:59 -2300", "9" * 5000]
)
def test_a_time_that_cannot_be_is_now(date: str) -> None:
    assert mail(f"From: a@x.example\nDate: {date}").at == NOW


def test_the_same_mail_has_the_same_key_and_another_one_another() -> None:
    assert update("gmail_en").key == "<CAKx9q1+gm4il=abcDEF@mail.gmail.com>"
    found = update("bounce_qmail")
    assert found.key.startswith("sha256:") and found.key == update("bounce_qmail").key
    assert mail("From: a@x.example", "one").key != mail("From: a@x.example", "two").key
    assert len(mail(f"From: a@x.example\nMessage-ID: <{'x' * 5000}@y>").key) < 100


def test_no_text_is_longer_than_it_may_be_or_holds_nul() -> None:
    found = mail("From: a@x.example\nSubject: " + "s" * 5000, "Hi\0 " + "word " * 50_000)
    assert len(found.text) == LONGEST and "\0" not in found.text
    assert len(found.subject) <= 300


@pytest.mark.parametrize(
    ("header", "kind"),
    [
        ("Auto-Submitted: no", "answer"),
        ("Auto-Submitted: auto-replied", "away"),
        ("Auto-Submitted: auto-generated", "other"),
        ("Auto-Submitted: auto-generated\nIn-Reply-To: <a@x>", "away"),
        ("Precedence: auto_reply", "away"),
        ("Precedence: bulk", "other"),
        ("Precedence: bulk\nIn-Reply-To: <a@x>", "answer"),
        ("X-Autorespond: 1", "away"),
        ("X-Auto-Response-Suppress: All", "answer"),
        ("Subject: Out of Office: Re: Your answer", "away"),
        ("Subject: Re: Automatic reply: Your answer", "answer"),
        ("Subject: Undelivered Mail Returned to Sender", "answer"),
    ],
)
def test_a_header_tells_people_from_programs(header: str, kind: str) -> None:
    assert mail(f"From: a@x.example\n{header}").kind == kind


@pytest.mark.parametrize(
    ("sender", "body"),
    [
        ("ana@x.example", "My mail to bob@x.example could not be delivered: 550 5.1.1"),
        ("postmaster@x.example", "Please call me about bob@x.example."),
        ("mailer-daemon@x.example", "Your message could not be delivered."),
    ],
)
def test_in_doubt_a_mail_is_no_bounce(sender: str, body: str) -> None:
    assert mail(f"From: {sender}\nSubject: Hello", body).kind == "answer"


def test_a_server_that_gives_no_reason_is_not_taken_for_final() -> None:
    found = mail(
        "From: MAILER-DAEMON@x.example\nSubject: Undeliverable: Hi",
        f"Could not be delivered: bob@x.example\n\nMessage-ID: {ID}\n",
    )
    assert (found.kind, found.failed, found.hard) == ("bounce", "bob@x.example", False)
    assert found.thread == (ID,)


PIECES = [
    *(line for raw in MAILS.values() for line in raw.split(b"\n") if len(line) < 200),
    b"Content-Type: multipart/mixed; boundary=x", b"--x", b"--x--", b"", b"", b"\xff\xfe\x00",
    b"Content-Type: message/delivery-status", b"Content-Type: message/rfc822",
    b"Content-Transfer-Encoding: x-uuencode", b"begin 644 a", b"Content-Disposition", b":",
    b"Content-Type: text/plain; charset*=", b" folded", b"From: =?utf-8?b?/w==?= <a@b",
    b"Date: Tue, 5 May 26",
]  # fmt: skip


@settings(deadline=None, max_examples=300)
@given(st.lists(st.sampled_from(PIECES), max_size=60).map(b"\n".join))
def test_no_heap_of_lines_breaks_it(raw: bytes) -> None:
    found = read(raw, OWN, NOW)
    assert found.at <= NOW and "\0" not in found.text + found.subject + found.key
    found.text.encode(), found.subject.encode()  # PostgreSQL holds no halves of pairs


@settings(deadline=None, max_examples=200)
@given(st.sampled_from(sorted(MAILS)), st.data())
def test_no_damage_breaks_it(name: str, data: st.DataObject) -> None:
    raw = bytearray(MAILS[name])
    for _ in range(data.draw(st.integers(1, 5))):
        at = data.draw(st.integers(0, len(raw) - 1))
        raw[at : at + data.draw(st.integers(0, 40))] = data.draw(st.binary(max_size=20))
    read(bytes(raw), OWN, NOW)


def nested(depth: int, inside: bytes) -> bytes:
    head = b"".join(
        b'Content-Type: multipart/mixed; boundary="%d"\n\n--%d\n' % (n, n) for n in range(depth)
    )
    return b"From: a@x.example\nSubject: deep\n" + head + b"\n" + inside


HEAVY = {
    "deep": nested(5000, b"x"),
    "deep and long": nested(45, b"x\n" * 2_000_000),
    "wide": nested(1, b"--0\n\nx\n" * 400_000),
    "attached in attached": b"From: a@x.example\n" + b"Content-Type: message/rfc822\n\n" * 5000,
    "many headers": b"From: a@x.example\n" + b"X: y\n" * 500_000,
    "one header": b"From: " + b"a <" * 1_500_000,
    "one subject": b"From: a@x.example\nSubject: " + b"=?utf-8?q?" * 400_000,
    "references": b"From: a@x.example\nReferences: " + b"<a@b> " * 700_000,
    "html": b"From: a@x.example\nContent-Type: text/html\n\n" + b"<a " * 1_500_000,
    "rules": b"From: a@x.example\n\n" + b"-" * 4_000_000,
    "spaces": b"From: a@x.example\n\n" + b" " * 4_000_000 + b"x",
    "punycode": b"From: a@x.example\nContent-Type: text/plain; charset=punycode\n\n" + b"a" * 10**6,
    "digits": b"From: a@x.example\nContent-Type: text/html\n\n&#" + b"9" * 1_000_000,
}


@pytest.mark.parametrize("raw", HEAVY.values(), ids=HEAVY)
def test_nobody_can_make_it_slow_with_one_mail(raw: bytes) -> None:
    start = time.perf_counter()
    read(raw, OWN, NOW)
    assert time.perf_counter() - start < 8
