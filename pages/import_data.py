"""Import: a file of answers or accounts, checked before anything is written."""

import streamlit as st

from db.engine import reading
from pages import _import_accounts, _import_answers
from pages._door import actor
from pages._import_parts import STATES
from services.importing import history


def earlier() -> None:
    """What was imported before, and the rows that were not taken."""
    with reading() as session:
        past = history.past_imports(session, actor())
    if not past:
        st.text("Nothing has been imported yet.")
        return
    columns = ("started", "file", "into", "by", "state", "read", "new", "known", "rejected")
    st.dataframe(
        [dict(zip(columns, line(each), strict=True)) for each in past],
        hide_index=True,
        column_config={"started": st.column_config.DatetimeColumn(format="distance")},
        alt=f"{len(past)} imports, newest first",
    )
    rejected = {each.run.id or 0: each for each in past if each.run.rejected}
    if not rejected:
        return
    chosen = st.selectbox(
        "Rows that were not taken",
        list(rejected),
        format_func=lambda key: f"{rejected[key].run.file_name}: {rejected[key].run.rejected:,}",
    )
    with reading() as session:
        text = history.rejected_rows(session, actor(), chosen)
    st.download_button("Download as CSV", text, f"rejected-{chosen}.csv", "text/csv")


def line(past: history.PastImport) -> tuple[object, ...]:
    """An import as a row of the table."""
    run = past.run
    into = past.survey or "accounts"
    state = STATES[run.state] + (f": {run.error}" if run.error else "")
    counts = (run.read, run.new + run.updated, run.known, run.rejected)
    return run.started_at, run.file_name, into, past.person, state, *counts


TABS = {"Answers": _import_answers.show, "Accounts": _import_accounts.show, "Earlier": earlier}
st.title("Import", anchor=False)
tabs = st.tabs(list(TABS), key="tab", on_change="rerun", bind="query-params")
for tab, show in zip(tabs, TABS.values(), strict=True):
    if tab.open:
        with tab:
            show()
