"""Run one row's work so that whatever goes wrong concerns that row alone: the one home of `except Exception`."""

from collections.abc import Callable
from traceback import extract_tb

import structlog

from domain.errors import MailwrightError

log = structlog.get_logger()


def attempt(work: Callable[[], None], failed: Callable[[Exception], None], **ids: object) -> bool:
    """Do `work`; when it raises, say so in the log and hand the error to `failed`, which gives the row back."""
    try:
        work()
    except Exception as error:  # the job runner: an unknown error ends in a row, never in a lost mail
        # Our own errors are expected and named; a stranger's message may carry a customer's text, so only its kind
        # and the places it came through are logged, and of ours not what they quote.
        if isinstance(error, MailwrightError):
            log.warning("attempt_failed", error=error.logged, places=[], **ids)
        else:
            places = [f"{one.filename}:{one.lineno}" for one in extract_tb(error.__traceback__)]
            log.warning("attempt_failed", error=type(error).__name__, places=places, **ids)
        failed(error)
        return False
    return True


def reason_of(error: Exception) -> str:
    """What the row keeps of an error. A stranger's message may carry a customer's text: only its kind is kept."""
    return str(error) if isinstance(error, MailwrightError) else f"an unexpected {type(error).__name__}"
