"""One mail, handed to a mail server. What went wrong says whether the server may have taken it."""

import re
import smtplib
import socket
import time
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from services import egress
from services.mail.sockets import Server, told
from services.vendors.base import VendorError

# Servers look for viruses and spam between the end of a mail and their answer.
VERDICT = 30.0  # seconds
# With the verdict less than a delivery is leased for: what ends later might be sent twice.
PATIENCE = 75.0  # seconds from the first word to the end of the mail
_PARTING = 2.0  # seconds for a last word, which nobody waits for
_LONGEST_WAIT = 3600.0
_TITLE = "mail server"
_LOST = "the connection broke before the mail server said whether it took the mail"

_ENHANCED = re.compile(rb"\s*([245]\.\d{1,3}\.\d{1,3})\b")
_MEANS = {
    "5.1.1": "no such mailbox", "5.1.2": "no such domain", "5.1.3": "not a valid address",
    "5.1.8": "the sender's domain is not known", "5.1.10": "no such mailbox",
    "5.2.1": "the mailbox is closed", "5.2.2": "the mailbox is full", "5.2.3": "too large",
    "5.3.4": "too large", "5.4.1": "no such mailbox", "5.5.4": "not an option it knows",
    "5.7.0": "not allowed", "5.7.1": "not allowed", "5.7.26": "the sender is not authenticated",
    "5.7.60": "we may not send as this address", "4.2.2": "the mailbox is full",
    "4.7.1": "try again later",
}  # fmt: skip
_AGAIN_IN = re.compile(rb"(?:in|after|for)\s+(\d{1,5})\s*(s|m)|\b(\d\d):(\d\d):(\d\d)\b", re.I)


class Smtp(smtplib.SMTP):
    """smtplib over a connection that the desk opened; the name stays for the certificate."""

    def __init__(self, server: Server, named: str) -> None:
        self._place, self._until = server, time.monotonic() + PATIENCE
        super().__init__(server.host, server.port, local_hostname=named)

    def hurry(self) -> None:
        """VendorError where it has taken too long already: nothing has happened yet."""
        if time.monotonic() > self._until:
            raise VendorError("the mail server is too slow")

    def _get_socket(self, *_: object) -> socket.socket:
        return self._place.opened()


@contextmanager
def session(server: Server, named: str) -> Iterator[Smtp]:
    """Greeted, encrypted and signed in. `named`: the domain by which we introduce ourselves."""
    with _failures():
        smtp = Smtp(server, named)
    try:
        with _failures():
            smtp.ehlo_or_helo_if_needed()
            if server.security == "starttls":
                smtp.starttls(context=egress.tls())
                smtp.ehlo_or_helo_if_needed()
            if server.user:
                _sign_in(smtp, server)
        yield smtp
    finally:
        _part(smtp)


def greet(smtp: Smtp) -> None:
    """VendorError where the server does not listen to us after all."""
    with _failures():
        _expect(250, "to listen", smtp.noop())


def hand_over(smtp: Smtp, sender: str, recipient: str, data: bytes) -> None:
    """The mail is the server's now. VendorError: `unsure` only once all of it was sent."""
    utf8 = not (sender + recipient).isascii()
    if utf8 and not smtp.has_extn("smtputf8"):
        said = "the mail server takes no addresses with letters beyond ASCII"
        raise VendorError(said, permanent=True)
    options = ["SMTPUTF8", "BODY=8BITMIME"] if utf8 else []
    if smtp.has_extn("size"):
        options.append(f"SIZE={len(data)}")
    with _failures():
        smtp.hurry()
        _expect(250, "the sender", smtp.mail(sender, options))
        _expect(250, "the recipient", smtp.rcpt(recipient))
        _expect(354, "to take a mail", smtp.docmd("DATA"))
        # Without the final dot it is no mail yet, whatever happens.
        smtp.send(_dotted(data))
        smtp.hurry()
    _expect(250, "the mail", _end(smtp))


def _end(smtp: smtplib.SMTP) -> tuple[int, bytes]:
    try:
        if smtp.sock is not None:
            smtp.sock.settimeout(VERDICT)
        smtp.send(b".\r\n")
        code, text = smtp.getreply()
    except (smtplib.SMTPException, OSError):
        raise VendorError(_LOST, unsure=True) from None
    if code // 100 not in (2, 4, 5):
        raise VendorError(_LOST, unsure=True)
    return code, text


def _dotted(data: bytes) -> bytes:
    ended = data if data.endswith(b"\r\n") else data + b"\r\n"
    return re.sub(rb"(?m)^\.", b"..", ended)


def _expect(wanted: int, what: str, reply: tuple[int, bytes]) -> None:
    code, text = reply
    if code // 100 != wanted // 100:
        raise _refusal(what, code, text)


def _refusal(what: str, code: int, text: bytes) -> VendorError:
    """In our words: a server's own may hold addresses, and what somebody wrote."""
    enhanced = match[1].decode() if (match := _ENHANCED.match(text)) else ""
    means = f", {_MEANS[enhanced]}" if enhanced in _MEANS else ""
    number = f"{code} {enhanced}".strip()
    if code in (530, 534, 535, 538):
        said = f"the mail server does not accept our credentials ({number})"
        return VendorError(said, permanent=True, reconnect=True)
    permanent = code // 100 == 5
    said = f"the mail server refused {what} ({number}{means})"
    return VendorError(said, permanent=permanent, wait=None if permanent else _wait(text))


def _wait(text: bytes) -> float | None:
    """The pause that a server asks for in words, as those do that turn strangers away once."""
    found = _AGAIN_IN.search(text)
    if found is None:
        return None
    if found[3]:
        seconds = int(found[3]) * 3600 + int(found[4]) * 60 + int(found[5])
    else:
        seconds = int(found[1]) * (60 if found[2] in b"mM" else 1)
    return min(float(seconds), _LONGEST_WAIT)


def _sign_in(smtp: smtplib.SMTP, server: Server) -> None:
    if (server.user + server.password).isascii():
        smtp.login(server.user, server.password)
        return
    # smtplib writes names and passwords in ASCII only.
    given = b64encode(f"\0{server.user}\0{server.password}".encode()).decode()
    _expect(235, "our name and password", smtp.docmd("AUTH", f"PLAIN {given}"))


@contextmanager
def _failures() -> Iterator[None]:
    """Of everything before the end of the mail: nothing has happened."""
    with told(_TITLE):
        try:
            yield
        except smtplib.SMTPNotSupportedError:
            said = "the mail server offers no such encryption or way to sign in"
            raise VendorError(said, permanent=True) from None
        except smtplib.SMTPResponseException as error:
            text = error.smtp_error
            raise _refusal(
                "us", error.smtp_code, text if isinstance(text, bytes) else text.encode()
            ) from None
        except smtplib.SMTPException:
            raise VendorError("the mail server hung up") from None


def _part(smtp: smtplib.SMTP) -> None:
    """Say goodbye, but what the server did is done: nothing here changes it."""
    with suppress(smtplib.SMTPException, OSError):
        if smtp.sock is not None:
            smtp.sock.settimeout(_PARTING)
            smtp.quit()
    smtp.close()
