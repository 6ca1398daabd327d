"""A letter of the desk -> the mail that goes out: text and HTML of the same words. Pure.

What comes from customers (a name, a subject, an earlier Message-ID) cannot add a header or a line
to one, and nothing in the HTML is markup unless this file wrote it.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import EmailPolicy
from html import escape
from typing import Any

from email_validator import EmailNotValidError, validate_email

from services.mail import ids
from services.mail.charsets import one_line
from services.mail.texts import clean

LONGEST_SUBJECT = 300  # characters
_URL = re.compile(r"https?://[^\s<>\"']+[^\s<>\"'.,;:!?)\]}]")


class Unsendable(ValueError):
    """No mail can be made of this; the message says why, without addresses."""


@dataclass(frozen=True)
class Letter:
    """Who writes to whom and what; `message_id` is its name for ever."""

    sender: Address
    to: Address
    subject: str
    text: str
    message_id: str
    reply_to: Address | None = None
    in_reply_to: str | None = None
    references: Sequence[str] = ()
    signature: str = ""
    automatic: bool = False  # a notice, which no machine should answer
    html: str = ""  # made by us and safe; else it is made of the text
    picture: bytes = b""  # a PNG that the HTML shows
    cid: str = ""  # by this name


class _Policy(EmailPolicy):
    """SMTP's, but Message-IDs are never taken apart: the standard policy would encode long ones."""

    def fold(self, name: str, value: Any) -> str:
        if name.casefold() in ("message-id", "in-reply-to", "references"):
            return f"{name}: " + "\r\n ".join(str(value).split()) + "\r\n"
        return str(super().fold(name, value))

    def fold_binary(self, name: str, value: Any) -> bytes:
        return self.fold(name, value).encode("utf-8" if self.utf8 else "ascii")


_POLICY = _Policy(linesep="\r\n", cte_type="7bit", max_line_length=76)


def person(given: Mapping[str, Any] | str | None) -> Address:
    """`{name, address}`, or an address, as a party of a mail. Unsendable where it is none.

    The domain is written in ASCII, which every server takes; the part before the @ stays.
    """
    given = {"address": given} if isinstance(given, str) else given or {}
    try:
        found = validate_email(
            str(given.get("address") or "").strip(),
            check_deliverability=False,
            globally_deliverable=False,
        )
    except EmailNotValidError:
        raise Unsendable("this is not an e-mail address") from None
    name = one_line(str(given.get("name") or ""))[:200]
    return Address(name, found.local_part, found.ascii_domain or found.domain)


def domain(address: str) -> str:
    """The domain of an address in ASCII, as Message-IDs need it; one of nobody if it has none."""
    try:
        return person(address).domain
    except Unsendable:
        return "loopdesk.invalid"


def letter(body: Mapping[str, Any], sender: Address, **more: Any) -> Letter:
    """What a delivery of the desk asks for: see `Letter` for the keys of `body`."""
    return Letter(
        sender,
        person(body.get("to")),
        one_line(str(body.get("subject") or ""))[:LONGEST_SUBJECT],
        clean(str(body.get("text") or "")),
        str(body.get("message_id") or ""),
        in_reply_to=body.get("in_reply_to"),
        references=tuple(body.get("references") or ()),
        **more,
    )


def composed(letter: Letter, now: datetime) -> EmailMessage:
    """The mail, written at `now`. Unsendable where the letter has no name of its own."""
    name = ids.one(letter.message_id)
    if name is None:
        raise Unsendable("the mail has no Message-ID")
    mail = EmailMessage(policy=_POLICY)
    mail["From"], mail["To"] = letter.sender, letter.to
    if letter.reply_to is not None:
        mail["Reply-To"] = letter.reply_to
    mail["Subject"], mail["Date"], mail["Message-ID"] = letter.subject, now, name
    if letter.in_reply_to and (answered := ids.one(letter.in_reply_to)):
        mail["In-Reply-To"] = answered
    if thread := ids.chain(letter.references, letter.in_reply_to):
        mail["References"] = " ".join(thread)
    if letter.automatic:
        mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(_signed(letter), cte="quoted-printable")
    mail.add_alternative(letter.html or _html(letter), subtype="html", cte="quoted-printable")
    between = f"=_{name.strip('<>').encode().hex()[:40]}"
    if letter.picture:
        shown: Any = mail.get_body(("html",))
        shown.add_related(letter.picture, "image", "png", cid=f"<{letter.cid}>")
        shown.set_boundary(f"{between}_")
    mail.set_boundary(between)
    return mail


def needs_utf8(mail: EmailMessage) -> bool:
    """Whether only a server with SMTPUTF8 can take it."""
    parties = [*mail["From"].addresses, *mail["To"].addresses]
    return not all(party.addr_spec.isascii() for party in parties)


def as_bytes(mail: EmailMessage, *, utf8: bool = False) -> bytes:
    """As it goes over the wire."""
    return mail.as_bytes(policy=_POLICY.clone(utf8=utf8))


def _signed(letter: Letter) -> str:
    signature = clean(letter.signature)
    return f"{letter.text}\n\n-- \n{signature}\n" if signature else f"{letter.text}\n"


def _html(letter: Letter) -> str:
    parts = [f"<p>{_lines(part)}</p>" for part in re.split(r"\n{2,}", letter.text)]
    if signature := clean(letter.signature):
        parts.append(f"<p>-- <br>\n{_lines(signature)}</p>")
    head = '<!doctype html>\n<html><head><meta charset="utf-8"></head><body>'
    return "\n".join([head, *parts, "</body></html>", ""])


def _lines(text: str) -> str:
    return "<br>\n".join(_linked(line) for line in text.split("\n"))


def _linked(line: str) -> str:
    """A line as HTML; a web address in it is a link that says where it leads."""
    made, at = "", 0
    for url in _URL.finditer(line):
        address = escape(url[0])
        made += f'{escape(line[at : url.start()])}<a href="{address}">{address}</a>'
        at = url.end()
    return made + escape(line[at:])
