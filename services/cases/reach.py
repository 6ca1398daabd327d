"""Which cases somebody may act on in bulk, merge and split: all, or those of their own team."""

from db.models import Case
from services.access import Actor
from services.domain.roles import Grant, Verb, grant


def within(actor: Actor, case: Case) -> bool:
    """Whether the actor's permission reaches this case. Of the own team is what it was given, and
    what one owns; a case that no team has is nobody's."""
    reach = grant(actor.role, Verb.BULK)
    if reach is not Grant.OWN_TEAM:
        return reach is Grant.YES
    ours = actor.team_id is not None and case.team_id == actor.team_id
    return ours or (actor.id is not None and case.assignee_id == actor.id)
