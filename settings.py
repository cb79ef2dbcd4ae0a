"""Every knob: frozen, read once from the environment; names all that is missing or wrong at once."""

import base64
import binascii
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from domain.errors import BadInput

ROOT = Path(__file__).resolve().parent

# What each program cannot run without. `explain` needs nothing: it asks no database and sends nothing.
NEEDS: Mapping[str, tuple[str, ...]] = {
    "web": ("database_url", "secret_key", "key_ring", "public_url", "google_client_id", "google_client_secret"),
    "worker": (
        "database_url",
        "database_listener_url",
        "redis_url",
        "secret_key",
        "key_ring",
        "public_url",
        "google_client_id",
        "google_client_secret",
    ),
    "listener": ("database_listener_url", "redis_url"),
    "migrate": ("database_owner_url", "database_url", "database_listener_url"),
    "database": ("database_url",),
    "reset": ("database_url", "public_url"),
    "retention": ("database_url", "database_listener_url"),
    "shop": ("database_url", "key_ring"),
    "rotate": ("database_url", "database_listener_url", "key_ring"),
    "explain": (),
}


@dataclass(frozen=True, slots=True)
class Settings:
    """One field per environment variable of the same name in capitals. Secrets never show in `repr`."""

    database_url: str = ""
    database_owner_url: str = ""
    database_listener_url: str = ""
    redis_url: str = ""
    secret_key: str = ""
    key_ring: str = ""
    public_url: str = ""
    google_client_id: str = ""
    google_client_secret: str = ""
    google_metadata_url: str = "https://accounts.google.com/.well-known/openid-configuration"
    gmail_api_endpoint: str = "https://gmail.googleapis.com"
    data_dir: Path = ROOT / "var"
    knowledge_base_dir: Path = ROOT / "knowledge_base"
    embedding_precision: Literal["int8", "fp32"] = "int8"
    model_threads: int = 2
    index_dir: Path | None = None
    index_memory_mb: int = 1024
    index_disk_mb: int = 4096
    listen_seconds: float = 1.0
    poll_seconds: float = 30.0
    backfill_days: int = 7
    google_timeout_seconds: float = 15.0
    trusted_proxies: int = 0
    llm_provider: Literal["", "openai", "anthropic", "google_genai"] = ""
    llm_model: str = ""
    llm_base_url: str = ""
    llm_api_key: str = ""
    llm_timeout_seconds: float = 30.0
    llm_input_price: float = 0.0
    llm_output_price: float = 0.0
    llm_tokens_per_day: int = 200_000
    sign_up: bool = True
    mail_host: str = ""
    mail_port: int = 587
    mail_from: str = ""
    mail_security: Literal["starttls", "tls", "none"] = "starttls"
    mail_username: str = ""
    mail_password: str = ""
    status_page_private: bool = False
    shop_webhook_private: bool = False
    web_search_provider: Literal["", "tavily"] = ""
    web_search_api_key: str = ""
    web_search_base_url: str = ""
    log_level: str = "INFO"
    metrics_token: str = ""

    def __repr__(self) -> str:
        return "Settings(...)"

    @property
    def models_dir(self) -> Path:
        """Where set-up leaves the exported embedding model and the trained classifier."""
        return self.data_dir / "models"

    @property
    def index_folder(self) -> Path:
        """Where the searchable forms of the knowledge bases are kept as files: a cache of this machine."""
        return self.index_dir or self.data_dir / "index"


class BadSettings(BadInput):
    """One message that names every setting that is missing or wrong."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__(
            "settings", "\n  ".join(["These settings need your attention (.env.example explains each):", *problems])
        )
        self.problems = problems


def read(environ: Mapping[str, str] = os.environ, *, purpose: str = "explain") -> Settings:
    """Read the settings that one program needs. Raises BadSettings, naming everything at once."""
    values: dict[str, object] = {}
    problems: list[str] = []
    for field in fields(Settings):
        name = field.name.upper()
        text = environ.get(name, "").strip()
        if not text:
            if field.name in NEEDS[purpose]:
                problems.append(f"{name} is missing.")
            continue
        try:
            values[field.name] = _PARSERS.get(field.name, str)(text)
        except ValueError as error:
            problems.append(f"{name} {error}")
    if bool(values.get("llm_provider")) != bool(values.get("llm_model")):
        problems.append("LLM_PROVIDER and LLM_MODEL go together: set both, or neither.")
    if bool(values.get("web_search_provider")) != bool(values.get("web_search_api_key")):
        problems.append("WEB_SEARCH_PROVIDER and WEB_SEARCH_API_KEY go together: set both, or neither.")
    if bool(values.get("mail_host")) != bool(values.get("mail_from")):
        problems.append("MAIL_HOST and MAIL_FROM go together: set both, or neither.")
    if problems:
        raise BadSettings(problems)
    return Settings(**values)  # type: ignore[arg-type]  # each parser returns its field's type


def as_environment(settings: Settings) -> dict[str, str]:
    """What a process has to be started with to read the same settings; what is not set stays empty."""
    values = ((field.name.upper(), getattr(settings, field.name)) for field in fields(Settings))
    return {name: "" if value is None else str(value) for name, value in values}


def read_or_exit(purpose: str) -> Settings:
    """The same for a program's start: one message on standard error, and exit code 2."""
    try:
        return read(purpose=purpose)
    except BadSettings as error:
        print(error.reason, file=sys.stderr)
        sys.exit(2)


def _number(kind: Callable[[str], float], low: float, high: float) -> Callable[[str], object]:
    def parse(text: str) -> object:
        try:
            value = kind(text)
        except ValueError:
            raise ValueError(f"must be a number from {low:g} to {high:g}, not {text!r}.") from None
        if not low <= value <= high:
            raise ValueError(f"must be from {low:g} to {high:g}, not {text}.")
        return value

    return parse


def _url(*schemes: str) -> Callable[[str], object]:
    def parse(text: str) -> object:
        try:
            parts = urlsplit(text)
            port_is_good = parts.port is None or parts.port > 0
        except ValueError:
            raise ValueError("must be a URL; its host or its port cannot be read.") from None
        if parts.scheme not in schemes:
            raise ValueError(f"must be a URL that begins with {' or '.join(f'{scheme}:' for scheme in schemes)}.")
        # A socket stands in the path or in the query, so that only web addresses must name a host.
        if not port_is_good or (parts.scheme in {"http", "https"} and not parts.hostname):
            raise ValueError("must be a URL with a host, and with a port from 1 to 65535 if it names one.")
        return text.rstrip("/")

    return parse


def _one_of(*words: str) -> Callable[[str], object]:
    def parse(text: str) -> object:
        if text not in words:
            raise ValueError(f"must be one of {', '.join(words)}, not {text!r}.")
        return text

    return parse


def _yes_or_no(text: str) -> object:
    if text.lower() not in {"true", "false"}:
        raise ValueError(f"must be true or false, not {text!r}.")
    return text.lower() == "true"


def _secret(text: str) -> object:
    if len(text) < 32:
        raise ValueError(
            "must have at least 32 characters; `python -c 'import secrets; print(secrets.token_hex(32))'` makes one."
        )
    return text


def _key_ring(text: str) -> object:
    for entry in filter(None, map(str.strip, text.split(","))):
        name, _, key = entry.partition(":")
        try:
            good = name and len(base64.b64decode(key.translate(str.maketrans("-_", "+/")), validate=True)) == 32
        except (binascii.Error, ValueError):
            good = False
        if not good:
            raise ValueError("must read name:key[,name:key...]; `flask new-key k1` prints an entry with its 32 bytes.")
    return text


_POSTGRES = _url("postgresql", "postgresql+psycopg")

_PARSERS: Mapping[str, Callable[[str], object]] = {
    "database_url": _POSTGRES,
    "database_owner_url": _POSTGRES,
    "database_listener_url": _POSTGRES,
    "redis_url": _url("redis", "rediss", "unix"),
    "secret_key": _secret,
    "key_ring": _key_ring,
    "public_url": _url("http", "https"),
    "google_metadata_url": _url("http", "https"),
    "gmail_api_endpoint": _url("http", "https"),
    "data_dir": lambda text: Path(text).resolve(),
    "knowledge_base_dir": lambda text: Path(text).resolve(),
    "embedding_precision": _one_of("int8", "fp32"),
    "model_threads": _number(int, 1, 64),
    "index_dir": lambda text: Path(text).resolve(),
    "index_memory_mb": _number(int, 64, 1_000_000),
    "index_disk_mb": _number(int, 0, 10_000_000),
    "listen_seconds": _number(float, 0.05, 60),
    "poll_seconds": _number(float, 0.1, 3600),
    "backfill_days": _number(int, 0, 365),
    "google_timeout_seconds": _number(float, 0.2, 120),
    "trusted_proxies": _number(int, 0, 5),
    "llm_provider": _one_of("openai", "anthropic", "google_genai"),
    "llm_base_url": _url("http", "https"),
    "llm_timeout_seconds": _number(float, 0.2, 60),
    "llm_input_price": _number(float, 0, 10_000),
    "llm_output_price": _number(float, 0, 10_000),
    "llm_tokens_per_day": _number(int, 0, 1_000_000_000),
    "sign_up": _yes_or_no,
    "mail_port": _number(int, 1, 65_535),
    "mail_security": _one_of("starttls", "tls", "none"),
    "status_page_private": _yes_or_no,
    "shop_webhook_private": _yes_or_no,
    "web_search_provider": _one_of("tavily"),
    "web_search_base_url": _url("http", "https"),
    "metrics_token": _secret,
    "log_level": _one_of("DEBUG", "INFO", "WARNING", "ERROR"),
}
