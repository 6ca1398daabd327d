"""A case becomes one conversation in Intercom, by the right person and in safe words."""

import json
import socket
import subprocess
import sys
import time
from typing import Any

import httpx
import pytest

from services.config import ROOT
from services.vendors.base import Message, Receipt, Unsure, VendorError
from services.vendors.intercom import Intercom
from tests.standins import intercom as standins
from tests.standins import intercom_contract as contract
from tests.vendors.intercom_case import (  # noqa: F401
    ANYWHERE,
    BEGIN,
    HOSTILE,
    PERSON,
    added,
    conversation,
    failed,
    flags,
    intercom_workspace,
    vendor,
)


def test_a_case_becomes_a_conversation_as_it_was_announced(workspace: standins.Intercom) -> None:
    desk = vendor(workspace)
    plan = desk.payload(conversation())
    receipt = desk.send(conversation())
    link = "https://app.intercom.com/a/apps/ws1/inbox/inbox/all/conversations/500"
    assert receipt == Receipt("500", "500", link)
    [person], [row] = workspace.contacts.values(), workspace.conversations.values()
    assert {key: person[key] for key in plan["contact"]} == plan["contact"]
    assert person["custom_attributes"] == plan["contact_attributes"]
    assert plan["contact_attributes"] == {"nps_score": 2, "nps_comment": "Export broke"}
    assert row["body"] == plan["conversation"]["body"] == "Export broke"
    assert row["custom_attributes"] == plan["conversation_attributes"] == {"Case": "1042"}
    assert row["tags"] == [plan["tag"]]
    assert workspace.parts("note") == [plan["note"]]


def test_the_note_leads_back_and_shows_the_customers_properties(
    workspace: standins.Intercom,
) -> None:
    note = vendor(workspace).payload(conversation())["note"]
    assert '<a href="https://desk.example/case?number=1042">Case 1042</a>' in note
    assert "plan: pro" in note
    assert "Score: 2 (nps, 0-10)" in note


@pytest.mark.parametrize(("action", "kind"), [("reply", "comment"), ("note", "note")])
def test_words_are_added_as_they_were_announced(
    action: str, kind: str, workspace: standins.Intercom
) -> None:
    desk = vendor(workspace)
    thread = desk.send(conversation()).thread
    message = added(action, thread, "Fixed <now>\n& live")
    assert desk.send(message).remote_id == "5001"
    assert workspace.sent("POST", ".*/reply")[-1].body == desk.payload(message)
    said = {"reply": "Fixed <now>\n& live", "note": "<p>Fixed &lt;now&gt;<br>&amp; live</p>"}
    assert workspace.parts(kind)[-1] == said[action]


def test_a_conversation_is_closed_and_closing_again_changes_nothing(
    workspace: standins.Intercom,
) -> None:
    desk = vendor(workspace)
    message = added("close", desk.send(conversation()).thread)
    desk.send(message)
    desk.send(message)
    assert workspace.conversations["500"]["state"] == "closed"
    assert workspace.sent("POST", ".*/parts")[0].body == desk.payload(message)
    assert desk.unsure(message) is Unsure.AGAIN


def test_only_closing_may_be_done_again_by_itself(workspace: standins.Intercom) -> None:
    for action in ("conversation", "reply", "note"):
        assert vendor(workspace).unsure(Message("k", action, {})) is Unsure.ASK


class TestTheContact:
    def test_is_the_one_with_our_id(self, workspace: standins.Intercom) -> None:
        workspace.has(email="dana@example.com")
        ours = workspace.has(external_id="u-17")
        vendor(workspace).send(conversation())
        assert workspace.conversations["500"]["contact"] == ours

    def test_is_else_the_one_with_the_address_a_user_before_a_lead(
        self, workspace: standins.Intercom
    ) -> None:
        workspace.has("lead", email="dana@example.com")
        user = workspace.has(email="dana@example.com")
        vendor(workspace).send(conversation())
        assert workspace.conversations["500"]["contact"] == user
        assert workspace.sent("POST", "/conversations")[0].body["from"]["type"] == "user"

    def test_may_be_a_lead(self, workspace: standins.Intercom) -> None:
        workspace.has("lead", email="dana@example.com")
        vendor(workspace).send(conversation())
        assert workspace.sent("POST", "/conversations")[0].body["from"]["type"] == "lead"

    def test_is_not_made_twice_while_the_search_lags(self, workspace: standins.Intercom) -> None:
        workspace.searchable = False
        lagging = conversation(contact=PERSON | {"external_id": None})
        vendor(workspace).send(lagging)
        vendor(workspace).send(lagging)
        assert len(workspace.contacts) == 1
        assert len(workspace.sent("POST", "/contacts")) == 2

    def test_comes_back_from_the_archive(self, workspace: standins.Intercom) -> None:
        gone = workspace.has(external_id="u-17", archived=True)
        vendor(workspace).send(conversation())
        assert workspace.conversations["500"]["contact"] == gone
        assert not workspace.contacts[gone]["archived"]

    @pytest.mark.parametrize("contact", [None, {}, {"name": "Dana"}, {"external_id": "x" * 300}])
    def test_needs_an_id_or_an_address(
        self, contact: dict[str, str] | None, workspace: standins.Intercom
    ) -> None:
        assert failed(vendor(workspace), conversation(contact=contact)).permanent
        assert workspace.contacts == {}

    def test_needs_no_address(self, workspace: standins.Intercom) -> None:
        vendor(workspace).send(conversation(contact={"external_id": "u-9"}))
        assert [one["external_id"] for one in workspace.contacts.values()] == ["u-9"]

    @pytest.mark.parametrize("ours", ["a/b", "../admins", "..", "x?role=1#y", "%2e%2e", "ü n"])
    def test_may_have_an_id_that_would_bend_an_address(
        self, ours: str, workspace: standins.Intercom
    ) -> None:
        for _ in range(2):
            vendor(workspace).send(conversation(contact={"external_id": ours}))
        assert [one["external_id"] for one in workspace.contacts.values()] == [ours]

    @pytest.mark.parametrize("kind", ["before", "drop", "500", "html"])
    def test_lost_on_the_way_is_tried_again_and_stays_one(
        self, kind: str, workspace: standins.Intercom
    ) -> None:
        workspace.fault(kind, "POST /contacts$", after=kind == "500")
        assert flags(failed(vendor(workspace), conversation())) == (False, False, False)
        vendor(workspace).send(conversation())
        assert (len(workspace.contacts), len(workspace.conversations)) == (1, 1)


class TestTheCheck:
    def test_says_where_and_as_whom(self, workspace: standins.Intercom) -> None:
        assert vendor(workspace).check() == "Acme Support, writing as Ana Kim"

    @pytest.mark.parametrize("admin_id", ["", "17"])
    def test_names_the_teammates_if_there_is_no_such(
        self, admin_id: str, workspace: standins.Intercom
    ) -> None:
        with pytest.raises(VendorError, match=r"991 \(Ana Kim\), 992 \(Bo Li\)"):
            vendor(workspace, admin_id=admin_id).check()

    @pytest.mark.parametrize(
        ("mapping", "words"),
        [({"plan": "contact.properties.plan"}, "no contact attribute plan"),
         ({"nps_comment": "score"}, "must be a number")],
    )  # fmt: skip
    def test_names_an_attribute_that_does_not_fit(
        self, mapping: dict[str, str], words: str, workspace: standins.Intercom
    ) -> None:
        with pytest.raises(VendorError, match=words):
            vendor(workspace, mapping=mapping).check()

    @pytest.mark.parametrize("kind", ["revoked", "html", "500", "before"])
    def test_says_what_is_wrong(self, kind: str, workspace: standins.Intercom) -> None:
        workspace.fault(kind)
        with pytest.raises(VendorError) as caught:
            vendor(workspace).check()
        assert flags(caught.value) == (kind == "revoked", False, kind == "revoked")


@pytest.mark.parametrize(
    ("value", "sent"),
    [("2", 2), ("2.5", 2.5), (7, 7), (True, True), (None, None), ("nan", None), ("inf", None),
     (float("nan"), None), ("many", None), ([1], None)],
)  # fmt: skip
def test_a_score_is_sent_as_a_number_or_not_at_all(value: Any, sent: Any) -> None:
    desk = Intercom({"mapping": {"nps_score": "score"}}, {}, ANYWHERE)
    assert desk.payload(conversation(score=value))["contact_attributes"] == {"nps_score": sent}


def test_a_case_without_words_is_opened_with_its_score() -> None:
    assert Intercom({}, {}, ANYWHERE).payload(conversation(""))["conversation"] == {
        "body": "Score: 2"
    }


def test_hostile_text_stays_text(workspace: standins.Intercom) -> None:
    who = {"external_id": HOSTILE[:60], "email": "dana@example.com", "name": HOSTILE}
    props = {HOSTILE: HOSTILE, "list": ["a", 1], "none": None}
    card = dict.fromkeys(("comment", "link", "owner", "survey", "score", "metric"), HOSTILE)
    card |= {"reasons": [HOSTILE], "contact": who | {"properties": props}}
    card |= {"account": {"name": HOSTILE, "arr": HOSTILE, "properties": props}}
    desk = vendor(workspace, mapping={"nps_score": "score", "nps_comment": "comment"})
    thread = desk.send(conversation(HOSTILE, **card)).thread
    for action in ("reply", "note"):
        desk.send(added(action, thread, HOSTILE))
    [person] = workspace.contacts.values()
    assert len(person["custom_attributes"]["nps_comment"]) == 255
    assert person["custom_attributes"]["nps_score"] is None
    for note in workspace.parts("note"):
        assert "<script" not in note
    everything = json.dumps(workspace.state(), ensure_ascii=False)
    assert not set(everything) & {"\x00", "\x1b", "\ud800"}


@pytest.mark.parametrize("url", ["https://10.0.0.1", "http://93.184.216.34", "https://[::1]:8"])
def test_an_address_inside_or_without_tls_is_refused_for_good(url: str) -> None:
    config = {"region": "us", "admin_id": "991", "base_url": url}
    desk = Intercom(config, {"token": "t"}, frozenset())
    assert flags(failed(desk, added("reply", "1"))) == (True, False, False)


def test_making_one_opens_no_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "create_connection", pytest.fail)
    monkeypatch.setattr(socket, "getaddrinfo", pytest.fail)
    Intercom({"region": "eu", "admin_id": "1"}, {"token": "t"}, frozenset())


@pytest.mark.skipif(not contract.present(), reason="Intercom's description is not here")
@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/contacts", {"email": "a@example.com", "extrenal_id": "1"}),
        ("POST", "/contacts", {"name": "nobody"}),
        ("POST", "/conversations", {"from": {"type": "user", "id": "short"}, "body": "x"}),
        ("POST", "/conversations", {"from": {"type": "user", "id": "a" * 24}}),
        ("POST", "/conversations/5/reply", {"message_type": "comment", "type": "admin"}),
        ("POST", "/conversations/5/parts", {"message_type": "shut", "admin_id": "1"}),
        ("PUT", "/conversations/5", {"custom_attributes": {"Case": 1.5}}),
        ("POST", "/contacts/search", {"query": {"field": "email", "operator": "is"}}),
        ("POST", "/nowhere", {}),
    ],
)
def test_the_stand_in_knows_a_wrong_request(method: str, path: str, body: Any) -> None:
    assert contract.request_problems(method, path, {}, body) != []


def test_the_stand_in_runs_as_a_process_and_is_told_its_faults_from_outside() -> None:
    command = [sys.executable, "-m", "tests.standins.intercom", "--port", "0"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url = json.loads(process.stdout.readline())["url"]
        with httpx.Client(base_url=url, trust_env=False) as control:
            _when_up(control)
            control.post("/_standin/faults", json={"kind": "drop", "match": BEGIN})
            desk = Intercom(
                {"admin_id": "991", "base_url": url}, {"token": standins.TOKEN}, ANYWHERE
            )
            assert failed(desk, conversation()).unsure
            state = control.get("/_standin/state").json()
        process.terminate()
    assert len(state["conversations"]) == 1
    assert (state["violations"], state["faults"]) == ([], 0)


def _when_up(control: httpx.Client) -> None:
    for _ in range(100):
        try:
            control.get("/_standin/state")
            return
        except httpx.ConnectError:
            time.sleep(0.05)
