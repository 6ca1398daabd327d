"""Who is asking, and the check that every verb makes before it does anything."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar, cast

from sqlmodel import Session, select

from db.models import User, UserUnit
from services import settings
from services.domain.roles import Grant, Role, Verb, grant, may
from services.refusals import Forbidden, Refused, Stale

__all__ = ["REGISTRY", "SHELL", "Actor", "Forbidden", "Refused", "Stale", "actor_for", "permitted"]

Params = ParamSpec("Params")
Result = TypeVar("Result")

# Every verb of the product by its qualified name: the role x verb test walks this.
REGISTRY: dict[str, Verb] = {}


@dataclass(frozen=True)
class Actor:
    """A person or a machine at work. `units` is None when all units may be seen.

    `id` is None for the shell and for API keys, which act as the desk itself; `key_id` says
    which key it is. `batch_id` names the one act on many cases that this is part of, `rule` the
    firing of a rule that acts: rule, version and firing by their ids.
    """

    id: int | None
    name: str
    role: Role
    units: tuple[int, ...] | None = None
    team_id: int | None = None
    time_zone: str | None = None
    key_id: int | None = None
    batch_id: str | None = None
    rule: Mapping[str, int] | None = None

    def may(self, verb: Verb) -> bool:
        """Whether the actor may do `verb` at all."""
        return may(self.role, verb)

    def sees(self, unit_id: int | None) -> bool:
        """Whether what belongs to this unit may be seen; what belongs to none needs all units."""
        return self.units is None or unit_id in self.units


SHELL = Actor(id=None, name="shell", role=Role.ADMIN)


def permitted(
    verb: Verb,
) -> Callable[
    [Callable[Concatenate[Session, Actor, Params], Result]],
    Callable[Concatenate[Session, Actor, Params], Result],
]:
    """Decorate a verb `(session, actor, ...)`: it raises `Forbidden` before anything else."""

    def decorate(
        function: Callable[Concatenate[Session, Actor, Params], Result],
    ) -> Callable[Concatenate[Session, Actor, Params], Result]:
        REGISTRY[f"{function.__module__}.{function.__qualname__}"] = verb

        @wraps(function)
        def checked(
            session: Session, actor: Actor, *args: Params.args, **kwargs: Params.kwargs
        ) -> Result:
            if not actor.may(verb):
                raise Forbidden(f"{actor.role.value} may not: {verb.value}")
            return function(session, actor, *args, **kwargs)

        return cast(Callable[Concatenate[Session, Actor, Params], Result], checked)

    return decorate


def sees_everything(session: Session, role: Role) -> bool:
    """Whether people of this role see all units, whatever their own are."""
    reach = grant(role, Verb.SEE_ALL_UNITS)
    by_setting = reach is Grant.BY_SETTING
    return reach is Grant.YES or (
        by_setting and bool(settings.get(session, f"{role.value}_sees_all_units"))
    )


def actor_for(session: Session, user: User) -> Actor:
    """The actor that `user` is right now: role, units by role, membership and setting."""
    assert user.id is not None
    role = Role(user.role)
    own = session.exec(select(UserUnit.unit_id).where(UserUnit.user_id == user.id)).all()
    return Actor(
        id=user.id,
        name=user.name,
        role=role,
        units=None if sees_everything(session, role) else tuple(sorted(own)),
        team_id=user.team_id,
        time_zone=user.time_zone,
    )
