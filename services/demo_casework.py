"""How the people of the demo company work a case: who, how fast, and how it ends.

First contacts come faster over the two years. Some cases linger for weeks; the sync bug of the last
weeks brings more of them than the team gets through, so that some still wait for an owner today.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from db.demo_story import SYNC_BUG
from services import demo_odds as likely
from services.demo_desk import Heard, Worker
from services.demo_life import Life, Over
from services.demo_said import Pen, suggested
from services.domain.lifecycle import Status
from services.domain.sla import add_days, between


@dataclass(frozen=True)
class Staff:
    """Who works on cases: `owners` by account."""

    owners: Mapping[int | None, Worker]
    support: Worker
    lead: Worker
    causes: Mapping[str, int]


class Casework:
    """What people do about one case, in the order in which they do it."""

    def __init__(self, life: Life, staff: Staff, seed: int) -> None:
        self.life, self.staff = life, staff
        self.rng = likely.Dice(f"{seed}:case:{life.first.told.id}")
        self.age = (life.desk.now.date() - life.first.at.date()).days
        self.owner = self._owner()
        self.pen = Pen(self.rng, self.owner.name)
        self.cause = self._cause(life.first)
        self.hours = self.left = (
            0.0  # of work until the first contact; of that after the assignment
        )
        self.drags = False  # it lingers, and nothing explains it
        self.bug = SYNC_BUG.covers(self.age)
        self.lingers = self.rng.happens(likely.LINGERS_NOW if self.bug else likely.LINGERS)

    def play(self) -> None:
        """The whole life of the case, up to now."""
        try:
            self._begin()
            reached = self._reach()
            self._meanwhile(reached)
            self._end(reached)
            if self.rng.happens(likely.REOPENS):
                self._again()
        except Over:
            return

    def _begin(self) -> None:
        """Somebody takes it."""
        life = self.life
        if self.rng.happens(self._untouched()):
            life.pass_to(life.desk.now)
        self.hours = self.rng.skewed(self._median(), 0.85)
        by = self.owner if self.rng.happens(0.6) else self.staff.lead
        life.work(by, self.hours * self.rng.uniform(0.1, 0.6))
        if self.rng.happens(likely.SLIPS) and self.owner is not self.staff.support:
            life.assign(by, self.staff.support)
            life.undo(by, self.rng.randrange(15, 140))
            life.work(by, 0.02)
        life.assign(by, self.owner)
        self.left = self.hours * self.rng.uniform(0.4, 0.9)

    def _untouched(self) -> float:
        """The share of cases of this age that nobody has taken."""
        life = self.life
        if self.age > 21:
            return 0
        open_for = between(life.at, life.desk.now, life.calendar)
        days = open_for / timedelta(hours=likely.DAY_HOURS)
        return next((share for most, share in likely.UNTOUCHED if days < most), 0)

    def _reach(self) -> bool:
        """Look at it, and call; whether they were reached."""
        life = self.life
        if self.rng.happens(0.24):
            life.work(self.owner, self.left * 0.3)
            self._note(self.pen.looked())
        if self.rng.happens(0.05):
            self._hand_over()
        tries = (
            0 if self.rng.happens(likely.REACHED[life.first.asked]) else self.rng.randrange(1, 4)
        )
        for _ in range(tries):
            life.work(self.owner, self.rng.skewed(likely.DAY_HOURS, 0.5))
            life.note(self.owner, self.pen.tried())
        if tries:
            return False
        self._overdue()
        life.work(self.owner, self.left * 0.7)
        self._contact()
        return True

    def _meanwhile(self, reached: bool) -> None:
        """It waits for the customer, or sleeps until a day on which there is something to do."""
        life = self.life
        if reached and self.rng.happens(likely.WAITS[self.lingers]):
            life.work(self.owner, self.rng.uniform(0.02, 2))
            life.wait(self.owner)
            if self.rng.happens(0.4):
                life.note(self.owner, self.pen.other("wait"))
            life.work(self.owner, self._days(17 if self.lingers else 2.2))
            if life.state.status is Status.WAITING:
                life.resume(self.owner)
        elif self.rng.happens(likely.SLEEPS[self.lingers]):
            self._sleep()
        else:
            self.drags = self.lingers

    def _sleep(self) -> None:
        life = self.life
        life.work(self.owner, self.rng.uniform(0.02, 2))
        days = self.rng.randrange(12, 33) if self.lingers else self.rng.randrange(1, 5)
        until = add_days(life.at, days, self.owner.calendar)
        until = max(until.replace(minute=0, second=0, microsecond=0), life.at + timedelta(hours=1))
        life.snooze(self.owner, until)
        if self.rng.happens(likely.SLIPS * 4):
            life.undo(self.owner, self.rng.randrange(5, 60))
        elif self.rng.happens(0.3):
            life.work(self.owner, days * likely.DAY_HOURS * self.rng.uniform(0.3, 0.9))
            if life.state.snoozed_until:
                life.wake(self.owner)
        else:
            life.pass_to(until)

    def _end(self, reached: bool) -> None:
        """It is resolved."""
        life, rng = self.life, self.rng
        if self.rng.happens(likely.NEVER_ENDS) and self.age < likely.FORGOTTEN:
            life.pass_to(life.desk.now)
        days = rng.uniform(10, 38) if self.drags else self.rng.skewed(self._close_days(), 0.65)
        life.work(self.owner, days * likely.DAY_HOURS * 0.6)
        if self.rng.happens(0.16):
            self._contact() if reached else life.note(self.owner, self.pen.tried())
        life.work(self.owner, days * likely.DAY_HOURS * 0.4)
        if life.state.status is Status.WAITING:
            life.resume(self.owner)
            life.work(self.owner, 0.01)
        self._resolve(reached)
        if self.rng.happens(likely.SLIPS):
            life.undo(self.owner, rng.randrange(10, 90))
            life.work(self.owner, 0.02)
            self._resolve(reached)

    def _resolve(self, reached: bool) -> None:
        life = self.life
        if life.state.status is Status.RESOLVED:
            return
        odds = (
            dict(zip(likely.ENDS, likely.OUTCOMES[self.cause], strict=True))
            if reached
            else likely.UNREACHED_ENDS
        )
        outcome = self.rng.drawn(odds)
        if self.rng.happens(0.45):
            life.note(self.owner, self.pen.closed(outcome))
            life.work(self.owner, 0.01)
        life.resolve(self.owner, outcome, self.staff.causes[self.cause])

    def _again(self) -> None:
        life = self.life
        life.work(self.owner, self._days(5))
        life.reopen(self.owner)
        life.note(self.owner, self.pen.other("again"))
        life.work(self.owner, self.rng.skewed(5, 0.6))
        self._contact()
        life.work(self.owner, self._days(1.5))
        self._resolve(reached=True)

    def _contact(self) -> None:
        ago = timedelta(minutes=self.rng.randrange(2, 25))
        way = self.rng.drawn(likely.WAYS)
        self.life.contact(self.owner, way, self.pen.contact(self.cause), ago)

    def _note(self, body: str) -> None:
        self.life.note(self.owner, body)
        if self.rng.happens(likely.SLIPS * 2):
            self.life.undo(self.owner, self.rng.randrange(10, 120))

    def _hand_over(self) -> None:
        """Support takes over from the account's owner."""
        life, support = self.life, self.staff.support
        if self.owner is support:
            return
        life.work(self.owner, self.left * 0.2)
        life.note(self.owner, self.pen.other("hand"))
        life.assign(self.owner, support)
        self.owner, self.pen.author = support, support.name

    def _overdue(self) -> None:
        """The lead, to whom it is passed on, has a word to say."""
        life = self.life
        lead = self.staff.lead
        if life.state.escalated_to_id == lead.id and self.rng.happens(0.5):
            life.work(lead, self.rng.uniform(0.2, 3))
            life.note(lead, self.pen.other("lead"))

    def _owner(self) -> Worker:
        first = self.life.first
        theirs = self.staff.owners.get(first.told.account_id, self.staff.lead)
        to_support = 0.45 if first.touchpoint == "support" else 0.09
        odds = {theirs: 1 - to_support - 0.05, self.staff.support: to_support}
        return self.rng.drawn(odds | {self.staff.lead: 0.05})

    def _cause(self, heard: Heard) -> str:
        """What the comment is about, else what is likely at that time."""
        about = suggested(heard.comment)
        if about and self.rng.happens(0.9):
            return about
        odds = dict(likely.CAUSES.get(heard.touchpoint, likely.CAUSES["ordinary"]))
        for phase, cause, more in likely.PHASES:
            if phase.covers(self.age):
                odds[cause] = odds.get(cause, 0) + more
        return self.rng.drawn(odds)

    @property
    def past(self) -> float:
        """0 today, 1 two years ago."""
        return min(1.0, self.age / 730)

    def _median(self) -> float:
        """Hours to the first contact."""
        today, once = likely.MEDIAN
        eager = 0.8 if self.life.first.asked else 1.0
        return (today + (once - today) * self.past) * self.owner.pace * eager

    def _close_days(self) -> float:
        """Median days of work from the last thing done to the end."""
        if self.bug:
            return likely.CLOSES_NOW
        return likely.CLOSES + (likely.CLOSED_ONCE - likely.CLOSES) * self.past

    def _days(self, median: float) -> float:
        """Working hours of about so many days."""
        return self.rng.skewed(median, 0.6) * likely.DAY_HOURS
