"""What the URL of the list of cases asks for: the queue's own filters, and how to page."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from starlette.datastructures import QueryParams

from services.domain.lifecycle import Outcome
from services.domain.plays import Play
from services.domain.scores import Metric
from services.domain.syncing import Waits
from services.insights.case_export import Cursor
from services.insights.case_filter import KEYS, CaseFilter, Loop, Sla, View
from services.insights.play_selects import ASKS, ENDS
from services.insights.spelling import BIGGEST_ID, whole
from services.web.api_parts import Refusal

MOST, USUAL = 200, 50  # cases a page
_PERSONAL = (View.MINE, View.ESCALATED)  # tabs of a person: a program has none
_PAGING: dict[str, Callable[[str], Any]] = {
    "updated_after": whole(0, BIGGEST_ID),
    "limit": whole(1, MOST),
    "cursor": Cursor.parse,
}


@dataclass(frozen=True)
class Asked:
    """Which cases, and which page of them."""

    filter: CaseFilter
    limit: int
    updated_after: int | None
    cursor: Cursor | None


def asked(params: QueryParams) -> Asked:
    """What `params` ask for; refused with every parameter that cannot be used."""
    errors: list[dict[str, str]] = []
    found = {key: _paging(key, params, errors) for key in _PAGING}
    after, cursor = found["updated_after"], found["cursor"]
    if cursor is not None and (cursor.seq is None) != (after is None):
        errors.append({"field": "cursor", "reason": "it belongs to another list"})
    filter = _filter(params, View.OPEN if after is None else View.ANY, errors)
    if errors:
        raise Refusal(422, {"errors": errors})
    return Asked(filter, found["limit"] or USUAL, after, cursor)


def _paging(key: str, params: QueryParams, errors: list[dict[str, str]]) -> Any:
    try:
        values = [_PAGING[key](text) for text in params.getlist(key)]
    except ValueError:
        errors.append({"field": key, "reason": "this value cannot be used"})
        return None
    return values[-1] if values else None


def _filter(params: QueryParams, usual: View, errors: list[dict[str, str]]) -> CaseFilter:
    given: dict[str, list[str]] = {"view": [usual.value]}
    for key in params:
        if key in KEYS:
            given[key] = params.getlist(key)
            if CaseFilter.from_query({key: given[key]})[1]:
                errors.append({"field": key, "reason": "this value is not known"})
        elif key not in _PAGING:
            errors.append({"field": key, "reason": "there is no such parameter"})
    found, _ = CaseFilter.from_query(given)
    if found.view in _PERSONAL:
        errors.append({"field": "view", "reason": "a program has no cases of its own"})
    return found


def _text(**more: Any) -> dict[str, Any]:
    return {"type": "string"} | more


def _number(**more: Any) -> dict[str, Any]:
    return {"type": "integer"} | more


def _many(item: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": item}


_VIEWS = [view.value for view in View if view not in _PERSONAL]
_SPELT: dict[str, tuple[dict[str, Any], str]] = {
    "view": (_text(enum=_VIEWS), "A tab of the queue: open if none, any with updated_after."),
    "q": (_text(), "A number, a name, an address, or words of the answers."),
    "owner": (_many(_number()), "Ids of people; 0 is nobody."),
    "team": (_many(_number()), "Ids of teams."),
    "unit": (_many(_number()), "Ids of units."),
    "metric": (_many(_text(enum=list(Metric))), ""),
    "score": (_many(_number(minimum=0, maximum=10)), ""),
    "sla": (_many(_text(enum=list(Sla))), "How the promise stands that runs now."),
    "opened": (_text(), "Days: 2026-01-01..2026-03-31, 30d, month, quarter, year ..."),
    "loop": (_many(_text(enum=list(Loop))), "What became of it; all of them must hold."),
    "outcome": (_many(_text(enum=list(Outcome))), ""),
    "cause": (_many(_number()), "Ids of root causes."),
    "tag": (_many(_number()), "Ids of tags."),
    "play": (_many(_text(enum=list(Play))), ""),
    "play_end": (_many(_text(enum=list(ENDS))), "How its play ended, or that it has not."),
    "favour": (_many(_text(enum=list(ASKS))), "What its person was asked for, and the reply."),
    "waits": (
        _many(_text(enum=list(Waits))),
        "Changed on both sides, or solved at a vendor: what waits for a person here.",
    ),
    "updated_after": (
        _number(minimum=0),
        "A feed: what changed after this data version (the version of an earlier answer), in the "
        "order of change.",
    ),
    "limit": (_number(minimum=1, maximum=MOST, default=USUAL), ""),
    "cursor": (_text(), "What next said, beside the same parameters."),
}  # fmt: skip
PARAMETERS = [
    {"name": key, "in": "query", "schema": schema} | ({"description": words} if words else {})
    for key, (schema, words) in _SPELT.items()
]
