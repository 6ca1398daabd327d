"""How many cases answers would open, without keeping them: what a dry run says."""

from datetime import UTC, datetime

from sqlmodel import Session, col, select

from db.engine import slices
from db.models import Contact
from services.answers import Batch
from services.cases.lineage import unresolved_of
from services.domain.opening import DETRACTOR, Answered, Policy, why_not
from services.domain.scores import Band, Metric

FIELDS = ("band", "answered_at", "followup", "anonymous", "is_test", "email_norm")


class Forecast:
    """Counts over many batches: a person who is in several of them gets one case."""

    def __init__(self, metric: Metric) -> None:
        self.metric = metric
        self._seen: set[str] = set()

    def count(self, session: Session, batch: Batch, rule: Policy) -> int:
        """How many cases the answers of this batch would open."""
        people = self._due(batch, rule) - self._seen
        self._seen |= people
        return len(people) - self._served(session, people)

    def _due(self, batch: Batch, rule: Policy) -> set[str]:
        """The addresses of those whose answer opens a case by what the file says."""
        low, found = int(Band.DETRACTOR), set[str]()
        rows = zip(*(batch.column(name) for name in FIELDS), strict=True)
        for band, at, followup, anonymous, is_test, email in rows:
            if band != low or email is None:
                continue
            answer = Answered(
                self.metric, Band(band), datetime.fromisoformat(at).replace(tzinfo=UTC), followup,
                known=True, anonymous=anonymous, is_test=is_test,
            )  # fmt: skip
            if why_not(answer, rule) is None:
                found.add(email)
        return found

    def _served(self, session: Session, people: set[str]) -> int:
        """How many of these get no case of their own: one is open, or they must be left alone."""
        served = 0
        for emails in slices(sorted(people)):
            query = select(Contact.id, Contact.do_not_contact).where(
                col(Contact.email_norm).in_(emails)
            )
            known = dict(session.exec(query).all())
            open_cases = unresolved_of(session, [key for key in known if key], DETRACTOR)
            served += sum(silent or key in open_cases for key, silent in known.items())
        return served
