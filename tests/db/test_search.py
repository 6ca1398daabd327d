"""Full-text search finds the same comments on both engines and shows where the words stand."""

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from sqlmodel import Session, select

from db import search
from db.models import Response
from tests import builders as make

COMMENTS = {
    "export": "The CSV export broke twice; support was slow.",
    "slow": "Support is slow, but friendly",
    "hyphen": "self-service portal is great",
    "umlaut": "Die Lieferung kam viel zu spät an",
    "link": "see https://example.com/export_v2.csv or mail me@example.com",
    "sharp": "Die Größe stimmt nicht, Straße auch nicht",
    "quote": 'He said "never again" - and left',
}


@pytest.fixture
def comments(session: Session) -> Session:
    for name, text in COMMENTS.items():
        make.response(session, comment=text, touchpoint=name)
    make.response(session, comment=None, touchpoint="silent")
    session.flush()
    return session


def found(session: Session, query: str) -> set[str]:
    condition = search.matches(session, query)
    if condition is None:
        return set()
    return {name or "" for name in session.exec(select(Response.touchpoint).where(condition))}


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("slow", {"export", "slow"}),
        ("SLOW support", {"export", "slow"}),
        ("slow -friendly", {"export"}),
        ('"support is slow"', {"slow"}),
        ('"slow support"', set()),
        ("exp*", {"export", "link"}),
        ("export", {"export", "link"}),
        ("self service", {"hyphen"}),
        ("self-service", {"hyphen"}),
        ("spät", {"umlaut"}),
        ("SPÄT", {"umlaut"}),
        ("größe", {"sharp"}),
        ("GRÖßE straße", {"sharp"}),
        ("example.com", {"link"}),
        ('"never again"', {"quote"}),
        ("nowhere", set()),
        ("-slow", set()),
        ('"', set()),
    ],
)
def test_a_query_finds(comments: Session, query: str, names: set[str]) -> None:
    assert found(comments, query) == names


@pytest.mark.parametrize(
    "odd", ["OR NOT", "a OR b NOT", "col:x", "'; --", "x & !", "(", "^a", "*", "\0"]
)
def test_what_means_something_to_an_engine_means_nothing_here(comments: Session, odd: str) -> None:
    assert found(comments, odd) == set()


def test_the_index_follows_edits_and_erasures(comments: Session) -> None:
    row = comments.exec(select(Response).where(Response.touchpoint == "slow")).one()
    row.comment = "Now it is quick"
    comments.flush()
    assert (found(comments, "friendly"), found(comments, "quick")) == (set(), {"slow"})
    row.comment = None
    comments.flush()
    assert found(comments, "quick") == set()
    comments.connection().execute(sa.delete(Response).where(Response.touchpoint == "export"))
    assert found(comments, "csv") == {"link"}


def test_highlights_mark_the_words_that_were_looked_for() -> None:
    text = "Support is slow. SLOWLY, the supporters left"
    marked = [text[start:end] for start, end in search.highlights(text, "slow supp* -left")]
    assert marked == ["Support", "slow", "supporters"]


@given(text=st.text(), query=st.text())
def test_highlights_never_overlap_and_stay_inside(text: str, query: str) -> None:
    last = 0
    for start, end in search.highlights(text, query):
        assert last <= start < end <= len(text)
        last = end
