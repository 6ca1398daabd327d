"""Exports of what a page lists: links to files that the desk writes when one is asked for."""

import streamlit as st

from pages import _door
from pages._look import element, words
from services import views
from services.domain.roles import Verb
from services.exporting import Form
from services.insights.case_filter import CaseFilter

FORMS = {Form.CSV: "CSV, for spreadsheets", Form.JSON: "JSON", Form.PARQUET: "Parquet"}


def export(now: CaseFilter) -> None:
    """A file of every case that this filter means, for those who may take data out."""
    if not _door.actor().may(Verb.EXPORT):
        return
    with st.popover("Export", type="tertiary", key="export"):
        st.text("Every case of this list, a row each, with its answers, tags, notes and times.")
        st.text("The name of the file says how many rows it holds, of how many.")
        for form, told in FORMS.items():
            href = f"export/cases?form={form}&{views.spelt(now)}"
            st.html(element("a", "to-file", words(told), href=href, target="_self"))
