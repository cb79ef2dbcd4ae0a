import threading
from dataclasses import replace

import pytest

from domain.errors import TryAgain
from storage.due import Kind
from tests.support.pipeline import TestServices
from worker.drain import NEXT, drain_in_lanes
from worker.process import BATCH


class Counted(TestServices):
    """Notes which threads read mail, and lets nobody go on before two have come."""

    def __init__(self, settings):
        super().__init__(settings)
        self.lanes = set()
        self.both = threading.Barrier(2)

    @property
    def reader(self):
        name = threading.current_thread().name
        if name not in self.lanes:
            self.lanes.add(name)
            self.both.wait(60)
        return super().reader


def test_lanes_share_what_is_due_and_decide_each_mail_once(shop):
    count = BATCH + 8
    for number in range(count):
        shop.write(f"question about parcel {number}", sender=f"customer-{number}@customer.example")
    shop.run(Kind.SYNC)
    while shop.run(Kind.FETCH):
        pass
    services, woken = Counted(shop.services.settings), []
    try:
        assert drain_in_lanes(services, Kind.PROCESS, woken.append, 2) == count
    finally:
        services.close()
    assert len(services.lanes) == 2
    assert shop.one("SELECT count(*) FROM decision") == count
    assert shop.one("SELECT count(DISTINCT message_id) FROM decision") == count
    assert set(woken) == set(NEXT[Kind.PROCESS])


def test_trouble_in_a_lane_is_raised_when_all_have_ended(settings):
    services = TestServices(replace(settings, database_listener_url="postgresql://nobody@/none?host=/nowhere"))
    with pytest.raises(TryAgain):
        drain_in_lanes(services, Kind.PROCESS, lambda _: None, 2)
    services.close()
