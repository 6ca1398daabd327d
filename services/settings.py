"""The admin's choices that live in the database: every key, its default and its check."""

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

import sqlalchemy as sa
from sqlmodel import Session, col

from db.models import Setting
from services.domain.provider import Provider
from services.domain.sla import Calendar
from services.domain.weights import Weights

KEPT = "settings"  # what a session knows of them, in its `info`


def _zone(value: Any) -> str:
    if value not in available_timezones():
        raise ValueError(f"{value!r} is no time zone; use a name such as Europe/Berlin")
    return str(value)


def _name(value: Any) -> str:
    text = str(value).strip()
    if not 1 <= len(text) <= 60:
        raise ValueError("the desk's name has 1 to 60 characters")
    return text


def _hours(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= 1000:
        raise ValueError("first contact is promised within more than 0 and up to 1,000 hours")
    return int(value) if value == int(value) else value


def _whole(what: str, least: int, most: int | None = None) -> Callable[[Any], int]:
    """A check for whole numbers from `least` to `most`, both included."""
    said = f"{least:,} to {most:,}" if most else f"{least:,} or more"

    def check(value: Any) -> int:
        whole = isinstance(value, int) and not isinstance(value, bool)
        if not whole or value < least or (most and value > most):
            raise ValueError(f"{what} is a whole number, {said}")
        return int(value)

    return check


def _calendar(value: Any) -> dict[str, Any]:
    return {} if value == {} else Calendar.parse(value).to_json()


def _hosts(value: Any) -> list[str]:
    """Hosts, each with or without a port, that may be private or without TLS."""
    named = re.compile(r"[A-Za-z0-9_.-]+(:\d{1,5})?|\[[0-9A-Fa-f:.]+\](:\d{1,5})?")
    hosts = [str(host).strip().lower() for host in value if str(host).strip()]
    wrong = [host for host in hosts if not named.fullmatch(host)]
    if wrong:
        raise ValueError(f"{wrong[0]!r} is no host; use a name or an address, such as mail.intern")
    return sorted(set(hosts))


def _by_currency(value: Any) -> dict[str, int]:
    """The ARR of a large account where it is another one than in most currencies."""
    check, named = _whole("the ARR of a large account", 1), re.compile("[A-Z]{3}")
    wrong = [name for name in value if not named.fullmatch(name)]
    if wrong:
        raise ValueError(f"{wrong[0]!r} is no currency; use a code such as USD")
    return {name: check(arr) for name, arr in sorted(value.items())}


DEFAULTS: dict[str, Any] = {
    "desk_name": "Loopdesk",
    "reporting_zone": "UTC",
    "csm_sees_all_units": True,
    "support_sees_all_units": True,
    "first_contact_hours": 24,
    "close_days": 5,
    "business_hours": {},  # Monday to Friday, 9 to 17, in the reporting zone
    "csat_opens_cases": True,
    "ces_opens_cases": True,
    "case_age_days": 30,
    "large_account_arr": 50_000,  # in the account's own currency
    "large_by_currency": {},  # where another amount is large in a currency
    "priority_weights": {},  # hours that differ from domain/weights.py
    "outgoing_allow": [],  # hosts of vendors that may be private or without TLS
    "undo_seconds": 30,  # for which a reply can be taken back
    "warn_hours": 4,  # business hours before a promise is due
    "escalate_hours": 16,  # business hours without work on a broken promise
    "reconcile_days": 7,  # how far back vendors are compared with what was sent
    "ask_any_days": 90,  # between two favours that a person is asked for
    "ask_same_days": 365,  # between two askings for the same favour
    "retention": {},  # months by rule of services/retention, those that are on
    "auto_gap_days": 7,  # between two messages that rules send to one person
    "rules_first": False,  # only the first rule that fires on an answer acts
    "sign_in": {},  # the provider that people sign in with, see services/sign_in
}
CHECKS: dict[str, Callable[[Any], Any]] = {
    "desk_name": _name,
    "reporting_zone": _zone,
    "csm_sees_all_units": bool,
    "support_sees_all_units": bool,
    "first_contact_hours": _hours,
    "close_days": _whole("the promise to close, in business days,", 1, 100),
    "business_hours": _calendar,
    "csat_opens_cases": bool,
    "ces_opens_cases": bool,
    "case_age_days": _whole("the age of answers that open cases, in days,", 1, 365),
    "large_account_arr": _whole("the ARR of a large account", 1),
    "large_by_currency": _by_currency,
    "priority_weights": lambda value: Weights.parse(value).to_json(),
    "outgoing_allow": _hosts,
    "undo_seconds": _whole("the time in which a reply can be taken back, in seconds,", 0, 600),
    "warn_hours": _whole("the warning before a promise is due, in business hours,", 1, 100),
    "escalate_hours": _whole("the time until a manager is told, in business hours,", 1, 1000),
    "auto_gap_days": _whole("the time between two automatic messages, in days,", 0, 365),
    "rules_first": bool,
    "reconcile_days": _whole("what vendors are compared with, in days,", 1, 90),
    "ask_any_days": _whole("the time between two favours, in days,", 1, 3650),
    "ask_same_days": _whole("the time between two askings for the same, in days,", 1, 3650),
    "retention": lambda value: {name: _whole("months", 1, 240)(n) for name, n in value.items()},
    "sign_in": lambda value: Provider.parse(value).to_json() if value else {},
}


def get(session: Session, key: str) -> Any:
    """The value of `key`, or its default; KeyError for a key that nothing reads."""
    default = DEFAULTS[key]
    return _kept(session).get(key, default)


def _kept(session: Session) -> dict[str, Any]:
    """All that was set, read once a session: a page asks for one or the other dozens of times."""
    found: dict[str, Any] | None = session.info.get(KEPT)
    if found is None:
        rows = session.connection().execute(sa.select(col(Setting.key), col(Setting.value)))
        found = session.info[KEPT] = dict(map(tuple, rows))
    return found


def put(session: Session, key: str, value: Any, *, actor_id: int | None, now: datetime) -> None:
    """Keep `value` after its check (ValueError says what is wrong). Callers check permission."""
    checked = CHECKS[key](value)
    session.merge(Setting(key=key, value=checked, updated_at=now, updated_by=actor_id))
    session.flush()
    session.info.pop(KEPT, None)


def reporting_zone(session: Session) -> ZoneInfo:
    """The one zone in which days, weeks and months begin."""
    return ZoneInfo(get(session, "reporting_zone"))
