"""Dates mean one moment, or the person is asked; a file is never half guessed."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.importing.dates import (
    AmbiguousDates,
    BadDate,
    DateFormat,
    Parser,
    detect,
    midnight,
)
from tests.importing.reading import BERLIN, UTC_ZONE

moments = st.datetimes(datetime(1990, 1, 1), datetime(2035, 1, 1)).map(
    lambda moment: moment.replace(microsecond=0)
)


def utc(text: str, order: str | None = "dmy", zone: ZoneInfo = UTC_ZONE) -> str:
    return Parser(DateFormat(order), zone)(text).removesuffix(".000000")


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2024-01-31", "2024-01-31 00:00:00"),
        ("2024-1-5", "2024-01-05 00:00:00"),
        ("2024/01/31 7:05", "2024-01-31 07:05:00"),
        ("20240131", "2024-01-31 00:00:00"),
        ("2024-01-31 13:45", "2024-01-31 13:45:00"),
        ("2024-01-31T13:45:10Z", "2024-01-31 13:45:10"),
        ("2024-01-31T13:45:10+02:00", "2024-01-31 11:45:10"),
        ("2024-01-31 13:45:10 UTC", "2024-01-31 13:45:10"),
        ("2014-12-01 18:36:25 -0800", "2014-12-02 02:36:25"),
        ("2024-01-31T13:45:10.123456789Z", "2024-01-31 13:45:10.123456"),
        ("31.12.2024", "2024-12-31 00:00:00"),
        ("31.12.2024 13.45 Uhr", "2024-12-31 13:45:00"),
        ("31/12/2024 23:59", "2024-12-31 23:59:00"),
        ("31-12-2024, 1:05 pm", "2024-12-31 13:05:00"),
        ("31/12/2024 12:00 AM", "2024-12-31 00:00:00"),
        ("Dec 31, 2024", "2024-12-31 00:00:00"),
        ("December 31st, 2024 at 11:59 PM", "2024-12-31 23:59:00"),
        ("31 Dec 2024", "2024-12-31 00:00:00"),
        ("31. Dezember 2024", "2024-12-31 00:00:00"),
        ("3 de enero de 2024", "2024-01-03 00:00:00"),
        ("Tue, 31 Dec 2024 23:59:00 +0100", "2024-12-31 22:59:00"),
        ("1704067200", "2024-01-01 00:00:00"),
        ("1704067200123", "2024-01-01 00:00:00.123000"),
        ("  2024-01-31  ", "2024-01-31 00:00:00"),
    ],
)
def test_a_written_date_is_understood(written: str, meant: str):
    assert utc(written) == meant


def test_the_american_order_is_understood_when_it_is_chosen():
    assert utc("12/31/2024 11:59 PM", "mdy") == "2024-12-31 23:59:00"


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ("", "empty"),
        ("soon", "not a date"),
        ("2024-02-30", "no such day"),
        ("2024-01-31 25:00", "no such day or time"),
        ("2024-01-31 13:65:00", "no such day or time"),
        ("31.02.2024", "no such day"),
        ("12/31/2024", "does not fit the order dmy"),
        ("31/12/2024 13:00 PM", "no such time"),
        ("31 Foo 2024", "not the name of a month"),
        ("12345", "not a date"),
        ("1" * 500, "not a date"),
    ],
)
def test_what_is_no_date_is_said_in_words(written: str, reason: str):
    with pytest.raises(BadDate, match=reason):
        utc(written)


def test_figures_need_an_order():
    with pytest.raises(BadDate, match="cannot be told apart"):
        utc("03/04/2024", None)


def test_a_time_without_an_offset_is_local():
    assert utc("2024-07-01 10:00", zone=BERLIN) == "2024-07-01 08:00:00"
    assert utc("2024-01-01", zone=BERLIN) == "2023-12-31 23:00:00"
    assert midnight(date(2024, 1, 1), BERLIN) == "2023-12-31 23:00:00.000000"


def test_a_skipped_hour_and_a_repeated_hour_are_still_moments():
    assert utc("2024-03-31 02:30:00", zone=BERLIN) == "2024-03-31 01:30:00"
    assert utc("2024-10-27 02:30:00", zone=BERLIN) == "2024-10-27 00:30:00"


def test_a_missing_midnight_stays_on_its_own_day():
    zone = ZoneInfo("America/Sao_Paulo")  # the clocks skipped 2018-11-04 00:00
    moment = datetime.fromisoformat(utc("2018-11-04", zone=zone)).replace(tzinfo=UTC)
    assert moment.astimezone(zone).date() == date(2018, 11, 4)


@given(moments, st.sampled_from(["Europe/Berlin", "Asia/Kolkata", "Australia/Lord_Howe", "UTC"]))
def test_the_quick_way_gives_what_the_calendar_gives(moment: datetime, name: str):
    zone = ZoneInfo(name)
    expected = moment.replace(tzinfo=zone).astimezone(UTC)
    parser = Parser(DateFormat(None), zone)
    for text in (moment.isoformat(" "), moment.isoformat("T"), moment.isoformat(" ")):
        assert parser(text) == expected.isoformat(" ", "microseconds")[:26]


@given(moments, st.integers(-12 * 4, 14 * 4), st.sampled_from(["{}{}", "{} {}"]))
def test_an_offset_is_honoured(moment: datetime, quarters: int, form: str):
    sign, minutes = "-" if quarters < 0 else "+", abs(quarters) * 15
    written = form.format(moment.isoformat(" "), f"{sign}{minutes // 60:02}:{minutes % 60:02}")
    expected = moment - timedelta(minutes=15 * quarters)
    assert utc(written, zone=BERLIN) == expected.isoformat(" ")


FORMS = {
    None: ["%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%SZ", "%d %b %Y %H:%M:%S", "%B %d, %Y %H:%M:%S"],
    "dmy": ["%d.%m.%Y %H:%M:%S", "%d/%m/%Y %I:%M:%S %p"],
    "mdy": ["%m/%d/%Y %I:%M:%S %p", "%m-%d-%Y %H:%M:%S"],
}


@given(moments, st.sampled_from([(order, form) for order in FORMS for form in FORMS[order]]))
def test_a_moment_survives_every_form(moment: datetime, chosen: tuple[str | None, str]):
    order, form = chosen
    assert utc(moment.strftime(form), order) == moment.isoformat(" ")


@given(st.lists(st.dates(date(2000, 1, 1), date(2030, 1, 1)), min_size=1, max_size=30))
def test_an_order_is_found_exactly_when_the_dates_prove_one(days: list[date]):
    values = [day.strftime("%d/%m/%Y") for day in days]
    proved = any(day.day > 12 for day in days)
    same = all(day.day == day.month for day in days)
    if proved or same:
        parser = Parser(detect(values), UTC_ZONE)
        assert [parser.day(value) for value in values] == [day.isoformat() for day in days]
    else:
        with pytest.raises(AmbiguousDates):
            detect(values)


def test_the_question_names_the_column_and_examples():
    with pytest.raises(AmbiguousDates, match="'Date'.*03/04/2024.*dmy or mdy") as asked:
        detect(["03/04/2024", "05/05/2024"], column="Date")
    assert asked.value.orders == ("dmy", "mdy")
    assert detect(["03/04/2024"], order="mdy").order == "mdy"


def test_one_proof_in_the_ninety_thousandth_row_is_enough():
    values = [f"{n % 12 + 1:02}/{n % 11 + 1:02}/20{n % 24:02}" for n in range(90_000)]
    assert detect([*values, "13/01/2024"]).order == "dmy"
    assert detect([*values, "01/13/2024"]).order == "mdy"


def test_both_orders_in_one_column_are_asked_and_the_misfits_told():
    values = ["13/01/2024", "01/13/2024", "02/03/2024"]
    with pytest.raises(AmbiguousDates, match="13/01/2024"):
        detect(values)
    form = detect(values, order="dmy", column="Date")
    assert "1 different dates in 'Date' do not fit the order dmy" in form.notes[0]
    assert "01/13/2024" in form.notes[0]


def test_two_digit_years_are_taken_only_when_one_reading_is_left():
    form = detect(["12/31/24", "01/02/24"])
    assert (form.order, len(form.notes)) == ("mdy", 1)
    assert utc("12/31/24", "mdy") == "2024-12-31 00:00:00"
    assert utc("12/31/98", "mdy") == "1998-12-31 00:00:00"
    with pytest.raises(AmbiguousDates, match="dmy or ymd"):
        detect(["24-12-05", "24-11-30"])
    assert detect(["24-12-05", "24-11-30"], order="ymd").order == "ymd"
    assert utc("24-12-05", "ymd") == "2024-12-05 00:00:00"


def test_a_year_first_reading_in_the_future_is_ruled_out():
    assert detect(["31/12/24", "01/02/24"], latest=date(2025, 11, 22)).order == "dmy"


def test_an_unknown_order_is_an_error_of_the_caller():
    with pytest.raises(ValueError, match="unknown order"):
        detect(["03/04/2024"], order="american")


@given(st.text(max_size=40))
def test_no_text_crashes_the_parser(text: str):
    for order in (None, "dmy", "mdy", "ymd"):
        try:
            assert len(Parser(DateFormat(order), BERLIN)(text)) == 26
        except BadDate as bad:
            assert str(bad)
