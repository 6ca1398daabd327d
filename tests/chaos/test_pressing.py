"""The judge of what was pressed in Slack finds each broken promise: `make chaos` relies on it."""

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlmodel import select

from db.engine import transaction
from db.models import Case
from services.inbound import acts, pressing
from services.vendors import slack_in
from tests.chaos.coming import WRONG, Came
from tests.chaos.pressed import judge
from tests.chaos.pressing import Pressing
from tests.inbound.there import There
from tests.standins.slack_agents import ANA, BO, PEOPLE, Did
from tests.standins.slack_pressed import Pressed
from tests.standins.smtp import Mail, Smtp


@dataclass
class Place:
    """One case, which is a post in Slack."""

    slack: Pressed
    mail: Smtp
    there: There

    def presses(self, what: str = "claim", **entered: str) -> Did:
        """Ana does; Slack hears that it was taken, and what was taken is done."""
        payload = self.slack.press("reply" if entered else what, 1, ANA)
        after = pressing.came(slack_in.of(payload), self.there.clock)
        if entered:
            assert after is not None
            after()
            for _ in range(2):  # Slack tells of it again
                form = slack_in.of(self.slack.enter(ANA, **entered))
                pressing.came(form, self.there.clock)
        self.there.takes()
        self.there.sends()
        return Did(what, 1, ANA, entered.get("text", ""), taken=True)

    def broken(self, *did: Did) -> set[str]:
        came = Came()
        judge(came, self.slack, self.mail, did, [1])
        return {name for name in WRONG if came.wrong[name]}


@pytest.fixture
def place(sqlite_desk: sa.Engine, tmp_path: Path) -> Iterator[Place]:
    assert sqlite_desk
    with Pressed(people=dict(PEOPLE)).serving() as slack, Smtp().serving() as mail:
        Pressing("slack in", "", tmp_path, 1, 0).numbers(slack, mail)
        there = There("slack", slack, datetime.now(UTC))
        there.sends()
        yield Place(slack, mail, there)


def test_what_was_done_once_breaks_nothing_and_everything_else_is_found(place: Place) -> None:
    claim, reply = place.presses(), place.presses("reply", text="Dear customer")
    version = place.there.case().version
    assert place.broken(claim, reply) == set()
    assert place.broken(claim, reply, Did("reply", 1, BO, "Never came", taken=True)) == {"lost"}
    assert place.broken(claim, reply, Did("reply", 1, BO, "Never came")) == set()
    assert place.broken(claim) == place.broken(reply) == {"forged"}
    reply.forged = True
    assert place.broken(claim, reply) == {"forged"}
    reply.forged = False
    asleep = Did("snooze", 1, BO, "some time", version, taken=True)
    assert place.broken(claim, reply, asleep) == {"lost"}
    asleep.version -= 1  # somebody else moved the case on from it
    assert place.broken(claim, reply, asleep) == set()
    place.mail.mails += [Mail("", [], b"Message-ID: <one@desk.example>\n\n")] * 2
    assert place.broken(claim, reply) == {"doubled"}


def test_posts_that_show_something_else_are_found(place: Place) -> None:
    old = deepcopy(place.slack.channels["C0LOOP001"])
    claim = place.presses()
    [post] = new = place.slack.channels["C0LOOP001"]
    place.slack.channels["C0LOOP001"] = old
    assert place.broken(claim) == {"unequal"}
    place.slack.channels["C0LOOP001"] = []
    assert place.broken(claim) == {"lost"}
    place.slack.channels["C0LOOP001"] = [post, post]
    assert place.broken(claim) == {"doubled"}
    place.slack.channels["C0LOOP001"] = new
    with transaction() as session:
        session.exec(select(Case)).one().assignee_id = None
    assert place.broken(claim) == {"lost", "unequal"}


def test_a_desk_that_says_so_before_it_keeps_it_is_found(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(acts, "keep", lambda *_: None)
    assert place.broken(place.presses()) == {"lost"}


def test_a_desk_that_does_not_know_what_it_has_taken_is_found(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    names, form = count(), slack_in._entered

    def renamed(payload: object) -> slack_in.Act | None:
        act = form(payload)  # type: ignore[arg-type]
        return act and slack_in.Act(**{**act.__dict__, "event_id": f"another {next(names)}"})

    monkeypatch.setattr(slack_in, "_entered", renamed)
    assert place.broken(place.presses("reply", text="Dear customer")) == {"doubled"}
