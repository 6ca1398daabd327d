"""What the process does by itself, as time goes by: it looks for promises that were not kept."""

import asyncio
import logging
from datetime import UTC, datetime

from anyio import to_thread

from db.engine import reading, transaction
from services.cases.breaches import broken, sweep

EVERY = 60  # seconds
log = logging.getLogger(__name__)


async def run() -> None:
    """Until it is cancelled; a database that is away is asked again a minute later."""
    while True:
        await asyncio.sleep(EVERY)
        try:
            # One that is under way when the process stops is a transaction: done, or not at all.
            await to_thread.run_sync(once, abandon_on_cancel=True)
        except (
            Exception
        ) as error:  # whatever it is, the desk goes on and the next minute tries anew
            log.warning("looking for broken promises failed: %s", type(error).__name__)


def once() -> int:
    """One look; how many promises were found broken. Most looks take no write lock."""
    now = datetime.now(UTC)
    with reading() as session:
        if not broken(session, now):
            return 0
    with transaction() as session:
        return sweep(session, now)
