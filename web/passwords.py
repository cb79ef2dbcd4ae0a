"""Passwords: argon2id, a bounded number at once, the same work for people that do not exist."""

import threading
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from domain.errors import BadInput

SHORTEST = 12

# OWASP's second choice for argon2id: 19 MiB, two passes. Two at once bound the memory that signing in can take.
_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_AT_ONCE = threading.BoundedSemaphore(2)


def hashed(password: str) -> str:
    """The hash to store. Raises BadInput when the password is too short."""
    if len(password) < SHORTEST:
        raise BadInput("password", f"Choose a password of at least {SHORTEST} characters.")
    with _AT_ONCE:
        return _HASHER.hash(password)


def matches(stored: str, password: str) -> bool:
    """Whether this is the password. Who has none, and signs in with Google alone, takes as long and never matches."""
    if not stored:
        matches_nobody(password)
        return False
    try:
        with _AT_ONCE:
            return _HASHER.verify(stored, password)
    except (VerifyMismatchError, InvalidHashError):
        return False


def matches_nobody(password: str) -> None:
    """As much work as a real look, so that the time tells nobody which addresses we know."""
    matches(_nobody(), password)


def is_outdated(stored: str) -> bool:
    return _HASHER.check_needs_rehash(stored)


@cache
def _nobody() -> str:
    return hashed("a password that belongs to nobody")
