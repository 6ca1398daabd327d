"""Zendesk Support, as far as tickets go: keys that make one of two, closed tickets, audits."""

import re
from base64 import b64decode
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.standins.serving import StandIn, main

# What a request may hold, by Zendesk's reference of tickets, comments and users.
TICKET = {
    "additional_tags", "assignee_email", "assignee_id", "brand_id", "comment", "custom_fields",
    "external_id", "group_id", "id", "metadata", "priority", "remove_tags", "requester",
    "requester_id", "safe_update", "status", "subject", "tags", "type", "updated_stamp",
    "via_followup_source_id",
}  # fmt: skip
COMMENT = {"author_id", "body", "html_body", "public", "uploads"}
USER = {"email", "locale_id", "name"}
AT = "2026-03-01T12:00:00Z"


def unknown(body: Any) -> list[str]:
    """The keys of a request that Zendesk does not know."""
    if not isinstance(body, dict) or set(body) != {"ticket"}:
        return ["a body that is not one ticket"]
    ticket = body["ticket"]
    wrong = set(ticket) - TICKET
    wrong |= set(ticket.get("comment") or {}) - COMMENT
    wrong |= set(ticket.get("requester") or {}) - USER
    for filled in ticket.get("custom_fields") or []:
        wrong |= set(filled) - {"id", "value"}
    return sorted(wrong)


@dataclass
class Zendesk(StandIn):
    """`page`: how many rows a list holds at most. `left`: what remains of the allowance."""

    email: str = "agent@acme.example"
    token: str = "tk-good"
    role: str = "agent"
    page: int = 100
    left: int = 500
    tickets: dict[int, dict[str, Any]] = field(default_factory=dict)
    audits: dict[int, list[dict[str, Any]]] = field(default_factory=dict)
    users: dict[str, int] = field(default_factory=dict)
    named: dict[str, tuple[Any, dict[str, Any]]] = field(default_factory=dict)
    numbers: Any = field(default_factory=lambda: count(101))
    agents: dict[int, str] = field(default_factory=dict)
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)

    ME = 7

    def routes(self) -> list[Route]:
        return [
            Route("/api/v2/users/me.json", self.who),
            Route("/api/v2/users/show_many.json", self.people),
            Route("/api/v2/tickets/show_many.json", self.several),
            Route("/api/v2/tickets.json", self.create, methods=["POST"]),
            Route("/api/v2/tickets.json", self.search),
            Route("/api/v2/tickets/{id:int}.json", self.update, methods=["PUT"]),
            Route("/api/v2/tickets/{id:int}.json", self.show),
            Route("/api/v2/tickets/{id:int}/audits.json", self.history),
        ]

    def state(self) -> dict[str, Any]:
        """Each ticket with its comments and the key that each effect came under."""
        return {
            "tickets": [
                ticket | {"effects": [self._effect(audit) for audit in self.audits[number]]}
                for number, ticket in self.tickets.items()
            ]
        }

    def keys(self) -> list[str]:
        """The key of every effect, in no order: one that is here twice was done twice."""
        return [self._effect(audit)["key"] for audits in self.audits.values() for audit in audits]

    def close(self, number: int) -> None:
        """As Zendesk does by itself, some days after a ticket was solved."""
        self.tickets[number]["status"] = "closed"

    def _effect(self, audit: dict[str, Any]) -> dict[str, Any]:
        comment = next((event for event in audit["events"] if event["type"] == "Comment"), {})
        return {"key": audit["metadata"]["custom"].get("loopdesk"), **comment}

    def revoked(self) -> Response:
        return JSONResponse({"error": "Couldn't authenticate you"}, 401)

    def _stranger(self, request: Request) -> Response | None:
        given = request.headers.get("authorization", "").removeprefix("Basic ")
        right = f"{self.email}/token:{self.token}"
        return None if b64decode(given).decode("latin-1") == right else self.revoked()

    def _said(self, body: dict[str, Any], status: int = 200, **headers: str) -> Response:
        limit = {"X-Rate-Limit": "700", "X-Rate-Limit-Remaining": str(self.left)}
        return JSONResponse(body, status, limit | {"ratelimit-reset": "37"} | headers)

    async def who(self, request: Request) -> Response:
        if (no := self._stranger(request)) is not None:
            return no
        me = {"id": self.ME, "name": "Ana Kim", "role": self.role, "email": self.email}
        return self._said({"user": me})

    async def create(self, request: Request) -> Response:
        if (no := self._stranger(request)) is not None:
            return no
        body, key = await request.json(), request.headers.get("idempotency-key")
        if key in self.named:
            before, made = self.named[key]
            if before != body:
                return self._said({"error": "IdempotentRequestError"}, 400)
            return self._said(made, 201, **{"x-idempotency-lookup": "hit"})
        if (no := self._wrong(body)) is not None:
            return no
        made = self._made(body["ticket"])
        if key:
            self.named[key] = (body, made)
        return self._said(made, 201, **{"x-idempotency-lookup": "miss"})

    def _wrong(self, body: Any) -> Response | None:
        if wrong := unknown(body):
            return self._said({"error": "InvalidKeys", "description": ", ".join(wrong)}, 400)
        email = (body["ticket"].get("requester") or {}).get("email", "a@b.c")
        if not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", email):
            said = [{"description": f"Requester: Email: {email} is not properly formatted"}]
            return self._invalid("requester", said)
        source = self.tickets.get(body["ticket"].get("via_followup_source_id") or 0)
        if source is not None and source["status"] != "closed":
            return self._invalid("via_followup_source_id", [{"description": "not closed"}])
        return None

    def _invalid(self, about: str, said: list[dict[str, str]]) -> Response:
        body = {"error": "RecordInvalid", "description": "Record validation errors"}
        return self._said(body | {"details": {about: said}}, 422)

    def _made(self, given: dict[str, Any]) -> dict[str, Any]:
        number = next(self.numbers)
        requester = given.get("requester_id") or self._user(given.get("requester"))
        ticket = {
            "id": number, "status": "open", "requester_id": requester, "submitter_id": self.ME,
            "assignee_id": None, "followup_ids": [], "created_at": AT, "updated_at": AT,
        }  # fmt: skip
        for name in ("subject", "external_id", "priority", "tags", "custom_fields", "group_id",
                     "brand_id"):  # fmt: skip
            ticket[name] = given.get(name)
        if source := given.get("via_followup_source_id"):
            self.tickets[source]["followup_ids"].append(number)
            ticket["tags"] = given.get("tags") or self.tickets[source]["tags"]
        self.tickets[number], self.audits[number] = ticket, []
        return self._audited(number, given)

    def _user(self, given: dict[str, str] | None) -> int:
        return self.users.setdefault(given["email"], 900 + len(self.users)) if given else self.ME

    def _audited(self, number: int, given: dict[str, Any], by: int = ME) -> dict[str, Any]:
        """One update, which is one audit, as it is told to whoever made it."""
        events: list[dict[str, Any]] = [
            {"id": nth, "type": "Change", "field_name": name, "value": given[name]}
            for nth, name in enumerate(("status", "assignee_id"), 1) if name in given
        ]  # fmt: skip
        if comment := given.get("comment"):
            told = {"id": 3, "type": "Comment", "public": True, "author_id": by}
            events.append(told | comment)
        at = f"{self.clock():%Y-%m-%dT%H:%M:%SZ}"
        audit = {
            "id": number * 1000 + len(self.audits[number]), "ticket_id": number, "created_at": at,
            "author_id": by, "events": events,
            "metadata": {"system": {"client": "zenpy"}, "custom": given.get("metadata") or {}},
        }  # fmt: skip
        self.audits[number].append(audit)
        self.tickets[number]["updated_at"] = at
        return {"ticket": self.tickets[number], "audit": audit}

    def hires(self, email: str) -> int:
        """A further agent."""
        self.agents[number := 20 + len(self.agents)] = email
        return number

    def does(self, number: int, by: int, **given: Any) -> str:
        """What somebody does in a ticket there: `comment`, `status`, `assignee_id`; its audit."""
        changed = {name: given[name] for name in ("status", "assignee_id") if name in given}
        self.tickets[number] |= changed
        return f"audit:{self._audited(number, given, by)['audit']['id']}"

    async def people(self, request: Request) -> Response:
        """Agents and customers, by their ids."""
        known = {self.ME: (self.email, self.role)}
        known |= {number: (email, "agent") for number, email in self.agents.items()}
        known |= {number: (email, "end-user") for email, number in self.users.items()}
        asked = [int(one) for one in request.query_params["ids"].split(",")]
        rows = [{"id": one, "email": known[one][0], "role": known[one][1], "name": "N"}
                for one in asked if one in known]  # fmt: skip
        said = {"users": rows, "next_page": None, "previous_page": None, "count": len(rows)}
        return self._stranger(request) or self._said(said)

    async def several(self, request: Request) -> Response:
        """The tickets of these numbers; those that are gone are left out."""
        asked = [int(one) for one in request.query_params["ids"].split(",")]
        rows = [self.tickets[one] for one in asked if one in self.tickets]
        said = {"tickets": rows, "next_page": None, "previous_page": None, "count": len(rows)}
        return self._stranger(request) or self._said(said)

    async def update(self, request: Request) -> Response:
        if (no := self._stranger(request)) is not None:
            return no
        body, number = await request.json(), request.path_params["id"]
        if number not in self.tickets:
            return self._said({"error": "RecordNotFound", "description": "Not found"}, 404)
        if (no := self._wrong(body)) is not None:
            return no
        if self.tickets[number]["status"] == "closed":
            said = [{"description": "Status: closed prevents ticket update"}]
            return self._invalid("status", said)
        if status := body["ticket"].get("status"):
            self.tickets[number]["status"] = status
        if email := body["ticket"].get("assignee_email"):
            known = {there: agent for agent, there in self.agents.items()}
            if email not in known:
                return self._invalid("assignee_email", [{"description": "Assignee: unknown"}])
            self.tickets[number]["assignee_id"] = known[email]
        return self._said(self._audited(number, body["ticket"]))

    async def show(self, request: Request) -> Response:
        if (no := self._stranger(request)) is not None:
            return no
        ticket = self.tickets.get(request.path_params["id"])
        if ticket is None:
            return self._said({"error": "RecordNotFound", "description": "Not found"}, 404)
        return self._said({"ticket": ticket})

    async def search(self, request: Request) -> Response:
        wanted = request.query_params["external_id"]
        found = [one for one in self.tickets.values() if one["external_id"] == wanted]
        return self._stranger(request) or self._listed(request, "tickets", found)

    async def history(self, request: Request) -> Response:
        found = self.audits.get(request.path_params["id"], [])
        return self._stranger(request) or self._listed(request, "audits", found)

    def _listed(self, request: Request, name: str, rows: list[dict[str, Any]]) -> Response:
        asked = request.query_params
        first = int(asked.get("page[after]", 0))
        after = first + min(int(asked["page[size]"]), self.page)
        query = f"page[size]={asked['page[size]']}&page[after]={after}"
        if "external_id" in asked:
            query += f"&external_id={asked['external_id']}"
        # Zendesk writes whole addresses, which lead to itself by its own name.
        links = {"next": f"https://acme.zendesk.com{request.url.path}?{query}", "prev": None}
        meta = {"has_more": after < len(rows), "after_cursor": str(after), "before_cursor": None}
        return self._said({name: rows[first:after], "meta": meta, "links": links})


if __name__ == "__main__":
    main(Zendesk())
