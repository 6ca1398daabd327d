"""A table and a plan -> typed rows and rejects, ten thousand records at a time.

Every value that repeats is worked out once; whatever is wrong with a row is said about that row
only. Nothing is guessed, rounded or rescaled.
"""

import json.encoder
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from operator import itemgetter

from services.domain.bands import band
from services.importing import cells as clean
from services.importing.answers import Chunk, Plan, Reject, Row, Tally
from services.importing.cells import BadCell, Memo
from services.importing.dates import BadDate
from services.importing.files import Table
from services.importing.mapping import FIELDS
from services.importing.ragged import fitted, rejected
from services.importing.scores_text import BadScore, whole_number

__all__ = ["Chunk", "Plan", "Reject", "Row", "Tally", "read_rows"]

CHUNK = 10_000  # records
OLDEST = "1969-12-31"  # UTC: midnight of 1970-01-01 lies before it east of Greenwich
OLD = "1990"
_PROPS_MEMO = 20_000
_quoted: Callable[[str], str] = json.encoder.encode_basestring

BAD_EMAIL = "the e-mail address cannot be right: the answer is kept without a contact"
CUT = f"the comment is longer than {clean.LONGEST_COMMENT:,} characters: the rest is cut off"
PAST = "answered before 1990, which is often a missing date: kept as given"
ODD_FOLLOWUP = "the follow-up answer is not understood: taken as not asked"
ODD_ANONYMOUS = "the anonymity answer is not understood: taken as anonymous"
EXCLUDED = "excluded from the score where it comes from: it counts here until you exclude it"


def read_rows(
    table: Table, plan: Plan, now: datetime, tally: Tally | None = None
) -> Iterator[Chunk]:
    """Yield chunks of rows and rejects in the order of the file; `now` is aware.

    Row ids: the given one, else a hash of source, whole row and k-th occurrence, so that reading
    the file again gives the same ids and exact doubles stay separate answers.
    """
    make = _RowMaker(table.columns, plan, now, Tally() if tally is None else tally)
    rows: list[Row] = []
    rejects: list[Reject] = []
    before = record = 0
    for record, line, cells in table.records():
        try:
            row = make(record, line, cells)
            if row is not None:
                rows.append(row)
        except BadCell as bad:
            rejects.append(rejected(record, line, bad, cells, len(table.columns)))
        if record - before == CHUNK:
            yield Chunk(rows, rejects, CHUNK - len(rows) - len(rejects), CHUNK)
            rows, rejects, before = [], [], record
    if record > before:
        read = record - before
        yield Chunk(rows, rejects, read - len(rows) - len(rejects), read)


class _RowMaker:
    """Makes rows of one file: knows the columns, remembers values, rows and ids seen before."""

    def __init__(self, columns: list[str], plan: Plan, now: datetime, tally: Tally) -> None:
        self.columns, self.plan, self.tally = columns, plan, tally
        self.width = len(columns)
        at = plan.mapping.positions(columns)
        self.last_needed = max(at["score"], at["answered_at"] if plan.parse_date else 0)
        self.metric_column = plan.preset.metric_column(columns)
        extra = (self.metric_column, plan.preset.excluded(columns))
        # A field without a column reads the empty cell that every row gets at its end.
        self.pick: Callable[[list[str]], tuple[str, ...]] = itemgetter(
            *(at.get(name, self.width) for name in FIELDS),
            *(columns.index(name) if name else self.width for name in extra),
        )
        self.latest = (now + timedelta(days=1)).astimezone(UTC).isoformat(" ")[:26]
        self.scores = Memo(self._score)
        self.words = Memo(clean.short)
        self.followups = Memo(clean.followup)
        self.anonymities = Memo(clean.anonymous)
        self.metrics = Memo(self._same_metric)
        properties = plan.mapping.properties(columns)
        self.prop_cells = _getter([position for position, _ in properties])
        self.prop_starts = [f"{_quoted(key)}:" for _, key in properties]
        self.props: dict[tuple[str, ...], str] = {}
        self.hash = blake2b(plan.source.encode() + b"\0\0", digest_size=16)
        self.times_seen: dict[bytes, int] = {}  # first half of a row's hash -> occurrences
        self.ids: dict[str, int] = {}  # id -> 32 bits of the row's hash, then its record number

    def __call__(self, record: int, line: int, cells: list[str]) -> Row | None:
        """The row; None for an exact double of a row with the same id; BadCell to reject."""
        if len(cells) != self.width:
            cells = fitted(cells, self.columns, self.last_needed)
        whole = "\0".join(cells)
        cells.append("")
        (
            given, comment, moment, given_id, address, name, account, channel, touchpoint, wish,
            hidden, metric, excluded,
        ) = self.pick(cells)  # fmt: skip
        if metric:
            self.metrics[metric]
        score, its_band = self.scores[given]
        answered_at = self._moment(moment)
        external_id = self._identity(record, given_id, whole)
        if external_id is None:
            return None
        anonymous, followup = False, "not_asked"
        if wish or hidden:
            anonymous, followup = self._wishes(record, wish, hidden)
        email, named, props = self._person(record, address, name, anonymous, self._props(cells))
        text = clean.unspoiled(comment) if comment else ""
        if len(text) > clean.LONGEST_COMMENT:
            self.tally.add(CUT, record)
            text = text[: clean.LONGEST_COMMENT]
        if answered_at < OLD:
            self.tally.add(PAST, record)
        if excluded and clean.truthy(excluded):
            self.tally.add(EXCLUDED, record)
        words = self.words
        return Row._make((
            record, line, external_id, email and email[0], email and email[1], named,
            words[account] if account else None, given.strip(), score, its_band, text or None,
            words[channel] if channel else None, words[touchpoint] if touchpoint else None,
            answered_at, followup, anonymous, props,
        ))  # fmt: skip

    def _score(self, text: str) -> tuple[int, int]:
        plan, column = self.plan, self.plan.mapping.columns["score"]
        try:
            score = whole_number(text)
        except BadScore as error:
            raise BadCell(column, text, str(error)) from None
        if not plan.scale.contains(score):
            raise BadCell(column, text, f"the score lies outside the scale {plan.scale}")
        return score, int(band(plan.metric, score, plan.scale, plan.direction))

    def _moment(self, text: str) -> str:
        if self.plan.parse_date is None:
            return self.plan.answered_on or ""
        column = self.plan.mapping.columns["answered_at"]
        try:
            moment = self.plan.parse_date(text)
        except BadDate as error:
            raise BadCell(column, text, str(error)) from None
        if moment > self.latest:
            raise BadCell(column, text, "the date lies in the future")
        if moment < OLDEST:
            raise BadCell(column, text, "the date lies before 1970")
        return moment

    def _same_metric(self, text: str) -> None:
        metric = self.plan.metric
        if text.strip() and self.plan.preset.metric_of(text) is not metric:
            reason = f"the answer is to another kind of survey; this import takes {metric} only"
            raise BadCell(self.metric_column, text, reason)

    def _identity(self, record: int, given: str, whole: str) -> str | None:
        if given and not given.isspace():
            clean.short(given)
            return self._given_id(record, given.strip(), whole)
        hashed = self.hash.copy()
        hashed.update(whole.encode())
        digest = hashed.digest()
        before = self.times_seen.get(digest[:8], 0)
        self.times_seen[digest[:8]] = before + 1
        if before:
            hashed.update(b"\0\0%d" % (before + 1))
            digest = hashed.digest()
        return "row:" + digest.hex()

    def _given_id(self, record: int, given: str, whole: str) -> str | None:
        mark = (hash(whole) & 0xFFFFFFFF) << 32
        first = self.ids.setdefault(given, mark | record)
        if first == mark | record:
            return given
        if first >> 32 == mark >> 32:
            return None
        column = self.plan.mapping.columns["external_id"]
        raise BadCell(column, given, f"the same id as record {first & 0xFFFFFFFF}, other content")

    def _wishes(self, record: int, wish: str, hidden: str) -> tuple[bool, str]:
        """(anonymous, followup), in doubt on the side of the person's privacy."""
        anonymous, followup = self.anonymities[hidden], self.followups[wish]
        if anonymous is None:
            self.tally.add(ODD_ANONYMOUS, record)
        if followup is None:
            self.tally.add(ODD_FOLLOWUP, record)
        return anonymous is not False, followup or "not_asked"

    def _person(
        self, record: int, address: str, name: str, anonymous: bool, props: str | None
    ) -> tuple[tuple[str, str] | None, str | None, str | None]:
        """(e-mail, name, properties) of somebody who does not want to stay unknown."""
        if anonymous:
            return None, None, props
        email = clean.email(address) if address else None
        if email is None and address and not address.isspace():
            self.tally.add(BAD_EMAIL, record)
        named = self.words[name] if name else None
        if named and email is None:
            return None, None, _with_name(props, named)
        return email, named, props

    def _props(self, cells: list[str]) -> str | None:
        """The other columns that are not empty, as a JSON object in the order of the file."""
        values = self.prop_cells(cells)
        known = self.props.get(values)
        if known is not None:
            return known or None
        pairs = [
            start + _quoted(text)
            for start, value in zip(self.prop_starts, values, strict=True)
            if (text := clean.unspoiled(value))
        ]
        result = "{" + ",".join(pairs) + "}" if pairs else ""
        if len(self.props) < _PROPS_MEMO:
            self.props[values] = result
        return result or None


def _getter(positions: list[int]) -> Callable[[list[str]], tuple[str, ...]]:
    """The cells at these positions, as a tuple however many they are."""
    if len(positions) < 2:
        return lambda cells: tuple(cells[position] for position in positions)
    return itemgetter(*positions)


def _with_name(props: str | None, name: str) -> str:
    """A name without an address makes no contact; it is kept as the property "name"."""
    pair = f'"name":{_quoted(name)}'
    return "{" + pair + "}" if props is None else "{" + pair + "," + props[1:]
