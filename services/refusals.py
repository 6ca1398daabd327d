"""How a verb says no. Apart from everything else, so that light modules can say it too."""


class Forbidden(Exception):
    """The actor may not do this."""


class Refused(Exception):
    """The verb cannot be done as asked; the message says why and what was kept."""


class Stale(Refused):
    """Somebody else was faster; the message says what they did. `version` is the one it has now."""

    def __init__(self, words: str, version: int) -> None:
        super().__init__(words)
        self.version = version
