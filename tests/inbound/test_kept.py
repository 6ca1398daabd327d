"""What came in is forgotten after a time, and nothing that it did is done again for that."""

from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from db.engine import transaction
from services.retention import running
from tests.inbound.there import There, at_zendesk


@pytest.fixture
def there(desk: sa.Engine) -> Iterator[There]:
    assert desk
    with at_zendesk() as there:
        yield there


def says(there: There, text: str) -> None:
    there.does(there.ana, comment={"html_body": f"<p>{text}</p>", "public": True})
    there.told(f"hook:{text}")
    there.takes()


def forgets(there: There, months: int) -> None:
    place: running.Place | None = running.Place()
    while place is not None:
        with transaction() as session:
            place = running.lot(session, {"inbound": months}, place, there.now)


def test_a_thread_whose_rows_were_removed_is_not_applied_a_second_time(there: There) -> None:
    says(there, "Hello")
    there.passes(days=100)
    forgets(there, 3)
    assert there.rows() == []
    says(there, "Again")
    assert [body for _, _, body in there.messages()] == ["Hello", "Again"]


def test_nor_is_it_once_more_is_kept_than_was_when_they_were_removed(there: There) -> None:
    says(there, "Hello")
    there.passes(days=100)
    forgets(there, 3)
    says(there, "Again")
    there.passes(days=50)
    forgets(there, 12)
    says(there, "Third")
    assert [body for _, _, body in there.messages()] == ["Hello", "Again", "Third"]


def test_what_was_done_while_the_desk_was_away_is_still_caught_up_with(there: There) -> None:
    says(there, "Hello")
    there.passes(days=100)
    forgets(there, 3)
    there.does(there.ana, comment={"html_body": "<p>Away</p>", "public": True})
    there.passes(days=5)
    says(there, "Back")
    assert [body for _, _, body in there.messages()] == ["Hello", "Away", "Back"]
