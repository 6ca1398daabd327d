"""The menu: which file is which page, under which address, and the verb that opens it."""

from typing import NamedTuple

import streamlit as st

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
    Entry("case_queue.py", "Case queue", "queue", Verb.SEE),
    Entry("case.py", "Case", "case", Verb.SEE, listed=False),
    Entry("verbatims.py", "Verbatims", "verbatims", Verb.SEE),
    Entry("loop.py", "Loop", "loop", Verb.SEE),
    Entry("sla.py", "Promises", "promises", Verb.SEE),
    Entry("plays.py", "Plays", "plays", Verb.SEE),
    Entry("good_news.py", "Good news", "good-news", Verb.SEE),
    Entry("deliveries.py", "Deliveries", "deliveries", Verb.SEE),
    Entry("reconciliation.py", "Differences", "differences", Verb.READ_AUDIT),
    Entry("digests.py", "Digests", "digests", Verb.SEE),
    Entry("contact.py", "Contact", "contact", Verb.SEE, listed=False),
    Entry("account.py", "Account", "account", Verb.SEE, listed=False),
    Entry("import_data.py", "Import", "import", Verb.IMPORT),
    Entry("root_causes.py", "Causes and tags", "root-causes", Verb.SHARE),
    Entry("templates.py", "Templates", "templates", Verb.SHARE),
    Entry("rules.py", "Rules", "rules", Verb.SHARE),
    Entry("integrations.py", "Integrations", "integrations", Verb.ADMINISTER),
    Entry("people.py", "People", "people", Verb.ADMINISTER),
    Entry("desk_settings.py", "Settings", "settings", Verb.ADMINISTER),
    Entry("retention.py", "Retention", "retention", Verb.ADMINISTER),
    Entry("audit_trail.py", "Audit trail", "audit", Verb.READ_AUDIT),
    Entry("you.py", "Your account", "you", Verb.SEE, listed=False),
)


def titled(name: str) -> None:
    """Name the browser's tab. For our own words only."""
    st.set_page_config(page_title=f"{name} - Loopdesk")
