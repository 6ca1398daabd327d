"""What Intercom has of a conversation that was begun: it, closed or open, or nothing."""

from dataclasses import replace

from services.vendors.base import There
from tests.standins import intercom as standins
from tests.vendors.intercom_case import added, conversation, intercom_workspace, vendor

__all__ = ["intercom_workspace"]


def test_a_known_conversation_is_there_open_or_closed_or_gone(
    workspace: standins.Intercom,
) -> None:
    intercom, begun = vendor(workspace), conversation()
    thread = intercom.send(begun).thread
    assert thread is not None
    asked = [replace(begun, thread=thread), added("reply", thread)]
    assert intercom.there(asked) == {"k1": There(1, ended=False)}
    intercom.send(added("close", thread))
    assert intercom.there(asked) == {"k1": There(1, ended=True)}
    del workspace.conversations[thread]
    assert intercom.there(asked) == {"k1": There(0)}


def test_what_has_no_id_there_cannot_be_told(workspace: standins.Intercom) -> None:
    assert vendor(workspace).there([conversation()]) == {}
