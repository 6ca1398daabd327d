"""API keys: made once and shown once, listed by prefix, revoked, and checked at the API's door."""

import hashlib
import hmac
import re
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlmodel import Session, col, select

from db.engine import bump, turn
from db.models import ApiKey, User
from services import audit
from services.access import Actor, Refused, permitted
from services.domain.roles import Role, Verb
from services.person_fields import one_line

WORDS = {
    "ingest": "Send answers",
    "cases:read": "Read cases",
    "cases:write": "Work on cases",
    "metrics": "Read metrics",
}
SCOPES = tuple(WORDS)
_INCLUDED = {"cases:read": {"cases:write"}}  # scope -> the scopes that are good for it as well
LONGEST_NAME = 60  # characters
USED_EVERY = timedelta(minutes=1)  # how exact `last_used_at` is: one write a minute, not a request
_FORM = re.compile(r"ld_([0-9a-f]{8})_[\w-]{43}", re.ASCII)
_NOBODY = "0" * 64  # compared with where no key has the prefix, so that both take as long


@permitted(Verb.ADMINISTER)
def add_key(
    session: Session, actor: Actor, *, name: str, scopes: Sequence[str], now: datetime
) -> tuple[ApiKey, str]:
    """A new key and its secret `ld_<prefix>_<random>`, of which only the hash is kept."""
    named = one_line(name, LONGEST_NAME, "A key's name")
    if not scopes or set(scopes) - set(SCOPES):
        raise Refused(f"A key is for one or more of {', '.join(SCOPES)}; no key was made.")
    prefix = secrets.token_hex(4)
    secret = f"ld_{prefix}_{secrets.token_urlsafe(32)}"
    key = ApiKey(
        name=named,
        prefix=prefix,
        key_hash=_hash(secret),
        scopes=[scope for scope in SCOPES if scope in scopes],
        created_by=actor.id,
        created_at=now,
    )
    session.add(key)
    _note(session, actor, "key.add", key, now, scopes=key.scopes)
    return key, secret


@permitted(Verb.ADMINISTER)
def all_keys(session: Session, actor: Actor) -> list[tuple[ApiKey, str]]:
    """Every key, live ones first, newest first, with the name of who made it."""
    query = (
        select(ApiKey, User.name)
        .outerjoin(User, col(User.id) == ApiKey.created_by)
        .order_by(col(ApiKey.revoked_at).is_not(None), col(ApiKey.id).desc())
    )
    return [(key, name or "the desk") for key, name in session.exec(query)]


@permitted(Verb.ADMINISTER)
def revoke(session: Session, actor: Actor, key_id: int, *, now: datetime) -> ApiKey:
    """Let a key in no more, from the next request on; it stays in the list."""
    key = session.get(ApiKey, key_id, with_for_update=True)
    if key is None:
        raise Refused(f"There is no key {key_id}.")
    if key.revoked_at is None:
        key.revoked_at = now
        _note(session, actor, "key.revoke", key, now)
    return key


def may(key: ApiKey, scope: str) -> bool:
    """Whether the key is for `scope`; who works on cases reads them too."""
    return bool({scope, *_INCLUDED.get(scope, ())}.intersection(key.scopes))


def actor_of(key: ApiKey) -> Actor:
    """The program that has this key: it sees all units and works cases as Support does."""
    return Actor(id=None, name=key.name, role=Role.SUPPORT, key_id=key.id)


def live(session: Session, presented: str) -> ApiKey | None:
    """The live key that `presented` is, whatever it is for, else None. Only reads."""
    form = _FORM.fullmatch(presented)
    if form is None:
        return None
    query = select(ApiKey).where(ApiKey.prefix == form[1], col(ApiKey.revoked_at).is_(None))
    key = session.exec(query).one_or_none()
    same = hmac.compare_digest(key.key_hash if key else _NOBODY, _hash(presented))
    return key if key is not None and same else None


def find(session: Session, presented: str, scope: str) -> ApiKey | None:
    """The live key that `presented` is and that may `scope`, else None. Only reads."""
    key = live(session, presented)
    return key if key is not None and may(key, scope) else None


def check(session: Session, presented: str, scope: str, now: datetime) -> ApiKey | None:
    """As `find`, and notes that the key was used.

    Call it in a `transaction()`: noting the use is a write, without a rise of the data version.
    """
    key = find(session, presented, scope)
    if key is not None:
        _used(session, key, now)
    return key


def unnoted(key: ApiKey, now: datetime) -> bool:
    """Whether a use at `now` is one to be noted."""
    return key.last_used_at is None or now - key.last_used_at >= USED_EVERY


def _used(session: Session, key: ApiKey, now: datetime) -> None:
    if not unnoted(key, now):
        return
    before = col(ApiKey.last_used_at)
    stale = before.is_(None) | (before <= now - USED_EVERY)
    statement = sa.update(ApiKey).where(col(ApiKey.id) == key.id, stale).values(last_used_at=now)
    session.connection().execute(statement)
    session.refresh(key)


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _note(
    session: Session, actor: Actor, verb: str, key: ApiKey, now: datetime, **facts: object
) -> None:
    turn(session)
    session.flush()
    audit.record(session, actor.id, verb, now=now, entity="api_key", entity_id=key.id, **facts)
    bump(session)
