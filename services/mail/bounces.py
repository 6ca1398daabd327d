"""Mails that machines sent back: what could not be delivered, and who is away. Pure."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message

from services.mail import ids
from services.mail.headers import address, header
from services.mail.texts import clean, said

_LONGEST_REASON = 300  # characters
_LOOKED_AT = 20_000  # characters of a text in which a server explains itself
_ANY_ADDRESS = re.compile(r"[^\s<>;:,\"()\[\]]{1,64}@[^\s<>;:,\"()\[\]]{1,255}")
_CODE = re.compile(r"\b([45])(?:\.\d{1,3}\.\d{1,3}\b|\d\d[ -])")
_MACHINE = re.compile(r"(mailer-daemon|postmaster|mail-daemon|mdaemon)@", re.I)
# How servers begin that follow no standard (exim, qmail, sendmail, Exchange, Domino ...).
_FAILED = re.compile(
    r"mail delivery (failed|system)|delivery (status notification|failure|has failed)"
    r"|undeliver(able|ed)|returned mail|failure notice|(could|can) ?not be delivered"
    r"|wasn't able to deliver|unzustellbar|non remis|no se (ha podido|pudo) entregar"
    r"|mancata consegna|niet bezorgd",
    re.I,
)
_RETURNED_ID = re.compile(r"^[> \t]*message-id:\s*(<[^<>\s]+>)", re.I | re.M)
_AWAY_HEADERS = ("X-Autoreply", "X-Autorespond", "X-Auto-Reply", "X-Vacation", "X-OOF")
_AWAY_SUBJECT = re.compile(
    r"(automatic reply|auto(matic)?[- ]?(reply|response)|out of (the )?office|automatische antwort"
    r"|abwesenheits(notiz|meldung|nachricht)|abwesend|réponse automatique|absence du bureau"
    r"|respuesta automática|fuera de (la )?oficina|risposta automatica|fuori sede"
    r"|resposta automática|automatisch antwoord|afwezig|autosvar|automaattinen vastaus"
    r"|odpowiedź automatyczna|автоответ|自动答复|自動応答)\b",
    re.I,
)


@dataclass(frozen=True)
class Bounce:
    """`original`: the Message-ID of the mail that came back, where it is told."""

    failed: str | None
    hard: bool
    reason: str
    original: str | None


def bounce(message: Message) -> Bounce | None:
    """What came back, if this mail says that something did."""
    fields = [group for group in _reports(message) if header(group, "Action")]
    return _reported(fields, message) if fields else _told(message)


def away(message: Message, *, answers: bool) -> bool:
    """Whether a program answered in somebody's place. `answers`: the mail names one of ours."""
    auto = header(message, "Auto-Submitted").casefold()
    if auto.startswith("auto-replied") or (answers and auto.startswith("auto-")):
        return True
    if header(message, "Precedence").casefold() in ("auto_reply", "auto-reply"):
        return True
    if any(header(message, name).casefold() not in ("", "no") for name in _AWAY_HEADERS):
        return True
    return bool(_AWAY_SUBJECT.match(header(message, "Subject")))


def _reports(message: Message) -> Iterator[Message]:
    """RFC 3464: a group of fields for the mail, then one for each recipient."""
    for part in message.walk():
        if part.get_content_type() == "message/delivery-status":
            payload = part.get_payload()
            yield from (group for group in payload if isinstance(group, Message))


def _reported(groups: list[Message], message: Message) -> Bounce | None:
    """The first recipient that failed, else the first that is late; None where all went well."""
    by_action = {header(group, "Action").casefold(): group for group in reversed(groups)}
    group = by_action.get("failed") or by_action.get("delayed")
    if group is None:
        return None
    failed, status = "failed" in by_action, header(group, "Status")
    reason = header(group, "Diagnostic-Code").partition(";")[2].strip() or status
    recipient = header(group, "Original-Recipient") or header(group, "Final-Recipient")
    return Bounce(
        _named(recipient.rpartition(";")[2]) or _named(header(message, "X-Failed-Recipients")),
        failed and status.startswith("5"),
        (reason if failed else f"delayed: {reason}")[:_LONGEST_REASON],
        _returned(message),
    )


def _told(message: Message) -> Bounce | None:
    """A bounce in words: from a machine, saying that it failed, and for whom."""
    if not (_MACHINE.match(address(message, "From")) or header(message, "Return-Path") == "<>"):
        return None
    text = said(message)[:_LOOKED_AT]
    phrase = _FAILED.search(text)
    if not phrase and not _FAILED.search(header(message, "Subject")):
        return None
    story = text[phrase.start() if phrase else 0 :]
    failed = _named(header(message, "X-Failed-Recipients")) or _named(story)
    if failed is None:
        return None
    code = _CODE.search(story)
    line = story.rfind("\n", 0, code.start()) + 1 if code else 0
    reason = story[line:].partition("\n")[0].strip() if code else "not delivered"
    hard = code is not None and code[1] == "5"
    return Bounce(failed, hard, reason[:_LONGEST_REASON], _returned(message))


def _returned(message: Message) -> str | None:
    """The Message-ID of the mail that came back: in it, in its headers, or in the words."""
    for part in message.walk():
        kind = part.get_content_type()
        if part is not message and (found := ids.one(header(part, "Message-ID"))):
            return found
        if kind in ("text/rfc822-headers", "text/plain") and not part.is_multipart():
            data = part.get_payload(decode=True)
            text = clean(data.decode("latin-1")) if isinstance(data, bytes) else ""
            if told := _RETURNED_ID.search(text[:_LOOKED_AT]):
                return ids.one(told[1])
    return None


def _named(text: str) -> str | None:
    found = _ANY_ADDRESS.search(text)
    return found[0].rstrip(".") if found else None
