"""Who is told regularly: a person's own digest, and those of Slack channels."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from sqlmodel import Session, col, select

from db.models import Digest, User, UserUnit
from services import audit, settings
from services.access import Actor, Forbidden, Refused, permitted
from services.domain import digest_times
from services.domain.roles import Grant, Verb, grant

NOTHING = "Nothing was changed."
VENDORS = {"email": "By mail", "slack": "By Slack"}
SCOPES = {"all": "All that I see", "own": "My units", "team": "All units, cases of my team"}
USUAL: Mapping[str, Any] = {
    "vendor": "email", "hour": 8, "zone": None, "days": [*digest_times.WORKDAYS], "scope": "all",
    "quiet": False, "enabled": False,
}  # fmt: skip
_CHANNEL = re.compile(r"[CG][A-Z0-9]{6,20}")


@dataclass(frozen=True)
class ChannelDigest:
    """The digest of a channel; `maker` is whose sight it has, `gone` whether they left."""

    row: Digest
    maker: str
    gone: bool


def leads(actor: Actor) -> bool:
    """Whether the actor may have channels told."""
    return grant(actor.role, Verb.SHARE) is Grant.YES


@permitted(Verb.SEE)
def own(session: Session, actor: Actor) -> Digest:
    """One's own digest; as it would be before anything was chosen."""
    query = select(Digest).where(Digest.user_id == actor.id, col(Digest.channel).is_(None))
    return session.exec(query).one_or_none() or usual(actor.id or 0)


@permitted(Verb.SEE)
def scopes(session: Session, actor: Actor) -> dict[str, str]:
    """What one's digest can be about: units and a team only for those who have some."""
    user = session.get(User, actor.id) if actor.id else None
    units = session.exec(select(UserUnit.unit_id).where(UserUnit.user_id == actor.id)).first()
    has = {"all": True, "own": units is not None, "team": bool(user and user.team_id)}
    return {name: words for name, words in SCOPES.items() if has[name]}


@permitted(Verb.SEE)
def choose(session: Session, actor: Actor, wanted: Mapping[str, Any], *, now: datetime) -> int:
    """Keep one's own wishes (`USUAL` names them); the id of the digest."""
    if actor.id is None:
        raise Refused(f"A digest belongs to a person. {NOTHING}")
    row = own(session, actor)
    return _keep(session, row, actor, wanted, now)


@permitted(Verb.SHARE)
def channels(session: Session, actor: Actor) -> list[ChannelDigest]:
    """The digests of channels, for those who may change them; nobody else sees any."""
    if not leads(actor):
        return []
    query = (
        select(Digest, User)
        .join(User, col(User.id) == Digest.user_id)
        .where(col(Digest.channel).is_not(None))
        .order_by(col(Digest.channel))
    )
    return [
        ChannelDigest(row, user.name, user.disabled_at is not None)
        for row, user in session.exec(query)
    ]


@permitted(Verb.SHARE)
def tell_channel(
    session: Session, actor: Actor, channel: str, wanted: Mapping[str, Any], *, now: datetime
) -> int:
    """Have a channel told what the actor sees; whoever saves it is whose sight it has."""
    _led(actor)
    channel = channel.strip()
    if not _CHANNEL.fullmatch(channel):
        raise Refused(f"A channel has an ID such as C0123456789. {NOTHING}")
    known = session.exec(select(Digest).where(Digest.channel == channel)).one_or_none()
    row = known or usual()
    row.user_id, row.channel = actor.id or 0, channel
    kept = _keep(session, row, actor, {**wanted, "vendor": "slack"}, now)
    audit.record(session, actor.id, "digest.channel", now=now, entity="digest", entity_id=kept)
    return kept


@permitted(Verb.SHARE)
def forget_channel(session: Session, actor: Actor, digest_id: int, *, now: datetime) -> None:
    """The channel is told nothing any more."""
    _led(actor)
    row = session.get(Digest, digest_id, with_for_update=True)
    if row is None or row.channel is None:
        raise Refused(f"There is no such digest. {NOTHING}")
    session.delete(row)
    audit.record(
        session, actor.id, "digest.removed", now=now, entity="digest", entity_id=digest_id
    )  # fmt: skip
    session.flush()


def usual(user_id: int = 0) -> Digest:
    """A digest before anything was chosen; it is not kept."""
    return Digest(**USUAL, user_id=user_id, made_at=datetime.max)


def zone_of(session: Session, row: Digest) -> ZoneInfo:
    """The zone of its hour: its own, the person's, or the desk's."""
    user = session.get(User, row.user_id)
    named = row.zone or (user.time_zone if user else None)
    return ZoneInfo(named) if named else settings.reporting_zone(session)


def _led(actor: Actor) -> None:
    if actor.id is None or not leads(actor):
        raise Forbidden(f"{actor.role.value} may not have channels told")


def _keep(
    session: Session, row: Digest, actor: Actor, wanted: Mapping[str, Any], now: datetime
) -> int:
    values = dict(USUAL) | dict(wanted)
    _check(session, actor, values)
    before = _when(row)
    row.sqlmodel_update(values | {"days": sorted(set(values["days"]))})
    if row.id is None:
        row.made_at = now
    if before != _when(row) or row.last_for is None:
        # What is switched on (or given a further day) at noon does not begin with the morning that
        # has passed, and an hour that is moved on gives no second one on the same day.
        reached = digest_times.reached(now, row.hour, zone_of(session, row))
        row.last_for = max(reached, row.last_for or reached)
    session.add(row)
    session.flush()
    return row.id or 0


def _when(row: Digest) -> tuple[object, ...]:
    return row.hour, row.zone, row.enabled, sorted(row.days)


def _check(session: Session, actor: Actor, values: Mapping[str, Any]) -> None:
    days, hour = values["days"], values["hour"]
    fine = (
        set(values) == set(USUAL)
        and values["vendor"] in VENDORS
        and values["scope"] in scopes(session, actor)
        and 0 <= hour <= 23
        and set(days) <= set(range(7))
        and values["zone"] in {None, *available_timezones()}
    )
    if not fine:
        raise Refused(f"Choose from what is offered. {NOTHING}")
    if values["enabled"] and not days:
        raise Refused(f"Choose a day of the week at least. {NOTHING}")
