"""Templates: texts to start a reply from, those of everybody and one's own."""

import streamlit as st

from db.engine import reading
from pages._door import actor
from pages._look import shown, styles
from pages._notice import notice
from pages._people_parts import pick
from pages._template_parts import CHOSEN, editor, field_list, whose
from services import templates

COLUMNS = {
    "name": st.column_config.TextColumn("Name", width="large"),
    "language": st.column_config.TextColumn("Language"),
    "whose": st.column_config.TextColumn("Whose"),
}

styles()
notice(undoes=False)
st.title("Templates", anchor=False)
st.text("A reply can start from one of these, with the customer's name and answer filled in.")
with reading() as session:
    found = templates.kept(session, actor())
rows = [
    {
        "id": one.template.id,
        "name": shown(one.template.name),
        "language": one.template.language,
        "whose": shown(whose(one)),
        "label": shown(f"{one.template.name} ({one.template.language})"),
    }
    for one in found
]
if rows:
    chosen = pick(CHOSEN, rows, "Template", COLUMNS)
else:
    chosen = None
    st.text("There is none yet. Write the first one below, and everybody starts from good words.")
editor(next((one for one in found if one.template.id == chosen), None))
field_list()
