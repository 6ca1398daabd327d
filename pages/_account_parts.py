"""The facts and figures of an account."""

import streamlit as st

from pages._facts import Fact
from pages._look import element, words
from pages._parts import NAMES
from services.domain import priority
from services.domain.scores import Estimate, Metric
from services.insights.accounts import AccountFile, Score
from services.insights.words import margin, value


def chips(found: AccountFile) -> list[tuple[str, str]]:
    """What must not be overlooked."""
    flips = f"{found.flips:,} {_contacts(found.flips)} went from promoter to detractor"
    return [(text, "warn") for text in _renewal(found)] + [(flips, "low")] * bool(found.flips)


def _renewal(found: AccountFile) -> list[str]:
    if found.churned_on:
        return [f"churned on {found.churned_on:%d %b %Y}"]
    if found.renewal_on is None or found.renewal_on > found.today + priority.NEAR:
        return []
    reason = {"code": "renewal_near", "on": found.renewal_on.isoformat()}
    return [priority.words(reason, found.today)]


def rows(found: AccountFile) -> list[Fact]:
    """The definition list of the head."""
    people = _contacts(found.responders)
    heard = f"{found.heard:,} of {found.known:,} {_contacts(found.known)}"
    arr = f"{found.arr:,.0f} {found.currency or ''}".strip() if found.arr is not None else ""
    return [
        ("ARR", arr),
        ("Renewal", f"{found.renewal_on:%d %b %Y}" if found.renewal_on else ""),
        ("Owner", found.owner or "nobody"),
        ("Unit", found.unit or ""),
        ("Stage", found.stage or ""),
        ("Responses", f"{found.responses:,} from {found.responders:,} {people}"),
        ("Heard in the last 12 months", heard),
        ("Cases", f"{found.n_cases:,}"),
        *found.props,
    ]  # fmt: skip


def tiles(found: AccountFile) -> None:
    """The scores of the last 12 months with their intervals, and those of all time."""
    if not found.scores:
        return
    main, *others = map(_score, found.scores)
    made = [element("div", "tile ld-main", *main)]
    made += [element("div", "tile", *tile) for tile in others]
    st.html(element("div", "tiles", *made))
    st.caption(f"The last 12 months: {found.year.text}. Excluded and test responses do not count.")


def _score(one: Score) -> tuple[str, ...]:
    """Name, value with its margin, where it comes from, and how that stands to all time."""
    year, ever = one.year, one.ever
    said, give, size = "\N{EM DASH}", "", "no responses in the last 12 months"
    if year.value is not None:
        said, give = value(one.metric, year.value), "" if year.too_few else f" {margin(year)}"
        responses = "response" if year.n == 1 else "responses"
        size = f"{year.n:,} {responses} from {one.contacts:,} {_contacts(one.contacts)}"
    return (
        element("div", "name", words(NAMES[one.metric])),
        element("div", "value", words(said), element("span", "give", words(give))),
        element("div", "size", words(f"too few to say: {size}" if year.n and not give else size)),
        element("div", "move", words(_ever(one.metric, ever) if ever.n > year.n else "")),
    )


def _ever(metric: Metric, ever: Estimate) -> str:
    assert ever.value is not None
    sure = ", too few to say" if ever.too_few else f" {margin(ever)}"
    return f"of all time {value(metric, ever.value)}{sure}, n {ever.n:,}"


def _contacts(n: int) -> str:
    return "contact" if n == 1 else "contacts"
