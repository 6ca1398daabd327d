"""How signing in with a provider says no: in words for the person, and in one for the trail."""

from services.access import Refused


class NotIn(Refused):
    """Nobody was let in. `why` names the reason; it holds nothing that the provider said."""

    def __init__(self, why: str, said: str) -> None:
        super().__init__(said)
        self.why = why
