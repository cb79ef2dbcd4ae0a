"""Say what an error means for something that was to be done once: refused, gone, or unclear. GMAIL.md 5.1.

Only an answer that proves refusal counts as one. The rest (5xx, time-outs, resets, half answers) may have taken effect.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

from googleapiclient.errors import HttpError

from adapters.gmail.errors import TRANSPORT_ERRORS, of_refusal, translated
from adapters.gmail.refusal import refusal_of
from adapters.gmail.transport import AnswerTooLarge
from domain.errors import AuthLost, DraftGone, MailwrightError, NotSent, ScopeMissing, TryAgain, Unclear

PROVEN_REFUSALS = frozenset({400, 401, 403, 413, 429})


@contextmanager
def sending(clock: Callable[[], datetime]) -> Iterator[None]:
    """Errors inside come out as NotSent, DraftGone, Unclear, or as AuthLost and ScopeMissing: refusals, too."""
    try:
        yield
    except (*TRANSPORT_ERRORS, AnswerTooLarge) as error:
        raise _of_sending(error, clock()) from error


def _of_sending(error: Exception, now: datetime) -> MailwrightError:
    if not isinstance(error, HttpError):
        return Unclear(str(translated(error, now)))
    refusal = refusal_of(error)
    if refusal.status == 404:
        return DraftGone(refusal.words).quoting(refusal.said)
    if refusal.status not in PROVEN_REFUSALS:
        return Unclear(refusal.words).quoting(refusal.said)
    ours = of_refusal(refusal, now)
    if isinstance(ours, AuthLost | ScopeMissing):
        return ours
    after = ours.after if isinstance(ours, TryAgain) else None
    return NotSent(refusal.words, after).quoting(refusal.said)


@contextmanager
def drafting(clock: Callable[[], datetime]) -> Iterator[None]:
    """As `sending`, but passing refusals stay TryAgain and RateLimited, so that NotSent is for good."""
    try:
        yield
    except (*TRANSPORT_ERRORS, AnswerTooLarge) as error:
        raise _of_drafting(error, clock()) from error


def _of_drafting(error: Exception, now: datetime) -> MailwrightError:
    outcome = _of_sending(error, now)
    if isinstance(outcome, DraftGone):
        return NotSent("The conversation that this answers does not exist any more.")
    if isinstance(outcome, NotSent) and outcome.after is not None:
        return translated(error, now)
    return outcome


@contextmanager
def reading_outcome() -> Iterator[None]:
    """Gmail said that it did it, but did not say what came of it: that is unclear, too."""
    try:
        yield
    except TryAgain as broken:
        raise Unclear(broken.reason) from broken
