"""A provider of identities: who is let in by what it says of somebody. Pure."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Self

from services.domain.roles import Role

_ISSUER = re.compile(r"https?://[^\s?#@\\/]+(/[^\s?#\\]*)?")
_DOMAIN = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)+")
SCOPES = "openid email profile"


@dataclass(frozen=True)
class Provider:
    """What an admin decided. `roles`: what stands in `role_claim` -> the role that it gives."""

    issuer: str
    client_id: str
    button: str = "Use your company account"
    scopes: str = SCOPES
    domains: tuple[str, ...] = ()
    makes_people: bool = False
    role: str = Role.CSM.value
    team_id: int | None = None
    trusts_email: bool = False
    role_claim: str = ""
    roles: Mapping[str, str] = field(default_factory=dict)
    passwords_off: bool = False

    @classmethod
    def parse(cls, value: Mapping[str, Any]) -> Self:
        """What was entered, checked; a ValueError says what is wrong."""
        issuer = str(value.get("issuer") or "").strip()
        if not _ISSUER.fullmatch(issuer):
            raise ValueError("the issuer is a web address such as https://login.company.com")
        client_id = str(value.get("client_id") or "").strip()
        if not client_id or not client_id.isprintable():
            raise ValueError("the client id is what the provider calls this desk")
        return cls(
            issuer, client_id,
            button=_button(value.get("button")), scopes=_scopes(value.get("scopes")),
            domains=tuple(sorted(set(_domains(value.get("domains") or ())))),
            makes_people=bool(value.get("makes_people")), role=_role(value.get("role") or cls.role),
            team_id=_team(value.get("team_id")), trusts_email=bool(value.get("trusts_email")),
            role_claim=str(value.get("role_claim") or "").strip(),
            roles=_roles(value.get("roles") or {}), passwords_off=bool(value.get("passwords_off")),
        )  # fmt: skip

    def to_json(self) -> dict[str, Any]:
        """As it is kept."""
        return asdict(self) | {"domains": list(self.domains), "roles": dict(self.roles)}

    def email(self, claims: Mapping[str, Any]) -> str | None:
        """The address of somebody, if the provider has seen that it is theirs."""
        said, checked = claims.get("email"), claims.get("email_verified")
        sure = checked in (True, "true") or (checked is None and self.trusts_email)
        if not sure or not isinstance(said, str) or "@" not in said or _disguised(said):
            return None
        return said.strip()

    def admits(self, email: str) -> bool:
        """Whether addresses of this domain may come in."""
        return not self.domains or email.rpartition("@")[2].casefold() in self.domains

    def given_role(self, claims: Mapping[str, Any]) -> Role | None:
        """The furthest role that the claims give; None where they say nothing of one."""
        said = set(_texts(found(claims, self.role_claim))) if self.role_claim else set()
        given = {Role(role) for text, role in self.roles.items() if text in said}
        return next((role for role in Role if role in given), None)


def _disguised(email: str) -> bool:
    """Whether another address than this one would be taken for the same: with a Kelvin sign for
    the k, or ß for ss, it can be somebody else's over there and has the form of theirs here."""
    letters = (one for one in email if not one.isascii())
    return any(each.isascii() for one in letters for each in one.casefold())


def found(claims: Mapping[str, Any], path: str) -> Any:
    """The claim of this name, else the one at this dotted path; None: there is none."""
    if path in claims:
        return claims[path]
    here: Any = claims
    for name in path.split("."):
        here = here.get(name) if isinstance(here, Mapping) else None
    return here


def _texts(value: Any) -> Iterator[str]:
    yield from (str(each) for each in (value if isinstance(value, list) else [value]))


def _button(value: Any) -> str:
    text = " ".join(str(value or Provider.button).split())
    if len(text) > 60 or not text.isprintable():
        raise ValueError("the text of the button has up to 60 characters")
    return text


def _scopes(value: Any) -> str:
    names = str(value or SCOPES).split()
    if not all(re.fullmatch(r"[\x21\x23-\x5b\x5d-\x7e]+", name) for name in names):
        raise ValueError("scopes are names with spaces between them")
    return " ".join(dict.fromkeys(["openid", *names]))


def _domains(value: Any) -> Iterator[str]:
    for each in value:
        domain = str(each).strip().casefold().removeprefix("@")
        if domain and not _DOMAIN.fullmatch(domain):
            raise ValueError(f"{domain!r} is no domain such as company.com")
        if domain:
            yield domain


def _role(value: Any) -> str:
    if value not in list(Role):
        raise ValueError(f"a role is one of {', '.join(Role)}")
    return Role(value).value


def _team(value: Any) -> int | None:
    if value is not None and (isinstance(value, bool) or not isinstance(value, int)):
        raise ValueError("there is no such team")
    return value


def _roles(value: Any) -> dict[str, str]:
    given = {str(text).strip(): _role(role) for text, role in dict(value).items()}
    return {text: role for text, role in given.items() if text}
