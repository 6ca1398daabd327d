"""Differences: what a comparison found, what can be done about it, and who may."""

from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import select

from db.engine import transaction
from db.models import Case, Delivery, Difference, Integration, Reconciliation, User
from services.insights.differences import told
from tests import builders as make
from tests.builders import NOW
from tests.pages.app import open_page, said_last
from tests.pages.test_trends import clock

__all__ = ["clock"]
pytestmark = pytest.mark.usefixtures("sqlite_desk", "clock")
PAGE = "reconciliation.py"


def person(role: str) -> User:
    with transaction() as session:
        return make.user(session, role)


def different(kind: str = "missing", **data: Any) -> int:
    """A note that a comparison found otherwise; the id of the difference."""
    with transaction() as session:
        case = make.case(session)
        sent = Delivery(idem_key=f"k{case.id}", vendor="zendesk", action="note", state="sent",
                        not_before=NOW, case_id=case.id, payload={"text": "Called"},
                        link="https://acme.zendesk.com/agent/tickets/7")  # fmt: skip
        run = Reconciliation(vendor="zendesk", started_at=NOW, ended_at=NOW, looked=4,
                             cannot=2, differences=1)  # fmt: skip
        session.add_all((sent, run))
        session.flush()
        row = Difference(
            run_id=run.id or 0, found_at=NOW - timedelta(hours=2), vendor="zendesk",
            case_id=case.id, delivery_id=sent.id or 0, kind=kind, data=data,
        )  # fmt: skip
        session.add(row)
        session.flush()
        return row.id or 0


def settled(id_: int) -> str | None:
    with transaction() as session:
        return session.get_one(Difference, id_).how


def texts(at: Any) -> str:
    return "\n".join(str(one.value) for one in at.text)


def test_a_desk_that_compared_nothing_says_what_would_stand_here() -> None:
    at = open_page(person("manager"), PAGE)
    assert not at.exception
    assert [head.value for head in at.header] == ["Nothing was compared yet"]
    assert "deleted, made twice or solved" in texts(at)
    ways = [link.proto.label for link in open_page(person("admin"), PAGE).get("page_link")]
    assert "See what is connected" in ways, "with or without a vendor that is true"


def test_a_difference_says_both_sides_and_can_be_accepted() -> None:
    id_ = different("state", ended=True, ours=False)
    at = open_page(person("manager"), PAGE)
    assert "We say: the case is open. Zendesk says: ended." in texts(at)
    assert "Done: 4 looked up, 1 difference, 2 others cannot be looked up." in texts(at)
    assert not [button for button in at.button if button.key == f"again_{id_}"]
    at.button(key=f"accept_{id_}").click().run()
    assert settled(id_) == "accepted" and said_last(at) == "Left as it is."
    assert [head.value for head in at.header][0] == "Nothing differs"


@pytest.mark.parametrize(
    ("vendor", "n", "said"),
    [("zendesk", 1, "1 other"), ("email", 1, "1 e-mail"), ("webhook", 1_200, "1,200 events")],
)
def test_what_cannot_be_looked_up_is_counted_in_its_own_word(
    vendor: str, n: int, said: str
) -> None:
    run = Reconciliation(vendor=vendor, started_at=NOW, ended_at=NOW, cannot=n)
    assert told(run) == f"Done: 0 looked up, 0 differences, {said} cannot be looked up."


def test_what_is_missing_is_sent_again_once() -> None:
    id_ = different()
    with transaction() as session:
        session.add(Integration(name="zendesk", connected_at=NOW))
    at = open_page(person("admin"), PAGE)
    assert "We say: sent once. Zendesk says: not there." in texts(at)
    at.button(key=f"again_{id_}").click().run()
    with transaction() as session:
        assert session.exec(select(Delivery.state)).one() == "pending"
        assert session.exec(select(Case)).one()
    assert settled(id_) == "sent_again" and said_last(at) == "It is sent again."


def test_comparing_is_begun_and_shown_as_under_way() -> None:
    with transaction() as session:
        session.add(Integration(name="slack", connected_at=NOW))
    at = open_page(person("admin"), PAGE)
    at.button(key="compare").click().run()
    with transaction() as session:
        assert session.exec(select(Reconciliation.vendor, Reconciliation.ended_at)).all() == [
            ("slack", None)
        ]
    assert at.button(key="compare").disabled and "Under way" in texts(at)


def test_with_nobody_connected_it_says_so() -> None:
    at = open_page(person("admin"), PAGE)
    at.button(key="compare").click().run()
    assert "nobody to compare with" in said_last(at)


@pytest.mark.parametrize("role", ["csm", "support"])
def test_it_is_not_for_those_who_do_not_lead(role: str) -> None:
    different()
    at = open_page(person("manager"), PAGE)
    assert at.title[0].value == "Differences"
    with pytest.raises(ValueError, match="Could not find"):
        open_page(person(role), PAGE)
