"""What leads and admins see of both ways, ledger, digests, retention, sign-in: no barrier."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from db.models import (
    Delivery,
    Difference,
    ExternalRef,
    Inbound,
    Integration,
    Reconciliation,
    RetentionRun,
)
from services.access import SHELL
from services.cases.journal import held, keep
from services.domain.lifecycle import Move
from tests import builders as make
from tests.browser.conftest import NARROW, WIDE
from tests.chromium import visit
from tests.served import ServedDesk, serve

pytestmark = pytest.mark.browser
TOO_WIDE = "document.querySelector('[data-testid=stMain]').scrollWidth - innerWidth"


@pytest.fixture(scope="module")
def full_desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedDesk]:
    """Case 1 was changed on both sides, and what is in Zendesk is not what was sent."""
    with serve(tmp_path_factory.mktemp("full")) as desk:
        now = datetime.now(UTC)
        with desk.transaction() as session:
            case = make.case(session, 2, now=now, comment="Nobody answers.")
            of = {"vendor": "zendesk", "case_id": case.id}
            session.add(Integration(name="zendesk", connected_at=now))
            session.add(ExternalRef(entity="case", entity_id=case.id or 0, vendor="zendesk",
                                    remote_id="101"))  # fmt: skip
            sent = Delivery(idem_key="k", action="ticket", state="sent", not_before=now,
                            payload={}, link="https://x.zendesk.com/101", **of)  # fmt: skip
            run = Reconciliation(vendor="zendesk", started_at=now, ended_at=now, error="busy")
            session.add_all([sent, run])
            session.flush()
            session.add(Difference(run_id=run.id or 0, found_at=now, delivery_id=sent.id or 0,
                                   kind="missing", **of))  # fmt: skip
            for state in ("done", "failed"):
                came = {"event_id": state, "state": state, "note": "why", "says": {"reply": True}}
                session.add(Inbound(kind="change", received_at=now, next_at=now, **came, **of))
            session.add(RetentionRun(rule="comments", months=24, started_at=now, ended_at=now,
                                     counts={"comments": 3}))  # fmt: skip
            file = held(session, SHELL, case.number, None)
            keep(session, SHELL, file, file.state, Move.CONFLICTED, now=now, there="zendesk",
                 field="status", theirs="waiting", ours="open")  # fmt: skip
        yield desk


def pressed(name: str) -> Callable[[Page], None]:
    return lambda page: page.get_by_role("button", name=name).first.click()


def told(text: str) -> Callable[[Page], None]:
    return lambda page: expect(page.get_by_text(text).first).to_be_visible()


def unfolded(page: Page) -> None:
    page.get_by_text("What comes in").first.click()
    expect(page.get_by_role("list", name="What came in from Zendesk")).to_be_visible()


PAGES: dict[str, Callable[[Page], None]] = {
    "differences": told("Send it again"),
    "digests": pressed("Show today's"),
    "retention": pressed("Look and change"),
    "people?tab=Sign-in": told("Passwords are off"),
    "integrations": unfolded,
    "case?number=1": told("Keep what stands here"),
    "deliveries?view=all": pressed("Steps"),
    "rules": pressed("Promoters who fell"),
    "you": told("Digests: the whole desk"),
}


@pytest.mark.parametrize("path", PAGES)
def test_nothing_bars_the_way_and_nothing_is_cut_off_on(
    full_desk: ServedDesk, chromium: Browser, path: str
) -> None:
    with visit(chromium, full_desk, full_desk.user("admin"), bypass_csp=True) as seen:
        page, found = seen.page, []
        page.set_viewport_size(WIDE)  # type: ignore[arg-type]
        page.goto(f"/{path}")
        PAGES[path](page)
        for scheme, size in (("light", WIDE), ("dark", NARROW)):
            page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            page.set_viewport_size(size)  # type: ignore[arg-type]
            page.wait_for_timeout(900)
            for one in Axe().run(page).response["violations"]:
                found += [(scheme, one["id"], node["html"]) for node in one["nodes"]]
            assert page.evaluate(TOO_WIDE) <= 0
        assert found == []


def test_the_steps_of_a_delivery_stand_below_it_and_arrows_pass_them(
    full_desk: ServedDesk, chromium: Browser
) -> None:
    with full_desk.transaction() as session:
        more = {"payload": {}, "case_id": 1, "not_before": datetime.now(UTC)}
        session.add(Delivery(idem_key="n", vendor="zendesk", action="note", state="sent", **more))
    with visit(chromium, full_desk, full_desk.user("admin")) as seen:
        page = seen.page
        page.set_viewport_size(WIDE)  # type: ignore[arg-type]
        page.goto("/deliveries?view=all")
        pressed("Steps")(page)
        steps = page.locator("tr.more td")
        expect(steps).to_be_visible()
        box, table = steps.bounding_box(), page.locator("table").bounding_box()
        assert box and table and box["width"] == pytest.approx(table["width"], abs=2)
        page.locator("tbody tr").first.focus()
        page.keyboard.press("ArrowDown")
        expect(page.locator("tbody tr:not(.more)").nth(1)).to_be_focused()
