"""The demo's shop: the program that is started carries out what the demo's workspace approves."""

import os
import socket
import subprocess
import urllib.request
from contextlib import contextmanager
from dataclasses import replace

import pytest

from commands.demo_order_shop import connect_order_shop, order_shop_command
from sandbox.order_shop import OrderShop
from storage.due import Kind
from tests.support import pipeline
from tests.support.acting import PATIENT_SHOP, Acting
from tests.support.pipeline import Shop
from tests.support.waiting import until


@pytest.fixture
def services(settings):
    built = pipeline.TestServices(replace(settings, shop_webhook_private=True))
    built.shops_http = PATIENT_SHOP
    yield built
    built.close()


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=1) as answer:
            return answer.status == 200
    except OSError:
        return False


@contextmanager
def started(command):
    process = subprocess.Popen(command.argv, cwd=command.cwd, env=command.env, stdout=subprocess.DEVNULL)
    try:
        until(command.ready)
        yield
    finally:
        process.terminate()
        process.wait(timeout=60)


def test_the_demos_shop_pays_what_is_approved(services, workspace):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    secret = connect_order_shop(services, workspace.id, port)
    acting = Acting(Shop(None, services, workspace, None), OrderShop(secret))
    acting.order("LO-48131", 8900)
    act = acting.act(1000, number="LO-48131")
    with started(order_shop_command(port, secret, os.environ, answers)):
        acting.shop.run(Kind.ACT)
    assert (acting.state(act), acting.ledger(act)) == ("done", ["promised", "paid"])
