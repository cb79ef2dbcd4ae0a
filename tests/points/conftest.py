from collections.abc import Iterator
from functools import partial

import pytest

from sandbox.google import Google, serve
from tests.points.scenario import Opened
from tests.points.world import Outsides, open_world
from tests.support import pipeline
from tests.support.acting import running_shop
from tests.support.ticketing import running_ticketing


@pytest.fixture(scope="module")
def outsides() -> Iterator[Outsides]:
    google = Google()
    with serve(google, 0), running_shop() as orders, running_ticketing() as ticketing:
        yield Outsides(google, orders, ticketing)


@pytest.fixture(autouse=True)
def _lasting_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    pipeline.let_batches_last(monkeypatch)


@pytest.fixture
def opened(servers, outsides, password_hash, tmp_path) -> Opened:
    return partial(open_world, servers, outsides, password_hash, tmp_path)
