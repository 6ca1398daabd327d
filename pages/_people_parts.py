"""What the pages about people share: do a verb and say what came of it, choose a row by its id.

Names come from people: they are shown as cells, options and plain text only.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from zoneinfo import available_timezones

import streamlit as st

from db.engine import transaction
from services.access import Forbidden, Refused

FINE_PRINT = """
<style>[class*=st-key-fine_] [data-testid=stText] { font-size: .875rem; opacity: .75 }</style>
"""
_MARKUP = re.compile(r"[\[\]!*_`$<>~#\\|]|://")
SAID, ONCE = "said_last", "shown_once"
ZONES = sorted(zone for zone in available_timezones() if "/" in zone or zone == "UTC")
ROLES = {"admin": "Admin", "manager": "Manager", "csm": "CSM", "support": "Support"}
Verb = Callable[[Any], Any]


def act(verb: Verb, said: str) -> Any:
    """Do `verb` in one transaction: its result, or None when refused; the page says which."""
    try:
        with transaction() as session:
            result = verb(session)
    except (Refused, Forbidden) as error:
        st.session_state[SAID] = (False, str(error))
        return None
    st.session_state[SAID] = (True, said)
    return result


def say() -> None:
    """What the last action came to, until the next run."""
    done, words = st.session_state.pop(SAID, (True, ""))
    if not words:
        return
    if _MARKUP.search(words):  # somebody's name is in it, and is no markdown
        with st.container(border=True, key="said"):
            st.text(words)
    else:
        (st.toast if done else st.error)(words)


def show_once(secret: str, words: str) -> None:
    """Keep a secret for the next run's `secret_shown`."""
    st.session_state[ONCE] = (secret, words)


def secret_shown() -> None:
    """The secret made last, to be copied, until somebody says they have it."""
    secret, words = st.session_state.get(ONCE, ("", ""))
    if secret:
        with st.container(border=True):
            st.text(words)
            st.code(secret, language=None, wrap_lines=True)
            st.button("I have copied it", on_click=lambda: st.session_state.pop(ONCE, None))


def pick(
    name: str, rows: Sequence[Mapping[str, Any]], label: str, columns: Mapping[str, Any]
) -> int | None:
    """A table with a box that chooses one of its rows by `id` (said as `label`), not by position.

    The table's key holds the ids it shows: when they change it is a new table, whose marked row is
    looked up anew, so that nobody acts on the row that moved into the place of another.
    """
    ids = [row["id"] for row in rows]
    chosen = st.session_state.get(name)
    if chosen not in ids:
        chosen = st.session_state[name] = None
    table = f"{name}_{hash(tuple(ids))}_{chosen}"

    def choose() -> None:
        marked = st.session_state[table].selection.rows
        st.session_state[name] = ids[marked[0]] if marked else None

    st.dataframe(
        [{column: row[column] for column in columns} for row in rows],
        key=table,
        on_select=choose,
        selection_mode="single-row",
        selection_default=chosen and {"selection": {"rows": [ids.index(chosen)]}},
        column_config=columns,
        hide_index=True,
        placeholder="",
        alt=f"{label}: {len(rows)} rows; the box below chooses one",
    )
    names = {row["id"]: row["label"] for row in rows}
    return st.selectbox(
        label, ids, format_func=lambda key: names[key], key=name, index=None,
        placeholder="Choose here or in the table",
    )  # fmt: skip


def small(text: str, key: str) -> None:
    """A line of fine print that may hold a name: it is plain text, which a caption is not."""
    st.html(FINE_PRINT)
    with st.container(key=f"fine_{key}"):
        st.text(text)


def zone_box(
    label: str, current: str | None, key: str, *, none: str = "", on_change: Any = None
) -> None:
    """A box with every time zone; `none`, if given, says what an empty choice means."""
    options = sorted({*ZONES, current or "UTC"})
    if none:
        options.insert(0, "")
    index = options.index(current or "") if none else options.index(current or "UTC")
    st.selectbox(label, options, index, lambda zone: zone or none, key=key, on_change=on_change)
