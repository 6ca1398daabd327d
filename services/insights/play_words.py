"""What the report on plays says in words."""

from services.insights.loop_words import of_ten
from services.insights.plays import PlayReport


def finding(found: PlayReport) -> str:
    """The headline: how many of the plays that ended did so well, and how many still run."""
    ended = found.whole.finished.n
    runs = found.whole.started.n - ended
    still = f"{runs:,} still {'runs' if runs == 1 else 'run'}" if runs else "none still runs"
    good = found.whole.good.now
    if not ended or good.too_few:
        return f"Too few plays have ended to say how they do; {still}"
    return f"{of_ten(good)} plays that ended went well; {still}"
