"""One act on all cases that are picked: the bar that offers it, and the dialog that says what it
would do to each of them before it is done."""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import uuid4

import streamlit as st

from pages import _batch, _bulk_forms, _door, _picked
from pages._ask import fresh
from pages._bulk_forms import MOMENTS, Wanted
from pages._bulk_shown import shown_touched
from pages._notice import MANY, UNDO
from pages._people_parts import SAID
from services.access import Forbidden, Refused
from services.cases import bulk
from services.cases.bulk import MOST, Touched
from services.domain.roles import Verb
from services.insights.case_filter import CaseFilter
from services.insights.picking import matching
from services.insights.queue import QueuePage

OPEN = "bulk_open"  # the act whose dialog is open
PROMISE = "bulk_promise"


@dataclass(frozen=True)
class Promise:
    """What was previewed, of these cases, under the id that doing it will have."""

    wanted: Wanted
    numbers: tuple[int, ...]
    found: tuple[Touched, ...]
    batch_id: str

    @property
    def fine(self) -> tuple[Touched, ...]:
        """The cases on which it will be done."""
        return tuple(one for one in self.found if not one.why_not)


FORMS: dict[str, Callable[[], Wanted | None]] = {
    "Assign": _bulk_forms.assign, "Tag": _bulk_forms.tag, "Snooze": _bulk_forms.snooze,
    "Resolve": _bulk_forms.resolve, "Send a template": _bulk_forms.send,
}  # fmt: skip


def bulk_bar(filter: CaseFilter, page: QueuePage) -> None:
    """What can be done with the cases that are picked, once some are."""
    numbers = _picked.picked()
    if not numbers or not _door.actor().may(Verb.BULK):
        return
    with st.container(
        key="bulk_bar", horizontal=True, vertical_alignment="center", gap="small", border=True
    ):
        st.text(f"{len(numbers):,} picked", width="content")
        for label in FORMS:
            st.button(label, key=f"bulk_{label}", on_click=_open, args=(label,))
        _more(filter, page, numbers)
        st.button("Clear", key="bulk_clear", type="tertiary", on_click=_picked.drop)
    if (name := st.session_state.get(OPEN)) in FORMS:
        title = f"{name}: {_batch.cases(len(numbers))}"
        st.dialog(title, width="large", on_dismiss=_close)(_body)(name, numbers)


def _more(filter: CaseFilter, page: QueuePage, numbers: tuple[int, ...]) -> None:
    here = [row.number for row in page.rows]
    if set(here) - set(numbers):
        st.button(
            f"All {len(here)} here", key="bulk_here", type="tertiary", on_click=_picked.pick,
            args=(here,),
        )  # fmt: skip
    if page.total > max(len(here), len(numbers)) and len(numbers) < MOST:
        label = f"All {page.total:,}" if page.total <= MOST else f"The first {MOST:,}"
        st.button(
            f"{label} that match", key="bulk_all", type="tertiary", on_click=_all, args=(filter,)
        )  # fmt: skip


def _all(filter: CaseFilter) -> None:
    me = _door.actor().id
    _picked.pick(fresh(matching, filter, now=_door.now(), me=me, most=MOST))


def _open(name: str) -> None:
    _close()
    st.session_state[OPEN] = name


def _close() -> None:
    for name in (OPEN, PROMISE, MOMENTS):
        st.session_state.pop(name, None)


def _body(name: str, numbers: tuple[int, ...]) -> None:
    if OPEN not in st.session_state:  # it was done: the page says so, without this dialog
        st.rerun()
    if len(numbers) > MOST:
        numbers = numbers[:MOST]
        st.text(f"The first {MOST:,} of them: more are not done at once.")
    wanted = FORMS[name]()
    if wanted is None:
        return
    promise = _promise(wanted, numbers)
    st.button(
        f"{wanted.button}: {_batch.cases(len(promise.fine))}", key="bulk_do", type="primary",
        disabled=not promise.fine, on_click=_do, args=(promise,),
    )  # fmt: skip
    shown_touched(wanted.act, promise.found, _look_again)


def _promise(wanted: Wanted, numbers: tuple[int, ...]) -> Promise:
    """What the act would do: looked up once, and again for another act or other cases."""
    kept: Promise | None = st.session_state.get(PROMISE)
    if kept and (kept.wanted, kept.numbers) == (wanted, numbers):
        return kept
    who, now = _door.actor(), _door.now()
    with st.spinner("Looking at each case"):
        found = _batch.in_lots(
            numbers,
            lambda session, some, before: bulk.preview(
                session, who, wanted.act, some, now=now, before=before
            ),
        )
    made = Promise(wanted, numbers, tuple(found), uuid4().hex)
    st.session_state[PROMISE] = made
    return made


def _look_again() -> None:
    st.session_state.pop(PROMISE, None)


def _do(promise: Promise) -> None:
    """Do it as it was promised; what has changed since is left alone, and named."""
    who, now, wanted = _door.actor(), _door.now(), promise.wanted
    try:
        found = _batch.in_lots(
            promise.fine,
            lambda session, some, _: bulk.do(
                session, who, wanted.act, some, batch_id=promise.batch_id, now=now
            ),
        )
    except (Refused, Forbidden) as error:
        st.session_state[SAID] = (False, str(error))
        _close()
        return
    _picked.drop()
    _close()
    words = _batch.summary(found, wanted.done)
    if all(one.why_not for one in found):
        st.session_state[SAID] = (False, words)
    else:
        until = _door.now() + wanted.offered
        st.session_state[UNDO] = (MANY, promise.batch_id, words, until)
