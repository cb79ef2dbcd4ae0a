"""Passwords: argon2id, a bounded number at once, the same work for people that do not exist."""

import re
import threading
from collections.abc import Iterable
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError
from zxcvbn import zxcvbn  # type: ignore[import-untyped]  # it comes without types

from domain.errors import BadInput

SHORTEST = 12

# OWASP's second choice for argon2id: 19 MiB, two passes. Two at once bound the memory that signing in can take.
_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_AT_ONCE = threading.BoundedSemaphore(2)

# zxcvbn's scale from 0 to 4: below 3 somebody who knows the usual passwords needs fewer than 10^8 guesses.
_GUESSABLE = 3
# What names this program and the work that is done with it: guessed first where it is found.
OURS = ("mailwright", "support", "helpdesk", "mailbox", "gmail", "workspace", "owner", "admin", "agent", "viewer")
# So much a password needs besides words that others know.
_OF_ITS_OWN = 8
# So much of a password is looked at. Several of these signs may stand for the same letter, so that each kind more
# multiplies the ways to read it: with all of them one look took five seconds.
_LOOKED_AT, _KINDS_OF_SIGNS = 64, 3
_SIGNS = frozenset("@({[<!|$+%")


def hashed(password: str, about: Iterable[str] = ()) -> str:
    """The hash to store. Raises BadInput when the password is too short or easily guessed.

    `about` is what others know of who chooses it: address, name, shop.
    """
    _refuse_short(password)
    if is_guessable(password, about):
        raise BadInput("password", "This password is easily guessed: choose another one, of several words say.")
    return hashed_anew(password)


def hashed_by_hand(password: str) -> str:
    """The hash of one that somebody at the machine chose, who is told what is easily guessed, and may.

    Raises BadInput when the password is too short.
    """
    _refuse_short(password)
    return hashed_anew(password)


def hashed_anew(password: str) -> str:
    """The hash of a password that was chosen before."""
    with _AT_ONCE:
        return _HASHER.hash(password)


def _refuse_short(password: str) -> None:
    if len(password) < SHORTEST:
        raise BadInput("password", f"Choose a password of at least {SHORTEST} characters.")


def is_guessable(password: str, about: Iterable[str] = ()) -> bool:
    """Whether it is among those tried first: common and leaked ones, names, dates, keys in a row, words of `about`."""
    known = [*OURS, *(word for text in about for word in re.split(r"\W+", text.casefold()) if len(word) > 2)]
    own = password.casefold()
    for word in sorted(known, key=len, reverse=True):
        own = own.replace(word, "")
    if len(own) < _OF_ITS_OWN:
        return True
    with _AT_ONCE:
        return int(zxcvbn(_readable(password), user_inputs=known)["score"]) < _GUESSABLE


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


def _readable(password: str) -> str:
    """What is looked at of a password: its beginning, with few kinds of signs. To leave some out makes it no better."""
    start = password[:_LOOKED_AT]
    kept = frozenset([one for one in dict.fromkeys(start) if one in _SIGNS][:_KINDS_OF_SIGNS])
    return "".join(one for one in start if one not in _SIGNS or one in kept)


@cache
def _nobody() -> str:
    return hashed_anew("a password that belongs to nobody")
