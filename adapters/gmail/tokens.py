"""Keep one mailbox's access token fresh, one refresh at a time."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import google.auth.credentials
from google.oauth2.credentials import Credentials as RefreshableCredentials

from adapters.gmail.errors import google_errors
from adapters.gmail.transport import RefreshOnce

# google.auth calls a token stale 3 min 45 s before its end; what another job refreshed must be better than that.
_FRESH_FOR = timedelta(minutes=4)


@dataclass(frozen=True, slots=True)
class GoogleApp:
    """Our own identity at Google and where Google is; all from the settings."""

    client_id: str
    client_secret: str = field(repr=False)
    token_uri: str
    api_endpoint: str

    @property
    def batch_uri(self) -> str:
        return f"{self.api_endpoint.rstrip('/')}/batch"


@dataclass(frozen=True, slots=True)
class Tokens:
    """A mailbox's grant, opened. `access` may be empty and `expires_at` (UTC) None: then it is refreshed first."""

    refresh: str = field(repr=False)
    access: str = field(default="", repr=False)
    expires_at: datetime | None = None


Renew = Callable[[Tokens], Tokens]

# Given by the caller: lock the mailbox's token row, read it, call `renew` with what it holds, store the answer, unlock,
# and return the answer. `renew` asks Google only when the row holds nothing better than the token that was refused.
UnderLock = Callable[[Renew], Tokens]


class MailboxCredentials(google.auth.credentials.Credentials):
    """What google.auth asks for a token. One object per job; never shared between threads."""

    def __init__(
        self,
        app: GoogleApp,
        tokens: Tokens,
        under_lock: UnderLock,
        refresh_request: RefreshOnce,
        clock: Callable[[], datetime],
    ) -> None:
        google.auth.credentials.Credentials.__init__(self)
        self._app = app
        self._under_lock = under_lock
        self._refresh_request = refresh_request
        self._clock = clock
        self._take(tokens)

    def refresh(self, request: object) -> None:
        """Called by google.auth when the token is stale or was refused with a 401.

        Raises our own errors, so that they may pass through the caller's lock: AuthLost, ScopeMissing,
        ClientRejected, TryAgain.
        """
        del request  # it would repeat and sleep; ours does not
        refused = self.token
        self._take(self._under_lock(lambda stored: self._renewed(stored, refused)))

    def _renewed(self, stored: Tokens, refused: str | None) -> Tokens:
        lives = stored.expires_at is not None and stored.expires_at - self._clock() > _FRESH_FOR
        if lives and stored.access and stored.access != refused:
            return stored
        # No `scopes`: Google refuses a refresh that asks for more than was granted.
        asked = RefreshableCredentials(
            None,
            refresh_token=stored.refresh,
            token_uri=self._app.token_uri,
            client_id=self._app.client_id,
            client_secret=self._app.client_secret,
        )
        with google_errors(self._clock):
            asked.refresh(self._refresh_request)
        expires_at = asked.expiry.replace(tzinfo=UTC) if asked.expiry else None
        return Tokens(refresh=asked.refresh_token or stored.refresh, access=asked.token or "", expires_at=expires_at)

    def _take(self, tokens: Tokens) -> None:
        self.token = tokens.access or None
        self.expiry = tokens.expires_at.astimezone(UTC).replace(tzinfo=None) if tokens.expires_at else None
