"""Mail goes out once, as announced, and a failure says whether the server may have taken it."""

import socket
from collections.abc import Iterator
from typing import Any

import pytest

from services import egress
from services.mail import smtp
from services.mail.sockets import Server
from services.vendors.base import Message, Unsure, VendorError
from services.vendors.email import Email
from tests.standins.mail_server import PASSWORD, USER
from tests.standins.smtp import Smtp

HOSTILE = (
    "<script>alert(1)</script>\x00\x1b[31m\ud800\u202e\r\nBcc: x@evil.test\r\n.\r\n" + "x" * 9000
)
ID = "<case-1042.7f3a@desk.example.com>"


def letter(action: str = "reply", **body: Any) -> Message:
    to = {"name": "Ana Kim", "address": "ana@example.org"}
    known = {"to": to, "subject": "Your answer", "text": "Hi Ana,\n\nsorry.", "message_id": ID}
    return Message("k1", action, known | body)


@pytest.fixture
def server() -> Iterator[Smtp]:
    with Smtp().serving() as server:
        yield server


def email(server: Smtp, password: str = PASSWORD, **config: Any) -> Email:
    known = {
        "smtp_host": "127.0.0.1", "smtp_port": str(server.mail_port), "smtp_security": "none",
        "smtp_user": USER, "from_address": "desk@example.com", "from_name": "Loopdesk Support",
    }  # fmt: skip
    return Email(known | config, {"smtp_password": password}, frozenset({"127.0.0.1"}))


def failed(vendor: Email, message: Message | None = None) -> VendorError:
    with pytest.raises(VendorError) as caught:
        vendor.send(message or letter())
    assert "@" not in str(caught.value)
    return caught.value


def test_a_reply_arrives_as_it_was_announced(server: Smtp) -> None:
    vendor = email(server, signature="Jo\nLoopdesk", reply_to="help@example.com")
    message = letter(in_reply_to="<a@x>", references=["<b@x>", "<a@x>"])
    told = vendor.payload(message)
    assert vendor.send(message).remote_id == ID
    [mail] = server.mails
    assert {"from": mail.sender, "to": mail.recipients[0]} == told["envelope"]
    headers = {name: str(value) for name, value in mail.parsed.items() if name != "Date"}
    assert headers.keys() == told["headers"].keys()
    for name, value in told["headers"].items():
        assert headers[name].replace("\n", "") == value.replace("\n", ""), name
    plain, html = mail.parsed.iter_parts()
    assert plain.get_content().splitlines() == told["text"].splitlines()
    assert html.get_content().splitlines() == told["html"].splitlines()
    assert told["text"] == "Hi Ana,\n\nsorry.\n\n-- \nJo\nLoopdesk\n"
    assert mail.parsed["Reply-To"] == "help@example.com"
    assert "Auto-Submitted" not in mail.parsed


def test_the_signature_of_a_person_stands_before_that_of_the_desk(server: Smtp) -> None:
    vendor = email(server, signature="The desk")
    assert "Jo Wu" in vendor.payload(letter(signature="Jo Wu"))["text"]
    assert "The desk" not in vendor.payload(letter(signature="Jo Wu"))["text"]


def test_a_reply_is_signed_by_its_writer_where_one_is_named(server: Smtp) -> None:
    email(server).send(letter(from_name="Jo Wu"))
    assert server.mails[0].parsed["From"] == "Jo Wu <desk@example.com>"


def test_a_notice_is_marked_as_made_by_a_machine_and_carries_no_signature(server: Smtp) -> None:
    vendor = email(server, signature="The desk", reply_to="help@example.com")
    vendor.send(letter("notice"))
    mail = server.mails[0].parsed
    assert mail["Auto-Submitted"] == "auto-generated"
    assert "Reply-To" not in mail and b"The desk" not in server.mails[0].raw


def test_hostile_text_arrives_as_text(server: Smtp) -> None:
    to = {"name": f"Ana\r\nBcc: b@evil.test\x00 {HOSTILE}", "address": "ana@example.org"}
    email(server).send(letter(to=to, subject=f"Hi\r\nBcc: c@evil.test {HOSTILE}", text=HOSTILE))
    [mail] = server.mails
    assert mail.recipients == ["ana@example.org"] and "Bcc" not in mail.parsed
    plain, html = mail.parsed.iter_parts()
    assert "<script>" in plain.get_content() and "." in plain.get_content().splitlines()
    assert "<script>" not in html.get_content() and b"\x00" not in mail.raw
    assert max(map(len, mail.raw.split(b"\r\n"))) <= 998


def test_we_introduce_ourselves_by_the_domain_we_write_from(server: Smtp) -> None:
    email(server).send(letter())
    assert set(server.names) == {"example.com"}


@pytest.mark.parametrize("step", ["CONNECT", "MAIL", "RCPT"])
def test_a_connection_lost_before_the_end_of_the_mail_changed_nothing(
    server: Smtp, step: str
) -> None:
    server.fault("before", step)
    error = failed(email(server))
    assert not error.unsure and not error.permanent and not error.reconnect
    assert server.mails == []
    email(server).send(letter())
    assert len(server.mails) == 1


def test_a_connection_lost_within_the_mail_changed_nothing(server: Smtp) -> None:
    server.fault("before", "BODY")
    large = b"x" * 70 + b"\r\n"
    where = Server("127.0.0.1", server.mail_port, "none", allow=frozenset({"127.0.0.1"}))
    with smtp.session(where, "example.com") as session, pytest.raises(VendorError) as caught:
        smtp.hand_over(session, "desk@example.com", "ana@example.org", large * 300_000)
    assert not caught.value.unsure and not caught.value.permanent
    assert server.mails == []


def test_a_connection_lost_after_the_end_of_the_mail_is_unsure(server: Smtp) -> None:
    server.fault("drop", "DATA")
    error = failed(email(server))
    assert error.unsure and not error.permanent
    assert len(server.mails) == 1


def test_a_server_that_is_too_slow_gets_no_mail(
    server: Smtp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(smtp, "PATIENCE", -1.0)
    error = failed(email(server))
    assert "too slow" in str(error) and not error.unsure and not error.permanent
    assert server.mails == []


def test_a_verdict_that_does_not_come_in_time_is_unsure(
    server: Smtp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(smtp, "VERDICT", 0.1)
    server.fault("delay", "DATA", seconds=0.3)
    assert failed(email(server)).unsure


def test_a_server_that_waits_with_its_verdict_is_waited_for(server: Smtp) -> None:
    server.fault("delay", "DATA", seconds=0.3)
    assert email(server).send(letter()).remote_id == ID


def test_an_answer_that_is_none_is_unsure(server: Smtp) -> None:
    server.fault("reply", "DATA", said="hello there")
    assert failed(email(server)).unsure


@pytest.mark.parametrize("step", ["MAIL", "RCPT", "DATA"])
def test_what_the_server_refuses_for_good_stays_refused(server: Smtp, step: str) -> None:
    server.fault("reply", step, said="550 5.1.1 <ana@example.org>: user unknown")
    error = failed(email(server))
    assert error.permanent and not error.unsure
    assert str(error).endswith("(550 5.1.1, no such mailbox)")
    assert server.mails == []


@pytest.mark.parametrize("step", ["CONNECT", "MAIL", "RCPT", "DATA"])
@pytest.mark.parametrize(
    ("said", "wait"),
    [
        ("451 4.7.1 Greylisted, try again in 300 seconds", 300),
        ("450 4.2.0 come back in 00:05:00", 300),
        ("452 4.3.1 please retry after 2 minutes", 120),
        ("421 4.3.2 busy for 99999 minutes", 3600),
        ("450 later", None),
    ],
)
def test_what_the_server_refuses_for_now_may_be_tried_again(
    server: Smtp, step: str, said: str, wait: float | None
) -> None:
    server.fault("reply", step, said=said)
    error = failed(email(server))
    assert not error.permanent and not error.unsure and error.wait == wait


def test_a_wrong_password_asks_to_reconnect(server: Smtp) -> None:
    error = failed(email(server, password="wrong"))
    assert error.reconnect and error.permanent and not error.unsure
    server.fault("revoked", "AUTH")
    assert failed(email(server)).reconnect


def test_a_server_that_wants_a_password_asks_to_reconnect(server: Smtp) -> None:
    server.fault("reply", "MAIL", said="530 5.7.0 Authentication required")
    assert failed(email(server, smtp_user="")).reconnect


def test_a_password_beyond_ascii_signs_in(server: Smtp) -> None:
    server.password = "Grüße"
    email(server, password="Grüße").send(letter())
    assert failed(email(server, password="Grüsse")).reconnect


def test_a_domain_beyond_ascii_is_written_so_that_every_server_takes_it(server: Smtp) -> None:
    email(server).send(letter(to={"name": "Jörg", "address": "jw@müller.example"}))
    assert server.mails[0].recipients == ["jw@xn--mller-kva.example"]
    assert server.mails[0].parsed["To"] == "Jörg <jw@xn--mller-kva.example>"


def test_an_address_beyond_ascii_needs_a_server_that_takes_it(server: Smtp) -> None:
    message = letter(to={"name": "Jörg", "address": "jörg@müller.example"})
    error = failed(email(server), message)
    assert error.permanent and "beyond ASCII" in str(error)
    server.utf8 = True
    email(server).send(message)
    assert server.mails[0].recipients == ["jörg@xn--mller-kva.example"]
    assert {"SMTPUTF8", "BODY=8BITMIME"} <= set(server.options)


@pytest.mark.parametrize(
    "body",
    [
        {"to": {"name": "Ana", "address": "nobody"}},
        {"to": {"name": "Ana", "address": "a@b.example\r\nRCPT TO:<x@evil.test>"}},
        {"to": None},
        {"message_id": ""},
        {"message_id": "no id"},
    ],
)
def test_what_is_no_mail_is_refused_before_anybody_is_asked(
    server: Smtp, body: dict[str, Any]
) -> None:
    assert failed(email(server), letter(**body)).permanent
    assert server.names == []


def test_nobody_knows_whether_a_lost_mail_arrived_so_a_person_is_asked(server: Smtp) -> None:
    vendor = email(server)
    assert {vendor.unsure(letter(kind)) for kind in ("reply", "notice")} == {Unsure.ASK}
    with pytest.raises(VendorError):
        vendor.find(letter())


def test_making_it_opens_nothing(server: Smtp, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: Any, **__: Any) -> None:
        raise AssertionError("it was asked for")

    monkeypatch.setattr(socket, "getaddrinfo", never)
    monkeypatch.setattr(socket, "create_connection", never)
    email(server).payload(letter())
    email(server, imap_host="127.0.0.1").inbox()


@pytest.mark.parametrize(
    ("config", "says"),
    [
        ({"smtp_host": "10.0.0.1"}, "private network"),
        ({"smtp_host": "169.254.169.254"}, "private network"),
        ({"smtp_host": "::ffff:127.0.0.1"}, "private network"),
        ({"smtp_host": "localhost"}, "private network"),
        ({"smtp_host": "9.9.9.9", "smtp_security": "none"}, "without TLS"),
        ({"smtp_security": "ssl3"}, "no such kind"),
        ({"smtp_port": "mail"}, "port"),
        ({"smtp_port": "99999"}, "port"),
    ],
)
def test_it_connects_only_where_it_may(server: Smtp, config: dict[str, str], says: str) -> None:
    error = failed(email(server, **{"smtp_security": "starttls", **config}))
    assert error.permanent and says in str(error)
    assert server.names == []


def test_a_host_that_is_not_known_or_does_not_listen_may_be_tried_again(server: Smtp) -> None:
    nowhere = email(server, smtp_host="nowhere.invalid", smtp_security="starttls")
    assert "not known" in str(failed(nowhere)) and not failed(nowhere).permanent
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = str(closed.getsockname()[1])
    error = failed(email(server, smtp_port=port))
    assert not error.permanent and not error.unsure and "refused" in str(error)


def test_the_connection_goes_to_the_number_that_was_judged(
    server: Smtp, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def judged(host: str, _port: int, _allow: Any) -> list[str]:
        asked.append(host)
        return ["127.0.0.2", "127.0.0.1"]

    monkeypatch.setattr(egress, "addresses", judged)
    vendor = email(server, smtp_host="mail.example.com")
    vendor.allow = frozenset({"mail.example.com"})
    vendor.send(letter())
    assert asked == ["mail.example.com"] and len(server.mails) == 1


def test_checking_says_what_works(server: Smtp) -> None:
    assert email(server).check() == "The mail server lets us send. No inbox is read."
    with pytest.raises(VendorError) as caught:
        email(server, password="wrong").check()
    assert caught.value.reconnect
    assert server.mails == []


def test_checking_finds_an_address_that_is_none_and_a_server_that_left(server: Smtp) -> None:
    with pytest.raises(VendorError, match="From address"):
        email(server, from_address="desk").check()
    server.fault("before", "NOOP")
    with pytest.raises(VendorError, match="refused to listen|hung up"):
        email(server).check()


def test_what_a_rule_writes_says_that_no_person_wrote_it_and_can_be_answered(server: Smtp) -> None:
    vendor = email(server, signature="Jo\nLoopdesk", reply_to="help@example.com")
    vendor.send(letter("auto"))
    [mail] = server.mails
    headers = mail.parsed
    assert headers["Auto-Submitted"] == "auto-generated"
    assert headers["Reply-To"] == "help@example.com"
    assert "Loopdesk" in server.mails[0].parsed.get_body(("plain",)).get_content()  # type: ignore[union-attr]
