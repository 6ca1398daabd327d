"""What Intercom has of what was sent: a conversation that we know by its id is there or is not.

What stands in it cannot be told apart for sure, so replies and notes are left out.
"""

from collections.abc import Sequence
from contextlib import AbstractContextManager

from intercom import Intercom as Sdk
from intercom.core.api_error import ApiError

from services.vendors.base import Message, There
from services.vendors.intercom_calls import ident, said


def there(opened: AbstractContextManager[Sdk], messages: Sequence[Message]) -> dict[str, There]:
    """Conversations by their ids, and whether they are closed."""
    threads = {one.key: ident(one.thread) for one in messages if one.action == "conversation"}
    with opened as sdk:
        return {key: _one(sdk, thread) for key, thread in threads.items() if thread}


def _one(sdk: Sdk, thread: str) -> There:
    with said(effect=False):
        try:
            return There(1, sdk.conversations.find(thread).state == "closed")
        except ApiError as error:
            if error.status_code != 404:
                raise
            return There(0)
