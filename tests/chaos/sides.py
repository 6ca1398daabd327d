"""The vendors as the chaos sees them: what is sent there, and what they say that they got."""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from db.models import Delivery
from services.outbox.owing import lane, owe, public_key, thread_of
from services.vendors.slack_blocks import blocks
from tests.chaos.acts import At
from tests.chaos.plan import FAULTS
from tests.standins.intercom import TOKEN
from tests.standins.mail_server import PASSWORD, USER
from tests.standins.webhook import SECRET

State = Mapping[str, Any]
_MARK = re.compile(r"chaos-\d+-\w+")


@dataclass(frozen=True)
class Side:
    """A vendor, connected in one of its ways.

    `acts` are two rounds of work on a case; the second begins when nothing of the first is on its
    way. `aim`: the requests that bring a delivery, as a pattern and a text that they hold. `name`:
    what its effect is called among those that `got` lists, the earliest first. `asks`: it can be
    neither looked up nor sent again, so a person decides. `permanent`: what may fail for ever:
    what is to follow something of which the desk does not know what it is called there.
    """

    title: str
    vendor: str
    standin: str
    entered: Callable[[str, State], dict[str, str]]
    acts: tuple[Callable[[At], None], Callable[[At], None]]
    aim: Callable[[Delivery], tuple[str, str]]
    name: Callable[[Delivery], str]
    got: Callable[[State, Sequence[Delivery]], list[str]]
    asks: bool = False
    permanent: frozenset[str] = frozenset()
    faults: Mapping[str, dict[str, Any]] = field(default_factory=dict)


def _key(delivery: Delivery) -> str:
    return public_key(delivery.idem_key)


def _mark(delivery: Delivery) -> str:
    """What it says that nobody else says; what says nothing is known by the case."""
    found = _MARK.search(json.dumps(delivery.payload))
    return found[0] if found else f"{delivery.action} {delivery.case_id}"


def _marks(*texts: Any) -> list[str]:
    return [match[0] for text in texts if (match := _MARK.search(json.dumps(text)))]


def _zendesk_first(at: At) -> None:
    at.push("zendesk")
    at.note()


def _zendesk_got(state: State, _rows: Sequence[Delivery]) -> list[str]:
    """A state that was set twice is one state: only comments can stand twice."""
    return [name for ticket in state["tickets"] for name in _effects(ticket["effects"])]


def _effects(effects: Sequence[State]) -> Iterator[str]:
    states: set[str] = set()
    for effect in effects:
        if "body" in effect or "html_body" in effect:
            yield effect["key"]
        elif effect["key"] not in states:
            states.add(effect["key"])
            yield effect["key"]


ZENDESK = Side(
    "zendesk", "zendesk", "zendesk",
    lambda url, _: {"base_url": url, "email": "agent@acme.example", "token": "tk-good"},
    (_zendesk_first, lambda at: at.reply("zendesk", then="resolve")),
    lambda d: ("P(OS|U)T", _key(d)), _key, _zendesk_got,
)  # fmt: skip


def _slack_first(at: At) -> None:
    at.push("slack")
    at.wait()


def _slack_then(at: At) -> None:
    owe(
        at.session, key=f"slack:thread:{at.case.id}", vendor="slack", action="thread", now=at.now,
        body={"text": at.mark("thread")}, case_id=at.case.id,
        lane=lane("slack", at.case.id or 0),
    )  # fmt: skip
    at.resolve()


def _slack_aim(delivery: Delivery) -> tuple[str, str]:
    if delivery.action == "update":
        return "chat.update", _mark(delivery)
    return "chat.postMessage", _key(delivery)


def _hooked_name(delivery: Delivery) -> str:
    """An update never leaves: a webhook can only post."""
    return f"update {delivery.id}" if delivery.action == "update" else _mark(delivery)


def _slack_name(delivery: Delivery) -> str:
    return f"update {delivery.id}" if delivery.action == "update" else _key(delivery)


def _slack_got(state: State, rows: Sequence[Delivery]) -> list[str]:
    messages = [one for channel in state["channels"].values() for one in channel]
    keys = [one["metadata"]["event_payload"]["key"] for one in messages]
    shown = [json.dumps(one.get("blocks"), sort_keys=True) for one in messages]
    last = {row.lane: row.id for row in rows if row.action == "update"}
    return keys + [
        _slack_name(row)
        for row in rows
        if row.action == "update"
        and (row.id != last[row.lane] or _same(row, shown[keys.index(_opening(row, rows))]))
    ]


def _opening(row: Delivery, rows: Sequence[Delivery]) -> str:
    return next(_key(one) for one in rows if one.lane == row.lane and one.action == "post")


def _same(row: Delivery, shown: str) -> bool:
    return json.dumps(blocks(row.payload["card"], {}), sort_keys=True) == shown


SLACK = Side(
    "slack", "slack", "slack",
    lambda url, _: {"mode": "token", "bot_token": "xoxb-good", "channel": "C0LOOP001",
                    "base_url": f"{url}/api/"},
    (_slack_first, _slack_then), _slack_aim, _slack_name, _slack_got,
)  # fmt: skip

BY_WEBHOOK = Side(
    "slack webhook", "slack", "slack",
    lambda url, _: {"mode": "webhook", "webhook_url": f"{url}/services/T/B/secret"},
    (_slack_first, lambda _: None), lambda d: ("/services/", _hooked_name(d)), _hooked_name,
    lambda state, _: _marks(*state["hooked"]),
    asks=True, permanent=frozenset({"update"}),
    faults={"revoked": {"kind": "json", "said": "no_service"}},
)  # fmt: skip


def _intercom_first(at: At) -> None:
    at.push("intercom")
    at.note()


def _intercom_then(at: At) -> None:
    """A reply needs a conversation: where nobody knows of one, the case is only closed here."""
    if thread_of(at.session, "intercom", at.case.id):
        at.reply("intercom", then="resolve")
    else:
        at.resolve()


def _intercom_aim(delivery: Delivery) -> tuple[str, str]:
    if delivery.action == "close":  # it says nothing by which it could be told from others
        return "/parts$", ""
    return "POST /conversations(/[0-9]+/reply)?$", _mark(delivery)


def _intercom_got(state: State, rows: Sequence[Delivery]) -> list[str]:
    names: list[str] = []
    talks = state["conversations"].values()
    for talk in talks:
        parts = [part["body"] for part in talk["parts"] if part["part_type"] != "close"]
        names += _marks(talk["body"], *parts)
    closed = {_marks(talk["body"])[0] for talk in talks if talk["state"] == "closed"}
    openings = {row.case_id: _mark(row) for row in rows if row.action == "conversation"}
    closes = [row for row in rows if row.action == "close"]
    return names + [_mark(row) for row in closes if openings[row.case_id] in closed]


INTERCOM = Side(
    "intercom", "intercom", "intercom",
    lambda url, _: {"base_url": url, "token": TOKEN, "admin_id": "991", "tag": ""},
    (_intercom_first, _intercom_then), _intercom_aim, _mark, _intercom_got, asks=True,
    permanent=frozenset({"note", "close"}),
)  # fmt: skip

WEBHOOK = Side(
    "webhook", "webhook", "webhook", lambda url, _: {"url": f"{url}/hook", "secret": SECRET},
    (lambda at: at.push("webhook"), lambda at: at.push("webhook")),
    lambda d: ("/hook", _key(d)), _key, lambda state, _: list(state["events"]),
    faults={"page": FAULTS["500"]},  # any 2xx of a receiver means that it has it
)  # fmt: skip


def _refuse(text: str, **more: Any) -> dict[str, Any]:
    return {"kind": "reply", "said": text, **more}


MAIL_FAULTS = {
    "429": _refuse("451 4.7.1 greylisted, try again in 1 s"),
    "429 until": _refuse("451 4.7.1 greylisted for 00:00:01"),
    "500": _refuse("451 4.3.0 a local error"),
    "500, but done": _refuse("hello", after=True),
    "revoked": {"kind": "revoked", "match": "AUTH", "holds": ""},
    "page": _refuse("hello"),
    "page, but done": _refuse("999 hello", after=True),
}


def _mail_entered(_url: str, state: State) -> dict[str, str]:
    return {
        "smtp_host": "127.0.0.1", "smtp_port": str(state["mail_port"]), "smtp_security": "none",
        "smtp_user": USER, "smtp_password": PASSWORD, "from_address": "desk@example.com",
    }  # fmt: skip


def _mail_name(delivery: Delivery) -> str:
    return str(delivery.payload["message_id"])


EMAIL = Side(
    "email", "email", "smtp", _mail_entered,
    (lambda at: at.reply("email", "first"), lambda at: at.reply("email", "second", "resolve")),
    lambda d: ("DATA", f"Message-ID: {_mail_name(d)}"), _mail_name,
    lambda state, _: list(state["mails"]), asks=True, faults=MAIL_FAULTS,
)  # fmt: skip

SIDES = (ZENDESK, SLACK, BY_WEBHOOK, INTERCOM, WEBHOOK, EMAIL)
