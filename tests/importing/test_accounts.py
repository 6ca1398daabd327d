"""Accounts and amounts of money are taken exactly or rejected with a reason."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.importing.account_rows import AccountRow, plan_accounts, read_accounts
from services.importing.answers import Reject
from services.importing.dates import AmbiguousDates
from services.importing.files import Table, open_table
from services.importing.mapping import MappingIncomplete
from services.importing.money import BadMoney, amount, currency, decimal_sign
from tests.importing.conftest import FIXTURES, Tables


def read(table: Table, *options: str) -> tuple[list[AccountRow], list[Reject]]:
    found = list(read_accounts(table, plan_accounts(table, options)))
    return (
        [row for row in found if isinstance(row, AccountRow)],
        [row for row in found if isinstance(row, Reject)],
    )


def test_the_accounts_file_is_read_with_its_faults_named():
    rows, rejects = read(open_table(FIXTURES / "accounts.csv"))
    assert rows[0] == AccountRow(
        1, 2, "A-1", "Northwind Freight", "northwind.example.com", Decimal("84000.00"), "EUR",
        "2026-03-31", "lena@example.com", "North", "live",
        '{"segment":"enterprise","employees":"1200"}',
    )  # fmt: skip
    assert [row.external_id for row in rows] == ["A-1", "A-2", "A-3", "A-4", "A-5"]
    assert [(row.arr, row.currency) for row in rows[2:]] == [
        (Decimal("120500.50"), "USD"),
        (Decimal("1200000.00"), "GBP"),
        (None, None),
    ]
    assert [(reject.record, reject.column, reject.value) for reject in rejects] == [
        (6, "ARR", "lots"),
        (7, "Currency", "Euro"),
        (8, "Renewal date", "2026-02-30"),
        (9, "Owner", "lena"),
        (10, "Name", ""),
        (11, "Account ID", "A-1"),
        (13, "ARR", "€ 12 000"),
    ]


def test_one_name_cannot_be_two_accounts(table: Tables):
    rows, rejects = read(table("name,arr\nACME,1\nacme,2\nOther,3\nACME,1\n"))
    assert [row.name for row in rows] == ["ACME", "Other"]
    assert [reject.reason for reject in rejects] == ["the same account as record 1, other content"]


def test_a_file_without_a_name_is_asked_for_one(table: Tables):
    with pytest.raises(MappingIncomplete, match="name"):
        plan_accounts(table("foo,arr\nx,1\n"))
    rows, _ = read(table("foo,arr\nx,1\n"), "name=foo")
    assert rows[0].name == "x"


def test_an_unclear_renewal_order_is_asked(table: Tables):
    text = "name,renewal\nA,03/04/2026\nB,05/06/2026\n"
    with pytest.raises(AmbiguousDates, match="renewal"):
        plan_accounts(table(text))
    found = table(text)
    rows = list(read_accounts(found, plan_accounts(found, order="mdy")))
    assert [row.renewal_on for row in rows if isinstance(row, AccountRow)] == [
        "2026-03-04",
        "2026-05-06",
    ]


def test_the_column_settles_what_a_dot_means(table: Tables):
    rows, _ = read(table('name,arr\nA,1.234\nB,"84.000,00"\n'))
    assert [row.arr for row in rows] == [Decimal("1234.00"), Decimal("84000.00")]
    rows, rejects = read(table("name,arr\nA,1.234\nB,500\n"))
    assert [row.name for row in rows] == ["B"]
    assert "thousands or decimals" in rejects[0].reason


@pytest.mark.parametrize(
    ("written", "value", "code"),
    [
        ("84,000", "84000.00", None),
        ("84.000,00", "84000.00", None),
        ("$84k", "84000.00", None),
        ("US$ 84k", "84000.00", "USD"),
        ("1.2M", "1200000.00", None),
        ("1,5 Mio. EUR", "1500000.00", "EUR"),
        ("€ 84 000", "84000.00", "EUR"),
        ("84\u202f000,50 €", "84000.50", "EUR"),
        ("84'000 CHF", "84000.00", "CHF"),
        ("1.234.567", "1234567.00", None),
        ("12,5", "12.50", None),
        ("0", "0.00", None),
    ],
)
def test_an_amount_is_read_as_meant(written: str, value: str, code: str | None):
    assert amount(written) == (Decimal(value), code)


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ("1.234", "thousands or decimals"),
        ("1.234M", "thousands or decimals"),
        ("-5", "negative"),
        ("(5,000)", "negative"),
        ("1e5", "not an amount"),
        ("84,00,0", "not an amount"),
        ("lots", "not an amount"),
        ("€5 USD", "two currencies"),
        ("5 XXQ", "not a currency"),
        ("1234.567", "more than two decimals"),
        ("9" * 13, "too large"),
        ("1 " * 5_000, "not an amount"),
    ],
)
def test_an_unclear_amount_is_refused(written: str, reason: str):
    with pytest.raises(BadMoney, match=reason):
        amount(written)


def test_a_comma_is_doubted_where_the_column_has_decimal_commas():
    assert decimal_sign(["12,50", "84,000"]) == ","
    with pytest.raises(BadMoney, match="thousands or decimals"):
        amount("84,000", ",")
    assert decimal_sign(["12,50", "12.50"]) is None


@given(st.decimals(0, 10**11, places=2), st.sampled_from([",.", ".,", " ,", "'.", " ."]))
def test_a_grouped_amount_with_cents_is_exact(value: Decimal, signs: str):
    written = f"{value:,.2f}".replace(",", "G").replace(".", "D")
    written = written.replace("G", signs[0]).replace("D", signs[1])
    assert amount(written) == (value, None)


@given(st.text(max_size=30))
def test_no_text_crashes_the_amount(text: str):
    try:
        value, _ = amount(text)
    except BadMoney:
        return
    assert value is None or value >= 0


def test_currencies_are_those_of_the_list():
    assert (currency(" eur "), currency("€"), currency("")) == ("EUR", "EUR", None)
    for wrong in ("Euro", "$", "XXQ", "12"):
        with pytest.raises(BadMoney):
            currency(wrong)


@pytest.mark.parametrize("column", ["name", "id", "domain", "unit", "stage", "owner"])
def test_a_text_that_no_index_holds_is_rejected(table: Tables, column: str):
    def value(length: int) -> dict[str, str]:
        ends = {"owner": "@example.com", "domain": ".com"}.get(column, "")
        return {"name": "Acme"} | {column: "x" * (length - len(ends)) + ends}

    columns = dict.fromkeys(["name", column])
    lines = [",".join(value(length)[name] for name in columns) for length in (200, 201)]
    rows, rejects = read(
        table(",".join(["plan", *columns]) + "\n" + "\n".join(f"p,{x}" for x in lines))
    )
    assert [row.record for row in rows] == [1]
    assert [(each.record, each.reason) for each in rejects] == [(2, "longer than 200 characters")]
