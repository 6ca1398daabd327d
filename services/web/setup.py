"""The pages behind one-time links: `/setup` makes the first admin, `/auth/reset` a password."""

from collections.abc import Mapping
from zoneinfo import available_timezones

from sqlmodel import Session
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute

from db.engine import reading, transaction
from services import links, passwords, sessions
from services.access import Refused
from services.web.forms import Visit, message, page, posted, shown
from services.web.signin import agent, entered

ASK = "Ask an admin of this desk for a new one."
RESTART = "Restart the desk: its console shows a new one."


def _works(visit: Visit, token: str, purpose: str) -> bool:
    with transaction() as session:
        return links.tried(session, token, purpose, visit.host, now=visit.now)


def _dead(visit: Visit, hint: str) -> Response:
    return message(visit, 410, "Link not valid", f"{links.DEAD_LINK} {hint}")


def _show_setup(visit: Visit) -> Response:
    with reading() as session:
        if links.is_set_up(session):
            return RedirectResponse("/login", 303, {"Cache-Control": "no-store"})
    token = visit.request.query_params.get("token", "")
    if not _works(visit, token, "setup"):
        return _dead(visit, RESTART)
    return _setup_page(visit, {"token": token})


def _set_up(visit: Visit, form: Mapping[str, str]) -> Response:
    token, password = form.get("token", ""), form.get("password", "")
    if not _works(visit, token, "setup"):
        return _dead(visit, RESTART)

    def begin(session: Session) -> str:
        user = links.set_up(
            session,
            token,
            name=form.get("name", ""),
            email=form.get("email", ""),
            password_hash=hashed,
            desk_name=form.get("desk_name", ""),
            reporting_zone=form.get("zone", ""),
            now=visit.now,
        )
        return sessions.begin(session, user.id or 0, now=visit.now, agent=agent(visit))

    try:
        passwords.check(password, form.get("email", ""))
        hashed = passwords.hashed(password)
        return entered(visit, begin)
    except Refused as error:
        return _setup_page(visit, form, 422, str(error))


def _setup_page(
    visit: Visit, form: Mapping[str, str], status: int = 200, error: str = ""
) -> Response:
    zones = sorted(z for z in available_timezones() if "/" in z and not z.startswith("Etc/"))
    return page(visit, "setup.html", status, form=form, zones=["UTC", *zones], error=error)


def _show_reset(visit: Visit) -> Response:
    token = visit.request.query_params.get("token", "")
    if not _works(visit, token, "reset"):
        return _dead(visit, ASK)
    return page(visit, "reset.html", token=token, error="")


def _reset(visit: Visit, form: Mapping[str, str]) -> Response:
    token, password = form.get("token", ""), form.get("password", "")
    if not _works(visit, token, "reset"):
        return _dead(visit, ASK)

    def begin(session: Session) -> str:
        user = links.set_password(session, token, hashed, now=visit.now)
        return sessions.begin(session, user.id or 0, now=visit.now, agent=agent(visit))

    try:
        with reading() as session:
            passwords.check(password, links.email_of(session, token, now=visit.now))
        hashed = passwords.hashed(password)
        return entered(visit, begin)
    except Refused as error:
        return page(visit, "reset.html", 422, token=token, error=str(error))


ROUTES: list[BaseRoute] = [
    shown("/setup", _show_setup),
    posted("/setup", _set_up),
    shown("/auth/reset", _show_reset),
    posted("/auth/reset", _reset),
]
