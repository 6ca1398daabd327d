"""Deliveries, integrations and templates in a real browser: no barrier, nothing foreign."""

from datetime import UTC, datetime

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from db.models import Delivery, DeliveryAttempt, Integration, Template
from services.keyed import fingerprint
from tests import builders as make
from tests.browser.conftest import Shoot
from tests.chromium import visit
from tests.served import ServedDesk

pytestmark = pytest.mark.browser
EVIL = '<img src=x onerror="document.title=1"> ![x](http://tracker.invalid/p.png)'


def something_sent(desk: ServedDesk, owner_id: int) -> None:
    """A vendor that no longer lets us in, one delivery of each kind of end, and a template."""
    now = datetime.now(UTC)
    with desk.transaction() as session:
        case = make.case(session, now=now, comment=EVIL)
        broken = {"broken_at": now, "last_error": EVIL, "config": {"mapping": {"ARR": "score"}}}
        session.add(Integration(name="slack", connected_at=now, **broken))
        session.add(Template(name=EVIL, body=EVIL, owner_id=owner_id))
        for n, state in enumerate(("failed", "unknown", "pending", "sent")):
            row = Delivery(
                idem_key=f"k{n}", vendor="zendesk", action="note", state=state, payload={},
                not_before=now, last_error=EVIL, case_id=case.id,
            )  # fmt: skip
            session.add(row)
            session.flush()
            session.add(DeliveryAttempt(delivery_id=row.id or 0, at=now, state=state, error=EVIL,
                                        payload_hmac=fingerprint({})))  # fmt: skip


def barriers(page: Page, name: str) -> list[tuple[str, str, str]]:
    """What axe finds, light and dark."""
    found = []
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        page.wait_for_timeout(900)
        found += [(name, scheme, one["id"]) for one in Axe().run(page).response["violations"]]
    return found


def test_the_pages_of_what_is_sent(own_desk: ServedDesk, chromium: Browser, shoot: Shoot) -> None:
    boss = own_desk.user("admin", name="Mia Keller")
    something_sent(own_desk, boss.id or 0)
    with visit(chromium, own_desk, boss) as seen:
        page = seen.page
        page.set_default_timeout(20_000)
        page.goto("/deliveries?view=all")
        page.get_by_role("button", name="Steps").first.click()
        expect(page.get_by_role("button", name="Hide the steps")).to_be_visible()
        shoot(page, "deliveries")
        found = barriers(page, "deliveries")
        page.get_by_role("button", name="It arrived").click()
        expect(page.get_by_text("Kept as sent.")).to_be_visible()
        page.goto("/integrations")
        page.get_by_role("button", name="Reconnect").click()
        expect(page.get_by_role("textbox", name="Bot token")).to_be_visible()
        page.get_by_text("Fields and preview").click()
        expect(page.get_by_label("Label in the post").first).to_have_value("ARR")
        shoot(page, "integrations")
        found += barriers(page, "integrations")
        page.goto("/templates")
        expect(page.get_by_role("heading", name="Templates")).to_be_visible()
        page.get_by_label("Text", exact=True).fill("Hello {{contact.first_name}}")
        page.keyboard.press("Control+Enter")
        expect(page.get_by_text("Hello Dana")).to_be_visible()
        shoot(page, "templates")
        found += barriers(page, "templates")
        assert found == [] and seen.foreign == [] and page.title() != "1"
