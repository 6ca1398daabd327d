"""The tiles of the loop: a figure, how sure it is, and each of its numbers as a link to its cases.

HTML of our own words and numbers only.
"""

import streamlit as st

from pages._case_url import address
from pages._look import ASSETS, element, words
from pages._parts import MOVES, SILENT
from services.insights.loop_figures import Report, Share, Size, Wait
from services.insights.loop_words import DASH, long, share
from services.insights.words import margin, move


def loop_styles() -> None:
    """The style sheet of this page's tiles; once a page, after `styles`."""
    st.html(ASSETS / "loop.css")


def tiles(found: Report) -> None:
    """The loop as a whole; then first contact, and closing, each with its promise."""
    st.html(
        row(
            share_tile("Loop closed", found.closed, "closed", "not closed", main=True),
            share_tile("Contacted", found.contacted, "contacted", "not contacted"),
            share_tile("Resolved", found.resolved, "resolved", ""),
        )
        + row(
            wait_tile("First contact: half within", found.contact, "contacted"),
            share_tile("First contact in time", found.contact_in_time, "in time", "late"),
            share_tile("Asked for contact: reached", found.asked, "reached", "not reached"),
        )
        + row(
            wait_tile("Closing: half within", found.close, "closed"),
            share_tile("Resolved in time", found.close_in_time, "in time", "late"),
            share_tile("Asked for contact: in time", found.asked_in_time, "in time", "late"),
        )
    )


def row(*made: str) -> str:
    """Tiles side by side; two have all the room that three would have."""
    return element("div", "tiles ld-two" if len(made) == 2 else "tiles", *made)


def share_tile(name: str, one: Share, hits: str, misses: str, *, main: bool = False) -> str:
    """A share, what it is made of (`hits` and `misses` are the words), and its change."""
    side, said = move(one.figure) if one.now.n else ("none", "")
    shape = element("span", "shape", MOVES[side], **SILENT) if MOVES[side] else ""
    give = "too few to say" if one.now.too_few else margin(one.now)
    return _tile(
        name, share(one.now), give if one.now.n else "", _parts(one, hits, misses),
        element("div", f"move ld-{side}", shape, words(said)), one.now.definition, main=main,
    )  # fmt: skip


def _parts(one: Share, hits: str, misses: str) -> list[str]:
    """What the share is made of: each number leads to its cases."""
    found = [_to(one.hits, hits)] if one.now.n else [words("no such cases yet")]
    if one.now.n and one.of.cases is not None:
        found += [words(" of "), _to(one.of, "")]
    if misses and one.missed is not None and one.missed.n:
        found += [words(", "), _to(one.missed, misses)]
    if one.undecided:
        found.append(words(f", {one.undecided:,} left out"))
    return found


def wait_tile(name: str, one: Wait, what: str) -> str:
    """How long half of them waited, and nine of ten."""
    found = one.waits
    most, sure, give = "", "", "too few to say" if found.n else ""
    if found.median is not None and not found.too_few:
        assert found.low is not None and found.high is not None and found.most is not None
        most, give = f"9 of 10 within {long(found.most)}; ", "business time"
        sure = f"95 % interval {long(found.low)} to {long(found.high)}"
    said = DASH if found.too_few or found.median is None else long(found.median)
    size = [words(most), _to(Size(found.n, one.cases), what)]
    return _tile(
        name, said, give, size, element("div", "move ld-none", words(sure)), one.definition
    )


def _tile(
    name: str, value: str, give: str, size: list[str], last: str, definition: str, *,
    main: bool = False,
) -> str:  # fmt: skip
    """A name, a figure with what it is worth, what it is made of, and one more line."""
    return element(
        "div", "tile ld-main" if main else "tile",
        element("div", "name", words(name)),
        element("div", "value", words(value), " ", element("span", "give", words(give))),
        element("div", "size", *size), last, title=definition,
    )  # fmt: skip


def _to(size: Size, what: str) -> str:
    """A number of cases as a link to their list."""
    said = words(f"{size.n:,} {what}".strip())
    if size.cases is None or not size.n:
        return said
    return element("a", "to", said, href=address(size.cases), target="_self")
