"""Vendors that the desk is connected to: what an admin entered, whether it works, what is sent."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, func, select

from db.engine import bump
from db.models import Delivery, Integration
from services import audit, config, settings, vault
from services.access import Actor, Refused, permitted
from services.domain import card_paths
from services.domain.retrying import State
from services.domain.roles import Verb
from services.inbound import rows
from services.ledger.noting import said
from services.vendors import KNOWN, kind, title
from services.vendors.base import Field, Vendor, VendorError

NOTHING = "Nothing was changed."
KEPT = "********"  # stands for a secret that is kept and not shown
HOSTS = ("base_url", "my_domain", "smtp_host", "imap_host")  # where secrets are sent


@dataclass(frozen=True)
class Connection:
    """A vendor as its admin sees it. `entered` has `KEPT` where a secret is kept."""

    name: str
    title: str
    fields: tuple[Field, ...]
    entered: Mapping[str, Any]
    row: Integration | None
    counts: Mapping[str, int]


@permitted(Verb.ADMINISTER)
def connections(session: Session, actor: Actor) -> list[Connection]:
    """Every vendor that the desk knows, connected or not."""
    query = select(Delivery.vendor, Delivery.state, func.count()).group_by(
        col(Delivery.vendor), col(Delivery.state)
    )
    counts: dict[str, dict[str, int]] = {}
    for vendor, state, n in session.exec(query):
        counts.setdefault(vendor, {})[state] = n
    return [_connection(session, name, counts.get(name, {})) for name in KNOWN]


def connected(session: Session) -> dict[str, Integration]:
    """The vendors that are connected, by name."""
    return {row.name: row for row in session.exec(select(Integration))}


def built(session: Session, name: str) -> Vendor:
    """The vendor as it is connected. VendorError where it is not, or its secrets are locked."""
    row = session.get(Integration, name)
    if row is None:
        raise VendorError(f"{title(name)} is not connected", permanent=True)
    try:
        return _made(session, name, row.config, vault.of(session, f"vendor.{name}"))
    except vault.Locked as locked:
        raise VendorError(str(locked), reconnect=True) from None


@permitted(Verb.ADMINISTER)
def tried(session: Session, actor: Actor, name: str, entered: Mapping[str, Any]) -> Vendor:
    """The vendor as it would be with what was entered, for a test before it is kept.

    Refused says what is missing. The caller asks it with `answer_of`, with no transaction open.
    """
    if config.load().loopdesk_demo:
        raise Refused(f"A demo connects to nobody. {NOTHING}")
    given, secrets = _read(session, name, entered)
    # A secret that the desk will make itself is another one for the test.
    return _made(session, name, given, secrets | kind(name).made_secrets(secrets))


def answer_of(vendor: Vendor) -> tuple[bool, str]:
    """Whether the vendor lets us in, and what it says. This goes over the network."""
    try:
        return True, vendor.check()
    except VendorError as error:
        return False, str(error)


@permitted(Verb.ADMINISTER)
def connect(
    session: Session, actor: Actor, name: str, entered: Mapping[str, Any], *, now: datetime
) -> dict[str, str]:
    """Keep what was entered (secrets encrypted) and send from now on.

    The secrets that the desk made itself, by their names: they are shown this once.
    """
    if config.load().loopdesk_demo:
        raise Refused(f"A demo connects to nobody. {NOTHING}")
    given, secrets = _read(session, name, entered)
    bump(session)
    row = session.get(Integration, name, with_for_update=True) or Integration(
        name=name, revision=0, connected_at=now, connected_by=actor.id
    )
    mapping = {"mapping": row.config["mapping"]} if "mapping" in row.config else {}
    row.config, row.revision = given | mapping, row.revision + 1
    row.broken_at = row.closed_until = row.last_error = None
    row.failures = 0
    session.add(row)
    made = kind(name).made_secrets(secrets)
    for secret, text in (secrets | made).items():
        vault.put(session, f"vendor.{name}.{secret}", text, actor_id=actor.id, now=now)
    _audit(session, actor, "vendor.connect", name, now)
    return made


@permitted(Verb.ADMINISTER)
def map_fields(
    session: Session, actor: Actor, name: str, mapping: Mapping[str, str], *, now: datetime
) -> None:
    """Which fields there are filled from which parts of a case: {theirs: path in the card}."""
    row = _row(session, name)
    given = {theirs.strip(): path.strip() for theirs, path in mapping.items() if theirs.strip()}
    if not all(given.values()):
        raise Refused(f"Each field of {title(name)} needs the part of the case it is filled from.")
    if wrong := [said for theirs in given if (said := kind(name).wrong_field(theirs))]:
        raise Refused(f"{wrong[0]}. {NOTHING}")
    if wrong := [path for path in given.values() if not card_paths.known(path)]:
        raise Refused(f"A case has no part {wrong[0]!r}. {NOTHING}")
    row.config, row.revision = row.config | {"mapping": given}, row.revision + 1
    session.add(row)
    _audit(session, actor, "vendor.map", name, now, fields=len(given))


@permitted(Verb.ADMINISTER)
def pause(session: Session, actor: Actor, name: str, *, on: bool, now: datetime) -> None:
    """Send nothing there until it is resumed; what is owed waits."""
    row = _row(session, name)
    row.paused_at = now if on else None
    session.add(row)
    _audit(session, actor, "vendor.pause" if on else "vendor.resume", name, now)


@permitted(Verb.ADMINISTER)
def disconnect(session: Session, actor: Actor, name: str, *, now: datetime) -> int:
    """Forget the vendor and its secrets; what was still owed there is cancelled: how many."""
    row = _row(session, name)
    query = (
        select(Delivery)
        .where(Delivery.vendor == name, col(Delivery.state).in_((State.PENDING, State.UNKNOWN)))
        .with_for_update(skip_locked=True).execution_options(populate_existing=True)
    )  # fmt: skip
    found = session.exec(query).all()
    for delivery in found:
        delivery.look_at = None  # there is nobody to ask any more: a person decides
    owed = [delivery for delivery in found if delivery.state == State.PENDING]
    for delivery in owed:
        said(session, delivery, "cancelled", actor_id=actor.id, at=now)
        delivery.state, delivery.ended_at = State.CANCELLED.value, now
        delivery.last_error = f"{title(name)} was disconnected"
        session.add(delivery)
    rows.drop(session, name, f"{title(name)} was disconnected", now)
    vault.forget(session, f"vendor.{name}")
    session.delete(row)
    _audit(session, actor, "vendor.disconnect", name, now, cancelled=len(owed))
    return len(owed)


def _row(session: Session, name: str) -> Integration:
    bump(session)
    row = session.get(Integration, name, with_for_update=True, populate_existing=True)
    if row is None:
        raise Refused(f"{title(name)} is not connected. {NOTHING}")
    return row


def _connection(session: Session, name: str, counts: Mapping[str, int]) -> Connection:
    row, made = session.get(Integration, name), kind(name)
    entered: dict[str, Any] = {field.name: field.default for field in made.fields}
    if row is not None:
        entered |= row.config
        kept = {secret.name for secret in made.fields if secret.secret}
        entered |= dict.fromkeys(kept & set(vault.names(session, f"vendor.{name}")), KEPT)
    return Connection(name, title(name), made.fields, entered, row, counts)


def _made(
    session: Session, name: str, given: Mapping[str, Any], secrets: Mapping[str, str]
) -> Vendor:
    return kind(name)(given, secrets, frozenset(settings.get(session, "outgoing_allow")))


def _read(
    session: Session, name: str, entered: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, str]]:
    """What was entered, and the secrets: new ones, else those that are kept."""
    if name not in KNOWN:
        raise Refused(f"There is no vendor {name!r}. {NOTHING}")
    fields = {field.name: field for field in kind(name).fields}
    texts = {key: str(entered.get(key, fields[key].default) or "").strip() for key in fields}
    kept = _kept(session, name, texts)
    for key, field in fields.items():
        if field.secret and texts[key] in ("", KEPT):
            texts[key] = kept.get(key, "")
        if field.choices and texts[key] not in field.choices:
            raise Refused(f"{field.label} is one of {', '.join(field.choices)}. {NOTHING}")
    missing = [f.label for key, f in fields.items() if f.required and not texts[key]]
    if missing:
        raise Refused(f"Still missing: {', '.join(missing)}. {NOTHING}")
    secrets = {key: text for key, text in texts.items() if fields[key].secret and text}
    return {k: t for k, t in texts.items() if not fields[k].secret}, secrets


def _kept(session: Session, name: str, texts: Mapping[str, str]) -> dict[str, str]:
    """The secrets that are kept, unless they would go to another host than they were given for."""
    row = session.get(Integration, name)
    before = row.config if row else {}
    if any(texts.get(host) != before.get(host) for host in HOSTS if host in texts):
        return {}
    try:
        return vault.of(session, f"vendor.{name}")
    except vault.Locked:  # they have to be entered again
        return {}


def _audit(
    session: Session, actor: Actor, verb: str, name: str, now: datetime, **data: Any
) -> None:
    audit.record(session, actor.id, verb, now=now, entity="vendor", vendor=name, **data)
