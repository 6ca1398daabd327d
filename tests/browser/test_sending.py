"""Somebody replies from a case and sends it everywhere; what became of it stands on the case."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Browser, Locator, Page, expect
from sqlmodel import select

from db.models import Draft, User
from services import config
from tests import builders as make
from tests.browser.conftest import Shoot
from tests.browser.sending import Vendors, connect, read_mail_now, vendors
from tests.browser.test_cases import case, kinds, pick, write
from tests.chromium import visit
from tests.served import ServedDesk

pytestmark = pytest.mark.browser
BODY = ".composer textarea"
FILLED = "Hello Dana, about {{account.name}}: we are sorry."
EVIL = '<img src=x onerror="document.title=1">'


@pytest.fixture
def others(monkeypatch: pytest.MonkeyPatch) -> Iterator[Vendors]:
    monkeypatch.setenv("LOOPDESK_KEY", "of-the-tests")  # secrets are kept with the desk's own
    config.load.cache_clear()
    with vendors() as made:
        yield made
    config.load.cache_clear()


@pytest.fixture
def ann(own_desk: ServedDesk, others: Vendors) -> User:
    """Somebody with a case, on a desk that is connected; what is sent can be undone for 4 s."""
    user = own_desk.user("csm", name="Ann Bell")
    connect(own_desk, others, undo_seconds=4)
    with own_desk.transaction() as session:
        dana = make.contact(session, "dana@acme.example", name="Dana Reyes")
        hours = datetime.now(UTC) - timedelta(hours=2)
        make.case(session, 2, contact_id=dana.id, comment="It broke", now=hours)
    return user


@pytest.fixture
def page(own_desk: ServedDesk, chromium: Browser, ann: User) -> Iterator[Page]:
    with visit(chromium, own_desk, ann) as seen:
        seen.page.set_default_timeout(20_000)
        yield opened(seen.page)
        assert (seen.foreign, seen.blocked) == ([], [])


def opened(page: Page) -> Page:
    page.goto("/case?number=1")
    expect(page.get_by_role("tab", name="Reply")).to_have_attribute("aria-selected", "true")
    expect(page.locator(".journal")).to_be_visible()
    return page


def button(page: Page, name: str) -> Locator:
    return page.get_by_role("button", name=name, exact=True)


def told(page: Page, words: str) -> None:
    """The journal says so."""
    expect(page.locator(".journal .did").filter(has_text=words).first).to_be_visible()


def drafts(desk: ServedDesk) -> list[tuple[str, str | None, str | None]]:
    with desk.transaction() as session:
        found = session.exec(select(Draft).where(Draft.kind == "reply"))
        return [(draft.body, draft.subject, draft.way) for draft in found]


def test_a_reply_is_taken_back_then_leaves_and_is_answered(
    page: Page, own_desk: ServedDesk, others: Vendors, shoot: Shoot
) -> None:
    page.get_by_label("Template").select_option(label="Sorry (en)")
    expect(page.locator(BODY)).to_have_value(FILLED)
    expect(page.get_by_label("Subject")).to_have_value("We are sorry")
    lacks = page.get_by_text("Nothing is known for {{account.name}}")
    expect(lacks).to_be_visible()
    button(page, "Send").click()
    expect(page.get_by_role("alert").filter(has_text="still stands in it")).to_be_visible()
    write(page, f"Hello Dana, we are sorry. {EVIL}")
    expect(lacks).to_have_count(0)
    button(page, "Preview").click()
    shown = page.get_by_label("What the customer gets")
    expect(shown).to_contain_text("To dana@acme.example")
    expect(shown).to_contain_text(f"{EVIL}\n\n-- \nYour desk")
    shoot(page, "case-reply")
    button(page, "Send and wait").click()
    expect(page.get_by_text("Set to wait for the customer. It leaves in 4 s.")).to_be_visible()
    expect(page.locator(BODY)).to_have_value("")
    button(page, "Undo").click()
    expect(page.locator(BODY)).to_have_value(f"Hello Dana, we are sorry. {EVIL}")
    assert drafts(own_desk) == [(f"Hello Dana, we are sorry. {EVIL}", "We are sorry", "email")]
    assert case(own_desk, 1).status == "new"
    button(page, "Send and wait").click()
    told(page, "wrote to the customer by e-mail and set it to wait")
    told(page, "reached the customer by e-mail")
    (mail,) = others.smtp.mails
    assert mail.parsed["Subject"] == "We are sorry" and mail.recipients == ["dana@acme.example"]
    text = mail.parsed.get_body(("plain",))
    assert text is not None and EVIL in text.get_content()
    assert case(own_desk, 1).contacted_at is not None and drafts(own_desk) == []
    others.answer("dana@acme.example", "Thank you, it works now.")
    read_mail_now(own_desk)
    page.get_by_role("button", name="Refresh").click(timeout=30_000)
    told(page, "brought an answer of the customer")
    expect(page.locator(".step.answered .body")).to_have_text("Thank you, it works now.")
    assert case(own_desk, 1).status == "open"
    shoot(page, "case-answered")
    assert page.title() != "1"


def until(page: Page, true: Callable[[], bool]) -> None:
    """The desk knows it soon."""
    for _ in range(150):
        if true():
            return
        page.wait_for_timeout(100)
    assert true()


def test_a_template_replaces_what_was_written_only_after_a_yes(
    page: Page, own_desk: ServedDesk
) -> None:
    write(page, "My own words")
    page.get_by_label("Subject").fill("My subject")
    page.get_by_label("Template").select_option(label="Sorry (en)")
    button(page, "Keep mine").click()
    expect(page.locator(BODY)).to_have_value("My own words")
    page.get_by_label("Template").select_option(label="Sorry (en)")
    button(page, "Replace it").click()
    expect(page.locator(BODY)).to_have_value(FILLED)
    expect(page.get_by_text("Nothing is known for {{account.name}}")).to_be_visible()
    until(page, lambda: drafts(own_desk) == [(FILLED, "We are sorry", "email")])
    page.reload()
    expect(page.locator(BODY)).to_have_value(FILLED)
    expect(page.get_by_label("Subject")).to_have_value("We are sorry")


def test_a_reply_resolves_the_case_with_an_outcome_and_a_cause(
    page: Page, own_desk: ServedDesk, others: Vendors
) -> None:
    write(page, "It is mended.")
    button(page, "Send and resolve").click()
    expect(page.get_by_label("Outcome")).to_be_focused()
    page.get_by_label("Outcome").select_option("solved")
    button(page, "Send and resolve").click()
    assert kinds(own_desk, 1) == ["opened"]  # the cause is missing
    page.get_by_label("Root cause").select_option(index=1)
    button(page, "Send and resolve").click()
    expect(page.get_by_text("Resolved. It leaves in 4 s.")).to_be_visible()
    told(page, "reached the customer by e-mail")
    kept = case(own_desk, 1)
    assert (kept.status, kept.outcome, len(others.smtp.mails)) == ("resolved", "solved", 1)
    expect(button(page, "Send")).to_be_visible()
    expect(button(page, "Send and resolve")).to_have_count(0)


def test_a_case_goes_to_every_vendor_and_says_where_it_is(
    page: Page, others: Vendors, shoot: Shoot
) -> None:
    others.zendesk.fault("500", "POST /api/v2/tickets.json")
    for n, vendor in enumerate(("Zendesk", "Intercom", "Slack"), 1):
        page.get_by_role("button", name="Send the case to").click()
        if n == 1:
            page.get_by_text("Show exactly what is sent").click()
            expect(page.locator("code")).to_contain_text("Feedback of Dana Reyes: 2")
        if n < 3:  # the last one is chosen already
            pick(page, "Vendor", vendor)
        page.get_by_role("button", name=f"Send it to {vendor}").click()
        told(page, f"sent the case to {vendor}")
    expect(page.get_by_role("button", name="Send the case to")).to_have_count(0)
    expect(page.locator(".deliveries .state.sent")).to_have_count(3, timeout=60_000)
    assert (len(others.zendesk.tickets), len(others.slack.messages())) == (1, 1)
    assert len(others.intercom.conversations) == 1 and others.intercom.violations == []
    links = page.locator(".deliveries a[target=_blank]")
    expect(links).to_have_count(3)
    shoot(page, "case-sent")
    # now the customer can be reached there, too
    page.get_by_role("combobox", name="By", exact=True).select_option("zendesk")
    expect(page.get_by_label("Subject")).to_be_hidden()
    write(page, "Here, too")
    page.locator(BODY).press("Control+Enter")
    told(page, "reached the customer by Zendesk")
    (ticket,) = others.zendesk.state()["tickets"]
    assert any("Here, too" in str(effect) for effect in ticket["effects"])
