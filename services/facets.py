"""The values that filter bars offer: noted as answers come in, never counted here."""

import json
from collections.abc import Iterable, Iterator
from itertools import chain

import sqlalchemy as sa
from sqlmodel import Session

from db.engine import insert_ignore
from db.models import metadata

VALUES: sa.Table = metadata.tables["property_value"]
MOST = 200  # values kept per name: beyond that a list is no help and a search box is
LONGEST = 80  # characters: longer values are texts, not segments

Pair = tuple[str, str]


class Known:
    """The values already noted, read once and kept while somebody stores many answers."""

    def __init__(self, session: Session) -> None:
        rows = session.connection().execute(sa.select(VALUES.c.name, VALUES.c.value))
        self.pairs: set[Pair] = {(name, value) for name, value in rows}
        self.counts: dict[str, int] = {}
        self.props: set[str] = set()
        for name, _ in self.pairs:
            self.counts[name] = self.counts.get(name, 0) + 1

    def fresh(self, pairs: Iterable[Pair]) -> Iterator[Pair]:
        """Those of `pairs` that are new, until a name has `MOST` values."""
        for name, value in pairs:
            full = self.counts.get(name, 0) >= MOST
            if full or (name, value) in self.pairs or not 0 < len(value) <= LONGEST:
                continue
            self.pairs.add((name, value))
            self.counts[name] = self.counts.get(name, 0) + 1
            yield name, value


def note(
    session: Session,
    known: Known,
    *,
    channels: Iterable[str],
    touchpoints: Iterable[str],
    props: Iterable[str],
) -> None:
    """Remember the values not yet known; `props` are JSON objects as text."""
    unseen = set(props) - known.props
    if len(known.props) < 100_000:  # the set only saves work, so it may stop growing
        known.props |= unseen
    pairs = chain(
        (("channel", value) for value in channels),
        (("touchpoint", value) for value in touchpoints),
        (
            (f"props.{key}", value)
            for text in sorted(unseen)
            for key, value in json.loads(text).items()
            if isinstance(value, str)
        ),
    )
    # In order, so that two writers at once cannot wait for each other in a circle.
    rows = [{"name": name, "value": value} for name, value in sorted(known.fresh(pairs))]
    insert_ignore(session, VALUES, rows)
