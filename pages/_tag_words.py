"""Tags as words of the desk: how many cases carry each; some rename, merge and remove them."""

from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

from pages._ask import ask
from pages._batch import cases
from pages._door import actor, now
from pages._look import shown
from pages._people_parts import SAID, act, pick
from services.cases import tag_words
from services.cases.tag_words import Carried
from services.cases.tagging import LONGEST
from services.domain.roles import Grant, Verb, grant

COLUMNS = {
    "label": st.column_config.TextColumn("Tag"),
    "open": st.column_config.NumberColumn("Open cases"),
    "closed": st.column_config.NumberColumn("Closed cases"),
}
Tag = tuple[int, str, Carried]


def tags_part() -> None:
    """All tags, and one chosen to be changed."""
    found = ask(tag_words.kept)
    if not found:
        st.text("There is no tag yet: one comes to be when somebody puts it on a case.")
        return
    rows = [
        {"id": key, "label": shown(name), "open": told.open, "closed": told.closed}
        for key, name, told in found
    ]
    chosen = pick("tag_id", rows, "Tag", COLUMNS)
    one = next((tag for tag in found if tag[0] == chosen), None)
    if one is not None and grant(actor().role, Verb.SHARE) is Grant.YES:
        _changer(one, found)


def _changer(one: Tag, found: Sequence[Tag]) -> None:
    tag_id, name, told = one
    key = f"tag_{tag_id}_{name}"

    def rename(session: Any) -> Any:
        word = st.session_state[key]
        return tag_words.rename(session, actor(), tag_id, name=word, now=now()) or True

    with st.container(horizontal=True, vertical_alignment="bottom"):
        word = st.text_input("Name", name, key=key, max_chars=LONGEST)
        other = _other(word, one, found)
        if other is None:
            st.button("Rename", key="rename_tag", on_click=act, args=(rename, "Renamed."))
        _remover(tag_id, told)
    if other is not None:
        _merger(one, other)


def _other(word: str, one: Tag, found: Sequence[Tag]) -> Tag | None:
    """The other tag that is called so."""
    typed = " ".join(word.split()).casefold()
    return next((tag for tag in found if tag[1].casefold() == typed and tag[0] != one[0]), None)


def _merger(one: Tag, other: Tag) -> None:
    both = ask(tag_words.carried, (one[0], other[0]))
    st.text(
        shown(
            f"{other[1]} is a tag already, on {_cases(other[2])}. As one tag they are on "
            f"{_cases(both)}; saved views follow. This cannot be taken back."
        )
    )

    def merge(session: Any) -> Any:
        return tag_words.merge(session, actor(), one[0], into=other[0], now=now())

    _button("Make them one", "merge_tag", merge, lambda told: f"One tag now, on {_cases(told)}.")


def _remover(tag_id: int, told: Carried) -> None:
    def remove(session: Any) -> Any:
        return tag_words.remove(session, actor(), tag_id, now=now())

    with st.popover("Remove"):
        st.text(
            f"It is on {_cases(told)}, and comes off all of them. Their journals still name it. "
            "This cannot be taken back."
        )
        _button("Remove the tag", "remove_tag", remove, lambda was: f"Removed from {_cases(was)}.")


def _button(
    label: str, key: str, verb: Callable[[Any], Carried], words: Callable[[Carried], str]
) -> None:
    def do() -> None:
        done: Carried | None = act(verb, "")
        if done is not None:
            st.session_state[SAID] = (True, words(done))

    st.button(label, key=key, on_click=do)


def _cases(told: Carried) -> str:
    """ "12 cases (5 open, 7 closed)"."""
    if not told.all:
        return "no case"
    return f"{cases(told.all)} ({told.open:,} open, {told.closed:,} closed)"
