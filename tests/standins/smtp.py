"""A mail server that keeps what it took, and can refuse, cut or hesitate at each step."""

import asyncio
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from tests.standins.mail_server import MailServer
from tests.standins.serving import main


@dataclass
class Mail:
    """One mail that was taken: from the moment on which its sender may forget it."""

    sender: str
    recipients: list[str]
    raw: bytes

    @property
    def parsed(self) -> EmailMessage:
        found = message_from_bytes(self.raw, policy=policy.default)
        assert isinstance(found, EmailMessage)
        return found


@dataclass
class Smtp(MailServer):
    """Steps for faults: CONNECT, AUTH, NOOP, MAIL, RCPT, BODY (within it), DATA (after it)."""

    utf8: bool = False
    mails: list[Mail] = field(default_factory=list)
    names: list[str] = field(default_factory=list)  # by which clients introduced themselves
    options: list[str] = field(default_factory=list)

    async def listen(self, port: int) -> asyncio.Server:
        loop = asyncio.get_running_loop()
        wrapped = self.tls if self.tls_first else None
        return await loop.create_server(lambda: _Smtp(self, loop), "127.0.0.1", port, ssl=wrapped)

    def state(self) -> dict[str, Any]:
        ids = [str(mail.parsed["Message-ID"]) for mail in self.mails]
        return super().state() | {"mails": ids}

    def lets_in(self, session: Session, given: LoginPassword) -> bool:
        """A client tries one way to sign in after another: refused once, it is refused in all."""
        if self.fault_at("AUTH"):
            session.refused = True  # type: ignore[attr-defined]
        right = (given.login.decode(), given.password.decode()) == (self.user, self.password)
        return right and not hasattr(session, "refused")


class _Smtp(SMTP):
    """aiosmtpd with the stand-in's faults between its steps."""

    def __init__(self, standin: Smtp, loop: asyncio.AbstractEventLoop) -> None:
        self.standin = standin
        super().__init__(
            _Handler(standin), loop=loop, hostname="standin.test", enable_SMTPUTF8=standin.utf8,
            tls_context=None if standin.tls_first else standin.tls,
            require_starttls=bool(standin.tls and not standin.tls_first),
            auth_require_tls=False, authenticator=_authenticator(standin),
        )  # fmt: skip

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        fault = self.standin.fault_at("CONNECT")
        if fault and fault.kind == "reply":
            transport.write(fault.said.encode() + b"\r\n")  # type: ignore[attr-defined]
        if fault:
            transport.close()
        else:
            super().connection_made(transport)

    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802
        if self.standin.fault_at("BODY"):
            await self.push("354 go on")
            await self._reader.readline()
            self.transport.abort()
            return
        await super().smtp_DATA(arg)


def _authenticator(standin: Smtp) -> Any:
    def judged(_server: SMTP, session: Session, _envelope: Envelope, _how: str, given: Any) -> Any:
        return AuthResult(success=standin.lets_in(session, given), handled=False)

    return judged


class _Handler:
    """What the server does at each step; a string is its answer."""

    def __init__(self, standin: Smtp) -> None:
        self.standin = standin

    async def handle_EHLO(  # noqa: N802
        self, _server: SMTP, session: Session, _envelope: Envelope, name: str, said: list[str]
    ) -> list[str]:
        session.host_name = name
        self.standin.names.append(name)
        return said

    async def handle_NOOP(  # noqa: N802
        self, server: SMTP, _session: Session, _envelope: Envelope, _said: str
    ) -> str:
        return self._fault(server, "NOOP") or "250 OK"

    async def handle_MAIL(  # noqa: N802
        self, server: SMTP, _session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if (said := self._fault(server, "MAIL")) is not None:
            return said
        envelope.mail_from = address
        self.standin.options = options
        return "250 OK"

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if (said := self._fault(server, "RCPT")) is not None:
            return said
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802
        self, server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        raw = envelope.original_content or b""
        fault = self.standin.fault_at("DATA", raw)
        kind = fault.kind if fault else ""
        if kind != "before" and not (fault and kind == "reply" and not fault.after):
            self.standin.mails.append(Mail(envelope.mail_from or "", envelope.rcpt_tos, raw))
        if fault and kind in ("before", "drop"):
            await fault.told()
            server.transport.abort()
        if fault and kind == "delay":
            await asyncio.sleep(fault.seconds)
        return fault.said if fault and kind == "reply" else "250 2.0.0 taken as 4XyZ"

    def _fault(self, server: SMTP, step: str) -> str | None:
        fault = self.standin.fault_at(step)
        if fault and fault.kind == "before":
            server.transport.abort()
        return fault and (fault.said if fault.kind == "reply" else "421 gone")


if __name__ == "__main__":
    main(Smtp())
