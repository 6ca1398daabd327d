"""Root causes: why cases arise, in words that everybody uses the same way."""

import streamlit as st

from pages._causes import causes_part
from pages._people_parts import say

st.title("Root causes", anchor=False)
say()
st.text("Every case is resolved with one. Few and clear ones make the Loop page worth reading.")
causes_part()
