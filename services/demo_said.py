"""What colleagues of the demo company write on cases, and what comments are about.

Texts are put together from parts by root cause and outcome, so that hardly two are the same. They
name no contact and hold no address.
"""

import re
from collections.abc import Mapping, Sequence
from random import Random

from services.domain.lifecycle import Outcome

# Root cause -> words of a comment that suggest it, in the languages of the demo; the first wins.
ABOUT: Mapping[str, re.Pattern[str]] = {
    cause: re.compile(words, re.I)
    for cause, words in {
        "Billing": r"invoic|billing|rechnung|factura",
        "Price or contract": r"pric(e|ing)|contract|expensive|renewal|preis|vertrag|teuer|precio"
        r"|\bcar[oa]\b|contrato|tarif",
        "Onboarding or training": r"onboarding|training|kick-?off|schulung|auftakt|einführung"
        r"|formación|capacitación|arranque",
        "Slow or down": r"outage|\bdown\b|unreachable|\bslow|crash|freez|reacts so late|hängt"
        r"|langsam|ausf[aä]ll|abst[uü]rz|lent[oa]|ca[ií]d|seconds|sekunden|segundos",
        "Product defect": r"sync|duplicate|calend|kalend|\bbug|broken|connector|konnektor"
        r"|conector|export|error|fehler|update|twice|doppelt",
        "Support experience": r"ticket|support|hotline|chat ?bot|\bbot\b|automat\b|picked up"
        r"|nobody read|call(ed)? back|soporte|first answer",
        "Missing feature": r"roadmap|missing|offline|cannot build|spreadsheet|fehlt|falta\b"
        r"|condition for",
        "Hard to use": r"clutter|menu|menü|permission|screen|rechte\b|maze|blink|permiso|pantalla"
        r"|by hand|von hand|a mano",
    }.items()
}
_OPENERS = (
    "Reached them at the second try.", "Good call, a quarter of an hour.",
    "Short call between two of their jobs.", "They had {n} minutes and used them.",
    "Was angry at first, thanked me at the end.", "Calm and to the point.",
    "Did not expect that anybody reads this.", "Talked to them and their dispatcher.",
    "Called back after the lunch break, as they asked.", "Picked up at once.",
    "Friendly, but tired of it.", "They had their notes ready.", "", "", "",
)  # fmt: skip
_SAID: Mapping[str, Sequence[str]] = {
    "Product defect": (
        "They see each visit twice since the update; we switched the sync off together.",
        "The export stops half way. Reproduced it with their file, ticket {ticket}.",
        "The connector had stopped on {day}; it runs again and I added an alarm.",
        "Wrong times in the second branch, twice a year. Passed the example on as {ticket}.",
        "The assignment books people who are on leave. Known, the fix is in the next release.",
        "Cleaned up {n}0 duplicate visits with them on the phone.",
    ),
    "Missing feature": (
        "What they miss is the offline map; told them what is planned and what is not.",
        "They want to pin jobs so that the optimiser leaves them alone. Added their vote.",
        "Built the report with them that they thought impossible; one column is really missing.",
        "Need the compliance log as one file. Not on the roadmap, and I said so.",
        "Asks for series that can be moved as a whole. Third firm this month.",
    ),
    "Hard to use": (
        "Showed them the saved filter; that was most of it.",
        "The new menu hides what dispatchers need in the morning. Sent two screenshots on.",
        "Went through the permissions together, {n} roles are left of {n}0.",
        "They type in by hand what the import could do. Will show it on {day}.",
        "Crews do not find the photo button. Changed their template with them.",
    ),
    "Slow or down": (
        "They lost half a morning in the outage. Explained what happened and what we changed.",
        "The board takes {n} seconds for them. Trace sent to engineering as {ticket}.",
        "Wants to be told before their crews notice. Put them on the status list.",
        "Photos queue for hours in one depot: their network, but we could say so in the app.",
        "Went through the report on the outage line by line. They want it in writing.",
    ),
    "Support experience": (
        "Ticket {ticket} was open for {n} weeks. Took it over myself.",
        "They were sent round in circles by the bot. Gave them my direct line.",
        "Got {n} answers from {n} people. From now on one person looks after them.",
        "The answer they got was right and of no help. Explained it once more, with their data.",
        "Nobody had called back although it was promised. Apologised.",
    ),
    "Onboarding or training": (
        "After the kick-off nobody got in touch. Two sessions planned, the first on {day}.",
        "Half of the crew was not at the training. Sent the recording and the short guide.",
        "Training was in English; {colleague} repeats it in their language.",
        "The price list import was set up wrongly, done in {n} minutes.",
        "They started in the busiest week of the year. New plan agreed, step by step.",
    ),
    "Price or contract": (
        "The new price list costs them {n} percent more. Went through what is in it.",
        "They compare us with a cheaper one that has no portal. Sent the comparison.",
        "Pay for {n}0 seats and use half of them. We can put that right at the renewal.",
        "Wants a price for three years. Proposal goes out on {day}.",
        "The connector costs extra and they did not know. I see why they are cross.",
    ),
    "Billing": (
        "Wrong cost centre on the invoices since spring; corrected with accounting.",
        "Billed for {n} users who have left. Credit note is on its way.",
        "Every second invoice went to the old address. Changed it, checked the next one.",
        "Proration after the upgrade was not understood. Sent them the sum, line by line.",
    ),
    "Expectation not met": (
        "Were told something else before they signed. Looked at the offer together.",
        "Hoped it would save a person in the office. It saves {n} hours a week so far.",
        "Their owner expected a finished setup. Agreed on what we do and what they do.",
        "Says a roadmap date has moved {n} times. True.",
    ),
    "Other": (
        "It was a bad day, not really about us.",
        "Meant another product, and had praise for the app in the end.",
        "Mostly about weather, traffic and a customer of theirs.",
        "Nothing concrete. Wants to be left in peace with surveys for a while.",
    ),
}  # fmt: skip
_NEXT = (
    "I call again on {day}.", "Will write when it is live.", "They send an example.",
    "{colleague} looks into it.", "Next check in {n} days.", "Nothing else open.",
    "Agreed on a date: {day}.", "", "", "", "",
)  # fmt: skip
_LOOKED = (
    "Read their last {n} answers first: same subject each time.",
    "{n} tickets in the last half year, one of them still open.",
    "Owner on their side has changed, look at the account before you call.",
    "Asked {colleague} what was promised. Waiting for that before I call.",
    "Usage is down since {day}.", "Large customer of theirs is involved, handle with care.",
    "Same complaint as from their other branch.",
    "Will call on {day}, they are on site until then.",
    "Not clear from the comment. Will ask.", "Looked at the logs: {n} failed syncs.",
)  # fmt: skip
_TRIED = (
    "No answer, left a message.", "Rang out twice.", "Out until {day}, says the office.",
    "Tried again, nobody there.", "Number is not in use any more, the office looks for another.",
    "Voicemail.", "Engaged all morning.", "On a roof, says the office.",
    "Was driving and asked for another time, which went by.", "In a meeting until late.",
)  # fmt: skip
_LATER = (
    "Next try on {day}.", "Will try in the early morning.", "Asked their office to tell them.",
    "Told {colleague}, who sees them on {day}.", "Try again after {day}.", "",
)  # fmt: skip
_CLOSING = (
    "", "", "", "Told {colleague}.", "Noted on the account.", "Looking at it again in {n} weeks.",
    "Last contact was on {day}.", "See {ticket}.",
)  # fmt: skip
_CLOSED: Mapping[Outcome, Sequence[str]] = {
    Outcome.SOLVED: (
        "Works for them now, they confirmed it.", "Checked with them: {n} days without trouble.",
        "Fixed with the release of {day}. They saw it before I could tell.",
    ),
    Outcome.EXPLAINED: (
        "They know now why it is like that. No further wish.", "Told them plainly. Accepted.",
        "Nothing to fix, but good that we talked.",
    ),
    Outcome.COMPENSATED: (
        "One month free, agreed with Marcus.", "Credit for {n} days, accounting knows.",
        "Two training hours on us.",
    ),
    Outcome.PASSED_ON: (
        "With the product team as {ticket}; they know it from us, not from a survey.",
        "{colleague} goes on with it.", "Handed to engineering, customer knows the number.",
    ),
    Outcome.UNREACHED: (
        "{n} tries in two weeks. Closing it.", "Never reached. The account is fine otherwise.",
        "No answer to calls; their office has our number.",
    ),
    Outcome.LEFT: (
        "They leave at the end of the term.",
        "Decision was taken before they answered. Asked for the export, sent the guide.",
    ),
    Outcome.NOT_OWED: (
        "Clicked the wrong end of the scale.", "Was meant for another supplier.",
    ),
}  # fmt: skip
_OTHERS: Mapping[str, Sequence[str]] = {
    "lead": ("Overdue. Can you call today?", "Please take this one before {day}.",
             "What is missing here? Tell me if it is stuck.", "I can call them if that helps."),
    "hand": ("Is about the product, you know more.", "Please take it, I am out until {day}.",
             "Their admin knows you from ticket {ticket}."),
    "again": ("It is back since {day}, they wrote to me.", "Not done after all: second branch.",
              "Closed too early, they are still waiting for {colleague}."),
    "wait": ("They send an example file.", "Waiting for their IT.", "They want to test it first."),
}  # fmt: skip
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday")
_COLLEAGUES = ("Hannah", "Diego", "Keiko", "Marcus")


class Pen:
    """Writes the notes of one case."""

    def __init__(self, rng: Random, author: str) -> None:
        self.rng, self.author = rng, author

    def contact(self, cause: str) -> str:
        """What came of a call."""
        return self._put(_OPENERS, _SAID[cause], _NEXT)

    def looked(self) -> str:
        """Before the first call."""
        return self._put(_LOOKED)

    def tried(self) -> str:
        """A call that nobody took."""
        return self._put(_TRIED, _LATER)

    def closed(self, outcome: Outcome) -> str:
        """Why the case is done."""
        return self._put(_CLOSED[outcome], _CLOSING)

    def other(self, kind: str) -> str:
        """From the lead, to whoever takes over, when it is open again, when it waits."""
        return self._put(_OTHERS[kind])

    def _put(self, *tables: Sequence[str]) -> str:
        text = " ".join(part for table in tables if (part := self.rng.choice(table)))
        others = [name for name in _COLLEAGUES if name != self.author]
        return text.format(
            n=self.rng.randrange(2, 9), day=self.rng.choice(_DAYS),
            ticket=f"#{self.rng.randrange(30_000, 37_000)}", colleague=self.rng.choice(others),
        )  # fmt: skip


def suggested(comment: str | None) -> str | None:
    """The root cause that the words of a comment suggest, if any."""
    said = comment or ""
    return next((cause for cause, words in ABOUT.items() if words.search(said)), None)
