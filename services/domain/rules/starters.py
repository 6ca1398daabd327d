"""Rules to begin with: what most desks want first. Pure."""

from collections.abc import Sequence
from typing import Any

from services.domain.rules.actions import Do
from services.domain.rules.body import parse, written


def starters() -> Sequence[tuple[str, dict[str, Any]]]:
    """The rules by name, each as its body is written."""
    detractor = {"field": "band", "op": "is", "value": ["detractor"]}
    return (
        ("Key accounts first", _starter(
            [detractor, {"field": "large", "op": "is", "value": True}],
            [{"do": Do.ASSIGN, "to": "owner"}, {"do": Do.PRIORITY, "hours": 24},
             {"do": Do.TAG, "name": "key account"}])),
        ("Leaving customers", _starter(
            [{"field": "comment", "op": "contains",
              "value": ["cancel", "leave", "competitor", "kündig", "cancelar"]}],
            [{"do": Do.OPEN}, {"do": Do.PRIORITY, "hours": 48},
             {"do": Do.NOTIFY, "to": "owner"}])),
        ("Promoters who fell", _starter(
            [{"field": "flip", "op": "is", "value": ["flipped"]}],
            [{"do": Do.NOTIFY, "to": "owner"}, {"do": Do.TAG, "name": "fell"}])),
    )  # fmt: skip


def _starter(conditions: list[Any], actions: list[Any]) -> dict[str, Any]:
    return written(parse({"conditions": conditions, "actions": actions}))
