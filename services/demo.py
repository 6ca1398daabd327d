"""What makes a database the demo's: anybody may be anybody there, so it must hold nobody's data."""

from sqlmodel import Session, col, select

from db.models import Response, User
from services.refusals import Refused

SOURCE = "demo"  # of the answers that `db.demo` makes


def refuse_a_real_desk(session: Session) -> None:
    """Refused where somebody has a password: people work here."""
    has_one = select(User.id).where(col(User.password_hash).is_not(None)).limit(1)
    if session.exec(has_one).first() is not None:
        raise Refused(
            "Somebody has a password in this database, so it is no demo, which lets anybody in: "
            "unset LOOPDESK_DEMO, or give the demo a new database of its own."
        )


def refuse_all_but_the_demo(session: Session) -> None:
    """Refused unless the demo company is here and nobody has a password."""
    refuse_a_real_desk(session)
    told = select(Response.id).where(Response.source == SOURCE).limit(1)
    if session.exec(told).first() is None:
        raise Refused(
            "The demo company is not in this database, and a demo lets anybody in: load it into a "
            "new one with `make demo`, or unset LOOPDESK_DEMO."
        )
