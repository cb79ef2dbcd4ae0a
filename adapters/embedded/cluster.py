"""The data directory of a Postgres: made once, with its owner's password, and refused to another major version."""

import os
import secrets
import sys
from pathlib import Path

from adapters.embedded import place
from adapters.embedded.binaries import PostgresPrograms
from adapters.embedded.processes import run_once
from domain.errors import NeedsPerson

OWNER = "owner"


def create_cluster(
    programs: PostgresPrograms,
    base: Path,
    account: place.Account,
    *,
    identity: tuple[int, int] | None,
    password: str,
    log: Path,
    durable: bool,
) -> None:
    """Create under another name, then rename: an interrupted first start leaves nothing that looks like data."""
    making = place.private_folder(base / "data.new", account)
    if any(making.iterdir()):
        # The server's own user, so that no link in there leads root astray.
        run_once(("/bin/rm", "-rf", *map(str, making.iterdir())), log, identity, "rm")
    secret = base / "data.password"
    secret.unlink(missing_ok=True)
    handed = os.open(secret, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    try:
        os.write(handed, password.encode())
        if identity:
            os.fchown(handed, *identity)
        argv = [str(programs.initdb), "-D", str(making), "-U", OWNER, "--auth=scram-sha-256", f"--pwfile={secret}"]
        argv += ["--data-checksums", "--encoding=UTF8", *_locale(programs.major)]
        run_once([*argv, *_writing(programs.major, durable=durable)], log, identity, "initdb")
    finally:
        os.close(handed)
        secret.unlink()
    making.rename(base / "data")


def _locale(major: int) -> list[str]:
    """Sort by code point and know the letters of Unicode, the same on every machine."""
    if major >= 17:
        return ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
    return ["--locale=C", "--lc-ctype=C.UTF-8"]


def _writing(major: int, *, durable: bool) -> list[str]:
    """How the new files reach the disk: all at once where that is known, since one by one takes seconds."""
    if not durable:
        return ["--no-sync"]
    return ["--sync-method=syncfs"] if major >= 17 and sys.platform == "linux" else []


def refuse_other_major(data: Path, major: int) -> None:
    """Postgres itself records the major version of its data."""
    if not data.exists():
        return
    recorded = (data / "PG_VERSION").read_text().strip()
    if recorded != str(major):
        raise NeedsPerson(
            f"the data in {data} is from Postgres {recorded}, but Postgres {major} is installed: "
            f"dump it with Postgres {recorded} (pg_dumpall) and restore it here, or begin anew (make demo FRESH=1)"
        )


def kept_password(path: Path, data: Path) -> str:
    """The owner's password, made before the data is, and kept at `path` for us alone."""
    if path.exists():
        return path.read_text()
    if data.exists():
        raise NeedsPerson(f"there is data in {data}, but its password, {path}, is gone: begin anew (make demo FRESH=1)")
    password = secrets.token_urlsafe(32)
    unfinished = path.with_suffix(".new")
    unfinished.unlink(missing_ok=True)
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600), "w") as file:
        file.write(password)
    unfinished.rename(path)
    return password
