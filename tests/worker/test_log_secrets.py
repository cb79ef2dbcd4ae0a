"""A whole run with trouble in it, by all programs: of every secret, address and word of a mail, none is in any log.

What is looked for is collected: each setting that is a secret, each sealed value of the tables opened, each session,
form token and link that was handed out, each address, and each line and subject of the mails that came.
"""

import re
import secrets
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import fields, replace
from uuid import uuid4

import pytest
import redis
import requests
from sqlalchemy import Text, func, literal_column, select, table, text
from sqlalchemy.exc import IntegrityError

from adapters.link_signing import LinkIds, signed
from bootstrap import build
from settings import Settings
from storage import incidents, invitations, resets
from tests.conftest import PASSWORD
from tests.support import pipeline
from tests.support.pipeline import SHOP, Shop
from tests.support.processes import LISTENER, process
from tests.support.sealed import every_place, fill
from tests.support.waiting import until
from tests.test_deploy_programs import free_address
from web import secret_links

# A setting whose name says that it is one; and the passwords in addresses.
IS_SECRET = re.compile(r"secret|password|token(?!s_per_day)|api_key|key_ring")
ADDRESS = re.compile(r"[\w.+-]+@[\w.-]+\.\w+")
FORM = re.compile(r'name="csrf_token" value="([^"]+)"')
TABLES = text("SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace")
# Shorter than this it is a word that stands anywhere.
LEAST = 8
CANARIES = {
    "A canary about parcels": "question: when does my parcel come, dear canary of Lindenweg 7?",
    "Kanarienvogel": "refund: my canary lamp LO-48131 smells of smoke, call me under 0151 2345678",
}


def of_settings(settings: Settings) -> set[str]:
    found = {str(getattr(settings, one.name)) for one in fields(Settings) if IS_SECRET.search(one.name)}
    found |= {key.partition(":")[2] for key in settings.key_ring.split(",")}
    found |= {url.split("://")[1].split("@")[0].partition(":")[2] for url in
              (settings.database_url, settings.database_owner_url, settings.database_listener_url)}  # fmt: skip
    return found


def of_tables(owner, services) -> set[str]:
    """Every sealed value opened, every address in any column, and the words of every mail."""
    found = {place.open(services, owner) for place in every_place(owner)}
    for name in owner.execute(TABLES).scalars():
        for row in owner.execute(
            select(func.to_jsonb(literal_column("t")).cast(Text)).select_from(table(name).alias("t"))
        ):
            found |= set(ADDRESS.findall(row[0]))
    for row in owner.execute(text("SELECT subject, parsed ->> 'text' AS words, rfc_message_id FROM message")):
        found |= {row.subject, row.rfc_message_id, *(row.words or "").splitlines()}
    for words in owner.execute(text("SELECT text FROM outbox")).scalars():
        found |= set(words.splitlines())
    return found


def leaks(log: str, values: set[str]) -> list[str]:
    """Which of the values stand in the log, in whatever case and however JSON or a URL would write them."""
    low = log.lower()
    looked_for = {one for one in values if len(one) >= LEAST}
    return sorted(
        one for one in looked_for
        if one.lower() in low or one.encode("unicode_escape").decode().lower() in low
        or requests.utils.quote(one, safe="").lower() in low
    )  # fmt: skip


class Visitor:
    """A browser at the running pages: what it was handed is a secret."""

    def __init__(self, url: str) -> None:
        self.http, self.url = requests.Session(), url
        self.handed: set[str] = set()

    def get(self, path: str, **more) -> requests.Response:
        answer = self.http.get(self.url + path, timeout=20, **more)
        self.handed |= set(FORM.findall(answer.text)) | set(self.http.cookies.get_dict().values())
        return answer

    def post(self, path: str, seen_at: str, form: dict[str, str], **more) -> requests.Response:
        token = FORM.search(self.get(seen_at).text)[1]
        answer = self.http.post(self.url + path, data={"csrf_token": token, **form}, timeout=20, **more)
        self.handed |= set(self.http.cookies.get_dict().values())
        return answer


def web(settings: Settings) -> tuple[str, ...]:
    """The pages as production runs them."""
    address = settings.public_url.removeprefix("http://")
    return ("-m", "gunicorn", "--bind", address, "--workers", "1", "app:create_app()")


def _answers(url: str) -> bool:
    try:
        return requests.get(f"{url}/healthz", timeout=2).ok
    except requests.RequestException:
        return False


@pytest.fixture
def live(google, settings, workspace, servers):
    settings = replace(
        pipeline.settings_over(settings, google), redis_url=servers.empty_valkey(), listen_seconds=0.1,
        poll_seconds=0.3, log_level="DEBUG", public_url=f"http://{free_address()}", metrics_token=secrets.token_hex(20),
        llm_api_key=secrets.token_hex(20), mail_host="127.0.0.1", mail_port=9, mail_from="desk@mailwright.example",
        mail_security="none", mail_password=secrets.token_hex(20),
    )  # fmt: skip
    services = pipeline.TestServices(settings)
    yield settings, Shop(google, services, workspace, pipeline.connect_mailbox(google, services, workspace))
    services.close()


def a_day_with_trouble(settings: Settings, shop: Shop, owner) -> set[str]:
    """Mail, replies, people at the pages, and everything that can break; returns what was handed out."""
    google, visitor = shop.google, Visitor(settings.public_url)
    for subject, words in CANARIES.items():
        shop.write(words, subject)
    until(lambda: shop.one("SELECT count(*) FROM decision") == len(CANARIES))
    until(lambda: shop.one("SELECT count(*) FROM outbox WHERE state = 'sent'") >= 1)
    # Google's own words name the mailbox: once where it is read, and where a reply is laid down.
    google.fault("history.list", "403_delegation")
    google.fault("drafts.create", "403_delegation")
    shop.write(CANARIES["A canary about parcels"], "Canary again")
    until(lambda: logs_of(settings).count("Gmail answered 403") >= 1)
    shop.change("UPDATE mailbox SET next_sync_at = now(), blocked_until = NULL")
    with shop.services.database.transaction(shop.tenant) as db:
        incidents.watch(db, shop.tenant, "https://localhost/canary")
        reset = resets.make(db, shop.tenant, shop.workspace.owner, by_mail=True)
        invited = invitations.invite(
            db, shop.tenant, email="new.canary@lumen.example", role="agent", by=shop.workspace.owner
        )
    until(lambda: logs_of(settings).count("Gmail answered 403") >= 2)
    until(lambda: '"stage": "incidents"' in logs_of(settings))
    links = {secret_links.written(shop.tenant, one) for one in (reset, invited)}
    token = signed(LinkIds(shop.tenant, shop.workspace.owner), settings.secret_key)
    for path in (
        *(f"/new-password/{one}" for one in links),
        *(f"/invitation/{one}" for one in links),
        f"/confirm/{token}",
    ):
        visitor.get(path)
    visitor.get("/metrics", headers={"Authorization": f"Bearer {settings.metrics_token}x"})
    visitor.post("/sign-in", "/sign-in", {"email": shop.workspace.email, "password": "a canary's wrong password"})
    visitor.post("/forgotten", "/forgotten", {"email": shop.workspace.email})
    assert visitor.post("/sign-in", "/sign-in", {"email": shop.workspace.email, "password": PASSWORD}).ok
    assert visitor.get("/account").ok
    visitor.get("/conversations?q=dear+canary&customer=anna@customer.example")
    files = {"files": ("canary.pdf", b"%PDF canary of nothing")}
    assert visitor.post("/knowledge/upload", "/account", {}, files=files).status_code < 500
    # The database refuses what no test foresaw, for web and for the workers.
    owner.execute(text("REVOKE INSERT ON decision FROM mailwright_app"))
    owner.execute(text("REVOKE SELECT ON member FROM mailwright_app"))
    owner.commit()
    shop.write("question: a canary that cannot be written down", "Canary of the database")
    assert visitor.get("/people?q=canary").status_code == 500
    until(lambda: "InsufficientPrivilege" in logs_of(settings) or "ProgrammingError" in logs_of(settings))
    owner.execute(text("GRANT INSERT ON decision TO mailwright_app"))
    owner.execute(text("GRANT SELECT ON member TO mailwright_app"))
    owner.commit()
    google.revoke(SHOP)
    until(lambda: shop.one("SELECT status FROM mailbox WHERE address = %s", SHOP) == "needs_reauth")
    return {*visitor.handed, *links, token, "a canary's wrong password", PASSWORD, reset, invited}


def logs_of(settings: Settings) -> str:
    return "\n".join(path.read_text() for path in settings.data_dir.glob("*.log"))


@contextmanager
def overheard(url: str) -> Iterator[list[str]]:
    """Every command that Redis was given, with all that it carried; the list is whole after the block."""
    said: list[str] = []
    # Nothing may be said for as long as the programs take to start.
    with redis.Redis.from_url(url, socket_timeout=None) as client, client.monitor() as monitor:

        def listen() -> None:
            for command in monitor.listen():
                said.append(command["command"])
                if "nothing more comes" in command["command"]:
                    return

        thread = threading.Thread(target=listen)
        thread.start()
        try:
            yield said
        finally:
            with redis.Redis.from_url(url) as other:
                other.echo("nothing more comes")
            thread.join()


def test_no_secret_no_address_and_no_word_of_a_mail_is_in_any_log_of_a_run(live, owner, servers, other_workspace):
    settings, shop = live
    services, before = build(settings), len((servers.postgres._data.parent / "postgres.log").read_text())
    # What is revoked at Google in the meantime is a secret, too.
    sealed_before = {place.open(services, owner) for place in fill(services, other_workspace)}
    owner.rollback()
    folder = settings.data_dir
    io, brain = ("-m", "worker.run", "io"), ("-m", "tests.support.plain_worker", "brain")
    programs = {"listener": LISTENER, "io": io, "brain": brain, "web": web(settings)}
    with overheard(settings.redis_url) as to_redis, ExitStack() as stack:
        for name, argv in programs.items():
            stack.enter_context(process(settings, argv, folder / f"{name}.log"))
        until(lambda: _answers(settings.public_url), within=60)
        handed = a_day_with_trouble(settings, shop, owner)
    of_postgres = (servers.postgres._data.parent / "postgres.log").read_text()[before:]
    values = (
        of_settings(settings) | of_tables(owner, services) | handed | sealed_before | {settings.google_client_secret}
    )
    services.close()
    written = logs_of(settings)
    for event in ("attempt_failed", "mailbox_needs_reauth", "request_broke", "worker_ready", "listener_ready"):
        assert f'"{event}"' in written, "the trouble was there, and was told of"
    assert any("drain_job" in one for one in to_redis)
    for name, log in {"programs": written, "Postgres": of_postgres, "Redis": "\n".join(to_redis)}.items():
        assert leaks(log, values) == [], name
    # The control: one line more with any of them is found.
    assert len(values) > 40
    for one in values:
        if len(one) >= LEAST:
            assert leaks(f'{written}\n{{"event": "attempt_failed", "error": "no {one}"}}', {one}) == [one]


@pytest.mark.parametrize(("as_we_start_it", "told"), [(True, False), (False, True)])
def test_the_log_of_postgres_itself_names_no_row_that_it_refused(owner, servers, workspace, as_we_start_it, told):
    """With Postgres's usual settings the same refusal tells the whole row: the control."""
    canary = f"canary{uuid4().hex}@lumen.example"
    if not as_we_start_it:
        owner.execute(text("SET log_min_error_statement = error"))
        owner.execute(text("SET log_error_verbosity = 'default'"))
    with pytest.raises(IntegrityError):
        owner.execute(text("UPDATE member SET email = :canary, tenant_id = NULL"), {"canary": canary})
    owner.rollback()
    log = servers.postgres._data.parent / "postgres.log"
    assert (canary in log.read_text()) is told


def test_every_setting_that_is_a_secret_is_looked_for():
    """A new one with another name would be overlooked: whoever adds it says here what it is."""
    plain = {one.name for one in fields(Settings) if not IS_SECRET.search(one.name)}
    assert plain == {
        "database_url", "database_owner_url", "database_listener_url", "redis_url", "public_url", "google_client_id",
        "google_metadata_url", "gmail_api_endpoint", "data_dir", "knowledge_base_dir", "embedding_precision",
        "model_threads", "index_dir", "index_memory_mb", "index_disk_mb", "listen_seconds", "poll_seconds",
        "backfill_days", "google_timeout_seconds", "trusted_proxies", "llm_provider", "llm_model", "llm_base_url",
        "llm_timeout_seconds", "llm_input_price", "llm_output_price", "llm_tokens_per_day", "sign_up", "mail_host",
        "mail_port", "mail_from", "mail_security", "mail_username", "status_page_private", "shop_webhook_private",
        "web_search_provider", "web_search_base_url", "log_level",
    }  # fmt: skip
