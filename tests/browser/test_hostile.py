"""Text from strangers does nothing on any page: no request, no script, no markup, no turning."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Browser, Page, expect

from db.models import PropertyValue
from pages._menu import MENU
from tests import builders as make
from tests.chromium import visit
from tests.served import ServedDesk, serve

pytestmark = pytest.mark.browser

PIXEL = "http://tracker.invalid/pixel.png"
STRANGE_LINKS = (
    "[...document.links].filter(a => a.origin !== location.origin).map(a => a.outerHTML)"
)
# Cards are drawn in a shadow root, which innerText does not look into.
ALL_TEXT = """() => {
  const read = root => [...root.querySelectorAll('*')].map(part =>
    (part.shadowRoot ? read(part.shadowRoot) : '') +
    [...part.childNodes].filter(node => node.nodeType === 3).map(node => node.data).join('')
  ).join('');
  return read(document);
}"""
HOSTILE = {
    "markdown picture": f"before ![x]({PIXEL}) after",
    "html picture": f'<img src="{PIXEL}" onerror="document.title=1/0">',
    "script": "<script>window.hacked = true</script>",
    "handler": '<svg onload="window.hacked = true">',
    "link": "[click](javascript:window.hacked=true) https://tracker.invalid/",
    "latex": r"$\href{javascript:alert(1)}{x}$ and $$\frac{1}{2}$$",
    "badge": ":red-badge[gone] :material/home: :rainbow[all]",
    "style": f"<style>body {{ background: url({PIXEL}) }}</style>",
    "turned": "safe \u202etxet denrut\u202c end \u2066isolated\u2069",
    "template": "{{7*7}} ${7*7} #{7*7} <%= 7*7 %>",
    "long": "w" * 5000,
}


@pytest.fixture(scope="module")
def hostile_desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedDesk]:
    """A desk where every text that a stranger gives is hostile."""
    with serve(tmp_path_factory.mktemp("hostile")) as desk:
        with desk.transaction() as session:
            session.add(PropertyValue(name="channel", value=HOSTILE["markdown picture"]))
            session.add(PropertyValue(name="props.<b>plan</b>", value=HOSTILE["html picture"]))
            asked = make.survey(session, name=f"Survey <img src={PIXEL}> **bold**")
            for at, text in enumerate(HOSTILE.values()):
                firm = make.account(session, f"{text[:200]} Ltd")
                person = make.contact(session, name=text[:200], account_id=firm.id)
                make.response(
                    session, at % 11, survey=asked, comment=text, contact_id=person.id,
                    account_id=firm.id, channel=text[:200], touchpoint=text[:200],
                    props={"<b>plan</b>": text[:200], "plan": text[:200]},
                    answered_at=datetime.now(UTC) - timedelta(days=at + 1),
                )  # fmt: skip
        yield desk


def settle(page: Page) -> None:
    """Wait until the script run is over and what it made is drawn."""
    page.wait_for_load_state("networkidle")
    expect(page.get_by_test_id("stStatusWidget")).to_have_count(0)
    page.wait_for_timeout(700)


@pytest.mark.parametrize("entry", MENU, ids=lambda entry: entry.title)
def test_hostile_text_does_nothing_on(
    hostile_desk: ServedDesk, chromium: Browser, entry: object
) -> None:
    admin = hostile_desk.user("admin", name=f"![x]({PIXEL}) <b>Dana</b>")
    path = f"/{entry.url_path}?range=all"  # type: ignore[attr-defined]
    with visit(chromium, hostile_desk, admin) as seen:
        page = seen.page
        page.on("dialog", lambda dialog: seen.foreign.append(dialog.message))
        page.goto(path)
        settle(page)
        expect(page.get_by_role("heading").first).to_be_visible()
        assert page.evaluate("window.hacked") is None
        assert page.locator("img[src*='tracker']").count() == 0
        assert page.evaluate(STRANGE_LINKS) == []
        assert page.locator(".katex").count() == 0
        assert (seen.foreign, seen.blocked) == ([], [])


def test_a_comment_is_shown_as_it_was_written(hostile_desk: ServedDesk, chromium: Browser) -> None:
    with visit(chromium, hostile_desk, hostile_desk.user("admin")) as seen:
        page = seen.page
        page.goto("/verbatims?range=all")
        settle(page)
        said = page.evaluate(ALL_TEXT)
        for name in ("script", "latex", "link", "badge", "template"):
            assert HOSTILE[name] in said, name


def test_text_that_turns_the_line_around_turns_nothing(
    hostile_desk: ServedDesk, chromium: Browser
) -> None:
    with visit(chromium, hostile_desk, hostile_desk.user("admin")) as seen:
        page = seen.page
        page.goto("/verbatims?range=all")
        settle(page)
        said = page.evaluate(ALL_TEXT)
        assert "txet denrut" in said
        for turning in "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069":
            assert turning not in said
