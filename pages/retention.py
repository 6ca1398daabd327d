"""Retention: how long data is kept, what each rule would remove now, and what was removed."""

import streamlit as st

from db.engine import reading
from pages import _retention_holds, _retention_parts
from pages._door import actor
from pages._people_parts import say
from services.insights.desk_people import zone_name
from services.retention import choosing
from services.retention.rules import RULES

st.title("Retention", anchor=False)
say()
st.text(
    "Each rule is off until you switch it on, and then removes what is older, every night after "
    "02:00. Scores, dates and cases with their journals always stay, so no figure changes. What "
    "is removed is gone for good; backups from before still hold it."
)
with reading() as session:
    on = choosing.chosen(session, actor())
    reports = choosing.reports(session, actor())
    zone = zone_name(session, actor())
for name, rule in RULES.items():
    _retention_parts.rule(name, rule, on.get(name))
_retention_holds.show()
_retention_parts.report(reports, zone)
