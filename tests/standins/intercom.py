"""A workspace of Intercom: contacts, conversations and tags, as its description 2.14 has them.

Nothing is idempotent here either: asked twice is done twice.
"""

import html
import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.standins import intercom_contract as contract
from tests.standins.serving import StandIn, main

TOKEN = "dG9rOmludGVyY29t"
AT = 1734537436
Row = dict[str, Any]


@dataclass
class Intercom(StandIn):
    """`searchable`: whether its search finds what was written just now, which takes minutes.

    `allowance`: what its headers say is left of the rate.
    """

    token: str = TOKEN
    searchable: bool = True
    allowance: int | None = None
    contacts: dict[str, Row] = field(default_factory=dict)
    conversations: dict[str, Row] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    attributes: dict[str, str] = field(
        default_factory=lambda: {"nps_score": "integer", "nps_comment": "string"}
    )
    violations: list[str] = field(default_factory=list)
    emails: dict[str, str] = field(
        default_factory=lambda: {"991": "ana@desk.example", "992": "bo@else.example"}
    )
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)

    def routes(self) -> list[Route]:
        one = "/conversations/{id}"
        paths: list[tuple[str, str, Callable[[Request, Any], Response]]] = [
            ("GET", "/me", self.me),
            ("GET", "/admins", self.admins),
            ("GET", "/data_attributes", self.known_attributes),
            ("GET", "/contacts/find_by_external_id/{external_id:path}", self.by_external_id),
            ("POST", "/contacts/search", self.search_contacts),
            ("POST", "/contacts", self.new_contact),
            ("GET", "/contacts/{id}", self.contact),
            ("PUT", "/contacts/{id}", self.change_contact),
            ("POST", "/contacts/{id}/unarchive", self.unarchive),
            ("POST", "/conversations", self.new_conversation),
            ("POST", "/conversations/search", self.search_conversations),
            ("GET", one, self.show_conversation),
            ("PUT", one, self.change_conversation),
            ("POST", f"{one}/reply", self.reply),
            ("POST", f"{one}/parts", self.manage),
            ("POST", f"{one}/tags", self.tag),
            ("POST", "/tags", self.new_tag),
        ]
        return [Route(path, self._checked(does), methods=[how]) for how, path, does in paths]

    def state(self) -> Row:
        return {
            "contacts": self.contacts,
            "conversations": self.conversations,
            "tags": self.tags,
            "violations": self.violations,
        }

    def revoked(self) -> Response:
        return _error(401, "unauthorized", "Access Token Invalid")

    def has(self, role: str = "user", **values: Any) -> str:
        """Somebody whom the workspace knows already."""
        number = f"{len(self.contacts) + 1:024x}"
        empty = dict.fromkeys(("external_id", "email", "name"))
        self.contacts[number] = {
            "type": "contact", "id": number, "workspace_id": "ws1", "role": role,
            "custom_attributes": {}, "archived": False, "indexed": True, **empty, **values,
        }  # fmt: skip
        return number

    def parts(self, kind: str) -> list[str]:
        """What was said in all conversations, of one kind: comment, note or close."""
        rows = self.conversations.values()
        return [part["body"] for row in rows for part in row["parts"] if part["part_type"] == kind]

    def _checked(
        self, does: Callable[[Request, Any], Response]
    ) -> Callable[[Request], Awaitable[Response]]:
        async def endpoint(request: Request) -> Response:
            if request.headers.get("authorization") != f"Bearer {self.token}":
                return self.revoked()
            raw, path = await request.body(), request.scope["raw_path"].decode()
            body = json.loads(raw) if raw else None
            wrong = contract.request_problems(
                request.method, path, dict(request.query_params), body
            )
            if request.headers.get("intercom-version") != "2.14":
                wrong.append("the version is not pinned")
            answer = _error(400, "contract", "; ".join(wrong)) if wrong else does(request, body)
            said = json.loads(bytes(answer.body))
            wrong += contract.answer_problems(request.method, path, answer.status_code, said)
            self.violations += wrong
            if self.allowance is not None:
                answer.headers["X-RateLimit-Remaining"] = str(self.allowance)
                answer.headers["X-RateLimit-Reset"] = str(int(time.time()) + 10)
            return answer

        return endpoint

    def me(self, _request: Request, _body: Any) -> Response:
        app = {"type": "app", "id_code": "ws1", "name": "Acme Support"}
        return JSONResponse({"type": "admin", "id": "991", "name": "Ana Kim", "app": app})

    def admins(self, _request: Request, _body: Any) -> Response:
        team = [("991", "Ana Kim"), ("992", "Bo Li")]
        rows = [{"type": "admin", "id": number, "name": name, "email": self.emails[number]}
                for number, name in team]  # fmt: skip
        return JSONResponse({"type": "admin.list", "admins": rows})

    def known_attributes(self, _request: Request, _body: Any) -> Response:
        rows = [
            {"type": "data_attribute", "name": name, "data_type": kind, "model": "contact"}
            for name, kind in self.attributes.items()
        ]
        return JSONResponse({"type": "list", "data": rows})

    def by_external_id(self, request: Request, _body: Any) -> Response:
        asked = request.path_params["external_id"]
        return self._found(one for one in self._living() if one["external_id"] == asked)

    def contact(self, request: Request, _body: Any) -> Response:
        return self._found(one for one in self._living() if one["id"] == request.path_params["id"])

    def search_contacts(self, _request: Request, body: Any) -> Response:
        query = body["query"]
        found = [
            self._shown(one)
            for one in self._living()
            if one["indexed"] and one[query["field"]] == query["value"]
        ]
        return JSONResponse({"type": "list", "data": found, "total_count": len(found)})

    def new_contact(self, _request: Request, body: Any) -> Response:
        for one in self.contacts.values():
            if any(body.get(key) and body[key] == one[key] for key in ("external_id", "email")):
                kind = "An archived contact" if one["archived"] else "A contact"
                said = f"{kind} matching those details already exists with id={one['id']}"
                return _error(409, "conflict", said)
        number = self.has(**body, indexed=self.searchable)
        return JSONResponse(self._shown(self.contacts[number]))

    def change_contact(self, request: Request, body: Any) -> Response:
        row = self.contacts[request.path_params["id"]]
        for name, value in body.get("custom_attributes", {}).items():
            if name not in self.attributes:
                return _error(400, "parameter_invalid", f"Custom attribute '{name}' does not exist")
            if isinstance(value, str) and len(value) > 255:
                return _error(400, "parameter_invalid", f"{name} is too long")
            row["custom_attributes"][name] = value
        return JSONResponse(self._shown(row))

    def unarchive(self, request: Request, _body: Any) -> Response:
        row = self.contacts[request.path_params["id"]]
        row["archived"] = False
        return JSONResponse({"type": "contact", "id": row["id"], "archived": False})

    def new_conversation(self, _request: Request, body: Any) -> Response:
        if body["from"]["id"] not in self.contacts:
            return _error(404, "not_found", "User Not Found")
        number = str(500 + len(self.conversations))
        self.conversations[number] = {
            "id": number, "contact": body["from"]["id"], "body": body["body"], "state": "open",
            "custom_attributes": {}, "tags": [], "parts": [], "updated_at": self._now(),
        }  # fmt: skip
        return JSONResponse({
            "type": "user_message", "id": f"4039{number}", "created_at": AT, "body": body["body"],
            "message_type": "inapp", "conversation_id": number,
        })  # fmt: skip

    def search_conversations(self, _request: Request, body: Any) -> Response:
        query, rows = body["query"], []
        for one in self.conversations.values():
            changed = query["field"] == "updated_at" and one["updated_at"] > int(query["value"])
            if changed or (query["field"] == "contact_ids" and one["contact"] == query["value"]):
                rows.append(_conversation(one))
        return JSONResponse(
            {"type": "conversation.list", "conversations": rows, "total_count": len(rows)}
        )

    def change_conversation(self, request: Request, body: Any) -> Response:
        return self._done(
            request, lambda row: row["custom_attributes"].update(body["custom_attributes"])
        )

    def reply(self, request: Request, body: Any) -> Response:
        kind, by = body["message_type"], {"type": "admin", "id": body["admin_id"]}
        return self._done(request, lambda row: self._add(row, kind, body["body"], by))

    def manage(self, request: Request, body: Any) -> Response:
        kind, by = body["message_type"], {"type": "admin", "id": body["admin_id"]}
        return self._done(request, lambda row: self._add(row, kind, "", by))

    def show_conversation(self, request: Request, _body: Any) -> Response:
        return self._done(request, len)  # which changes nothing

    def does(
        self, number: str, kind: str, by: str, body: str = "", to: str | None = None,
        ai: bool = False,
    ) -> str:  # fmt: skip
        """What a teammate (by their id) or the customer ("user") does there, or what `ai` says in
        their name; the part's name."""
        row = self.conversations[number]
        customer = {"type": "user", "id": row["contact"], "email": "dana@acme.example"}
        author = customer if by == "user" else {"type": "admin", "id": by}
        author |= {"from_ai_agent": True} if ai else {}
        more = {"assigned_to": {"type": "admin", "id": to}} if to else {}
        return f"part:{self._add(row, kind, body, author, more)}"

    def _now(self) -> int:
        return int(self.clock().timestamp())

    def _add(self, row: Row, kind: str, body: str, by: Row, more: Row | None = None) -> str:
        number, at = f"{row['id']}{len(row['parts'])}", self._now()
        row["state"] = {"close": "closed", "open": "open"}.get(kind, row["state"])
        row["updated_at"] = at
        author = {"name": "N", "email": self.emails.get(by["id"], "someone@else.example")} | by
        part = {"id": number, "part_type": kind, "body": body, "created_at": at, "updated_at": at,
                "author": author}  # fmt: skip
        row["parts"].append(part | (more or {}))
        return number

    def tag(self, request: Request, body: Any) -> Response:
        row = self.conversations[request.path_params["id"]]
        name = next(name for name, number in self.tags.items() if number == body["id"])
        row["tags"] = [*dict.fromkeys([*row["tags"], name])]
        return JSONResponse({"type": "tag", "id": body["id"], "name": name})

    def new_tag(self, _request: Request, body: Any) -> Response:
        number = self.tags.setdefault(body["name"], str(80 + len(self.tags)))
        return JSONResponse({"type": "tag", "id": number, "name": body["name"]})

    def _living(self) -> list[Row]:
        return [one for one in self.contacts.values() if not one["archived"]]

    def _found(self, rows: Any) -> Response:
        row = next(iter(rows), None)
        if row is None:
            return _error(404, "not_found", "User Not Found")
        return JSONResponse(self._shown(row))

    def _shown(self, row: Row) -> Row:
        hidden = {"archived", "indexed"}
        return {key: value for key, value in row.items() if key not in hidden and value is not None}

    def _done(self, request: Request, does: Callable[[Row], object]) -> Response:
        row = self.conversations.get(request.path_params["id"])
        if row is None:
            return _error(404, "not_found", "Resource Not Found")
        does(row)
        return JSONResponse(_conversation(row))


def _conversation(row: Row) -> Row:
    parts = [{"type": "conversation_part", **part} for part in row["parts"]]
    return {
        "type": "conversation",
        "id": row["id"],
        "created_at": AT,
        "updated_at": row["updated_at"],
        "state": row["state"],
        "open": row["state"] == "open",
        "custom_attributes": row["custom_attributes"],
        "source": {"type": "conversation", "id": "1", "body": f"<p>{html.escape(row['body'])}</p>"},
        "conversation_parts": {
            "type": "conversation_part.list",
            "conversation_parts": parts,
            "total_count": len(parts),
        },
    }


def _error(status: int, code: str, message: str) -> Response:
    errors = [{"code": code, "message": message}]
    body = {"type": "error.list", "request_id": "5ef5682e-f66e-40a4-b828-8592175f83b8"}
    return JSONResponse(body | {"errors": errors}, status)


if __name__ == "__main__":
    main(Intercom())
