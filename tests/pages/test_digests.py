"""The page of digests: one's own, a look at it, and the channels of those who lead."""

import pytest
from sqlmodel import select
from streamlit.testing.v1 import AppTest

from db.engine import transaction
from db.models import Delivery, Digest, Integration, User
from pages import _door
from tests import builders as make
from tests.builders import NOW
from tests.pages.app import marked_up, open_page

pytestmark = pytest.mark.usefixtures("sqlite_desk")
EVIL = "![pixel](https://evil.example/p.gif)"


@pytest.fixture(autouse=True)
def _clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_door, "clock", lambda: NOW)


@pytest.fixture(params=["admin", "manager", "csm", "support"])
def anybody(request: pytest.FixtureRequest) -> User:
    with transaction() as session:
        return make.user(session, request.param, name=f"Mia {EVIL}", time_zone="Europe/Berlin")


@pytest.fixture
def lead() -> User:
    with transaction() as session:
        session.add(Integration(name="slack", connected_at=NOW))
        session.add(Integration(name="email", connected_at=NOW))
        return make.user(session, "manager", name="Lee", time_zone="Europe/Berlin")


def click(at: AppTest, label: str) -> AppTest:
    next(button for button in at.main.button if button.label == label).click()
    at.run()
    assert not at.exception
    return at


def kept() -> list[Digest]:
    with transaction() as session:
        return list(session.exec(select(Digest)))


def test_everybody_has_a_digest_that_is_off_until_they_want_it(anybody: User) -> None:
    at = open_page(anybody, "digests.py")
    assert not at.exception and kept() == []
    assert at.toggle(key="digest_enabled").value is False
    at.toggle(key="digest_enabled").set_value(True)
    at.selectbox(key="digest_hour").set_value(7)
    at.button_group(key="digest_days").set_value([0, 4])
    click(at, "Save")
    (row,) = kept()
    assert (row.user_id, row.hour, row.days, row.enabled) == (anybody.id, 7, [0, 4], True)
    told = " ".join(caption.value for caption in at.caption)
    assert "Monday, Friday. Next: Friday 19 Jun, 07:00 (Europe/Berlin)." in told
    assert "E-mail is not connected" in told


def test_channels_are_for_those_who_lead(anybody: User) -> None:
    at = open_page(anybody, "digests.py")
    leads = anybody.role in ("admin", "manager")
    assert ("Channels" in [header.value for header in at.header]) is leads


def test_what_it_says_is_shown_on_demand_and_no_name_is_markup(lead: User) -> None:
    with transaction() as session:
        acme = make.account(session, f"Acme {EVIL}")
        make.case(session, 2, account_id=acme.id, assignee_id=None)
    at = open_page(lead, "digests.py")
    assert not any("data:image" in html.body for html in at.get("html"))
    click(at, "Show today's")
    told = " ".join(text.value for text in at.main.text)
    assert "Since 24 h ago" in told or "Since 1 d ago" in told
    assert "1 answer (NPS 1)" in told
    assert any("data:image/png;base64," in html.body for html in at.get("html"))
    assert EVIL not in marked_up(at)


def test_where_nobody_answered_no_empty_picture_is_drawn(lead: User) -> None:
    at = open_page(lead, "digests.py")
    click(at, "Show today's")
    told = [text.value for text in at.main.text]
    assert "No NPS answers in this period." in told and any("nothing new" in one for one in told)
    assert not any("data:image" in html.body for html in at.get("html"))


def test_one_can_be_sent_at_once(lead: User) -> None:
    at = open_page(lead, "digests.py")
    at.toggle(key="digest_enabled").set_value(True)
    click(at, "Save")
    click(at, "Send me one now")
    with transaction() as session:
        (owed,) = session.exec(select(Delivery))
    assert (owed.vendor, owed.action, owed.user_id) == ("email", "digest", lead.id)
    assert "on its way" in at.toast[0].value


def test_a_channel_is_added_sent_to_and_removed(lead: User) -> None:
    at = open_page(lead, "digests.py")
    assert any("No channel is told yet" in text.value for text in at.main.text)
    at.text_input(key="channel_channel").set_value("#general")
    click(at, "Save the channel")
    assert "A channel has an ID" in at.error[0].value and kept() == []
    at.text_input(key="channel_channel").set_value("C0123456789")
    at.selectbox(key="channel_zone").set_value("Asia/Tokyo")
    click(at, "Save the channel")
    (row,) = kept()
    assert (row.channel, row.zone, row.vendor) == ("C0123456789", "Asia/Tokyo", "slack")
    assert any("As seen by: Lee" in text.value for text in at.main.text)
    click(at, "Send one now")
    with transaction() as session:
        (owed,) = session.exec(select(Delivery))
    assert owed.payload["channel"] == "C0123456789"
    click(at, "Remove")
    assert kept() == []
