"""Listen to Slack where an app token was entered; every worker may, since each act counts once."""

from collections.abc import Callable
from datetime import datetime
from threading import Event
from typing import TYPE_CHECKING, cast

from db import engine
from services import config, integrations
from services.inbound import pressing
from services.vendors import slack_in

if TYPE_CHECKING:
    from services.vendors.slack import Slack

Clock = Callable[[], datetime]
LOOK = 5.0  # seconds between two looks whether it is still wanted


def listen(stopping: Event, clock: Clock) -> None:
    """Listen until it is no longer wanted, or was entered anew; at once back where it is not."""
    revision = wanted()
    if revision is None:
        stopping.wait(LOOK)
        return
    with engine.reading() as session:
        vendor = cast("Slack", integrations.built(session, "slack"))
    with vendor.listening(lambda payload: pressing.came(slack_in.of(payload), clock)):
        while not stopping.wait(LOOK):
            if wanted() != revision:
                return


def wanted() -> int | None:
    """The revision of what was entered, if it asks to be listened to."""
    if config.load().loopdesk_demo:
        return None
    with engine.reading() as session:
        row = integrations.connected(session).get("slack")
        if row is None or row.paused_at or row.config.get("mode") == "webhook":
            return None
        vendor = cast("Slack", integrations.built(session, "slack"))
        return row.revision if vendor.secrets.get("app_token") else None
