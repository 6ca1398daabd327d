"""Rules: trying one on answers that came in, before it acts."""

import json
import threading
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any
from urllib.parse import parse_qsl

import pytest
import sqlalchemy as sa
from streamlit.testing.v1 import AppTest

from db.engine import transaction
from db.models import Response
from pages import _simulation
from pages._parts import place_of
from pages._rule_charts import days_figure
from services.domain.bands import Metric
from services.rules import trying
from tests import builders as make
from tests.builders import NOW
from tests.pages.app import marked_up, open_page
from tests.pages.test_rules import (
    EVIL,
    OPEN,
    THANK,
    bodies,
    box,
    kept,
    opened,
    person,
    press,
    standing,
    table,
    texts,
)  # fmt: skip
from tests.pages.test_trends import clock, parts
from tests.rules.desks import LOW, MINUTE, answered, mailing, turn

__all__ = ["clock"]
pytestmark = pytest.mark.usefixtures("sqlite_desk", "clock")


def test_it_is_tried_on_what_came_in_also_before_it_is_saved() -> None:
    with transaction() as session:
        who = make.contact(session, name=EVIL)
        make.response(session, 2, contact_id=who.id, comment=EVIL)
        make.response(session, 9)
    at = opened(person(), rule=str(kept(live=True)))
    press(at, "simulate")
    assert "It fires on 1 of 2 answers of the last 30 days" in texts(at)
    assert "Nothing was sent" in texts(at) and "the same on 1" in texts(at)
    assert table(at, "Answers that it fires on")[0][1:3] == ["■ 2", EVIL]
    assert "tracker" not in marked_up(at)
    press(at, "add_conditions")
    box(at, "number_input", "_value").set_value(1).run()
    press(at, "simulate")
    assert "It fires on 0 of 2 answers" in texts(at) and "0 more and 1 fewer" in texts(at)
    assert len(bodies()) == 1


def test_what_came_in_a_moment_ago_is_tried_and_told_in_ones_own_zone() -> None:
    with transaction() as session:
        make.response(session, 2, answered_at=NOW)
    at = press(opened(person(time_zone="Asia/Tokyo"), rule=str(kept())), "simulate")
    assert "It fires on 1 of 1 answer of the last 30 days" in texts(at)
    assert table(at, "Answers that it fires on")[0][0] == f"{NOW + timedelta(hours=9):%d %b, %H:%M}"


def test_the_bar_of_a_day_is_as_wide_as_a_day_also_where_the_next_one_is_far() -> None:
    (bars,) = days_figure({date(2026, 3, 2): 1, date(2026, 3, 23): 2}).data
    assert bars.width == pytest.approx(0.7 * 24 * 60 * 60 * 1000)


def links(at: AppTest, name: str) -> list[str | None]:
    """Where the first row of a table leads."""
    found = [json.loads(e.proto.json) for e in at.get("bidi_component")]
    (data,) = [one for one in found if str(one.get("caption", "")).startswith(name)]
    return [link for link in data["links"][0] if link and not link.startswith("rules?")]


@pytest.mark.parametrize("page", ["Answers that it fires on", "Firings, the newest first"])
def test_an_answer_leads_into_verbatims_at_itself_to_its_person_and_to_its_case(page: str) -> None:
    who = person()
    given = [{"score": n, "email": f"{n}@example.com", "comment": f"number {n}"} for n in (1, 2, 3)]
    rule_id = kept(live=True)
    answered(NOW - MINUTE, *given)
    turn(NOW - MINUTE)
    at = opened(who, rule=str(rule_id))
    answer, contact, case = links(press(at, "simulate"), page)
    assert (contact, case) == ("contact?id=3", "case?number=3")
    there, _, query = str(answer).partition("?")
    found = open_page(who, f"{there}.py", dict(parse_qsl(query)))
    assert not found.exception
    (cards,) = parts(found, "cards")
    assert [one["comment"] for one in cards["rows"]] == ["number 3", "number 2", "number 1"]
    with transaction() as session:  # the one before, as the address of its row says it
        row = session.get_one(Response, 2)
        address = place_of(Metric.NPS, row.answered_at, 2)
    found = open_page(who, f"{there}.py", dict(parse_qsl(address.partition("?")[2])))
    assert parts(found, "cards")[0]["rows"][0]["comment"] == "number 2"


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """A simulation stays where it begins until this is set."""
    go, real = threading.Event(), trying.try_out

    def held(*args: Any, progress: Any, **given: Any) -> Any:
        def tell(done: int, of: int) -> None:
            progress(done, of)
            assert go.wait(20)

        return real(*args, progress=tell, **given)

    monkeypatch.setattr(trying, "try_out", held)
    monkeypatch.setattr(_simulation, "PATIENCE", 0.01)
    yield go
    go.set()


def test_one_that_takes_longer_says_how_far_it_is_and_keeps_nobody_waiting(
    slow: threading.Event,
) -> None:
    with transaction() as session:
        for score in (2, 2, 9):
            make.response(session, score)
    me, rule_id = person(), str(kept())
    at = press(opened(me, rule=rule_id), "simulate")
    assert at.button(key="simulate").disabled and "It fires on" not in texts(at)
    assert "of 3 answers are looked at" in progress(at)
    assert not opened(person("csm"), rule=rule_id).button(key="simulate").disabled
    at.switch_page("verbatims.py").run()  # who goes elsewhere finds it done
    slow.set()
    ended()
    at.query_params["rule"] = rule_id
    at.switch_page("rules.py").run()
    assert "It fires on 2 of 3 answers of the last 30 days" in texts(at)
    assert not at.button(key="simulate").disabled and not at.exception


def test_what_acts_is_asked_about_only_when_the_look_is_done(slow: threading.Event) -> None:
    with transaction() as session:
        make.response(session, 2)
    at = press(opened(person(), rule=str(kept())), "rule_live")
    assert "of 1 answers are looked at" in progress(at)
    assert not [b for b in at.button if b.key == "rule_yes"]
    slow.set()
    ended()
    press(at.run(), "rule_yes")
    assert standing() == (1, None)


def progress(at: AppTest) -> str:
    return " ".join(one.proto.text for one in at.get("progress"))


def ended() -> None:
    for thread in threading.enumerate():
        if thread.name.startswith("loopdesk-rule_"):
            thread.join(20)


def test_who_would_be_overrun_is_said() -> None:
    ann = person("csm", name="Ann Bell")
    with transaction() as session:
        for n in range(3):
            make.response(session, n, contact_id=make.contact(session).id)
    give = {"do": "assign", "to": "user", "id": ann.id}
    at = opened(person(), rule=str(kept(actions=[OPEN, give])))
    press(at, "simulate")
    assert "Ann Bell would have got 3 cases, and reached the customers of 0" in texts(at)
    assert table(at, "Cases for each person")[0][:2] == ["Ann Bell", "3"]


def test_a_version_that_cannot_be_read_any_more_breaks_no_page() -> None:
    with transaction() as session:
        mailing(session)
    one = kept(live=True, conditions=[LOW], actions=[OPEN, THANK])
    answered(NOW, {"score": 1, "email": "a@example.com"})
    turn(NOW)
    with transaction() as session:
        session.execute(sa.text("UPDATE rule_version SET body = '[{\"x\": 1}]'"))
    at = opened(person(), rule=str(one))
    assert "Add an action" in texts(at)
    assert "of a version that cannot be read any more" in " ".join(table(at, "Firings")[0])
    at = open_page(person(), "case.py", {"number": "1"})
    assert not at.exception
    assert "A message of a version that cannot be read any more" in texts(at)
