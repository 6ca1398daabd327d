"""The desk by keyboard: what the keys act on, and what they do, each once and in their order.

A browser says all that it has not been told to be heard, again with every press; each press has a
number of its own. It also says which visit it speaks to: after a lost connection there is another
one, and what was done before is not done again in it.

Streamlit ends a run, or a callback, wherever it shows something or asks for its state, and begins
the next one before that. So presses are heard at the top of a run, by one run at a time, and what
came of one is written into `Book` at once.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import streamlit as st

from db.engine import transaction
from pages import _batch, _door
from pages._ask import ask, own_zone
from pages._case_acts import presets
from pages._case_url import choose, remembered
from pages._look import shown
from pages._mount import mount
from pages._notice import MANY, OFFERED, UNDO, took_back
from pages._people_parts import SAID
from pages._pressed import Press, asked
from pages._queue_parts import told
from services.access import Actor, Forbidden, Refused
from services.cases import causes, undo
from services.domain.lifecycle import Outcome
from services.domain.roles import Verb
from services.insights import Unavailable
from services.insights.case_rows import CaseRow
from services.insights.desk_people import desk

BOOK = "keys_book"
STEPS = 50  # acts that can be taken back one after the other
Step = tuple[int, Any, str, datetime]  # as _notice.UNDO


@dataclass
class Book:
    """What the keys of one visit have done.

    `steps` can be taken back, the last first; `own` says which versions of a case one's own keys
    made, the first and the last; `said` waits to be shown, `due`: so does what can be taken back;
    `opened` is the case to be shown.
    """

    visit: str = field(default_factory=lambda: uuid4().hex)
    heard: int = 0
    steps: list[Step] = field(default_factory=list)
    own: dict[int, tuple[int, int]] = field(default_factory=dict)
    said: list[tuple[bool, str]] = field(default_factory=list)
    due: bool = False
    opened: int | None = None
    turn: Lock = field(default_factory=Lock)

    def latest(self, number: int, version: int) -> int:
        """The version that was seen, or what one's own keys have made of it since: two keys may
        come faster than the page, and whoever pressed them knows of both."""
        first, last = self.own.get(number, (version, version))
        return last if first <= version <= last else version

    def follow(self, number: int, version: int, now: int) -> None:
        """A key made the version `now` of what was `version`."""
        first, last = self.own.get(number, (version, version))
        self.own[number] = (first if last == version else version, now)


def listen() -> None:
    """Do what was pressed since the last run: at the top of a page, before it is drawn."""
    book = _book()
    with suppress(Unavailable):  # the page itself says so; the browser says it again
        _hear(book)
    if book.due:
        st.session_state[UNDO] = book.steps[-1] if book.steps else None
        book.due = False
    if book.said:
        refused = [words for done, words in book.said if not done]
        words = " ".join(refused) if refused else book.said[-1][1]
        st.session_state[SAID] = (not refused, words)
    if book.opened is not None:
        choose(book.opened)
        book.opened = None


def _hear(book: Book) -> None:
    pressed = getattr(st.session_state.get("keys"), "q", None) or ()
    said = [one for one in map(Press.of, pressed) if one and one.visit == book.visit]
    if not any(one.seq > book.heard for one in said):
        return
    who, zone = _door.actor(), own_zone()
    if not book.due:
        _known(book)
        book.due = True
    with book.turn:
        for one in said:
            if one.seq > book.heard:
                _do(book, one, who, zone)


def _book() -> Book:
    found: Book = st.session_state.setdefault(BOOK, Book())
    return found


def _known(book: Book) -> None:
    """What the corner offers to take back, whoever did it; what it no longer offers is gone."""
    last: Step | None = st.session_state.get(UNDO)
    if last is None:
        book.steps = book.steps[:-1]
    elif last not in book.steps:
        book.steps = [*book.steps, last][-STEPS:]


def _do(book: Book, one: Press, who: Actor, zone: ZoneInfo) -> None:
    """From the commit to the note that it was heard nothing may come between."""
    if one.name == "open":
        book.heard, book.opened = one.seq, one.number
    elif one.name == "undo":
        _take_back(book, one, who)
    else:
        try:
            _act(book, one, who, zone)
        except (Refused, Forbidden) as error:
            book.said = [*book.said, (False, str(error))]
    book.heard = one.seq


def _act(book: Book, one: Press, who: Actor, zone: ZoneInfo) -> None:
    if (what := asked(one, zone)) is None:
        return
    version, now = book.latest(one.number, one.version), _door.now()
    with transaction() as session:
        done = what.verb(session, who, one.number, version=version, now=now, **what.given)
    book.follow(one.number, version, done.version)
    book.steps = [*book.steps, (one.number, done.event_id, what.words, now + OFFERED)]
    book.steps, book.said = book.steps[-STEPS:], [said for said in book.said if not said[0]]


def _take_back(book: Book, one: Press, who: Actor) -> None:
    """The last act, as long as the corner would offer it; on the page of a case, on that case."""
    now = _door.now()
    fits = [step for step in book.steps if one.number in (0, step[0]) and step[3] >= now]
    if not fits:
        book.said = [*book.said, (True, "There is nothing more to take back here.")]
        return
    number, event_id, *_ = fits[-1]
    book.steps = [step for step in book.steps if step != fits[-1]]
    if number == MANY:
        book.heard = one.seq
        _batch.take_back(str(event_id))
        book.said = [*book.said, st.session_state[SAID]]
        return
    try:
        with transaction() as session:
            done = undo.undo(session, who, number, int(event_id), now=now)
        book.follow(number, done.version - 1, done.version)
        book.said = [*book.said, (True, took_back(done))]
    except (Refused, Forbidden) as error:
        book.said = [*book.said, (False, str(error))]


def keys(page: str, zone: ZoneInfo, row: CaseRow | None, **ways: str | None) -> None:
    """Hear the keys, and show some. `row`: the case that is open; `ways` lead on from its page.

    After `listen`, near the end of a run: what was to be said has been shown by then.
    """
    book = _book()
    book.said = []
    data = {
        "page": page, "works": _door.actor().may(Verb.WORK_CASES), "list": remembered(), **ways,
        "asked": st.query_params.get("number"), "case": row and told(row), "people": _people(),
        "outcomes": [{"name": one.value, "label": one.label} for one in Outcome],
        "causes": [{"name": str(key), "label": shown(name)} for key, name in ask(causes.in_use)],
        "snoozes": _numbered([label for label, _ in presets(_door.now().astimezone(zone))]),
        "heard": book.heard, "token": book.visit,
    }  # fmt: skip
    mount("keys", data, "keys", on_q_change=lambda: None)


def _numbered(labels: Sequence[str]) -> list[dict[str, str]]:
    return [{"name": str(n), "label": label} for n, label in enumerate(labels)]


def _people() -> list[dict[str, str]]:
    """To whom a case may be given, each by a letter for what they are and their id."""
    known, now = ask(desk), _door.now()
    people = [(f"p{key}", known.called(key, now)) for key in known.people]
    teams = [(f"t{key}", f"Team {name}") for key, name in known.teams.items()]
    return [{"name": key, "label": shown(name)} for key, name in (*people, *teams, ("p", "Nobody"))]
