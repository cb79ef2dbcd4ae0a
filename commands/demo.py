"""`flask demo`: everything on one machine with one command, over the sandbox Google."""

import os
import shlex
import shutil
import socket
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import ExitStack, closing
from dataclasses import replace
from pathlib import Path
from typing import TextIO
from uuid import UUID

import click

import settings as settings_module
from adapters.embedded import place
from adapters.embedded.postgres import start_postgres
from adapters.embedded.valkey import start_valkey
from bootstrap import Services, build
from commands import setup_models
from commands.demo_llm import llm_command, with_llm
from commands.demo_mail import Mails, mail_command, with_mail
from commands.demo_order_shop import connect_order_shop, order_shop_command
from commands.demo_shop import OWNER, SHOP, Secrets, ensure_shop, kept_secrets
from commands.demo_status_page import status_page_command, watch_page
from commands.demo_suppliers import bring_suppliers
from commands.demo_ticketing import connect_ticketing, ticketing_command
from domain.errors import MailwrightError, TryAgain
from settings import ROOT, Settings, as_environment
from storage import desk, indexing, learning, migrate
from storage.desk import Today
from worker.supervisor import Command, Supervisor

DATABASE = "mailwright"
CLIENT_ID, CLIENT_SECRET = "sandbox-client.apps.example", "sandbox-client-key"  # the sandbox's own


@click.command("demo")
@click.option("--fresh", is_flag=True, help="Begin anew: forget what an earlier demo left.")
@click.option("--port", default=8000, help="Where the pages are; the next free one when it is taken.")
@click.option("--google-port", default=8025, help="Where the sandbox Google is.")
@click.option("--llm", is_flag=True, help="Ask a stand-in for a language model, too: it sorts by simple words.")
def demo(port: int, google_port: int, *, fresh: bool, llm: bool) -> None:
    """Start Postgres, Redis, the sandbox Google, web, listener and workers; Ctrl-C stops them all."""
    folder = settings_module.read().data_dir / "demo"
    try:
        with ExitStack() as stack:
            ports = _free("The desk", port), _free("The sandbox Google", google_port)
            llm_port = _free("The sandbox language model", 8035) if llm else 0
            _run(folder, *ports, llm_port, stack, fresh=fresh)
    except MailwrightError as error:
        click.echo(str(error), err=True)
        sys.exit(1)
    click.echo("Everything is stopped. `make demo` finds it all again; `make demo FRESH=1` begins anew.")


def _run(folder: Path, port: int, google_port: int, llm_port: int, stack: ExitStack, *, fresh: bool) -> None:
    if fresh:
        _forget(folder)
    for part in (folder, folder / "logs"):
        # Postgres may run as another user, who has to find its way through.
        part.mkdir(mode=0o711, parents=True, exist_ok=True)
    page_port = _free("The sandbox status page", 8045)
    shop_port = _free("The sandbox shop", page_port + 1)
    tickets_port = _free("The sandbox ticketing system", shop_port + 1)
    kept = kept_secrets(folder / "secrets.json")
    click.echo("Starting Postgres and Redis ...")
    postgres = stack.enter_context(start_postgres(folder / "postgres"))
    valkey = stack.enter_context(start_valkey(folder / "valkey"))
    settings = replace(
        settings_module.read(),
        database_owner_url=postgres.create_database(DATABASE),
        database_url=postgres.url(DATABASE, "mailwright_web", kept.app_password),
        database_listener_url=postgres.url(DATABASE, "mailwright_listen", kept.listener_password),
        redis_url=valkey.url,
        secret_key=kept.secret_key,
        key_ring=kept.key_ring,
        public_url=f"http://127.0.0.1:{port}",
        google_client_id=CLIENT_ID,
        google_client_secret=CLIENT_SECRET,
        google_metadata_url=f"http://127.0.0.1:{google_port}/.well-known/openid-configuration",
        gmail_api_endpoint=f"http://127.0.0.1:{google_port}",
        poll_seconds=2.0,
        listen_seconds=0.5,
        status_page_private=True,
        shop_webhook_private=True,
        log_level="WARNING",
    )
    mail_port = _free("The sandbox mail server", 8055)
    settings = with_mail(settings, mail_port)
    if llm_port:
        settings = with_llm(settings, llm_port)
    migrate.upgrade(
        settings.database_owner_url, app_url=settings.database_url, listener_url=settings.database_listener_url
    )
    setup_models.set_up(settings.models_dir)
    services = stack.enter_context(closing(build(settings)))
    tenant = ensure_shop(services, kept)
    watch_page(services, tenant, page_port)
    shop_secret = connect_order_shop(services, tenant, shop_port)
    connect_ticketing(services, tenant, tickets_port)
    bring_suppliers(services, tenant)
    progress = Progress(services, tenant, kept, google_port, lambda: postgres.revive() or valkey.revive())
    _write_env(folder / "env", settings)
    env = environment(settings)
    shop = order_shop_command(shop_port, shop_secret, env, answers)
    tickets = ticketing_command(tickets_port, folder, env, answers)
    show_mails = Mails(folder / "logs", click.echo)

    def tick() -> None:
        progress()
        show_mails()

    supervisor = Supervisor(
        [
            *_commands(settings, port, google_port, page_port, folder),
            shop,
            tickets,
            mail_command(mail_port, env),
        ],
        log=_quiet(stack),
        folder=folder / "logs",
        tick=tick,
    )
    progress.ready = lambda: supervisor.ready
    click.echo(f"Starting the sandbox Google, the pages, the listener and the workers; their logs: {folder / 'logs'}")
    supervisor.run()


def _commands(settings: Settings, port: int, google_port: int, page_port: int, folder: Path) -> list[Command]:
    env = environment(settings)
    python = sys.executable
    google = (
        *(python, "-m", "sandbox.google", "--port", str(google_port), "--data", str(folder / "google")),
        *("--seed", str(SHOP), "--client-id", CLIENT_ID, "--client-secret", CLIENT_SECRET),
        *("--arrival-every", "1"),
    )
    web = (
        *(python, "-m", "gunicorn", "--bind", f"127.0.0.1:{port}", "--worker-class", "gthread", "--threads", "8"),
        *("--log-level", "warning", "app:create_app()"),
    )
    return [
        Command("google", google, env, ROOT, lambda: answers(settings.google_metadata_url)),
        Command("web", web, env, ROOT, lambda: answers(f"{settings.public_url}/healthz")),
        Command("listener", (python, "run_listener.py"), env, ROOT),
        Command("io", (python, "-m", "worker.run", "io"), env, ROOT),
        Command("brain", (python, "-m", "worker.run", "brain"), env, ROOT),
        status_page_command(page_port, env, answers),
        *llm_command(settings, env, answers),
    ]


def _write_env(file: Path, settings: Settings) -> None:
    """The demo's settings for a shell, so that every `flask` command can work on it."""
    file.touch(mode=0o600)
    lines = (f"{name}={shlex.quote(value)}" for name, value in as_environment(settings).items())
    file.write_text("\n".join(lines) + "\n")


def environment(settings: Settings) -> dict[str, str]:
    """These settings as a process reads them, on top of our own environment."""
    return {**os.environ, **as_environment(settings), "OMP_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false"}


class Progress:
    """Says where everything is as soon as it is there, then what was handled; called ten times a second."""

    def __init__(
        self, services: Services, tenant: UUID, kept: Secrets, google_port: int, revive: Callable[[], bool]
    ) -> None:
        self.ready: Callable[[], bool] = lambda: False
        self._services, self._tenant, self._kept = services, tenant, kept
        self._google_port, self._revive = google_port, revive
        self._welcomed, self._next_look, self._last = False, 0.0, ""

    def __call__(self) -> None:
        self._revive()
        if not self._welcomed and self.ready() and self._is_prepared():
            self._welcomed = True
            self._welcome()
        if self._welcomed and time.monotonic() >= self._next_look:
            self._next_look = time.monotonic() + 2.0
            self._look()

    def _is_prepared(self) -> bool:
        """Whether it is known what may be answered without a person, and what from: before, all would be held."""
        try:
            with self._services.database.transaction(self._tenant) as db:
                return learning.is_settled(db, self._tenant) and indexing.is_settled(db, self._tenant)
        except TryAgain:
            return False

    def _welcome(self) -> None:
        click.echo(
            f"\nMailwright is ready.\n"
            f"  The desk       {self._services.settings.public_url}\n"
            f"  Sign in with   {OWNER}   password  {self._kept.owner_password}\n"
            f"  Then           Connect Gmail -> Continue (as support@lumen-oak.example)\n"
            f"  Be a customer  http://127.0.0.1:{self._google_port}/mail/   (write to the shop, read its reply)\n"
            f"  Stop           Ctrl-C\n"
        )

    def _look(self) -> None:
        try:
            with self._services.database.transaction(self._tenant) as db:
                line = in_words(desk.today(db, self._tenant))
        except TryAgain:
            line = "Postgres is away; it is started again."
        if line != self._last:
            self._last = line
            click.echo(f"{time.strftime('%H:%M:%S')}  {line}")


def in_words(today: Today) -> str:
    """What is happening, in one line."""
    return (
        f"answered or asked back by itself {today.answered_by_machine} · by people {today.answered_by_people} · "
        f"waiting for a person {today.held} · ignored {today.ignored} · being read {today.in_work}"
    )


def _forget(folder: Path) -> None:
    for part in ("postgres", "valkey"):
        if (folder / part).exists():
            place.erase(folder / part)
    if folder.exists():
        shutil.rmtree(folder)


def _free(what: str, port: int) -> int:
    """The port itself, or the next one that nobody listens on."""
    for candidate in range(port, port + 50):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", candidate))
            except OSError:
                continue
            if candidate != port:
                click.echo(f"Port {port} is taken by another program: {what.lower()} is on port {candidate}.")
            return candidate
    raise MailwrightError(f"No port from {port} to {port + 49} is free.")


def answers(url: str) -> bool:
    """Whether a page on this machine is there: how one of our own programs is known to be ready."""
    try:
        with urllib.request.urlopen(url, timeout=0.5) as answer:  # noqa: S310  # our own loopback address
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _quiet(stack: ExitStack) -> TextIO:
    """Where the programs' own lines go on the terminal: nowhere; they are in the log folder."""
    return stack.enter_context(Path(os.devnull).open("w", encoding="utf-8"))
