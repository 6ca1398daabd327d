"""Text out of mails: quotations, HTML, charsets and Message-IDs, one oddity each."""

import time
from email import message_from_string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.mail import ids
from services.mail.charsets import header_text, text_of
from services.mail.html import plain
from services.mail.quotes import new_text
from services.mail.texts import said

BEFORE, AFTER = "It works now.\n\nThanks", "Does it work?"
INTRODUCTIONS = [
    "On Mon, May 4, 2026 at 4:02 PM Loopdesk <desk@example.com> wrote:",
    "On 4 May 2026, at 16:02, Loopdesk\n<desk@example.com> wrote:",
    "Am Mo., 4. Mai 2026 um 16:02 Uhr schrieb Loopdesk <desk@example.com>:",
    "Am 04.05.26 um 16:02 schrieb Loopdesk:",
    "Le lun. 4 mai 2026 à 16:02, Loopdesk <desk@example.com> a écrit :",
    "El lun, 4 may 2026 a las 16:02, Loopdesk (<desk@example.com>) escribió:",
    "Il giorno lun 4 mag 2026 alle ore 16:02 Loopdesk <desk@example.com> ha\nscritto:",
    "Em seg., 4 de mai. de 2026 às 16:02, Loopdesk <desk@example.com> escreveu:",
    "Op ma 4 mei 2026 om 16:02 schreef Loopdesk <desk@example.com>:",
    "Den mån 4 maj 2026 kl 16:02 skrev Loopdesk <desk@example.com>:",
    "pon., 4 maj 2026 o 16:02 Loopdesk <desk@example.com> napisał(a):",
    "W dniu 4.05.2026 o 16:02, Loopdesk pisze:",
    "po 4. 5. 2026 v 16:02 odesílatel Loopdesk <desk@example.com> napsal:",
    "ma 4. toukok. 2026 klo 16.02 Loopdesk (desk@example.com) kirjoitti:",
    "пн, 4 мая 2026 г. в 16:02, Loopdesk <desk@example.com>:",
    "2026年5月4日(月) 16:02 Loopdesk <desk@example.com>:",
    "Loopdesk <desk@example.com> 于2026年5月4日周一 16:02写道：",
    "2026-05-04 16:02 GMT+02:00 Loopdesk wrote:",
    "Loopdesk <desk@example.com> wrote:",
]
HEADS = [
    "-----Original Message-----\nFrom: Loopdesk",
    "----- Ursprüngliche Nachricht -----\nVon: Loopdesk",
    "---------- Forwarded message ---------\nFrom: Loopdesk",
    "Begin forwarded message:\n\nFrom: Loopdesk",
    "________________________________\nFrom: Loopdesk\nSent: Monday\nTo: Ana\nSubject: Hi",
    "Von: Loopdesk\nGesendet: Montag\nAn: Ana\nBetreff: Hi",
    "De : Loopdesk\nEnvoyé : lundi\nÀ : Ana\nObjet : Hi",
    "*From:* Loopdesk\n*Date:* Monday\n*To:* Ana",
    "发件人: Loopdesk\n发送时间: 2026\n收件人: Ana\n主题: Hi",
]


@pytest.mark.parametrize("line", INTRODUCTIONS)
def test_a_quotation_is_left_out_with_the_line_before_it(line: str) -> None:
    marked = "\n".join(f"> {one}" for one in AFTER.split("\n"))
    assert new_text(f"{BEFORE}\n\n{line}\n\n{marked}") == BEFORE
    assert new_text(f"{BEFORE}\n\n{line}\n\n{AFTER}") == BEFORE
    assert new_text(f"{line}\n{marked}\n\n{BEFORE}") == BEFORE
    assert new_text("\n".join(f"> {one}" for one in line.split("\n")) + f"\n{BEFORE}") == BEFORE


@pytest.mark.parametrize("head", HEADS)
def test_history_without_marks_ends_the_answer(head: str) -> None:
    assert new_text(f"{BEFORE}\n\n{head}\n\n{AFTER}") == BEFORE


@pytest.mark.parametrize(
    "text",
    [
        "On the call I wrote:\nplease cancel",
        "I waited since 2024 and then wrote:\nplease cancel",
        "From: a friend I heard\nthat you help.",
        "It was slow:\n- on Monday\n- on Tuesday",
        "-- well --",
        "- one\n- two",
        "In total: 10:30 hours",
        "To: whom it may concern\nSubject matter: price",
    ],
)
def test_what_only_looks_like_history_stays(text: str) -> None:
    assert new_text(f"Hello\n\n{text}\n\nBye") == f"Hello\n\n{text}\n\nBye"


DEVICES = ["Sent from my iPhone", "Von meinem iPhone gesendet", "Get Outlook for iOS<https://a.ms>"]


@pytest.mark.parametrize("line", [*DEVICES, "-- \nAna\nAcme"])
def test_signatures_and_devices_are_left_out(line: str) -> None:
    assert new_text(f"{BEFORE}\n\n{line}") == BEFORE


def test_where_nothing_would_stay_all_stays() -> None:
    assert new_text("> yes\n> no") == "> yes\n> no"
    assert new_text("") == ""


@given(st.text("> \nab:-_@<1", max_size=200))
def test_nothing_is_invented(text: str) -> None:
    lines = {line.strip() for line in text.split("\n")}
    assert {line.strip() for line in new_text(text).split("\n")} <= lines | {""}


SLOW = ["On ", "From: \n", "- a\n", "\n \n", "> ", "<a@", "On 2026 10:11 <a@b> wrote:\n", "_", "&#",
        "On 2026 10:11 <a@b> wrote:\n\n\n\n\n>\n", "From: x\nTo: y\nx\nx\n", "<a ", "<!--", "</p",
        "<a b='", "<p>", "<script>", "<blockquote>", "=?utf-8?b?", "=?a?q?x?= "]  # fmt: skip


@pytest.mark.parametrize("piece", SLOW)
def test_no_text_makes_it_slow(piece: str) -> None:
    text = piece * (200_000 // len(piece))
    start = time.perf_counter()
    new_text(text), plain(text), header_text(text[:8000]), ids.ids(text)
    assert time.perf_counter() - start < 4


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>One</p><p>Two<br>Three</p>", "One\n\nTwo\nThree"),
        ("<div>a  b\n c</div><div>d</div>", "a b c\nd"),
        ("<ul><li>a<li>b</ul>", "- a\n- b"),
        ("<table><tr><td>a<td>b</tr></table>", "a b"),
        ("<pre>a\n  b</pre>", "a\n  b"),
        ("x<!-- a > b --><style>p{}</style><SCRIPT>alert('<p>')</SCRIPT>y", "xy"),
        ("<!doctype html><title>T</title>&lt;b&gt; &euro;&#8211;&nbsp;z", "<b> €– z"),
        ("a<blockquote>b<blockquote>c</blockquote></blockquote>d", "a\n\n> b\n\n>> c\n\nd"),
        ("a < b and 1<2", "a < b and 1<2"),
        ("<b>unclosed <i", "unclosed <i"),
        ("kept<!-- never closed", "kept"),
        ("", ""),
    ],
)
def test_html_is_read_as_text(html: str, text: str) -> None:
    assert plain(html).replace("\xa0", " ") == text


@pytest.mark.parametrize(
    ("data", "charset", "text"),
    [
        ("Grüße".encode(), "utf-8", "Grüße"),
        ("Grüße".encode(), "us-ascii", "Grüße"),
        ("Grüße".encode(), None, "Grüße"),
        ("Grüße – €".encode("cp1252"), "iso-8859-1", "Grüße – €"),
        ("Grüße".encode("latin-1"), "utf-8", "Gr\ufffd\ufffde"),
        ("Grüße".encode("latin-1"), "no-such", "Grüße"),
        ("Привет".encode("koi8-r"), "KOI8-R", "Привет"),
        ("你好".encode("gbk"), "gb2312", "你好"),
        ("안녕".encode("euc-kr"), "ks_c_5601-1987", "안녕"),
        (b"abc", "zlib", "abc"),
        (b"abc", "undefined", "abc"),
        (b"+AGEA-", "utf-7", "+AGEA-"),
        (b"\x81\x8d", None, "\ufffd\ufffd"),
    ],
)
def test_bytes_are_read_in_the_charset_that_they_are_in(
    data: bytes, charset: str | None, text: str
) -> None:
    assert text_of(data, charset) == text


@given(st.binary(), st.text(max_size=20))
def test_no_bytes_in_no_charset_raise(data: bytes, charset: str) -> None:
    text_of(data, charset)


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("=?utf-8?q?Gr=C3=BC=C3=9Fe_an?= =?utf-8?b?U2ll?=", "Grüße anSie"),
        ("=?iso-8859-1?Q?caf=E9?= au lait", "café au lait"),
        ("=?utf-8*de?q?x?=", "x"),
        ("=?nope?q?a=FCb?=", "aüb"),
        ("=?utf-8?b?not*base64?=", "=?utf-8?b?not*base64?="),
        ("b\udcfcr", "bür"),
        ("a\r\n\tb\x00\u202ec", "a b c"),
    ],
)
def test_headers_are_read_on_one_line(raw: str, text: str) -> None:
    assert header_text(raw) == text


def test_message_ids_have_one_spelling() -> None:
    assert ids.ids("<a@b>  <c@d>\n <a@b>") == ("<a@b>", "<c@d>")
    assert ids.ids("a@b c@d") == ("<a@b>", "<c@d>")
    assert ids.ids('Message of "5 May" <a@\r\n b>') == ("<a@b>",)
    assert ids.ids("<> <ab> < @ > <ä@b> <" + "x" * 999 + "@y>") == ("<@>",)
    assert ids.one("") is None


def test_what_is_attached_is_no_text() -> None:
    mail = message_from_string(
        "Content-Type: multipart/mixed; boundary=b\n\n"
        "--b\nContent-Type: text/html\n\n<p>Hi</p>\n"
        "--b\nContent-Type: text/plain\nContent-Disposition: ATTACHMENT; filename=a\n\nlog\n"
        "--b\nContent-Type: message/rfc822\n\nSubject: x\n\nforwarded\n--b--\n"
    )
    assert said(mail) == "Hi"


def test_the_html_speaks_where_the_plain_part_is_blank() -> None:
    mail = message_from_string(
        "Content-Type: multipart/alternative; boundary=b\n\n"
        "--b\nContent-Type: text/plain\n\n \n--b\nContent-Type: text/html\n\n<p>Hi</p>\n--b--\n"
    )
    assert said(mail) == "Hi"
