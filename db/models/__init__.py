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
from db.models.feedback import (
    ImportReject,
    ImportRun,
    Program,
    PropertyValue,
    Response,
    ResponseEdit,
    Survey,
)
from db.models.people import (
    ApiKey,
    OneTimeLink,
    SignInFailure,
    Team,
    User,
    UserSession,
    UserUnit,
)
from db.models.system import Audit, DataVersion, Secret, Setting

__all__ = [
    "Account", "ApiKey", "Ask", "Audit", "Case", "CaseEvent", "CaseResponse", "CaseTag", "Contact",
    "DataVersion", "Delivery", "DeliveryAttempt", "Draft", "ExternalRef", "ImportReject",
    "ImportRun", "Integration", "Job", "Message", "Notice", "OneTimeLink", "Presence", "Program",
    "PropertyValue", "Response", "ResponseEdit", "RootCause", "SavedView", "Secret", "Setting",
    "SignInFailure", "Survey", "Tag", "Team", "Template", "Unit", "User", "UserSession",
    "UserUnit", "metadata",
]  # fmt: skip
