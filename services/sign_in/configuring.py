"""Which provider people sign in with: what an admin entered, and whether it answers."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, func, select

from db.engine import bump, turn
from db.models import Identity, Setting, Team
from services import audit, config, settings, vault
from services.access import Actor, Refused, permitted
from services.domain.provider import Provider
from services.domain.roles import Role, Verb
from services.sign_in.talking import Talk

KEY, SECRET, NOTHING = "sign_in", "client_secret", "Nothing was changed."
KEPT = "********"  # stands for a secret that is kept and not shown
LOCKED = "The client secret was kept under another key than the desk has now: enter it again."


@dataclass(frozen=True)
class Standing:
    """What was entered, and how many people have come in by it."""

    provider: Provider | None
    secret: str
    people: int


def provider(session: Session) -> Provider | None:
    """The provider that people sign in with, if there is one. A demo has none."""
    value = settings.get(session, KEY)
    return Provider.parse(value) if value and not config.load().loopdesk_demo else None


def by_password(session: Session) -> bool:
    """Whether people may sign in with a password."""
    known = provider(session)
    return known is None or not known.passwords_off


def back() -> str:
    """Where the provider sends people back to."""
    return f"{config.load().base_url}/auth/oidc/callback"


def talk(session: Session) -> Talk:
    """A talk with the provider as it was entered; Refused where there is none."""
    known = provider(session)
    if known is None:
        raise Refused("Nobody signs in with another account here: use your password.")
    return _talk(session, known, _secret(session, known))


@permitted(Verb.ADMINISTER)
def standing(session: Session, actor: Actor) -> Standing:
    """As an admin sees it."""
    known = provider(session)
    if known is None:
        return Standing(None, "", 0)
    kept = SECRET in vault.names(session, _family(known))
    query = select(func.count(func.distinct(col(Identity.user_id))))
    people = session.exec(query.where(Identity.issuer == known.issuer)).one()
    return Standing(known, KEPT if kept else "", people)


@permitted(Verb.ADMINISTER)
def tried(session: Session, actor: Actor, entered: Mapping[str, Any]) -> Talk:
    """A talk with what was entered, for a test before it is kept; no transaction is open in it."""
    known, secret = _read(session, entered)
    return _talk(session, known, secret)


@permitted(Verb.ADMINISTER)
def keep(session: Session, actor: Actor, entered: Mapping[str, Any], *, now: datetime) -> Provider:
    """Let people in by this provider from now on."""
    known, secret = _read(session, entered)
    turn(session)
    if known.passwords_off:
        _leave_a_way_in(session, actor, known)
    settings.put(session, KEY, known.to_json(), actor_id=actor.id, now=now)
    vault.forget(session, KEY)
    if secret:
        vault.put(session, f"{_family(known)}.{SECRET}", secret, actor_id=actor.id, now=now)
    audit.record(
        session, actor.id, "sign_in.set", now=now, entity="setting", key=KEY,
        passwords_off=known.passwords_off, makes_people=known.makes_people, role=known.role,
        roles=len(known.roles),
    )  # fmt: skip
    bump(session)
    return known


@permitted(Verb.ADMINISTER)
def forget(session: Session, actor: Actor, *, now: datetime) -> None:
    """Let nobody in by a provider: passwords work again. Who was who over there stays known."""
    turn(session)
    if row := session.get(Setting, KEY):
        session.delete(row)
        session.flush()
        session.info.pop(settings.KEPT, None)
        vault.forget(session, KEY)
        audit.record(session, actor.id, "sign_in.off", now=now, entity="setting", key=KEY)
        bump(session)


def _read(session: Session, entered: Mapping[str, Any]) -> tuple[Provider, str]:
    """What was entered, and the secret: a new one, else the one kept for this same issuer."""
    if config.load().loopdesk_demo:
        raise Refused(f"A demo knows its people by name only. {NOTHING}")
    try:
        known = Provider.parse(entered)
    except ValueError as error:
        raise Refused(f"{str(error)[0].upper()}{str(error)[1:]}. {NOTHING}") from None
    if known.team_id is not None and session.get(Team, known.team_id) is None:
        raise Refused(f"There is no such team. {NOTHING}")
    if known.role == Role.ADMIN:
        raise Refused(f"Nobody becomes admin by coming in for the first time. {NOTHING}")
    secret = str(entered.get("client_secret") or "").strip()
    return known, _secret(session, known) if secret in ("", KEPT) else secret


def _leave_a_way_in(session: Session, actor: Actor, known: Provider) -> None:
    """Whoever turns passwords off has come in by the provider before, so that it works."""
    mine = (Identity.user_id == actor.id, Identity.issuer == known.issuer)
    if actor.id is not None and session.exec(select(Identity.id).where(*mine)).first() is None:
        raise Refused(
            "Before passwords are off, sign in with the provider once yourself, so that you know "
            f"it lets you in. {NOTHING}"
        )


def _talk(session: Session, known: Provider, secret: str) -> Talk:
    allow = frozenset(settings.get(session, "outgoing_allow"))
    return Talk(known, secret, allow, back())


def _secret(session: Session, known: Provider) -> str:
    try:
        return vault.of(session, _family(known)).get(SECRET, "")
    except vault.Locked:
        raise Refused(LOCKED) from None


def _family(known: Provider) -> str:
    """Bound to the issuer: a secret never goes to another one than it was entered for."""
    return f"{KEY}.{known.issuer}"
