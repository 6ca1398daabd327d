"""Colleagues hear of what they asked for: at once, or once a day at their hour."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlmodel import select

from db import engine
from db.models import Delivery, Integration, Notice, Setting
from services import notices
from services.access import Refused, actor_for
from services.cases import verbs
from services.worker import jobs, telling
from tests import builders as make
from tests.builders import NOW

HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def connected(desk: sa.Engine) -> Iterator[None]:
    assert desk
    with engine.transaction() as session:
        session.add(Integration(name="email", connected_at=NOW))
        session.add(Integration(name="slack", connected_at=NOW))
    yield


def person(**wishes: object) -> int:
    with engine.transaction() as session:
        return make.user(session, "csm", notify=wishes, time_zone="Europe/Berlin").id or 0


def tell(user_id: int, about: str, now: datetime = NOW) -> None:
    with engine.transaction() as session:
        notices.tell(session, user_id, "vendor", about=about, now=now, vendor="slack")


def owed() -> list[Delivery]:
    with engine.reading() as session:
        return list(session.exec(select(Delivery).order_by(Delivery.id)))  # type: ignore


def send(now: datetime) -> None:
    telling.send({}, lambda: now)


def test_what_came_together_is_one_message_and_is_said_once() -> None:
    ana = person(way="email")
    tell(ana, "a"), tell(ana, "a"), tell(ana, "b")
    send(NOW)
    send(NOW + HOUR)
    (mail,) = owed()
    assert (mail.vendor, mail.action, mail.user_id) == ("email", "notice", ana)
    assert mail.payload["subject"] == "2 things on your desk"
    assert mail.payload["text"].count("Slack is failing") == 2


def test_a_digest_waits_for_the_persons_hour() -> None:
    ana = person(way="slack", when="daily", hour=8)
    tell(ana, "a")  # at 14:00 in Berlin
    send(NOW + 17 * HOUR)
    assert owed() == []
    send(NOW + 18 * HOUR)
    (message,) = owed()
    assert (message.vendor, message.action) == ("slack", "direct")


def test_who_wants_nothing_hears_nothing_and_who_is_away_from_the_channel_waits() -> None:
    tell(person(), "a"), tell(person(way="email", kinds=["due"]), "b")
    ana = person(way="slack")
    with engine.transaction() as session:
        session.delete(session.get(Integration, "slack"))
    tell(ana, "c")
    send(NOW)
    assert owed() == []
    with engine.transaction() as session:
        session.add(Integration(name="slack", connected_at=NOW))
    send(NOW)
    assert len(owed()) == 1


def test_a_promise_is_warned_of_once_within_its_business_hours() -> None:
    ana = person(way="email")
    with engine.transaction() as session:
        case = make.case(session)
        me = actor_for(session, session.get(notices.User, ana))  # type: ignore
        verbs.assign(session, me, 1, to=ana, version=1, now=NOW)
        due = case.due_at
    assert due is not None
    for moment in (due - 10 * HOUR, due - 3 * HOUR, due - 2 * HOUR):
        telling.warn({}, lambda at=moment: at)  # type: ignore[misc]
    with engine.reading() as session:
        assert session.exec(select(Notice.kind)).all() == ["due"]
    send(due - HOUR)
    assert "due soon" in owed()[0].payload["text"]


def test_who_wants_no_warning_does_not_take_the_place_of_who_does(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(telling, "MOST", 1)
    people = [person(), person(way="email"), person(way="email")]
    with engine.transaction() as session:
        for number, user_id in enumerate(people, start=1):
            case = make.case(session, now=NOW + timedelta(minutes=number))
            me = actor_for(session, session.get(notices.User, user_id))  # type: ignore
            verbs.assign(session, me, number, to=user_id, version=1, now=NOW)
        due = case.due_at
    assert due is not None
    for _ in range(3):  # one at a time
        telling.warn({}, lambda: due - HOUR)
    with engine.reading() as session:
        assert session.exec(select(Notice.user_id)).all() == people[1:]


def test_ones_wishes_are_checked() -> None:
    ana = person()
    with engine.transaction() as session:
        me = actor_for(session, session.get(notices.User, ana))  # type: ignore
        notices.choose(session, me, way="email", when="daily", hour=7, kinds=["due"])
        with pytest.raises(Refused):
            notices.choose(session, me, way="pigeon", when="now", hour=7, kinds=[])
        assert notices.wishes(session.get(notices.User, ana))["hour"] == 7  # type: ignore


def test_a_job_is_done_by_one_worker_and_not_before_its_time() -> None:
    clock = [datetime(2026, 6, 15, 12, tzinfo=UTC)]
    assert jobs.run_due("w1", lambda: clock[0]) == len(jobs.JOBS)
    assert jobs.run_due("w2", lambda: clock[0]) == 0
    clock[0] += timedelta(seconds=6)
    with engine.transaction() as session:
        assert jobs.take(session, "notices", "w1", clock[0]) == {}
    with engine.transaction() as session:
        assert jobs.take(session, "notices", "w2", clock[0]) is None
    clock[0] += timedelta(seconds=jobs.LEASE + 1)  # w1 died with it in hand
    with engine.transaction() as session:
        assert jobs.take(session, "notices", "w2", clock[0]) == {}
        jobs.done(session, "notices", "w1", clock[0], {"stale": 1}, None)
        jobs.done(session, "notices", "w2", clock[0], {"seen": 2}, None)
    clock[0] += timedelta(seconds=6)
    with engine.transaction() as session:
        assert jobs.take(session, "notices", "w1", clock[0]) == {"seen": 2}


def test_what_the_person_no_longer_sees_is_not_told() -> None:
    ana = person(way="email")
    with engine.transaction() as session:
        session.add(Setting(key="csm_sees_all_units", value=False))
        case = make.case(session, unit_id=make.unit(session).id)
        notices.tell(session, ana, "due", about="x", now=NOW, case_id=case.id)
    tell(ana, "seen")
    send(NOW)
    (mail,) = owed()
    assert mail.payload["text"].count("Slack is failing") == 1
    assert mail.payload["subject"] != "2 things on your desk"
    with engine.reading() as session:
        assert None not in session.exec(select(Notice.sent_at)).all()
