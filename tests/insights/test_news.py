"""What is new since a page was drawn, on both engines."""

from sqlmodel import Session

from db.engine import version
from services.insights import news as module
from services.insights.news import news
from tests import builders as make


def test_only_what_came_after_is_new(session: Session) -> None:
    make.response(session, 9)
    drawn = version(session)
    assert news(session, make.actor("csm"), since=drawn) == 0
    make.response(session, 3)
    make.response(session, 4)
    assert news(session, make.actor("csm"), since=drawn) == 2


def test_news_of_other_units_are_nobody_elses(session: Session) -> None:
    mine, other = make.unit(session, "EMEA"), make.unit(session, "APAC")
    drawn = version(session)
    make.response(session, 3, unit_id=mine.id)
    make.response(session, 3, unit_id=other.id)
    make.response(session, 3)
    assert news(session, make.actor("csm", units=(mine.id,)), since=drawn) == 1
    assert news(session, make.actor("csm", units=()), since=drawn) == 0


def test_very_many_are_not_counted_to_the_end(session: Session, monkeypatch: object) -> None:
    monkeypatch.setattr(module, "MOST", 3)  # type: ignore[attr-defined]
    for _ in range(6):
        make.response(session, 3)
    assert news(session, make.actor(), since=0) == 4
