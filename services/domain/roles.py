"""Who may do what: the table of contracts, as data. Pure."""

from enum import StrEnum


class Role(StrEnum):
    """A person's part in the desk."""

    ADMIN = "admin"
    MANAGER = "manager"
    CSM = "csm"
    SUPPORT = "support"


class Verb(StrEnum):
    """Something a person may be allowed to do."""

    SEE = "see figures, verbatims and cases of own units"
    SEE_ALL_UNITS = "see all units"
    WORK_CASES = "assign, note, snooze, reply, resolve, log a call"
    BULK = "bulk send, merge, split, undo others' work"
    SHARE = "shared views, templates, rules, taxonomy"
    IMPORT = "import"
    EXPORT = "export with personal data"
    EXCLUDE = "exclude a response"
    ERASE = "erase a person"
    ADMINISTER = "vendors, secrets, API keys, people, settings"
    READ_AUDIT = "read the audit trail"


class Grant(StrEnum):
    """How far a permission goes."""

    YES = "yes"
    NO = "no"
    BY_SETTING = "by setting"
    OWN_TEAM = "own team"
    PROPOSE = "propose"


Y, N, S, T, P = Grant.YES, Grant.NO, Grant.BY_SETTING, Grant.OWN_TEAM, Grant.PROPOSE

GRANTS: dict[Verb, tuple[Grant, Grant, Grant, Grant]] = {
    # verb: admin, manager, csm, support
    Verb.SEE: (Y, Y, Y, Y),
    Verb.SEE_ALL_UNITS: (Y, Y, S, S),
    Verb.WORK_CASES: (Y, Y, Y, Y),
    Verb.BULK: (Y, Y, T, N),
    Verb.SHARE: (Y, Y, P, N),
    Verb.IMPORT: (Y, Y, N, N),
    Verb.EXPORT: (Y, Y, N, N),
    Verb.EXCLUDE: (Y, Y, N, N),
    Verb.ERASE: (Y, N, N, N),
    Verb.ADMINISTER: (Y, N, N, N),
    Verb.READ_AUDIT: (Y, Y, N, N),
}


def grant(role: Role, verb: Verb) -> Grant:
    """How far `role` may go with `verb`."""
    return GRANTS[verb][list(Role).index(role)]


def may(role: Role, verb: Verb) -> bool:
    """Whether `role` may do `verb` at all (the verb itself looks at teams and settings)."""
    return grant(role, verb) is not Grant.NO
