"""Templates: writing one and seeing at once how it reads, sharing, retiring."""

from typing import Any

import pytest
from sqlmodel import select
from streamlit.testing.v1 import AppTest

from db.engine import transaction
from db.models import Template, User
from services import templates
from tests import builders as make
from tests.pages.app import marked_up, open_page, said_last
from tests.pages.test_trends import clock

__all__ = ["clock"]
pytestmark = pytest.mark.usefixtures("sqlite_desk", "clock")
EVIL = "<img src=x> ![x](http://tracker.invalid/p.png)"
NEW = "new_template_0"


def person(role: str, **values: Any) -> User:
    with transaction() as session:
        return make.user(session, role, **values)


def written(owner: User, name: str = "Sorry", **values: Any) -> int:
    given = {"language": "en", "subject": "", "body": "Hello", "shared": False} | values
    with transaction() as session:
        row = Template(name=name, owner_id=owner.id, **given)
        session.add(row)
        session.flush()
        return row.id or 0


def opened(user: User) -> AppTest:
    at = open_page(user, "templates.py")
    assert not at.exception
    return at


def choose(at: AppTest, template_id: int) -> AppTest:
    return at.selectbox(key="template_id").select(template_id).run()


def box(at: AppTest, part: str) -> Any:
    """The box of the editor for a part of the template."""
    boxes = (*at.text_input, *at.text_area, *at.toggle)
    return next(one for one in boxes if str(one.key).endswith(f"_{part}"))


def kept() -> list[tuple[str, str, bool]]:
    with transaction() as session:
        query = select(Template.name, Template.body, Template.shared)
        return [tuple(each) for each in session.exec(query.where(Template.retired_at == None))]  # type: ignore[misc]  # noqa: E711


def texts(at: AppTest) -> list[str]:
    return [text.value for text in at.main.text]


def test_the_first_one_is_written_at_once_and_previewed() -> None:
    at = opened(person("manager", name="Mia Keller"))
    assert any("There is none yet" in text for text in texts(at))
    at.text_input(key=f"{NEW}_name").set_value("Sorry")
    at.text_area(key=f"{NEW}_body").set_value("Hi {{contact.first_name}}, {{agent.name}}").run()
    assert "Hi Dana, Mia Keller" in texts(at)
    at.toggle(key=f"{NEW}_shared").set_value(True)
    at.button(key="save_template").click().run()
    assert kept() == [("Sorry", "Hi {{contact.first_name}}, {{agent.name}}", True)]
    assert at.header[0].value == "Change it" and box(at, "name").value == "Sorry"


def test_it_reads_as_it_will_for_a_case_and_names_what_is_not_known() -> None:
    with transaction() as session:
        of = {"contact_id": make.contact(session, name=EVIL).id, "comment": EVIL}
        number = make.case(session, 2, **of).number
    at = opened(person("csm"))
    body = "{{contact.name}} gave {{score}}: {{comment}} {{account.name}} {{account.name|you}}"
    at.text_area(key=f"{NEW}_body").set_value(body).run()
    at.number_input(key="template_case").set_value(number).run()
    assert f"{EVIL} gave 2: {EVIL} {{{{account.name}}}} you" in texts(at)
    assert any(text.startswith("Nothing is known for account.name") for text in texts(at))
    assert "tracker" not in marked_up(at)
    at.number_input(key="template_case").set_value(99).run()
    assert not at.exception and not any("gave 2" in text for text in texts(at))


def test_a_field_that_there_is_not_is_said_and_not_kept() -> None:
    at = opened(person("manager"))
    at.text_input(key=f"{NEW}_name").set_value("Sorry")
    at.text_area(key=f"{NEW}_body").set_value("Hi {{contact.phone}}").run()
    said = "There is no merge field {{contact.phone}}. Nothing was changed."
    assert said in texts(at)
    at.button(key="save_template").click().run()
    assert kept() == [] and box(at, "body").value == "Hi {{contact.phone}}"


def test_a_csm_keeps_their_own_and_a_manager_shares_it() -> None:
    ann, mia = person("csm", name="Ann Bell"), person("manager")
    at = opened(ann)
    assert not at.toggle
    at.text_input(key=f"{NEW}_name").set_value("Mine")
    at.text_area(key=f"{NEW}_body").set_value("Hello")
    at.button(key="save_template").click().run()
    assert kept() == [("Mine", "Hello", False)]
    other = person("csm")
    with transaction() as session:
        (found,) = templates.kept(session, make.actor("csm", id=ann.id))
        assert not templates.kept(session, make.actor("csm", id=other.id))
    lead = choose(opened(mia), found.template.id or 0)
    box(lead, "shared").set_value(True)
    lead.button(key="save_template").click().run()
    assert kept() == [("Mine", "Hello", True)]
    with transaction() as session:
        assert templates.usable(session, make.actor("csm", id=other.id))


def test_a_csm_changes_nothing_that_is_shared_but_may_copy_it() -> None:
    shared = written(person("manager"), shared=True, body="Hello {{score}}")
    at = choose(opened(person("csm")), shared)
    assert box(at, "body").disabled
    assert not [button for button in at.button if button.key == "save_template"]
    at.button(key="copy").click().run()
    assert (box(at, "name").value, box(at, "body").value) == ("Sorry (mine)", "Hello {{score}}")
    at.button(key="save_template").click().run()
    assert ("Sorry (mine)", "Hello {{score}}", False) in kept()


def test_a_template_is_changed_and_retired() -> None:
    mia = person("admin")
    one = written(mia, shared=True)
    at = choose(opened(mia), one)
    box(at, "body").set_value("Hello again")
    at.button(key="save_template").click().run()
    assert kept() == [("Sorry", "Hello again", True)]
    at.button(key="retire_template").click().run()
    assert not at.exception and kept() == []
    assert any("There is none yet" in text for text in texts(at))


def test_the_same_name_in_the_same_language_is_refused() -> None:
    mia = person("manager")
    written(mia)
    at = opened(mia)
    at.text_input(key=f"{NEW}_name").set_value("Sorry")
    at.text_area(key=f"{NEW}_body").set_value("Hello")
    at.button(key="save_template").click().run()
    assert "in this language already" in said_last(at)
    assert len(kept()) == 1


def test_names_of_people_and_templates_are_no_markup() -> None:
    one = written(person("csm", name=EVIL), EVIL, body=EVIL, subject=EVIL)
    at = choose(opened(person("manager")), one)
    assert EVIL in texts(at) and "tracker" not in marked_up(at)


def test_support_has_no_such_page() -> None:
    with pytest.raises(ValueError, match="Could not find a navigation page"):
        open_page(person("support"), "templates.py")


def changed_by_somebody(template_id: int, body: str) -> None:
    with transaction() as session:
        row = session.get(Template, template_id)
        assert row is not None
        row.body = body
        session.add(row)


@pytest.mark.parametrize(
    ("choice", "in_the_box", "at_the_end"),
    [("take_theirs", "Theirs", "Theirs"), ("keep_mine", "Mine", "Mine")],
)
def test_two_who_write_the_same_template_lose_nothing(
    choice: str, in_the_box: str, at_the_end: str
) -> None:
    mia = person("admin")
    one = written(mia, shared=True)
    at = choose(opened(mia), one)
    box(at, "body").set_value("Mine").run()
    changed_by_somebody(one, "Theirs")
    at.button(key="save_template").click().run()
    assert kept() == [("Sorry", "Theirs", True)] and box(at, "body").value == "Mine"
    assert any("changed it while you wrote" in text for text in texts(at))
    at.button(key=choice).click().run()
    assert box(at, "body").value == in_the_box
    at.button(key="save_template").click().run()
    assert kept() == [("Sorry", at_the_end, True)]


def test_a_template_that_nobody_types_in_shows_what_others_made_of_it() -> None:
    mia = person("admin")
    one = written(mia, shared=True)
    at = choose(opened(mia), one)
    changed_by_somebody(one, "Theirs")
    assert box(at.run(), "body").value == "Theirs"
