"""Full-text search over comments: FTS5 or tsvector; the same words are found on both engines."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col

from db.engine import is_sqlite
from db.models import Response

# PostgreSQL's parser has special rules for URLs, e-mail addresses and hyphens; with ASCII
# punctuation made blank it splits words as FTS5's unicode61 does.
PG_PUNCTUATION = r"[!-/:-@\[-`{-~]+"
PG_DOCUMENT = f"to_tsvector('simple', regexp_replace(comment, '{PG_PUNCTUATION}', ' ', 'g'))"

Ids = sa.Select[Any]  # of one column
_TERM = re.compile(r'(-?)(?:"([^"]*)"|(\S+))')
_WORD = re.compile(r"[^\W_]+")


@contextmanager
def indexed(session: Session, import_run_id: int | None) -> Iterator[None]:
    """Index the comments of the responses of an import run that are inserted inside.

    In SQLite the trigger of `response` leaves out rows of an import run, because indexing them
    together takes half the time; every other row, and PostgreSQL, is indexed as it comes.
    """
    if import_run_id is None or not is_sqlite(session):
        yield
        return
    connection = session.connection()
    last = connection.exec_driver_sql("SELECT coalesce(max(id), 0) FROM response").scalar_one()
    yield
    connection.exec_driver_sql(
        "INSERT INTO response_fts (rowid, comment) SELECT id, comment FROM response "
        "WHERE id > ? AND import_run_id = ? AND comment IS NOT NULL",
        (last, import_run_id),
    )


def index_imported(session: Session) -> None:
    """Index the comments of all import runs, in a desk where none of them is indexed yet."""
    if is_sqlite(session):
        session.connection().exec_driver_sql(
            "INSERT INTO response_fts (rowid, comment) SELECT id, comment FROM response "
            "WHERE import_run_id IS NOT NULL AND comment IS NOT NULL"
        )


@dataclass(frozen=True)
class Term:
    """Words that stand in a row; `prefix` when the last one may go on; `wanted` or ruled out."""

    words: tuple[str, ...]
    prefix: bool = False
    wanted: bool = True


def parse(query: str) -> list[Term]:
    """What was typed: words, "a phrase", a prefix*, -without. Nothing typed can be an error.

    Lower case, as both engines fold; case-folding would make "ss" of an "ß".
    """
    terms = []
    for minus, phrase, bare in _TERM.findall(query):
        words = tuple(word.lower() for word in _WORD.findall(phrase or bare))
        if words:
            terms.append(Term(words, prefix=bare.endswith("*"), wanted=not minus))
    return terms


def matches(session: Session, query: str) -> sa.ColumnElement[bool] | None:
    """A condition on `response` for `query`; None when it names no wanted word."""
    terms = parse(query)
    if not any(term.wanted for term in terms):
        return None
    if is_sqlite(session):
        return col(Response.id).in_(_rowids(terms))
    # Bound as text and cast: the words are only letters and digits by now.
    return sa.text(f"{PG_DOCUMENT} @@ to_tsquery('simple', :fts_query)").bindparams(  # type: ignore[return-value]
        fts_query=_tsquery(terms)
    )


def matching(session: Session, query: str) -> Ids | None:
    """The ids of the responses that `matches` means, without a look at the responses themselves
    where the index knows them.
    """
    if is_sqlite(session):
        terms = parse(query)
        return _rowids(terms) if any(term.wanted for term in terms) else None
    found = matches(session, query)
    return None if found is None else sa.select(col(Response.id)).where(found)


def _rowids(terms: list[Term]) -> Any:
    found = sa.text("SELECT rowid FROM response_fts WHERE response_fts MATCH :fts_query")
    return found.bindparams(fts_query=_fts5(terms)).columns(sa.column("rowid", sa.Integer))


def _fts5(terms: list[Term]) -> str:
    def one(term: Term) -> str:
        return '"' + " ".join(term.words) + '"' + ("*" if term.prefix else "")

    wanted = " AND ".join(one(term) for term in terms if term.wanted)
    ruled_out = "".join(f" NOT {one(term)}" for term in terms if not term.wanted)
    return f"({wanted}){ruled_out}"


def _tsquery(terms: list[Term]) -> str:
    def one(term: Term) -> str:
        phrase = " <-> ".join(term.words) + (":*" if term.prefix else "")
        return f"({phrase})" if term.wanted else f"!({phrase})"

    return " & ".join(one(term) for term in terms)


def highlights(text: str, query: str) -> list[tuple[int, int]]:
    """Where the wanted words of `query` stand in `text`: (start, end) in order, not overlapping."""
    wanted = [term for term in parse(query) if term.wanted]
    whole = {word for term in wanted for word in (term.words[:-1] if term.prefix else term.words)}
    prefixes = tuple(term.words[-1] for term in wanted if term.prefix)
    return [
        found.span()
        for found in _WORD.finditer(text)
        if found[0].lower() in whole or (prefixes and found[0].lower().startswith(prefixes))
    ]


def holds(column: Any, text: str) -> sa.ColumnElement[bool]:
    """Whether the text is somewhere in the column, letter by letter."""
    escaped = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    found: sa.ColumnElement[bool] = column.like(f"%{escaped}%", escape="\\")
    return found


def named(session: Session, column: Any, text: str) -> sa.ColumnElement[bool]:
    """Whether the text is somewhere in the column, large or small.

    SQLite's LIKE takes ASCII letters as one already; to fold a name for it takes four times longer.
    """
    if is_sqlite(session) and text.isascii():
        return holds(column, text)
    return holds(sa.func.lower(column), text.lower())
