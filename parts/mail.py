"""The way to a mailbox: Google's endpoints, the sealed grant of each mailbox, and its renewal."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property, partial
from uuid import UUID

from adapters.gmail.connect import Gmail, connect
from adapters.gmail.tokens import GoogleApp, Renew, Tokens
from adapters.gmail.transport import Limits
from adapters.google_grants import Endpoints, discover
from domain.errors import AuthLost
from parts.core import Core
from storage import mailboxes


class Mail(Core):
    @cached_property
    def google_endpoints(self) -> Endpoints:
        """Asked of Google once per process."""
        return discover(self.settings.google_metadata_url)

    @cached_property
    def google_app(self) -> GoogleApp:
        return GoogleApp(
            client_id=self.settings.google_client_id,
            client_secret=self.settings.google_client_secret,
            token_uri=self.google_endpoints.token_uri,
            api_endpoint=self.settings.gmail_api_endpoint,
        )

    @contextmanager
    def open_mailbox(self, tenant: UUID, mailbox: UUID) -> Iterator[Gmail]:
        """One mailbox's way to Gmail, for one job. Raises AuthLost when it has no grant."""
        tokens = self._tokens(tenant, mailbox)
        limits = Limits(read_s=self.settings.google_timeout_seconds)
        with connect(self.google_app, tokens, partial(self._renewed, tenant, mailbox), limits=limits) as gmail:
            yield gmail

    def sealed(self, tenant: UUID, mailbox: UUID, tokens: Tokens) -> mailboxes.Tokens:
        """A grant sealed for its row, and for no other."""
        refresh = self.vault.seal(tokens.refresh.encode(), tenant=tenant, mailbox=mailbox, field="refresh")
        access = self.vault.seal(tokens.access.encode(), tenant=tenant, mailbox=mailbox, field="access")
        return mailboxes.Tokens(refresh, access, tokens.expires_at)

    def _tokens(self, tenant: UUID, mailbox: UUID) -> Tokens:
        with self.database.transaction(tenant) as db:
            sealed = mailboxes.get_tokens(db, tenant, mailbox)
        if sealed is None:
            raise AuthLost("This mailbox is not connected.")
        return self._opened(tenant, mailbox, sealed)

    def _opened(self, tenant: UUID, mailbox: UUID, sealed: mailboxes.Tokens) -> Tokens:
        refresh = self.vault.open(sealed.refresh, tenant=tenant, mailbox=mailbox, field="refresh").decode()
        access = ""
        if sealed.access is not None:
            access = self.vault.open(sealed.access, tenant=tenant, mailbox=mailbox, field="access").decode()
        return Tokens(refresh, access, sealed.access_expires_at)

    def _renewed(self, tenant: UUID, mailbox: UUID, renew: Renew) -> Tokens:
        # Two jobs may refresh at once, which is harmless with Google's tokens; a transaction held while Google
        # thinks is not.
        before = self._tokens(tenant, mailbox)
        tokens = renew(before)
        with self.database.transaction(tenant) as db:
            known = mailboxes.get_tokens(db, tenant, mailbox, lock=True)
            # Where the owner reconnected while Google answered, theirs is the newer grant: ours is not stored.
            if known is not None and self._opened(tenant, mailbox, known).refresh == before.refresh:
                mailboxes.save_tokens(db, tenant, mailbox, self.sealed(tenant, mailbox, tokens))
        return tokens
