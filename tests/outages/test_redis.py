"""Redis is away for ten minutes: nobody notices, and nothing is lost."""

from datetime import timedelta

import redis

from tests.support.outages import away, frozen
from tests.support.processes import program
from tests.support.waiting import until
from tests.web.conftest import seen

TEN_MINUTES = timedelta(minutes=10)


def test_while_redis_is_away_mail_is_answered_and_pages_work(ground, shop, letters, quick, browser, tmp_path):
    with program(quick, tmp_path) as running:
        letters.write_all()
        letters.await_ends()
        letters.write_all()
        with away(ground.valkey):
            letters.write_all()
            said = browser.get("/readyz")
            assert (said.status_code, said.json["redis"]["state"]) == (200, "degraded")
            assert "Nothing needs looking at." in seen(browser.page("/alerts"))
            assert "Answering by itself is on." in seen(browser.press("/answering", {"on": "yes"}))
            letters.await_ends()
            ground.leap(TEN_MINUTES)
            letters.write_all()
            letters.await_ends()
        letters.write_all()
        letters.await_ends()
        with redis.Redis.from_url(ground.valkey.url) as client:
            until(lambda: client.scard("rq:workers") == 2, 30)
        until(lambda: browser.get("/readyz").json["redis"]["state"] == "ok")
        assert all(one.poll() is None for one in running.values())
    letters.check()


def test_a_redis_that_hangs_holds_no_mail_up(ground, shop, letters, quick, browser, tmp_path):
    with program(quick, tmp_path):
        letters.write_all()
        letters.await_ends()
        with frozen(ground.valkey):
            letters.write_all()
            assert browser.get("/readyz").json["redis"]["state"] == "degraded"
            letters.await_ends()
        letters.write_all()
        letters.await_ends()
    letters.check()
