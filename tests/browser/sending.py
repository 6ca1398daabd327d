"""A desk that is connected to stand-ins of its vendors, for journeys in a browser."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from email.message import EmailMessage

import sqlalchemy as sa

from db.models import Template, metadata
from services import integrations, settings
from services.access import SHELL
from tests.served import ServedDesk
from tests.standins.imap import Imap
from tests.standins.intercom import TOKEN, Intercom
from tests.standins.mail_server import PASSWORD, USER
from tests.standins.slack import Slack
from tests.standins.smtp import Smtp
from tests.standins.zendesk import Zendesk

HELLO = "Hello {{contact.first_name|there}}, about {{account.name}}: we are sorry."


@dataclass
class Vendors:
    """What is on the other side."""

    smtp: Smtp = field(default_factory=Smtp)
    imap: Imap = field(default_factory=Imap)
    zendesk: Zendesk = field(default_factory=Zendesk)
    intercom: Intercom = field(default_factory=Intercom)
    slack: Slack = field(default_factory=Slack)

    def entered(self) -> dict[str, dict[str, object]]:
        """What an admin would enter to connect them."""
        return {
            "email": {
                "smtp_host": "127.0.0.1", "smtp_port": self.smtp.mail_port,
                "smtp_security": "none", "smtp_user": USER, "smtp_password": PASSWORD,
                "from_address": "care@desk.example", "signature": "Your desk",
                "imap_host": "127.0.0.1", "imap_port": self.imap.mail_port,
                "imap_security": "none",
            },
            "zendesk": {
                "base_url": self.zendesk.url, "email": self.zendesk.email,
                "token": self.zendesk.token,
            },
            "intercom": {"base_url": self.intercom.url, "token": TOKEN, "admin_id": "991"},
            "slack": {
                "mode": "token", "bot_token": self.slack.token, "channel": "C0LOOP001",
                "base_url": f"{self.slack.url}/api/",
            },
        }  # fmt: skip

    def answer(self, sender: str, text: str) -> None:
        """The customer answers the last mail that was sent."""
        ours, mail = self.smtp.mails[-1].parsed, EmailMessage()
        mail["From"], mail["To"] = sender, "care@desk.example"
        mail["Message-ID"], mail["In-Reply-To"] = "<a1@acme.example>", ours["Message-ID"]
        mail["Subject"] = f"Re: {ours['Subject']}"
        mail.set_content(text)
        self.imap.deliver(mail.as_bytes(), date.today())


@contextmanager
def vendors() -> Iterator[Vendors]:
    """All of them, up and running."""
    made = Vendors()
    with (
        made.smtp.serving(), made.imap.serving(), made.zendesk.serving(),
        made.intercom.serving(), made.slack.serving(),
    ):  # fmt: skip
        yield made


def connect(desk: ServedDesk, made: Vendors, *, undo_seconds: int) -> None:
    """Connect the desk to all of them, and keep a template."""
    now = datetime.now(UTC)
    with desk.transaction() as session:
        given = (("outgoing_allow", ["127.0.0.1"]), ("undo_seconds", undo_seconds))
        for name, value in given:
            settings.put(session, name, value, actor_id=None, now=now)
        for name, entered in made.entered().items():
            integrations.connect(session, SHELL, name, entered, now=now)
        session.add(Template(name="Sorry", subject="We are sorry", body=HELLO, shared=True))


def read_mail_now(desk: ServedDesk) -> None:
    """The desk looks into its mailbox each minute; now it does at once."""
    jobs = metadata.tables["job"]
    with desk.transaction() as session:
        due = sa.update(jobs).where(jobs.c.name == "mailbox").values(next_at=datetime.now(UTC))
        session.connection().execute(due)
