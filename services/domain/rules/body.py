"""What a version of a rule says, as it is written down and read again. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import time
from typing import Any

from services.domain.plays import Favour
from services.domain.rules.actions import (
    ASSIGN_TO,
    MOST_HOURS,
    MOST_MINUTES,
    NEEDS_ID,
    NOTIFY_WHOM,
    USUAL_MINUTES,
    VENDORS,
    Action,
    Do,
)
from services.domain.rules.conditions import FIELDS, OPS, Condition, Field, Kind, Op
from services.domain.rules.facts import Facts

MOST = 20  # conditions, and actions
LONGEST = 80  # characters of a word, a name, a template
MOST_WORDS = 50


class Wrong(ValueError):
    """A rule cannot say this; the message is for who wrote it."""


@dataclass(frozen=True)
class Body:
    """Conditions, all of them or (`any`) one of them, and what is done where they hold.

    `last`: where it fires, the rules behind it are not looked at. Only what cannot be read any more
    has no actions.
    """

    conditions: tuple[Condition, ...]
    actions: tuple[Action, ...]
    any: bool = False
    last: bool = False

    def because(self, facts: Facts) -> list[dict[str, Any]] | None:
        """Why it fires on this answer: a reason for each condition that holds; None: it does not.

        No condition at all holds for every answer.
        """
        found = []
        for nth, one in enumerate(self.conditions):
            reason = one.holds(facts)
            if reason is not None:
                found.append({"nth": nth} | reason)
            elif not self.any:
                return None
        return found if found or not self.conditions else None


def written(body: Body) -> dict[str, Any]:
    """As it is kept: plain values, the same for the same rule."""
    conditions = [
        {"field": one.field, "op": one.op.value, "value": _listed(one.value)}
        | ({"name": one.name} if one.name else {})
        for one in body.conditions
    ]
    actions = [one.written() for one in body.actions]
    return {"any": body.any, "last": body.last, "conditions": conditions, "actions": actions}


def parse(given: Mapping[str, Any]) -> Body:
    """Read what was written; Wrong says what cannot be."""
    try:
        return _read(given)
    except TypeError:  # a list where there should be a text, a text where there should be a list
        raise Wrong("A rule cannot be read: something in it is of another kind") from None


def kept(given: Mapping[str, Any]) -> Body:
    """What a version that was kept says, to be told; one that cannot be read has no actions."""
    try:
        return parse(given)
    except Wrong:
        return Body((), ())


def _read(given: Mapping[str, Any]) -> Body:
    if set(given) - {"any", "last", "conditions", "actions"}:
        raise Wrong("A rule has conditions, actions, any and last")
    conditions, actions = given.get("conditions", []), given.get("actions", [])
    if not (isinstance(conditions, list) and isinstance(actions, list)):
        raise Wrong("Conditions and actions are lists")
    if not actions:
        raise Wrong("Add an action: a rule without one does nothing")
    if len(conditions) > MOST or len(actions) > MOST:
        raise Wrong(f"A rule has up to {MOST} conditions and {MOST} actions")
    read = tuple(_action(one) for one in actions)
    if sum(one.do in (Do.MESSAGE, Do.ASK) for one in read) > 1:
        raise Wrong("A rule writes to the customer once: one message, or one asking")
    ordered = sorted(read, key=lambda one: list(Do).index(one.do))
    return Body(
        tuple(_condition(one) for one in conditions), tuple(ordered),
        any=given.get("any") is True, last=given.get("last") is True,
    )  # fmt: skip


def _listed(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _condition(given: Mapping[str, Any]) -> Condition:
    if not isinstance(given, Mapping) or given.get("field") not in FIELDS:
        raise Wrong(f"There is no condition on {_quoted(given, 'field')}")
    asked = FIELDS[given["field"]]
    allowed = [op.value for op in OPS[asked.kind]]
    if given.get("op") not in allowed:
        raise Wrong(f"{asked.label} takes {' or '.join(allowed)}, not {_quoted(given, 'op')}")
    name = _text(given.get("name"), "A property") if asked.named else ""
    return Condition(given["field"], Op(given["op"]), _value(asked, given.get("value")), name)


def _value(asked: Field, value: Any) -> Any:
    match asked.kind:
        case Kind.NUMBER:
            return _whole(value, asked.label, 0, asked.most)
        case Kind.YES:
            if not isinstance(value, bool):
                raise Wrong(f"{asked.label} is true or false")
            return value
        case Kind.TIMES:
            return _times(value)
        case Kind.IDS:
            return tuple(_whole(one, asked.label, 1, 2**53) for one in _some(value, asked.label))
        case Kind.CHOICE:
            found = tuple(_some(value, asked.label))
            if wrong := [one for one in found if one not in (asked.choices or {})]:
                known = ", ".join(asked.choices or {})
                raise Wrong(f"{asked.label} is one of {known}, not {wrong[0]!r}")
            return found
    return tuple(_text(one, asked.label) for one in _some(value, asked.label))


def _action(given: Mapping[str, Any]) -> Action:
    if not isinstance(given, Mapping) or given.get("do") not in list(Do):
        raise Wrong(f"There is no action {_quoted(given, 'do')}")
    return _ACTIONS[Do(given["do"])](given)


def _assign(given: Mapping[str, Any]) -> Action:
    return _directed(Do.ASSIGN, given, ASSIGN_TO)


def _notify(given: Mapping[str, Any]) -> Action:
    return _directed(Do.NOTIFY, given, NOTIFY_WHOM)


def _directed(do: Do, given: Mapping[str, Any], known: Mapping[str, str]) -> Action:
    if given.get("to") not in known:
        raise Wrong(f"{do.label} goes to {', '.join(known)}, not {_quoted(given, 'to')}")
    needs = given["to"] in NEEDS_ID
    if needs and given.get("id") is None:
        raise Wrong(f"{do.label}: to whom?")
    id_ = _whole(given.get("id"), f"{do.label}: who", 1, 2**53) if needs else None
    return Action(do, to=given["to"], id=id_)


def _push(given: Mapping[str, Any]) -> Action:
    if given.get("vendor") not in VENDORS:
        raise Wrong(f"A case goes to {', '.join(VENDORS)}, not {_quoted(given, 'vendor')}")
    return Action(Do.PUSH, vendor=given["vendor"])


def _message(given: Mapping[str, Any]) -> Action:
    return Action(Do.MESSAGE, template=_text(given.get("template"), "A template"),
                  after=_after(given))  # fmt: skip


def _ask(given: Mapping[str, Any]) -> Action:
    if given.get("favour") not in list(Favour):
        raise Wrong(f"A favour is one of {', '.join(Favour)}, not {_quoted(given, 'favour')}")
    return Action(Do.ASK, favour=Favour(given["favour"]), after=_after(given),
                  template=_text(given.get("template"), "A template"))  # fmt: skip


_ACTIONS = {
    Do.OPEN: lambda _given: Action(Do.OPEN),
    Do.ASSIGN: _assign,
    Do.PRIORITY: lambda given: Action(
        Do.PRIORITY, hours=_whole(given.get("hours"), "Hours forward", 1, MOST_HOURS)
    ),
    Do.TAG: lambda given: Action(Do.TAG, name=_text(given.get("name"), "A tag", 40)),
    Do.PUSH: _push,
    Do.NOTIFY: _notify,
    Do.MESSAGE: _message,
    Do.ASK: _ask,
}


def _after(given: Mapping[str, Any]) -> int:
    return _whole(given.get("after", USUAL_MINUTES), "Minutes to wait", 0, MOST_MINUTES)


def _whole(value: Any, what: str, least: int, most: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise Wrong(f"{what} is a whole number, {least:,} to {most:,}")
    return value


def _text(value: Any, what: str, longest: int = LONGEST) -> str:
    text = " ".join(value.split()) if isinstance(value, str) else ""
    if not 1 <= len(text) <= longest or not text.isprintable():
        raise Wrong(f"{what} has 1 to {longest} visible characters")
    return text


def _some(value: Any, what: str) -> list[Any]:
    if not isinstance(value, list | tuple):
        raise Wrong(f"{what} takes a list of values")
    if not 1 <= len(value) <= MOST_WORDS:
        raise Wrong(f"{what} needs at least one value, and takes {MOST_WORDS} at most")
    return list(value)


def _times(value: Any) -> tuple[str, ...]:
    try:
        start, end = (time.fromisoformat(one) for one in _some(value, "A time of day"))
    except (TypeError, ValueError):
        raise Wrong("A time of day lies between two times such as 18:00 and 08:00") from None
    if start == end or start.tzinfo or end.tzinfo:
        raise Wrong("A time of day lies between two different times")
    return start.isoformat("minutes"), end.isoformat("minutes")


def _quoted(given: Any, name: str) -> str:
    return repr(given.get(name) if isinstance(given, Mapping) else given)[:LONGEST]
