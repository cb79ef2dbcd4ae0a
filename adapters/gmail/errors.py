"""Translate what Google and the network say into our own errors: the one place with Google's words for trouble."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import requests
from google.auth.exceptions import GoogleAuthError, RefreshError
from googleapiclient.errors import BatchError, HttpError

from adapters.gmail.refusal import Refusal, refusal_of, until
from adapters.gmail.transport import BrokenAnswer
from domain.errors import AuthLost, Gone, MailwrightError, NeedsPerson, RateLimited, ScopeMissing, TryAgain

LIMIT_WAIT = timedelta(seconds=30)  # when Google names no time
DAY_LIMIT_WAIT = timedelta(hours=2)
PRECONDITION_WAIT = timedelta(minutes=5)
CLIENT_WAIT = timedelta(minutes=5)
ACCESS_WAIT = timedelta(seconds=30)

TRANSPORT_ERRORS = (
    requests.RequestException,
    GoogleAuthError,
    HttpError,
    BatchError,
    BrokenAnswer,
    UnicodeDecodeError,
)


class ClientRejected(TryAgain):
    """Google does not accept our own client or project: an operator must act, and no mailbox is at fault.

    A TryAgain, so that nothing fails for good and everything goes on by itself once the settings are right.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason, CLIENT_WAIT)


Making = Callable[[Refusal, datetime], MailwrightError]


def _limited(wait: timedelta) -> Making:
    return lambda refusal, now: RateLimited(refusal.words, until(refusal, now, wait), now)


def _try_again(wait: timedelta) -> Making:
    return lambda refusal, _: TryAgain(refusal.words, wait)


def _person(why: str) -> Making:
    return lambda refusal, _: NeedsPerson(f"{why} {refusal.words}")


# (status, reason) -> error; the reason "" stands for every other reason of that status. GMAIL.md 1.1.
ANSWERS: dict[tuple[int, str], Making] = {
    (400, "failedPrecondition"): _try_again(PRECONDITION_WAIT),
    (400, ""): lambda refusal, _: NeedsPerson(refusal.words),
    # Of a token that was renewed a moment ago: a dead grant shows where tokens are renewed (ADR 0029).
    (401, ""): lambda _, __: TryAgain(
        "Google refuses this mailbox's access, though it has just renewed it: it is asked again. If this stays,"
        " reconnect the mailbox.",
        ACCESS_WAIT,
    ),
    (403, "rateLimitExceeded"): _limited(LIMIT_WAIT),
    (403, "userRateLimitExceeded"): _limited(LIMIT_WAIT),
    (403, "quotaExceeded"): _limited(LIMIT_WAIT),
    (403, "dailyLimitExceeded"): _limited(DAY_LIMIT_WAIT),
    (403, "insufficientPermissions"): lambda _, __: ScopeMissing(
        "The permission to read and answer mail was not given: reconnect the mailbox and tick it."
    ),
    (403, "accessNotConfigured"): lambda _, __: ClientRejected(
        "The Gmail API is not switched on in our Google project: switch it on."
    ),
    (403, "domainPolicy"): lambda _, __: AuthLost(
        "The Workspace administrator has forbidden this: have it allowed, then reconnect the mailbox."
    ),
    (403, ""): _person("Google refuses this."),
    (404, ""): lambda refusal, _: Gone(refusal.words),
    (408, ""): _try_again(timedelta(seconds=5)),
    (409, ""): _try_again(timedelta(seconds=5)),
    (410, ""): lambda refusal, _: Gone(refusal.words),
    (429, "dailyLimitExceeded"): _limited(DAY_LIMIT_WAIT),
    (429, ""): _limited(LIMIT_WAIT),
}

# What the token endpoint says (RFC 6749 5.2, and Google's own words).
_GRANT_DEAD = (
    "Google no longer accepts this mailbox's grant (revoked, expired, or the password was changed): reconnect it."
)
_CLIENT_WRONG = "Google does not accept our own client id or secret: correct the settings."
REFRESHES: dict[str, Callable[[], MailwrightError]] = {
    "invalid_grant": lambda: AuthLost(_GRANT_DEAD),
    "access_denied": lambda: AuthLost(_GRANT_DEAD),
    "admin_policy_enforced": lambda: AuthLost("The Workspace administrator does not allow this access."),
    "invalid_client": lambda: ClientRejected(_CLIENT_WRONG),
    "unauthorized_client": lambda: ClientRejected(_CLIENT_WRONG),
    "deleted_client": lambda: ClientRejected(_CLIENT_WRONG),
    "org_internal": lambda: AuthLost("Our Google project only serves its own organisation."),
    "invalid_scope": lambda: ScopeMissing("Google no longer grants what we need: reconnect the mailbox."),
}


def translated(error: Exception, now: datetime) -> MailwrightError:
    """Our error for anything in TRANSPORT_ERRORS."""
    match error:
        case HttpError():
            return of_refusal(refusal_of(error), now)
        case RefreshError():
            return _of_refresh(error)
        case BrokenAnswer() | UnicodeDecodeError():
            return TryAgain("Gmail's answer was broken.")
        case _:
            # The class alone: the text of a network error carries addresses and paths.
            return TryAgain(f"Gmail could not be reached ({type(error).__name__}).")


@contextmanager
def google_errors(clock: Callable[[], datetime]) -> Iterator[None]:
    """Everything inside that Google's libraries raise comes out as one of our errors."""
    try:
        yield
    except TRANSPORT_ERRORS as error:
        raise translated(error, clock()) from error


def of_refusal(refusal: Refusal, now: datetime) -> MailwrightError:
    return _of_answer(refusal, now).quoting(refusal.said)


def _of_answer(refusal: Refusal, now: datetime) -> MailwrightError:
    making = ANSWERS.get((refusal.status, refusal.reason)) or ANSWERS.get((refusal.status, ""))
    if making is not None:
        return making(refusal, now)
    if refusal.status >= 500:
        wait = until(refusal, now, timedelta(seconds=5)) - now
        return TryAgain(refusal.words, wait)
    return NeedsPerson(refusal.words)


def _of_refresh(error: RefreshError) -> MailwrightError:
    told: Any = error.args[1] if len(error.args) > 1 else {}
    word = str(told.get("error", "")) if isinstance(told, dict) else ""
    if error.retryable:
        return TryAgain(f"Google's token endpoint is out of order ({word or 'no reason'}).")
    if "Reauthentication is needed" in str(error.args[0]):
        return AuthLost(_GRANT_DEAD)
    if word in REFRESHES:
        return REFRESHES[word]()
    if word:
        return ClientRejected(f"Google refuses to refresh an access token ({word[:60]}).")
    return TryAgain("Google's token endpoint gave an answer that we cannot read.")
