"""How people are grouped: teams with a lead, and the units whose accounts they work for."""

from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy.orm import aliased
from sqlmodel import Session, col, func, select

from db.engine import bump, turn
from db.models import Account, Case, Response, Team, Unit, User, UserUnit
from services import audit
from services.access import Actor, Refused, permitted
from services.domain.roles import Verb
from services.person_fields import give_name, one_line

LONGEST_NAME = 60  # characters
MOST_IDLE = 1000  # business hours
Group = TypeVar("Group", Team, Unit)


@permitted(Verb.ADMINISTER)
def all_teams(session: Session, actor: Actor) -> list[tuple[Team, int, str | None]]:
    """Every team by name, with the number of its people and its lead's name."""
    lead, member = aliased(User), aliased(User)
    query = (
        select(Team, func.count(col(member.id)), lead.name)
        .outerjoin(member, col(member.team_id) == Team.id)
        .outerjoin(lead, col(lead.id) == Team.lead_id)
        .group_by(col(Team.id), col(lead.name))
        .order_by(func.lower(Team.name))
    )
    return [(team, people, name) for team, people, name in session.exec(query)]


@permitted(Verb.ADMINISTER)
def add_team(session: Session, actor: Actor, *, name: str, now: datetime) -> Team:
    """A new team, without people or a lead yet."""
    turn(session)
    return _named(session, actor, Team(name=""), name, "team.add", now)


@permitted(Verb.ADMINISTER)
def rename_team(session: Session, actor: Actor, team_id: int, *, name: str, now: datetime) -> Team:
    """Give a team another name."""
    return _named(session, actor, _locked(session, Team, team_id), name, "team.rename", now)


@permitted(Verb.ADMINISTER)
def set_lead(
    session: Session, actor: Actor, team_id: int, *, lead_id: int | None, now: datetime
) -> Team:
    """Name the person who leads a team (None: nobody)."""
    return _answers(session, actor, team_id, "lead", lead_id, now)


@permitted(Verb.ADMINISTER)
def set_manager(
    session: Session, actor: Actor, team_id: int, *, manager_id: int | None, now: datetime
) -> Team:
    """Name who hears of broken promises that the lead does not take up (None: any manager)."""
    return _answers(session, actor, team_id, "manager", manager_id, now)


@permitted(Verb.ADMINISTER)
def set_giving(
    session: Session, actor: Actor, team_id: int, *, round_robin: bool, idle_hours: int | None,
    now: datetime,
) -> Team:  # fmt: skip
    """Whether its new cases are given to its people in turn, and after how many business hours
    without work a case goes back to the team (None: never)."""
    if idle_hours is not None and not 1 <= idle_hours <= MOST_IDLE:
        raise Refused(f"A case goes back after 1 to {MOST_IDLE} hours; nothing was changed.")
    team = _locked(session, Team, team_id)
    if (team.round_robin, team.idle_hours) != (round_robin, idle_hours):
        team.round_robin, team.idle_hours = round_robin, idle_hours
        facts = {"round_robin": round_robin, "idle_hours": idle_hours}
        _note(session, actor, "team.giving", team, now, **facts)
    return team


@permitted(Verb.ADMINISTER)
def remove_team(session: Session, actor: Actor, team_id: int, *, now: datetime) -> None:
    """Remove a team that has no people and no cases."""
    team = _locked(session, Team, team_id)
    _empty(
        session,
        "team",
        people=select(User.id).where(User.team_id == team_id),
        cases=select(Case.id).where(Case.team_id == team_id),
    )
    _remove(session, actor, team, "team.remove", now)


@permitted(Verb.ADMINISTER)
def all_units(session: Session, actor: Actor) -> list[tuple[Unit, int, int]]:
    """Every unit by name, with the number of its accounts and of its people."""
    accounts = _each(Account.unit_id)
    people = _each(UserUnit.unit_id)
    query = select(Unit, accounts, people).order_by(func.lower(Unit.name))
    return [(unit, owned or 0, staffed or 0) for unit, owned, staffed in session.exec(query)]


@permitted(Verb.ADMINISTER)
def add_unit(session: Session, actor: Actor, *, name: str, now: datetime) -> Unit:
    """A new unit, without accounts or people yet."""
    turn(session)
    return _named(session, actor, Unit(name=""), name, "unit.add", now)


@permitted(Verb.ADMINISTER)
def rename_unit(session: Session, actor: Actor, unit_id: int, *, name: str, now: datetime) -> Unit:
    """Give a unit another name."""
    return _named(session, actor, _locked(session, Unit, unit_id), name, "unit.rename", now)


@permitted(Verb.ADMINISTER)
def remove_unit(session: Session, actor: Actor, unit_id: int, *, now: datetime) -> None:
    """Remove a unit to which no account, answer or person belongs."""
    unit = _locked(session, Unit, unit_id)
    _empty(
        session,
        "unit",
        accounts=select(Account.id).where(Account.unit_id == unit_id),
        answers=select(Response.id).where(Response.unit_id == unit_id),
        people=select(UserUnit.user_id).where(UserUnit.unit_id == unit_id),
    )
    _remove(session, actor, unit, "unit.remove", now)


def _answers(
    session: Session, actor: Actor, team_id: int, part: str, user_id: int | None, now: datetime
) -> Team:
    """Name the person who is `part` ("lead" or "manager") of a team."""
    team = _locked(session, Team, team_id)
    _refuse_who_left(session, user_id)
    if getattr(team, f"{part}_id") != user_id:
        setattr(team, f"{part}_id", user_id)
        _note(session, actor, f"team.{part}", team, now, **{part: user_id})
    return team


def _refuse_who_left(session: Session, user_id: int | None) -> None:
    user = None if user_id is None else session.get(User, user_id)
    if user_id is not None and (user is None or user.disabled_at):
        raise Refused("Leads and managers are people who can sign in; nothing was changed.")


def _each(column: Any) -> Any:
    same = select(func.count()).where(column == Unit.id)
    return same.correlate(Unit).scalar_subquery()


def _locked(session: Session, kind: type[Group], group_id: int) -> Group:
    """The group, locked until the end: whoever puts something into it meanwhile waits."""
    turn(session)
    group = session.get(kind, group_id, with_for_update=True, populate_existing=True)
    if group is None:
        raise Refused(f"There is no {kind.__name__.lower()} {group_id}.")
    return group


def _named(
    session: Session, actor: Actor, group: Group, name: str, verb: str, now: datetime
) -> Group:
    if give_name(session, group, one_line(name, LONGEST_NAME)):
        _note(session, actor, verb, group, now)
    return group


def _empty(session: Session, what: str, **uses: Any) -> None:
    """Refuse when a row still names the group; `uses` are the queries for such rows."""
    left = [words for words, use in uses.items() if session.scalar(use.limit(1)) is not None]
    if left:
        raise Refused(f"This {what} stays: it still has {' and '.join(left)}.")


def _remove(session: Session, actor: Actor, group: Group, verb: str, now: datetime) -> None:
    session.delete(group)
    _note(session, actor, verb, group, now)


def _note(
    session: Session, actor: Actor, verb: str, group: Group, now: datetime, **facts: Any
) -> None:
    session.flush()
    entity = type(group).__name__.lower()
    audit.record(session, actor.id, verb, now=now, entity=entity, entity_id=group.id, **facts)
    bump(session)
