"""Who wants a digest, and that each is owed once, at its hour, to whom it is for."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlmodel import Session, select

from db import engine
from db.models import Audit, Delivery, Digest, Integration, Setting, User
from services.access import Forbidden, Refused, actor_for
from services.digests import choosing, sending
from services.domain.retrying import Pace
from services.outbox import sending as outbox
from services.worker import jobs
from tests import builders as make
from tests.builders import NOW
from tests.standins.smtp import Smtp
from tests.vendors.test_email import email

EIGHT = datetime(2026, 6, 16, 6, 0, tzinfo=UTC)  # 08:00 in Berlin, a Tuesday
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def connected(desk: sa.Engine) -> Iterator[None]:
    assert desk
    with engine.transaction() as session:
        for name in ("email", "slack"):
            session.add(Integration(name=name, connected_at=NOW))
        make.case(session, 2, comment="Nobody answers")
    yield


def wanting(role: str = "csm", **wanted: Any) -> int:
    """Somebody in Berlin who wants one; the id of their digest."""
    with engine.transaction() as session:
        user = make.user(session, role, time_zone="Europe/Berlin")
        return choosing.choose(
            session, actor_for(session, user), {"enabled": True} | wanted, now=NOW
        )


def channel(maker: str = "manager", **wanted: Any) -> int:
    with engine.transaction() as session:
        user = make.user(session, maker)
        return choosing.tell_channel(
            session, actor_for(session, user), "C0LOOP001",
            {"enabled": True, "zone": "Asia/Tokyo"} | wanted, now=NOW,
        )  # fmt: skip


def run(now: datetime) -> None:
    jobs.digests({}, lambda: now)


def owed() -> list[Delivery]:
    with engine.reading() as session:
        return list(session.exec(select(Delivery).order_by(Delivery.id)))  # type: ignore


def change(digest_id: int, **values: Any) -> None:
    with engine.transaction() as session:
        row = session.get_one(Digest, digest_id)
        session.add(row.sqlmodel_update(values))


def test_one_comes_at_the_hour_of_the_person_and_no_second_one() -> None:
    wanting()
    run(EIGHT - timedelta(seconds=1))
    assert owed() == []
    run(EIGHT), run(EIGHT + timedelta(minutes=1)), run(EIGHT + timedelta(hours=9))
    (mail,) = owed()
    assert (mail.vendor, mail.action, mail.idem_key) == ("email", "digest", "digest:1:2026-06-16")
    assert mail.payload["subject"] == "Loopdesk: 1 answer (NPS 1); 1 case was opened"
    assert mail.payload["to"]["address"].endswith("@example.com") and mail.user_id is not None
    assert "/digests" in mail.payload["text"] and "Nobody answers" not in str(mail.payload)


def test_a_worker_that_was_away_for_three_days_sends_one_that_looks_back_to_the_last() -> None:
    number = wanting(days=[*range(7)])
    run(EIGHT)
    run(EIGHT + 3 * DAY)
    assert [each.idem_key[-10:] for each in owed()] == ["2026-06-16", "2026-06-19"]
    assert owed()[1].payload["text"].startswith("Since 3 d ago")
    with engine.reading() as session:
        row = session.get_one(Digest, number)
        assert (row.last_for, row.last_at) == (date(2026, 6, 19), EIGHT + 3 * DAY)


def test_a_day_that_is_chosen_at_noon_does_not_begin_with_its_morning() -> None:
    number = wanting(days=[0], quiet=True)
    noon = EIGHT + timedelta(hours=4)
    with engine.transaction() as session:
        person = session.get_one(User, session.get_one(Digest, number).user_id)
        wanted = {"enabled": True, "days": [0, 1], "quiet": True}
        choosing.choose(session, actor_for(session, person), wanted, now=noon)
    run(noon + timedelta(minutes=1))
    assert [each.idem_key[-10:] for each in owed()] == []
    run(EIGHT + 7 * DAY)
    assert [each.idem_key[-10:] for each in owed()] == ["2026-06-23"]


def test_a_quiet_day_is_left_out_unless_one_wants_it() -> None:
    with engine.transaction() as session:
        session.exec(sa.text("UPDATE \"case\" SET status = 'waiting', due_at = NULL"))  # type: ignore
    first, second = wanting(days=[*range(7)]), wanting(days=[*range(7)], quiet=True)
    later = EIGHT + 5 * DAY
    for number in (first, second):
        change(number, last_at=later - DAY)
    run(later)
    assert [each.idem_key for each in owed()] == [f"digest:{second}:2026-06-21"]
    assert "Nothing new, nothing due." in owed()[0].payload["text"]


def test_one_that_cannot_be_put_together_holds_up_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    broken, _ = wanting(quiet=True), wanting(quiet=True)
    real = sending.made

    def made(session: Session, row: Digest, now: datetime) -> object:
        if row.id == broken:
            raise RuntimeError
        return real(session, row, now)

    monkeypatch.setattr(sending, "made", made)
    run(EIGHT)
    assert len(owed()) == 1
    monkeypatch.undo()
    run(EIGHT + DAY)
    with engine.reading() as session:
        assert session.get_one(Digest, broken).last_at == EIGHT + DAY
    assert len(owed()) == 3


def test_off_is_off_and_nobody_gets_one_who_did_not_ask() -> None:
    with engine.transaction() as session:
        make.user(session, "csm")
    number = wanting()
    change(number, enabled=False)
    run(EIGHT + DAY)
    assert owed() == []


def test_who_left_gets_none_and_an_unconnected_way_waits() -> None:
    gone, waits = wanting(), wanting(vendor="slack")
    with engine.transaction() as session:
        user = session.get_one(User, session.get_one(Digest, gone).user_id)
        user.disabled_at = NOW
        session.delete(session.get_one(Integration, "slack"))
    run(EIGHT)
    assert owed() == []
    with engine.transaction() as session:
        session.add(Integration(name="slack", connected_at=NOW))
    run(EIGHT + timedelta(hours=2))
    assert [each.idem_key for each in owed()] == [f"digest:{waits}:2026-06-16"]


def test_a_channel_is_told_at_its_zone_by_what_its_maker_sees_then() -> None:
    number = channel()
    run(datetime(2026, 6, 15, 22, 59, tzinfo=UTC))
    assert owed() == []
    run(datetime(2026, 6, 15, 23, 0, tzinfo=UTC))  # 08:00 on the 16th in Tokyo
    (post,) = owed()
    assert (post.payload["channel"], post.user_id) == ("C0LOOP001", None)
    assert "1 case was opened" in post.payload["text"]
    with engine.transaction() as session:  # the maker becomes somebody who sees their units only
        user = session.get_one(User, session.get_one(Digest, number).user_id)
        user.role = "support"
        session.add(user)
        session.add(Setting(key="support_sees_all_units", value=False))
    change(number, quiet=True)
    run(datetime(2026, 6, 16, 23, 0, tzinfo=UTC))
    assert "Case 1" in post.payload["text"] and "Case 1" not in owed()[1].payload["text"]


def test_one_that_is_switched_on_at_noon_begins_tomorrow_and_a_later_hour_adds_none() -> None:
    with engine.transaction() as session:
        user = make.user(session, "csm", time_zone="UTC")
        who = actor_for(session, user)
        choosing.choose(session, who, {"enabled": True, "hour": 8}, now=NOW)
    run(NOW + timedelta(minutes=1))
    assert owed() == []
    morning = NOW + timedelta(hours=20)
    run(morning)
    with engine.transaction() as session:
        choosing.choose(session, who, {"enabled": True, "hour": 17}, now=morning)
    run(morning + timedelta(hours=10))
    assert len(owed()) == 1


def test_one_for_a_look_comes_at_once_and_changes_nothing_else() -> None:
    number = wanting()
    with engine.transaction() as session:
        who = actor_for(session, session.get_one(User, session.get_one(Digest, number).user_id))
        assert sending.send_now(session, who, number, now=NOW)
        assert sending.send_now(session, who, number, now=NOW + timedelta(seconds=9))
        with pytest.raises(Refused, match="no such digest"):
            sending.send_now(session, make.actor("admin", id=who.id or 0 + 99), 999, now=NOW)
    assert len(owed()) == 1
    run(EIGHT)
    assert len(owed()) == 2


def test_only_ones_own_and_only_those_who_lead_may_tell_a_channel() -> None:
    mine, theirs = wanting(), channel()
    with engine.transaction() as session:
        other = actor_for(session, make.user(session, "csm"))
        for number in (mine, theirs):
            with pytest.raises(Refused, match="no such digest"):
                sending.send_now(session, other, number, now=NOW)
        with pytest.raises(Forbidden):
            choosing.tell_channel(session, other, "C0LOOP001", {}, now=NOW)
        with pytest.raises(Forbidden):
            choosing.forget_channel(session, other, theirs, now=NOW)
        assert choosing.channels(session, other) == []


def test_whoever_saves_a_channel_is_whose_sight_it_has_and_it_is_audited() -> None:
    number = channel()
    assert channel("admin") == number
    with engine.transaction() as session:
        admin = actor_for(session, session.exec(select(User).order_by(User.id.desc())).first())  # type: ignore
        assert [one.maker for one in choosing.channels(session, admin)] == [admin.name]
        choosing.forget_channel(session, admin, number, now=NOW)
        assert choosing.channels(session, admin) == []
        assert [row.verb for row in session.exec(select(Audit))] == [
            "digest.channel", "digest.channel", "digest.removed",
        ]  # fmt: skip


def test_what_is_not_offered_is_refused(session: Session) -> None:
    who = actor_for(session, make.user(session, "csm"))
    odd: list[dict[str, Any]] = [
        {"hour": 24}, {"days": [7]}, {"vendor": "fax"}, {"scope": "team"}, {"zone": "Mars"},
        {"enabled": True, "days": []}, {"else": 1},
    ]  # fmt: skip
    for wrong in odd:
        with pytest.raises(Refused):
            choosing.choose(session, who, wrong, now=NOW)
    assert choosing.own(session, who).id is None


def test_it_arrives_as_one_mail_with_its_picture() -> None:
    wanting()
    run(EIGHT)
    with Smtp().serving() as server:
        claimed = outbox.take("email", "w", Pace(), lambda: EIGHT)
        assert claimed is not None
        ended = outbox.attempt(email(server), claimed)
        outbox.note(claimed, ended, Pace(), lambda: EIGHT)
        (mail,) = server.mails
    assert [part.get_content_type() for part in mail.parsed.walk()] == [
        "multipart/alternative", "text/plain", "multipart/related", "text/html", "image/png",
    ]  # fmt: skip
    (delivery,) = owed()
    assert (delivery.state, delivery.remote_id) == ("sent", mail.parsed["Message-ID"])
    assert outbox.take("email", "w", Pace(), lambda: EIGHT + DAY) is None
