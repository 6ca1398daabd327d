"""What a rule says, why it fired and what it did, as people read it. Pure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from services.domain.rules.actions import ASSIGN_TO, NOTIFY_WHOM, Action, Do
from services.domain.rules.body import Body
from services.domain.rules.conditions import FIELDS, Condition, Kind, Op

WHY: Mapping[str, str] = {
    "test": "it is a test", "excluded": "the answer is excluded",
    "anonymous": "the answer is anonymous", "nobody": "nobody is known who gave it",
    "erased": "the person was erased", "declined": "the person declined a follow-up",
    "do_not_contact": "the person must not be contacted", "old": "the answer is too old",
    "no_address": "there is no address that takes mail",
    "late": "the answer is too old for an automatic message",
    "no_mail": "e-mail is not connected", "template": "its template is no longer there",
    "spoken": "another rule writes about this answer already",
    "soon": "something was sent to this person by itself a short while ago",
    "unhappy": "a case about a low answer of this person is open",
    "asked": "the person was asked for a favour too lately",
    "changed": "the answer no longer fits the rule", "stopped": "somebody stopped it",
    "unfilled": "nothing is known for a field of its template",
    "broken": "it failed on this answer", "off": "the rule was switched off meanwhile",
    "there": "there is a case already", "no_case": "there is no case",
    "joined": "the answer joined a case that somebody has", "given": "another rule gave it already",
    "no_owner": "the account has no owner", "cannot": "that person cannot take it",
    "no_team": "that team is gone", "no_room": "nobody of the team has room",
    "tagged": "it has that tag", "has_it": "the case is there already",
    "not_connected": "that vendor is not connected", "nobody_to_tell": "there is nobody to tell",
    "refused": "the desk refused it", "metric": "this metric opens no case", "band": "its band",
}  # fmt: skip
SAID: Mapping[Op, str] = {
    Op.AT_LEAST: "is at least", Op.AT_MOST: "is at most", Op.IS: "is", Op.IS_NOT: "is not",
    Op.CONTAINS: "contains", Op.LACKS: "does not contain", Op.BETWEEN: "is between",
}  # fmt: skip


@dataclass(frozen=True)
class Called:
    """What ids in rules are called, by their kind: survey, unit, user, team; and vendors."""

    names: Mapping[str, Mapping[int, str]] = field(default_factory=dict)
    vendors: Mapping[str, str] = field(default_factory=dict)

    def of(self, kind: str, id_: int | None) -> str:
        """The name, or that it is gone."""
        return self.names.get(kind, {}).get(id_ or 0, f"a {kind} that is gone")


def condition(one: Condition, called: Called) -> str:
    """ "Score is at most 6"."""
    asked = FIELDS[one.field]
    label = f"{asked.label} {one.name}".strip()
    if asked.kind is Kind.YES:
        return label if one.value else f"not: {label}"
    values = one.value if isinstance(one.value, list | tuple) else [one.value]
    shown = [_shown(one.field, value, called) for value in values]
    joint = " and " if one.op is Op.BETWEEN else " or "
    return f"{label} {SAID[one.op]} {_joined(shown, joint)}"


def _shown(name: str, value: Any, called: Called) -> str:
    asked = FIELDS[name]
    match asked.kind:
        case Kind.IDS:
            return called.of(name, value)
        case Kind.CHOICE:
            return (asked.choices or {}).get(value, str(value))
        case Kind.NUMBER:
            return f"{value:,}"
        case Kind.WORDS:
            return f"“{value}”"
    return str(value)


def _joined(shown: Sequence[str], joint: str) -> str:
    return joint.join([", ".join(shown[:-1]), shown[-1]] if len(shown) > 1 else shown)


def action(one: Action, called: Called) -> str:
    """ "Assign the case to somebody of Support, in turn"."""
    after = f" after {_minutes(one.after)}"
    match one.do:
        case Do.ASSIGN | Do.NOTIFY:
            kind = "user" if one.to == "user" else "team"
            known = ASSIGN_TO if one.do is Do.ASSIGN else NOTIFY_WHOM
            name = called.of(kind, one.id) if one.id else ""
            whom = known[one.to].replace("a person", name).replace("a team", name)
            return f"{one.do.label}{' to' if one.do is Do.ASSIGN else ':'} {whom}"
        case Do.PRIORITY:
            return f"{one.do.label} by {one.hours} h"
        case Do.TAG:
            return f"Tag the case {one.name}"
        case Do.PUSH:
            return f"{one.do.label} {called.vendors.get(one.vendor, one.vendor)}"
        case Do.MESSAGE:
            return f"{one.do.label} with “{one.template}”{after}"
        case Do.ASK:
            favour = one.favour.label if one.favour else "favour"
            return f"Ask for a {favour} with “{one.template}”{after}"
    return one.do.label


def _minutes(n: int) -> str:
    if n and n % 1440 == 0:
        return f"{n // 1440} d"
    return f"{n // 60} h" if n and n % 60 == 0 else f"{n} min"


def because(body: Body, reasons: Sequence[Mapping[str, Any]], called: Called) -> str:
    """ "score is at most 6 (it is 2), and ARR is at least 50,000 (it is 84000)"."""
    if not reasons:
        return "it is for every answer"
    return ", and ".join(_reason(body, one, called) for one in reasons)


def _reason(body: Body, reason: Mapping[str, Any], called: Called) -> str:
    if not body.actions:
        return "of a version that cannot be read any more"
    asked = body.conditions[reason["nth"]]
    if "hit" in reason:
        asked = replace(asked, value=(asked.value[reason["hit"]],))
    said = condition(asked, called)
    seen = reason.get("seen")
    lowered = said if said[:2].isupper() else said[:1].lower() + said[1:]
    return lowered if seen is None else f"{lowered} (it is {_number(seen)})"


def _number(seen: Any) -> str:
    try:
        return f"{float(seen):,.10g}"
    except ValueError:
        return str(seen)


def effect(one: Mapping[str, Any], called: Called, *, outcome: str | None = None) -> str:
    """What an action did, or why it did not. `outcome` is what became of one that waited."""
    do = Do(one["do"])
    if one["outcome"] == "not":
        return f"{do.label}: no, {WHY.get(one['why'], one['why'])}"
    if one["outcome"] == "waits":
        return f"{do.label}: {_waits(one, outcome)}"
    return f"{do.label}: {_DONE[do](one, called)}"


def _waits(one: Mapping[str, Any], outcome: str | None) -> str:
    if outcome == "sent":
        return "handed to the mail"
    if outcome is not None:
        return f"no, {WHY.get(outcome, outcome)}"
    return f"waits until {datetime.fromisoformat(one['due']):%d %b %Y, %H:%M} UTC"


def _given(one: Mapping[str, Any], called: Called) -> str:
    if "user" in one:
        turn = ", whose turn it is" if one.get("to") == "turn" else ""
        return f"given to {called.of('user', one['user'])}{turn}"
    return f"given to the team {called.of('team', one['team'])}"


_DONE: Mapping[Do, Callable[[Mapping[str, Any], Called], str]] = {
    Do.OPEN: lambda one, _: "opened" if one["outcome"] == "opened" else "joined the open one",
    Do.ASSIGN: _given,
    Do.PRIORITY: lambda one, _: f"by {one['hours']} h",
    Do.TAG: lambda _one, _: "tagged",
    Do.PUSH: lambda one, called: f"{called.vendors.get(one['vendor'], one['vendor'])}, sent",
    Do.NOTIFY: lambda one, called: (
        "told " + ", ".join(called.of("user", each) for each in one["users"])
    ),
}


def lines(body: Body, called: Called) -> list[str]:
    """The whole rule, a line each: what a difference between versions is told by."""
    if not body.actions:
        return ["This version cannot be read any more, and does nothing"]
    found = [_how(body), *(f"If: {condition(one, called)}" for one in body.conditions)]
    found += [f"Then: {action(one, called)}" for one in body.actions]
    found += ["No further rule is looked at"] if body.last else []
    return [line for line in found if line]


def _how(body: Body) -> str:
    """How the conditions belong together; a single one stands for itself."""
    if not body.conditions:
        return "For every answer"
    if len(body.conditions) == 1:
        return ""
    return "One of these holds" if body.any else "All of these hold"


def difference(before: Body, after: Body, called: Called) -> list[tuple[str, str]]:
    """What another version says differently: ("-" or "+", line), those that went first."""
    was, now = lines(before, called), lines(after, called)
    return [("-", one) for one in was if one not in now] + [
        ("+", one) for one in now if one not in was
    ]
