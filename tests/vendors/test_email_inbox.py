"""The inbox is read from where it was left, marks nothing, and survives a server that hangs up."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import pytest

from services.mail import inbox as inboxes
from services.mail.inbox import Inbox, quoted
from services.mail.sockets import Server
from services.vendors.base import VendorError
from services.vendors.email import Email
from tests.standins.imap import Imap
from tests.standins.mail_server import PASSWORD, USER

NOW = datetime(2026, 5, 6, 12, tzinfo=UTC)
OLD, LONG_AGO = b"Subject: old\r\n\r\n", date(2025, 1, 1)


@pytest.fixture
def server() -> Iterator[Imap]:
    with Imap().serving() as server:
        yield server


def mail(number: int) -> bytes:
    return f"From: ana@example.org\r\nMessage-ID: <{number}@x>\r\n\r\nNumber {number}\r\n".encode()


def inbox(server: Imap, folder: str = "INBOX", password: str = PASSWORD) -> Inbox:
    where = Server("127.0.0.1", server.mail_port, "none", USER, password, frozenset({"127.0.0.1"}))
    return Inbox(where, folder)


def began(server: Imap) -> dict[str, Any]:
    with inbox(server) as opened:
        return opened.since({}, NOW)


def read(server: Imap, state: dict[str, Any], most: int = 99) -> tuple[list[bytes], dict[str, Any]]:
    """What comes in after `state`, and the state after the last that was dealt with."""
    found: list[bytes] = []
    with inbox(server) as opened:
        state = opened.since(state, NOW)
        for raw in opened.new(state):
            found.append(raw.raw)
            state = raw.state
            if len(found) == most:
                break
    return found, state


def failed(server: Imap, **more: Any) -> VendorError:
    with pytest.raises(VendorError) as caught, inbox(server, **more) as opened:
        list(opened.new({"validity": 7, "uid": 0, "day": "2026-05-05"}))
    assert "@" not in str(caught.value)
    return caught.value


def test_the_first_look_goes_back_two_days(server: Imap) -> None:
    for number, day in [(1, 1), (2, 4), (3, 6)]:
        server.deliver(mail(number), date(2026, 5, day))
    found, state = read(server, {})
    assert found == [mail(2), mail(3)]
    assert state == {"validity": 7, "uid": 3, "day": "2026-05-06"}


def test_nothing_is_lost_where_the_first_looks_find_nothing(server: Imap) -> None:
    server.deliver(OLD, LONG_AGO)
    assert read(server, {"error": "no"}) == (
        [], {"validity": 7, "uid": 1, "day": "2026-05-06", "error": "no"}
    )  # fmt: skip
    server.deliver(mail(1))
    assert read(server, {})[0] == [mail(1)]


@pytest.mark.parametrize("tells_next", [True, False])
def test_new_mail_is_read_once_in_its_order(server: Imap, tells_next: bool) -> None:
    server.tells_next = tells_next
    server.deliver(OLD, LONG_AGO)
    state = began(server)
    for number in (2, 3, 4):
        server.deliver(mail(number))
    found, state = read(server, state, most=2)
    assert found == [mail(2), mail(3)]
    found, state = read(server, state)
    assert found == [mail(4)]
    assert read(server, state) == ([], state)


def test_an_empty_folder_has_a_beginning(server: Imap) -> None:
    state = began(server)
    server.deliver(mail(1))
    assert read(server, state)[0] == [mail(1)]


def test_nothing_is_marked_moved_or_deleted(server: Imap) -> None:
    state = began(server)
    server.deliver(mail(1))
    read(server, state)
    assert not server.mails[0].seen
    names = {command.split()[0 if command[:3] != "UID" else 1] for command in server.commands}
    assert names <= {"CAPABILITY", "LOGIN", "EXAMINE", "SEARCH", "FETCH", "LOGOUT"}


@pytest.mark.parametrize("kind", ["before", "drop"])
@pytest.mark.parametrize("step", ["CONNECT", "LOGIN", "EXAMINE", "SEARCH", "FETCH"])
def test_a_server_that_hangs_up_costs_nothing(server: Imap, step: str, kind: str) -> None:
    state = began(server)
    server.deliver(mail(1))
    server.fault(kind, step)
    error = failed(server)
    assert not error.permanent and not error.reconnect
    assert read(server, state)[0] == [mail(1)]


def test_half_a_mail_is_none(server: Imap) -> None:
    state = began(server)
    server.deliver(mail(1))
    server.fault("drop", "FETCH-HALF")
    failed(server)
    assert read(server, state)[0] == [mail(1)]


def test_what_was_dealt_with_before_the_server_hung_up_is_not_read_again(server: Imap) -> None:
    state = began(server)
    server.deliver(mail(1))
    server.deliver(mail(2))
    with inbox(server) as opened, pytest.raises(VendorError):
        for raw in opened.new(opened.since(state, NOW)):
            state = raw.state
            server.fault("before", "FETCH")
    assert read(server, state)[0] == [mail(2)]


def test_a_folder_made_anew_is_read_again_from_the_days_before(server: Imap) -> None:
    for number, day in [(1, 1), (2, 4), (3, 6)]:
        server.deliver(mail(number), date(2026, 5, day))
    state = {"validity": 7, "uid": 3, "day": "2026-05-06"}
    server.made_anew(first=50)
    found, state = read(server, state)
    assert found == [mail(2), mail(3)]
    assert state == {"validity": 8, "uid": 52, "day": "2026-05-06"}


def test_a_folder_made_anew_without_new_mail_goes_on_from_now(server: Imap) -> None:
    server.deliver(OLD, LONG_AGO)
    state = began(server)
    server.made_anew(first=50)
    assert read(server, state) == ([], {"validity": 8, "uid": 50, "day": "2026-05-06"})


def test_a_mail_that_is_gone_is_passed_over(server: Imap) -> None:
    state = began(server)
    for number in (1, 2):
        server.deliver(mail(number))
    with inbox(server) as opened:
        arriving = opened.new(opened.since(state, NOW))
        assert next(arriving).raw == mail(1)
        server.mails.clear()
        assert list(arriving) == []


def test_of_a_mail_that_is_too_large_the_beginning_is_read(
    server: Imap, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inboxes, "LARGEST", 100)
    state = began(server)
    server.deliver(mail(1) + b"x" * 500)
    server.deliver(mail(2))
    with inbox(server) as opened:
        large, small = opened.new(opened.since(state, NOW))
    assert large.raw == (mail(1) + b"x" * 500)[:100] and large.cut
    assert small.raw == mail(2) and not small.cut


def test_a_wrong_password_asks_to_reconnect(server: Imap) -> None:
    error = failed(server, password="wrong")
    assert error.reconnect and error.permanent
    server.fault("revoked", "LOGIN")
    assert failed(server).reconnect


def test_a_server_that_is_busy_is_asked_again(server: Imap) -> None:
    server.fault("reply", "LOGIN", said="NO [UNAVAILABLE] try later desk@example.com")
    error = failed(server)
    assert not error.reconnect and not error.permanent


def test_a_password_beyond_ascii_signs_in(server: Imap) -> None:
    server.password = 'Grü"ße'
    with inbox(server, password='Grü"ße') as opened:
        assert opened.since({}, NOW)["uid"] == 0


def test_a_folder_that_is_not_there_is_said(server: Imap) -> None:
    error = failed(server, folder="Nope")
    assert error.permanent and "no such folder" in str(error)


def test_names_of_folders_are_written_as_imap_wants_them(server: Imap) -> None:
    assert quoted("INBOX") == '"INBOX"'
    assert quoted("~peter/mail/台北/日本語") == '"~peter/mail/&U,BTFw-/&ZeVnLIqe-"'  # RFC 3501
    assert quoted('Q&A "x"\\\r\n') == '"Q&-A \\"x\\"\\\\&AA0ACg-"'
    server.folder = "R&APw-ckmeldungen"
    with inbox(server, folder="Rückmeldungen"):
        pass


def test_a_mail_is_read_as_what_it_means(server: Imap) -> None:
    config = {
        "from_address": USER, "smtp_user": USER, "imap_host": "127.0.0.1",
        "imap_port": str(server.mail_port), "imap_security": "none",
    }  # fmt: skip
    vendor = Email(config, {"smtp_password": PASSWORD}, frozenset({"127.0.0.1"}))
    server.deliver(mail(1), date.today())
    [(raw, state)] = vendor.new_mail({})
    update = vendor.read(raw)
    assert (update.kind, update.key, update.text) == ("answer", "<1@x>", "Number 1")
    assert list(vendor.new_mail(state)) == []


def test_without_a_host_there_is_no_inbox() -> None:
    vendor = Email({"from_address": USER}, {}, frozenset())
    assert vendor.inbox() is None and list(vendor.new_mail({})) == []
