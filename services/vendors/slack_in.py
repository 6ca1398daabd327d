"""What somebody pressed or entered in Slack, as it comes signed or over a socket."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

from services.vendors.base import pick
from services.vendors.events import number, parsed, word
from services.vendors.words import clean

PRESSED = ("claim", "snooze", "reply", "resolve")
_FORMS = ("snooze", "reply", "resolve")
_TEXT = 3000  # characters of a field


@dataclass(frozen=True)
class Act:
    """`what` was pressed for the case `number`, by Slack's name of the person.

    `event_id` names it for ever. `trigger`: a form has to be opened with it at once; without one
    it is to be done, with the `values` of a form.
    """

    event_id: str
    what: str
    number: int
    user: str
    channel: str
    trigger: str | None
    values: Mapping[str, Any]


def of_form(raw: bytes) -> Act | None:
    """Of a request of Slack: a form field with JSON in it."""
    fields = parse_qs(raw.decode("utf-8", "replace"), max_num_fields=20)
    return of(parsed(fields.get("payload", [""])[0].encode()))


def of(payload: Any) -> Act | None:
    """The act; None for anything else that Slack tells."""
    kind = pick(payload, "type") if isinstance(payload, Mapping) else None
    if kind == "block_actions":
        return _pressed(payload)
    return _entered(payload) if kind == "view_submission" else None


def _pressed(payload: Mapping[str, Any]) -> Act | None:
    actions = payload.get("actions")
    action = actions[0] if isinstance(actions, list) and actions else {}
    what, case = pick(action, "action_id"), _whole(pick(action, "value"))
    user, trigger = word(pick(payload, "user.id")), word(pick(payload, "trigger_id"))
    channel = word(pick(payload, "channel.id")) or word(pick(payload, "container.channel_id"))
    if what not in PRESSED or not (case and user and trigger and channel):
        return None
    opens = trigger if what in _FORMS else None
    return Act(f"press:{trigger}", str(what), int(case), user, channel, opens, {})


def _entered(payload: Mapping[str, Any]) -> Act | None:
    """A form is sent once: its own name is the name of the act."""
    what, view = pick(payload, "view.callback_id"), word(pick(payload, "view.id"))
    about = parsed(str(pick(payload, "view.private_metadata") or "").encode())
    case, user = _whole(pick(about, "number")), word(pick(payload, "user.id"))
    channel, version = word(pick(about, "channel")), _whole(pick(about, "version"))
    if what not in _FORMS or not (view and case and user and channel and version):
        return None
    values = _values(pick(payload, "view.state.values"))
    values |= {"version": int(version), "way": str(pick(about, "way") or "")[:20]}
    return Act(f"form:{view}", str(what), int(case), user, channel, None, values)


def _values(told: Any) -> dict[str, Any]:
    """What was entered, by the names of the fields."""
    found: dict[str, Any] = {}
    for fields in told.values() if isinstance(told, Mapping) else ():
        for name, field in fields.items() if isinstance(fields, Mapping) else ():
            value = (
                pick(field, "selected_option.value")
                or pick(field, "selected_date_time")
                or pick(field, "value")
            )
            if isinstance(value, str | int):
                found[str(name)[:20]] = value if isinstance(value, int) else clean(value, _TEXT)
    return found


def _whole(value: Any) -> str | None:
    """A number that the database can hold."""
    found = number(value)
    return found if found and len(found) <= 18 else None


def written(act: Act) -> dict[str, Any]:
    """What is kept of it until it is done."""
    return {
        "what": act.what, "number": act.number, "user": act.user, "channel": act.channel,
        "values": json.loads(json.dumps(dict(act.values))),
    }  # fmt: skip
