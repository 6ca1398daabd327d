"""A page from top to bottom, as each click runs it."""

from collections.abc import Collection

import streamlit as st
from streamlit.testing.v1 import AppTest

from db.engine import bump, transaction
from pages._menu import MENU
from tests import builders as make
from tests.bench.desks import PAGES
from tests.bench.measure import Plan, Row, frozen, progress, repeat, timed
from tests.bench.places import place
from tests.pages.app import open_page

# The pages that show cases are run where there are many.
OF_CASES = frozenset({"case_queue.py", "case.py", "contact.py", "account.py", "loop.py"})
OTHERS = frozenset(entry.file for entry in MENU) - OF_CASES
NOTE = "whole rerun by AppTest, whose own share the baseline shows"


def measure(kind: str, plan: Plan, files: Collection[str]) -> list[Row]:
    """Each of these pages, signed in as an admin; the database of this process is the desk's."""
    with transaction() as session:
        admin, queries = make.user(session, "admin"), place(session).queries
    rows = []
    empty = AppTest.from_string("import streamlit as st\nst.text('nothing')").run()
    repeat(empty.run, 2)  # the first runs import what the later ones have
    runner = repeat(empty.run, plan.runs)
    for entry in MENU:
        if entry.file not in files or not (PAGES / entry.file).exists():
            continue
        progress(f"{kind}: rerun of {entry.title}")
        page = open_page(admin, entry.file, queries.get(entry.file))
        page.default_timeout = 120
        for name, before in (("cold", _forget), ("warm", None)):
            with frozen():
                times = repeat(page.run, plan.runs, before)
            assert not page.exception, page.exception
            row = timed(f"Rerun of {entry.title}, {name} cache", kind, plan.n, times, NOTE)
            rows.append(row.against("an empty script", runner))
    return rows


def _forget() -> None:
    """As after a write: no figure may be kept from before."""
    st.cache_data.clear()
    with transaction() as session:
        bump(session)
