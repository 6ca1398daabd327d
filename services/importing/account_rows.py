"""A file of accounts -> typed rows and rejects. An account with a wrong cell is not taken at all.

Neither an id nor a name may stand for two accounts.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import NamedTuple
from zoneinfo import ZoneInfo

from services.importing import cells as clean
from services.importing.answers import Reject
from services.importing.cells import BadCell
from services.importing.dates import BadDate, DateFormat, Evidence, Parser
from services.importing.files import Table
from services.importing.mapping import Mapping, plain
from services.importing.money import BadMoney, amount, currency, decimal_sign
from services.importing.ragged import fitted, rejected

FIELDS = (
    "name", "domain", "arr", "currency", "renewal_on", "owner_email", "unit", "stage",
    "external_id",
)  # fmt: skip
SHORT = ("external_id", "name", "domain", "unit", "stage", "owner_email")
LONGEST = 200  # characters of each of these: PostgreSQL cannot index much longer ones
_NAMES = {
    "name": "name|account|account name|company|company name|customer|firma|kunde|empresa|cliente",
    "domain": "domain|website|web site|url|web|domäne|webseite|dominio|sitio web",
    "arr": "arr|annual recurring revenue|arr amount|annual revenue|acv|contract value|"
    "jahresumsatz|vertragswert|ingresos anuales",
    "currency": "currency|currency code|arr currency|währung|moneda|divisa",
    "renewal_on": "renewal on|renewal|renewal date|renews on|renews at|contract end|verlängerung|"
    "verlängerungsdatum|vertragsende|renovacion|fecha de renovacion",
    "owner_email": "owner email|owner e-mail|owner|account owner|account owner email|csm|csm email|"
    "account manager|betreuer|responsable",
    "unit": "unit|business unit|region|division|einheit|bereich|unidad",
    "stage": "stage|lifecycle stage|status|phase|etapa",
    "external_id": "external id|id|account id|crm id|customer id|kundennummer|id de cuenta",
}
_DOMAIN = re.compile(
    r"(?:[a-z]+://)?(?:www\.)?([^\s/:?#@]+\.[^\s/:?#@.]{2,})(?:[/:?#].*)?", re.ASCII
)


class AccountRow(NamedTuple):
    """One account. `renewal_on` is "YYYY-MM-DD", `props` a JSON object of the other columns."""

    record: int
    line: int
    external_id: str | None
    name: str
    domain: str | None
    arr: Decimal | None
    currency: str | None
    renewal_on: str | None
    owner_email: str | None
    unit: str | None
    stage: str | None
    props: str | None


@dataclass(frozen=True)
class AccountPlan:
    mapping: Mapping
    dates: DateFormat
    decimal_sign: str | None


def propose_accounts(columns: list[str]) -> Mapping:
    """The columns whose names are known for a field, in three languages."""
    chosen: dict[str, str] = {}
    by_plain = {plain(column): column for column in reversed(columns)}
    for name, text in _NAMES.items():
        known = (by_plain.get(plain(each)) for each in text.split("|"))
        column = next((c for c in known if c and c not in chosen.values()), None)
        if column:
            chosen[name] = column
    return Mapping(chosen, {n: f"the column is called {c!r}" for n, c in chosen.items()})


def plan_accounts(
    table: Table, options: tuple[str, ...] = (), order: str | None = None
) -> AccountPlan:
    """Map the columns and settle, over all rows, the date order and the decimal sign.

    MappingIncomplete: no column holds the name. AmbiguousDates: the order must be said.
    """
    base = propose_accounts(table.columns)
    mapping = Mapping.from_options(options, table.columns, base, FIELDS)
    mapping.require(("name",), table.columns)
    dates = Evidence(mapping.columns.get("renewal_on", "renewal"), date.max)
    amounts: set[str] = set()
    at = mapping.positions(table.columns)
    for _, _, cells in table.records():
        if "renewal_on" in at and at["renewal_on"] < len(cells):
            dates.add(cells[at["renewal_on"]])
        if "arr" in at and at["arr"] < len(cells):
            amounts.add(cells[at["arr"]])
    return AccountPlan(mapping, dates.decide(order), decimal_sign(amounts))


def read_accounts(table: Table, plan: AccountPlan) -> Iterator[AccountRow | Reject]:
    """Yield accounts and rejects in the order of the file; exact double rows come only once."""
    make = _AccountMaker(table.columns, plan)
    for record, line, cells in table.records():
        try:
            row = make(record, line, cells)
            if make.is_new(row, cells):
                yield row
        except BadCell as bad:
            yield rejected(record, line, bad, cells, len(table.columns))


class _AccountMaker:
    def __init__(self, columns: list[str], plan: AccountPlan) -> None:
        self.columns, self.plan = columns, plan
        self.at = plan.mapping.positions(columns)
        self.properties = plan.mapping.properties(columns)
        self.day = Parser(plan.dates, ZoneInfo("UTC")).day  # a day has no time zone
        self.seen: dict[tuple[str, str], tuple[int, tuple[str, ...]]] = {}

    def __call__(self, record: int, line: int, cells: list[str]) -> AccountRow:
        if len(cells) != len(self.columns):
            cells = fitted(cells, self.columns, self.at["name"])
        given = {name: cells[position].strip() for name, position in self.at.items()}
        name = clean.folded(given["name"])
        if name is None:
            raise self._bad("name", given, "the name is empty")
        arr, its_currency = self._money(given)
        pairs = {key: clean.unspoiled(cells[position]) for position, key in self.properties}
        kept = {key: value for key, value in pairs.items() if value}
        props = json.dumps(kept, ensure_ascii=False, separators=(",", ":")) if kept else None
        row = AccountRow(
            record, line, given.get("external_id") or None, name, self._domain(given), arr,
            its_currency, self._renewal(given), self._owner(given),
            clean.folded(given.get("unit", "")), clean.folded(given.get("stage", "")), props,
        )  # fmt: skip
        for field in SHORT:
            if len(getattr(row, field) or "") > LONGEST:
                raise self._bad(field, given, f"longer than {LONGEST} characters")
        return row

    def is_new(self, row: AccountRow, cells: list[str]) -> bool:
        """False for an exact double; BadCell if the id or the name stands for another account."""
        keys = {"external_id": row.external_id, "name": row.name.casefold()}
        content = tuple(cells)
        for field, key in keys.items():
            first, other = self.seen.get((field, key or ""), (0, ()))
            if key and first and other == content:
                return False
            if key and first:
                column, value = self.plan.mapping.columns[field], row.external_id or row.name
                raise BadCell(column, value, f"the same account as record {first}, other content")
        for field, key in keys.items():
            if key:
                self.seen[field, key] = (row.record, content)
        return True

    def _bad(self, field: str, given: dict[str, str], reason: str) -> BadCell:
        return BadCell(self.plan.mapping.columns[field], given[field], reason)

    def _money(self, given: dict[str, str]) -> tuple[Decimal | None, str | None]:
        try:
            arr, beside = amount(given.get("arr", ""), self.plan.decimal_sign)
        except BadMoney as error:
            raise self._bad("arr", given, str(error)) from None
        try:
            code = currency(given.get("currency", ""))
        except BadMoney as error:
            raise self._bad("currency", given, str(error)) from None
        if code and beside and code != beside:
            raise self._bad("arr", given, f"the amount is in {beside}, the currency says {code}")
        return arr, code or beside

    def _domain(self, given: dict[str, str]) -> str | None:
        text = given.get("domain", "").lower()
        match = _DOMAIN.fullmatch(text)
        if text and match is None:
            raise self._bad("domain", given, "this is not a domain such as example.com")
        return match[1] if match else None

    def _renewal(self, given: dict[str, str]) -> str | None:
        text = given.get("renewal_on", "")
        try:
            return self.day(text) if text else None
        except BadDate as error:
            raise self._bad("renewal_on", given, str(error)) from None

    def _owner(self, given: dict[str, str]) -> str | None:
        text = given.get("owner_email", "")
        email = clean.email(text)
        if text and email is None:
            raise self._bad("owner_email", given, "this is not an e-mail address")
        return email[0] if email else None
