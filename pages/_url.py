"""The URL is the truth about what a page shows: widgets show what it says and write what they hear.

Each run reads the filter from the URL and sets the widgets to it; a widget's callback writes the
URL. So reload, Back and a shared link need nothing of their own.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import streamlit as st

from pages._ask import ask
from pages._look import shown
from services import insights
from services.insights import Filter, Options
from services.insights.filters import KEYS
from services.insights.spelling import BIGGEST_ID, Spelt

CURSOR = "at"  # where a list stands; another filter begins at its top
Kind = TypeVar("Kind", bound=Spelt)
Change = Callable[[Filter, Any], Filter]


@dataclass(frozen=True)
class Chosen:
    """The filter in force and what there is to choose from."""

    filter: Filter
    options: Options


def chosen() -> Chosen:
    """The filter that the URL spells; what it spells wrong is named on the page."""
    filter, notices = Filter.from_query(query_of())
    options = ask(insights.options)
    filter, gone = insights.fitting(filter, options)
    named([*notices, *gone])
    return Chosen(filter, options)


def wanted(kind: type[Kind]) -> Kind:
    """The filter of this kind that the URL spells; what it spells wrong is named on the page."""
    filter, notices = kind.from_query(query_of())
    named(notices)
    return filter


def named(notices: Sequence[str]) -> None:
    """Say what the URL spells wrong."""
    for notice in notices:
        with st.container(border=True):
            st.text(shown(notice))


def spelt() -> Filter:
    """The filter in the URL, for callbacks."""
    return Filter.from_query(query_of())[0]


def put(filter: Filter, **others: str | None) -> None:
    """Write the filter to the URL, with the page's own parameters; those that are None go."""
    write(filter, (*KEYS, CURSOR), **others)


def write(filter: Spelt, gone: Sequence[str], **others: str | None) -> None:
    """Write a filter and a page's own parameters in place of those that are `gone`."""
    out = (*gone, *others)
    kept = {key: values for key, values in query_of().items() if key not in out}
    own = {key: [value] for key, value in others.items() if value is not None}
    st.query_params.from_dict({**kept, **filter.to_query(), **own})


def whole_number(name: str) -> int | None:
    """The number that a parameter holds; None where it holds none that a database knows."""
    text = st.query_params.get(name, "")
    fine = text.isascii() and text.isdigit() and len(text) < 20
    return int(text) if fine and int(text) <= BIGGEST_ID else None


def control(
    widget: Callable[..., Any],
    name: str,
    label: str,
    value: Any,
    change: Change,
    *,
    options: Sequence[Any] | None = None,
    labelled: bool = False,
    rewrite: Callable[[Callable[[Any], Any]], None] | None = None,
    **looks: Any,
) -> None:
    """A widget that shows `value` and, when used, writes `change(filter, its value)` to the URL.

    `rewrite` is for pages with a filter of their own: it puts `change(theirs)` into the URL.
    """
    key = f"f_{name}"

    def used() -> None:
        (rewrite or _rewrite)(lambda old: change(old, st.session_state[key]))

    st.session_state[key] = value
    given = (label,) if options is None else (label, options)
    visible = "visible" if labelled else "collapsed"
    widget(*given, key=key, on_change=used, label_visibility=visible, **looks)


def several(
    name: str,
    label: str,
    value: Sequence[Any],
    names: Mapping[Any, str],
    rewrite: Callable[[Callable[[Any], Any]], None] | None = None,
    *,
    least: int = 2,
) -> None:
    """Several values of one field, by their names; left out where there is nothing to choose: fewer
    than the `least` that tell rows apart."""
    if len(names) < least and not value:
        return
    control(
        st.multiselect, name, label, list(value),
        lambda old, picked: old.narrowed(**{name: tuple(picked)}),
        options=[*names, *(one for one in value if one not in names)],
        format_func=lambda one: shown(names.get(one, str(one))), placeholder="All", labelled=True,
        rewrite=rewrite,
    )  # fmt: skip


def only(told: Sequence[str], rid: Callable[..., None], *args: Any, **given: Any) -> None:
    """Every filter in force in plain text, and one button that is rid of them."""
    if not told:
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="in_force"):
        st.text(shown(f"Only {'; '.join(told)}"), width="content")
        st.button(
            "Clear filters", key="clear", type="tertiary", on_click=rid, args=args, kwargs=given
        )  # fmt: skip


def _rewrite(change: Callable[[Filter], Filter]) -> None:
    put(change(spelt()))


def query_of() -> dict[str, list[str]]:
    """All parameters of the address."""
    return {key: st.query_params.get_all(key) for key in st.query_params}
