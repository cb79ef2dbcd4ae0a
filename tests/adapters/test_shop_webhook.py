"""The client of a tenant's shop, over real HTTP: what it sends, what it takes for a proof, and where it never goes."""

import base64
import hashlib
import hmac
import json
import logging
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from adapters.pinned_http import NotAsked, PinnedHttp
from adapters.shop_webhook import (
    FIELD,
    LIMITS,
    ShopWebhook,
    body_of,
    key_of,
    new_secret,
    shop_address,
    signature,
    way_to_shops,
)
from domain.delivery import ShopDone, ShopTask
from domain.errors import BadInput, NeedsPerson, NotDone, TryAgain, Unclear
from domain.money import Money
from domain.order_action import Action, WantedItem
from sandbox.http_server import HttpServer, Response, json_response
from tests.support.acting import HURRIED_SHOP, PATIENT_SHOP, running_shop
from tests.support.waiting import until

NOW = datetime(2026, 11, 26, 10, 0, tzinfo=UTC)


def task(**more) -> ShopTask:
    known = {
        "key": uuid4(), "action": Action.REFUND, "order_number": "LO-1", "amount": Money(2000, "EUR"),
        "items": (WantedItem("ALBA", 2),), "reason": "damaged", "created_at": NOW,
    }  # fmt: skip
    return ShopTask(**(known | more))


@pytest.fixture(scope="module")
def server():
    with running_shop() as shop:
        yield shop


@pytest.fixture
def outside(server):
    server.reset()
    server.order("LO-1", 5000)
    return server


@pytest.fixture
def webhook(outside):
    return ShopWebhook(PATIENT_SHOP, outside.base_url, lambda: outside.secret)


class Scripted:
    """A server that says what a test wants, and keeps what it was asked."""

    def __init__(self) -> None:
        self.answer = Response(200)
        self.requests = []
        self.secret = new_secret()

    def __call__(self, request):
        self.requests.append(request)
        return self.answer


@pytest.fixture
def scripted():
    script = Scripted()
    server = HttpServer(script)
    server.start()
    script.webhook = ShopWebhook(PATIENT_SHOP, f"http://127.0.0.1:{server.port}/hook", lambda: script.secret)
    yield script
    server.stop()


def test_the_signature_is_that_of_the_specification():
    """The example of the Standard Webhooks specification's own libraries: one secret, one message, one signature."""
    key = key_of("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    signed = signature(key, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
    assert signed == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_question_carries_the_key_three_times_and_its_signature(scripted):
    wanted = task()
    scripted.answer = json_response({"state": "done", "reference": "R-1"})
    assert scripted.webhook.carry_out(wanted) == ShopDone("R-1")
    (request,) = scripted.requests
    assert (request.method, request.path) == ("POST", "/hook")
    key = str(wanted.key)
    assert request.headers["webhook-id"] == request.headers["idempotency-key"] == json.loads(request.body)["id"] == key
    assert request.headers["content-type"] == "application/json"
    at = request.headers["webhook-timestamp"]
    assert abs(int(at) - datetime.now(UTC).timestamp()) < 60
    secret = base64.b64decode(scripted.secret.removeprefix("whsec_"))
    mac = hmac.new(secret, f"{key}.{at}.".encode() + request.body, hashlib.sha256).digest()
    assert request.headers["webhook-signature"] == f"v1,{base64.b64encode(mac).decode()}"


def test_the_body_says_what_to_do_in_the_same_bytes_for_the_same_key():
    wanted = task()
    assert body_of(wanted) == body_of(replace(wanted, created_at=NOW.astimezone()))
    assert json.loads(body_of(wanted)) == {
        "id": str(wanted.key), "type": "refund", "order_number": "LO-1", "amount_minor": 2000, "currency": "EUR",
        "items": [{"sku": "ALBA", "quantity": 2}], "reason": "damaged", "created_at": "2026-11-26T10:00:00+00:00",
    }  # fmt: skip
    nothing = json.loads(body_of(task(action=Action.EXCHANGE, amount=None, items=())))
    assert (nothing["type"], nothing["amount_minor"], nothing["currency"], nothing["items"]) == (
        "exchange",
        None,
        None,
        [],
    )


def test_a_repetition_is_signed_anew_over_the_same_bytes(scripted):
    times = iter((NOW, NOW + timedelta(hours=1)))
    webhook = replace(scripted.webhook, clock=lambda: next(times))
    scripted.answer = json_response({"state": "done"})
    wanted = task()
    webhook.carry_out(wanted)
    webhook.carry_out(wanted)
    first, second = scripted.requests
    assert first.body == second.body
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert int(second.headers["webhook-timestamp"]) - int(first.headers["webhook-timestamp"]) == 3600
    assert first.headers["webhook-signature"] != second.headers["webhook-signature"]


def refusal(status, **more):
    return json_response({"state": "refused", "reason": "No."} | more, status)


@pytest.mark.parametrize("status", [400, 402, 404, 409, 410, 422])
def test_a_refusal_in_the_shops_own_words_is_a_proof(scripted, status):
    scripted.answer = refusal(status)
    with pytest.raises(NotDone, match=r"^No\.$"):
        scripted.webhook.carry_out(task())


@pytest.mark.parametrize(
    "answer",
    [
        Response(404, b"<h1>Not found</h1>", "text/html"),
        Response(422),
        Response(400, b"{}"),
        Response(409, b'{"state": "conflict"}'),
        Response(403, b"<h1>Blocked</h1>", "text/html"),
        json_response(["refused"], 422),
        refusal(422, id="another"),
        refusal(500),
        refusal(503),
        refusal(429),
        refusal(408),
        refusal(202),
    ],
    ids=lambda answer: f"{answer.status} {answer.body[:20]}",
)
def test_what_somebody_in_between_may_have_said_is_no_proof_that_nothing_was_done(scripted, answer):
    scripted.answer = answer
    with pytest.raises(Unclear):
        scripted.webhook.carry_out(task())


@pytest.mark.parametrize(
    "answer",
    [
        Response(200),
        Response(204),
        Response(200, b"OK", "text/plain"),
        Response(200, b"<html>", "text/html"),
        Response(200, b'{"state": "do'),
        Response(200, b"\xff\xfe"),
        Response(200, b"[" * 60_000),
        json_response({"state": True}),
        json_response({"state": "accepted"}, 202),
        json_response({"state": "DONE"}),
        json_response({"done": True}),
        json_response({"state": "done", "id": "c92ad177-b183-48c0-b932-5f5a0926bef5"}),
        json_response({"state": "done"}, 500),
        json_response({"state": "done"}, 301),
        Response(200, b'{"state": "done", "x": "' + b"x" * 70_000 + b'"}'),
        Response(200, b'{"state": "done"}', headers=(("Content-Encoding", "gzip"),)),
    ],
    ids=lambda answer: f"{answer.status} {answer.body[:20]}",
)
def test_what_is_no_clear_word_of_the_shop_is_no_proof_that_it_was_done(scripted, answer):
    scripted.answer = answer
    with pytest.raises(Unclear):
        scripted.webhook.carry_out(task())


@pytest.mark.parametrize("answer", [Response(401), refusal(401), refusal(403)], ids=["401", "401 said", "403 said"])
def test_a_signature_that_is_not_accepted_is_a_refusal_that_says_so(scripted, answer):
    scripted.answer = answer
    with pytest.raises(NotDone, match="signature"):
        scripted.webhook.carry_out(task())


def test_a_clear_word_may_come_with_any_2xx_and_more_beside_it(scripted):
    wanted = task()
    scripted.answer = json_response(
        {"state": "done", "id": str(wanted.key), "reference": " R\n1\u202e ", "more": 1}, 201
    )
    assert scripted.webhook.carry_out(wanted) == ShopDone("R 1")
    scripted.answer = json_response({"state": "done", "reference": 17})
    assert scripted.webhook.carry_out(wanted) == ShopDone("")


@pytest.mark.parametrize("fault", ["drop_before", "drop_after", "slow", "short_read", "huge"])
def test_an_answer_that_does_not_come_is_unclear_and_nothing_is_repeated(webhook, outside, fault):
    outside.fault("act", fault, seconds=60)
    with pytest.raises(Unclear):
        replace(webhook, http=HURRIED_SHOP if fault == "slow" else PATIENT_SHOP).carry_out(task())
    until(lambda: outside.posts)
    assert outside.posts == 1


def test_a_redirect_is_not_followed(webhook, outside):
    outside.fault("act", "redirect")
    with pytest.raises(Unclear):
        webhook.carry_out(task())
    outside.fault("look", "redirect")
    with pytest.raises(NeedsPerson):
        webhook.look(uuid4())


def test_a_shop_that_is_not_there_was_asked_nothing(webhook):
    with pytest.raises(TryAgain):
        replace(webhook, url="http://127.0.0.1:9").carry_out(task())


def test_a_name_that_is_not_found_was_asked_nothing(webhook):
    with pytest.raises(TryAgain):
        replace(webhook, url="https://shop.invalid", http=replace(PATIENT_SHOP, resolve=nobody)).carry_out(task())


def nobody(host, port):
    raise NotAsked("The name of the server was not found.")


@pytest.mark.parametrize("address", ["127.0.0.1", "10.0.0.7", "169.254.169.254", "::1", "fd00::1", "100.64.0.1"])
def test_our_own_network_is_never_asked(webhook, address):
    http = replace(way_to_shops(private_allowed=False), resolve=lambda *_: [address])
    with pytest.raises(NeedsPerson, match="private network"):
        replace(webhook, url="https://shop.example", http=http).carry_out(task())
    with pytest.raises(NeedsPerson, match="private network"):
        replace(webhook, url="https://shop.example", http=http).look(uuid4())


@pytest.mark.parametrize(
    "url", ["http://shop.example/hook", "ftp://shop.example", "https://", "https://a@shop.example"]
)
def test_an_address_that_may_not_be_asked_is_not_taken(url):
    with pytest.raises(BadInput) as caught:
        shop_address(url)
    assert caught.value.field == FIELD


def test_the_address_is_kept_plain():
    assert shop_address(" https://shop.example/hook/ ") == "https://shop.example/hook"
    assert shop_address("http://127.0.0.1:1", private_allowed=True) == "http://127.0.0.1:1"


def test_a_question_may_take_twenty_seconds():
    http = way_to_shops(private_allowed=False)
    assert (http.limits, http.limits.total_s, http.private_allowed) == (LIMITS, 20.0, False)
    assert isinstance(http, PinnedHttp)


@pytest.mark.parametrize(
    "secret", ["", "whsec_", "secret", "whsec_!!!", "whsec_" + base64.b64encode(b"x" * 23).decode()]
)
def test_a_weak_secret_is_not_taken_and_not_shown(secret):
    with pytest.raises(BadInput) as caught:
        key_of(secret)
    assert len(secret) < 9 or secret not in str(caught.value)


def test_a_new_secret_is_good_and_of_its_own():
    assert len(key_of(new_secret())) == 32
    assert new_secret() != new_secret()


def test_the_secret_is_opened_for_each_question_and_shows_nowhere(outside, caplog):
    opened = []

    def open_secret():
        opened.append(1)
        return outside.secret

    webhook = ShopWebhook(PATIENT_SHOP, outside.base_url, open_secret)
    with caplog.at_level(logging.DEBUG):
        webhook.carry_out(task())
        webhook.look(uuid4())
    assert len(opened) == 2
    assert outside.secret not in repr(webhook) + caplog.text
    assert outside.secret.removeprefix("whsec_") not in caplog.text


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        (json_response({"state": "done", "reference": "R-1"}), ShopDone("R-1")),
        (json_response({"state": "never"}, 404), None),
        (Response(404, b"<h1>Not found</h1>", "text/html"), None),
        (refusal(200), NotDone),
        (refusal(404), NotDone),
        (json_response({"state": "unknown"}), Unclear),
        (json_response({"state": "accepted"}, 202), Unclear),
        (Response(200, b"<html>", "text/html"), Unclear),
        (json_response({"state": "done", "id": "c92ad177-b183-48c0-b932-5f5a0926bef5"}), Unclear),
        (json_response({"state": "done"}, 500), TryAgain),
        (Response(503), TryAgain),
        (Response(429), TryAgain),
        (Response(401), NeedsPerson),
        (Response(403), NeedsPerson),
        (refusal(410), NeedsPerson),
        (Response(302), NeedsPerson),
    ],
    ids=str,
)
def test_what_a_look_takes_for_an_answer(scripted, answer, found):
    scripted.answer = answer
    key = uuid4()
    if isinstance(found, type):
        with pytest.raises(found):
            scripted.webhook.look(key)
    else:
        assert scripted.webhook.look(key) == found
    (request,) = scripted.requests
    assert (request.method, request.path, request.body) == ("GET", f"/hook/{key}", b"")
    at = int(request.headers["webhook-timestamp"])
    assert request.headers["webhook-signature"] == signature(key_of(scripted.secret), str(key), at, b"")


def test_a_shop_that_asks_for_patience_gets_it_up_to_an_hour(scripted):
    for said, seconds in (("120", 120), ("99999", 3600), ("soon", 5), ("", 5)):
        scripted.answer = Response(503, headers=(("Retry-After", said),))
        with pytest.raises(TryAgain) as caught:
            scripted.webhook.look(uuid4())
        assert caught.value.after == timedelta(seconds=seconds)
