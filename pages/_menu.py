"""The menu: which file is which page, under which address, and the verb that opens it."""

from typing import NamedTuple

from services.domain.roles import Verb


class Entry(NamedTuple):
    """One page; a `url_path` of "" is the page that opens first.

    A page that is not `listed` is reached by a link elsewhere: /you from below the menu.
    """

    file: str
    title: str
    url_path: str
    verb: Verb
    listed: bool = True


MENU = (
    Entry("trends.py", "Trends", "", Verb.SEE),
    Entry("verbatims.py", "Verbatims", "verbatims", Verb.SEE),
    Entry("import_data.py", "Import", "import", Verb.IMPORT),
    Entry("people.py", "People", "people", Verb.ADMINISTER),
    Entry("desk_settings.py", "Settings", "settings", Verb.ADMINISTER),
    Entry("audit_trail.py", "Audit trail", "audit", Verb.READ_AUDIT),
    Entry("you.py", "Your account", "you", Verb.SEE, listed=False),
)
