from collections.abc import Iterator

import pytest

from sandbox.google import Google, serve
from tests.support import pipeline
from tests.support.pipeline import CUSTOMER, SHOP, Shop
from tests.support.ticketing import Bridged, running_ticketing


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Google]:
    """One server for all tests: starting and stopping it costs more than most of them."""
    google = Google()
    with serve(google, 0):
        yield google


@pytest.fixture
def google(sandbox: Google) -> Google:
    sandbox.reset()
    sandbox.account(SHOP, "Support", "shop")
    sandbox.account(CUSTOMER, "Anna")
    return sandbox


@pytest.fixture(autouse=True)
def _lasting_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    pipeline.let_batches_last(monkeypatch)


@pytest.fixture
def shop(google, settings, workspace):
    with pipeline.services_over(settings, google) as services:
        yield Shop(google, services, workspace, pipeline.connect_mailbox(google, services, workspace))


@pytest.fixture
def sales(google, shop):
    """A second mailbox of the same workspace."""
    google.account("sales@shop.example", "Sales", "shop")
    mailbox = pipeline.connect_mailbox(google, shop.services, shop.workspace, "sales@shop.example")
    return Shop(google, shop.services, shop.workspace, mailbox)


@pytest.fixture
def rival(google, shop, other_workspace):
    """A mailbox of another workspace."""
    google.account("desk@rival.example", "Desk", "shop")
    mailbox = pipeline.connect_mailbox(google, shop.services, other_workspace, "desk@rival.example")
    return Shop(google, shop.services, other_workspace, mailbox)


@pytest.fixture(scope="session")
def ticketing():
    """A ticketing system outside: one for all tests, each of which resets it."""
    with running_ticketing() as system:
        yield system


@pytest.fixture
def unbridged(shop, ticketing):
    """A workspace beside a ticketing system with which it is not connected yet."""
    ticketing.reset()
    return Bridged(shop, ticketing)


@pytest.fixture
def bridge(unbridged):
    """A workspace that is connected with it, in the usual mode."""
    unbridged.connect()
    return unbridged
