"""Who may be given a case, and whether they are here."""

from datetime import UTC, datetime, timedelta

from sqlmodel import Session

from services import settings
from services.insights.desk_people import desk
from tests import builders as make
from tests.builders import NOW


def test_who_is_away_is_called_so_until_they_are_back(session: Session) -> None:
    settings.put(session, "reporting_zone", "Asia/Tokyo", actor_id=None, now=NOW)
    back = datetime(2026, 6, 30, 15, tzinfo=UTC)  # midnight there
    ann = make.user(session, name="Ann", absent_until=back)
    bob = make.user(session, name="Bob")
    known = desk(session, make.actor("csm"))
    assert known.called(ann.id, NOW) == "Ann (away until 1 Jul)"
    assert known.called(ann.id, back + timedelta(minutes=1)) == "Ann"
    assert (known.called(bob.id, NOW), known.called(None, NOW)) == ("Bob", "Nobody")
