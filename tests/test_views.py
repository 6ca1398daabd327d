"""Saved views: whose they are, who shares them, what they count, and what is remembered."""

import pytest
from sqlmodel import Session, select

from db.models import Audit, SavedView, User
from services import views
from services.access import Actor, Forbidden, Refused, actor_for
from services.cases import verbs
from services.insights.case_filter import CaseFilter, View
from tests import builders as make
from tests.builders import NOW

FILTER = CaseFilter(View.ANY, scores=(1, 2), text="late & odd")


@pytest.fixture
def people(session: Session) -> dict[str, Actor]:
    roles = ("manager", "csm", "support")
    return {role: actor_for(session, make.user(session, role, name=role)) for role in roles}


def save(session: Session, who: Actor, name: str = "Odd", **given: object) -> int:
    return views.save(session, who, name=name, filter=FILTER, now=NOW, **given)  # type: ignore[arg-type]


def names(session: Session, who: Actor) -> list[str]:
    return [one.name for one in views.listed(session, who, now=NOW, me=who.id)]


def test_a_view_is_its_owners_until_it_is_shared(
    session: Session, people: dict[str, Actor]
) -> None:
    boss, csm = people["manager"], people["csm"]
    key = save(session, boss)
    assert (names(session, boss), names(session, csm)) == (["Odd"], [])
    (mine,) = views.listed(session, boss, now=NOW, me=boss.id)
    assert (mine.filter, mine.mine, mine.shared) == (FILTER, True, False)
    assert views.share(session, boss, key, now=NOW)
    (theirs,) = views.listed(session, csm, now=NOW, me=csm.id)
    assert (theirs.mine, theirs.shared, theirs.owner) == (False, True, "manager")
    with pytest.raises(Forbidden, match="changed by a manager"):
        views.rename(session, csm, key, name="Mine now", now=NOW)
    views.keep_private(session, boss, key, now=NOW)
    assert names(session, csm) == []
    with pytest.raises(Refused, match="no such view"):
        views.remove(session, csm, key, now=NOW)
    trail = session.exec(select(Audit.verb).order_by(Audit.id)).all()  # type: ignore[arg-type]
    assert trail == ["view.shared", "view.unshared"]


def test_a_csm_proposes_and_a_manager_decides(session: Session, people: dict[str, Actor]) -> None:
    boss, csm, support = people.values()
    key = save(session, csm, share=True)
    (asked,) = views.listed(session, boss, now=NOW, me=boss.id)
    assert (asked.proposed, asked.shared, names(session, support)) == (True, False, [])
    with pytest.raises(Refused, match="no such view"):
        views.share(session, people["csm"], key + 1, now=NOW)
    assert views.share(session, boss, key, now=NOW) and names(session, support) == ["Odd"]
    other = save(session, csm, "Other", share=True)
    views.keep_private(session, boss, other, now=NOW)
    assert "Other" not in names(session, boss) and "Other" in names(session, csm)
    with pytest.raises(Forbidden):
        save(session, support, share=True)
    with pytest.raises(Forbidden):
        views.share(session, support, save(session, support, "Own"), now=NOW)


def test_a_name_is_used_once_and_says_something(session: Session, people: dict[str, Actor]) -> None:
    csm = people["csm"]
    key = save(session, csm)
    for name, why in (("ODD", "of this name already"), ("  ", "visible"), ("x" * 41, "visible")):
        with pytest.raises(Refused, match=why):
            save(session, csm, name)
    views.rename(session, csm, key, name="odd", now=NOW)
    assert names(session, csm) == ["odd"]
    views.remove(session, csm, key, now=NOW)
    assert session.exec(select(SavedView)).all() == []
    for n in range(views.MOST):
        save(session, csm, f"v{n}")
    with pytest.raises(Refused, match="30 views already"):
        save(session, csm, "one more")


def test_a_view_counts_what_its_reader_would_see(
    session: Session, people: dict[str, Actor], monkeypatch: pytest.MonkeyPatch
) -> None:
    boss, csm = people["manager"], people["csm"]
    for score in (2, 2, 5):
        make.case(session, score)
    verbs.assign(session, csm, 1, to=csm.id, version=1, now=NOW)
    for name, filter in (("low", CaseFilter(scores=(2,))), ("mine", CaseFilter(View.MINE))):
        views.save(session, boss, name=name, filter=filter, now=NOW, share=True)

    def counts(who: Actor) -> dict[str, int]:
        return {one.name: one.n for one in views.listed(session, who, now=NOW, me=who.id)}

    assert (counts(boss), counts(csm)) == ({"low": 2, "mine": 0}, {"low": 2, "mine": 1})
    monkeypatch.setattr(views, "COUNTED", 1)
    assert counts(csm) == {"low": 1, "mine": 1}


def test_what_was_chosen_last_is_remembered_without_its_words(
    session: Session, people: dict[str, Actor]
) -> None:
    csm = people["csm"]
    assert views.remembered(session, csm) is None
    views.remember(session, csm, FILTER)
    assert views.remembered(session, csm) == FILTER.narrowed(text="")
    row = session.get_one(User, csm.id)
    row.last_view = "view=nowhere&owner=x"  # of a desk that knew more
    assert views.remembered(session, csm) == CaseFilter()
