"""Reading the audit trail."""

from datetime import timedelta

from sqlmodel import Session

from services import audit, people, trail
from services.access import actor_for
from services.trail import Wanted
from tests import builders as make

NOW = make.NOW
ADMIN = make.actor("admin")


def record(session: Session, n: int, verb: str = "key.revoke", actor_id: int | None = None) -> None:
    for step in range(n):
        at = NOW + timedelta(minutes=step)
        audit.record(session, actor_id, verb, now=at, entity="api_key", entity_id=step)


def test_a_line_is_a_sentence_with_ids(session: Session) -> None:
    mia = make.user(session, "admin", name="Mia Keller")
    make.user(session, "admin")
    tom = make.user(session, name="Tom")
    people.disable(session, actor_for(session, mia), tom.id, now=NOW)
    people.change(session, ADMIN, tom.id, role="manager", now=NOW)
    told = [line.what for line in trail.lines(session, ADMIN, Wanted())]
    assert told == [
        f"the desk changed user {tom.id} (fields role, role csm to manager)",
        f"Mia Keller disabled user {tom.id} (sessions ended 0)",
    ]


def test_a_verb_without_words_is_shown_as_it_is(session: Session) -> None:
    audit.record(session, None, "import.odd", now=NOW, entity="import_run", entity_id=3, new=5)
    assert trail.lines(session, ADMIN, Wanted())[0].what == "the desk import.odd import 3 (new 5)"


def test_pages_follow_each_other_without_gap_or_overlap(session: Session) -> None:
    record(session, 25)
    seen: list[int] = []
    before = None
    while page := trail.lines(session, ADMIN, Wanted(), before_id=before, limit=10):
        seen += [line.id for line in page]
        before = page[-1].id
    assert len(seen) == 25
    assert seen == sorted(set(seen), reverse=True)


def test_lines_can_be_narrowed_to_a_verb_a_person_and_a_time(session: Session) -> None:
    mia = make.user(session, name="Mia")
    record(session, 3)
    record(session, 2, "key.add", mia.id)
    assert trail.count(session, ADMIN, Wanted()) == 5
    assert trail.count(session, ADMIN, Wanted(verb="key.add")) == 2
    assert trail.count(session, ADMIN, Wanted(person=mia.id)) == 2
    assert trail.count(session, ADMIN, Wanted(person=0)) == 3
    later = NOW + timedelta(minutes=1)
    assert trail.count(session, ADMIN, Wanted(start=later)) == 3
    assert trail.count(session, ADMIN, Wanted(end=later)) == 2
    assert trail.choices(session, ADMIN) == (
        ["key.add", "key.revoke"],
        {0: "the desk", mia.id: "Mia"},
    )


def test_an_export_gives_every_line_and_is_a_line_itself(session: Session) -> None:
    record(session, 2500)
    manager = actor_for(session, make.user(session, "manager"))
    told = list(trail.export(session, manager, Wanted(), now=NOW))
    assert len(told) == 2500
    assert len({line.id for line in told}) == 2500
    newest = trail.lines(session, ADMIN, Wanted(), limit=1)[0]
    assert (newest.verb, newest.data) == ("export.audit", {"rows": 2500})
