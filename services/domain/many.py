"""How many of something there are, in words. Pure."""


def many(n: int, one: str, more: str = "") -> str:
    """ "1 answer", "12 answers", "1,200 deliveries" (`more` where an s is not enough)."""
    return f"{n:,} {one if n == 1 else more or f'{one}s'}"
