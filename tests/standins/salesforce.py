"""Salesforce, as far as cases go: upsert by external id, comments, a little SOQL, sessions."""

import re
from base64 import b64encode
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.standins.serving import Fault, StandIn, main

KEY, SECRET = "3MVG-key", "a consumer secret"
PREFIX = {"Case": "500", "Contact": "003", "Account": "001", "CaseComment": "00a"}
FIELDS = {
    "Case": {
        "Subject", "Description", "Priority", "Origin", "OwnerId", "RecordTypeId", "ContactId",
        "AccountId", "SuppliedName", "SuppliedEmail", "SuppliedCompany", "Status",
        "Loopdesk_Case__c", "Plan__c",
    },
    "Contact": {
        "Email", "AccountId", "Loopdesk_Id__c", "NPS_Score__c", "NPS_Band__c",
        "NPS_Answered_On__c", "NPS_Comment__c",
    },
    "Account": {"Name", "Loopdesk_Id__c", "NPS_Score__c", "NPS_Band__c", "NPS_Answered_On__c"},
    "CaseComment": {"ParentId", "CommentBody", "IsPublished"},
}  # fmt: skip
STATES = ("New", "Working", "Escalated", "Closed")
DATA = "/services/data/v{version}"
SOQL = re.compile(r"SELECT (.+) FROM (\w+) WHERE (\w+) = '((?:[^'\\]|\\.)*)'( LIMIT \d+)?")


def no(status: int, code: str, *fields: str) -> Response:
    said = "Words that nobody should see: dana@customer.example"
    return JSONResponse([{"message": said, "errorCode": code, "fields": fields}], status)


@dataclass
class Salesforce(StandIn):
    """`records` by kind and id. `silent`: a change answers 204 and does not say which it was."""

    records: dict[str, dict[str, dict[str, Any]]] = field(
        default_factory=lambda: {kind: {} for kind in FIELDS}
    )
    external: tuple[str, ...] = ("Loopdesk_Case__c", "Loopdesk_Id__c")
    tokens: set[str] = field(default_factory=set)
    usage: str = "api-usage=18/5000"
    silent: bool = False
    page: int = 2000
    numbers: Any = field(default_factory=lambda: count(1))
    rest: list[dict[str, Any]] = field(default_factory=list)

    def routes(self) -> list[Route]:
        return [
            Route("/services/oauth2/token", self.token, methods=["POST"]),
            Route(f"{DATA}/query/", self.query),
            Route(f"{DATA}/query/{{cursor}}", self.more),
            Route(f"{DATA}/sobjects/{{kind}}/describe", self.describe),
            Route(f"{DATA}/sobjects/{{kind}}/", self.create, methods=["POST"]),
            Route(f"{DATA}/sobjects/{{kind}}/{{id}}", self.update, methods=["PATCH"]),
            Route(f"{DATA}/sobjects/{{kind}}/{{field}}/{{value}}", self.upsert, methods=["PATCH"]),
        ]

    def state(self) -> dict[str, Any]:
        return {"records": self.records}

    def add(self, kind: str, **values: Any) -> str:
        """A record that somebody else has made."""
        id_ = f"{PREFIX[kind]}{next(self.numbers):015}"
        self.records[kind][id_] = values
        return id_

    def answer(self, fault: Fault) -> Response | None:
        known = {
            "expired": no(401, "INVALID_SESSION_ID"), "locked": no(400, "UNABLE_TO_LOCK_ROW"),
            "limit": no(403, "REQUEST_LIMIT_EXCEEDED"),
            "forbidden": no(403, "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY", "OwnerId"),
        }  # fmt: skip
        return known.get(fault.kind) or super().answer(fault)

    def revoked(self) -> Response:
        self.tokens.clear()
        return no(401, "INVALID_SESSION_ID")

    async def token(self, request: Request) -> Response:
        form = dict(await request.form())
        basic = b64encode(f"{KEY}:{SECRET}".encode()).decode()
        if request.headers.get("authorization") != f"Basic {basic}":
            return JSONResponse({"error": "invalid_client", "error_description": "no"}, 400)
        if form != {"grant_type": "client_credentials"}:
            return JSONResponse({"error": "unsupported_grant_type"}, 400)
        token = f"00D!{next(self.numbers)}"
        self.tokens.add(token)
        return JSONResponse({"access_token": token, "instance_url": "https://evil.example"})

    def _refused(self, request: Request) -> Response | None:
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        return None if token in self.tokens else no(401, "INVALID_SESSION_ID")

    def _said(self, body: Any, status: int = 200) -> Response:
        headers = {"Sforce-Limit-Info": self.usage}
        return JSONResponse(body, status, headers) if body else Response(None, 204, headers)

    async def query(self, request: Request) -> Response:
        if refused := self._refused(request):
            return refused
        asked = SOQL.fullmatch(request.query_params["q"])
        if asked is None:
            return no(400, "MALFORMED_QUERY")
        fields, kind, name, value = asked.group(1, 2, 3, 4)
        wanted = re.sub(r"\\(.)", r"\1", value)
        found = [
            {
                each: ({"Id": id_, "IsClosed": row.get("Status") == "Closed"} | row).get(each)
                for each in fields.split(", ")
            }
            for id_, row in self.records[kind].items()
            if str(row.get(name, "")).casefold() == wanted.casefold()
        ]
        self.rest = found[2 if asked[5] else self.page :]
        return self._page(found[: 2 if asked[5] else self.page], done=bool(asked[5]))

    def _page(self, rows: list[dict[str, Any]], *, done: bool = False) -> Response:
        more = bool(self.rest) and not done
        told = {"records": rows, "done": not more, "totalSize": len(rows) + len(self.rest)}
        cursor = {"nextRecordsUrl": "/services/data/v59.0/query/next"} if more else {}
        return self._said(told | cursor)

    async def more(self, request: Request) -> Response:
        if refused := self._refused(request):
            return refused
        rows, self.rest = self.rest[: self.page], self.rest[self.page :]
        return self._page(rows)

    async def describe(self, request: Request) -> Response:
        if refused := self._refused(request):
            return refused
        kind = request.path_params["kind"]
        fields = [
            {"name": name, "externalId": name in self.external, "picklistValues": [
                {"value": state} for state in STATES if name == "Status"
            ]}
            for name in sorted(FIELDS[kind])
        ]  # fmt: skip
        return self._said({"name": kind, "fields": fields})

    async def create(self, request: Request) -> Response:
        if refused := self._refused(request) or await self._wrong(request):
            return refused
        made = self.add(request.path_params["kind"], **await request.json())
        return self._said({"id": made, "success": True, "errors": []}, 201)

    async def update(self, request: Request) -> Response:
        if refused := self._refused(request) or await self._wrong(request):
            return refused
        kind, id_ = request.path_params["kind"], request.path_params["id"]
        if id_ not in self.records[kind]:
            return no(404, "NOT_FOUND")
        self.records[kind][id_] |= await request.json()
        return self._said(None)

    async def upsert(self, request: Request) -> Response:
        if refused := self._refused(request) or await self._wrong(request):
            return refused
        kind, name, value = (request.path_params[part] for part in ("kind", "field", "value"))
        if name not in self.external:
            return no(404, "NOT_FOUND")
        rows = self.records[kind]
        there = [id_ for id_, row in rows.items() if row.get(name) == value]
        if len(there) > 1:
            return JSONResponse(there, 300)
        if not there:
            made = self.add(kind, **{name: value}, **await request.json())
            return self._said({"id": made, "success": True, "errors": [], "created": True}, 201)
        rows[there[0]] |= await request.json()
        if self.silent:
            return self._said(None)
        return self._said({"id": there[0], "success": True, "errors": [], "created": False})

    async def _wrong(self, request: Request) -> Response | None:
        """A field that there is not."""
        body = await request.json()
        unknown = sorted(set(body) - FIELDS[request.path_params["kind"]])
        return no(400, "INVALID_FIELD", *unknown) if unknown else None


if __name__ == "__main__":
    main(Salesforce())
