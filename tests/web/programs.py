"""A program at the API's door, for the tests of the endpoints of cases."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from fastapi.testclient import TestClient
from sqlmodel import col, select

from db.engine import reading, transaction
from db.models import RootCause
from services import keys
from services.access import SHELL
from services.web.api import api
from tests import builders as make

NOW = datetime.now(UTC) - timedelta(hours=1)
Client = TestClient


def client_for(*scopes: str, name: str = "crm") -> Client:
    """A program with a new key of its own."""
    with transaction() as session:
        _, secret = keys.add_key(session, SHELL, name=name, scopes=scopes, now=NOW)
    # What goes wrong inside is to be seen as the status that a program gets.
    return Client(api, headers={"Authorization": f"Bearer {secret}"}, raise_server_exceptions=False)


def opened(count: int = 1, **values: Any) -> list[int]:
    """The numbers of new cases; `values` go to their answers."""
    with transaction() as session:
        return [make.case(session, now=NOW, **values).number for _ in range(count)]


def patch(client: Client, number: int, version: int = 1, **body: Any) -> Any:
    """What the desk says to this change."""
    return client.patch(f"/v1/cases/{number}", json={"version": version, **body})


def read(client: Client, number: int) -> Any:
    """The whole case."""
    return client.get(f"/v1/cases/{number}").json()


def listed(client: Client, **params: Any) -> Any:
    """A page of cases."""
    said = client.get("/v1/cases", params=params)
    assert said.status_code == 200, said.text
    return said.json()


def walk(client: Client, **params: Any) -> Iterator[Any]:
    """Each page until there is no next one."""
    while True:
        page = listed(client, **params)
        yield page
        if page["next"] is None:
            return
        params["cursor"] = page["next"]


def fields(said: Any) -> list[str]:
    """The fields that a 422 names, each with a reason."""
    assert said.status_code == 422, said.text
    assert all(error["reason"] for error in said.json()["errors"])
    return [error["field"] for error in said.json()["errors"]]


def cause_name() -> str:
    """The name of a root cause of the list."""
    with reading() as session:
        return session.exec(select(RootCause.name).order_by(col(RootCause.id))).first() or ""
