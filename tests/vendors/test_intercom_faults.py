"""Whatever happens on the way to Intercom, nothing stands there twice."""

import logging

import httpx
import pytest

from services import egress
from services.vendors import intercom as module
from services.vendors.base import VendorError
from tests.standins import intercom as standins
from tests.vendors.intercom_case import (  # noqa: F401
    BEGIN,
    added,
    conversation,
    failed,
    flags,
    intercom_workspace,
    vendor,
)


@pytest.mark.parametrize(
    ("kind", "after", "stands"),
    [("before", False, 0), ("drop", False, 1), ("500", False, 0), ("500", True, 1),
     ("html", False, 0), ("html", True, 1)],
)  # fmt: skip
def test_a_lost_answer_leaves_it_to_a_person(
    kind: str, after: bool, stands: int, workspace: standins.Intercom
) -> None:
    workspace.fault(kind, BEGIN, after=after)
    assert flags(failed(vendor(workspace), conversation())) == (False, True, False)
    assert len(workspace.conversations) == stands


@pytest.mark.parametrize("action", ["reply", "note"])
@pytest.mark.parametrize("kind", ["before", "drop", "500", "html"])
def test_a_lost_answer_to_words_leaves_it_to_a_person(
    action: str, kind: str, workspace: standins.Intercom
) -> None:
    thread = vendor(workspace).send(conversation()).thread
    workspace.fault(kind, "/reply$")
    assert flags(failed(vendor(workspace), added(action, thread))) == (False, True, False)
    assert len(workspace.parts("comment")) == (1 if (kind, action) == ("drop", "reply") else 0)


def test_a_lost_answer_to_closing_is_simply_tried_again(workspace: standins.Intercom) -> None:
    thread = vendor(workspace).send(conversation()).thread
    workspace.fault("drop", "/parts$")
    assert flags(failed(vendor(workspace), added("close", thread))) == (False, False, False)


def test_an_answer_that_takes_too_long_leaves_it_to_a_person(
    workspace: standins.Intercom, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(egress, "TIMEOUT", httpx.Timeout(0.5))
    workspace.fault("delay", BEGIN, seconds=0.9)
    assert flags(failed(vendor(workspace), conversation())) == (False, True, False)
    assert len(workspace.conversations) == 1


def test_a_slow_intercom_begins_no_conversation_that_would_outlast_the_lease(
    workspace: standins.Intercom, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_PATIENCE", -1)
    assert flags(failed(vendor(workspace), conversation())) == (False, False, False)
    assert workspace.conversations == {}


ODD = ["null", "[]", '"x"', "7", "{}", '{"conversation_id": null}', '{"conversation_id": "../x"}',
       '{"conversation_id": {"id": 1}}']  # fmt: skip


@pytest.mark.parametrize("said", ODD)
def test_an_answer_of_another_shape_leaves_it_to_a_person(
    said: str, workspace: standins.Intercom
) -> None:
    workspace.fault("json", BEGIN, said=said)
    assert flags(failed(vendor(workspace), conversation())) == (False, True, False)


@pytest.mark.parametrize("said", ["[]", '"x"', "7", "{}", '{"id": "../x"}', '{"id": null}'])
@pytest.mark.parametrize("match", ["external_id", "/search", "POST /contacts$", "PUT", "/tags"])
def test_an_answer_of_another_shape_on_the_way_is_tried_again_or_does_no_harm(
    said: str, match: str, workspace: standins.Intercom
) -> None:
    workspace.fault("json", match, said=said)
    for _ in range(2):
        try:
            vendor(workspace).send(conversation())
            break
        except VendorError as error:
            assert flags(error) == (False, False, False)
    assert len(workspace.conversations) == 1


@pytest.mark.parametrize("date", [False, True])
@pytest.mark.parametrize("match", [BEGIN, "PUT /contacts"])
def test_a_pause_that_is_asked_for_is_kept(
    date: bool, match: str, workspace: standins.Intercom
) -> None:
    workspace.fault("429", match, seconds=40, date=date)
    error = failed(vendor(workspace), conversation())
    assert flags(error) == (False, False, False)
    assert error.wait is not None
    assert 38 <= error.wait <= 41
    assert workspace.conversations == {}


@pytest.mark.parametrize(("left", "rest"), [(None, 0), (90, 0), (0, 10)])
def test_an_allowance_that_is_used_up_asks_for_rest(
    left: int | None, rest: int, workspace: standins.Intercom
) -> None:
    workspace.allowance = left
    assert vendor(workspace).send(conversation()).rest == pytest.approx(rest, abs=2)


@pytest.mark.parametrize("match", ["external_id", BEGIN])
def test_a_revoked_token_asks_to_reconnect(match: str, workspace: standins.Intercom) -> None:
    workspace.fault("revoked", match)
    error = failed(vendor(workspace), conversation())
    assert flags(error) == (True, False, True)
    assert str(error).startswith("Intercom does not accept our credentials (401"), "or never did"


@pytest.mark.parametrize("token", ["", "  ", "to\nken", "t\u00f6ken", "x\r\nHost: y"])
def test_a_token_that_is_none_is_said_before_anything_is_sent(
    token: str, workspace: standins.Intercom
) -> None:
    desk = vendor(workspace)
    desk.secrets = {"token": token}
    assert flags(failed(desk, conversation())) == (True, False, True)
    assert workspace.calls == []


@pytest.mark.parametrize("thread", [None, "", "last/../1", "x y", "9" * 99])
def test_words_for_no_conversation_fail_for_good(
    thread: str | None, workspace: standins.Intercom
) -> None:
    assert flags(failed(vendor(workspace), added("reply", thread))) == (True, False, False)
    assert workspace.calls == []


def test_words_for_a_conversation_that_is_gone_fail_for_good(
    workspace: standins.Intercom,
) -> None:
    error = failed(vendor(workspace), added("reply", "77"))
    assert flags(error) == (True, False, False)
    assert "not_found" in str(error)


class TestWhatComesAfterTheConversation:
    @pytest.mark.parametrize("kind", ["before", "drop", "500", "429", "html"])
    @pytest.mark.parametrize("match", ["PUT /conversations", "/conversations/500/tags"])
    def test_is_tried_once_more(self, kind: str, match: str, workspace: standins.Intercom) -> None:
        workspace.fault(kind, match, seconds=0.1)
        assert vendor(workspace).send(conversation()).thread == "500"
        row = workspace.conversations["500"]
        assert (row["custom_attributes"], row["tags"]) == ({"Case": "1042"}, ["loopdesk"])

    @pytest.mark.parametrize("match", ["PUT /conversations", "/tags", "/reply"])
    def test_never_begins_the_conversation_again(
        self, match: str, workspace: standins.Intercom, caplog: pytest.LogCaptureFixture
    ) -> None:
        workspace.fault("500", f"500{match}" if match != "PUT /conversations" else match)
        workspace.fault("500", f"500{match}" if match != "PUT /conversations" else match)
        with caplog.at_level(logging.WARNING):
            assert vendor(workspace).send(conversation()).thread == "500"
        assert len(workspace.conversations) == 1
        assert "500 is not fully marked" in caplog.text
        assert "Dana" not in caplog.text

    @pytest.mark.parametrize("kind", ["before", "drop", "500"])
    def test_leaves_at_most_one_note(self, kind: str, workspace: standins.Intercom) -> None:
        workspace.fault(kind, "/reply$")
        vendor(workspace).send(conversation())
        assert len(workspace.parts("note")) == (1 if kind == "drop" else 0)

    def test_may_be_left_out_by_the_settings(self, workspace: standins.Intercom) -> None:
        vendor(workspace, tag="", case_attribute="", mapping={}).send(conversation())
        row = workspace.conversations["500"]
        assert (row["custom_attributes"], row["tags"]) == ({}, [])
        assert workspace.sent("PUT", ".*") == []


class TestLookingItUp:
    def test_finds_a_conversation_whose_answer_was_lost(self, workspace: standins.Intercom) -> None:
        workspace.fault("drop", BEGIN)
        failed(vendor(workspace), conversation("a < b &\n <b>bold</b>"))
        found = vendor(workspace).find(conversation("a < b &\n <b>bold</b>"))
        assert found is not None
        assert (found.remote_id, found.thread) == ("500", "500")
        assert len(workspace.conversations) == 1

    def test_finds_nothing_where_nothing_was_done(self, workspace: standins.Intercom) -> None:
        workspace.fault("before", BEGIN)
        failed(vendor(workspace), conversation())
        assert vendor(workspace).find(conversation()) is None
        assert len(workspace.contacts) == 1

    def test_makes_no_contact(self, workspace: standins.Intercom) -> None:
        assert vendor(workspace).find(conversation()) is None
        assert workspace.contacts == {}

    def test_does_not_take_another_cases_conversation(self, workspace: standins.Intercom) -> None:
        vendor(workspace).send(conversation(number=7))
        assert vendor(workspace).find(conversation()) is None
        assert vendor(workspace).find(conversation(number=7)) is not None

    @pytest.mark.parametrize("action", ["reply", "note", "close"])
    def test_does_not_pretend_to_find_words(
        self, action: str, workspace: standins.Intercom
    ) -> None:
        with pytest.raises(VendorError):
            vendor(workspace).find(added(action, "500"))


def test_errors_hold_neither_texts_nor_addresses(workspace: standins.Intercom) -> None:
    message = conversation("very secret words")
    workspace.has(external_id="other", email="dana@example.com", indexed=False)
    for kind in ("before", "drop", "500", "429", "revoked", "html"):
        workspace.fault(kind, BEGIN)
        error = failed(vendor(workspace), message)
        assert "secret" not in str(error)
        assert "dana" not in str(error)
        assert error.__suppress_context__ or error.__context__ is None
