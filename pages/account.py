"""Account: what is this company worth to us, how does it feel, and whom in it do we help first?"""

from pages._account_parts import chips, rows, tiles
from pages._ask import ask, moment
from pages._contact_parts import answers, case_table, page_about, people_table
from pages._facts import facts
from services.insights.accounts import account_file

NEWEST = 25  # answers shown


def show(account_id: int) -> None:
    """One company: facts and figures, then people, cases and what they said last."""
    found = ask(account_file, account_id, now=moment())
    facts(
        "account", title=found.name, subtitle=[found.domain or ""], chips=chips(found),
        rows=rows(found),
    )  # fmt: skip
    tiles(found)
    people_table(found.people, found.known)
    case_table(found.cases, found.n_cases, found.year.zone, who=True)
    answers("Newest answers", found.year.zone, who=True, limit=NEWEST, account_id=account_id)


page_about("account", show)
