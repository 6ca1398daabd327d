"""Every role x every verb: the table of contracts.md, written out here once more."""

import inspect
import pkgutil
from collections.abc import Callable, Iterator
from importlib import import_module
from typing import Any

import pytest
from sqlmodel import Session

import services
from db.models import UserUnit
from services import settings
from services.access import REGISTRY, Forbidden, Refused, actor_for
from services.domain.roles import Grant, Role, Verb, grant
from tests import builders as make

ROLES = ("admin", "manager", "csm", "support")
YES, NO, SETTING, TEAM, PROPOSE = "yes", "no", "by setting", "own team", "propose"
TABLE = {
    # verb: admin, manager, csm, support
    "see figures, verbatims and cases of own units": (YES, YES, YES, YES),
    "see all units": (YES, YES, SETTING, SETTING),
    "assign, note, snooze, reply, resolve, log a call": (YES, YES, YES, YES),
    "bulk send, merge, split, undo others' work": (YES, YES, TEAM, NO),
    "shared views, templates, rules, taxonomy": (YES, YES, PROPOSE, NO),
    "import": (YES, YES, NO, NO),
    "export with personal data": (YES, YES, NO, NO),
    "exclude a response": (YES, YES, NO, NO),
    "erase a person": (YES, NO, NO, NO),
    "vendors, secrets, API keys, people, settings": (YES, NO, NO, NO),
    "read the audit trail": (YES, YES, NO, NO),
}


def _modules() -> Iterator[Any]:
    for found in pkgutil.walk_packages(services.__path__, "services."):
        yield import_module(found.name)


MODULES = list(_modules())
OWN = {name: verb for name, verb in REGISTRY.items() if name.startswith("services.")}


def _function(name: str) -> Callable[..., Any]:
    module, _, function = name.rpartition(".")
    return getattr(import_module(module), function)  # type: ignore[no-any-return]


def _asked(name: str, role: str) -> bool:
    """Whether the real verb lets `role` past its check: without a session it gets no further."""
    try:
        _function(name)(None, make.actor(role))
    except Forbidden:
        return False
    except (TypeError, AttributeError, Refused):  # it went on, without arguments or a session
        return True
    return True


@pytest.mark.parametrize("verb", TABLE)
@pytest.mark.parametrize("role", ROLES)
def test_every_role_and_verb_is_as_the_table_says(role: str, verb: str) -> None:
    assert grant(Role(role), Verb(verb)).value == TABLE[verb][ROLES.index(role)]


def test_the_table_names_every_role_and_every_verb() -> None:
    assert tuple(Role) == ROLES
    assert set(Verb) == set(TABLE)
    assert {grant.value for grant in Grant} == {YES, NO, SETTING, TEAM, PROPOSE}


@pytest.mark.parametrize("name", sorted(OWN))
def test_a_verb_lets_in_exactly_the_roles_of_the_table(name: str) -> None:
    allowed = {role for role in ROLES if _asked(name, role)}
    row = TABLE[OWN[name].value]
    assert allowed == {role for role, way in zip(ROLES, row, strict=True) if way != NO}


def test_each_verb_that_has_pages_is_used_somewhere() -> None:
    for verb in (
        Verb.SEE, Verb.WORK_CASES, Verb.SHARE, Verb.ADMINISTER, Verb.READ_AUDIT, Verb.EXPORT,
        Verb.ERASE,
    ):  # fmt: skip
        assert verb in OWN.values()


VERBS = ("services", "services.cases", "services.insights")
# Parts of verbs: they are handed an actor by the verb that has checked it.
WITHIN = {
    "services.cases.carrying.put_away",
    "services.cases.drafts.again",
    "services.cases.drafts.drop",
    "services.cases.joined_since.rejoin",
    "services.cases.journal.held",
    "services.cases.journal.keep",
    "services.cases.journal.seen",
    "services.cases.sending.before",
    "services.cases.undo.possible",
    "services.cases.unmerging.turn",
    "services.cases.names.zone_of",
    "services.insights.cube.count",
    "services.insights.cube.where",
    "services.insights.digest_chart.weeks",
    "services.insights.loop_meant.first_opened",
    "services.insights.loop_meant.where",
    "services.insights.people.contact_seen",
    "services.insights.people.n_cases",
    "services.insights.queue.meant_by",
    "services.insights.score_lines.score_lines",
    "services.insights.verbatim_rows.told",
}  # fmt: skip


def test_every_public_function_that_takes_an_actor_is_a_checked_verb() -> None:
    unchecked = set()
    for module in MODULES:
        if module.__name__.rpartition(".")[0] not in VERBS:
            continue
        for name, function in inspect.getmembers(module, inspect.isfunction):
            if name.startswith("_") or function.__module__ != module.__name__:
                continue
            takes = list(inspect.signature(function).parameters)
            if takes[1:2] == ["actor"] and f"{module.__name__}.{name}" not in REGISTRY:
                unchecked.add(f"{module.__name__}.{name}")
    assert unchecked - WITHIN == set()


@pytest.mark.parametrize("role", ["csm", "support"])
def test_all_units_or_own_units_is_a_setting(session: Session, role: str) -> None:
    emea, apac = make.unit(session), make.unit(session, "APAC")
    user = make.user(session, role)
    for unit in (apac, emea):
        session.add(UserUnit(user_id=user.id, unit_id=unit.id))
    session.flush()
    assert actor_for(session, user).units is None
    key = f"{role}_sees_all_units"
    settings.put(session, key, False, actor_id=None, now=make.NOW)
    assert actor_for(session, user).units == (emea.id, apac.id)
    other = make.user(session, "csm" if role == "support" else "support")
    assert actor_for(session, other).units is None


@pytest.mark.parametrize("role", ["admin", "manager"])
def test_no_setting_hides_units_from_those_who_lead(session: Session, role: str) -> None:
    for key in ("csm_sees_all_units", "support_sees_all_units"):
        settings.put(session, key, False, actor_id=None, now=make.NOW)
    assert actor_for(session, make.user(session, role)).units is None
