"""There and back: a reply leaves by SMTP, and what comes in by IMAP is on its case, once."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from email.message import EmailMessage

import pytest
import sqlalchemy as sa
from sqlmodel import select

from db import engine
from db.models import Case, Integration, Message
from services import integrations, settings
from services.cases import replying
from services.domain.retrying import Pace
from services.outbox import sending
from services.vendors.base import VendorError
from services.worker import mailbox
from tests import builders as make
from tests.standins.imap import Imap
from tests.standins.mail_server import PASSWORD, USER
from tests.standins.serving import Fault
from tests.standins.smtp import Smtp

ADMIN = make.actor("admin")


def clock() -> datetime:
    return datetime.now(UTC)


@dataclass
class Post:
    """Both servers, and the case that is written about."""

    smtp: Smtp
    imap: Imap

    def reply(self) -> EmailMessage:
        """Written, sent, and as it was taken by the server."""
        with engine.transaction() as session:
            replying.reply(
                session, ADMIN, 1, way="email", body="Dear Dana", then="wait", now=clock()
            )
            vendor = integrations.built(session, "email")
        claimed = sending.take("email", "w", Pace(), clock)
        assert claimed is not None
        sending.note(claimed, sending.attempt(vendor, claimed), Pace(), clock)
        return self.smtp.mails[-1].parsed

    def answered(self, ours: EmailMessage, text: str) -> None:
        mail = EmailMessage()
        mail["From"], mail["To"] = "dana@acme.example", "care@desk.example"
        mail["Message-ID"], mail["In-Reply-To"] = "<a1@acme.example>", ours["Message-ID"]
        mail["Subject"] = f"Re: {ours['Subject']}"
        mail.set_content(
            f"{text}\n\nOn Mon, 4 May 2026 at 10:00, Desk <care@desk.example> wrote:\n> Dear Dana\n"
        )
        self.imap.deliver(mail.as_bytes(), date.today())


@pytest.fixture
def post(desk: sa.Engine) -> Iterator[Post]:
    assert desk
    with Smtp().serving() as smtp, Imap().serving() as imap:
        entered = {
            "smtp_host": "127.0.0.1", "smtp_port": smtp.mail_port, "smtp_security": "none",
            "smtp_user": USER, "smtp_password": PASSWORD, "from_address": "care@desk.example",
            "imap_host": "127.0.0.1", "imap_port": imap.mail_port, "imap_security": "none",
        }  # fmt: skip
        with engine.transaction() as session:
            for key, value in (("outgoing_allow", ["127.0.0.1"]), ("undo_seconds", 0)):
                settings.put(session, key, value, actor_id=None, now=clock())
            integrations.connect(session, ADMIN, "email", entered, now=clock())
            person = make.contact(session, "dana@acme.example", name="Dana Reyes")
            make.case(session, 2, now=clock(), contact_id=person.id)
        yield Post(smtp, imap)


def case() -> Case:
    with engine.reading() as session:
        return session.exec(select(Case)).one()


def inbound() -> list[str | None]:
    with engine.reading() as session:
        return list(session.exec(select(Message.body).where(Message.kind == "inbound")))


def test_an_answer_comes_back_to_its_case_once(post: Post) -> None:
    ours = post.reply()
    assert case().status == "waiting" and case().contacted_at is not None
    post.answered(ours, "Thank you, it works now.")
    state = mailbox.poll({}, clock)
    assert inbound() == ["Thank you, it works now."]
    assert case().status == "open"
    mailbox.poll(state, clock)
    mailbox.poll({}, clock)  # as after a loss of what it remembered
    assert len(inbound()) == 1


def test_a_server_that_hangs_up_loses_nothing(post: Post) -> None:
    post.answered(post.reply(), "Still there?")
    post.imap.faults.append(Fault("drop", match="FETCH"))
    state = mailbox.poll({}, clock)
    assert "error" in state and inbound() == []
    assert "error" not in mailbox.poll(state, clock)
    assert inbound() == ["Still there?"]


def test_the_second_mail_is_in_the_thread_of_the_answer(post: Post) -> None:
    first = post.reply()
    post.answered(first, "And now?")
    mailbox.poll({}, clock)
    second = post.reply()
    assert second["In-Reply-To"] == "<a1@acme.example>"
    assert str(first["Message-ID"]) in str(second["References"])


def test_a_mailbox_that_is_paused_or_not_named_is_not_opened(post: Post) -> None:
    with engine.transaction() as session:
        row = session.get(Integration, "email")
        assert row is not None
        row.paused_at = clock()
        session.add(row)
    assert mailbox.poll({"uid": 1}, clock) == {"uid": 1} and post.imap.commands == []


def test_the_vendor_says_what_is_wrong_with_the_inbox(post: Post) -> None:
    post.imap.faults.append(Fault("revoked", match="LOGIN"))
    with engine.reading() as session:
        vendor = integrations.built(session, "email")
    with pytest.raises(VendorError):
        vendor.check()
    assert integrations.answer_of(vendor)[0]
