"""The demo desk: believable, the same each time, and loaded on both engines."""

import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from random import Random
from time import monotonic

import pytest
import sqlalchemy as sa
from sqlmodel import Session, col, func, select

from db import demo, demo_story
from db.demo_answers import SCALES, Answer, answers
from db.demo_company import Company, company
from db.demo_story import LAGGARD, OLD_APP, OUTAGE, SYNC_BUG, Phase
from db.demo_text import LANGUAGES, comment
from db.demo_text.grammar import Pen, book
from db.engine import version
from db.models import Account, Contact, PropertyValue, Response, Survey, Team, User
from db.search import matches
from services.domain import scores
from tests import builders as make

NOW = datetime(2026, 6, 15, 12, 0, tzinfo=UTC)
FACTS = (
    "city", "job", "jobs", "crew", "crew1", "cur", "csm", "weekday", "month", "soon", "score",
    "top", "before", "a_before", "years", "noun", "noun_bare",
)  # fmt: skip
LEAST = timedelta(days=demo_story.DAYS)


def band(metric: str, score: int, scale: str, direction: str) -> int:
    return int(
        scores.band(
            scores.Metric(metric), score, scores.Scale.parse(scale), scores.Direction(direction)
        )
    )


@pytest.fixture(scope="module")
def customers() -> Company:
    return company(NOW)


@pytest.fixture(scope="module")
def given(customers: Company) -> list[Answer]:
    return answers(customers, NOW, band)


@pytest.fixture(scope="module")
def comments(given: list[Answer]) -> list[str]:
    return [answer.comment for answer in given if answer.comment]


def nps(rows: list[Answer]) -> float:
    """Of those that count."""
    counted = [a.band for a in rows if a.metric == "nps" and not a.is_test]
    return 100 * sum(counted) / len(counted)


def during(given: list[Answer], phase: Phase) -> list[Answer]:
    return [a for a in given if phase.covers((NOW.date() - a.answered_at.date()).days)]


def test_there_are_as_many_as_promised(customers: Company, given: list[Answer]) -> None:
    assert (len(customers.firms), len(customers.people), len(given)) == (400, 6_000, 20_000)
    assert Counter(a.metric for a in given) == {"nps": 14_600, "csat": 3_400, "ces": 2_000}
    assert len({a.key for a in given}) == 20_000


def test_every_address_is_an_example(customers: Company) -> None:
    hosts = [person.email.split("@")[1] for person in customers.people]
    assert all(host.endswith(".example.com") for host in hosts)
    assert all(firm.domain.endswith(".example") for firm in customers.firms)
    assert len({person.email for person in customers.people}) == 6_000
    assert len({firm.name.casefold() for firm in customers.firms}) == 400
    assert all(who.email.endswith("@example.com") for who in demo.COLLEAGUES)


def test_firms_are_believable(customers: Company) -> None:
    stages = Counter(firm.stage for firm in customers.firms)
    assert set(stages) == {"onboarding", "adopted", "renewing", "churned"}
    assert min(stages.values()) >= 10
    assert all((f.stage == "churned") == (f.churned_on is not None) for f in customers.firms)
    arrs = sorted(firm.arr for firm in customers.firms)
    assert arrs[200] < sum(arrs) / 400  # a long tail of large customers
    assert all(f.renewal_on > NOW.date() for f in customers.firms if f.churned_on is None)
    assert {f.region.unit for f in customers.firms} == {"EMEA", "Americas", "APAC"}


def test_answers_lie_in_the_two_years_and_never_in_the_future(given: list[Answer]) -> None:
    assert all(NOW - LEAST <= a.answered_at <= a.received_at <= NOW for a in given)
    assert given[-1].answered_at > NOW - timedelta(days=3)
    assert all(a.answered_at <= b.answered_at for a, b in pairwise(given))


def test_nobody_answers_before_joining_or_after_leaving(given: list[Answer]) -> None:
    for a in given:
        if a.person:
            day = a.answered_at.date()
            assert a.person.joined <= day
            left = a.person.firm.churned_on
            assert left is None or day <= left + timedelta(days=7)


def test_people_answer_on_working_days(given: list[Answer]) -> None:
    weekend = sum(a.answered_at.weekday() > 4 for a in given) / len(given)
    assert 0.01 < weekend < 0.08


def test_volumes_grow(given: list[Answer]) -> None:
    first, last = during(given, Phase(730, 611)), during(given, Phase(120, 1))
    assert 1.5 < len(last) / len(first) < 4


def test_scores_are_on_their_scales(given: list[Answer]) -> None:
    for a in given:
        low, high = map(int, SCALES[a.metric].split("-"))
        assert low <= a.score <= high
        assert a.band == band(a.metric, a.score, SCALES[a.metric], "high-is-good")


def test_nps_is_that_of_a_decent_company(given: list[Answer]) -> None:
    assert 25 <= nps(given) <= 45


def test_the_story_can_be_seen(given: list[Answer]) -> None:
    outage = nps(during(given, OUTAGE))
    assert outage < nps(during(given, Phase(700, 560))) - 15
    assert outage < nps(during(given, Phase(400, 340))) - 15
    crews = [a for a in given if a.props.get("role") == "end_user"]
    before, after = during(crews, Phase(330, OLD_APP.last)), during(crews, Phase(200, 30))
    assert nps(after) > nps(before) + 15
    assert nps(during(given, SYNC_BUG)) < nps(during(given, Phase(120, 30))) - 8
    there = [a for a in given if a.props.get("region") == LAGGARD]
    assert nps(there) < nps([a for a in given if a.props.get("region") != LAGGARD]) - 8


def test_comments_tell_the_story(given: list[Answer]) -> None:
    def share(rows: list[Answer], words: str) -> float:
        told = [a.comment for a in rows if a.comment and a.band < 0 and a.metric == "nps"]
        return sum(bool(re.search(words, text, re.I)) for text in told) / len(told)

    down = r"outage|down |Ausf[aä]ll|ca[ií]da|crash|unreachable"
    assert share(during(given, OUTAGE), down) > 4 * share(during(given, Phase(300, 30)), down)
    sync = r"calendar|duplicate|Kalender|calendario"
    assert share(during(given, SYNC_BUG), sync) > 4 * share(during(given, Phase(300, 30)), sync)


def test_anonymous_and_test_answers_name_nobody(given: list[Answer]) -> None:
    nameless = [a for a in given if a.anonymous]
    tests = [a for a in given if a.is_test]
    assert 200 < len(nameless) < 800
    assert 5 <= len(tests) <= 30
    assert not any(a.person for a in nameless + tests)
    assert not any(a.followup == "requested" for a in nameless)
    assert all(a.person for a in given if not a.anonymous and not a.is_test)
    assert not {"plan", "industry", "role"} & set().union(*(a.props for a in nameless))


def test_people_come_back_and_change_their_minds(given: list[Answer]) -> None:
    bands: dict[str, list[int]] = {}
    for a in given:
        if a.person and a.metric == "nps":
            bands.setdefault(a.person.key, []).append(a.band)
    assert sum(len(seen) > 1 for seen in bands.values()) > 2_000
    turned = [k for k, seen in bands.items() if (1, -1) in pairwise(seen)]
    recovered = [k for k, seen in bands.items() if (-1, 1) in pairwise(seen)]
    assert min(len(turned), len(recovered)) > 150


def test_about_two_thirds_say_why(given: list[Answer], comments: list[str]) -> None:
    assert 0.6 < len(comments) / len(given) < 0.7


def test_comments_are_distinct(comments: list[str]) -> None:
    assert len(set(comments)) / len(comments) >= 0.95


def test_no_run_of_six_words_is_common(comments: list[str]) -> None:
    seen: Counter[tuple[str, ...]] = Counter()
    for text in comments:
        words = re.findall(r"[^\W_]+", text.casefold())
        seen.update({tuple(words[at : at + 6]) for at in range(len(words) - 5)})
    assert seen.most_common(1)[0][1] / len(comments) <= 0.01


def test_three_languages_are_written(given: list[Answer]) -> None:
    spoken = Counter(a.props.get("language") for a in given if a.comment)
    assert min(spoken[code] for code in LANGUAGES) / spoken.total() >= 0.05
    assert spoken["en"] / spoken.total() > 0.5


def test_comments_vary_in_length(comments: list[str]) -> None:
    lengths = sorted(len(text.split()) for text in comments)
    assert lengths[len(lengths) // 20] <= 4
    assert lengths[-len(lengths) // 20] >= 40
    assert lengths[-1] < 130


@pytest.mark.parametrize(
    "awkward", ["\n", '"', "$100", "customer_ref", "<b>", "https://", "%", "ß", "¿", "&", "'"]
)
def test_some_comments_hold_awkward_text(comments: list[str], awkward: str) -> None:
    assert any(awkward in text for text in comments)


def test_no_comment_shows_its_making(comments: list[str]) -> None:
    assert not [text for text in comments if re.search(r"[\[\]{}|]|  | [,;!?]|None", text)]
    assert not [text for text in comments if text != text.strip()]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_fragment_can_be_filled(language: str) -> None:
    """Every slot that a line names has fillers or is a fact that the answers give."""
    known = dict.fromkeys(FACTS, "x")
    fragments = book(language)
    pen = Pen(Random(1), fragments.voice.slots, known)
    lines = [line for topic in fragments.topics.values() for line in _lines_of(topic)]
    lines += [line for table in vars(fragments.voice).values() for line in _lines_of(table)]
    assert len(lines) > 400
    for line in lines:
        filled = [pen.fill(line) for _ in range(3)]
        assert not any(set("[]{}|") & set(text) for text in filled), line


def _lines_of(part: object) -> list[str]:
    if isinstance(part, str):
        return [part]
    if isinstance(part, frozenset):
        return []
    if isinstance(part, tuple):
        return [line for each in part for line in _lines_of(each)]
    values = part.values() if isinstance(part, dict) else vars(part).values()
    return [line for each in values for line in _lines_of(each)]


def test_the_languages_speak_of_the_same_topics() -> None:
    topics = [set(book(language).topics) for language in LANGUAGES]
    assert topics[0] == topics[1] == topics[2]
    assert {topic for role in demo_story.EVERYDAY.values() for topic in role} <= topics[0]


def test_an_outage_is_not_told_when_there_was_none() -> None:
    told = [
        comment(
            Random(n), score_band=-1, metric="nps", language="en", topic_hint="reliability",
            facts=dict.fromkeys(FACTS, "x"),
        )
        for n in range(150)
    ]  # fmt: skip
    assert not [text for text in told if "outage" in text]


def test_the_same_seed_gives_the_same_desk(customers: Company, given: list[Answer]) -> None:
    again = company(NOW)
    assert again == customers
    assert answers(again, NOW, band)[-500:] == given[-500:]
    assert company(NOW, seed=8).firms != customers.firms


def test_the_demo_is_loaded_quickly_and_whole(desk: sa.Engine) -> None:
    began = monotonic()
    with Session(desk) as session, session.begin():
        counts = demo.load(session, NOW, band)
    assert monotonic() - began < 20
    with Session(desk) as session:
        assert counts["responses"] == session.scalar(select(func.count(col(Response.id))))
        assert counts["accounts"] == session.scalar(select(func.count(col(Account.id))))
        assert counts["contacts"] == session.scalar(select(func.count(col(Contact.id))))
        _check_rows(session)
        _check_team(session)
        found = matches(session, "outage*")
        assert found is not None
        assert len(session.exec(select(Response.id).where(found)).all()) > 50


def _check_rows(session: Session) -> None:
    assert set(session.exec(select(Response.change_seq).distinct())) == {version(session)}
    latest = session.exec(select(Response).order_by(col(Response.answered_at).desc())).first()
    assert latest is not None
    assert timedelta(0) <= NOW - latest.answered_at.replace(tzinfo=UTC) < timedelta(days=3)
    nameless = session.exec(select(Response).where(col(Response.anonymous))).all()
    assert not any(row.contact_id or row.account_id for row in nameless)
    out = session.exec(select(Response).where(col(Response.excluded_at).is_not(None))).all()
    assert 5 <= len(out) <= 20
    offered = set(session.exec(select(PropertyValue.name)))
    assert {"channel", "touchpoint", "props.plan", "props.role", "props.region"} <= offered
    person = session.exec(select(Contact).where(Contact.external_id == "C-00001")).one()
    assert person.props["region"]
    assert session.scalar(select(func.count(col(Survey.id)))) == 5


def _check_team(session: Session) -> None:
    people = session.exec(select(User)).all()
    assert sorted(person.role for person in people) == [
        "admin", "csm", "csm", "manager", "support"
    ]  # fmt: skip
    assert not any(person.password_hash for person in people)
    assert all(person.time_zone for person in people)
    assert all(team.lead_id for team in session.exec(select(Team)))
    owners = set(session.exec(select(Account.owner_id)))
    assert owners == {person.id for person in people if person.role == "csm"}


def test_a_desk_with_answers_is_refused(session: Session) -> None:
    make.response(session)
    with pytest.raises(demo.NotEmpty, match="already has responses"):
        demo.load(session, NOW, band)
