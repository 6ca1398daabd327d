"""One person's data from the shell: written out, counted before it goes, erased with --yes only."""

import json
from collections.abc import Callable
from typing import Any

from db import engine
from db.models import Contact
from tests import builders as make

Cli = Callable[..., Any]


def test_a_person_is_exported_counted_and_erased(cli: Cli, told: Callable[..., Any]) -> None:
    with engine.transaction() as session:
        case = make.case(session, 2, comment="Slow", contact_id=make.contact(
            session, "dana@acme.example", name="Dana"
        ).id)  # fmt: skip
    whole = json.loads(cli("contact", "export", "Dana@acme.example").stdout)
    assert [answer["comment"] for answer in whole["answers"]] == ["Slow"]
    counted = told("contact", "erase", str(case.contact_id))
    assert not counted["erased"] and counted["counts"]["comments"] == 1
    words = cli("contact", "erase", "dana@acme.example")
    assert words.exit_code == 0 and "--yes does it, and cannot be undone" in words.stdout
    with engine.reading() as session:
        assert session.get_one(Contact, case.contact_id).name == "Dana"
    assert told("contact", "erase", "dana@acme.example", "--yes")["erased"]
    with engine.reading() as session:
        assert session.get_one(Contact, case.contact_id).name is None
    for who in ("dana@acme.example", str(case.contact_id)):
        gone = cli("contact", "erase", who, "--yes")
        assert gone.exit_code == 1 and "Nothing was changed" in gone.stderr
