"""Saved views beside the tabs: opening, keeping, naming, sharing and removing them.

Names are people's own: links and options, never labels.
"""

from collections.abc import Callable
from typing import Any

import streamlit as st

from pages import _door
from pages._ask import ask, minute
from pages._case_url import address, keep
from pages._export import export
from pages._look import element, link, shown
from pages._people_parts import act
from services import views
from services.cases import causes, tagging
from services.domain.roles import Grant, Verb, grant
from services.insights.case_filter import NOBODY, CaseFilter
from services.insights.desk_people import desk
from services.views import Saved


def saved_views(now: CaseFilter) -> None:
    """The views as links with their counts, `now` marked; and what can be done about them."""
    found = ask(views.listed, now=minute(), me=_door.actor().id)
    here = next((one for one in found if one.filter == now), None)
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="views"):
        if found:
            marked = [_link(one, one is here) for one in found]
            nav = element("nav", "ways", *marked, **{"aria-label": "Saved views"})
            st.html(nav, width="content")
        _add(now, sum(one.mine for one in found))
        if here is not None:
            _change(here)
        export(now)
    if here is not None:
        keep(now)
    for words in gone(now):
        st.text(words)


def gone(now: CaseFilter) -> list[str]:
    """What the filter names and is not there any more, in sentences."""
    known = ask(desk)
    there: dict[str, tuple[Any, Any]] = {
        "an owner who does not work here": (now.owners, {NOBODY, *known.people}),
        "a team that does not exist": (now.teams, known.teams),
        "a unit that does not exist, or that you do not see": (now.units, known.units),
        "a root cause that is not in use": (now.causes, dict(ask(causes.in_use))),
        "a tag that does not exist": (now.tags, ask(tagging.in_use)),
    }
    return [
        f"This view asks for {words} (any more)."
        for words, (asked, names) in there.items()
        if not set(asked) <= set(names)
    ]


def _link(one: Saved, here: bool) -> str:
    n = f"{views.COUNTED:,}+" if one.n >= views.COUNTED else f"{one.n:,}"
    more = " (proposed)" if one.proposed else ""
    told = link(f"{shown(one.name)} {n}{more}", address(one.filter))
    return element("span", "here", told, **{"aria-current": "true"}) if here else told


def _add(now: CaseFilter, mine: int) -> None:
    share = grant(_door.actor().role, Verb.SHARE)
    # With one view more it is another box: it closes once something was kept.
    with st.popover("+ view", type="tertiary", key=f"view_add_{mine}"):
        st.text("Keep this tab with its filters under a name.")
        with st.form("view_new", border=False, clear_on_submit=True):
            st.text_input("Name", key="view_name", max_chars=views.LONGEST)
            if share is not Grant.NO:
                what = "For everybody" if share is Grant.YES else "Propose it to everybody"
                st.checkbox(what, key="view_share")
            st.form_submit_button("Keep", type="primary", on_click=_kept, args=(now,))


def _kept(now: CaseFilter) -> None:
    name, share = st.session_state["view_name"], bool(st.session_state.get("view_share"))

    def verb(session: Any, actor: Any, **given: Any) -> Any:
        return views.save(session, actor, name=name, filter=now, share=share, **given)

    _do(verb, "The view is kept.")


def _change(one: Saved) -> None:
    """For its owner, and for who may share where everybody has it or shall have it."""
    share = grant(_door.actor().role, Verb.SHARE)
    if share is not Grant.YES and (one.shared or not one.mine):
        return
    with st.popover("Change the view", type="tertiary", key=f"view_change_{one.id}"):
        if not one.mine:
            st.text(shown(f"Made by {one.owner}."))
        key = f"view_name_{one.id}"
        st.text_input("Name", one.name, key=key, max_chars=views.LONGEST)
        st.button("Rename", key=f"view_rename_{one.id}", on_click=_renamed, args=(one.id, key))
        if share is not Grant.NO:
            _sharing(one, share)
        _button("Remove", views.remove, one, "The view is removed.")


def _sharing(one: Saved, share: Grant) -> None:
    if one.shared:
        _button("Keep it private", views.keep_private, one, "It is its owner's alone now.")
    elif share is Grant.YES:
        _button("Give it to everybody", views.share, one, "Everybody has this view now.")
        if one.proposed:
            _button("Decline the proposal", views.keep_private, one, "The proposal is declined.")
    elif one.proposed:
        _button("Withdraw the proposal", views.keep_private, one, "The proposal is withdrawn.")
    else:
        _button("Propose it to everybody", views.share, one, "A manager decides about it.")


def _button(label: str, verb: Callable[..., Any], one: Saved, words: str) -> None:
    def asked(session: Any, actor: Any, **given: Any) -> Any:
        return verb(session, actor, one.id, **given)

    key = f"view_{verb.__name__}_{one.id}"
    st.button(label, key=key, on_click=_do, args=(asked, words))


def _renamed(view_id: int, key: str) -> None:
    name = st.session_state[key]

    def verb(session: Any, actor: Any, **given: Any) -> Any:
        return views.rename(session, actor, view_id, name=name, **given)

    _do(verb, "The view is renamed.")


def _do(verb: Callable[..., Any], words: str) -> None:
    act(lambda session: verb(session, _door.actor(), now=_door.now()), words)
