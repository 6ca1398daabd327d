"""The vendors by name. Each is imported when it is first needed: their SDKs are large."""

from importlib import import_module

from services.vendors.base import Vendor

# name -> (what people call it, module and class)
KNOWN = {
    "email": ("E-mail", "email.Email"),
    "zendesk": ("Zendesk", "zendesk.Zendesk"),
    "intercom": ("Intercom", "intercom.Intercom"),
    "salesforce": ("Salesforce", "salesforce.Salesforce"),
    "slack": ("Slack", "slack.Slack"),
    "webhook": ("Webhook", "webhook.Webhook"),
}


def kind(name: str) -> type[Vendor]:
    """The class of this vendor; KeyError for one that is not known."""
    module, _, made = KNOWN[name][1].partition(".")
    found: type[Vendor] = getattr(import_module(f"services.vendors.{module}"), made)
    return found


def title(name: str) -> str:
    """What people call it."""
    return KNOWN[name][0] if name in KNOWN else name
