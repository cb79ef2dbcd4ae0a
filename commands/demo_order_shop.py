"""The sandbox's shop in the demo: it knows the demonstration shop's orders, and carries out what is approved."""

import sys
from collections.abc import Callable, Mapping
from uuid import UUID

from adapters.shop_webhook import new_secret
from bootstrap import Services
from commands.demo_shop import SHOP
from settings import ROOT
from storage import shop_webhooks
from worker.supervisor import Command


def connect_order_shop(services: Services, tenant: UUID, port: int) -> str:
    """The workspace asks the shop on this port from now on; returns the secret that both sides know."""
    secret = new_secret()
    webhook = services.sealed_webhook(tenant, f"http://127.0.0.1:{port}", secret)
    with services.database.transaction(tenant) as db:
        owner = shop_webhooks.who_sets(db, tenant)
        if owner is not None:
            shop_webhooks.put(db, tenant, webhook, member=owner)
    return secret


def order_shop_command(port: int, secret: str, env: Mapping[str, str], answers: Callable[[str], bool]) -> Command:
    """The program that plays the shop."""
    words = (
        *(sys.executable, "-m", "sandbox.order_shop", "--port", str(port), "--secret", secret),
        *("--orders", str(SHOP / "orders.csv")),
    )
    return Command("order-shop", words, dict(env), ROOT, lambda: answers(f"http://127.0.0.1:{port}/sandbox/state"))
