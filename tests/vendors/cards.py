"""A card as the outbox hands it to a vendor."""

from typing import Any

CONTACT: dict[str, Any] = {
    "id": 17, "name": "Dana Roe", "email": "dana@customer.example", "role": "buyer",
    "properties": {"plan": "Pro", "tags": ["a", "b"], "deep": {"x": 1}},
}  # fmt: skip
ACCOUNT: dict[str, Any] = {
    "id": 3, "name": "Acme", "arr": "84000.00", "currency": "EUR", "renewal_on": "2026-03-13",
    "properties": {"region": "EU", "seats": 40},
}  # fmt: skip
CARD: dict[str, Any] = {
    "number": 1042, "link": "https://desk.example/case?number=1042", "status": "open",
    "owner": "Ana Kim", "due": "2026-03-02T10:00:00+01:00", "reasons": ["renewal in 12 d"],
    "score": "2", "scale": "0-10", "metric": "nps", "band": "detractor",
    "comment": "Export broke", "answered_at": "2026-03-01T11:00:00+00:00", "survey": "NPS 2026",
    "contact": CONTACT, "account": ACCOUNT,
}  # fmt: skip
