"""The first and the last thing the process does."""

import os
import socket
import sys
from contextlib import suppress
from datetime import UTC, datetime
from stat import S_ISSOCK

from db import engine
from db.migrate import upgrade
from services import config, demo, links, sessions
from services.importing import uploads
from services.refusals import Refused
from services.worker.ledger import take_over
from services.worker.runner import Runner


class Unsafe(SystemExit):
    """The desk refuses to start like this."""


def ready() -> None:
    """Bring the database up to date and say on the console where the desk is and who gets in."""
    settings = config.load()
    if settings.loopdesk_demo and not settings.loopback_only:
        raise Unsafe("A demo lets anybody in: it listens on 127.0.0.1 only. Unset LOOPDESK_HOST.")
    _answer_at_once()
    upgrade(engine.use(settings.url))
    take_over()
    if settings.loopdesk_demo:
        _only_the_demo()
    uploads.sweep()
    for line in _greeting(settings):
        sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _only_the_demo() -> None:
    try:
        with engine.reading() as session:
            demo.refuse_all_but_the_demo(session)
    except Refused as refused:
        raise Unsafe(str(refused)) from None


def worker() -> Runner | None:
    """What sends and does periodic work beside the pages, unless processes of their own do it."""
    if not config.load().loopdesk_worker:
        return None
    runner = Runner()
    runner.start()
    return runner


def done() -> None:
    """Close the database."""
    engine.current().dispose()


def _answer_at_once() -> None:
    """Turn Nagle's algorithm off on the socket we listen on; accepted ones inherit that.

    asyncio would do it, but only for sockets made with IPPROTO_TCP, and Streamlit's is not: each
    answer on a kept connection then waits 40 ms for the client's acknowledgement.
    """
    for name in os.listdir("/dev/fd") if os.path.isdir("/dev/fd") else ():
        with suppress(OSError):
            if not S_ISSOCK(os.fstat(int(name)).st_mode):
                continue
            with socket.socket(fileno=os.dup(int(name))) as found:
                if found.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
                    found.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def _greeting(settings: config.Settings) -> list[str]:
    with engine.transaction() as session:
        if settings.loopdesk_demo:
            found = sessions.people_to_be(session)
            people = [f"  {user.name}, {user.role}{team and f', {team}'}" for user, team in found]
            who = ["Demo: anybody on this machine signs in as one of", *people]
            return [f"Loopdesk: {settings.base_url}", *who]
        token = links.setup_link(session, now=datetime.now(UTC))
    if token:
        hours = int(sessions.LINK_LIFE.total_seconds() // 3600)
        return [
            "Nobody works here yet. Open this link to become the first admin;",
            f"it works once and for {hours} hours:",
            f"  {settings.base_url}/setup?token={token}",
        ]
    return [f"Loopdesk: {settings.base_url}"]
