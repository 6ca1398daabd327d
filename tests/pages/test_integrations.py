"""Integrations: connecting, testing, mapping and leaving a vendor, as an admin does it."""

from typing import Any

import pytest
from sqlmodel import select
from streamlit.testing.v1 import AppTest

from db.engine import transaction
from db.models import Audit, Delivery, Integration, Secret, User
from services import config, integrations, settings, vault
from services.access import Refused
from services.vendors.base import VendorError
from services.vendors.webhook import Webhook
from tests import builders as make
from tests.builders import NOW
from tests.pages.app import marked_up, open_page, said_last
from tests.pages.test_trends import clock
from tests.standins import salesforce

__all__ = ["clock"]
pytestmark = pytest.mark.usefixtures("sqlite_desk", "clock")
EVIL = "<img src=x> ![x](http://tracker.invalid/p.png)"
SECRET = "whsec_" + "QUJD" * 8
ADMIN = make.actor("admin")


@pytest.fixture
def admin() -> User:
    with transaction() as session:
        return make.user(session, "admin")


@pytest.fixture
def in_demo(monkeypatch: pytest.MonkeyPatch) -> None:
    demo = config.load().model_copy(update={"loopdesk_demo": True})
    monkeypatch.setattr(config, "load", lambda: demo)


def connected(name: str, **values: Any) -> None:
    with transaction() as session:
        session.add(Integration(**{"name": name, "connected_at": NOW} | values))


def row(name: str) -> Integration | None:
    with transaction() as session:
        return session.get(Integration, name)


def owed(state: str, n: int, vendor: str = "webhook") -> None:
    with transaction() as session:
        for k in range(n):
            values = {"vendor": vendor, "action": "event", "state": state, "not_before": NOW}
            session.add(Delivery(idem_key=f"{state}{k}", **values))


def opened(user: User, *boxes: str) -> AppTest:
    """The page with these boxes unfolded."""
    at = open_page(user, "integrations.py")
    for box in boxes:
        at.session_state[box] = True
    at.run()
    assert not at.exception
    return at


def texts(at: AppTest) -> list[str]:
    return [text.value for text in at.main.text]


def html(at: AppTest) -> str:
    return " ".join(str(one.proto.body) for one in at.get("html"))


def test_every_vendor_is_there_and_nothing_is_connected(admin: User) -> None:
    at = opened(admin)
    assert [head.value for head in at.header] == [
        "E-mail", "Zendesk", "Intercom", "Salesforce", "Slack", "Webhook",
    ]  # fmt: skip
    assert html(at).count("Not connected") == 6
    assert not [button for button in at.button if (button.key or "").startswith("pause")]


@pytest.mark.parametrize("name", ["email", "zendesk", "intercom", "slack", "webhook"])
def test_a_form_asks_for_each_field_and_hides_what_is_secret(admin: User, name: str) -> None:
    with transaction() as session:
        found = {one.name: one for one in integrations.connections(session, ADMIN)}[name]
    at = opened(admin, f"form_{name}")
    for field in found.fields:
        key = f"connect_{name}_0_{field.name}"
        if field.choices:
            assert at.selectbox(key=key).value == field.default
        elif field.lines:
            assert at.text_area(key=key).value == field.default
        else:
            assert at.text_input(key=key).value == ("" if field.secret else field.default)
            assert (at.text_input(key=key).proto.type == 1) is field.secret


def test_a_vendor_is_connected_and_its_secret_is_never_shown_again(admin: User) -> None:
    at = opened(admin, "form_webhook")
    at.text_input(key="connect_webhook_0_url").set_value("https://hooks.example.com/in")
    at.text_input(key="connect_webhook_0_secret").set_value(SECRET)
    at.button(key="save_webhook").click().run()
    assert not at.exception and said_last(at) == "Webhook is connected."
    at.session_state["form_webhook"] = True
    box = at.run().text_input(key="connect_webhook_1_secret")
    assert (box.value, box.placeholder) == ("", integrations.KEPT)
    assert not at.code and SECRET not in str(at.main)
    at.text_input(key="connect_webhook_1_url").set_value("https://hooks.example.com/other")
    at.button(key="save_webhook").click().run()
    with transaction() as session:
        assert vault.of(session, "vendor.webhook") == {"secret": SECRET}
        assert integrations.built(session, "webhook").config["url"].endswith("other")
        done = [audit.verb for audit in session.exec(select(Audit))]
    assert done.count("vendor.connect") == 2


def test_a_secret_that_the_desk_makes_is_shown_until_it_is_copied(admin: User) -> None:
    at = opened(admin, "form_webhook")
    at.text_input(key="connect_webhook_0_url").set_value("https://hooks.example.com/in")
    at.button(key="save_webhook").click().run()
    assert at.code[0].value.startswith("whsec_")
    next(button for button in at.button if button.label == "I have copied it").click()
    assert not at.run().code


def test_what_is_missing_is_named_and_what_was_typed_stays(admin: User) -> None:
    at = opened(admin, "form_zendesk")
    at.text_input(key="connect_zendesk_0_email").set_value("agent@acme.example.com")
    at.button(key="save_zendesk").click().run()
    assert said_last(at) == "Still missing: API token. Nothing was changed."
    assert at.text_input(key="connect_zendesk_0_email").value == "agent@acme.example.com"
    assert row("zendesk") is None


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (None, f"It works: Hello {EVIL}"),
        (VendorError("it said 401"), "It does not work: it said 401. Nothing was saved."),
    ],
)
def test_a_test_asks_with_what_is_typed_and_keeps_nothing(
    admin: User, monkeypatch: pytest.MonkeyPatch, error: VendorError | None, said: str
) -> None:
    asked = []

    def check(vendor: Webhook) -> str:
        asked.append((vendor.config["url"], vendor.secrets["secret"]))
        if error:
            raise error
        return f"Hello {EVIL}"

    monkeypatch.setattr(Webhook, "check", check)
    at = opened(admin, "form_webhook")
    at.text_input(key="connect_webhook_0_url").set_value("https://hooks.example.com/in")
    at.text_input(key="connect_webhook_0_secret").set_value(SECRET)
    at.button(key="test_webhook").click().run()
    assert not at.exception and said in texts(at)
    assert asked == [("https://hooks.example.com/in", SECRET)]
    assert row("webhook") is None and "tracker" not in marked_up(at)
    with transaction() as session:
        assert not session.exec(select(Secret)).all()


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"last_ok_at": NOW}, "Works: the last message left"),
        ({}, "nothing has been sent yet"),
        ({"paused_at": NOW}, "Paused since Mon 15 Jun, 12:00"),
        ({"broken_at": NOW}, "Reconnect needed"),
        (
            {"closed_until": make.NOW.replace(minute=7)},
            "Resting: tried again in 7\N{NO-BREAK SPACE}min",
        ),
    ],
)
def test_how_it_is_doing_is_said_in_words(admin: User, values: dict[str, Any], told: str) -> None:
    connected("slack", **values)
    at = opened(admin)
    assert told in html(at)
    assert bool([b for b in at.button if b.key == "reconnect_slack"]) is ("broken_at" in values)


def test_reconnect_unfolds_the_form_and_saving_mends_it(admin: User) -> None:
    connected("webhook", broken_at=NOW, last_error=EVIL, last_error_at=NOW, failures=3)
    at = opened(admin)
    assert any(EVIL in text for text in texts(at)) and "tracker" not in marked_up(at)
    at.button(key="reconnect_webhook").click().run()
    at.text_input(key="connect_webhook_1_url").set_value("https://hooks.example.com/in")
    at.button(key="save_webhook").click().run()
    mended = row("webhook")
    assert mended and mended.broken_at is None and mended.last_error is None


def test_what_is_owed_leads_to_the_list_of_it(admin: User) -> None:
    owed("failed", 2)
    owed("pending", 1)
    found = html(opened(admin))
    assert "2 failed" in found and "1 pending" in found
    assert "deliveries?state=failed&amp;vendor=webhook&amp;view=all" in found


def test_it_is_paused_and_resumed(admin: User) -> None:
    connected("slack")
    at = opened(admin)
    at.button(key="pause_slack").click().run()
    paused = row("slack")
    assert paused and paused.paused_at == NOW and at.button(key="pause_slack").label == "Resume"
    at.button(key="pause_slack").click().run()
    resumed = row("slack")
    assert resumed and resumed.paused_at is None


def test_leaving_says_how_many_are_cancelled_and_cancels_them(admin: User) -> None:
    connected("webhook")
    owed("pending", 2)
    at = opened(admin)
    assert any("2 deliveries that wait are cancelled" in text for text in texts(at))
    at.button(key="disconnect_webhook").click().run()
    assert row("webhook") is None
    with transaction() as session:
        assert set(session.exec(select(Delivery.state))) == {"cancelled"}


def test_fields_over_there_are_filled_from_parts_of_a_case(admin: User) -> None:
    connected("slack", config={"mapping": {"Plan": "contact.properties.plan"}})
    at = opened(admin, "fields_slack")
    at.text_input(key="map_slack_1_1_theirs").set_value("ARR")
    at.selectbox(key="map_slack_1_1_path").set_value("account.arr")
    at.button(key="map_slack").click().run()
    assert said_last(at).startswith("The fields are saved")
    mapped = row("slack")
    assert mapped and mapped.config["mapping"] == {
        "Plan": "contact.properties.plan", "ARR": "account.arr",
    }  # fmt: skip
    assert at.text_input(key="map_slack_2_1_theirs").value == "ARR"
    at.text_input(key="map_slack_2_0_theirs").set_value("")
    at.button(key="map_slack").click().run()
    fewer = row("slack")
    assert fewer and list(fewer.config["mapping"]) == ["ARR"]


@pytest.mark.parametrize(
    ("theirs", "path", "said"),
    [
        ("Plan", "score", "named by its number"),
        ("36001", None, "needs the part"),
        ("", "score", "is named once"),
    ],
)
def test_a_mapping_that_cannot_work_is_refused(
    admin: User, theirs: str, path: str | None, said: str
) -> None:
    connected("zendesk")
    at = opened(admin, "fields_zendesk")
    at.text_input(key="map_zendesk_1_0_theirs").set_value(theirs)
    at.selectbox(key="map_zendesk_1_0_path").set_value(path)
    at.button(key="map_zendesk").click().run()
    assert said in said_last(at)
    kept = row("zendesk")
    assert kept and "mapping" not in kept.config


@pytest.mark.parametrize("path", ["contact.password", "contact.properties.", "score.x", "props"])
def test_a_part_that_no_case_has_is_refused(path: str) -> None:
    connected("slack")
    with transaction() as session, pytest.raises(Refused, match="has no part"):
        integrations.map_fields(session, ADMIN, "slack", {"X": path}, now=NOW)


def test_the_preview_is_exactly_what_would_be_sent(admin: User) -> None:
    connected("webhook", config={"url": "https://hooks.example.com/in"})
    with transaction() as session:
        vault.put(session, "vendor.webhook.secret", SECRET, actor_id=None, now=NOW)
        number = make.case(session, comment=EVIL).number
    at = opened(admin, "fields_webhook")
    at.number_input(key="preview_webhook").set_value(number).run()
    assert not at.exception
    assert '"type": "case.pushed"' in at.code[0].value and EVIL in at.code[0].value
    assert at.code[0].language in (None, "plaintext", "") and "tracker" not in marked_up(at)
    at.number_input(key="preview_webhook").set_value(999).run()
    assert not at.code


def test_salesforce_is_connected_and_shows_what_a_case_becomes(admin: User) -> None:
    with salesforce.Salesforce().serving() as org:
        with transaction() as session:
            settings.put(session, "outgoing_allow", ["127.0.0.1"], actor_id=None, now=NOW)
            number = make.case(session, comment=EVIL).number
        at = opened(admin, "form_salesforce")
        for name, text in (
            ("base_url", org.url), ("consumer_key", salesforce.KEY),
            ("consumer_secret", salesforce.SECRET),
        ):  # fmt: skip
            at.text_input(key=f"connect_salesforce_0_{name}").set_value(text)
        at.button(key="test_salesforce").click().run()
        assert any("every field is there" in text for text in texts(at))
        at.button(key="save_salesforce").click().run()
        assert said_last(at) == "Salesforce is connected."
    at.session_state["fields_salesforce"] = True
    at.run()
    at.number_input(key="preview_salesforce").set_value(number).run()
    assert not at.exception
    assert f'"Loopdesk_Case__c": "loopdesk-case-{number}"' in at.code[0].value
    assert EVIL in at.code[0].value and "tracker" not in marked_up(at)


@pytest.mark.usefixtures("in_demo")
def test_a_demo_says_that_it_connects_to_nobody(admin: User) -> None:
    at = opened(admin, "form_slack")
    assert any("connects to nobody" in text for text in texts(at))
    assert at.button(key="save_slack").disabled and at.button(key="test_slack").disabled


@pytest.mark.parametrize("role", ["manager", "csm", "support"])
def test_others_have_no_such_page(role: str) -> None:
    with transaction() as session:
        other = make.user(session, role)
    with pytest.raises(ValueError, match="Could not find a navigation page"):
        open_page(other, "integrations.py")
