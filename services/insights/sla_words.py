"""What the report on promises says in words, so that page, chart and sheet say it the same way."""

from services.domain.scores import Estimate
from services.insights.loop_figures import Share
from services.insights.loop_words import of_ten
from services.insights.sla import SlaReport
from services.insights.words import amount


def finding(found: SlaReport) -> str:
    """The headline: how many promises of each kind were kept."""
    contact, close = found.whole.contact.now, found.whole.close.now
    if not found.whole.opened.n:
        return "No cases were opened in this period"
    if contact.too_few and close.too_few:
        return "Too few promises have run out to say how many were kept"
    said = [_said(contact, "first contact"), _said(close, "closing")]
    return "; ".join(one for one in said if one)


def _said(one: Estimate, what: str) -> str:
    return "" if one.too_few else f"{of_ten(one)} promises of {what} were kept"


def against(one: Share) -> str:
    """What sets a team or person apart from all the others: only a difference that is one."""
    change = one.figure.change
    if one.now.n == 0:
        return "none has run out yet"
    if one.now.too_few:
        return "too few to say"
    if change is None:
        return ""
    if not change.changed or not change.delta:
        return "no evidence of a difference"
    return f"{amount(change.delta)} {'above' if change.delta > 0 else 'below'} the others"
