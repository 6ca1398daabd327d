"""E-mail: letters to people over SMTP, and what comes back over IMAP."""

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from typing import Any, ClassVar

from services.digests import picture
from services.mail import compose, parse, smtp
from services.mail.digest_html import CID, html
from services.mail.inbox import Inbox
from services.mail.sockets import SECURITY, Server
from services.vendors.base import Field, Message, Receipt, Unsure, Update, Vendor, VendorError

_SERVER = "the host, as in mail.example.com"
_NO_RECEIVING = "leave empty to send only"


class Email(Vendor):
    """A mail has a stable Message-ID, but no server tells whether it has seen it: a person decides
    about one of which nobody knows."""

    name = "email"
    title = "E-mail"
    fields = (
        Field("smtp_host", "SMTP host", _SERVER),
        Field("smtp_port", "SMTP port", "587 with STARTTLS, 465 with TLS", default="587"),
        Field("smtp_security", "SMTP security", default="starttls", choices=SECURITY),
        Field("smtp_user", "SMTP user", required=False),
        Field("smtp_password", "SMTP password", secret=True, required=False),
        Field("from_address", "From address", "customers answer to it"),
        Field("from_name", "From name", required=False),
        Field("reply_to", "Reply-To address", "if answers should go elsewhere", required=False),
        Field("signature", "Signature", "below every reply", required=False, lines=True),
        Field("imap_host", "IMAP host", _NO_RECEIVING, required=False),
        Field("imap_port", "IMAP port", "993 with TLS", default="993", required=False),
        Field("imap_security", "IMAP security", default="tls", choices=SECURITY, required=False),
        Field("imap_user", "IMAP user", "empty: as for SMTP", required=False),
        Field("imap_password", "IMAP password", "empty: as for SMTP", secret=True, required=False),
        Field("imap_folder", "IMAP folder", default="INBOX", required=False),
    )
    actions: ClassVar[Mapping[str, Unsure]] = {
        "reply": Unsure.ASK, "auto": Unsure.ASK, "notice": Unsure.ASK, "digest": Unsure.ASK,
    }  # fmt: skip

    def check(self) -> str:
        try:
            self._sender()
        except compose.Unsendable:
            raise VendorError("the From address is no e-mail address", permanent=True) from None
        with self._session() as session:
            smtp.greet(session)
        inbox = self.inbox()
        if inbox is None:
            return "The mail server lets us send. No inbox is read."
        with inbox:
            return "The mail server lets us send, and the inbox can be read."

    def payload(self, message: Message) -> dict[str, Any]:
        """All but the date, which is that of sending."""
        mail = self._mail(message)
        headers = {name: str(value) for name, value in mail.items() if name.lower() != "date"}
        said = {kind: _content(mail, kind) for kind in ("plain", "html")}
        return {
            "envelope": _envelope(mail), "headers": headers, "text": said["plain"],
            "html": said["html"],
        }  # fmt: skip

    def send(self, message: Message) -> Receipt:
        mail = self._mail(message)
        envelope = _envelope(mail)
        data = compose.as_bytes(mail, utf8=compose.needs_utf8(mail))
        with self._session() as session:
            smtp.hand_over(session, envelope["from"], envelope["to"], data)
        return Receipt(str(mail["Message-ID"]))

    def inbox(self) -> Inbox | None:
        """Where answers come in; None if the admin named no such place."""
        if not self._given("imap_host"):
            return None
        return Inbox(self._server("imap"), self._given("imap_folder"))

    def new_mail(self, state: Mapping[str, Any]) -> Iterator[tuple[bytes, dict[str, Any]]]:
        """Each new mail as it came, and the state to keep once it is dealt with."""
        inbox = self.inbox()
        if inbox is not None:
            with inbox:
                for found in inbox.new(inbox.since(state, datetime.now(UTC))):
                    yield found.raw, found.state

    def read(self, raw: bytes) -> Update:
        """What one mail means."""
        return parse.read(raw, self._given("from_address"), datetime.now(UTC))

    def _mail(self, message: Message) -> EmailMessage:
        automatic = message.action != "reply"
        body = message.body
        more: dict[str, Any] = {"automatic": automatic}
        if message.action == "digest":
            alt = picture.alt(body["chart"])
            more |= {"html": html(body, alt), "picture": picture.png(body["chart"]), "cid": CID}
        try:
            if message.action in ("reply", "auto"):  # the customer may answer it
                answers_to = body.get("reply_to") or self._given("reply_to")
                more["reply_to"] = compose.person(answers_to) if answers_to else None
                more["signature"] = body.get("signature") or self._given("signature")
            sender = self._sender(str(body.get("from_name") or ""))
            letter = compose.letter(body, sender, **more)
            return compose.composed(letter, datetime.now(UTC))
        except compose.Unsendable as error:
            raise VendorError(str(error), permanent=True) from None

    def _sender(self, name: str = "") -> Address:
        name = name or self._given("from_name")
        return compose.person({"name": name, "address": self._given("from_address")})

    def _session(self) -> AbstractContextManager[smtp.Smtp]:
        domain = compose.domain(self._given("from_address"))
        return smtp.session(self._server("smtp"), domain)

    def _server(self, kind: str) -> Server:
        port = self._given(f"{kind}_port")
        if not port.isdecimal() or not 0 < int(port) < 65536:
            raise VendorError(f"the port for {kind.upper()} is not a number", permanent=True)
        return Server(
            self._given(f"{kind}_host"),
            int(port),
            self._given(f"{kind}_security"),
            self._given(f"{kind}_user") or self._given("smtp_user"),
            self.secrets.get(f"{kind}_password") or self.secrets.get("smtp_password") or "",
            self.allow,
        )

    def _given(self, name: str) -> str:
        default = next(field.default for field in self.fields if field.name == name)
        return str(self.config.get(name) or default).strip()


def _envelope(mail: EmailMessage) -> dict[str, str]:
    return {
        "from": mail["From"].addresses[0].addr_spec,
        "to": mail["To"].addresses[0].addr_spec,
    }


def _content(mail: EmailMessage, kind: str) -> str:
    found = mail.get_body((kind,))
    return "" if found is None else str(found.get_content())
