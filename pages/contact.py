"""Contact: who is this, how did they score us over time, and what became of it?"""

import streamlit as st

from pages._ask import ask, moment
from pages._cards import href
from pages._contact_acts import contacting
from pages._contact_data import erasing, their_data
from pages._contact_parts import ROLES, answers, called, case_table, day, page_about
from pages._facts import Fact, facts
from pages._play import asked_before
from pages._rule_waiting import sent_by_rules
from services.insights.people import ContactFile, contact_file

MOST = 100  # answers shown


def show(contact_id: int) -> None:
    """One person: facts and scores, then cases, then every answer."""
    found = ask(contact_file, contact_id, now=moment())
    name = called(found.name, found.email, found.erased)
    facts(
        "contact", title=name, subtitle=[found.email or ""] if found.email != name else [],
        chips=_chips(found), rows=_rows(found), spark=found.scores, zone=found.zone,
    )  # fmt: skip
    with st.container(horizontal=True):
        contacting(found)
        their_data(found)
    erasing(found)
    case_table(found.cases, found.n_cases, found.zone, who=False)
    asked_before(contact_id, found.zone)
    sent_by_rules(contact_id, found.zone)
    answers("Answers", found.zone, who=False, limit=MOST, contact_id=contact_id)


def _chips(found: ContactFile) -> list[tuple[str, str]]:
    chips = [("do not contact", "warn")] if found.do_not_contact else []
    chips += [("mail came back", "warn")] if found.bounced else []
    return chips + ([("personal data removed", "")] if found.erased else [])


def _rows(found: ContactFile) -> list[Fact]:
    return [
        ("Account", found.account or "none", href("account", found.account_id)),
        ("Role", ROLES.get(found.role or "", "")),
        ("Language", found.language or ""),
        ("Responses", f"{found.responses:,}"),
        ("Not counted", f"{found.uncounted:,}" if found.uncounted else ""),
        ("Cases", f"{found.n_cases:,}"),
        ("First answer", day(found.first_at, found.zone)),
        ("Last answer", day(found.last_at, found.zone)),
        *found.props,
    ]


page_about("contact", show)
