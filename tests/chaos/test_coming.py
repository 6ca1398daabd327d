"""The judge of what came in finds each broken promise: `make chaos` relies on it."""

from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from sqlmodel import select

from db.engine import transaction
from db.models import Message
from tests.chaos.coming import WRONG, Came, _size, judge
from tests.inbound.there import There, at_zendesk
from tests.standins.agents import Done


@pytest.fixture
def there(sqlite_desk: sa.Engine) -> Iterator[There]:
    assert sqlite_desk
    with at_zendesk() as there:
        yield there


def noted(there: There, text: str) -> Done:
    """An agent leaves a note there, and the desk hears of it."""
    there.does(there.ana, comment={"html_body": f"<p>{text}</p>", "public": False})
    there.told(text)
    there.takes()
    return Done("note", text)


def broken(there: There, done: list[Done], before: int) -> set[str]:
    came = Came()
    judge(came, [there], {there.thread: done}, {there.thread: before})
    assert came.kept is not any(came.wrong.values())
    return {name for name in WRONG if came.wrong[name]}


def test_what_was_taken_in_once_breaks_nothing_and_everything_else_is_found(there: There) -> None:
    before = _size(there)
    done = [noted(there, "We look into it")]
    assert broken(there, done, before) == set()
    assert broken(there, [*done, Done("note", "Never came")], before + 1) == {"lost", "echoed"}
    assert broken(there, done, before - 1) == {"echoed"}
    with transaction() as session:
        note = session.exec(select(Message).where(Message.kind == "note")).one()
        session.add(Message(case_id=note.case_id, kind="note", body=note.body))
    assert broken(there, done, before) == {"doubled"}
    there.does(there.ana, assignee_id=there.ana)
    assert broken(there, [*done, Done("owner")], before) == {"doubled", "unequal"}
