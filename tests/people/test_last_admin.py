"""At least one admin can sign in, whatever happens at the same moment."""

from collections.abc import Callable
from threading import Barrier, Thread

import pytest
from sqlmodel import Session, select

from db.engine import transaction
from db.models import User
from services import people
from services.access import SHELL, Actor, Refused, actor_for
from tests import builders as make

NOW = make.NOW
Leave = Callable[[Session, Actor, int], object]


def disable(session: Session, actor: Actor, user_id: int) -> object:
    return people.disable(session, actor, user_id, now=NOW)


def demote(session: Session, actor: Actor, user_id: int) -> object:
    return people.change(session, actor, user_id, role="manager", now=NOW)


@pytest.mark.parametrize("leave", [disable, demote])
def test_the_last_admin_stays(session: Session, leave: Leave) -> None:
    last = make.user(session, "admin")
    make.user(session, "admin", disabled_at=NOW)
    with pytest.raises(Refused, match="last admin"):
        leave(session, SHELL, last.id or 0)
    assert session.exec(select(User.role).where(User.id == last.id)).one() == "admin"


@pytest.mark.parametrize("leave", [disable, demote])
def test_one_of_two_admins_may_go(session: Session, leave: Leave) -> None:
    one, _two = make.user(session, "admin"), make.user(session, "admin")
    leave(session, SHELL, one.id or 0)


def test_an_admin_may_demote_themselves_while_another_stays(session: Session) -> None:
    one, _two = make.user(session, "admin"), make.user(session, "admin")
    demote(session, actor_for(session, one), one.id or 0)
    assert one.role == "manager"


@pytest.mark.usefixtures("desk")
@pytest.mark.parametrize("leave", [disable, demote])
def test_two_admins_who_remove_each_other_at_once_leave_one(leave: Leave) -> None:
    with transaction() as session:
        pair = [make.user(session, "admin").id or 0 for _ in range(2)]
        actors = [actor_for(session, session.get_one(User, user_id)) for user_id in pair]
    ready, refused = Barrier(2), []

    def remove(actor: Actor, other: int) -> None:
        ready.wait()
        try:
            with transaction() as session:
                leave(session, actor, other)
        except Refused as error:
            refused.append(str(error))

    threads = [Thread(target=remove, args=pair) for pair in zip(actors, pair[::-1], strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with transaction() as session:
        left = select(User).where(User.role == "admin", User.disabled_at == None)  # noqa: E711
        assert len(session.exec(left).all()) == 1
    assert len(refused) == 1


@pytest.mark.usefixtures("desk")
def test_the_second_waits_until_the_first_has_committed() -> None:
    """The overlap made certain: the first has changed and not committed when the second asks."""
    with transaction() as session:
        one, two = (make.user(session, "admin").id or 0 for _ in range(2))
    asked, refused = Barrier(2), []

    def second() -> None:
        asked.wait()
        try:
            with transaction() as session:
                disable(session, SHELL, two)
        except Refused as error:
            refused.append(str(error))

    thread = Thread(target=second)
    with transaction() as session:
        disable(session, SHELL, one)
        thread.start()
        asked.wait()
        thread.join(timeout=0.3)
        assert thread.is_alive()
    thread.join()
    assert len(refused) == 1
