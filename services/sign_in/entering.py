"""Who somebody is that a provider vouches for: known, linked, new, or not let in.

The first time a checked e-mail address says who it is; from then on only the provider's own name
for them does, whatever becomes of the address.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session, select

from db.engine import bump, turn
from db.models import Identity, User
from services import audit, people
from services.access import SHELL, Refused
from services.domain.provider import Provider
from services.person_fields import LONGEST_NAME, checked, norm

ASK = "Ask an admin of this desk."
REFUSALS = {
    "disabled": f"Your account on this desk is disabled. {ASK}",
    "email": "The provider did not vouch for your e-mail address, so nobody knows who you are "
    "here. Confirm the address there, or ask an admin of this desk.",
    "domain": f"People with an address of this domain are not let in. {ASK}",
    "taken": f"Your e-mail address belongs to somebody here who signs in with another account of "
    f"the provider. {ASK}",
    "unknown": f"Nobody works here with your e-mail address. {ASK}",
}


@dataclass(frozen=True)
class Entry:
    """Who comes in, or why nobody does: a refusal stands in the trail, so it is no exception."""

    user_id: int | None
    why: str = ""

    @property
    def said(self) -> str:
        """The refusal in words."""
        return REFUSALS[self.why]


def enter(
    session: Session, provider: Provider, claims: Mapping[str, Any], *, now: datetime
) -> Entry:
    """Decide it by what the provider says; links and people that this makes are kept."""
    turn(session)
    mine = (Identity.issuer == provider.issuer, Identity.subject == claims["sub"])
    known = session.exec(select(Identity).where(*mine)).first()
    user = session.get(User, known.user_id) if known else None
    if known is None or user is None:
        return _first(session, provider, claims, now)
    if user.disabled_at is not None:
        return refuse(session, "disabled", now=now, user=user)
    known.last_at = now
    session.add(known)
    return _in(session, provider, claims, user, "sign_in.used", known, now)


def refuse(session: Session, why: str, *, now: datetime, user: User | None = None) -> Entry:
    """Note in the trail that somebody was not let in."""
    audit.record(
        session, None, "sign_in.refused", now=now, entity="user" if user else "",
        entity_id=user.id if user else None, why=why,
    )  # fmt: skip
    return Entry(None, why)


def _first(session: Session, provider: Provider, claims: Mapping[str, Any], now: datetime) -> Entry:
    email = provider.email(claims)
    if email is None:
        return refuse(session, "email", now=now)
    if not provider.admits(email):
        return refuse(session, "domain", now=now)
    user = session.exec(select(User).where(User.email_norm == norm(email))).first()
    if user is None and not provider.makes_people:
        return refuse(session, "unknown", now=now)
    if user is not None and (why := _not_theirs(session, provider, user)):
        return refuse(session, why, now=now, user=user)
    user = user or _made(session, provider, claims, email, now)
    linked = Identity(
        issuer=provider.issuer,
        subject=claims["sub"],
        user_id=user.id or 0,
        created_at=now,
        last_at=now,
    )
    session.add(linked)
    return _in(session, provider, claims, user, "sign_in.link", linked, now)


def _not_theirs(session: Session, provider: Provider, user: User) -> str:
    """Why the address alone does not make this person the one who comes in."""
    if user.disabled_at is not None:
        return "disabled"
    # The address was theirs over there, and was given to somebody else since.
    others = (Identity.issuer == provider.issuer, Identity.user_id == user.id)
    return "taken" if session.exec(select(Identity.id).where(*others)).first() else ""


def _made(
    session: Session, provider: Provider, claims: Mapping[str, Any], email: str, now: datetime
) -> User:
    said = " ".join(str(claims.get("name") or "").split())[:LONGEST_NAME].strip()
    name = said if said.isprintable() and said else email.partition("@")[0][:LONGEST_NAME]
    fields = {"name": name, "email": email, "role": provider.role, "team_id": provider.team_id}
    user = User(**checked(session, fields), created_at=now)
    session.add(user)
    session.flush()
    audit.record(
        session, None, "user.add", now=now, entity="user", entity_id=user.id, role=user.role,
        team=user.team_id, by="sign_in",
    )  # fmt: skip
    bump(session)
    return user


def _in(
    session: Session, provider: Provider, claims: Mapping[str, Any], user: User, verb: str,
    identity: Identity, now: datetime,
) -> Entry:  # fmt: skip
    session.flush()
    role = provider.given_role(claims)
    if role is not None and role != user.role:
        try:
            people.change(session, SHELL, user.id or 0, role=role, now=now)
        except Refused:  # the last admin stays one, whatever the provider says
            audit.record(
                session, None, "sign_in.last_admin", now=now, entity="user", entity_id=user.id
            )
    audit.record(session, user.id, verb, now=now, entity="identity", entity_id=identity.id)
    return Entry(user.id)
