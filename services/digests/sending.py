"""Digests become deliveries: one a day and digest, for what happened since the one before."""

import logging
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy.exc import OperationalError
from sqlmodel import Session, col, select

from db.models import Digest, Integration, User
from services import config, integrations
from services.access import Actor, Refused, actor_for, permitted
from services.digests import choosing, texts
from services.domain import digest_times
from services.domain.roles import Verb
from services.insights import digest as reading
from services.mail import compose
from services.outbox.owing import owe, public_key

log = logging.getLogger(__name__)
FIRST = timedelta(days=1)  # that the first digest looks back
LONGEST = timedelta(days=31)
WHY = "You chose this under Digests: {link}"


def any_due(session: Session, now: datetime) -> bool:
    """Whether somebody waits for their digest."""
    return next(_due(session, now), None) is not None


def send_next(session: Session, now: datetime) -> int:
    """Owe the next digest that is due, or leave a quiet day out; how many were dealt with.

    A worker that was away for days makes one, which looks back to the last.
    """
    for digest_id, _ in _due(session, now):
        locked = select(Digest).where(Digest.id == digest_id).with_for_update(skip_locked=True)
        row = session.exec(locked.execution_options(populate_existing=True)).one_or_none()
        day = None if row is None else _day(session, row, now)
        if row is not None and day is not None:
            if _sent(session, row, day, now):
                row.last_at = now
            row.last_for = day
            session.add(row)
            session.flush()
            return 1
    return 0


def _sent(session: Session, row: Digest, day: date, now: datetime) -> bool:
    """One that cannot be put together holds up nobody: it is left out today, and the next one
    looks back over both days."""
    try:
        with session.begin_nested():
            found = made(session, row, now)
            if row.quiet or not found.quiet:
                _owe(session, row, found, f"digest:{row.id}:{day}", now)
    except OperationalError:  # the database is away: it is made once it is back
        raise
    except Exception as error:  # whatever it is, the others have their turn
        log.warning("digest %s was left out today: %s", row.id, type(error).__name__)
        return False
    return True


@permitted(Verb.SEE)
def send_now(session: Session, actor: Actor, digest_id: int, *, now: datetime) -> bool:
    """Owe one at once, for a look at it; the next one comes at its hour all the same.

    At most one a minute. Refused where it is neither one's own nor a channel's that one may change.
    """
    row = session.get(Digest, digest_id)
    mine = row is not None and row.user_id == actor.id and row.channel is None
    if row is None or not (mine or (row.channel is not None and choosing.leads(actor))):
        raise Refused("There is no such digest. Nothing was sent.")
    if session.get(Integration, row.vendor) is None:
        name = choosing.VENDORS[row.vendor].removeprefix("By ")
        raise Refused(f"{name.capitalize()} is not connected. Nothing was sent.")
    _owe(session, row, made(session, row, now), f"digest:{row.id}:now:{now:%Y-%m-%dT%H:%M}", now)
    return True


@permitted(Verb.SEE)
def preview(session: Session, actor: Actor, *, scope: str, now: datetime) -> reading.Digest:
    """What one's own digest would say now, of the last day."""
    return reading.digest(session, actor, scope=scope, mine=True, since=now - FIRST, now=now)


def made(session: Session, row: Digest, now: datetime) -> reading.Digest:
    """The digest as its person, or its channel's maker, may see it now."""
    actor = actor_for(session, session.get_one(User, row.user_id))
    since = max(row.last_at or now - FIRST, now - LONGEST)
    return reading.digest(
        session, actor, scope=row.scope, mine=row.channel is None, since=since, now=now
    )


def _due(session: Session, now: datetime) -> Iterator[tuple[int, date]]:
    """Those whose hour has come; not to people who left, nor where there is no way to send."""
    ways = integrations.connected(session).keys()
    query = (
        select(Digest)
        .join(User, col(User.id) == Digest.user_id)
        .where(
            col(Digest.enabled), col(User.disabled_at).is_(None), col(Digest.vendor).in_(ways)
        )
        .order_by(col(Digest.id))
    )  # fmt: skip
    for row in session.exec(query).all():
        if (day := _day(session, row, now)) is not None:
            yield row.id or 0, day


def _day(session: Session, row: Digest, now: datetime) -> date | None:
    if not row.enabled:
        return None
    zone = choosing.zone_of(session, row)
    return digest_times.due(now, row.hour, zone, row.days, row.last_for)


def _owe(
    session: Session, row: Digest, found: reading.Digest, key: str, now: datetime
) -> None:  # fmt: skip
    user = session.get_one(User, row.user_id)
    said = texts.body(session, found) | _to(row, user, key)
    if row.vendor == "email":
        why = WHY.format(link=f"{config.load().base_url}/digests")
        said |= {"text": f"{said['text']}\n\n{why}", "why": why}
    owe(
        session, key=key, vendor=row.vendor, action="digest", body=said, now=now,
        user_id=None if row.channel else row.user_id,
    )  # fmt: skip


def _to(row: Digest, user: User, key: str) -> dict[str, Any]:
    if row.channel:
        return {"channel": row.channel}
    if row.vendor == "slack":
        return {"to": user.email}
    name = f"<{public_key(key)}@{compose.domain(user.email)}>"
    return {"to": {"name": user.name, "address": user.email}, "message_id": name}
