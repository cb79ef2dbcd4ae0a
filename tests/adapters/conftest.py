"""A sandbox Google for the adapters' tests: one server for all, emptied before each test."""

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta

import pytest

from adapters.gmail.connect import Gmail, connect
from adapters.gmail.tokens import GoogleApp, Renew, Tokens
from adapters.gmail.transport import Limits
from sandbox.google import DEMO_CLIENT, Google, serve

SHOP = "shop@example.com"
CUSTOMER = "anna@example.org"

PATIENT = Limits(read_s=60)
IMPATIENT = Limits(read_s=0.25)  # for answers that a fault holds back
HELD_BACK_S = 60  # or until it is let go


@pytest.fixture(scope="session")
def google_server() -> Iterator[Google]:
    google = Google()
    with serve(google, port=0) as base_url:
        google.base_url = base_url
        yield google


@pytest.fixture
def google(google_server: Google) -> Google:
    """Empty but for the shop's and a customer's account."""
    google_server.reset()
    google_server.account(SHOP, "The shop", "shop")
    google_server.account(CUSTOMER, "Anna")
    return google_server


class TokenRow:
    """What a database row does: keep the tokens between jobs, and hand them out under a lock."""

    def __init__(self, tokens: Tokens) -> None:
        self.tokens = tokens
        self.refreshes = 0

    def under_lock(self, renew: Renew) -> Tokens:
        before = self.tokens
        self.tokens = renew(before)
        self.refreshes += self.tokens is not before
        return self.tokens


class Connections:
    """Open mailboxes of the sandbox Google as a job would; all are closed at the end of the test."""

    def __init__(self, google: Google) -> None:
        self._google = google
        self._open = ExitStack()
        self.app = GoogleApp(DEMO_CLIENT.id, DEMO_CLIENT.secret, f"{google.base_url}/token", google.base_url)

    def grant(self, **options) -> TokenRow:
        given = self._google.authorize(SHOP, **options)
        expires_at = datetime.now(UTC) + timedelta(seconds=given["expires_in"])
        return TokenRow(Tokens(given["refresh_token"], given["access_token"], expires_at))

    def open(self, row: TokenRow | None = None, limits: Limits = PATIENT, app: GoogleApp | None = None) -> Gmail:
        row = row or self.grant()
        return self._open.enter_context(connect(app or self.app, row.tokens, row.under_lock, limits=limits))

    def close(self) -> None:
        self._open.close()


@pytest.fixture
def connections(google: Google) -> Iterator[Connections]:
    opened = Connections(google)
    yield opened
    opened.close()


@pytest.fixture
def gmail(connections: Connections) -> Gmail:
    return connections.open()
