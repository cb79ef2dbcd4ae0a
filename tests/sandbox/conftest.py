"""A sandbox Google in a thread, and the real clients over it."""

from collections.abc import Iterator

import pytest

from sandbox.google import Google, serve
from tests.sandbox.clients import SHOP, Shop


class Clock:
    """A clock that stands still until a test moves it."""

    def __init__(self) -> None:
        self.now = 1_790_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def google(clock: Clock) -> Google:
    sandbox = Google(clock)
    sandbox.account(SHOP, "The Shop", "shop")
    sandbox.account("anna@customer.example", "Anna", "customer")
    return sandbox


@pytest.fixture
def base(google: Google) -> Iterator[str]:
    with serve(google) as url:
        yield url


@pytest.fixture
def shop(google: Google, base: str) -> Iterator[Shop]:
    """The shop's mailbox through google-auth and google-api-python-client."""
    client = Shop(google, base)
    yield client
    client.close()
