"""One workspace over the stand-ins, whose worker dies where it is told to, and begins anew with an empty memory."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from chaos.fate import Fate
from chaos.mortal import MortalServices, mortal
from sandbox.google import Google
from sandbox.order_shop import OrderShop
from tests.conftest import fresh_urls, make_workspace, usual_settings
from tests.support.acting import Acting
from tests.support.asking import Asking
from tests.support.kills import Killed
from tests.support.pipeline import CUSTOMER, SHOP, Shop, TestServices, connect_mailbox, settings_over
from tests.support.ticketing import Bridged, Outside
from worker import incidents, revoke

# Set by tests on the services of a process, and the same in the next one.
SET_BY_TESTS = ("shops_http", "ticketing_seconds")


class Doom(Fate):
    """Writes down which named points this process passes, and dies at the one that is `wanted`, once."""

    def __init__(self) -> None:
        super().__init__(Path())
        self.wanted, self.passed = "", list[str]()

    def pass_by(self, moment: str, what: str) -> None:
        name = self._name(moment, what)
        if not name:
            return
        self.passed.append(name)
        if name == self.wanted:
            self.wanted = ""
            raise Killed(name)


class DoomedServices(MortalServices, TestServices):
    """The services of a worker that chaos would start, over the little models of the tests."""


@dataclass
class Outsides:
    """The stand-ins, one set for all worlds: each world finds them empty."""

    google: Google
    orders: OrderShop
    ticketing: Outside

    def reset(self) -> None:
        self.google.reset()
        self.orders.reset()
        self.ticketing.reset()
        self.google.account(SHOP, "Support", "shop")
        self.google.account(CUSTOMER, "Anna")


@dataclass
class World:
    """`killed` is the point at which the worker died, or empty; `kept` is for what one step tells the next."""

    outsides: Outsides
    doom: Doom
    shop: Shop
    kind: type[DoomedServices]
    killed: str = ""
    kept: dict[str, Any] = field(default_factory=dict)

    @property
    def services(self) -> TestServices:
        return self.shop.services

    @cached_property
    def acting(self) -> Acting:
        """The same workspace with an order, LO-1, at its shop."""
        return Acting(self.shop, self.outsides.orders)

    @cached_property
    def bridge(self) -> Bridged:
        """The same workspace with a ticketing system beside it, not connected yet."""
        return Bridged(self.shop, self.outsides.ticketing)

    @cached_property
    def asking(self) -> Asking:
        """The same workspace with a supplier."""
        return Asking.of(self.shop)

    def take(self, step: Callable[["World"], None], rounds: int) -> None:
        """One step; where the worker dies in it, another process goes on when the leases are over."""
        try:
            step(self)
        except Killed as killed:
            self.killed = str(killed)
            self.begin_anew()
            self.shop.settle_over_time(rounds)

    def begin_anew(self) -> None:
        """Another process: what the first had in memory is gone."""
        before = self.shop.services
        after = self.kind(before.settings, self.doom)
        for name in SET_BY_TESTS:
            if name in vars(before):
                setattr(after, name, vars(before)[name])
        before.close()
        self.shop.services = after


@contextmanager
def open_world(
    servers: Any, outsides: Outsides, password_hash: str, folder: Path, kind: type[DoomedServices]
) -> Iterator[World]:
    """A fresh database with one workspace and its mailbox; nothing of it is due."""
    outsides.reset()
    with fresh_urls(servers) as urls:
        settings = settings_over(usual_settings(urls, folder), outsides.google)
        doom = Doom()
        services = kind(settings, doom)
        workspace = make_workspace(services.database, "lumen", password_hash)
        shop = Shop(outsides.google, services, workspace, connect_mailbox(outsides.google, services, workspace))
        world = World(outsides, doom, shop, kind)
        try:
            shop.settle()
            doom.passed.clear()
            with asked_by_name(doom):
                yield world
        finally:
            world.services.close()


@contextmanager
def asked_by_name(doom: Doom) -> Iterator[None]:
    """What a stage asks outside without a port is mortal, too (chaos/worker.py)."""
    usual = {(stage, name): getattr(stage, name) for stage, name in ((revoke, "revoke"), (incidents, "read_page"))}
    for (stage, name), call in usual.items():
        setattr(stage, name, mortal(call, name, doom))
    try:
        yield
    finally:
        for (stage, name), call in usual.items():
            setattr(stage, name, call)
