"""Root causes and tags: why cases arise and what they have in common, in words that everybody uses
the same way."""

import streamlit as st

from pages._causes import causes_part
from pages._people_parts import say
from pages._tag_words import tags_part

st.title("Causes and tags", anchor=False)
say()
st.header("Root causes", anchor=False)
st.text("Every case is resolved with one. Few and clear ones make the Loop page worth reading.")
causes_part()
st.header("Tags", anchor=False)
st.text("Anybody makes one by putting it on a case. Two words for one thing can be made one here.")
tags_part()
