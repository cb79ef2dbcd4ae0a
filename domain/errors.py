"""The one tree of errors, named by what to do next."""

from datetime import UTC, datetime, timedelta
from typing import Self


class MailwrightError(Exception):
    """Anything that we raise on purpose. `said` is what of its words are another's, who may name anybody in them."""

    said: str = ""

    def quoting(self, said: str) -> Self:
        """The same error, which says that these of its words are not ours: people read them, and no log does."""
        self.said = said
        return self

    @property
    def logged(self) -> str:
        """Its words without another's, also where it passes on what an earlier error said."""
        words, error = str(self), self.__cause__
        for one in (self, *([error] if isinstance(error, MailwrightError) else [])):
            words = words.replace(one.said, "…") if one.said else words
        return words


class TryAgain(MailwrightError):
    """Passing trouble: the same request may succeed after a wait of `after`."""

    def __init__(self, reason: str, after: timedelta = timedelta(seconds=5)) -> None:
        super().__init__(reason)
        self.reason = reason
        self.after = after


class Collided(TryAgain):
    """We and somebody else each waited for what the other had locked, and we gave way: nothing of ours was changed."""

    def __init__(self) -> None:
        super().__init__("Somebody else was changing the same in this very moment.", timedelta(seconds=1))


class NeedsPerson(MailwrightError):
    """Trying again will not help: a person has to act on `reason`."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class BadInput(MailwrightError):
    """Somebody gave us `field` in a form that we cannot use; `reason` is a sentence that says what to do."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason


class RateLimited(TryAgain):
    """The vendor asked us to wait until `until` (UTC)."""

    def __init__(self, reason: str, until: datetime, now: datetime) -> None:
        super().__init__(reason, max(until - now, timedelta(seconds=1)))
        self.until = until.astimezone(UTC)


class AuthLost(NeedsPerson):
    """The mailbox's grant is dead (revoked, expired, password changed): the owner has to reconnect."""


class ScopeMissing(NeedsPerson):
    """The grant lives but does not cover what we need: the owner has to consent again."""


class HistoryExpired(MailwrightError):
    """Gmail no longer knows our history cursor: list the mailbox anew instead."""


class Gone(MailwrightError):
    """The thing asked for does not exist any more."""


class NotSent(MailwrightError):
    """Gmail proved that it refused to send; `after` is None when trying again is pointless."""

    def __init__(self, reason: str, after: timedelta | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.after = after


class NotDone(MailwrightError):
    """The shop proved that it did not do it; `after` is None when trying again is pointless."""

    def __init__(self, reason: str, after: timedelta | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.after = after


class Unclear(MailwrightError):
    """We do not know whether the other side did it: look before anything is repeated."""


class DraftGone(MailwrightError):
    """The draft does not exist: it was sent, or somebody removed it."""


class Unreadable(MailwrightError):
    """These bytes cannot be read as a mail; they are kept raw."""
