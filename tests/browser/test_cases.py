"""Two people close a loop in the browser, and get into each other's way."""

import csv
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, Page, expect
from sqlmodel import select

from db.models import Case, CaseEvent, User
from services import presence
from services.access import actor_for
from services.cases import playing, tagging, verbs
from tests import builders as make
from tests.browser.conftest import Shoot
from tests.chromium import visit
from tests.served import ServedDesk

pytestmark = pytest.mark.browser
EVIL = '<img src=x onerror="document.title=1">'


def answers(folder: Path) -> Path:
    """An export with two low answers of this week, an old one, and a promoter."""
    now, file = datetime.now(UTC), folder / "answers.csv"
    rows = [
        ("Dana Reyes", "dana@acme.example.com", 2, 2, "The export broke twice."),
        ("Eli Ward", "eli@acme.example.com", 6, 1, EVIL),
        ("Fay Moss", "fay@acme.example.com", 1, 90, "Long ago."),
        ("Gil Park", "gil@acme.example.com", 10, 3, "Great."),
    ]
    with file.open("w", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(["id", "name", "email", "score", "comment", "date", "account"])
        for n, (name, email, score, days, said) in enumerate(rows):
            at = (now - timedelta(days=days)).strftime("%Y-%m-%d %H:%M:%S")
            writer.writerow([f"r{n}", name, email, score, said, at, "Acme"])
    return file


def case(desk: ServedDesk, number: int) -> Case:
    with desk.transaction() as session:
        return session.exec(select(Case).where(Case.number == number)).one()


def kinds(desk: ServedDesk, number: int) -> list[str]:
    """What the journal of a case holds, in order."""
    with desk.transaction() as session:
        query = select(CaseEvent.kind).join(Case).where(Case.number == number)
        return list(session.exec(query.order_by(CaseEvent.id)))  # type: ignore[arg-type]


def row(page: Page, number: int) -> Locator:
    return page.locator(f"tr[data-number='{number}']")


def heading(page: Page, text: str) -> None:
    expect(page.get_by_role("heading", name=text).first).to_be_visible()


def pick(page: Page, label: str, option: str) -> None:
    """Choose an option of a box."""
    page.get_by_role("combobox", name=label).click()
    page.get_by_role("option", name=option, exact=True).click()


def write(page: Page, text: str) -> None:
    """Type into the box under a case."""
    page.locator(".composer textarea").fill(text)


def test_two_people_close_a_loop(
    own_desk: ServedDesk, chromium: Browser, shoot: Shoot, tmp_path: Path
) -> None:
    boss = own_desk.user("manager", name="Mia Keller")
    own_desk.user("csm", name="Ann Bell")
    bob = own_desk.user("support", name="Bob Ito")
    with visit(chromium, own_desk, boss) as mia, visit(chromium, own_desk, bob) as other:
        for seen in (mia, other):
            seen.page.set_default_timeout(20_000)
        bring(mia.page, own_desk, answers(tmp_path))
        assert loop(mia.page) == ["0 closed of 2", "0 contacted of 2", "0 resolved of 2"]
        triage(mia.page, own_desk)
        work(mia.page, own_desk, shoot)
        collide(mia.page, other.page, own_desk)
        close(mia.page, own_desk)
        assert loop(mia.page) == ["1 closed of 2", "1 contacted of 2", "1 resolved of 2"]
        behind(mia.page)
        assert (mia.foreign, mia.blocked) == ([], [])
        assert (other.foreign, other.blocked) == ([], [])


def bring(page: Page, desk: ServedDesk, file: Path) -> None:
    """The dry run says how many cases, the import opens them."""
    page.goto("/import")
    page.locator("input[type=file]").set_input_files(file)
    page.get_by_role("button", name="Check the file").click()
    said = page.get_by_text("Cases that would open for people whose answer is low and recent: 2.")
    expect(said).to_be_visible()
    page.get_by_role("button", name="Import", exact=False).last.click()
    expect(page.get_by_text("Cases that opened")).to_be_visible()
    page.get_by_role("link", name="See the 2 cases").click()
    expect(page.locator("tbody tr")).to_have_count(2)
    assert kinds(desk, 1) == kinds(desk, 2) == ["opened"]


def loop(page: Page) -> list[str]:
    """What the loop says of the cases of this year, without the words for those that are not."""
    page.goto("/loop")
    expect(page.locator(".ld-name").first).to_be_visible()
    told = [one.split(",")[0] for one in page.locator(".ld-size").all_inner_texts()]
    return [one for one in told if re.fullmatch(r"\d (closed|contacted|resolved) of \d", one)]


def behind(page: Page) -> None:
    """A figure leads to its cases, as many as it says."""
    page.get_by_role("link", name="1 closed").first.click()
    heading(page, "Case queue")
    expect(page.get_by_text("1\N{EN DASH}1 of 1 cases").first).to_be_visible()
    expect(page.locator("tbody tr")).to_have_count(1)


def triage(page: Page, desk: ServedDesk) -> None:
    """The queue puts the lowest first and says why; its row can be taken and the case opened."""
    page.goto("/queue?view=open")
    expect(page.locator("tbody tr")).to_have_count(2)
    first = page.locator("tbody tr").first
    expect(first).to_contain_text("lowest scores")
    expect(first).to_contain_text("Dana Reyes")
    number = int(first.get_attribute("data-number") or 0)
    first.get_by_role("button", name=f"Take: case {number}").click()
    expect(page.get_by_text(f"Case {number}: Assigned to you.")).to_be_visible()
    expect(row(page, number)).to_contain_text("you")
    row(page, number).get_by_role("link", name="Dana Reyes").click()
    heading(page, f"Case {number}: Dana Reyes")
    assert kinds(desk, number) == ["opened", "assigned"]


def work(page: Page, desk: ServedDesk, shoot: Shoot) -> None:
    """A note whose draft survives, a logged call, a snooze that is taken back."""
    number = int(re.findall(r"number=(\d+)", page.url)[0])
    write(page, "Asked the site offi")
    expect(page.get_by_text("Draft kept")).to_be_visible()
    page.reload()
    expect(page.locator(".composer textarea")).to_have_value("Asked the site offi")
    page.get_by_role("link", name="Verbatims").click()
    heading(page, "Verbatims")
    page.goto(f"/case?number={number}")
    expect(page.locator(".composer textarea")).to_have_value("Asked the site offi")
    write(page, "Asked the site office.")
    page.get_by_role("button", name="Add the note").click()
    expect(page.locator(".journal .body").first).to_have_text("Asked the site office.")
    expect(page.locator(".composer textarea")).to_have_value("")
    page.get_by_text("Log a call or meeting").click()
    write(page, "Reached Dana: an answer by Thursday.")
    page.get_by_role("button", name="Log the contact").click()
    expect(page.locator(".journal .did").first).to_contain_text("logged a call")
    page.get_by_role("button", name="Snooze").click()
    page.get_by_role("button", name="Tomorrow, 09:00").click()
    expect(page.get_by_text(f"Case {number}: Asleep until")).to_be_visible()
    assert case(desk, number).snoozed_until is not None
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(".journal .did").first).to_have_text("took back the snooze")
    assert case(desk, number).snoozed_until is None
    shoot(page, "case")


def collide(page: Page, other: Page, desk: ServedDesk) -> None:
    """The second of two is told what the first did, and keeps what they typed."""
    number = int(re.findall(r"number=(\d+)", page.url)[0])
    other.goto(f"/case?number={number}")
    heading(other, f"Case {number}: Dana Reyes")
    write(other, "I was about to call.")
    page.get_by_role("button", name="Wait for the customer").click()
    expect(page.get_by_text(f"Case {number}: The clock stands still.")).to_be_visible()
    expect(other.get_by_text("This case has changed.")).to_be_visible(timeout=8000)
    other.get_by_role("button", name="Take over").click()
    expect(
        other.get_by_text("Mia Keller set it to wait for the customer. Nothing was changed.")
    ).to_be_visible()
    expect(other.locator(".composer textarea")).to_have_value("I was about to call.")
    assert case(desk, number).status == "waiting"
    page.get_by_role("button", name="Take it up again").click()
    expect(page.get_by_role("button", name="Wait for the customer")).to_be_visible()


def close(page: Page, desk: ServedDesk) -> None:
    """Resolved with an outcome and a root cause, reopened, and resolved for good."""
    number = int(re.findall(r"number=(\d+)", page.url)[0])
    for _ in range(2):
        page.get_by_role("button", name="Resolve", exact=True).first.click()
        pick(page, "How it ended", "Solved for the customer")
        pick(page, "Root cause", "Product defect")
        page.get_by_test_id("stFormSubmitButton").get_by_role("button", name="Resolve").click()
        expect(page.locator(".journal .did").first).to_have_text(
            "resolved it: Solved for the customer; Product defect"
        )
        if kinds(desk, number).count("resolved") == 1:
            page.get_by_role("button", name="Reopen").click()
            expect(page.locator(".journal .did").first).to_have_text("reopened it")
    kept = case(desk, number)
    assert (kept.status, kept.outcome) == ("resolved", "solved")
    assert kinds(desk, number) == [
        "opened", "assigned", "noted", "contacted", "snoozed", "undone", "waited", "resumed",
        "resolved", "reopened", "resolved",
    ]  # fmt: skip


def test_what_is_chosen_stays_chosen_while_the_queue_moves(
    own_desk: ServedDesk, chromium: Browser
) -> None:
    ann, bob = own_desk.user("csm", name="Ann Bell"), own_desk.user("csm", name="Bob Ito")
    now = datetime.now(UTC)
    with own_desk.transaction() as session:
        for n in range(6):
            who = make.contact(session, f"c{n}@example.com", name=f"Customer {n + 1}")
            make.case(session, 6, contact_id=who.id, now=now - timedelta(minutes=60 - n))
    with visit(chromium, own_desk, ann) as seen:
        page = seen.page
        page.goto("/queue?view=open")
        expect(page.locator("tbody tr")).to_have_count(6)
        row(page, 4).locator("td.by").click()
        expect(page.get_by_text("Case 4: Customer 4")).to_be_visible()
        done_by(own_desk, bob, 1, 2)  # what stood above is gone: every row moves up
        expect(page.get_by_text("2 new or changed cases.")).to_be_visible(timeout=8000)
        expect(page.locator("tbody tr")).to_have_count(6)  # nothing moves by itself
        page.get_by_role("button", name="Take", exact=True).click()
        expect(page.get_by_text("Case 4: Assigned to you.")).to_be_visible()
        expect(page.locator("tbody tr")).to_have_count(4)
        expect(page.locator("tr.chosen")).to_have_attribute("data-number", "4")
    assert [case(own_desk, n).assignee_id for n in range(1, 7)] == [
        bob.id, bob.id, None, ann.id, None, None,
    ]  # fmt: skip


def done_by(desk: ServedDesk, user: User, *numbers: int) -> None:
    """Somebody else takes these and puts them aside."""
    now = datetime.now(UTC)
    with desk.transaction() as session:
        actor = actor_for(session, user)
        for number in numbers:
            verbs.assign(session, actor, number, to=user.id, version=1, now=now)
            verbs.wait(session, actor, number, version=2, now=now)


def test_a_row_acts_on_its_own_case_even_when_the_list_is_old(
    own_desk: ServedDesk, chromium: Browser
) -> None:
    ann, bob = own_desk.user("csm", name="Ann Bell"), own_desk.user("csm", name="Bob Ito")
    now = datetime.now(UTC)
    with own_desk.transaction() as session:
        for n in range(3):
            make.case(session, 6, now=now - timedelta(minutes=60 - n))
        for one in (bob, make.user(session, "csm", name="Cy Young")):
            presence.arrive(session, actor_for(session, one), 1, writing=one is bob, now=now)
    with visit(chromium, own_desk, ann) as seen:
        page = seen.page
        page.goto("/queue")
        expect(page.locator("tbody tr")).to_have_count(3)
        here = row(page, 1).locator(".here")
        expect(here).to_have_text(re.compile("Bob is writing, 1 more here"))
        assert right(here) <= right(row(page, 1)) - 8  # cut, never outside of the list
        done_by(own_desk, bob, 2)
        row(page, 2).get_by_role("button", name="Take: case 2").click()
        expect(
            page.get_by_text("Bob Ito set it to wait for the customer. Nothing was changed.")
        ).to_be_visible()
        expect(row(page, 2)).to_have_count(0)
    assert case(own_desk, 2).assignee_id == bob.id
    assert case(own_desk, 1).assignee_id is case(own_desk, 3).assignee_id is None


def test_no_page_about_cases_has_a_barrier_that_axe_finds(
    own_desk: ServedDesk, chromium: Browser
) -> None:
    now = datetime.now(UTC)
    with own_desk.transaction() as session:
        boss = make.user(session, "admin", name="Mia Keller")
        acme = make.account(session)
        for n in range(7):
            who = make.contact(
                session, f"c{n}@example.com", name=f"Customer {n + 1}", account_id=acme.id
            )
            make.case(
                session, n % 7, contact_id=who.id, account_id=acme.id,
                now=now - timedelta(hours=9 * n),
            )  # fmt: skip
        make.response(session, 9, contact_id=who.id, answered_at=now)
        mia = actor_for(session, boss)
        verbs.note(session, mia, 1, body="Seen.", now=now)
        tagging.tag(session, mia, 1, name="Churn risk", now=now)
        playing.start(session, mia, 2, version=1, now=now)
    with visit(chromium, own_desk, boss, bypass_csp=True) as seen:
        found = [one for path, box in LOOKED_AT for one in barriers(seen.page, path, box)]
    assert found == []


def right(place: Locator) -> float:
    box = place.bounding_box()
    assert box is not None
    return box["x"] + box["width"]


# pages, and boxes that open on them
LOOKED_AT = (
    ("/queue", ""), ("/queue", "+ view"), ("/queue", "Export"), ("/queue?case=1", ""),
    ("/case?number=1", ""), ("/case?number=1", "Merge"), ("/loop", ""), ("/promises", ""),
    ("/plays", ""), ("/good-news", ""), ("/people", ""), ("/root-causes", ""),
)  # fmt: skip


def barriers(page: Page, path: str, box: str) -> list[tuple[str, str, str, list[str]]]:
    """What axe finds on the page, or on it with the box open, light and dark."""
    if box:  # the page is there already
        page.get_by_role("button", name=box, exact=True).first.click()
        expect(page.get_by_test_id("stPopoverBody")).to_be_visible()
    else:
        page.goto(path)
        expect(page.get_by_role("heading").first).to_be_visible()
        page.wait_for_timeout(1000)
    found = []
    for scheme in ("dark", "light"):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        page.wait_for_timeout(600)
        for one in Axe().run(page).response["violations"]:
            nodes = [node["html"][:160] for node in one["nodes"]][:3]
            found.append((f"{path} {box}", scheme, one["id"], nodes))
    page.keyboard.press("Escape")
    return found
