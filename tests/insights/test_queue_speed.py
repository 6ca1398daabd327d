"""What keeps lists quick at any size: each page reads its index, a search finds what it finds once.

Plans are those of SQLite, which plans an empty table as it plans a large one.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlmodel import Session

from db.models import Delivery
from services.access import Actor
from services.domain.syncing import Waits
from services.insights import delivery_rows
from services.insights.case_filter import NOBODY, CaseFilter, View
from services.insights.queue import QueuePage, queue, view_counts
from tests import builders as make
from tests.builders import NOW

LEAD = make.actor("manager")
HOUR = timedelta(hours=1)


def plans(desk: sa.Engine, ask: Callable[[Session], Any]) -> list[str]:
    """How SQLite goes about each statement of `ask`, the statements that read settings apart."""
    said: list[tuple[str, Any]] = []

    def note(_c: Any, _cursor: Any, statement: str, values: Any, *_more: Any) -> None:
        said.append((statement, values))

    sa.event.listen(desk, "before_cursor_execute", note)
    with Session(desk) as session:
        ask(session)
    sa.event.remove(desk, "before_cursor_execute", note)
    with desk.connect() as connection:
        found = [
            connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values).all()
            for statement, values in said
            if statement.startswith(("SELECT", "WITH"))
        ]
    return ["\n".join(str(row[-1]) for row in rows) for rows in found if rows]


def of_page(asked: CaseFilter) -> Callable[[Session], QueuePage]:
    return lambda session: queue(session, LEAD, asked, now=NOW, me=1)


@pytest.mark.parametrize(
    "asked",
    [
        CaseFilter(),
        CaseFilter(View.UNASSIGNED),
        CaseFilter(owners=(NOBODY,)),
        CaseFilter(owners=(NOBODY, 3)),
    ],
    ids=str,
)
def test_a_page_is_read_in_its_order_and_counted_from_the_index_alone(
    sqlite_desk: sa.Engine, asked: CaseFilter
) -> None:
    page, count = [plan for plan in plans(sqlite_desk, of_page(asked)) if "ix_case" in plan]
    assert "SCAN case USING INDEX ix_case_queue" in page and "TEMP B-TREE" not in page
    assert "SCAN case USING COVERING INDEX ix_case_" in count


@pytest.mark.parametrize("view", [View.OPEN, View.RESOLVED, View.ANY], ids=str)
def test_what_waits_for_a_decision_is_found_by_its_own_small_index(
    sqlite_desk: sa.Engine, view: View
) -> None:
    found = plans(sqlite_desk, of_page(CaseFilter(view, waits=(Waits.CHANGED,))))
    page, count = [plan for plan in found if "case" in plan]
    for plan in (page, count):
        assert "SEARCH case USING INDEX ix_case_two_sides (two_sides=?)" in plan


def test_the_tabs_are_counted_from_the_index_alone(sqlite_desk: sa.Engine) -> None:
    found = plans(sqlite_desk, lambda session: view_counts(session, LEAD, now=NOW, me=1))
    all_, mine, escalated = [plan for plan in found if "ix_case" in plan]
    assert "SCAN case USING COVERING INDEX ix_case_queue" in all_
    assert "SEARCH case USING COVERING INDEX ix_case_assignee" in mine
    assert "SEARCH case USING COVERING INDEX ix_case_escalated" in escalated


def test_what_is_counted_already_is_not_counted_again(sqlite_desk: sa.Engine) -> None:
    found = plans(
        sqlite_desk, lambda session: queue(session, LEAD, CaseFilter(), now=NOW, me=1, known=7)
    )
    (page,) = [plan for plan in found if "ix_case" in plan]
    assert "SCAN case USING INDEX ix_case_queue" in page


def test_a_search_looks_for_people_and_words_once(sqlite_desk: sa.Engine) -> None:
    found = "\n".join(plans(sqlite_desk, of_page(CaseFilter(text="export"))))
    assert found.count("SCAN contact") == 1
    assert found.count("response_fts VIRTUAL TABLE") == 1
    assert "MULTI-INDEX OR" not in found


def test_pages_of_a_search_turn_without_losing_or_doubling_any(session: Session) -> None:
    for n in range(7):
        make.case(session, 6, comment="The export is slow", now=NOW - (n // 3) * HOUR)
    make.case(session, 6, comment="Something else")

    def asked(view: View, **more: Any) -> QueuePage:
        text = CaseFilter(view, text="export", scores=(6,))
        return queue(session, LEAD, text, now=NOW, me=None, size=3, **more)

    for view in (View.OPEN, View.ANY):
        page, seen, firsts = asked(view), list[int](), list[int]()
        while True:
            seen += [row.number for row in page.rows]
            firsts.append(page.first)
            assert page.total == 7
            if page.on is None:
                break
            page = asked(view, cursor=page.on)
        assert firsts == [1, 4, 7] and sorted(seen) == [1, 2, 3, 4, 5, 6, 7]
        back = asked(view, cursor=page.back)
        assert [row.number for row in back.rows] == seen[3:6]
        assert (back.first, back.last, back.total) == (4, 6, 7)
        assert back.back is not None and asked(view, cursor=back.back).first == 1


@pytest.mark.parametrize("who", [make.actor("admin"), make.actor("csm")], ids=("admin", "csm"))
def test_tabs_of_deliveries_are_counted_from_the_index_alone(
    sqlite_desk: sa.Engine, who: Actor
) -> None:
    def tabs(session: Session) -> Any:
        return delivery_rows.tabs(session, who, delivery_rows.Wanted())

    found = plans(sqlite_desk, tabs)
    assert len(found) == 2
    for plan in found:
        assert "delivery USING COVERING INDEX ix_delivery_state" in plan


def test_a_list_of_deliveries_is_read_in_its_order_and_its_lanes_by_their_index(
    sqlite_desk: sa.Engine,
) -> None:
    with Session(sqlite_desk) as session:
        for k in range(2):
            owed = Delivery(
                idem_key=f"k{k}", vendor="slack", action="post", lane="slack:1", payload={},
                not_before=NOW,
            )  # fmt: skip
            session.add(owed)
        session.commit()

    def listed(session: Session) -> Any:
        return delivery_rows.listed(session, make.actor("csm"), delivery_rows.Wanted())

    rows, *_, lanes = [plan for plan in plans(sqlite_desk, listed) if "delivery" in plan]
    assert "TEMP B-TREE" not in rows and "MULTI-INDEX" not in rows
    assert "USING INDEX ix_delivery_lane (lane=?)" in lanes
