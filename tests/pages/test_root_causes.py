"""Root causes: the list, who may change it, and what is refused."""

import pytest
from streamlit.testing.v1 import AppTest

from db.engine import transaction
from db.models import User
from services.cases import causes
from tests import builders as make
from tests.pages.app import open_page
from tests.pages.test_trends import clock

__all__ = ["clock"]
pytestmark = pytest.mark.usefixtures("sqlite_desk", "clock")


def person(role: str) -> User:
    with transaction() as session:
        return make.user(session, role)


def in_use() -> list[str]:
    with transaction() as session:
        return [name for _, name in causes.in_use(session, make.actor("csm"))]


def propose(at: AppTest, name: str) -> AppTest:
    at.text_input(key="new_cause").set_value(name)
    return at.button(key="add_cause_now").click().run()


def test_a_manager_adds_renames_and_retires() -> None:
    at = open_page(person("manager"), "root_causes.py")
    assert not at.exception
    propose(at, "Late parts")
    assert "Late parts" in in_use()
    with transaction() as session:
        found = {c.name: c.id for c, _ in causes.all_causes(session, make.actor("manager"))}
    at.selectbox(key="cause_id").select(found["Late parts"]).run()
    at.text_input(key=f"cause_{found['Late parts']}_Late parts").set_value("Parts late").run()
    at.button(key="rename_cause").click().run()
    assert "Parts late" in in_use()
    at.button(key="retire_cause").click().run()
    assert "Parts late" not in in_use()
    at.button(key="accept_cause").click().run()
    assert "Parts late" in in_use()


def test_a_csm_proposes_and_changes_nothing() -> None:
    at = open_page(person("csm"), "root_causes.py")
    propose(at, "Late parts")
    assert "Late parts" not in in_use()
    with transaction() as session:
        found = {c.name: c.id for c, _ in causes.all_causes(session, make.actor("csm"))}
    at.selectbox(key="cause_id").select(found["Late parts"]).run()
    assert not at.exception and all(button.key != "accept_cause" for button in at.button)


def test_a_name_that_is_there_already_is_refused() -> None:
    at = propose(open_page(person("admin"), "root_causes.py"), "Billing")
    assert "has this name already" in at.error[0].value


def test_support_has_no_such_page() -> None:
    with pytest.raises(ValueError, match="Could not find a navigation page"):
        open_page(person("support"), "root_causes.py")
