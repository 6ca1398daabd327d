"""Tags as words of the desk: renamed, made one and removed, while journals and views stay true."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlmodel import Session, col, select

from db.engine import version
from db.models import Audit, Case, Tag, User
from services import views
from services.access import Actor, Forbidden, Refused, actor_for
from services.cases import merging, tag_words, tagging, verbs, words
from services.cases.journal import journal
from services.cases.tag_words import Carried
from services.cases.undo import possible, undo
from services.domain import tag_names
from services.insights.case_filter import CaseFilter
from tests import builders as make
from tests.builders import NOW


@pytest.fixture
def boss(session: Session) -> Actor:
    return actor_for(session, make.user(session, "manager", name="Max Boss"))


@pytest.fixture
def ids(session: Session, boss: Actor) -> dict[str, int]:
    """Four cases, the third resolved: "export" on 1, 2, 3, "exports" on 3 and 4."""
    for _ in range(4):
        make.case(session)
    for name, numbers in (("export", (1, 2, 3)), ("exports", (3, 4))):
        for number in numbers:
            tagging.tag(session, boss, number, name=name, now=NOW)
    given: dict[str, Any] = {"outcome": "solved", "root_cause_id": 1, "version": 3}
    verbs.resolve(session, boss, 3, now=NOW, **given)
    return {name: key for key, name in tagging.in_use(session, boss).items()}


def on(session: Session) -> dict[int, list[str]]:
    """The tags of each case."""
    known = tagging.in_use(session, make.actor())
    numbers = session.exec(select(Case.number, Case.id).order_by(col(Case.number)))
    return {n: sorted(known[t] for t in tagging.of_case(session, key or 0)) for n, key in numbers}


def told(session: Session, number: int) -> list[str]:
    events = [event for event in journal(session, number) if event.kind == "tagged"]
    return words.sentences(session, events, NOW.tzinfo)  # type: ignore[arg-type]


def test_each_tag_says_how_many_cases_carry_it(
    session: Session, boss: Actor, ids: dict[str, int]
) -> None:
    tagging.tag(session, boss, 4, name="Alone", now=NOW)
    tagging.untag(session, boss, 4, name="Alone", now=NOW)
    found = {name: cases for _, name, cases in tag_words.kept(session, boss)}
    assert found == {"Alone": Carried(), "export": Carried(2, 1), "exports": Carried(1, 1)}
    assert list(found) == ["Alone", "export", "exports"]
    assert tag_words.carried(session, boss, (ids["export"], ids["exports"])) == Carried(3, 1)
    csm = make.actor("csm", units=())
    assert all(cases.all == 0 for _, _, cases in tag_words.kept(session, csm))


def test_a_tag_is_renamed_wherever_it_stands(
    session: Session, boss: Actor, ids: dict[str, int]
) -> None:
    before = version(session)
    tag_words.rename(session, boss, ids["export"], name=" Data  export ", now=NOW)
    assert on(session) == {
        1: ["Data export"], 2: ["Data export"], 3: ["Data export", "exports"], 4: ["exports"],
    }  # fmt: skip
    assert told(session, 1) == ["Max Boss tagged it Data export"] and version(session) > before
    tag_words.rename(session, boss, ids["exports"], name="EXPORTS", now=NOW)
    tagging.tag(session, boss, 4, name="export", now=NOW)  # the old word is free
    assert on(session)[4] == ["EXPORTS", "export"]
    for name in ("data EXPORT", "", "x" * 41):
        with pytest.raises(Refused):
            tag_words.rename(session, boss, ids["exports"], name=name, now=NOW)
    with pytest.raises(Refused, match="no such tag"):
        tag_words.rename(session, boss, 999, name="a", now=NOW)


def test_two_tags_become_one_and_their_cases_keep_it(
    session: Session, boss: Actor, ids: dict[str, int]
) -> None:
    gone, stays = ids["exports"], ids["export"]
    events = len(journal(session, 4))
    assert tag_words.merge(session, boss, gone, into=stays, now=NOW) == Carried(3, 1)
    assert on(session) == dict.fromkeys((1, 2, 3, 4), ["export"])
    assert tagging.in_use(session, boss) == {stays: "export"}
    assert told(session, 4) == ["Max Boss tagged it exports (no longer in use)"]
    assert len(journal(session, 4)) == events
    line = session.exec(select(Audit).order_by(col(Audit.id).desc())).first()
    assert line is not None and (line.verb, line.entity, line.entity_id) == (
        "tag.merge", "tag", gone,
    )  # fmt: skip
    assert line.data == {"into": stays, "cases": 4}
    tagging.tag(session, boss, 4, name="exports", now=NOW)  # the word is free, and another tag
    assert set(tagging.in_use(session, boss)) - {gone, stays}
    with pytest.raises(Refused, match="no such tag"):
        tag_words.merge(session, boss, gone, into=stays, now=NOW)
    with pytest.raises(Refused, match="with another one"):
        tag_words.merge(session, boss, stays, into=stays, now=NOW)


def test_a_removed_tag_is_on_no_case_and_its_id_never_means_another(
    session: Session, boss: Actor, ids: dict[str, int]
) -> None:
    gone = ids["exports"]  # the last one that was made
    assert tag_words.remove(session, boss, gone, now=NOW) == Carried(1, 1)
    assert on(session) == {1: ["export"], 2: ["export"], 3: ["export"], 4: []}
    assert told(session, 4) == ["Max Boss tagged it exports (no longer in use)"]
    tagging.tag(session, boss, 4, name="exports", now=NOW)
    assert on(session)[4] == ["exports"] and gone not in tagging.in_use(session, boss)
    names = session.exec(select(Tag.name).where(Tag.id == gone)).one()
    assert not tag_names.in_use(names)


@pytest.mark.parametrize("end", [tag_words.remove, tag_words.merge])
def test_what_was_done_with_a_tag_that_is_gone_is_not_taken_back(
    session: Session, boss: Actor, ids: dict[str, int], end: Callable[..., Carried]
) -> None:
    off = tagging.untag(session, boss, 4, name="exports", now=NOW)
    case = session.exec(select(Case).where(Case.number == 4)).one()
    assert off.event_id in possible(session, boss, case, journal(session, 4))
    more = {"into": ids["export"]} if end is tag_words.merge else {}
    end(session, boss, ids["exports"], now=NOW, **more)
    with pytest.raises(Refused, match="the tag is no longer in use"):
        undo(session, boss, 4, off.event_id, now=NOW)
    assert possible(session, boss, case, journal(session, 4)) == frozenset()


def test_a_merge_of_cases_is_not_put_in_again_with_a_tag_that_is_gone(
    session: Session, boss: Actor
) -> None:
    firm = make.account(session)
    for _ in range(2):
        make.case(session, account_id=firm.id)
    tagging.tag(session, boss, 1, name="export", now=NOW)
    done = merging.merge(session, boss, 1, into=2, version=2, into_version=1, now=NOW)
    back = undo(session, boss, 2, done.event_id, now=NOW)
    (tag,) = tagging.in_use(session, boss)
    tag_words.remove(session, boss, tag, now=NOW)
    with pytest.raises(Refused, match="its tags changed since"):
        undo(session, boss, 2, back.event_id, now=NOW)


def test_saved_views_ask_for_the_tag_that_stays(
    session: Session, boss: Actor, ids: dict[str, int]
) -> None:
    gone, stays = ids["exports"], ids["export"]
    for name, tags in (("one", (gone,)), ("both", (gone, stays)), ("other", (stays,))):
        filter = CaseFilter(tags=tags, text="late")
        views.save(session, boss, name=name, filter=filter, now=NOW)
    views.remember(session, boss, CaseFilter(tags=(gone,)))
    tag_words.merge(session, boss, gone, into=stays, now=NOW)
    found = views.listed(session, boss, now=NOW, me=boss.id)
    assert {one.filter for one in found} == {CaseFilter(tags=(stays,), text="late")}
    assert views.remembered(session, boss) == CaseFilter(tags=(stays,))
    tag_words.remove(session, boss, stays, now=NOW)
    found = views.listed(session, boss, now=NOW, me=boss.id)
    assert {one.filter.tags for one in found} == {(stays,)}  # the page says that it is gone
    user = session.get_one(User, boss.id)
    assert user.last_view is not None and f"tag={stays}" in user.last_view


@pytest.mark.parametrize("role", ["csm", "support"])
def test_who_does_not_lead_leaves_the_words_alone(
    session: Session, ids: dict[str, int], role: str
) -> None:
    who = make.actor(role)
    for verb, more in (
        (tag_words.rename, {"name": "a"}), (tag_words.remove, {}),
        (tag_words.merge, {"into": ids["export"]}),
    ):  # fmt: skip
        with pytest.raises(Forbidden):
            verb(session, who, ids["exports"], now=NOW, **more)  # type: ignore[operator]
    assert set(tagging.in_use(session, who)) == set(ids.values())
