"""Contact: what is kept of the person as a file, and erased only by an admin who typed the word."""

import json

import pytest
from streamlit.testing.v1 import AppTest

from db.engine import transaction
from db.models import Contact, ExternalRef, User
from tests import builders as make
from tests.pages.app import notices, open_page
from tests.pages.test_contact import dana, query
from tests.pages.test_trends import clock, parts

__all__ = ["clock", "dana"]
pytestmark = pytest.mark.usefixtures("sqlite_desk", "clock")


def person(role: str) -> User:
    with transaction() as session:
        return make.user(session, role)


def buttons(at: AppTest) -> set[str]:
    return {str(button.key) for button in at.button}


def texts(at: AppTest) -> str:
    return " ".join(str(text.value) for text in at.text)


def test_a_csm_is_offered_neither_and_a_manager_only_the_file(dana: Contact) -> None:
    at = open_page(person("csm"), "contact.py", query(dana))
    assert not at.get("download_button") and "erase_ask" not in buttons(at)
    at = open_page(person("manager"), "contact.py", query(dana))
    assert [one.proto.label for one in at.get("download_button")] == ["Download as JSON"]
    assert "erase_ask" not in buttons(at) and not at.exception


def test_a_manager_who_comes_by_a_stale_box_is_refused(dana: Contact) -> None:
    at = open_page(person("manager"), "contact.py", query(dana))
    at.session_state["erase_asked"] = dana.id
    at.run()
    assert not at.exception and "Erase for good" not in {one.label for one in at.button}


def test_an_admin_sees_what_goes_types_the_word_and_it_is_gone(dana: Contact) -> None:
    with transaction() as session:
        session.add(ExternalRef(entity="case", entity_id=1, vendor="zendesk", remote_id="4711"))
    at = open_page(person("admin"), "contact.py", query(dana))
    at.button(key="erase_ask").click().run()
    assert "Of 4 answers score, date and survey stay" in texts(at)
    assert "1 comment and the properties go" in texts(at)
    assert "This cannot be undone" in texts(at)
    assert list(at.dataframe[0].value["Id there"]) == ["4711"]
    at.text_input(key=f"erase_word_{dana.id}").set_value("erase")
    _erase(at)
    assert "Type ERASE, in capitals" in notices(at)["refused"]
    at.text_input(key=f"erase_word_{dana.id}").set_value("ERASE")
    _erase(at)
    assert notices(at)["words"] == "The person is erased."
    (head,) = parts(at, "facts")
    assert head["title"] == "Erased" and "Dana" not in json.dumps(head)
    assert not at.get("download_button") and "erase_ask" not in buttons(at)
    assert list(at.dataframe[0].value["Id there"]) == ["4711"]  # to be removed over there
    with transaction() as session:
        assert session.get_one(Contact, dana.id).email is None


def test_keeping_everything_closes_the_box(dana: Contact) -> None:
    at = open_page(person("admin"), "contact.py", query(dana))
    at.button(key="erase_ask").click().run()
    at.button(key="erase_not").click().run()
    assert "This cannot be undone" not in texts(at)
    with transaction() as session:
        assert session.get_one(Contact, dana.id).name == "Dana Reyes"


def _erase(at: AppTest) -> None:
    [button for button in at.button if button.label == "Erase for good"][0].click().run()
