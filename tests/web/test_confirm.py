"""The page behind a mailed link: what it asks, whom it believes, and that it tells nothing to anybody else."""

import io
import logging
import re
import threading
from dataclasses import replace
from urllib.parse import quote, urlsplit
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from playwright.sync_api import sync_playwright
from structlog.testing import capture_logs

from adapters.link_signing import LinkIds, signed
from domain.errors import NeedsPerson
from storage import identity_links
from tests.support.browser import find_chromium
from tests.support.compiled import app_over
from tests.support.proof import NUMBER, OWNER, STRANGER, an_order, ask, has_orders, mailed, proving_shop, token_in
from tests.web.conftest import seen
from tests.web.test_browser import serving
from web import confirm as page

ACCEPTS = {"en": "en-GB,en", "de": "de-DE,de;q=0.9", "fr": "fr", "es": "es-ES", "nl": "nl"}
DEAD = "This link does not work any more"


@pytest.fixture
def shop(settings, workspace):
    with proving_shop(settings, workspace) as shop:
        yield shop


@pytest.fixture
def app(settings, shop):
    app = app_over(replace(settings), shop.services)
    app.testing = True
    return app


@pytest.fixture
def client(app):
    """A browser without a cookie: whoever reads the mail has never been here."""
    return app.test_client()


@pytest.fixture
def token(shop) -> str:
    ask(shop)
    (mail,) = mailed(shop)
    return token_in(mail)


def case_state(shop) -> str:
    return shop.one("SELECT state FROM support_case")


def is_dead(answer) -> bool:
    return answer.status_code == 404 and DEAD in seen(answer.text)


def test_the_page_asks_and_the_button_confirms(shop, client, token):
    asked = client.get(f"/confirm/{token}")
    assert asked.status_code == 200
    assert f"Did you write to us about order {NUMBER}?" in seen(asked.text)
    assert "Lumen" in seen(asked.text)
    thanked = client.post(f"/confirm/{token}")
    assert thanked.status_code == 200
    assert f"You have confirmed that you wrote to us about order {NUMBER}." in seen(thanked.text)
    assert case_state(shop) == "checking"


def test_the_page_asks_for_no_sign_in_and_gives_no_cookie(client, token):
    for answer in (client.get(f"/confirm/{token}"), client.post(f"/confirm/{token}"), client.get("/confirm/x")):
        assert "Set-Cookie" not in answer.headers
        assert "Location" not in answer.headers


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "PUT", "DELETE", "PATCH"])
def test_a_program_that_opens_links_changes_nothing(shop, client, token, method):
    for _ in range(3):
        client.open(f"/confirm/{token}", method=method)
    assert shop.one("SELECT used_at FROM identity_link") is None
    assert case_state(shop) == "identity_wanted"
    assert client.post(f"/confirm/{token}").status_code == 200


def test_of_two_who_press_at_once_one_is_thanked(shop, app, token):
    together, answers = threading.Barrier(2), []

    def press() -> None:
        client = app.test_client()
        together.wait()
        answers.append(client.post(f"/confirm/{token}").status_code)

    people = [threading.Thread(target=press) for _ in range(2)]
    for one in people:
        one.start()
    for one in people:
        one.join()
    assert sorted(answers) == [200, 404]
    assert shop.one("SELECT version FROM support_case") == 2
    assert shop.one("SELECT count(*) FROM event WHERE kind = 'identity_confirmed'") == 1


def dead_links(shop, token, other_workspace) -> dict[str, str]:
    """One link for each way in which a link may not work."""
    secret = shop.services.settings.secret_key
    link = shop.one("SELECT id FROM identity_link")
    return {
        "empty": "",
        "garbage": "%F0%9F%92%A5",
        "with slashes": "a/b/../c",
        "cut": token[:-1],
        "longer": token + "0",
        "forged": token[:-1] + ("0" if token[-1] != "0" else "1"),
        "of another tenant": signed(LinkIds(other_workspace.id, link), secret),
        "of no row": signed(LinkIds(shop.tenant, uuid4()), secret),
        "by another secret": signed(LinkIds(shop.tenant, link), secret + "!"),
    }


ENDS = {
    "expired": "UPDATE identity_link SET expires_at = now()",
    "used": "UPDATE identity_link SET used_at = now()",
    "replaced": "UPDATE identity_link SET replaced_at = now()",
    "another address": "UPDATE shop_order SET customer_email = 'new@home.example'",
}


def without_nonce(answer) -> tuple:
    headers = {
        name: re.sub(r"nonce-[\w-]+", "", value)
        for name, value in answer.headers
        if name not in {"Date", "X-Request-Id"}
    }
    return answer.status_code, answer.data, headers


def test_every_link_that_does_not_work_gets_the_same_answer(shop, client, token, other_workspace):
    """Byte by byte, with every header: nothing tells a used link from one that never was."""
    dead = dead_links(shop, token, other_workspace)
    answers = {}
    for why, path in dead.items():
        answers[why] = without_nonce(client.get(f"/confirm/{path}"))
        answers[why + ", pressed"] = without_nonce(client.post(f"/confirm/{path}"))
    for why, change in ENDS.items():
        shop.change(change)
        answers[why] = without_nonce(client.get(f"/confirm/{token}"))
        answers[why + ", pressed"] = without_nonce(client.post(f"/confirm/{token}"))
        shop.change(
            "UPDATE identity_link SET used_at = NULL, replaced_at = NULL, expires_at = now() + interval '1 day'"
        )
        shop.change("UPDATE shop_order SET customer_email = %s", OWNER)
    first = answers["garbage"]
    assert first[0] == 404
    assert DEAD.encode() in first[1]
    for why, answer in answers.items():
        assert answer == first, why
    assert client.get(f"/confirm/{token}").status_code == 200, "it lives indeed"


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(min_size=1, max_size=200))
def test_whatever_stands_behind_confirm_does_not_break_the_page(app, no_limit, path):
    for ask_or_press in (app.test_client().get, app.test_client().post):
        answer = ask_or_press(f"/confirm/{quote(path, safe='')}")
        # What holds a line end or empty parts is no address of ours at all; the latter is led to one that is.
        odd = "\n" in path or path.startswith("/") or "//" in path
        assert is_dead(answer) or (odd and answer.status_code in {404, 308})
        assert urlsplit(answer.headers.get("Location", "")).hostname in {None, "localhost"}


@pytest.fixture
def no_limit(monkeypatch):
    monkeypatch.setattr(page, "ATTEMPTS_PER_NETWORK", 1_000_000)


@pytest.mark.parametrize(
    ("accepts", "language", "title"),
    [
        ("de", "de", "Dieser Link funktioniert nicht mehr"),
        ("fr", "fr", "Ce lien ne fonctionne plus"),
        ("es", "es", "Este enlace ya no funciona"),
        ("nl", "en", DEAD),
    ],
)
def test_the_page_speaks_the_browsers_language_where_no_link_says_another(client, accepts, language, title):
    answer = client.get("/confirm/x", headers={"Accept-Language": ACCEPTS[accepts]})
    assert title in seen(answer.text)
    assert f'<html lang="{language}">' in answer.text
    assert answer.headers["Content-Language"] == language


@pytest.mark.parametrize(
    ("language", "title"),
    [
        ("de", f"Haben Sie uns wegen der Bestellung {NUMBER} geschrieben?"),
        ("fr", f"Nous avez-vous écrit au sujet de la commande {NUMBER} ?"),
        ("es", f"¿Nos ha escrito sobre el pedido {NUMBER}?"),
        ("en", f"Did you write to us about order {NUMBER}?"),
        ("ja", f"Did you write to us about order {NUMBER}?"),
    ],
)
def test_a_living_link_speaks_the_language_of_the_mail_that_asked(shop, client, token, language, title):
    shop.change(
        "UPDATE decision SET understanding = jsonb_set(understanding, '{language}', to_jsonb(%s::text))", language
    )
    assert title in seen(client.get(f"/confirm/{token}", headers={"Accept-Language": "en"}).text)


def test_every_language_says_everything(app):
    with app.app_context():
        forms = [{name: set(words) for name, words in page._words(one).items()} for one in page.LANGUAGES]
    assert forms == [forms[0]] * len(page.LANGUAGES)
    assert set(forms[0]) == {"ask", "done", "dead", "many"}


def test_no_search_engine_keeps_it_and_nothing_comes_from_elsewhere(client, token):
    for path in (f"/confirm/{token}", "/confirm/x"):
        answer = client.get(path)
        assert answer.headers["X-Robots-Tag"] == "noindex, nofollow"
        assert '<meta name="robots" content="noindex, nofollow">' in answer.text
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert answer.headers["Cache-Control"] == "no-store"
        assert not re.search(r"""(?:src|href|action)=["']?(?:https?:)?//""", answer.text)
        assert "<script" not in answer.text
        assert token not in answer.text


def test_the_page_says_nothing_of_who_asked_or_of_the_address(client, token):
    for answer in (client.get(f"/confirm/{token}"), client.post(f"/confirm/{token}")):
        assert STRANGER not in answer.text
        assert OWNER not in answer.text
        assert "SECRET-WORDS" not in answer.text


def test_what_a_shop_and_an_order_are_called_is_text_and_no_markup(shop, client, token):
    shop.change("UPDATE tenant SET name = '<b>{number}</b>'")
    text = client.get(f"/confirm/{token}").text
    assert "<b>" not in text
    assert "&lt;b&gt;{number}&lt;/b&gt;" in text


def test_another_site_cannot_press_the_button(shop, client, token):
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}):
        assert client.post(f"/confirm/{token}", headers=headers).status_code == 403
    assert case_state(shop) == "identity_wanted"


def test_a_network_that_tries_too_often_waits_whatever_it_has(shop, client, token, monkeypatch):
    monkeypatch.setattr(page, "ATTEMPTS_PER_NETWORK", 3)
    for _ in range(3):
        assert is_dead(client.get("/confirm/x"))
    for path in ("x", token):
        for answer in (client.get(f"/confirm/{path}"), client.post(f"/confirm/{path}")):
            assert answer.status_code == 429
            assert "Too many attempts" in seen(answer.text)
    assert case_state(shop) == "identity_wanted"
    elsewhere = client.get(f"/confirm/{token}", environ_overrides={"REMOTE_ADDR": "203.0.113.7"})
    assert elsewhere.status_code == 200


def test_attempts_are_counted_under_a_hash(shop, client):
    client.get("/confirm/x", environ_overrides={"REMOTE_ADDR": "203.0.113.7"})
    with shop.services.database.without_tenant() as db:
        keys = [bytes(key) for (key,) in db.exec_driver_sql("SELECT key FROM sign_in_attempt")]
    assert [len(key) for key in keys] == [32]
    assert b"203.0.113" not in b"".join(keys)


def test_the_address_on_the_order_changed_after_the_link_was_sent(shop, client, token):
    has_orders(shop, an_order(email="new@home.example"))
    assert is_dead(client.get(f"/confirm/{token}"))
    assert is_dead(client.post(f"/confirm/{token}"))
    assert case_state(shop) == "identity_wanted"


def test_no_log_holds_the_token_also_when_the_page_breaks(app, shop, token, monkeypatch):
    """Flask would say which path broke."""
    app.testing = False
    lines = io.StringIO()
    handler = logging.StreamHandler(lines)
    monkeypatch.setattr(logging.getLogger(), "handlers", [handler])

    def breaks(*_):
        raise NeedsPerson("broken")

    monkeypatch.setattr(identity_links, "look", breaks)
    with capture_logs() as told:
        assert app.test_client().get(f"/confirm/{token}").status_code == 500
    assert [one["endpoint"] for one in told if one["event"] == "request_broke"] == ["confirm.ask"]
    for secret in (token, token[64:]):
        assert secret not in lines.getvalue() + str(told)


@pytest.mark.browser
@pytest.mark.filterwarnings(
    "ignore::ResourceWarning"
)  # Playwright's own event loop leaves its sockets to the collector
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_telephone_without_javascript_shows_it_whole_and_can_press(shop, app, token, theme):
    shop.change(
        "UPDATE tenant SET name = %s", "A shop with a name of more letters than fit into one line of a telephone"
    )
    with sync_playwright() as playwright, serving(app) as address:
        chromium = playwright.chromium.launch(executable_path=find_chromium(), args=["--no-sandbox"])
        seen_by = chromium.new_context(
            viewport={"width": 360, "height": 740}, java_script_enabled=False, color_scheme=theme, locale="de-DE"
        )
        tab = seen_by.new_page()
        asked_of: list[str] = []
        tab.on("request", lambda request: asked_of.append(request.url))
        tab.goto(f"{address}/confirm/{token}")
        button, heading = tab.get_by_role("button", name="Yes, I wrote that"), tab.get_by_role("heading", level=1)
        for part in (button, heading):
            box = part.bounding_box()
            assert box["x"] >= 0
            assert box["x"] + box["width"] <= 360
        assert button.bounding_box()["height"] >= 24
        paper = {"light": "rgb(255, 255, 255)", "dark": "rgb(27, 30, 36)"}
        assert tab.locator("form").evaluate("one => getComputedStyle(one).backgroundColor") == paper[theme]
        button.press("Enter")
        assert "Thank you" in tab.get_by_role("heading", level=1).inner_text()
        assert all(url.startswith(address) for url in asked_of)
        assert not seen_by.cookies()
        chromium.close()
    assert case_state(shop) == "checking"
