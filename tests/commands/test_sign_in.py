"""`sign-in` in the shell."""

import json
from collections.abc import Callable
from typing import Any

from db import engine
from services import settings
from tests.builders import NOW
from tests.standins.oidc import CLIENT, SECRET, Oidc

Cli = Callable[..., Any]


def test_a_provider_is_set_shown_tested_and_taken_off(cli: Cli) -> None:
    with Oidc().serving() as standin:
        with engine.transaction() as session:
            settings.put(session, "outgoing_allow", ["127.0.0.1"], actor_id=None, now=NOW)
        done = cli(
            "sign-in", "set", f"issuer={standin.url}", f"client_id={CLIENT}", "client_secret=-",
            "domains=acme.example, b.example", 'roles={"Leads": "manager"}', "passwords_off=yes",
            typed=f"{SECRET}\n",
        )  # fmt: skip
        assert done.exit_code == 0 and SECRET not in done.output
        assert json.loads(cli("sign-in", "test", "--json").stdout)["ok"]
        assert cli("sign-in", "set", "button=Acme").exit_code == 0  # the secret stays
        assert cli("sign-in", "test").exit_code == 0
        shown = cli("sign-in", "show", "--json")
        facts = json.loads(shown.stdout)
        assert SECRET not in shown.output and facts["secret_kept"] and facts["passwords_off"]
        assert (facts["button"], facts["domains"]) == ("Acme", ["acme.example", "b.example"])
        cli("sign-in", "set", "client_secret=wrong")
        assert "does not accept" in cli("sign-in", "test").stderr
    assert cli("sign-in", "off").exit_code == 0
    assert not json.loads(cli("sign-in", "show", "--json").stdout)["on"]


def test_what_is_wrong_is_named(cli: Cli) -> None:
    for args, said in (
        (("colour=red",), "There is no field 'colour'"),
        (("issuer=acme",), "The issuer is a web address"),
    ):
        done = cli("sign-in", "set", *args)
        assert done.exit_code == 1 and said in done.stderr
    for args in (("issuer",), ("passwords_off=maybe",), ("roles=[",)):
        assert cli("sign-in", "set", *args).exit_code == 2
    assert "use your password" in cli("sign-in", "test").stderr
