"""What somebody writes in the editor of a rule: kept in this tab until it is saved or left.

A row of a draft is what its boxes say. Boxes are known by the draft, the row, and what the row is
about: so a row that is about something else has boxes of its own, and no row gets another's.
"""

from collections.abc import Mapping
from datetime import time
from itertools import count
from typing import Any

import streamlit as st

from services.domain.rules.actions import NEEDS, NEEDS_ID, USUAL_MINUTES, Do
from services.domain.rules.conditions import FIELDS, OPS, Kind

Row = dict[str, Any]
Draft = dict[str, Any]
NUMBERS = "rule_rows"  # how many rows and drafts there were in this tab: none has another's number
EMPTY: Mapping[str, Any] = {"any": False, "last": False, "conditions": [], "actions": []}
EVENING, MORNING = time(18), time(8)


def draft_of(rule_id: int, name: str, kept: Mapping[str, Any] | None, seen: int | None) -> Draft:
    """The draft of this rule, begun with what is kept; `seen` is the version it begins with."""
    key = f"rule_draft_{rule_id}"
    if key not in st.session_state:
        begin(rule_id, name, kept or EMPTY, seen)
    found: Draft = st.session_state[key]
    sync(found)
    return found


def begin(rule_id: int, name: str, kept: Mapping[str, Any], seen: int | None) -> None:
    """Write from here on, in boxes of their own."""
    draft: Draft = {
        "of": rule_id, "key": f"rule_{_number()}", "seen": seen, "name": name,
        "any": kept["any"], "last": kept["last"],
        "conditions": [_condition(one) for one in kept["conditions"]],
        "actions": [_action(one) for one in kept["actions"]],
    }  # fmt: skip
    draft["kept"] = (name, body(draft))
    st.session_state[f"rule_draft_{rule_id}"] = draft


def tried_key(rule_id: int) -> str:
    """Where it is kept what the last simulation of this rule was of, and how far that is."""
    return f"rule_tried_{rule_id}"


def leave(rule_id: int) -> None:
    """Forget the draft."""
    st.session_state.pop(f"rule_draft_{rule_id}", None)


def typed(draft: Draft) -> bool:
    """Whether it says something else than what is kept."""
    return bool(draft["kept"] != (draft["name"], body(draft)))


def box(draft: Draft, row: Row | None, part: str) -> str:
    """The key of the box of this part, which holds what the row says."""
    about = "" if row is None else f"{row['row']}_{row.get('field') or row['do']}_"
    key = f"{draft['key']}_{about}{part}"
    st.session_state.setdefault(key, (row or draft)[part])
    return key


def what(draft: Draft, row: Row, part: str) -> str:
    """The key of the box that says what the row is about."""
    key = f"{draft['key']}_{row['row']}_{part}"
    st.session_state.setdefault(key, row[part])
    return key


def sync(draft: Draft) -> None:
    """Take over what the boxes say."""
    for part in ("name", "any", "last"):
        _take(draft, part, f"{draft['key']}_{part}")
    for kind, rows in (("field", draft["conditions"]), ("do", draft["actions"])):
        for row in rows:
            about = st.session_state.get(f"{draft['key']}_{row['row']}_{kind}", row[kind])
            if about != row[kind]:
                fresh = _blank_condition(about) if kind == "field" else _blank(about)
                row.update(fresh)
            for part in tuple(row):
                if part not in ("row", kind):
                    _take(row, part, f"{draft['key']}_{row['row']}_{row[kind]}_{part}")


def _take(into: dict[str, Any], part: str, key: str) -> None:
    if key in st.session_state:
        into[part] = st.session_state[key]


def add(draft: Draft, kind: str, about: Any) -> None:
    """For callbacks: one more row."""
    sync(draft)
    fresh = _blank_condition(about) if kind == "conditions" else _blank(about)
    draft[kind].append({"row": _number(), **fresh})


def drop(draft: Draft, kind: str, number: int) -> None:
    """For callbacks: a row less."""
    sync(draft)
    draft[kind] = [row for row in draft[kind] if row["row"] != number]


def body(draft: Draft) -> dict[str, Any]:
    """The rule as it is kept; what is not chosen yet is missing in it."""
    return {
        "any": draft["any"], "last": draft["last"],
        "conditions": [_asked(row) for row in draft["conditions"]],
        "actions": [_done(row) for row in draft["actions"]],
    }  # fmt: skip


def _asked(row: Row) -> Row:
    asked = FIELDS[row["field"]]
    value = row["value"]
    if asked.kind is Kind.TIMES:
        value = [f"{one:%H:%M}" for one in (row["start"], row["end"]) if one is not None]
    if asked.kind is Kind.WORDS:
        value = [*dict.fromkeys(filter(None, map(str.strip, row["lines"].splitlines())))]
    named = {"name": row["name"] or ""} if asked.named else {}
    return {"field": row["field"], "op": row["op"], "value": value} | named


def _done(row: Row) -> Row:
    told = {name: row[name] for name in NEEDS[row["do"]] if name != "id"}
    if row["to"] in NEEDS_ID:
        told["id"] = row[whose(row)]
    return {"do": str(row["do"])} | told


def whose(row: Row) -> str:
    """Whether the id in an action is that of a person or of a team."""
    return "user" if row["to"] == "user" else "team"


def _condition(given: Mapping[str, Any]) -> Row:
    row = {"row": _number(), **_blank_condition(given["field"]), **given}
    if FIELDS[row["field"]].kind is Kind.TIMES:
        row["start"], row["end"] = map(time.fromisoformat, given["value"])
    if FIELDS[row["field"]].kind is Kind.WORDS:
        row["lines"] = "\n".join(given["value"])
    return row


def _action(given: Mapping[str, Any]) -> Row:
    row = {"row": _number(), **_blank(Do(given["do"])), **given, "do": Do(given["do"])}
    row[whose(row)] = row.pop("id", None)
    return row


def _blank_condition(field: str) -> Row:
    kind = FIELDS[field].kind
    values = {Kind.NUMBER: None, Kind.YES: True}
    return {
        "field": field, "op": OPS[kind][0].value, "value": values.get(kind, []), "name": None,
        "start": EVENING, "end": MORNING, "lines": "",
    }  # fmt: skip


def _blank(do: Do) -> Row:
    whom = {Do.ASSIGN: "owner", Do.NOTIFY: "owner"}
    return {
        "do": do, "to": whom.get(do), "user": None, "team": None, "hours": 24, "name": None,
        "vendor": None, "template": None, "favour": None, "after": USUAL_MINUTES,
    }  # fmt: skip


def _number() -> int:
    numbers: count[int] = st.session_state.setdefault(NUMBERS, count(1))
    return next(numbers)
