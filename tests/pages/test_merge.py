"""On the case: what it can be merged with, what is split off, where an old number leads."""

from datetime import timedelta

import pytest
import streamlit as st
from sqlmodel import select
from streamlit.testing.v1 import AppTest

from db.engine import transaction
from db.models import Case, User
from pages._merge import _brief
from services.access import actor_for
from services.cases import merging
from tests import builders as make
from tests.builders import NOW
from tests.pages.app import marked_up, notices, open_page, said_last
from tests.pages.test_trends import EVIL, clock, parts, url

__all__ = ["clock"]
pytestmark = pytest.mark.usefixtures("sqlite_desk", "clock")


@pytest.fixture
def max_() -> User:
    """A manager of a desk with two cases of one company, the second with two answers."""
    with transaction() as session:
        acme = make.account(session, EVIL)
        for n, name in enumerate(("Dana", EVIL)):
            who = make.contact(session, f"d{n}@example.com", name=name, account_id=acme.id)
            for k in range(n + 1):
                at = NOW - timedelta(hours=9 - 2 * n - k)
                make.case(session, 3, contact_id=who.id, account_id=acme.id, comment=EVIL, now=at)
        return make.user(session, "manager", name="Max Sol")


def cases() -> dict[int, Case]:
    with transaction() as session:
        return {case.number: case for case in session.exec(select(Case))}


def said(at: AppTest) -> list[str]:
    return [text.value for text in at.text]


def titles(at: AppTest) -> list[str]:
    return [facts["title"] for facts in parts(at, "facts")]


def test_a_case_offers_the_open_ones_of_the_same_company_and_takes_them_in(
    max_: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = open_page(max_, "case.py", {"number": "1"})
    assert not at.exception and EVIL not in marked_up(at)
    assert "Open, of the same person or company" in [one.value for one in at.header]
    at.button(key="into_1_2").click().run()
    assert said_last(at) == "Case 2: Case 1 was merged into it." and notices(at)["undo"]
    assert url(at) == {"number": ["2"]} and cases()[1].merged_into == cases()[2].id
    tabs: list[str] = []
    monkeypatch.setattr(st, "set_page_config", lambda **how: tabs.append(how["page_title"]))
    old = open_page(max_, "case.py", {"number": "1"})
    assert tabs[-1] == "Case 2 - Loopdesk"
    assert "Case 1 was merged into case 2, which is shown here." in said(old)
    assert titles(old)[0].startswith("Case 2:") and not old.exception
    panel = open_page(max_, "case_queue.py", {"view": "any", "case": "1"})
    assert titles(panel)[0].startswith("Case 2:") and not panel.exception


def test_who_was_slower_is_told_so(max_: User) -> None:
    at = open_page(max_, "case.py", {"number": "1"})
    version = cases()[2].version
    with transaction() as session:
        who = actor_for(session, max_)
        merging.split(session, who, 2, responses=[2], version=version, now=NOW)
    at.button(key="into_2_1").click().run()
    assert "changed while you looked at it" in said_last(at)
    assert cases()[2].merged_into is None


def test_answers_are_chosen_and_split_off(max_: User) -> None:
    at = open_page(max_, "case.py", {"number": "2"})
    key = f"split_2_{cases()[2].version}"
    boxes = {one.key: one for one in at.checkbox if one.key and one.key.startswith(key)}
    assert boxes.keys() == {f"{key}_2", f"{key}_3"} and EVIL not in marked_up(at)
    assert not any(EVIL[:3] in one.label for one in boxes.values())
    at.button(key=f"{key}_do").click().run()
    assert "Choose answers of this case. Nothing was changed." in said(at)
    for box in boxes.values():
        at.checkbox(key=box.key).check()
    at.run().button(key=f"{key}_do").click().run()
    stay = "must stay on this case. Nothing was changed."
    assert [one for one in said(at) if one.endswith(stay)] and said_last(at) == ""
    assert at.checkbox(key=f"{key}_3").value  # what was ticked stays so
    at.checkbox(key=f"{key}_2").uncheck()
    at.button(key=f"{key}_do").click().run()
    assert said_last(at) == "Case 2: Split off as case 3."
    assert cases()[3].reason_key == "second"


def test_who_splits_too_late_is_told_in_the_corner(max_: User) -> None:
    at = open_page(max_, "case.py", {"number": "2"})
    version = cases()[2].version
    with transaction() as session:
        merging.split(session, actor_for(session, max_), 2, responses=[2], version=version, now=NOW)
    at.checkbox(key=f"split_2_{version}_3").check()
    at.button(key=f"split_2_{version}_do").click().run()
    assert "changed while you looked at it" in said_last(at)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("short\n\nand  sweet", "short and sweet"),
        ("word " * 12, ("word " * 12).strip()),
        ("word " * 11 + "wordword", "word " * 10 + "word\N{HORIZONTAL ELLIPSIS}"),
        ("x" * 61, "x" * 59 + "\N{HORIZONTAL ELLIPSIS}"),
    ],
)
def test_what_somebody_wrote_is_cut_between_words(text: str, shown: str) -> None:
    assert _brief(text) == shown


def test_support_is_offered_nothing_to_merge(max_: User) -> None:
    with transaction() as session:
        bob = make.user(session, "support")
    at = open_page(bob, "case.py", {"number": "2"})
    assert not at.exception
    assert not [one for one in at.button if one.key and one.key.startswith(("into", "split"))]
    assert max_.name == "Max Sol"
