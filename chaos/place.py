"""Where a run lives: a folder with its own Postgres, Valkey and stand-ins, found again after an interruption."""

import json
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from secrets import token_hex

import settings as settings_module
from adapters.embedded import place as embedded
from adapters.embedded.postgres import RunningPostgres, start_postgres
from adapters.embedded.valkey import RunningValkey, start_valkey
from adapters.shop_webhook import new_secret
from adapters.vault import new_key
from chaos.ahead import set_clock
from chaos.worker import BLIND, FOLDER, SHIFT
from commands.demo import environment
from evaluation import bench_google
from evaluation.bench_programs import GUNICORN, LISTENER, free_port
from settings import ROOT, Settings
from storage import migrate
from worker.supervisor import Command

DATABASE = "chaos"
# By how many seconds each worker's own clock is wrong.
SHIFTS = {"io-1": 90, "io-2": -90, "brain": 45}


@dataclass(frozen=True, slots=True)
class Kept:
    """What has to be the same after an interruption: secrets, and the ports whose addresses stand in tables."""

    secret_key: str
    key_ring: str
    app_password: str
    listener_password: str
    member_password: str
    shop_secret: str
    google_port: int
    ticketing_port: int
    shop_port: int
    web_port: int
    page_port: int


@dataclass(frozen=True, slots=True)
class Place:
    """The servers and settings of a run. `urls` are the stand-ins' own, by name."""

    folder: Path
    kept: Kept
    settings: Settings
    postgres: RunningPostgres
    valkey: RunningValkey

    @property
    def urls(self) -> dict[str, str]:
        ports = {
            "gmail": self.kept.google_port,
            "ticketing": self.kept.ticketing_port,
            "shop": self.kept.shop_port,
            "page": self.kept.page_port,
        }
        return {name: f"http://127.0.0.1:{port}" for name, port in ports.items()}


@contextmanager
def open_place(folder: Path, *, leaps: bool = True) -> Iterator[Place]:
    """Start both servers, durable as in production, over whatever an earlier part of the run left in `folder`.

    Where time leaps, Postgres's clock is one of ours.
    """
    # Postgres may run as another user, who has to find its way through.
    for part in (folder.parent, folder):
        part.mkdir(mode=0o711, parents=True, exist_ok=True)
    kept = _kept(folder / "kept.json")
    with ExitStack() as stack:
        postgres = stack.enter_context(start_postgres(folder / "postgres"))
        valkey = stack.enter_context(start_valkey(folder / "valkey"))
        settings = _settings(postgres, valkey, kept)
        if leaps:
            set_clock(postgres, DATABASE)
        migrate.upgrade(
            settings.database_owner_url, app_url=settings.database_url, listener_url=settings.database_listener_url
        )
        yield Place(folder, kept, settings, postgres, valkey)


def forget(folder: Path) -> None:
    """Erase a run, wherever its servers keep their files."""
    for part in ("postgres", "valkey"):
        if (folder / part).exists():
            embedded.erase(folder / part)
    if folder.exists():
        shutil.rmtree(folder)


def stand_ins(place: Place, answers: Callable[[str], bool]) -> list[Command]:
    """The outside world, which stays up: what it saw is what is counted."""
    python, kept, env = sys.executable, place.kept, environment(place.settings)
    google = (
        *(python, "-m", "sandbox.google", "--port", str(kept.google_port), "--data", str(place.folder / "google")),
    )
    ticketing = (
        *(python, "-m", "sandbox.ticketing", "--port", str(kept.ticketing_port)),
        *("--data", str(place.folder / "ticketing.json")),
    )
    shop = (
        *(python, "-m", "sandbox.order_shop", "--port", str(kept.shop_port), "--secret", kept.shop_secret),
        *("--data", str(place.folder / "shop.json")),
    )
    page = (python, "-m", "sandbox.status_page", "--port", str(kept.page_port))
    urls = place.urls
    return [
        Command("google", google, env, ROOT, lambda: answers(f"{urls['gmail']}/sandbox/faults")),
        Command("ticketing", ticketing, env, ROOT, lambda: answers(f"{urls['ticketing']}/sandbox/faults")),
        Command("shop", shop, env, ROOT, lambda: answers(f"{urls['shop']}/sandbox/faults")),
        Command("page", page, env, ROOT, lambda: answers(f"{urls['page']}/sandbox/state")),
    ]


def programs(place: Place, *, control: bool) -> list[Command]:
    """Everything that is killed."""
    env = environment(place.settings)
    meeting = {FOLDER: str(place.folder), BLIND: "yes" if control else ""}
    web = (*GUNICORN, f"127.0.0.1:{place.kept.web_port}", "--worker-class", "gthread", "--threads", "4")
    return [
        Command("web", (*web, "--log-level", "warning"), env, ROOT),
        Command("listener", LISTENER, env, ROOT),
        *(
            Command(
                name,
                (sys.executable, "-m", "chaos.worker", name.partition("-")[0]),
                {**env, **meeting, SHIFT: str(shift)},
                ROOT,
            )
            for name, shift in SHIFTS.items()
        ),
    ]


def _kept(file: Path) -> Kept:
    if file.exists():
        return Kept(**json.loads(file.read_text()))
    made = Kept(
        secret_key=token_hex(32),
        key_ring=new_key("chaos"),
        app_password=token_hex(16),
        listener_password=token_hex(16),
        member_password=token_hex(16),
        shop_secret=new_secret(),
        google_port=free_port(),
        ticketing_port=free_port(),
        shop_port=free_port(),
        web_port=free_port(),
        page_port=free_port(),
    )
    file.touch(mode=0o600)
    file.write_text(json.dumps(asdict(made)))
    return made


def _settings(postgres: RunningPostgres, valkey: RunningValkey, kept: Kept) -> Settings:
    google = f"http://127.0.0.1:{kept.google_port}"
    return replace(
        settings_module.read(),
        database_owner_url=postgres.create_database(DATABASE),
        database_url=postgres.url(DATABASE, "chaos_app", kept.app_password),
        database_listener_url=postgres.url(DATABASE, "chaos_listener", kept.listener_password),
        redis_url=valkey.url,
        secret_key=kept.secret_key,
        key_ring=kept.key_ring,
        public_url=f"http://127.0.0.1:{kept.web_port}",
        google_client_id=bench_google.CLIENT_ID,
        google_client_secret=bench_google.CLIENT_SECRET,
        google_metadata_url=f"{google}/.well-known/openid-configuration",
        gmail_api_endpoint=google,
        # Shorter than the slow answers of the stand-ins.
        google_timeout_seconds=2.0,
        shop_webhook_private=True,
        status_page_private=True,
        listen_seconds=0.2,
        poll_seconds=0.5,
        log_level="INFO",
        model_threads=min(2, os.cpu_count() or 1),
    )
