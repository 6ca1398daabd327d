"""Whose business hours count, changing a team's, and how people type them."""

from datetime import UTC, date, datetime, time
from typing import Any

import pytest
from sqlmodel import Session, select

from db.engine import version
from db.models import Audit
from services import calendars, desk, settings
from services.access import Refused
from services.domain.hours import KEYS
from services.domain.sla import Calendar, standard
from tests import builders as make

NOW = make.NOW
ADMIN = make.actor("admin")
TOKYO = {
    "zone": "Asia/Tokyo",
    "hours": {"mon": [["10:00", "12:00"], ["13:00", "18:00"]]},
    "holidays": ["2026-07-20"],
}
CAIRO = {"zone": "Africa/Cairo", "hours": {"sun": [["09:00", "24:00"]]}, "holidays": []}


def changed(session: Session, key: str, value: Any) -> bool:
    return desk.change(session, ADMIN, key, value, now=NOW)


def test_a_new_desk_works_from_nine_to_five_in_the_reporting_zone(session: Session) -> None:
    assert calendars.calendar_of(session, None) == standard("UTC")
    changed(session, "reporting_zone", "Europe/Berlin")
    assert calendars.calendar_of(session, None) == standard("Europe/Berlin")
    assert calendars.calendar_of(session, make.team(session).id) == standard("Europe/Berlin")


def test_a_team_has_its_own_hours_else_the_desks(session: Session) -> None:
    north, south = make.team(session, "North"), make.team(session, "South")
    changed(session, "business_hours", CAIRO)
    calendars.set_team_calendar(session, ADMIN, north.id, TOKYO, now=NOW)
    assert calendars.calendar_of(session, north.id) == Calendar.parse(TOKYO)
    for team_id in (south.id, None, 99):
        assert calendars.calendar_of(session, team_id) == Calendar.parse(CAIRO)
    calendars.set_team_calendar(session, ADMIN, north.id, None, now=NOW)
    assert calendars.calendar_of(session, north.id) == Calendar.parse(CAIRO)
    assert changed(session, "business_hours", {})
    assert calendars.calendar_of(session, north.id) == standard("UTC")


def test_a_change_is_told_once_without_its_hours_and_is_news_for_the_pages(
    session: Session,
) -> None:
    team, before = make.team(session), version(session)
    for calendar in (TOKYO, TOKYO | {"holidays": ("2026-07-20",)}, None, None):
        calendars.set_team_calendar(session, ADMIN, team.id, calendar, now=NOW)
    told = session.exec(select(Audit).order_by(Audit.id)).all()
    assert [(row.verb, row.entity, row.entity_id, row.data) for row in told] == [
        ("team.calendar", "team", team.id, {"own": True}),
        ("team.calendar", "team", team.id, {"own": False}),
    ]
    assert version(session) > before


@pytest.mark.parametrize(
    ("calendar", "said"),
    [
        ({}, "no such time zone"),
        (TOKYO | {"hours": {}}, "an hour a week or more; nothing was changed"),
        (TOKYO | {"holidays": ["soon"]}, "holiday 1 is no day"),
    ],
)
def test_a_bad_calendar_is_refused_and_the_old_one_stays(
    session: Session, calendar: dict[str, Any], said: str
) -> None:
    team = make.team(session, calendar=TOKYO)
    with pytest.raises(Refused, match=said):
        calendars.set_team_calendar(session, ADMIN, team.id, calendar, now=NOW)
    assert calendars.calendar_of(session, team.id) == Calendar.parse(TOKYO)
    assert session.exec(select(Audit)).all() == []


def test_only_a_team_that_exists_gets_hours(session: Session) -> None:
    with pytest.raises(Refused, match="no team 99; nothing was changed"):
        calendars.set_team_calendar(session, ADMIN, 99, TOKYO, now=NOW)


# --- the settings


def test_the_desks_promises_have_these_defaults(session: Session) -> None:
    keys = (
        "first_contact_hours", "close_days", "business_hours", "csat_opens_cases",
        "ces_opens_cases", "case_age_days", "large_account_arr",
    )  # fmt: skip
    assert [settings.get(session, key) for key in keys] == [24, 5, {}, True, True, 30, 50_000]


@pytest.mark.parametrize(
    ("key", "given", "kept"),
    [
        ("first_contact_hours", 8.0, 8),
        ("first_contact_hours", 0.25, 0.25),
        ("first_contact_hours", 1000, 1000),
        ("close_days", 100, 100),
        ("case_age_days", 1, 1),
        ("large_account_arr", 10**9, 10**9),
        ("ces_opens_cases", False, False),
        ("business_hours", TOKYO | {"hours": {"mon": [["9:00", "17:00"]], "sun": []}},
         TOKYO | {"hours": {"mon": [["09:00", "17:00"]]}}),
    ],
)  # fmt: skip
def test_a_choice_is_kept_in_its_shortest_form(
    session: Session, key: str, given: Any, kept: Any
) -> None:
    assert changed(session, key, given)
    session.expire_all()
    assert settings.get(session, key) == kept
    assert type(settings.get(session, key)) is type(kept)
    assert not changed(session, key, given)
    (told,) = session.exec(select(Audit.data)).all()
    assert told == {"key": key} | ({"on": kept} if isinstance(kept, bool) else {})


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("first_contact_hours", 0, "more than 0 and up to 1,000 hours. Nothing was changed"),
        ("first_contact_hours", 1001, "up to 1,000 hours"),
        ("first_contact_hours", float("nan"), "up to 1,000 hours"),
        ("first_contact_hours", True, "up to 1,000 hours"),
        ("first_contact_hours", "24", "up to 1,000 hours"),
        ("close_days", 0, "to close, in business days, is a whole number, 1 to 100"),
        ("close_days", 101, "1 to 100"),
        ("close_days", 5.5, "1 to 100"),
        ("close_days", True, "1 to 100"),
        ("case_age_days", 366, "is a whole number, 1 to 365"),
        ("large_account_arr", 0, "the ARR of a large account is a whole number, 1 or more"),
        ("business_hours", None, "a zone, hours and holidays"),
        ("business_hours", TOKYO | {"zone": "Mars"}, "no such time zone"),
        ("business_hours", {"zone": "UTC", "hours": {}}, "an hour a week"),
    ],
)
def test_a_choice_that_cannot_be_is_refused_in_words(
    session: Session, key: str, value: Any, said: str
) -> None:
    with pytest.raises(Refused, match=said):
        changed(session, key, value)
    assert settings.get(session, key) == settings.DEFAULTS[key]


# --- as people read and type them


def test_hours_are_read_as_they_are_typed() -> None:
    week = dict.fromkeys(KEYS, "") | {"mon": " 9-12:30 ,13:30 – 17:00", "sun": "00:00-24:00"}
    found = calendars.from_text("Asia/Tokyo", week, "2026-07-20\n\n 2026-01-01, 2026-05-05 ")
    lunch = ((time(9), time(12, 30)), (time(13, 30), time(17)))
    days = {date(2026, 7, 20), date(2026, 1, 1), date(2026, 5, 5)}
    whole = ((time(), time()),)
    assert found == Calendar("Asia/Tokyo", (lunch, *((),) * 5, whole), frozenset(days))
    assert [calendars.to_text(found.week[day]) for day in (0, 1, 6)] == [
        "09:00-12:30, 13:30-17:00", "", "00:00-24:00",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "typed", ["9", "9-", "9-12-14", "9-17,", ",", "nine to five", "9-17;18-20", "-", "9.30-17"]
)
def test_what_cannot_be_read_is_refused_with_its_weekday(typed: str) -> None:
    with pytest.raises(ValueError, match="^Tuesday: hours are written as 09:00-12:30"):
        calendars.from_text("UTC", {"mon": "9-17", "tue": typed}, "")


def test_a_holiday_that_is_no_day_is_named_by_its_number() -> None:
    with pytest.raises(ValueError, match="holiday 2 is no day"):
        calendars.from_text("UTC", {"mon": "9-17"}, "2026-01-01\n1.5.2026")


def test_the_promise_is_a_sentence_in_the_zone_of_the_calendar(session: Session) -> None:
    now = datetime(2026, 5, 7, 12, 30, tzinfo=UTC)
    assert calendars.promise(session, standard("Europe/Berlin"), now=now) == (
        "An answer that came in now would be due for first contact on Tue 12 May, 14:30, "
        "and for closing on Thu 14 May, 14:30 (Europe/Berlin)."
    )
    changed(session, "first_contact_hours", 4)
    changed(session, "close_days", 1)
    assert "on Mon 11 May, 15:00, and for closing on Mon 18 May" in calendars.promise(
        session, Calendar.parse(TOKYO), now=now
    )
