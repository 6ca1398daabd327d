"""Between Slack and the acts: what is kept at once, which form is shown, what somebody is told."""

import logging
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, cast

from db import engine
from services import integrations
from services.access import Forbidden, Refused
from services.inbound import acts
from services.vendors.base import VendorError
from services.vendors.slack_in import Act

if TYPE_CHECKING:
    from services.vendors.slack import Slack

log = logging.getLogger(__name__)
Clock = Callable[[], datetime]


def came(act: Act | None, clock: Clock) -> Callable[[], None] | None:
    """Take an act in; what is left to be done once Slack was told that it was taken.

    A form is opened by whoever hears of the button: Slack allows three seconds for it.
    """
    if act is None:
        return None
    if act.trigger is not None:
        return lambda: _show(act, clock)
    with engine.transaction() as session:
        acts.keep(session, act, clock())
    return None


def slack() -> "Slack":
    """As it is connected."""
    with engine.reading() as session:
        return cast("Slack", integrations.built(session, "slack"))


def _show(act: Act, clock: Clock) -> None:
    """Open the form, or say to this one person why not. Nothing is changed by it."""
    try:
        vendor = slack()
        email = vendor.email_of(act.user)
        try:
            with engine.reading() as session:
                view = acts.form(session, act, email, clock())
        except (Refused, Forbidden) as refused:
            return vendor.tell(act.channel, act.user, str(refused))
        vendor.form(act.trigger or "", view)
    except VendorError as error:
        log.warning("a form could not be shown: %s", error)


def done(row_id: int, user: str, channel: str, clock: Clock) -> None:
    """Do what was kept. VendorError where Slack does not say who pressed it."""
    vendor = slack()
    email = vendor.email_of(user)
    with engine.transaction() as session:
        said = acts.take(session, row_id, email, clock())
    if said is None:
        return
    try:
        vendor.tell(channel, user, said)
    except VendorError as error:  # it is done, or says on the page why it was not
        log.warning("an answer could not be given: %s", error)
