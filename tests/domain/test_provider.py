"""What a provider of identities says of somebody, and what the desk makes of it."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.domain.provider import Provider, found
from services.domain.roles import Role

BASE = {"issuer": "https://login.acme.example", "client_id": "desk"}
WORDS = st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=8)


def provider(**more: Any) -> Provider:
    return Provider.parse(BASE | more)


@given(
    st.dictionaries(WORDS, st.sampled_from([role.value for role in Role])),
    st.lists(st.from_regex(r"[a-z]{1,8}\.[a-z]{2,3}", fullmatch=True)),
    st.booleans(),
)
def test_what_is_kept_reads_back_the_same(
    roles: dict[str, str], domains: list[str], on: bool
) -> None:
    known = provider(roles=roles, domains=domains, makes_people=on, passwords_off=on)
    assert Provider.parse(known.to_json()) == known


@given(st.dictionaries(WORDS, st.sampled_from(list(Role))), st.lists(WORDS))
def test_the_furthest_role_is_given_and_only_one_that_was_named(
    roles: dict[str, Role], groups: list[str]
) -> None:
    role = provider(roles=roles, role_claim="groups").given_role({"groups": groups})
    named = [roles[group] for group in groups if group in roles]
    assert role == min(named, key=list(Role).index, default=None)


def test_one_group_may_stand_alone_and_deep_down() -> None:
    known = provider(roles={"leads": "manager"}, role_claim="realm_access.roles")
    assert known.given_role({"realm_access": {"roles": "leads"}}) is Role.MANAGER
    assert known.given_role({"realm_access": "leads"}) is None
    assert provider(roles={"leads": "manager"}).given_role({"": "leads"}) is None
    assert found({"https://acme.example/groups": ["x"]}, "https://acme.example/groups") == ["x"]


@pytest.mark.parametrize(
    ("checked", "trusts", "sure"),
    [(True, False, True), ("true", False, True), (None, True, True), (None, False, False),
     (False, True, False), ("false", True, False), (1, False, True), ("yes", True, False)],
)  # fmt: skip
def test_an_address_counts_only_where_somebody_checked_it(
    checked: object, trusts: bool, sure: bool
) -> None:
    claims = {"email": " ana@acme.example "}
    known = provider(trusts_email=trusts)
    said = known.email(claims if checked is None else claims | {"email_verified": checked})
    assert said == ("ana@acme.example" if sure else None)


@pytest.mark.parametrize(
    ("email", "sure"),
    [("mi\u212ae@acme.example", False), ("gro\u00df@acme.example", False),
     ("\u017fam@acme.example", False), ("ana@ma\u00df.example", False),
     ("Jos\u00e9@acme.example", True), ("\u6731@acme.example", True)],
)  # fmt: skip
def test_an_address_that_only_looks_like_another_one_is_nobodys(email: str, sure: bool) -> None:
    said = provider().email({"email": email, "email_verified": True})
    assert (said is not None) is sure


@pytest.mark.parametrize(
    ("email", "inside"),
    [("ana@acme.example", True), ("ANA@ACME.EXAMPLE", True), ("ana@sub.acme.example", False),
     ("ana@acme.example@evil.example", False), ("ana@acme.example.evil.example", False)],
)  # fmt: skip
def test_a_domain_is_the_whole_domain(email: str, inside: bool) -> None:
    assert provider(domains=["@Acme.example"]).admits(email) is inside
    assert provider().admits(email)


@pytest.mark.parametrize(
    "wrong",
    [{"issuer": ""}, {"issuer": "login.acme.example"}, {"issuer": "https://user@acme.example"},
     {"issuer": "https://acme.example/?a=b"}, {"issuer": "ftp://acme.example"}, {"client_id": " "},
     {"role": "boss"}, {"roles": {"x": "boss"}}, {"domains": ["acme"]}, {"button": "x" * 61},
     {"scopes": 'a"b'}, {"team_id": "1"}],
)  # fmt: skip
def test_what_cannot_be_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="."):
        provider(**wrong)


def test_who_somebody_is_is_always_asked_for() -> None:
    assert provider(scopes="groups email").scopes == "openid groups email"
