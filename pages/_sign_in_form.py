"""Signing in with another account: the tab of People where an admin says by which provider."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from db.engine import reading
from pages._door import actor, now
from pages._look import shown
from pages._people_parts import ROLES, act
from services import config, teams
from services.access import Refused
from services.domain.provider import Provider
from services.sign_in import configuring
from services.sign_in.configuring import Standing

DEMO = "This is a demo: it knows its people by name only."
ABOUT = (
    "People can sign in with the account they have already: Keycloak, Google, Entra, Okta, or any "
    "other provider that speaks OpenID Connect. The first time somebody is known by an e-mail "
    "address that the provider has checked, from then on by the provider's own name for them."
)
NO_PASSWORDS = (
    "Before passwords are off, sign in by the provider once yourself. An admin with a shell can "
    "always make a link that works once: python -m services.cli user reset"
)
BLANK = Provider(issuer="", client_id="")
SAVED = "sign_in_saved"  # how often this tab has saved
Names = Mapping[int | None, str]


def tab() -> None:
    """What is entered, with a test before it is saved."""
    with reading() as session:
        found = configuring.standing(session, actor())
        names = {team.id: team.name for team, _, _ in teams.all_teams(session, actor())}
    demo = config.load().loopdesk_demo
    with st.container(width=640, gap="medium"):
        st.text(ABOUT)
        _state(found)
        st.text("Enter this address at the provider as redirect URI:")
        st.code(configuring.back(), language=None, wrap_lines=True)
        with st.form(_key(found), border=False):
            _fields(found, names)
            with st.container(horizontal=True):
                test = st.form_submit_button("Test", key="test_sign_in", disabled=demo)
                st.form_submit_button(
                    "Save", key="save_sign_in", type="primary", disabled=demo, on_click=_save,
                    args=(found,),
                )  # fmt: skip
            if demo:
                st.caption(DEMO)
            elif test:
                _test(found)
        if found.provider:
            with st.popover("Use passwords only"):
                st.text("The provider lets nobody in any more. Sessions go on until they end.")
                st.button("Forget the provider", on_click=_forget)


def _state(found: Standing) -> None:
    if found.provider:
        few = {0: "Nobody has", 1: "1 person has"}
        people = few.get(found.people, f"{found.people:,} people have")
        st.text(f"In use. {people} come in by it so far.")
    else:
        st.text("Not in use: people sign in with a password.")


def _key(found: Standing) -> str:
    """Another form once something was saved: a secret that was typed does not stay in it."""
    return f"sign_in_{st.session_state.get(SAVED, 0)}_{hash(str(found.provider))}"


def _fields(found: Standing, names: Names) -> None:
    kept, key = found.provider or BLANK, _key(found)
    st.text_input(
        "Issuer", kept.issuer, key=f"{key}_issuer", placeholder="https://login.company.com",
        help="The address that the provider calls itself by, letter by letter.",
    )  # fmt: skip
    left, right = st.columns(2)
    left.text_input("Client id", kept.client_id, key=f"{key}_client_id")
    right.text_input(
        "Client secret", key=f"{key}_client_secret", type="password", autocomplete="off",
        placeholder=found.secret, help="Leave it empty to keep the one that is kept.",
    )  # fmt: skip
    left, right = st.columns(2)
    left.text_input("Text of the button", kept.button, max_chars=60, key=f"{key}_button")
    right.text_input("Scopes", kept.scopes, key=f"{key}_scopes")
    _who(kept, key, names)
    _roles(kept, key)
    st.toggle("Passwords are off", kept.passwords_off, key=f"{key}_passwords_off")
    st.caption(NO_PASSWORDS)


def _who(kept: Provider, key: str, names: Names) -> None:
    st.text_area(
        "Let in addresses of these domains only, one a line", "\n".join(kept.domains), height=80,
        key=f"{key}_domains", placeholder="company.com",
    )  # fmt: skip
    st.toggle(
        "The provider checks every address, though it does not say so", kept.trusts_email,
        key=f"{key}_trusts_email",
        help="For Entra, with a single tenant: it says nothing of whether an address was checked.",
    )  # fmt: skip
    st.toggle(
        "Whoever comes for the first time is added to the people", kept.makes_people,
        key=f"{key}_makes_people",
    )  # fmt: skip
    left, right = st.columns(2)
    roles = [role for role in ROLES if role != "admin"]
    left.selectbox("As", roles, roles.index(kept.role), ROLES.__getitem__, key=f"{key}_role")
    teams = {None: "No team"} | names
    options = list(teams)
    at = options.index(kept.team_id) if kept.team_id in options else 0
    right.selectbox("In the team", options, at, teams.__getitem__, key=f"{key}_team_id")


def _roles(kept: Provider, key: str) -> None:
    left, right = st.columns(2)
    left.text_input(
        "Claim that gives a role (optional)", kept.role_claim, key=f"{key}_role_claim",
        placeholder="groups",
    )  # fmt: skip
    right.text_area(
        "Value = role, one a line", "\n".join(f"{text} = {r}" for text, r in kept.roles.items()),
        height=80, key=f"{key}_roles", placeholder="Support leads = manager",
    )  # fmt: skip
    st.caption(
        "It is looked at with every sign-in. Of several roles the furthest holds; without one of "
        "these values people keep the role they have."
    )


def _entered(found: Standing) -> dict[str, Any]:
    key = f"{_key(found)}_"
    state = {str(name): value for name, value in st.session_state.items()}
    given = {name.removeprefix(key): v for name, v in state.items() if name.startswith(key)}
    lines = [line.rpartition("=") for line in given["roles"].splitlines() if line.strip()]
    roles = {value.strip(): role.strip().lower() for value, _, role in lines}
    return given | {"domains": given["domains"].splitlines(), "roles": roles}


def _test(found: Standing) -> None:
    """Ask the provider with what is in the form; nothing is kept, and no transaction is open."""
    try:
        with reading() as session:
            talk = configuring.tried(session, actor(), _entered(found))
        with st.spinner("Asking the provider ..."):
            words = f"It works: {talk.check()}"
    except Refused as refused:
        words = f"It does not work: {refused}"
    with st.container(border=True):
        st.text(shown(words))


def _save(found: Standing) -> None:
    entered = _entered(found)
    done = act(
        lambda session: configuring.keep(session, actor(), entered, now=now()),
        "Saved: it holds from the next sign-in on.",
    )
    if done:
        st.session_state[SAVED] = st.session_state.get(SAVED, 0) + 1


def _forget() -> None:
    act(
        lambda session: configuring.forget(session, actor(), now=now()),
        "People sign in with their passwords again.",
    )
