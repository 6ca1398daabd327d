"""What the pages about a contact and an account share: their tables, answers and empty states."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import streamlit as st

from pages import _door
from pages._ask import ask, failing_gently
from pages._cards import cards, href
from pages._live import announce_about, drawn
from pages._look import SHAPES, shown, styles
from pages._notice import MANY, notice
from pages._parts import PAGES, table
from pages._url import whole_number
from services import insights
from services.access import Refused
from services.insights.accounts import Person
from services.insights.case_rows import CaseRow
from services.insights.case_words import standing
from services.insights.words import ago

ROLES = {"buyer": "Buyer", "admin": "Admin", "end_user": "End user"}
ERASED = "Erased"
BRIEF = ("Case", "Score", "Opened", "Stands")


def page_about(kind: str, show: Callable[[int], None]) -> None:
    """The page of the `kind` ("contact") that the address names by `id`; words where there is none.

    A page that is not drawn for want of the database says so by itself.
    """
    styles()
    notice(only=MANY)
    with failing_gently():
        since, key = drawn(), whole_number("id")
        try:
            if not key:
                raise Refused(f"The address names no {kind}.")
            show(key)
            announce_about(since, **{f"{kind}_id": key})
        except Refused as error:
            st.title(kind.capitalize(), anchor=False)
            st.text(f"{error} Choose one by name in the verbatims or in a case.")
            st.page_link(PAGES / "verbatims.py", label="Go to the verbatims")


def called(name: str | None, email: str | None, erased: bool) -> str:
    """What a person is called."""
    return ERASED if erased else shown(name or email) or "No name"


def day(moment: datetime | None, zone: str) -> str:
    """The day of a moment in `zone`; empty for none."""
    return f"{moment.astimezone(ZoneInfo(zone)):%d %b %Y}" if moment else ""


def case_table(
    found: Sequence[CaseRow],
    total: int,
    zone: str,
    *,
    who: bool,
    title: str = "Cases",
    brief: bool = False,
) -> None:
    """The cases, each a link; `who` says whose it is, where that is not said already.

    `brief` is for where there is little room: without what was said, and whose it is.
    """
    st.header(title, anchor=False)
    if not found:
        st.text("No case yet. Open one about an answer below, with Open a case.")
        return
    columns = [
        {"label": "Case", "link": True, "css": "tight", "spoken": "Open case %"},
        {"label": "Status", "css": "tight"},
        *([{"label": "Contact", "css": "name"}] if who else []),
        {"label": "Score", "css": "tight"}, {"label": "Said", "css": "name later"},
        {"label": "Opened", "css": "tight wide"},
        {"label": "Stands", "css": "stands"},
        {"label": "Owner", "css": "wide"},
    ]  # fmt: skip
    rows = [
        {"cells": _case_cells(case, zone, who), "href": f"case?number={case.number}"}
        for case in found
    ]
    if brief:
        kept = [n for n, column in enumerate(columns) if column["label"] in BRIEF]
        columns = [columns[n] for n in kept]
        rows = [row | {"cells": [row["cells"][n] for n in kept]} for row in rows]
    table("cases_table", f"Cases, {len(found)} of {total}", columns, rows)
    if len(found) < total:
        st.caption(f"{len(found):,} of {total:,} cases")


def _case_cells(case: CaseRow, zone: str, who: bool) -> list[str]:
    return [
        str(case.number),
        case.status.value,
        *([shown(case.contact or case.email) or "No name"] if who else []),
        "" if case.score is None or case.band is None else f"{SHAPES[case.band]} {case.score}",
        _short(case.said),
        day(case.opened_at, zone),
        _stands(case, ZoneInfo(zone)),
        shown(case.owner) or "nobody",
    ]


def _stands(case: CaseRow, zone: ZoneInfo) -> str:
    ended = f", {case.outcome.label.lower()}" if case.outcome else ""
    return f"{standing(case, _door.now(), zone).words}{ended}"


def _short(said: str | None) -> str:
    text = " ".join(shown(said).split())
    return text if len(text) <= 80 else f"{text[:79].rstrip()}\N{HORIZONTAL ELLIPSIS}"


def people_table(found: Sequence[Person], known: int) -> None:
    """The people of an account, whom to help first."""
    st.header("Contacts", anchor=False)
    if not found:
        st.text("Nobody of this account is known yet. People become known as they answer.")
        return
    columns = [
        {"label": "Contact", "link": True, "css": "name"},
        {"label": "Last score", "css": "verdict"}, {"label": "Metric", "css": "tight wide"},
        {"label": "Answered"}, {"label": "Role", "css": "wide"},
    ]  # fmt: skip
    rows = [
        {"cells": _person_cells(person), "href": href("contact", person.id), "tone": _tone(person)}
        for person in found
    ]
    table("people_table", f"Contacts, {len(found)} of {known}", columns, rows)
    many = f"{len(found):,} of {known:,} contacts" if len(found) < known else f"{known:,} contacts"
    st.caption(f"{many}, the worst last score first; who never answered comes last.")


def _person_cells(person: Person) -> list[str]:
    last, was = person.last, f", was {person.was}" if person.was is not None else ""
    name = called(person.name, person.email, person.erased)
    role = [ROLES.get(person.role or "", "")] + ["do not contact"] * person.do_not_contact
    about = ", ".join(filter(None, role))
    if last is None:
        return [name, "no answer yet", "", "", about]
    score = f"{SHAPES[last.band]} {last.score} {last.word}{was}"
    return [name, score, last.metric.upper(), ago(last.answered_at, _door.now()), about]


def _tone(person: Person) -> str:
    if person.last is None:
        return "few"
    return "changed" if person.flipped else ""


def answers(title: str, zone: str, *, who: bool, limit: int, **of: Any) -> None:
    """The newest responses of a contact (`contact_id`) or an account (`account_id`)."""
    found = ask(insights.verbatims_of, limit=limit, **of)
    st.header(title, anchor=False)
    if not found:
        st.text("No answers yet. They stand here as soon as there are any.")
        return
    some = f"The newest {limit} responses" if len(found) == limit else f"{len(found)} in all"
    st.caption(f"{some}, newest first, with those that do not count")
    cards(found, zone=zone, label=title, who=who)
