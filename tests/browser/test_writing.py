"""What somebody types on a case is neither lost nor sent twice, whatever happens meanwhile."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlmodel import select

from db.models import Draft, Message, User
from services.access import actor_for
from services.cases import verbs
from tests import builders as make
from tests.browser.test_cases import case, kinds, write
from tests.chromium import visit
from tests.served import ServedDesk

pytestmark = pytest.mark.browser
BODY, SENT = ".composer textarea", ".journal .body"


@pytest.fixture
def ann(own_desk: ServedDesk) -> User:
    """Somebody with a case to write on: number 1, two hours old."""
    user = own_desk.user("csm", name="Ann Bell")
    with own_desk.transaction() as session:
        dana = make.contact(session, "dana@example.com", name="Dana Reyes")
        make.case(session, 2, contact_id=dana.id, now=datetime.now(UTC) - timedelta(hours=2))
    return user


@pytest.fixture
def page(own_desk: ServedDesk, chromium: Browser, ann: User) -> Iterator[Page]:
    with visit(chromium, own_desk, ann) as seen:
        yield opened(seen.page)


def opened(page: Page) -> Page:
    page.goto("/case?number=1")
    expect(page.locator(BODY)).to_be_visible()
    expect(page.locator(".journal")).to_be_visible()
    return page


def another_tab(page: Page) -> Page:
    return opened(page.context.new_page())


def bodies(desk: ServedDesk) -> list[str]:
    """The notes and contacts that were sent."""
    with desk.transaction() as session:
        return list(session.exec(select(Message.body)))


def draft(desk: ServedDesk) -> str | None:
    with desk.transaction() as session:
        return session.exec(select(Draft.body)).one_or_none()


def kept(page: Page) -> None:
    expect(page.get_by_text("Draft kept")).to_be_visible()


def test_an_act_right_after_the_last_key_is_shown(page: Page) -> None:
    page.locator(BODY).press_sequentially("half a thou")
    page.get_by_role("button", name="Take", exact=True).click()
    expect(page.get_by_text("Case 1: Assigned to you.")).to_be_visible()
    expect(page.locator(".journal .did").first).to_have_text("assigned it to Ann Bell")
    expect(page.get_by_role("button", name="Take", exact=True)).to_have_count(0)
    expect(page.locator(BODY)).to_have_value("half a thou")


def test_a_reload_right_after_the_last_key_loses_nothing(page: Page, own_desk: ServedDesk) -> None:
    page.locator(BODY).press_sequentially("half a thought")
    page.reload()
    expect(page.locator(BODY)).to_have_value("half a thought")
    kept(page)
    assert draft(own_desk) == "half a thought"
    held = page.evaluate("() => Object.keys(localStorage).filter(key => key.startsWith('draft:'))")
    assert held == []  # the desk has it: no copy stays in the browser


def test_the_way_and_the_time_of_a_call_are_kept_with_it(page: Page) -> None:
    page.get_by_role("tab", name="Log a call or meeting").click()
    page.get_by_label("How").select_option("meeting")
    page.get_by_label("When").fill("2026-01-05T10:30")
    write(page, "Met her at the fair")
    kept(page)
    opened(page)
    expect(page.get_by_role("tab", name="Log a call or meeting")).to_have_attribute(
        "aria-selected", "true"
    )
    expect(page.get_by_label("How")).to_have_value("meeting")
    expect(page.get_by_label("When")).to_have_value("2026-01-05T10:30")


def test_a_refused_contact_stays_as_it_was_typed_and_the_box_says_why(
    page: Page, own_desk: ServedDesk
) -> None:
    page.get_by_role("button", name="Take", exact=True).click()
    expect(page.get_by_role("button", name="Undo")).to_be_visible()
    page.get_by_role("tab", name="Log a call or meeting").click()
    page.get_by_label("How").select_option("meeting")
    page.get_by_label("When").fill("2026-01-05T10:30")
    write(page, "Met her at the fair")
    page.get_by_role("button", name="Log the contact").click()
    said = page.locator(".composer [role=alert]")
    expect(said).to_contain_text("before the case was opened")
    expect(page.locator(BODY)).to_have_value("Met her at the fair")
    expect(page.get_by_label("How")).to_have_value("meeting")
    expect(page.get_by_label("When")).to_have_value("2026-01-05T10:30")
    expect(page.get_by_role("button", name="Undo")).to_have_count(0)
    page.get_by_label("When").fill("")
    page.get_by_role("button", name="Log the contact").click()
    expect(page.locator(SENT)).to_have_text("Met her at the fair")
    expect(said).to_be_hidden()
    assert case(own_desk, 1).contacted_at is not None and draft(own_desk) is None


@pytest.mark.parametrize("how", ["click", "keys", "both"])
def test_what_is_sent_twice_in_a_hurry_arrives_once(
    page: Page, own_desk: ServedDesk, how: str
) -> None:
    write(page, "Once is enough")
    if how != "click":
        page.locator(BODY).press("Control+Enter")
    if how == "keys":
        page.locator(BODY).press("Control+Enter")
    if how != "keys":
        page.get_by_role("button", name="Add the note").dblclick()
    expect(page.locator(SENT).first).to_have_text("Once is enough")
    expect(page.locator(BODY)).to_have_value("")
    page.wait_for_timeout(1000)
    assert bodies(own_desk) == ["Once is enough"]
    write(page, "Once is enough")  # said again on purpose
    page.get_by_role("button", name="Add the note").click()
    expect(page.locator(SENT)).to_have_count(2)
    assert kinds(own_desk, 1) == ["opened", "noted", "noted"]


def test_two_tabs_show_both_of_what_was_typed_in_them(page: Page, own_desk: ServedDesk) -> None:
    other = another_tab(page)
    # as on two machines: the tabs do not hear of each other in the browser
    for tab in (page, other):
        tab.add_init_script("delete window.BroadcastChannel")
        opened(tab)
    write(page, "from the first")
    kept(page)
    write(other, "from the second")
    expect(other.get_by_text("Changed in another tab:")).to_be_visible()
    expect(other.locator(".other")).to_have_text("from the first")
    assert draft(own_desk) == "from the first"
    opened(other)  # a reload keeps both, too
    expect(other.locator(BODY)).to_have_value("from the second")
    expect(other.locator(".other")).to_have_text("from the first")
    other.get_by_role("button", name="Add it to mine").click()
    expect(other.locator(BODY)).to_have_value("from the second\n\nfrom the first")
    kept(other)
    assert draft(own_desk) == "from the second\n\nfrom the first"
    write(page, "from the first, and more")
    expect(page.get_by_text("Changed in another tab:")).to_be_visible()
    page.get_by_role("button", name="Drop it").click()
    kept(page)
    assert draft(own_desk) == "from the first, and more"


def test_a_tab_follows_what_is_typed_and_sent_in_another(page: Page, own_desk: ServedDesk) -> None:
    write(page, "half")
    kept(page)
    other = another_tab(page)
    expect(other.locator(BODY)).to_have_value("half")
    write(other, "half and half")
    kept(other)
    expect(page.locator(BODY)).to_have_value("half and half")
    other.get_by_role("button", name="Add the note").click()
    expect(other.locator(SENT)).to_have_text("half and half")
    expect(page.locator(BODY)).to_have_value("")
    expect(page.get_by_text("Sent in another tab")).to_be_visible()
    assert bodies(own_desk) == ["half and half"] and draft(own_desk) is None


def test_a_tab_gives_up_a_draft_that_was_sent_on_another_machine(
    page: Page, own_desk: ServedDesk, ann: User
) -> None:
    write(page, "Called, no answer")
    kept(page)
    with own_desk.transaction() as session:
        me = actor_for(session, ann)
        verbs.note(session, me, 1, body="Called, no answer", now=datetime.now(UTC))
    page.get_by_role("button", name="Wait for the customer").click()
    expect(page.get_by_text("Ann Bell left a note. Nothing was changed.")).to_be_visible()
    expect(page.locator(BODY)).to_have_value("")
