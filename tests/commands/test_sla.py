"""`sla-due` in the shell."""

from collections.abc import Callable
from typing import Any

import pytest

from db.engine import transaction
from services import settings
from tests import builders as make

Told = Callable[..., dict[str, Any]]
MONDAYS = {"zone": "Asia/Kolkata", "hours": {"mon": [["09:00", "13:00"]]}, "holidays": []}


@pytest.fixture
def berlin(cli: Any) -> None:
    assert cli
    with transaction() as session:
        settings.put(session, "reporting_zone", "Europe/Berlin", actor_id=None, now=make.NOW)
        make.team(session, "Mondays", calendar=MONDAYS)


@pytest.mark.usefixtures("berlin")
def test_it_tells_every_promised_field(told: Told) -> None:
    assert told("sla-due", "2026-05-07T14:30", "--hours", "24") == {
        "start": "2026-05-07T14:30:00+02:00",
        "due": "2026-05-12T14:30:00+02:00",
        "zone": "Europe/Berlin",
        "hours": 24,
    }
    assert told("sla-due", "2026-05-07T14:30", "--days", "5") == {
        "start": "2026-05-07T14:30:00+02:00",
        "due": "2026-05-14T14:30:00+02:00",
        "zone": "Europe/Berlin",
        "days": 5,
    }


@pytest.mark.usefixtures("berlin")
@pytest.mark.parametrize(
    ("start", "due"),
    [
        ("2026-05-07T12:30Z", "2026-05-07T15:30:00+02:00"),
        ("2026-05-07T12:30:00-04:00", "2026-05-08T10:00:00+02:00"),
        ("2026-05-08T16:30", "2026-05-11T09:30:00+02:00"),
        ("2026-05-09", "2026-05-11T10:00:00+02:00"),
        ("2026-03-29T02:30", "2026-03-30T10:00:00+02:00"),  # that night clocks skipped it
    ],
)
def test_a_start_is_iso_8601_with_or_without_an_offset(told: Told, start: str, due: str) -> None:
    assert told("sla-due", start, "--hours", "1")["due"] == due


@pytest.mark.usefixtures("berlin")
def test_a_team_has_hours_of_its_own(told: Told) -> None:
    found = told("sla-due", "2026-05-11T12:00", "--hours", "2", "--team", "Mondays")
    assert (found["due"], found["zone"]) == ("2026-05-18T10:00:00+05:30", "Asia/Kolkata")


@pytest.mark.usefixtures("berlin")
def test_people_read_a_line(cli: Any) -> None:
    result = cli("sla-due", "2026-05-08T16:30", "--hours", "0.5")
    assert (result.exit_code, result.stdout) == (0, "Fri 2026-05-08 17:00 Europe/Berlin\n")


@pytest.mark.parametrize(
    "args",
    [
        ("2026-05-08",),
        ("2026-05-08", "--hours", "1", "--days", "1"),
        ("2026-05-08", "--hours", "-1"),
        ("2026-05-08", "--hours", "nan"),
        ("2026-05-08", "--hours", "20001"),
        ("2026-05-08", "--days", "1.5"),
        ("yesterday", "--hours", "1"),
        ("--hours", "1"),
    ],
)
def test_wrong_usage_ends_with_2(cli: Any, args: tuple[str, ...]) -> None:
    result = cli("sla-due", *args, "--json")
    assert (result.exit_code, result.stdout) == (2, "")


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("2026-05-08", "--hours", "1", "--team", "Nobody"), "There is no team 'Nobody'"),
        (("9999-12-31", "--hours", "1"), "There is no such moment"),
        (("9999-12-31T23:00-12:00", "--days", "1"), "There is no such moment"),
    ],
)
def test_what_cannot_be_told_is_refused_with_1(cli: Any, args: tuple[str, ...], said: str) -> None:
    result = cli("sla-due", *args, "--json")
    assert (result.exit_code, result.stdout) == (1, "")
    assert said in result.stderr
