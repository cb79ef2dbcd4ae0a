"""A shop on ground that gives way: its own Postgres and Valkey, and the sandbox Google by the ground's clock."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from flask import Flask

from sandbox.google import Google, serve
from settings import Settings
from tests.conftest import Urls
from tests.support import pipeline
from tests.support.outages import APP, LISTENER, Ground, Letters, running_ground
from tests.support.pipeline import CUSTOMER, SHOP, Shop, TestServices
from tests.web.conftest import Browser, signed_in
from web import words


@pytest.fixture(scope="session")
def ground() -> Iterator[Ground]:
    with running_ground() as made:
        yield made


@pytest.fixture
def urls(ground: Ground) -> Iterator[Urls]:
    """A fresh database on this ground instead of the session's own."""
    with ground.fresh_database() as name:
        url = ground.postgres.url
        yield Urls(url(name), *(url(name, user, "secret") for user in (APP, LISTENER)))


@pytest.fixture
def google(ground: Ground) -> Iterator[Google]:
    google = Google(ground.time)
    with serve(google, 0):
        google.account(SHOP, "Support", "shop")
        google.account(CUSTOMER, "Anna")
        yield google


@pytest.fixture
def settings(settings: Settings, ground: Ground, google: Google) -> Settings:
    # A minute in which nothing happens costs nothing then.
    return replace(pipeline.settings_over(settings, google), redis_url=ground.valkey.url, poll_seconds=120.0)


@pytest.fixture
def quick(settings: Settings) -> Settings:
    """For processes of their own, which look at once."""
    return replace(settings, listen_seconds=0.1, poll_seconds=0.3)


@pytest.fixture
def services(settings: Settings) -> Iterator[TestServices]:
    built = TestServices(settings)
    yield built
    built.close()


@pytest.fixture
def shop(google: Google, services: TestServices, workspace) -> Shop:
    return Shop(google, services, workspace, pipeline.connect_mailbox(google, services, workspace))


@pytest.fixture
def letters(shop: Shop) -> Letters:
    return Letters(shop)


@pytest.fixture
def app(app: Flask, ground: Ground) -> Flask:
    """Pages count by the ground's clock how long ago something was."""
    app.jinja_env.filters["ago"] = lambda moment: words._ago(moment, ground.now())
    app.jinja_env.filters["until"] = lambda moment: words.until(moment, ground.now())
    return app


@pytest.fixture
def browser(app, workspace) -> Browser:
    """The owner of the workspace, signed in."""
    return signed_in(app, workspace.email)
