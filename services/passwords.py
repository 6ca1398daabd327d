"""Passwords: which are good enough, how they are kept, whether one is right."""

from functools import cache
from threading import BoundedSemaphore

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from services.access import Refused

SHORTEST, LONGEST = 10, 200  # characters

# OWASP's second recommendation for argon2id: 19 MiB, two passes, one lane. Memory is what an
# attacker pays for; two at a time keep a rush of sign-ins from taking all of ours.
_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_TURNS = BoundedSemaphore(2)


def check(password: str, email: str) -> None:
    """Refuse a password that is short, or that anybody would try first."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise Refused(f"A password has {SHORTEST} to {LONGEST} characters.")
    said = password.strip().casefold()
    address = email.strip().casefold()
    if said in (address, address.partition("@")[0]):
        raise Refused("The password must not be the e-mail address.")
    if len(set(said)) < 4:
        raise Refused("The password repeats too few characters.")


def hashed(password: str) -> str:
    """What is kept of a password: argon2id with its own salt. Takes about 30 ms."""
    with _TURNS:
        return _HASHER.hash(password)


def right(kept: str | None, password: str) -> bool:
    """Whether `password` is the one kept; takes as long when there is none to compare with."""
    with _TURNS:
        try:
            return _HASHER.verify(kept or _nobody(), password) and kept is not None
        except (VerificationError, InvalidHashError):
            return False


def outdated(kept: str) -> bool:
    """Whether the hash was made with other parameters than today's."""
    return _HASHER.check_needs_rehash(kept)


@cache
def _nobody() -> str:
    return _HASHER.hash("a password that nobody has")
