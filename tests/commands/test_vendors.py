"""Vendors from the shell: connected, listed, tested; secrets are not printed."""

import json
from collections.abc import Callable
from typing import Any

from db import engine
from services import settings
from tests.builders import NOW
from tests.standins import webhook as standins

Cli = Callable[..., Any]


def test_a_vendor_is_connected_tested_and_listed(cli: Cli) -> None:
    with standins.Webhook().serving() as receiver:
        with engine.transaction() as session:
            settings.put(session, "outgoing_allow", ["127.0.0.1"], actor_id=None, now=NOW)
        done = cli("vendor", "set", "webhook", f"url={receiver.url}/hook", "--json")
        made = json.loads(done.stdout)
        assert done.exit_code == 0 and made["secret"].startswith("whsec_")
        receiver.secret = made["secret"]
        assert json.loads(cli("vendor", "test", "webhook", "--json").stdout)["ok"]
        receiver.secret = standins.SECRET
        refused = cli("vendor", "test", "webhook")
        assert refused.exit_code == 1 and "webhook:" in refused.stderr
        listed = cli("vendor", "list", "--json")
        assert made["secret"] not in listed.stdout
        by_name = {row["name"]: row for row in json.loads(listed.stdout)["vendors"]}
        assert by_name["webhook"]["connected"] and not by_name["slack"]["connected"]


def test_a_secret_comes_from_stdin(cli: Cli) -> None:
    done = cli(
        "vendor", "set", "zendesk", "subdomain=acme", "email=a@example.com", "token=-",
        typed="very secret\n",
    )  # fmt: skip
    assert done.exit_code == 0 and "very secret" not in done.output


def test_what_is_wrong_is_named(cli: Cli) -> None:
    for args, said in (
        (("pigeon", "x=y"), "There is no vendor"),
        (("slack", "colour=red"), "has no field 'colour'"),
        (("zendesk", "subdomain=acme"), "Still missing"),
    ):
        done = cli("vendor", "set", *args)
        assert done.exit_code == 1 and said in done.stderr
    assert cli("vendor", "set", "slack", "channel").exit_code == 2
