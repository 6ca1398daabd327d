"""The order of the queue: its weights on Settings, and why a case stands where it does."""

import json
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlmodel import select
from streamlit.testing.v1 import AppTest

from db.engine import transaction
from db.models import Case, RootCause, User
from pages import _door
from services import settings
from services.cases import verbs
from tests import builders as make
from tests.builders import NOW
from tests.pages.app import marked_up, open_page

pytestmark = pytest.mark.usefixtures("sqlite_desk")
EVIL = "<b>![x](http://evil.example)"


@pytest.fixture(autouse=True)
def _clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_door, "clock", lambda: NOW)


def somebody(role: str = "admin") -> User:
    with transaction() as session:
        return make.user(session, role)


def two_cases() -> None:
    with transaction() as session:
        for name, arr, score in ((EVIL, 13_000, 0), ("Big", 100_000, 6)):
            account = make.account(session, name, arr=Decimal(arr), currency="EUR")
            make.case(session, score, account_id=account.id)


def press(at: AppTest, label: str, **typed: Any) -> AppTest:
    for name, value in typed.items():
        at.number_input(key=f"w_{name}").set_value(value)
    next(button for button in at.button if button.label == label).click()
    at.run()
    assert not at.exception
    return at


def texts(at: AppTest) -> str:
    return "\n".join(text.value for text in at.text)


def parts(at: AppTest, name: str, *, join: bool = True) -> Any:
    """What the components of this name were given."""
    protos = [element.proto for element in at.get("bidi_component")]
    found = [p.json for p in protos if p.component_name == f"loopdesk.{name}"]
    return "".join(found) if join else found


def kept(key: str) -> Any:
    with transaction() as session:
        return settings.get(session, key)


def first() -> int:
    with transaction() as session:
        return session.exec(select(Case.number).order_by(Case.rank_at)).first() or 0  # type: ignore[arg-type]


def test_the_weights_are_shown_as_they_stand() -> None:
    at = open_page(somebody(), "desk_settings.py")
    assert {box.key: box.value for box in at.number_input if box.key.startswith("w_")} == {
        "w_value": 24, "w_renewal": 72, "w_asked": 24, "w_flip": 24, "w_depth": 36,
        "w_repeated": 12, "w_tenure": 8, "w_large": 50_000,
    }  # fmt: skip


def test_a_change_is_shown_before_it_is_saved() -> None:
    two_cases()
    at = press(open_page(somebody(), "desk_settings.py"), "Show what it would change", value=0.0)
    assert "2 of 2 open cases would stand elsewhere" in texts(at)
    assert (kept("priority_weights"), first()) == ({}, 2)
    assert "evil" not in marked_up(at)
    press(at, "Save")
    assert (kept("priority_weights"), first()) == ({"value": 0}, 1)
    assert [toast.value for toast in at.toast] == ["Saved. 2 open cases have other reasons."]
    assert "would stand elsewhere" not in texts(at)


def test_nothing_would_move_where_no_case_is_open() -> None:
    at = press(open_page(somebody(), "desk_settings.py"), "Show what it would change", value=1.0)
    assert "No case is open: nothing would move." in texts(at)


def test_other_currencies_are_typed_a_line_each() -> None:
    at = open_page(somebody(), "desk_settings.py")
    at.text_area(key="w_codes").set_value("usd 55000\n\nJPY 8000000")
    press(at, "Save")
    assert kept("large_by_currency") == {"JPY": 8_000_000, "USD": 55_000}


@pytest.mark.parametrize("typed", ["USD", "USD lots", "Dollar 5", "USD -5"])
def test_what_is_no_amount_is_refused_and_stays_typed(typed: str) -> None:
    at = open_page(somebody(), "desk_settings.py")
    at.text_area(key="w_codes").set_value(typed)
    press(at, "Save")
    assert kept("large_by_currency") == {} and at.text_area(key="w_codes").value == typed
    assert len(at.error) == 1 and at.error[0].value.endswith("Nothing was changed.")


def test_who_was_demoted_meanwhile_saves_nothing() -> None:
    admin = somebody()
    at = open_page(admin, "desk_settings.py")
    with transaction() as session:
        make.user(session, "admin")
        session.get_one(User, admin.id).role = "csm"
    at.number_input(key="w_value").set_value(0.0)
    next(button for button in at.button if button.label == "Save").click()
    at.run()
    assert kept("priority_weights") == {}


def test_a_fall_from_promoter_is_an_alarm_on_the_case_until_it_is_done() -> None:
    with transaction() as session:
        dana = make.contact(session)
        make.response(session, 9, contact_id=dana.id, answered_at=NOW - timedelta(days=40))
        make.case(session, 5, contact_id=dana.id)
        make.case(session, 5)
    user = somebody("csm")
    heads = [parts(open_page(user, "case.py", {"number": str(n)}), "facts") for n in (1, 2)]
    assert ["fell from promoter" in head for head in heads] == [True, False]
    beside = parts(open_page(user, "case_queue.py", {"case": "1"}), "facts")
    assert "fell from promoter" in beside
    rows = parts(open_page(user, "case_queue.py"), "queue")
    assert rows.count("fell from promoter") == 1
    with transaction() as session:
        why = session.exec(select(RootCause.id)).first() or 0
        verbs.resolve(
            session, make.actor(), 1, outcome="solved", root_cause_id=why, version=1, now=NOW
        )
    assert "fell from" not in parts(open_page(user, "case.py", {"number": "1"}), "facts")


def test_why_here_adds_up_on_the_page() -> None:
    two_cases()
    at = open_page(somebody("support"), "case.py", {"number": "2"})
    assert "Moves it" not in parts(at, "table")  # worked out only when somebody looks
    at.session_state["why_here"] = True
    at.run()
    assert not at.exception
    (table,) = [json.loads(t) for t in parts(at, "table", join=False) if "Moves it" in t]
    told = [row["cells"] for row in table["rows"]]
    assert told[0][0] == "First contact due" and told[-1][0] == "So it stands as if due"
    assert told[1:-1] == [["100k EUR a year", "72 h up"]]
    assert "Place 1 of 2 open cases." in texts(at)
