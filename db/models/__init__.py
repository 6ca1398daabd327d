"""All tables, by family. Importing this package registers every table in `metadata`."""

from db.models.base import metadata
from db.models.cases import (
    Ask,
    Case,
    CaseEvent,
    CaseResponse,
    CaseTag,
    Draft,
    Presence,
    RootCause,
    SavedView,
    Tag,
)
from db.models.customers import Account, Contact, ExternalRef, Unit
from db.models.deliveries import (
    Delivery,
    DeliveryAttempt,
    Integration,
    Job,
    Message,
    Notice,
    Template,
)
from db.models.digests import Digest
from db.models.feedback import (
    ImportReject,
    ImportRun,
    Program,
    PropertyValue,
    Response,
    ResponseEdit,
    Survey,
)
from db.models.inbound import Inbound
from db.models.ledger import Difference, Ledger, LedgerHead, LedgerStart, Reconciliation
from db.models.people import (
    ApiKey,
    Identity,
    OneTimeLink,
    SignInFailure,
    SignInStart,
    Team,
    User,
    UserSession,
    UserUnit,
)
from db.models.retention import RetentionRun
from db.models.rules import Rule, RuleFiring, RuleLater, RuleVersion
from db.models.system import Audit, DataVersion, Secret, Setting

__all__ = [
    "Account", "ApiKey", "Ask", "Audit", "Case", "CaseEvent", "CaseResponse", "CaseTag", "Contact",
    "DataVersion", "Delivery", "DeliveryAttempt", "Difference", "Digest", "Draft", "ExternalRef",
    "Identity", "ImportReject", "ImportRun", "Inbound", "Integration", "Job", "Ledger",
    "LedgerHead", "LedgerStart", "Message", "Notice", "OneTimeLink", "Presence", "Program",
    "PropertyValue", "Reconciliation", "Response", "ResponseEdit", "RetentionRun", "RootCause",
    "Rule", "RuleFiring", "RuleLater", "RuleVersion", "SavedView", "Secret", "Setting",
    "SignInFailure", "SignInStart", "Survey", "Tag", "Team", "Template", "Unit", "User",
    "UserSession", "UserUnit", "metadata",
]  # fmt: skip
