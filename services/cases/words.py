"""What an event of the journal says, in a sentence: on the page, and to whoever came second."""

from collections.abc import Callable, Sequence
from datetime import datetime, tzinfo

from sqlmodel import Session

from db.models import CaseEvent
from services.cases import synced_words as synced
from services.cases.names import DESK, VENDORS, Names, names, value, zone_of
from services.domain import plays, tag_names
from services.domain.lifecycle import Move, Outcome

__all__ = ["DESK", "Names", "names", "predicate", "sentences", "took_back", "zone_of"]

WAYS = {"call": "a call", "meeting": "a meeting", "visit": "a visit", "chat": "a chat"}
_PLAIN = {
    Move.NOTED: "left a note",
    Move.WAITED: "set it to wait for the customer",
    Move.RESUMED: "took it up again",
    Move.WOKEN: "ended the snooze",
    Move.REOPENED: "reopened it",
}
_WHY_OPENED = {"hand": " by hand", "rule": " because the answer is low", "rules": ""}
_WHY = {"left": "works here no more", "away": "is away", "idle": "did not work on it in time"}
_GIVEN = {"turn": ", whose turn it is", "room": ", who has room for it now"}
_THEN = {"wait": " and set it to wait", "resolve": " and resolved it"}
_TAKEN_BACK = {
    Move.ASSIGNED: "the assignment", Move.NOTED: "a note", Move.CONTACTED: "a logged contact",
    Move.WAITED: "the waiting", Move.RESUMED: "taking it up again", Move.SNOOZED: "the snooze",
    Move.WOKEN: "the end of the snooze", Move.RESOLVED: "the resolution",
    Move.REOPENED: "the reopening", Move.UNDONE: "taking something back",
    Move.REPLIED: "a reply before it left", Move.PLAYED: "a move of the play",
    Move.TAGGED: "a change of the tags", Move.MERGED: "the merge",
    Move.ABSORBED: "the merge", Move.SPLIT: "the split",
}  # fmt: skip


def sentences(session: Session, events: Sequence[CaseEvent], zone: tzinfo) -> list[str]:
    """ "Diego Fuentes assigned it to Keiko Tanaka", one for each event; times in `zone`."""
    known = names(session, events, zone)
    return [f"{known.who(event)} {predicate(event, known)}" for event in events]


def predicate(event: CaseEvent, known: Names) -> str:
    """What was done, after the name of who did it. Of our own words and names of people here."""
    move = Move(event.kind)
    said = _PLAIN[move] if move in _PLAIN else _TOLD[move](event, known)
    return said + synced.where(event)


def _opened(event: CaseEvent, _known: Names) -> str:
    return f"opened it{_WHY_OPENED.get(event.data.get('by', 'rule'), '')}{_no_room(event)}"


def _no_room(event: CaseEvent) -> str:
    return "; nobody of the team had room for it" if event.data.get("no_room") else ""


def _joined(event: CaseEvent, _known: Names) -> str:
    woke = {"paused_at", "snoozed_until"} & event.data.get("changes", {}).keys()
    who = "another person" if event.data.get("of") else "the same person"
    back = f"brought a further answer of {who} back from case {event.data.get('back')}"
    told = back if "back" in event.data else f"added a further answer of {who}"
    return f"{told}{', which woke the case' if woke else ''}"


def _contacted(event: CaseEvent, known: Names) -> str:
    """With its own time, which may lie well before it was logged."""
    way = str(event.data.get("way"))
    if "delivery_id" in event.data:
        return f"reached the customer by {VENDORS.get(way, way)}"
    if "there" in event.data:
        return "answered the customer"
    told = f"logged {WAYS.get(way, 'a contact')}"
    reached = event.data.get("reached")
    return f"{told} of {_when(str(reached), known.zone)}" if reached else told


def _replied(event: CaseEvent, _known: Names) -> str:
    way = str(event.data.get("way"))
    then = _THEN.get(str(event.data.get("then")), "")
    return f"wrote to the customer by {VENDORS.get(way, way)}{then}"


def _pushed(event: CaseEvent, _known: Names) -> str:
    vendor = str(event.data.get("vendor"))
    return f"sent the case to {VENDORS.get(vendor, 'the webhook')}"


def _answered(event: CaseEvent, _known: Names) -> str:
    reopened = ", which reopened the case" if event.data.get("reopened") else ""
    return f"brought an answer of the customer{reopened}"


def _bounced(event: CaseEvent, _known: Names) -> str:
    hard = "the address does not take mail" if event.data.get("hard") else "for now"
    return f"brought our mail back: it was not delivered ({hard})"


def _split(event: CaseEvent, _known: Names) -> str:
    n = len(event.data["responses"])
    return f"split {n} answer{'' if n == 1 else 's'} off as case {event.data['case']}"


def _tagged(event: CaseEvent, known: Names) -> str:
    name = tag_names.told(known.tags.get(event.data["tag_id"], ""))
    return f"tagged it {name}" if event.data["on"] else f"took the tag {name} off"


def _snoozed(event: CaseEvent, known: Names) -> str:
    return f"snoozed it until {_when(str(event.data['until']), known.zone)}"


def _resolved(event: CaseEvent, known: Names) -> str:
    moved = event.data["changes"]
    cause = known.causes.get(value(moved, "root_cause_id"), "")
    return f"resolved it: {Outcome(value(moved, 'outcome')).label}; {cause}"


def took_back(kind: str) -> str:
    """ "took back the waiting": what is said when a move of this kind was undone."""
    return f"took back {_TAKEN_BACK[Move(kind)]}"


def _undone(event: CaseEvent, _known: Names) -> str:
    return took_back(event.data["undone"])


def _assigned(event: CaseEvent, known: Names) -> str:
    moved = event.data["changes"]
    if "team_id" in moved and not value(moved, "assignee_id"):
        return f"gave it to the team {known.teams.get(value(moved, 'team_id'), '')}"
    person = value(moved, "assignee_id")
    turn = _GIVEN.get(str(event.data.get("by")), "")
    return (
        f"assigned it to {known.people.get(person, 'somebody')}{turn}"
        if person
        else "took the owner off"
    )


def _breached(event: CaseEvent, known: Names) -> str:
    moved = event.data["changes"]
    what = "first contact" if event.data.get("promise") == "contact" else "closing"
    lead = value(moved, "escalated_to_id")
    passed = f", and passed it on to {known.people.get(lead, 'the lead')}" if lead else ""
    return f"noted that {what} is overdue{passed}"


def _escalated(event: CaseEvent, known: Names) -> str:
    why = "nobody has worked on it since the promise broke"
    if (to := event.data.get("to")) is None:
        return f"noted that {why}"
    return f"passed it on to {known.people.get(to, 'a manager')}, because {why}"


def _returned(event: CaseEvent, known: Names) -> str:
    owner = known.people.get(event.data.get("owner") or 0, "its owner")
    why = _WHY.get(str(event.data.get("why")), "")
    return f"took it from {owner}, who {why}{_no_room(event)}"


_TOLD: dict[Move, Callable[[CaseEvent, Names], str]] = {
    Move.OPENED: _opened, Move.JOINED: _joined, Move.ASSIGNED: _assigned,
    Move.CONTACTED: _contacted, Move.SNOOZED: _snoozed, Move.RESOLVED: _resolved,
    Move.BREACHED: _breached, Move.UNDONE: _undone, Move.REPLIED: _replied,
    Move.PUSHED: _pushed, Move.ANSWERED: _answered, Move.BOUNCED: _bounced,
    Move.PLAYED: lambda event, _: plays.told(event.data), Move.TAGGED: _tagged,
    Move.RULED: lambda event, known: known.fired.get(event.data["rule"]["firing"], "fired"),
    Move.ESCALATED: _escalated, Move.RETURNED: _returned,
    Move.MERGED: lambda event, _: f"merged it into case {event.data['case']}",
    Move.ABSORBED: lambda event, _: f"merged case {event.data['case']} into it",
    Move.SPLIT: _split,
    Move.SPLIT_OFF: lambda event, _: f"split it off case {event.data['case']}",
    Move.DONE_THERE: synced.done_there, Move.CONFLICTED: synced.conflicted,
    Move.SETTLED: synced.settled,
}  # fmt: skip


def _when(told: str, zone: tzinfo) -> str:
    return f"{datetime.fromisoformat(told).astimezone(zone):%d %b %Y, %H:%M}"
