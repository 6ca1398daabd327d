"""`retention` in the shell: counted first, done only with --yes, and reported."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from sqlmodel import select

from db import engine
from db.models import Response
from services.retention import choosing
from tests import builders as make

Cli = Callable[..., Any]


def test_what_is_old_is_counted_removed_and_reported(cli: Cli, told: Callable[..., Any]) -> None:
    with engine.transaction() as session:
        old = make.NOW - timedelta(days=5 * 365)
        make.response(session, 9, comment="words", answered_at=old)
    (row,) = told("retention", "preview", "comments")["rules"]
    assert (row["on"], row["months"], row["n"]) == (False, 36, 1)
    assert row["oldest"].startswith("2021-06-16")
    assert len(told("retention", "preview")["rules"]) == 13
    off = cli("retention", "run", "comments", "--yes")
    assert off.exit_code == 1 and "not switched on" in off.stderr
    with engine.transaction() as session:
        choosing.switch(
            session, make.actor(), "comments", 24, word="REMOVE", now=make.NOW
        )  # fmt: skip
    unsure = cli("retention", "run")
    assert unsure.exit_code == 1 and "--yes" in unsure.stderr
    assert told("retention", "report") == {"runs": []}
    (run,) = told("retention", "run", "--yes")["runs"]
    assert (run["rule"], run["months"], run["removed"]) == ("comments", 24, {"comments": 1})
    with engine.reading() as session:
        assert session.exec(select(Response.comment)).all() == [None]
    assert told("retention", "run", "--yes") == {"runs": []}
    assert told("retention", "report")["runs"] == [run]
    assert "1 comments" in cli("retention", "report").stdout
    wrong = cli("retention", "preview", "everything")
    assert wrong.exit_code == 1 and "no such rule" in wrong.stderr
