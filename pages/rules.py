"""Rules: what is done about an answer by itself, tried on past answers before it acts."""

import streamlit as st

from pages._ask import failing_gently, fresh, own_zone
from pages._facts import facts
from pages._look import styles
from pages._mount import mount
from pages._notice import notice
from pages._parts import watch_scheme
from pages._rule_acts import forget, retire_box, standing, versions_box
from pages._rule_draft import draft_of
from pages._rule_editor import decides, editor
from pages._rule_fired import fired
from pages._rule_list import listed, nothing_yet
from pages._rule_tried import tried
from pages._url import named, whole_number
from services.domain.rules.body import written
from services.domain.rules.saying import stands
from services.rules import listing
from services.rules.listing import Kept
from services.rules.trying import NEW


def every(rules: list[Kept]) -> None:
    """All rules, and what they did."""
    st.title("Rules", anchor=False)
    if not decides():
        st.text("You write and try rules; a manager decides which of them act.")
    if rules:
        listed(rules)
        fired(rules)
    else:
        nothing_yet()


def one(rule: Kept | None) -> None:
    """A rule, or a new one: what it says, what acts, what it would have done, what it did."""
    st.button("All rules", key="all_rules", type="tertiary", on_click=leave)
    if rule:
        facts("rule_head", title=rule.name, subtitle=[stands(rule, own_zone())])
    else:
        st.title("A new rule", anchor=False)
    versions = fresh(listing.versions, rule.id) if rule else []
    last = versions[0] if versions else None
    draft = draft_of(
        rule.id if rule else NEW, rule.name if rule else "", last and written(last.body),
        last and last.n,
    )  # fmt: skip
    ready = editor(draft, versions)
    if rule:
        standing(rule, versions)
    tried(draft, ready=ready)
    if rule:
        versions_box(rule, versions)
        fired([rule], rule.id)
        retire_box(rule)


def leave() -> None:
    """Back to the list; what was typed is kept in this tab."""
    st.query_params.clear()
    forget()


styles()
notice(undoes=False)
with failing_gently():
    found = fresh(listing.rules)
    wanted = whole_number("rule")
    chosen = next((each for each in found if each.id == wanted), None)
    if chosen or st.query_params.get("rule") == "new":
        one(chosen)
    else:
        if wanted:
            named([f"There is no rule {wanted} (any more)."])
        every(found)
    mount("links", {}, "links")
    watch_scheme()
