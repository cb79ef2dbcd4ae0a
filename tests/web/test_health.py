"""What a load balancer and a stranger are told: whether pages can be served, and which of the things around answer."""

from dataclasses import replace

from bootstrap import build
from settings import Settings
from tests.support.compiled import app_over
from tests.support.servers import Servers
from tests.support.waiting import until
from tests.web.conftest import Browser


def told(settings: Settings, **changed: object) -> tuple[int, dict]:
    services = build(replace(settings, **changed))
    try:
        answer = Browser(app_over(services.settings, services).test_client()).get("/readyz")
    finally:
        services.close()
    return answer.status_code, answer.json


def test_everything_that_answers_is_ok_and_says_how_long_it_took(settings: Settings, servers: Servers) -> None:
    settings.models_dir.mkdir()
    (settings.models_dir / "embedder.json").write_text("{}")
    url = servers.empty_valkey()
    # Redis has a fifth of a second to answer, and a busy machine may want longer.
    until(lambda: told(settings, redis_url=url)[1]["redis"]["state"] == "ok")
    status, said = told(settings, redis_url=url)
    assert status == 200
    assert said["ready"] is True
    assert {name: one["state"] for name, one in said.items() if name != "ready"} == {
        "postgres": "ok", "redis": "ok", "models": "ok",
    }  # fmt: skip
    assert all(one["milliseconds"] >= 0 for name, one in said.items() if name != "ready")


def test_without_redis_and_models_pages_are_served_and_both_are_degraded(settings: Settings) -> None:
    status, said = told(settings)
    assert status == 200
    assert said["redis"]["state"] == said["models"]["state"] == "degraded"
    assert said["ready"] is True


def test_without_postgres_no_page_can_be_served(settings: Settings) -> None:
    status, said = told(settings, database_url="postgresql://nobody:hunter2@127.0.0.1:9/nothing", redis_url="")
    assert status == 503
    assert said["postgres"]["state"] == "away"
    assert said["ready"] is False
    assert "redis" not in said, "a process that knows no Redis looks at none"


def test_a_stranger_learns_words_and_times_alone(settings: Settings, workspace) -> None:
    _, said = told(settings)
    assert set(said) == {"ready", "postgres", "redis", "models"}
    for name in ("postgres", "redis", "models"):
        assert set(said[name]) == {"state", "milliseconds"}
        assert said[name]["state"] in {"ok", "degraded", "away"}
        assert isinstance(said[name]["milliseconds"], float)
