"""What may be said about a person: each field, checked and in the form that is kept."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import available_timezones

from email_validator import EmailNotValidError, validate_email
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from db.models import Team, Unit, User
from services.access import Refused
from services.domain.roles import Role

LONGEST_NAME = 80  # characters
_JOINERS = {0x200C: None, 0x200D: None}  # invisible, and needed to write Persian or Hindi names
MOST_CASES = 999  # a capacity above this is a slip of the finger


def checked(session: Session, fields: Mapping[str, Any]) -> dict[str, Any]:
    """The fields as columns hold them (and `units` as sorted ids); Refused says what is wrong."""
    values = {name: _CHECKS[name](session, value) for name, value in fields.items()}
    if "email" in values:
        values["email_norm"] = norm(values["email"])
    return values


def norm(email: str) -> str:
    """The form of an address under which two people are the same person."""
    return email.strip().casefold()


def one_line(value: Any, longest: int, what: str = "A name") -> str:
    """The text on one line; Refused when it is empty, too long or holds what cannot be seen."""
    text = " ".join(str(value).split())
    if not 1 <= len(text) <= longest or not text.translate(_JOINERS).isprintable():
        raise Refused(f"{what} has 1 to {longest} visible characters; nothing was changed.")
    return text


def give_name(session: Session, row: Any, name: str) -> bool:
    """Give the row a name that no other of its table has; whether that is another one than before.

    Refused when another has it: the caller's transaction goes on as it was.
    """
    if row.name == name:
        return False
    try:
        with session.begin_nested():
            row.name = name
            session.add(row)
    except IntegrityError:
        raise Refused("Another one has this name already; nothing was changed.") from None
    return True


def name(_session: Session, value: Any) -> str:
    """A name on one line."""
    return one_line(value, LONGEST_NAME)


def time_zone(_session: Session, value: Any) -> str | None:
    """A name of the time zone database, or None for the desk's."""
    if value and value not in available_timezones():
        raise Refused("There is no such time zone; use a name such as Europe/Berlin.")
    return value or None


def address(_session: Session, value: Any) -> str:
    """An e-mail address that could exist; nobody is asked."""
    try:
        return validate_email(
            str(value).strip(), check_deliverability=False, globally_deliverable=False
        ).normalized
    except EmailNotValidError:
        raise Refused("This is no e-mail address: it looks like name@company.com.") from None


def _role(_session: Session, value: Any) -> str:
    if value not in list(Role):
        raise Refused(f"There is no such role; use one of {', '.join(Role)}.")
    return str(value)


def _team(session: Session, value: Any) -> int | None:
    if value is not None and session.get(Team, value) is None:
        raise Refused("There is no such team; nothing was changed.")
    return None if value is None else int(value)


def _units(session: Session, value: Any) -> list[int]:
    wanted = sorted(set(value))
    known = session.exec(select(Unit.id).where(col(Unit.id).in_(wanted))).all()
    if len(known) != len(wanted):
        raise Refused("There is no such unit; nothing was changed.")
    return wanted


def _absent_until(_session: Session, value: datetime | None) -> datetime | None:
    if value is not None and value.tzinfo is None:
        raise Refused("An absence ends at a moment with a time zone.")
    return value


def away_since(user: User, until: datetime | None, now: datetime) -> datetime | None:
    """Since when somebody is known to be away who now is so until then; None: they are here."""
    if until is None or until <= now:
        return None
    was_away = user.absent_until is not None and user.absent_until > now
    return user.absent_since if was_away else now


def _capacity(_session: Session, value: Any) -> int | None:
    if value is not None and not 0 <= int(value) <= MOST_CASES:
        raise Refused(f"A capacity is 0 to {MOST_CASES} cases; nothing was changed.")
    return None if value is None else int(value)


_CHECKS: dict[str, Callable[[Session, Any], Any]] = {
    "name": name,
    "email": address,
    "role": _role,
    "team_id": _team,
    "units": _units,
    "time_zone": time_zone,
    "absent_until": _absent_until,
    "capacity": _capacity,
}
