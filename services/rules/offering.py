"""What the editor of a rule offers to choose from: what is there, and what ids are called."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlmodel import Session, col, select

from db.models import Account, Contact, Integration, Tag, Template
from services.access import Actor, permitted
from services.domain.roles import Verb
from services.domain.rules.actions import VENDORS
from services.domain.rules.words import Called
from services.insights import Options, options
from services.rules.calling import called

MOST = 200  # names of a list


@dataclass(frozen=True)
class Offer:
    """`names` are by field; `vendors` with those that are connected first."""

    called: Called
    names: Mapping[str, tuple[str, ...]]
    props: Mapping[str, tuple[str, ...]]
    units: tuple[int, ...]
    tags: tuple[str, ...]
    templates: tuple[str, ...]
    vendors: tuple[str, ...]
    connected: frozenset[str]


@permitted(Verb.SHARE)
def offer(session: Session, actor: Actor) -> Offer:
    """What may be chosen; values of answers are those that the actor may see."""
    seen = options(session, actor)
    connected = frozenset(session.exec(select(Integration.name)))
    shared = select(Template.name).where(col(Template.retired_at).is_(None), col(Template.shared))
    return Offer(
        called=called(session), names=_names(session, seen), props=seen.props,
        units=tuple(id_ for id_, _ in seen.units),
        tags=tuple(session.exec(select(Tag.name).order_by(Tag.name))),
        templates=tuple(sorted(set(session.exec(shared)))),
        vendors=tuple(sorted(VENDORS, key=lambda one: one not in connected)), connected=connected,
    )  # fmt: skip


def _names(session: Session, seen: Options) -> dict[str, tuple[str, ...]]:
    stages, languages = (
        tuple(one for one in session.exec(select(column).distinct().limit(MOST)) if one)
        for column in (Account.stage, Contact.language)
    )
    return {
        "channel": seen.channels, "touchpoint": seen.touchpoints, "stage": tuple(sorted(stages)),
        "language": tuple(sorted(languages)),
    }  # fmt: skip
