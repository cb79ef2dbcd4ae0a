"""What tests share: the servers of the session, a migrated database each, a workspace with people, the app."""

import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import hypothesis
import pytest
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from adapters import google_grants, google_sign_in, system_mail
from adapters.mime import attachment
from adapters.ticketing import session
from adapters.vault import new_key
from bootstrap import Services, build
from sandbox.llm import LanguageModels
from settings import Settings
from storage import database as storage_database
from storage import members, migrate, presence, tenants, undo
from storage.database import PATIENCE, Database, psycopg_url
from tests.support.compiled import app_over
from tests.support.earning import earn
from tests.support.llm import running_llm
from tests.support.longest import longest_first
from tests.support.servers import Servers, running_servers
from web import passwords

LOOPBACK = ("127.", "::1", "localhost", "0.0.0.0")  # noqa: S104  # nobody binds there: a client may name it


def _stay_at_home(event: str, arguments: tuple) -> None:
    """No test reaches beyond this machine, whatever library it drives."""
    if event == "socket.connect" and isinstance(arguments[1], tuple) and not str(arguments[1][0]).startswith(LOOPBACK):
        raise RuntimeError(f"A test wants to reach {arguments[1][0]}, which is beyond this machine.")


sys.addaudithook(_stay_at_home)

# What is made up for a test may take as long as a busy machine wants. Where time is the matter, a test measures its own
# processor time.
hypothesis.settings.register_profile("busy", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("busy")

# So may Postgres. Where a lock is to be in the way, a test says itself how soon it is given up.
PATIENCE["connect_timeout"] = 60
PATIENCE["options"] = "-c statement_timeout=120000 -c lock_timeout=60000 -c idle_in_transaction_session_timeout=300000"
storage_database.SILENT = 150.0

# Nor is whoever answers from this very machine given up after the few seconds that a stranger has.
google_grants._TIMEOUT = (60, 60)
google_sign_in.TIMEOUT_S = system_mail.TIMEOUT_S = 60
attachment._SECONDS = session.LOGIN_SECONDS = 60.0


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    longest_first(items)


APP, LISTENER = "mailwright_test_app", "mailwright_test_listener"
PASSWORD = "a password for the tests"


@dataclass(frozen=True)
class Workspace:
    """A tenant with an owner, as most tests need one."""

    id: UUID
    slug: str
    owner: UUID
    email: str
    password: str = PASSWORD


@dataclass(frozen=True)
class Urls:
    owner: str
    app: str
    listener: str


@pytest.fixture(scope="session")
def servers() -> Iterator[Servers]:
    def migrated(owner_url: str) -> None:
        app_url, listener_url = (running.postgres.url("postgres", user, "secret") for user in (APP, LISTENER))
        migrate.upgrade(owner_url, app_url=app_url, listener_url=listener_url)
        running.hash_quickly({APP: "secret", LISTENER: "secret"})

    with running_servers(migrated) as running:
        yield running


@contextmanager
def fresh_urls(servers: Servers) -> Iterator[Urls]:
    """A fresh migrated database under its three roles."""
    with servers.fresh_database() as owner:
        name = owner.rsplit("@/", 1)[1].split("?")[0]
        yield Urls(owner, *(servers.postgres.url(name, user, "secret") for user in (APP, LISTENER)))


@pytest.fixture
def urls(servers: Servers) -> Iterator[Urls]:
    with fresh_urls(servers) as found:
        yield found


@pytest.fixture
def owner(urls: Urls):
    """A connection that sees everything, for looking at what the application's roles cannot see."""
    engine = create_engine(psycopg_url(urls.owner), poolclass=NullPool)
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def usual_settings(urls: Urls, folder: Path) -> Settings:
    """Settings that point at this database; nobody answers behind the Google ones."""
    return Settings(
        database_url=urls.app,
        database_owner_url=urls.owner,
        database_listener_url=urls.listener,
        redis_url="unix:///nobody/listens/here.sock",
        secret_key=secrets.token_hex(32),
        key_ring=new_key("k1"),
        public_url="http://localhost",
        google_client_id="test-client",
        google_client_secret="test-secret",
        google_metadata_url="http://127.0.0.1:9/.well-known/openid-configuration",
        gmail_api_endpoint="http://127.0.0.1:9",
        data_dir=folder,
    )


@pytest.fixture
def settings(urls: Urls, tmp_path: Path) -> Settings:
    return usual_settings(urls, tmp_path)


@pytest.fixture
def services(settings: Settings) -> Iterator[Services]:
    built = build(settings)
    yield built
    built.close()


@pytest.fixture
def database(services: Services) -> Database:
    """The database under the application's role, which sees one tenant at a time."""
    return services.database


@pytest.fixture(scope="session")
def password_hash() -> str:
    """Hashed once: argon2 is slow on purpose."""
    return passwords.hashed(PASSWORD)


def make_workspace(database: Database, slug: str, password_hash: str, role: str = "owner") -> Workspace:
    tenant, email = uuid4(), f"owner@{slug}.example"
    with database.transaction(tenant) as db:
        tenants.create(db, tenant, slug=slug, name=slug.title())
        owner = members.add(db, tenant, email=email, name="Olivia Owner", password_hash=password_hash, role=role)
        earn(db, tenant)
        # What a person releases leaves at once, so that no test has to wait; those of undoing say otherwise.
        undo.set_seconds(db, tenant, 0)
    return Workspace(tenant, slug, owner, email)


@pytest.fixture
def workspace(database: Database, password_hash: str) -> Workspace:
    return make_workspace(database, "lumen", password_hash)


@pytest.fixture
def other_workspace(database: Database, password_hash: str) -> Workspace:
    """Another merchant's: nothing of it may ever show."""
    return make_workspace(database, "rival", password_hash)


@pytest.fixture
def app(settings: Settings, services: Services):
    app = app_over(replace(settings), services)
    app.testing = True
    return app


@pytest.fixture
def here_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who was here less than 50 seconds ago is here: a machine may stand still. After a minute all are forgotten."""
    monkeypatch.setattr(presence, "LATELY", timedelta(seconds=50))


@pytest.fixture(scope="session")
def llm_server() -> Iterator[LanguageModels]:
    with running_llm() as models:
        yield models


@pytest.fixture
def models(llm_server: LanguageModels) -> LanguageModels:
    llm_server.reset()
    return llm_server
