"""Figures equal a recount from the raw rows, on both engines, in any zone."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis
from hypothesis import strategies as st
from sqlmodel import Session

from services import insights, settings
from services.access import Actor, Forbidden
from services.domain.periods import Compare, Grain
from services.domain.scores import Band, Counts, Metric, Scale, band, nps
from services.insights import Filter
from tests import builders as make
from tests.builders import NOW
from tests.insights.conftest import Answer

ADMIN = make.actor()
JUNE = Filter(range="2026-06-01..2026-06-30")
MONTHS = Filter(range="year", grain=Grain.MONTH)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


# --- known answers give known figures


def test_a_known_set_gives_the_known_nps(berlin: Session, answer: Answer) -> None:
    for score, times in ((10, 10), (7, 5), (3, 5)):
        for _ in range(times):
            answer(score)
    head = insights.headline(berlin, ADMIN, JUNE, now=NOW)
    figure = head.main.now
    assert (figure.n, figure.value) == (20, 25)
    assert (figure.low, figure.high) == pytest.approx((-11.72, 55.19), abs=0.01)
    assert "% promoters" in figure.definition
    assert head.span.text == "1–30 Jun 2026 (Europe/Berlin)"


def test_all_three_metrics_stand_in_the_headline_with_their_own_definitions(
    berlin: Session, answer: Answer
) -> None:
    for score in (5, 4, 1):
        answer(score, "csat")
    for score in (7, 6, 5, 2):
        answer(score, "ces")
    nps_, csat, ces = insights.headline(berlin, ADMIN, JUNE, now=NOW).figures
    assert (nps_.now.n, nps_.now.value) == (0, None)
    assert (csat.metric, csat.now.n, csat.now.value) == (Metric.CSAT, 3, pytest.approx(200 / 3))
    assert (ces.now.n, ces.now.value) == (4, 75)
    assert ces.mean is not None and (ces.mean.n, ces.mean.value) == (4, 5)
    assert len({figure.now.definition for figure in (nps_, csat, ces)}) == 3


def test_the_metric_asked_for_comes_first(berlin: Session) -> None:
    head = insights.headline(berlin, ADMIN, Filter(metric=Metric.CES), now=NOW)
    assert [figure.metric for figure in head.figures] == ["ces", "nps", "csat"]


def test_ces_on_two_scales_has_no_mean(berlin: Session, answer: Answer) -> None:
    answer(5, "ces")
    answer(5, survey=make.survey(berlin, "ces", name="Old effort", scale="1-5"))
    ces = insights.headline(berlin, ADMIN, Filter(metric=Metric.CES), now=NOW).main
    assert (ces.now.n, ces.mean) == (2, None)


def test_the_period_before_is_compared_with_a_verdict(berlin: Session, answer: Answer) -> None:
    for score, times, day in ((10, 30, 10), (3, 10, 10), (10, 10, -20), (3, 30, -20)):
        for _ in range(times):
            answer(score, answered_at=at("2026-06-01") + timedelta(day))
    june = insights.headline(berlin, ADMIN, JUNE, now=NOW).main
    assert june.before is not None and june.change is not None
    assert (june.before.value, june.now.value, june.change.delta) == (-50, 50, 100)
    assert june.change.changed and june.change.verdict.startswith("Up 100 points")
    alone = insights.headline(berlin, ADMIN, JUNE.narrowed(compare=Compare.NONE), now=NOW).main
    assert (alone.before, alone.change) == (None, None)


def test_a_survey_on_1_10_warns_beside_the_figure(berlin: Session, answer: Answer) -> None:
    asked = make.survey(berlin, name="Old NPS", scale="1-10", warning="asked on 1-10")
    answer(9, survey=asked)
    assert insights.headline(berlin, ADMIN, JUNE, now=NOW).warnings == (
        ("Old NPS", "asked on 1-10"),
    )


def test_only_surveys_with_answers_in_the_figure_warn(berlin: Session, answer: Answer) -> None:
    north, south = make.unit(berlin, "North"), make.unit(berlin, "South")
    ours = make.survey(berlin, name="Ours", scale="1-10", warning="asked on 1-10")
    theirs = make.survey(berlin, name="Theirs", scale="1-10", warning="asked on 1-10")
    answer(9, survey=ours, unit_id=north.id)
    answer(9, survey=theirs, unit_id=south.id)

    def warned(actor: Actor, filter: Filter) -> list[str]:
        return [name for name, _ in insights.headline(berlin, actor, filter, now=NOW).warnings]

    assert warned(ADMIN, JUNE) == ["Ours", "Theirs"]
    assert warned(make.actor("csm", units=(north.id,)), JUNE) == ["Ours"]
    assert warned(ADMIN, JUNE.narrowed(units=(south.id,))) == ["Theirs"]
    assert warned(ADMIN, Filter(range="2026-07-01..2026-07-31")) == ["Ours", "Theirs"]  # before
    assert warned(ADMIN, Filter(range="2025-06-01..2025-06-30")) == []


def test_everything_of_a_figure_is_what_counts(berlin: Session, answer: Answer) -> None:
    first = answer(10, answered_at=at("2026-05-01T12:00")).answered_at
    answer(0, is_test=True, answered_at=at("2024-01-01T12:00"))
    everything = Filter(range="all", state=insights.State.ALL)
    for filter in (everything, everything.narrowed(grain=Grain.MONTH)):
        head = insights.headline(berlin, ADMIN, filter, now=NOW)
        assert head.span.current.days.first == first.date()


def test_a_sudden_fall_is_flagged_and_noise_is_not(berlin: Session, answer: Answer) -> None:
    for month in range(1, 7):
        for n in range(60):
            bad = month == 5 or n % 5 == 0
            answer(2 if bad else 9, answered_at=datetime(2026, month, 9, 12, tzinfo=UTC))
    trend = insights.score_trend(berlin, ADMIN, MONTHS, now=NOW)
    assert [point.bucket.label for point in trend.flagged] == ["May 2026", "Jun 2026"]
    assert "allowing for 5 comparisons" in (trend.points[4].change.verdict)  # type: ignore[union-attr]


# --- what counts


def test_excluded_and_test_responses_do_not_count(berlin: Session, answer: Answer) -> None:
    answer(10)
    answer(0, is_test=True)
    answer(0, excluded_at=NOW, excluded_reason="spam")
    everything = JUNE.narrowed(state=insights.State.ALL)
    for filter in (JUNE, everything):
        assert insights.headline(berlin, ADMIN, filter, now=NOW).main.now.value == 100
        assert insights.reach(berlin, ADMIN, filter, now=NOW).responses == 1


def test_responses_and_contacts_are_counted_apart(berlin: Session, answer: Answer) -> None:
    dana = make.contact(berlin)
    for _ in range(3):
        answer(9, contact_id=dana.id)
    answer(9, anonymous=True)
    answer(3, "csat", contact_id=make.contact(berlin).id)
    found = insights.reach(berlin, ADMIN, JUNE, now=NOW)
    assert (found.responses, found.contacts, found.nameless) == (4, 1, 1)


def test_a_named_survey_narrows_its_own_metric_only(berlin: Session, answer: Answer) -> None:
    one, two = (make.survey(berlin, name=name) for name in ("One", "Two"))
    for score, asked in ((10, one), (0, two), (0, two)):
        answer(score, survey=asked)
    answer(5, "csat")
    head = insights.headline(berlin, ADMIN, JUNE.narrowed(surveys=(one.id,)), now=NOW)
    assert [figure.now.n for figure in head.figures] == [1, 1, 0]


# --- time


@pytest.mark.parametrize(
    ("moment", "label"),
    [
        ("2026-02-28T23:59:59.999999+01:00", "Feb 2026"),
        ("2026-03-01T00:00:00+01:00", "Mar 2026"),
        ("2026-03-31T23:59:59.999999+02:00", "Mar 2026"),
        ("2026-03-31T22:00:00+00:00", "Apr 2026"),
    ],
)
def test_a_bucket_holds_its_first_moment_and_not_the_one_after_its_last(
    berlin: Session, answer: Answer, moment: str, label: str
) -> None:
    answer(9, answered_at=at(moment))
    trend = insights.score_trend(berlin, ADMIN, MONTHS, now=NOW)
    assert [p.bucket.label for p in trend.points if p.estimate.n] == [label]


@pytest.mark.parametrize(
    ("moment", "n"),
    [
        ("2026-05-31T23:59:59.999999+02:00", 0),
        ("2026-06-01T00:00:00+02:00", 1),
        ("2026-06-30T23:59:59.999999+02:00", 1),
        ("2026-07-01T00:00:00+02:00", 0),
    ],
)
def test_a_range_of_days_is_half_open_in_the_reporting_zone(
    berlin: Session, answer: Answer, moment: str, n: int
) -> None:
    answer(9, answered_at=at(moment))
    assert insights.headline(berlin, ADMIN, JUNE, now=NOW).main.now.n == n


@pytest.mark.parametrize("text", ["", "slow"])
def test_a_year_by_day_against_the_year_before_is_counted_whole(
    berlin: Session, answer: Answer, text: str
) -> None:
    for days in (1, 200, 364, 500, 700):
        answer(3, answered_at=NOW - timedelta(days=days), comment="slow")
    asked = Filter(range="12m", grain=Grain.DAY, text=text)
    trend = insights.score_trend(berlin, ADMIN, asked, now=NOW)
    assert len(trend.points) > 330
    assert sum(point.estimate.n for point in trend.points) >= 2
    assert sum(point.estimate.n for point in trend.previous) >= 1


def test_all_time_reaches_from_the_first_answer_to_today(berlin: Session, answer: Answer) -> None:
    answer(9, answered_at=at("2024-12-31T23:30:00+00:00"))
    answer(9, answered_at=at("2020-01-01"), is_test=True)
    trend = insights.score_trend(berlin, ADMIN, Filter(range="all"), now=NOW)
    assert str(trend.span.current.days) == "2025-01-01..2026-06-15"
    assert trend.span.previous is None


def test_an_empty_desk_has_empty_figures(session: Session) -> None:
    for range_ in ("all", "12m", "7d"):
        report = insights.report(session, ADMIN, Filter(range=range_), now=NOW)
        assert [figure.now.n for figure in report.headline.figures] == [0, 0, 0]
        assert report.distributions == ()
        assert all(point.estimate.value is None for point in report.trend.points)


# --- the oracle


ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Pacific/Apia"]
rows = st.lists(
    st.tuples(
        st.integers(0, 10),
        st.datetimes(datetime(2025, 3, 20), datetime(2025, 11, 10), timezones=st.just(UTC)),
        st.sampled_from(["counted", "counted", "counted", "test", "excluded"]),
    ),
    max_size=40,
)


@hypothesis(
    deadline=None, max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(rows, st.sampled_from(ZONES), st.sampled_from(Grain))
def test_every_bucket_equals_a_recount_of_the_raw_rows(
    session: Session, raw: list[tuple[int, datetime, str]], zone: str, grain: Grain
) -> None:
    held = session.begin_nested()
    settings.put(session, "reporting_zone", zone, actor_id=None, now=NOW)
    for score, moment, state in raw:
        out = {"excluded_at": NOW, "excluded_reason": "x"} if state == "excluded" else {}
        make.response(session, score, answered_at=moment, is_test=state == "test", **out)
    filter = Filter(range="2025-04-01..2025-10-31", grain=grain)
    report = insights.report(session, ADMIN, filter, now=NOW)
    held.rollback()
    session.expunge_all()
    counted = [
        (s, m.astimezone(ZoneInfo(zone)).date()) for s, m, state in raw if state == "counted"
    ]
    for point in report.trend.points:
        days = point.bucket.days
        mine = [score for score, day in counted if days.first <= day <= days.last]
        assert point.estimate == nps(_tally(mine))
    first, last = report.trend.span.current.days.first, report.trend.span.current.days.last
    inside = [score for score, day in counted if first <= day <= last]
    assert report.headline.main.now == nps(_tally(inside))
    bars = {bar.score: bar.n for one in report.distributions for bar in one.bars if bar.n}
    assert bars == Counter(inside)


def _tally(scores: list[int]) -> Counts:
    found = Counter(band(Metric.NPS, score, Scale(0, 10)) for score in scores)
    return Counts(found[Band.PROMOTER], found[Band.PASSIVE], found[Band.DETRACTOR])


# --- distributions


def test_a_distribution_shows_every_score_and_shares_that_add_up(
    berlin: Session, answer: Answer
) -> None:
    for score in (0, 7, 10):
        answer(score)
    (found,) = insights.distribution(berlin, ADMIN, JUNE, now=NOW)
    assert [bar.score for bar in found.bars] == list(range(11))
    assert [bar.share for bar in found.bars if bar.n] == [33.4, 33.3, 33.3]
    assert found.bands == (
        (Band.DETRACTOR, 1, 33.4),
        (Band.PASSIVE, 1, 33.3),
        (Band.PROMOTER, 1, 33.3),
    )
    assert found.n == 3


def test_each_scale_has_its_own_distribution(berlin: Session, answer: Answer) -> None:
    answer(5, "csat")
    for _ in range(2):
        answer(6, survey=make.survey(berlin, "csat", name="Seven", scale="1-7"))
    filter = JUNE.narrowed(metric=Metric.CSAT)
    found = insights.distribution(berlin, ADMIN, filter, now=NOW)
    assert [(str(one.scale), one.n) for one in found] == [("1-7", 2), ("1-5", 1)]


def test_a_question_where_high_is_bad_colours_its_scores_the_other_way(
    berlin: Session, answer: Answer
) -> None:
    answer(1, survey=make.survey(berlin, "ces", name="How much effort?", direction="high-is-bad"))
    filter = JUNE.narrowed(metric=Metric.CES)
    (found,) = insights.distribution(berlin, ADMIN, filter, now=NOW)
    assert found.bars[0].band is Band.PROMOTER and found.bars[-1].band is Band.DETRACTOR
    assert found.bands[-1] == (Band.PROMOTER, 1, 100.0)


# --- who may


def test_units_limit_every_figure(berlin: Session, answer: Answer) -> None:
    north, south = make.unit(berlin, "North"), make.unit(berlin, "South")
    for score, unit in ((10, north), (0, south), (0, south), (0, None)):
        answer(score, unit_id=unit and unit.id, contact_id=make.contact(berlin).id)
    csm = make.actor("csm", units=(north.id,))
    for filter in (JUNE, JUNE.narrowed(units=(south.id, north.id)), JUNE.narrowed(range="all")):
        assert insights.headline(berlin, csm, filter, now=NOW).main.now == nps(Counts(1, 0, 0))
        assert insights.reach(berlin, csm, filter, now=NOW).contacts == 1
        assert sum(one.n for one in insights.distribution(berlin, csm, filter, now=NOW)) == 1
    theirs = JUNE.narrowed(units=(south.id,))
    assert insights.headline(berlin, csm, theirs, now=NOW).main.now.n == 0
    assert insights.headline(berlin, make.actor("csm", units=()), JUNE, now=NOW).main.now.n == 0
    assert insights.headline(berlin, ADMIN, JUNE, now=NOW).main.now.n == 4


def test_all_time_does_not_tell_when_other_units_began(berlin: Session, answer: Answer) -> None:
    north, south = make.unit(berlin, "North"), make.unit(berlin, "South")
    answer(9, unit_id=south.id, answered_at=at("2019-01-01"))
    answer(9, unit_id=north.id, answered_at=at("2026-05-01"))
    csm = make.actor("csm", units=(north.id,))
    trend = insights.score_trend(berlin, csm, Filter(range="all"), now=NOW)
    assert trend.span.current.days.first.year == 2026


def test_nobody_asks_without_permission(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.access.may", lambda *_: False)
    for verb in (insights.report, insights.headline, insights.score_trend, insights.distribution):
        with pytest.raises(Forbidden):
            verb(session, ADMIN, Filter(), now=NOW)
    with pytest.raises(Forbidden):
        insights.reach(session, ADMIN, Filter(), now=NOW)


def test_thin_data_are_drawn_in_wider_buckets_unless_a_grain_is_asked_for(
    berlin: Session, answer: Answer
) -> None:
    for day in range(30):
        answer(9, answered_at=NOW - timedelta(days=day))
    grains = [
        insights.score_trend(berlin, ADMIN, Filter(range="30d", grain=grain), now=NOW).span.grain
        for grain in (None, Grain.DAY)
    ]
    assert grains == ["week", "day"]
    for _ in range(300):
        answer(9)
    assert insights.score_trend(berlin, ADMIN, Filter(range="30d"), now=NOW).span.grain == "day"
