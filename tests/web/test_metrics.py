"""The page for a monitoring system: who may read it, what it says, and the rules that are shipped for it."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from bootstrap import Services, build
from settings import Settings
from storage.due import Kind
from storage.metrics import Figure
from tests.support.compiled import app_over
from tests.web.conftest import Browser
from tests.web.filling import Filler
from web.exposition import ANSWERS, FAMILIES, exposed
from web.metrics import KEPT, Kept

ROOT = Path(__file__).parents[2]
RULES = ROOT / "deploy" / "prometheus-rules.yml"
TOKEN = "t" * 40


@pytest.fixture
def watched(settings: Settings):
    services = build(replace(settings, metrics_token=TOKEN))
    yield Browser(app_over(services.settings, services).test_client())
    services.close()


def ask(browser: Browser, authorization: str):
    return browser.get("/metrics", headers={"Authorization": authorization} if authorization else {})


def samples(page: str) -> dict[tuple[str, ...], float]:
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(page)
        for sample in family.samples
    }


def test_without_a_token_in_the_settings_there_is_no_such_page(stranger: Browser, services: Services) -> None:
    assert services.settings.metrics_token == ""
    for authorization in ("", "Bearer ", f"Bearer {TOKEN}"):
        assert ask(stranger, authorization).status_code == 404


@pytest.mark.parametrize("authorization", ["", "Bearer", "Bearer no", f"Basic {TOKEN}", f"Bearer {TOKEN}x", "Bearer ü"])
def test_without_the_right_token_nothing_is_told(watched: Browser, authorization: str) -> None:
    answer = ask(watched, authorization)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert "mailwright" not in answer.text


def test_with_the_token_every_figure_is_there_also_when_nothing_happened(watched: Browser) -> None:
    answer = ask(watched, f"Bearer {TOKEN}")
    assert answer.status_code == 200
    assert answer.content_type.startswith("text/plain; version=0.0.4")
    found = samples(answer.text)
    for kind in Kind:
        assert found["mailwright_due_age_seconds", kind.value] == 0
    assert found["mailwright_outbox_rows", "uncertain"] == 0
    assert found["mailwright_mailboxes", "needs_reauth"] == 0
    named = {family.name for family in text_string_to_metric_families(answer.text)}
    assert {family.name for family in FAMILIES.values()} | {ANSWERS} <= named


def test_mail_shows_in_the_figures_without_anybody_s_name(watched: Browser, filler: Filler) -> None:
    mailbox = filler.mailbox("canary@lumen.example")
    filler.held(mailbox)
    filler.released(mailbox)
    text = ask(watched, f"Bearer {TOKEN}").text
    found = samples(text)
    assert found["mailwright_outcomes_24h", "question", "held"] == 1
    assert found["mailwright_waiting_mails",] == 1
    assert found[f"{ANSWERS}_bucket", "900"] == found[f"{ANSWERS}_bucket", "+Inf"] == 1
    assert not re.search(rf"canary|lumen|anna|@|{filler.tenant}", text, re.IGNORECASE)


def test_the_page_is_made_once_in_fifteen_seconds() -> None:
    now, made = [0.0], []
    kept = Kept(lambda: now[0])

    def make() -> bytes:
        made.append(now[0])
        return b"%d" % len(made)

    assert [kept.get(make), kept.get(make)] == [b"1", b"1"]
    now[0] = KEPT - 0.1
    assert kept.get(make) == b"1"
    now[0] = KEPT
    assert kept.get(make) == b"2"


def test_while_postgres_is_away_it_says_so_and_keeps_nothing(settings: Settings) -> None:
    services = build(replace(settings, metrics_token=TOKEN, database_url="postgresql://nobody@127.0.0.1:9/nothing"))
    browser = Browser(app_over(services.settings, services).test_client())
    assert [ask(browser, f"Bearer {TOKEN}").status_code for _ in range(2)] == [503, 503]
    services.close()


def test_a_figure_of_a_later_release_is_left_out() -> None:
    page = exposed([Figure("of_tomorrow", "", "", 1.0), Figure("waiting_mails", "", "", 2.0)]).decode()
    assert "of_tomorrow" not in page
    assert samples(page)["mailwright_waiting_mails",] == 2


def test_every_figure_of_the_database_has_a_name(services: Services, filler: Filler) -> None:
    from storage import metrics

    filler.held(filler.mailbox())
    with services.database.without_tenant() as db:
        names = {one.name for one in metrics.figures(db)}
    assert names - set(FAMILIES) == {"answers", "answers_count", "answers_seconds"}


def named_in(text: str) -> set[str]:
    return set(re.findall(r"\bmailwright_[a-z_0-9]+", text)) - {"mailwright_app", "mailwright_listener"}


def test_every_figure_that_a_shipped_rule_names_exists() -> None:
    known = {family.name for family in FAMILIES.values()} | {f"{ANSWERS}_bucket"}
    rules = [rule for group in yaml.safe_load(RULES.read_text())["groups"] for rule in group["rules"]]
    assert len(rules) >= 4
    for rule in rules:
        assert named_in(rule["expr"]), rule["alert"]
        assert named_in(rule["expr"]) <= known, rule["alert"]
        assert rule["annotations"]["summary"].endswith(".")
        assert rule["annotations"]["do"].endswith(".")


def test_the_page_on_running_names_every_figure_and_none_that_is_not_there() -> None:
    text = (ROOT / "docs" / "running.md").read_text()
    known = {family.name for family in FAMILIES.values()} | {ANSWERS}
    assert named_in(text) - {f"{ANSWERS}_bucket"} == known
