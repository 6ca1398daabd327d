"""One of each kind of element that brings script, style or data of its own."""

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

st.plotly_chart(go.Figure(go.Scatter(x=[1, 2, 3], y=[3, 1, 2])))
st.dataframe(pd.DataFrame({"a": range(20), "b": "x"}), on_select="rerun")
st.download_button("Download", b"a,b", file_name="x.csv")
st.file_uploader("Upload")
st.date_input("Day")
st.code("text", language=None)
st.text("all was drawn")
st.html("<style>p { color: inherit }</style>")
