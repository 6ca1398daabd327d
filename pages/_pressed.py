"""What a browser says was pressed, and which verb of the desk it means."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

from pages import _door
from pages._ask import ask
from pages._case_acts import asleep, presets
from services.cases import sleeping, verbs
from services.domain.lifecycle import Outcome
from services.insights.desk_people import desk
from services.insights.spelling import BIGGEST_ID

PLAIN: dict[str, tuple[Callable[..., Any], str]] = {
    "reopen": (verbs.reopen, "Reopened."),
    "wait": (verbs.wait, "The clock stands still."),
    "resume": (verbs.resume, "The clock runs on."),
    "wake": (verbs.wake, "Back in the queue."),
}


@dataclass(frozen=True)
class Press:
    """A press: its number `seq`, the `visit` it belongs to, what it asks for, and of which case.

    `version` is the one that was on the screen; `chosen` what was said in a box.
    """

    seq: int
    visit: str
    name: str
    number: int
    version: int
    chosen: dict[str, Any]

    @classmethod
    def of(cls, said: Any) -> "Press | None":
        """What the browser said; None where no key of ours says so."""
        try:
            number = min(int(said["number"]), BIGGEST_ID)
            return cls(
                int(said["seq"]), str(said["token"]), str(said["name"]), number,
                int(said["version"]), said,
            )  # fmt: skip
        except (KeyError, TypeError, ValueError):
            return None


@dataclass(frozen=True)
class Asked:
    """A verb of cases, what to say once it is done, and what it needs besides."""

    verb: Callable[..., Any]
    words: str
    given: dict[str, Any] = field(default_factory=dict)


def asked(one: Press, zone: ZoneInfo) -> Asked | None:
    """What a press means; None for what no key of ours sends. Refused: it cannot be read."""
    if one.name in PLAIN:
        return Asked(*PLAIN[one.name])
    made = {"take": _take, "assign": _assign, "snooze": _snooze, "resolve": _resolve}.get(one.name)
    try:
        return made(one.chosen, zone) if made else None
    except (KeyError, ValueError, IndexError):
        return None


def _take(_: dict[str, Any], _zone: ZoneInfo) -> Asked:
    return Asked(verbs.assign, "Assigned to you.", {"to": _door.actor().id})


def _assign(chosen: dict[str, Any], _zone: ZoneInfo) -> Asked:
    kind, known = str(chosen["to"])[:1], ask(desk)
    key = int(str(chosen["to"])[1:] or 0)
    if kind == "t":
        return Asked(verbs.assign_team, f"Handed to {known.teams[key]}.", {"team_id": key})
    words = f"Assigned to {known.called(key, _door.now())}." if key else "Nobody owns it now."
    return Asked(verbs.assign, words, {"to": key or None})


def _snooze(chosen: dict[str, Any], zone: ZoneInfo) -> Asked:
    """Until a time of the list, or one that was typed."""
    now = _door.now().astimezone(zone)
    if "at" in chosen:
        until = sleeping.until(str(chosen["at"]), now)
    else:
        until = presets(now)[int(chosen["until"])][1]
    return Asked(verbs.snooze, asleep(until, now), {"until": until})


def _resolve(chosen: dict[str, Any], _zone: ZoneInfo) -> Asked:
    outcome = Outcome(chosen["outcome"])
    given = {"outcome": outcome.value, "root_cause_id": int(chosen["cause"])}
    return Asked(verbs.resolve, f"Resolved: {outcome.label.lower()}.", given)
