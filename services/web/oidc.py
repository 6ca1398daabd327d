"""Signing in with another account: `/auth/oidc/start`, `/callback` and `/out`.

The way ends in the same session as a password's does.
"""

from sqlmodel import Session
from starlette.datastructures import QueryParams
from starlette.responses import Response
from starlette.routing import BaseRoute

from db.engine import reading, transaction
from services import config, lockout, sessions
from services.access import Refused
from services.sign_in import configuring, entering, starting
from services.sign_in.refusals import NotIn
from services.sign_in.starting import Start
from services.sign_in.talking import Talk
from services.web.forms import Visit, message, shown
from services.web.signin import agent, entered, go, local

TITLE = "You are not signed in"
OLD = (
    "This way in was used already, took longer than ten minutes, or began in another browser. "
    "Begin again."
)
DENIED = "The provider did not let you in, or you stopped. Begin again, or ask an admin."


def _talk() -> Talk:
    with reading() as session:
        return configuring.talk(session)


def _start(visit: Visit) -> Response:
    """Off to the provider."""
    path = local(visit.request.query_params.get("next", "/"))
    if visit.live:
        return go(path)
    try:
        talk = _talk()
        door = talk.door()
    except Refused as error:
        return message(visit, 403, TITLE, str(error))
    with transaction() as session:
        start = starting.begin(session, visit.nonce, path, now=visit.now)
    return go(talk.address(door, start))


def _back(visit: Visit) -> Response:
    """Back from the provider: what it says of the person decides."""
    asked = visit.request.query_params
    start = _taken(visit, asked.get("state", ""))
    if start is None:
        return _refused(visit, NotIn("state", OLD))
    try:
        talk = _talk()
        claims = talk.claims(start, _code(talk, asked), now=visit.now)
        with transaction() as session:
            found = entering.enter(session, talk.provider, claims, now=visit.now)
    except Refused as error:
        return _refused(visit, error)
    if found.user_id is None:
        return message(visit, 403, TITLE, found.said)
    return _let_in(visit, found.user_id, start)


def _taken(visit: Visit, state: str) -> Start | None:
    """The start that this browser comes back from. One that it has not counts against its host."""
    host = lockout.address(visit.host)
    with transaction() as session:
        lockout.check(session, host, lockout.PER_ADDRESS, now=visit.now)
        start = starting.taken(session, visit.nonce, state, now=visit.now)
        if start is None:
            lockout.count(session, host, now=visit.now)
    return start


def _let_in(visit: Visit, user_id: int, start: Start) -> Response:
    def begin(session: Session) -> str:
        return sessions.begin(session, user_id, now=visit.now, agent=agent(visit))

    return entered(visit, begin, start.path)


def _code(talk: Talk, asked: QueryParams) -> str:
    """The code that the provider gave to the browser."""
    if asked.get("iss", talk.provider.issuer) != talk.provider.issuer:
        raise NotIn("issuer", OLD)
    if "error" in asked or not asked.get("code"):
        raise NotIn("denied", DENIED)
    return asked["code"]


def _out(visit: Visit) -> Response:
    """For somebody who left the desk and wants to leave the provider as well."""
    try:
        place = _talk().leaving(f"{config.load().base_url}/login?out=1")
    except Refused as error:
        return message(visit, 403, "Sign out there", str(error))
    if place is None:
        return message(visit, 404, "Sign out there", "The provider has no page that signs you out.")
    return go(place)


def _refused(visit: Visit, error: Refused) -> Response:
    why = error.why if isinstance(error, NotIn) else "off"
    with transaction() as session:
        entering.refuse(session, why, now=visit.now)
    return message(visit, 403, TITLE, str(error))


ROUTES: list[BaseRoute] = [
    shown("/auth/oidc/start", _start),
    shown("/auth/oidc/callback", _back),
    shown("/auth/oidc/out", _out),
]
