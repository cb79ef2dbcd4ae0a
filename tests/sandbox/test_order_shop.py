"""The sandbox's shop: whom it believes, what it refuses, and that one key is done once."""

import base64
import hashlib
import hmac
import json
import subprocess
import sys
import time
import urllib.error
import urllib.request
from uuid import uuid4

import pytest

from sandbox.order_shop import OrderShop, serve
from tests.test_architecture import ROOT

SECRET = "whsec_" + base64.b64encode(b"k" * 32).decode()


@pytest.fixture
def shop():
    shop = OrderShop(SECRET)
    shop.order("LO-1", 5000)
    with serve(shop):
        yield shop


def call(url, body=None, headers=None):
    request = urllib.request.Request(url, body, headers or {})
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, json.loads(answer.read() or b"null")
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read() or b"null")


def signed(key, body, at=None, secret=b"k" * 32):
    at = str(int(time.time()) if at is None else at)
    mac = hmac.new(secret, f"{key}.{at}.".encode() + body, hashlib.sha256).digest()
    return {
        "webhook-id": key, "webhook-timestamp": at, "webhook-signature": f"v1,{base64.b64encode(mac).decode()}",
        "Idempotency-Key": key, "Content-Type": "application/json",
    }  # fmt: skip


def body_for(key, **more):
    known = {
        "id": key, "type": "refund", "order_number": "LO-1", "amount_minor": 2000, "currency": "EUR", "items": [],
        "reason": "", "created_at": "2026-11-26T10:00:00+00:00",
    }  # fmt: skip
    return json.dumps(known | more).encode()


def act(shop, key=None, **more):
    key = key or str(uuid4())
    body = body_for(key, **more)
    return call(shop.base_url + "/", body, signed(key, body))


def look(shop, key):
    return call(f"{shop.base_url}/{key}", headers=signed(key, b""))


def test_one_key_is_done_once_and_answered_alike_for_ever(shop):
    key = str(uuid4())
    first = act(shop, key)
    assert first == (200, {"id": key, "state": "done", "reference": "SHOP-00001"})
    assert act(shop, key) == first
    assert look(shop, key) == first
    assert (shop.effects(key), shop.orders["LO-1"].refunded_minor) == (1, 2000)
    assert call(f"{shop.base_url}/sandbox/state")[1]["kept"][key]["asked"] == 2


def test_another_body_under_the_same_key_is_a_conflict_and_changes_nothing(shop):
    key = str(uuid4())
    act(shop, key)
    assert act(shop, key, amount_minor=3000)[0] == 409
    assert act(shop, key, amount_minor=3000)[1]["state"] == "conflict"
    assert shop.orders["LO-1"].refunded_minor == 2000


@pytest.mark.parametrize(
    ("more", "status"),
    [
        ({"amount_minor": 5001}, 422),
        ({"amount_minor": 0}, 422),
        ({"amount_minor": None}, 422),
        ({"currency": "USD"}, 422),
        ({"order_number": "LO-2"}, 404),
        ({"type": "gift"}, 400),
        ({"more": 1}, 400),
        ({"id": "other"}, 400),
        ({"type": "cancel"}, 409),
    ],
)
def test_what_it_does_not_do_it_refuses_for_ever(shop, more, status):
    key = str(uuid4())
    assert act(shop, key, **more)[0] == status
    assert look(shop, key)[1]["state"] == "refused"
    assert (shop.effects(key), shop.orders["LO-1"].refunded_minor) == (0, 0)


def test_more_than_was_paid_is_never_paid_back_over_several_keys(shop):
    assert [act(shop)[0] for _ in range(3)] == [200, 200, 422]
    assert shop.orders["LO-1"].refunded_minor == 4000


@pytest.mark.parametrize("skew", [-301, 301])
def test_an_old_or_early_signature_is_not_believed(shop, skew):
    key, now = str(uuid4()), int(time.time())
    body = body_for(key)
    shop.clock = lambda: now
    assert call(shop.base_url + "/", body, signed(key, body, now + skew))[0] == 401
    assert shop.kept == {}


def test_a_wrong_secret_another_body_or_no_signature_is_not_believed(shop):
    key = str(uuid4())
    body = body_for(key)
    for headers in (
        signed(key, body, secret=b"x" * 32),
        signed(key, b"{}"),
        signed("other", body) | {"webhook-id": key},
        {},
    ):
        assert call(shop.base_url + "/", body, headers)[0] == 401
    act(shop, key)
    assert call(f"{shop.base_url}/{key}", headers={})[0] == 401


def test_a_cancelled_order_is_not_cancelled_again(shop):
    shop.order("LO-9", 3000, status="pending")
    assert [act(shop, type="cancel", order_number="LO-9")[0] for _ in range(2)] == [200, 409]


def test_it_knows_nothing_of_a_key_that_never_came(shop):
    assert look(shop, str(uuid4()))[0] == 404


def test_a_fault_is_ordered_over_http_and_played_once(shop):
    key = str(uuid4())
    call(f"{shop.base_url}/sandbox/faults", json.dumps({"route": "act", "fault": "500_after"}).encode())
    assert act(shop, key) == (500, None)
    assert (shop.effects(key), act(shop, key)[0], shop.effects(key)) == (1, 200, 1)
    assert call(f"{shop.base_url}/sandbox/faults", b'{"route": "act", "fault": "nonsense"}')[0] == 400


def test_a_forgetful_shop_does_it_again(shop):
    shop.forgetful = True
    key = str(uuid4())
    act(shop, key)
    act(shop, key)
    assert shop.effects(key) == 2


def test_it_runs_as_a_program_over_the_demonstration_shops_orders_and_stops_when_told():
    words = ["--port", "0", "--secret", SECRET, "--orders", "demonstration_shop/orders.csv"]
    process = subprocess.Popen(
        [sys.executable, "-m", "sandbox.order_shop", *words], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    url = json.loads(process.stdout.readline())["ready"]
    assert call(f"{url}/sandbox/state")[1]["orders"] > 10
    process.terminate()
    process.communicate(timeout=60)
    assert process.returncode == 0
