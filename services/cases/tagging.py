"""Tags: words that people put on cases. One comes to be when it is first used, and only once
however it is written."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlmodel import Session, select

from db.models import CaseTag, Tag
from services.access import Actor, Refused, permitted
from services.cases.journal import NOTHING, Done, held, keep, legal
from services.domain import lifecycle, tag_names
from services.domain.lifecycle import Move
from services.domain.roles import Verb
from services.person_fields import one_line

LONGEST = 40  # characters
MOST = 1_000  # tags of a desk, so that a list of them can still be read
MOST_OF_A_CASE = 20


@permitted(Verb.SEE)
def in_use(session: Session, actor: Actor) -> dict[int, str]:
    """All tags by id, in the order of their names."""
    return dict(sorted(called(session).items(), key=lambda pair: pair[1].casefold()))


@permitted(Verb.WORK_CASES)
def tag(
    session: Session, actor: Actor, number: int, *, name: str, now: datetime,
    version: int | None = None,
) -> Done:  # fmt: skip
    """Put a tag on a case; a word that nobody has used yet becomes one."""
    return _turn(session, actor, number, one_line(name, LONGEST, "A tag"), version, now, on=True)


@permitted(Verb.WORK_CASES)
def untag(
    session: Session, actor: Actor, number: int, *, name: str, now: datetime,
    version: int | None = None,
) -> Done:  # fmt: skip
    """Take a tag off a case."""
    return _turn(session, actor, number, one_line(name, LONGEST, "A tag"), version, now, on=False)


def called(session: Session) -> dict[int, str]:
    """The names by id of the tags that are in use."""
    found = session.exec(select(Tag.id, Tag.name))
    return {key or 0: name for key, name in found if tag_names.in_use(name)}


def of_case(session: Session, case_id: int) -> frozenset[int]:
    """The ids of the tags on a case."""
    return frozenset(session.exec(select(CaseTag.tag_id).where(CaseTag.case_id == case_id)))


def retired(session: Session, ids: Iterable[int]) -> bool:
    """Whether one of these tags is no longer in use: merged into another one, or removed."""
    found = [session.get(Tag, tag_id) for tag_id in ids]
    return any(row is None or not tag_names.in_use(row.name) for row in found)


def why_not_back(
    session: Session, there: frozenset[int], data: Mapping[str, Any], turns: int
) -> str | None:
    """Why a turn of a tag (an event's `data`, taken back and put in again `turns` times since)
    cannot be taken back; None: it can, or it is none."""
    if "tag_id" not in data:
        return None
    now_on = bool(data["on"]) != bool(turns % 2)
    if (data["tag_id"] in there) != now_on:
        return "the tag changed since"
    gone = not now_on and retired(session, [data["tag_id"]])  # what is on a case is in use
    return "the tag is no longer in use" if gone else None


def follow(session: Session, case_id: int, data: Mapping[str, Any], turns: int) -> None:
    """A turn of a tag is taken back, or (every other turn) put in again."""
    if "tag_id" in data:
        _put(session, case_id, int(data["tag_id"]), on=bool(data["on"]) == bool(turns % 2))


def _turn(
    session: Session, actor: Actor, number: int, name: str, version: int | None, now: datetime,
    *, on: bool,
) -> Done:  # fmt: skip
    case = held(session, actor, number, version)
    with legal():
        lifecycle.check(case.state, Move.TAGGED)
    tag_id = _named(session, name, make=on)
    there = of_case(session, case.case.id or 0)
    if (tag_id in there) == on:
        raise Refused(f"It {'has this tag already' if on else 'does not have this tag'}. {NOTHING}")
    if on and len(there) >= MOST_OF_A_CASE:
        raise Refused(f"A case has {MOST_OF_A_CASE} tags at most. {NOTHING}")
    _put(session, case.case.id or 0, tag_id, on=on)
    return keep(session, actor, case, case.state, Move.TAGGED, now=now, tag_id=tag_id, on=on)


def _named(session: Session, name: str, *, make: bool) -> int:
    """The tag of this name. Nobody else makes one meanwhile: whoever writes has taken its turn."""
    known = called(session)
    found = next((key for key, each in known.items() if each.casefold() == name.casefold()), None)
    if found is not None or not make:
        return found or 0
    if len(known) >= MOST:
        raise Refused(f"There are {MOST:,} tags already: use one of them. {NOTHING}")
    made = Tag(name=name)
    session.add(made)
    session.flush()
    return made.id or 0


def _put(session: Session, case_id: int, tag_id: int, *, on: bool) -> None:
    there = session.get(CaseTag, (case_id, tag_id))
    if on and there is None:
        session.add(CaseTag(case_id=case_id, tag_id=tag_id))
    elif not on and there is not None:
        session.delete(there)
    session.flush()
