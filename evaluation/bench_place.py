"""Where the bench runs: Postgres and Valkey of its own in a folder, and settings that point at them."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from secrets import token_hex

import settings as settings_module
from adapters.embedded import place
from adapters.embedded.postgres import RunningPostgres, start_postgres
from adapters.embedded.valkey import RunningValkey, start_valkey
from adapters.vault import new_key
from evaluation import bench_google
from evaluation.bench_programs import free_port
from settings import Settings
from storage import migrate

DATABASE = "bench"


@dataclass(frozen=True, slots=True)
class Place:
    """The two servers, a folder for logs and seeds, and what every program is told."""

    folder: Path
    settings: Settings
    postgres: RunningPostgres
    valkey: RunningValkey
    google_port: int


@contextmanager
def servers(folder: Path) -> Iterator[Place]:
    """Both servers, durable as in production, and a migrated database; erased at the end, wherever they lie."""
    # Postgres may run as another user, who has to find its way through.
    folder.chmod(0o711)
    try:
        with start_postgres(folder / "postgres") as postgres, start_valkey(folder / "valkey") as valkey:
            google_port = free_port()
            settings = _settings(postgres, valkey, google_port)
            migrate.upgrade(
                settings.database_owner_url, app_url=settings.database_url, listener_url=settings.database_listener_url
            )
            yield Place(folder, settings, postgres, valkey, google_port)
    finally:
        for part in ("postgres", "valkey"):
            if (folder / part).exists():
                place.erase(folder / part)


def _settings(postgres: RunningPostgres, valkey: RunningValkey, google_port: int) -> Settings:
    google = f"http://127.0.0.1:{google_port}"
    return replace(
        settings_module.read(),
        database_owner_url=postgres.create_database(DATABASE),
        database_url=postgres.url(DATABASE, "bench_app", token_hex(16)),
        database_listener_url=postgres.url(DATABASE, "bench_listener", token_hex(16)),
        redis_url=valkey.url,
        secret_key=token_hex(32),
        key_ring=new_key("bench"),
        public_url="http://127.0.0.1:1",
        google_client_id=bench_google.CLIENT_ID,
        google_client_secret=bench_google.CLIENT_SECRET,
        google_metadata_url=f"{google}/.well-known/openid-configuration",
        gmail_api_endpoint=google,
        log_level="INFO",
        model_threads=min(2, os.cpu_count() or 1),
    )
