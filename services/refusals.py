"""How a verb says no. Apart from everything else, so that light modules can say it too."""


class Forbidden(Exception):
    """The actor may not do this."""


class Refused(Exception):
    """The verb cannot be done as asked; the message says why and what was kept."""
