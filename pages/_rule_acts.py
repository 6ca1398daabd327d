"""Which version of a rule acts: into the shadow, live after a look at what it would do, and off."""

from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

from pages import _door, _jobs, _simulation
from pages._ask import fresh, own_zone
from pages._look import shown
from pages._people_parts import SAID, act
from pages._rule_draft import leave
from pages._rule_editor import decides
from pages._rule_tried import summary
from services.access import Forbidden, Refused
from services.domain.many import many
from services.domain.rules.actions import Do
from services.domain.rules.body import written
from services.insights import rule_firings
from services.insights.case_words import when
from services.rules import keeping, listing
from services.rules.listing import Kept, Version

ASKED = "rule_asked"  # (rule, version): somebody is asked whether it acts
LOOK_BACK = 30  # days that are shown before a version acts


def standing(rule: Kept, versions: Sequence[Version]) -> None:
    """How the rule stands, what acts next, and what the shadow has shown so far."""
    st.header("What acts", anchor=False)
    _beside(rule)
    if not decides():
        st.text("A manager decides which version acts. Save what you propose and tell them.")
        return
    last = versions[0].n
    with st.container(horizontal=True, gap="small", key="rule_acts"):
        if last not in (rule.shadow, rule.live):
            _button(f"Try version {last} in the shadow", "shadow", _shadow, rule.id, last)
        if rule.live != last:
            _button(f"Let version {last} act", "live", _look, rule.id, last)
        if rule.shadow is not None:
            _button("Out of the shadow", "unshadow", _off, rule.id, shadow=True)
        if rule.live is not None:
            _button("Switch off", "off", _off, rule.id)
    st.caption(
        "In the shadow a version only notes what it would do; what acts goes on meanwhile. "
        "It looks at answers that come in from then on."
    )
    _sure(rule)


def _button(label: str, name: str, do: Callable[..., None], *args: Any, **given: Any) -> None:
    st.button(label, key=f"rule_{name}", on_click=do, args=args, kwargs=given)


def _beside(rule: Kept) -> None:
    found = fresh(rule_firings.beside, rule.id)
    if found is None:
        return
    words = f"In the shadow it fired on {many(found.shadow, 'answer')} so far"
    against = f"; what acts fired on {found.live:,}, {found.both:,} of them the same"
    st.text(f"{words}{against if rule.live else ''}.")


def _shadow(rule_id: int, n: int) -> None:
    def shadow(session: Any) -> bool:
        keeping.enable(session, _door.actor(), rule_id, n, now=_door.now(), shadow=True)
        return True

    act(shadow, f"Version {n} is in the shadow.")


def _off(rule_id: int, *, shadow: bool = False) -> None:
    def off(session: Any) -> bool:
        keeping.disable(session, _door.actor(), rule_id, now=_door.now(), shadow=shadow)
        return True

    act(off, "Out of the shadow." if shadow else "The rule is off. What waited is not sent.")


def _look(rule_id: int, n: int) -> None:
    """Before a version acts: what it would have done."""
    try:
        found = next(v for v in fresh(listing.versions, rule_id) if v.n == n)
    except (Refused, Forbidden) as error:
        st.session_state[SAID] = (False, str(error))
        return
    st.session_state[ASKED] = (rule_id, n)
    _simulation.begin(ASKED, written(found.body), rule_id, LOOK_BACK)


def _sure(rule: Kept) -> None:
    rule_id, n = st.session_state.get(ASKED) or (None, 0)
    if rule_id != rule.id:
        return
    with st.container(border=True, key="rule_sure"):
        would = _simulation.ended(ASKED)
        if would is None:
            st.button("Not now", key="rule_no", on_click=forget)
            return
        st.text(f"Version {n}: {summary(would)}")
        done = "; ".join(f"{Do(do).label}: {times_:,}" for do, times_ in would.own.done.items())
        st.text(f"It would have done: {done or 'nothing'}.")
        with st.container(horizontal=True, gap="small"):
            st.button(
                f"Yes, let version {n} act", key="rule_yes", type="primary", on_click=_live,
                args=(rule.id, n),
            )  # fmt: skip
            st.button("Not now", key="rule_no", on_click=forget)


def forget() -> None:
    """Nobody is asked any more."""
    st.session_state.pop(ASKED, None)
    _jobs.forget(ASKED)


def _live(rule_id: int, n: int) -> None:
    def live(session: Any) -> bool:
        keeping.enable(session, _door.actor(), rule_id, n, now=_door.now())
        return True

    act(live, f"Version {n} acts from now on.")
    forget()


def versions_box(rule: Kept, versions: Sequence[Version]) -> None:
    """All versions, how two of them differ, and the way back to one."""
    # A state of its own: what is said above it comes and goes, and would close it.
    key = f"versions_{rule.id}"
    with st.expander(f"Versions ({len(versions)})", key=key, on_change="rerun"):
        zone = own_zone()
        for one in versions:
            with st.container(horizontal=True, vertical_alignment="center", gap="small"):
                by = one.made_by or "the desk"
                st.text(shown(f"Version {one.n}, {by}, {when(one.made_at, zone)}"), width="stretch")
                if decides() and one.n not in (rule.live, versions[0].n):
                    st.button(
                        "Bring back", key=f"back_{one.n}", on_click=_look, args=(rule.id, one.n)
                    )
        if len(versions) > 1:
            _differences(rule, [one.n for one in versions])


def _differences(rule: Kept, ns: Sequence[int]) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        before = st.selectbox("From version", ns, 1, key=f"diff_before_{rule.id}", width=140)
        after = st.selectbox("to version", ns, 0, key=f"diff_after_{rule.id}", width=140)
    found = fresh(listing.diff, rule.id, before, after)
    st.text("\n".join(shown(f"{sign} {line}") for sign, line in found) or "They say the same.")


def retire_box(rule: Kept) -> None:
    """Take the rule off the list, for those who decide."""
    if decides():
        with st.popover("Remove the rule", key=f"retire_{rule.id}"):
            st.text("It leaves the list and acts no longer. What it did stays explained.")
            st.button("Remove it", key="retire_rule", on_click=_retire, args=(rule.id,))


def _retire(rule_id: int) -> None:
    def retire(session: Any) -> bool:
        keeping.retire(session, _door.actor(), rule_id, now=_door.now())
        return True

    if act(retire, "Removed."):
        leave(rule_id)
        st.query_params.pop("rule", None)
