"""Read a folder of accounts and mails, and say when each mail is to arrive.

The folder holds `accounts.json` and `mails/NNN_name.json` or `mails/NNN_name.eml` (docs of the fields: `read_seed`).
"""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandbox.accounts import Account, new_account
from sandbox.letter import Letter
from sandbox.new_mail import compose, from_json
from sandbox.post_office import AUTH_LEVELS, without_headers

SECONDS_PER_MINUTE = 60
AGO, AFTER = "minutes_ago", "arrives_after_connect_s"


@dataclass(frozen=True, slots=True)
class SeedMail:
    """One mail of a seed: its file's stem, whose mailbox it lands in, and when.

    `minutes_ago` > 0: it lies there from the start. None: it arrives `after_connect_s` after the mailbox was connected,
    or, where that is None too, in its turn.
    """

    name: str
    to: str
    fields: dict[str, Any]
    raw: bytes
    auth: str
    minutes_ago: float | None
    after_connect_s: float | None


@dataclass(frozen=True, slots=True)
class Seed:
    accounts: tuple[Account, ...]
    mails: tuple[SeedMail, ...]


def read_accounts(path: Path) -> tuple[Account, ...]:
    """`[{"email", "name", "role": "shop"|"customer"|"supplier"}]`; raises ValueError with file and reason."""
    rows = _json(path)
    try:
        return tuple(
            new_account(str(row["email"]), str(row.get("name") or ""), str(row.get("role") or "customer"))
            for row in rows
        )
    except (KeyError, TypeError, AttributeError):
        raise ValueError(f"{path}: expected a list of accounts, each with an email") from None


def read_seed(folder: Path) -> Seed:
    """Accounts, and mails in the order of their file names.

    A JSON mail is `{to, from, subject, text, from_name?, html?, headers?, attachments? [{name, content_type, text}],
    minutes_ago?, arrives_after_connect_s?, auth? pass|fail|none|as_is, reply_to_previous? (a file's stem)}`.
    An `.eml` lies there byte for byte; `X-Sandbox-To` (else the To header, else the first shop), `-Minutes-Ago`,
    `-Arrives-After-Connect-S` and `-Auth` may steer it and are taken out. Raises ValueError that names the file.
    """
    accounts = read_accounts(folder / "accounts.json")
    files = sorted((folder / "mails").glob("*"), key=lambda file: file.name)
    mails = []
    for file in files:
        if file.suffix == ".json":
            mails.append(_from_json(file))
        elif file.suffix == ".eml":
            mails.append(_from_eml(file, accounts))
    return Seed(accounts, tuple(mails))


def message_id_of(name: str) -> str:
    """The Message-ID that a seeded JSON mail is given, so that a later one can answer it."""
    return f"<{re.sub(r'[^A-Za-z0-9.-]', '-', name)}@seed.sandbox.example>"


def seed_bytes(mail: SeedMail, at: float) -> bytes:
    """The mail as it travels at this moment; raises ValueError that names the file."""
    if mail.raw:
        return mail.raw
    previous = str(mail.fields.get("reply_to_previous") or "")
    references = (message_id_of(previous.removesuffix(".json")),) if previous else ()
    try:
        fields = {"message_id": message_id_of(mail.name), **mail.fields}
        return compose(from_json(fields, at, references))
    except ValueError as error:
        raise ValueError(f"{mail.name}: {error}") from None


def _from_json(path: Path) -> SeedMail:
    fields = _json(path)
    try:
        to = str(fields["to"]).strip().lower()
    except (KeyError, TypeError):
        raise ValueError(f"{path}: expected an object with to, from, subject and text") from None
    mail = SeedMail(path.stem, to, fields, b"", _auth(path, fields.get("auth") or "pass"), *_when(path, fields))
    seed_bytes(mail, 0)  # a mail that cannot be written is told at the start, not when it should arrive
    return mail


def _from_eml(path: Path, accounts: tuple[Account, ...]) -> SeedMail:
    raw = path.read_bytes()
    letter = Letter(raw)
    known = [account.email for account in accounts]
    shops = [account.email for account in accounts if account.role == "shop"]
    wanted = [letter.first("x-sandbox-to").lower(), *letter.addresses("to"), *shops]
    to = next((address for address in wanted if address in known), "")
    if not to:
        raise ValueError(f"{path}: names no mailbox in X-Sandbox-To or To, and no account has the role shop")
    steered = {name: letter.first(f"x-sandbox-{name.replace('_', '-')}") or None for name in (AGO, AFTER)}
    auth = _auth(path, letter.first("x-sandbox-auth") or "as_is")
    return SeedMail(path.stem, to, {}, without_headers(raw, r"X-Sandbox-[^:\s]*"), auth, *_when(path, steered))


def _when(path: Path, fields: dict[str, Any]) -> tuple[float | None, float | None]:
    """`minutes_ago` and `after_connect_s` of a mail; what is not old waits for the connecting."""
    ago, after = _number(path, fields, AGO), _number(path, fields, AFTER)
    return (None, after) if ago is None or ago <= 0 or after is not None else (ago, None)


def _auth(path: Path, level: str) -> str:
    if level not in AUTH_LEVELS:
        raise ValueError(f"{path}: unknown auth {level!r}; known are: {', '.join(AUTH_LEVELS)}")
    return level


def _number(path: Path, fields: dict[str, Any], name: str) -> float | None:
    try:
        return None if fields.get(name) is None else float(fields[name])
    except (TypeError, ValueError):
        raise ValueError(f"{path}: {name} is no number") from None


def _json(path: Path) -> Any:
    try:
        return json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise ValueError(f"{path}: {error.strerror}") from None
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None
