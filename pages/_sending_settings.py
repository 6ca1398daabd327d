"""The settings of what leaves the desk: how long it can be taken back, and where it may go."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import streamlit as st

ALLOW = "outgoing_allow"


def show(
    choices: Mapping[str, Any], save: Callable[..., None], told: Callable[[str], None]
) -> None:
    """The section; `save` keeps what it is given for a key, `told` says who changed it last."""
    st.header("Sending", anchor=False)
    with st.container():
        st.number_input(
            "A reply can be taken back for, in seconds", 0, 600, choices["undo_seconds"].value, 5,
            key="set_undo_seconds", on_change=partial(save, "undo_seconds"),
        )  # fmt: skip
        told("undo_seconds")
    with st.container():
        hosts = "\n".join(choices[ALLOW].value)
        key = f"set_{ALLOW}_{hash(hosts)}"
        st.text_area(
            "Hosts that may be in your own network, one a line", hosts, key=key,
            placeholder="mail.intern\n10.0.0.5:8080", on_change=_keep, args=(key, save),
        )  # fmt: skip
        st.caption(
            "The desk sends to public addresses over TLS only. A host that is named here may be "
            "private and may do without TLS: name only servers that are yours."
        )
        told(ALLOW)


def _keep(key: str, save: Callable[..., None]) -> None:
    save(ALLOW, st.session_state[key].splitlines())
