"""Connecting a vendor: what was entered is checked, secrets are kept and never shown."""

import pytest
from sqlmodel import Session, col, select

from db.models import Audit, Delivery, Integration, Secret
from services import integrations, settings, vault
from services.access import Refused
from services.integrations import KEPT
from services.outbox.owing import owe
from services.vendors import KNOWN, kind
from services.vendors.base import Unsure, VendorError
from tests import builders as make
from tests.builders import NOW
from tests.standins.webhook import Webhook

ADMIN = make.actor("admin")
HOOK = {"url": "https://hooks.example.com/in", "secret": "whsec_" + "QUJD" * 8}


@pytest.mark.parametrize("name", KNOWN)
def test_every_vendor_says_what_it_needs_and_what_it_can_do(name: str) -> None:
    made = kind(name)
    assert made.name == name and made.title and made.fields
    assert len({field.name for field in made.fields}) == len(made.fields)
    assert made.actions and all(isinstance(way, Unsure) for way in made.actions.values())
    for field in made.fields:
        assert not field.choices or field.default in field.choices


def test_secrets_are_kept_encrypted_and_never_shown(session: Session) -> None:
    integrations.connect(session, ADMIN, "webhook", HOOK, now=NOW)
    secret = session.exec(select(Secret)).one()
    assert HOOK["secret"].encode() not in secret.ciphertext
    found = {each.name: each for each in integrations.connections(session, ADMIN)}["webhook"]
    assert found.row is not None and found.entered["secret"] == KEPT
    assert HOOK["secret"] not in repr(found)
    assert integrations.built(session, "webhook").secrets["secret"] == HOOK["secret"]
    assert HOOK["secret"] not in str(session.exec(select(Audit.data)).all())


def test_a_secret_that_the_desk_makes_is_shown_once(session: Session) -> None:
    made = integrations.connect(session, ADMIN, "webhook", {"url": HOOK["url"]}, now=NOW)
    assert made["secret"].startswith("whsec_")
    assert integrations.connect(session, ADMIN, "webhook", {"url": HOOK["url"]}, now=NOW) == {}
    assert integrations.built(session, "webhook").secrets == made


def test_a_receiver_is_tested_before_there_is_a_secret(session: Session) -> None:
    with Webhook().serving() as receiver:
        settings.put(session, "outgoing_allow", ["127.0.0.1"], actor_id=None, now=NOW)
        url = f"{receiver.url}/hook"
        vendor = integrations.tried(session, ADMIN, "webhook", {"url": url, "secret": ""})
        good, said = integrations.answer_of(vendor)
        assert not good and "401" in said  # reached; it knows another secret
    assert session.exec(select(Secret)).all() == []


def test_a_kept_secret_stays_where_the_form_still_shows_its_place(session: Session) -> None:
    integrations.connect(session, ADMIN, "webhook", HOOK, now=NOW)
    again = {"url": "https://hooks.example.com/other", "secret": KEPT}
    integrations.connect(session, ADMIN, "webhook", again, now=NOW)
    made = integrations.built(session, "webhook")
    assert made.config["url"].endswith("/other") and made.secrets["secret"] == HOOK["secret"]
    row = session.get(Integration, "webhook")
    assert row and row.revision == 2


def test_a_kept_secret_never_goes_to_another_host(session: Session) -> None:
    given = {"subdomain": "acme", "email": "a@acme.example", "token": "very secret"}
    integrations.connect(session, ADMIN, "zendesk", given, now=NOW)
    elsewhere = given | {"token": KEPT, "base_url": "https://evil.example"}
    for act in (integrations.tried, integrations.connect):
        more = {} if act is integrations.tried else {"now": NOW}
        with pytest.raises(Refused, match="Still missing"):
            act(session, ADMIN, "zendesk", elsewhere, **more)  # type: ignore[operator]


def test_what_is_missing_is_named_and_nothing_is_kept(session: Session) -> None:
    with pytest.raises(Refused, match="Still missing"):
        integrations.connect(session, ADMIN, "zendesk", {}, now=NOW)
    assert session.exec(select(Integration)).all() == []


def test_another_key_locks_the_secrets_and_says_so(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    integrations.connect(session, ADMIN, "webhook", HOOK, now=NOW)
    monkeypatch.setenv("LOOPDESK_KEY", "another")
    from services import config

    config.load.cache_clear()
    try:
        with pytest.raises(VendorError, match="LOOPDESK_KEY") as refused:
            integrations.built(session, "webhook")
        assert refused.value.reconnect
        with pytest.raises(vault.Locked):
            vault.of(session, "vendor.webhook")
    finally:
        monkeypatch.undo()
        config.load.cache_clear()


def test_paused_and_disconnected(session: Session) -> None:
    integrations.connect(session, ADMIN, "webhook", HOOK, now=NOW)
    integrations.pause(session, ADMIN, "webhook", on=True, now=NOW)
    row = session.get(Integration, "webhook")
    assert row and row.paused_at == NOW
    integrations.pause(session, ADMIN, "webhook", on=False, now=NOW)
    assert row.paused_at is None
    owe(session, key="k", vendor="webhook", action="event", body={}, now=NOW)
    unclear = owe(session, key="u", vendor="webhook", action="event", body={}, now=NOW)
    unclear.state, unclear.look_at = "unknown", NOW
    session.flush()
    assert integrations.disconnect(session, ADMIN, "webhook", now=NOW) == 1
    states = session.exec(select(Delivery.state).order_by(col(Delivery.id))).all()
    assert states == ["cancelled", "unknown"]
    assert unclear.look_at is None  # there is nobody to ask: a person decides
    assert session.exec(select(Secret)).all() == []
    with pytest.raises(VendorError, match="not connected"):
        integrations.built(session, "webhook")


def test_a_mapping_is_kept_when_the_vendor_is_connected_anew(session: Session) -> None:
    integrations.connect(session, ADMIN, "webhook", HOOK, now=NOW)
    integrations.map_fields(session, ADMIN, "webhook", {"plan": "contact.properties.plan"}, now=NOW)
    integrations.connect(session, ADMIN, "webhook", HOOK, now=NOW)
    assert integrations.built(session, "webhook").config["mapping"] == {
        "plan": "contact.properties.plan"
    }
    with pytest.raises(Refused, match="needs the part"):
        integrations.map_fields(session, ADMIN, "webhook", {"plan": " "}, now=NOW)


def test_hosts_that_may_be_private_are_names_or_addresses(session: Session) -> None:
    settings.put(
        session, "outgoing_allow", ["Mail.Intern ", "127.0.0.1:8080"], actor_id=None, now=NOW
    )
    assert settings.get(session, "outgoing_allow") == ["127.0.0.1:8080", "mail.intern"]
    with pytest.raises(ValueError, match="is no host"):
        settings.put(session, "outgoing_allow", ["http://x/"], actor_id=None, now=NOW)
