"""Save the sandbox's state into a directory and bring it back: only rows that changed, at most once a second.

SQLite makes each save atomic; the rows are JSON, a mail's bytes follow its JSON after a newline.
"""

import json
import sqlite3
import threading
from collections import deque
from pathlib import Path
from typing import Any

from sandbox.accounts import Account
from sandbox.gmail_records import Happening, Mail
from sandbox.letter import Letter
from sandbox.oauth_records import Grant
from sandbox.origin import Google

EVERY_S = 1.0
FILE = "sandbox_google.sqlite3"


class Store:
    """Rows `(kind, key) -> bytes` of one sandbox. `start` loads and then saves in the background until `stop`."""

    def __init__(self, google: Google, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._google = google
        self._path = folder / FILE
        self._halt = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sandbox-save", daemon=True)

    def start(self) -> bool:
        """Load what an earlier run saved; False when there was nothing."""
        database = self._open()
        rows = database.execute("SELECT kind, key, body FROM row ORDER BY kind DESC, place").fetchall()
        database.close()
        with self._google.world.lock:
            self._restore({kind: [(k, b) for kd, k, b in rows if kd == kind] for kind in {row[0] for row in rows}})
            self._google.world.dirty = set()
            if not rows:
                self._google.world.everything_changed()  # what a test laid in before it began to serve
        self._thread.start()
        return bool(rows)

    def stop(self) -> None:
        self._halt.set()
        self._thread.join(30)

    def _open(self) -> sqlite3.Connection:
        database = sqlite3.connect(self._path)
        database.execute(
            "CREATE TABLE IF NOT EXISTS row "
            "(place INTEGER PRIMARY KEY, kind TEXT, key TEXT, body BLOB, UNIQUE (kind, key))"
        )
        return database

    def _run(self) -> None:
        database = self._open()
        while not self._halt.wait(EVERY_S):
            self._save(database)
        self._save(database)
        database.close()

    def _save(self, database: sqlite3.Connection) -> None:
        world = self._google.world
        with world.lock:
            dirty, world.dirty = world.dirty or set(), set()
            rows = [(kind, key, self._row(kind, key)) for kind, key in sorted(dirty, key=_history_in_order)]
        with database:
            for kind, key, body in rows:
                if body is None:
                    database.execute("DELETE FROM row WHERE kind = ? AND key = ?", (kind, key))
                else:
                    database.execute(
                        "INSERT INTO row (kind, key, body) VALUES (?, ?, ?) "
                        "ON CONFLICT (kind, key) DO UPDATE SET body = excluded.body",
                        (kind, key, body),
                    )

    def _row(self, kind: str, key: str) -> bytes | None:
        """One row as it is now; None when it is gone."""
        world, grants, arrivals = self._google.world, self._google.grants, self._google.arrivals
        address, _, rest = key.partition("/")
        box = world.mailboxes.get(address)
        match kind:
            case "oauth":
                return _json(
                    grants=[[*key, sorted(grant.scopes), list(grant.refresh)] for key, grant in grants.grants.items()],
                    refresh=[
                        [token, email, client, sorted(scopes)]
                        for token, (email, client, scopes) in grants.refresh.items()
                    ],
                )
            case "arrivals":
                return _json(arrived=sorted(arrivals.arrived), connected=sorted(arrivals.connected))
            case "mailbox" if box is not None:
                account = world.accounts[address]
                return _json(
                    name=account.name, role=account.role, history_id=box.history_id, floor=box.history_floor,
                    labels=box.labels, drafts=box.drafts,
                )  # fmt: skip
            case "mail" if box is not None and rest in box.messages:
                mail = box.messages[rest]
                about = _json(
                    thread=mail.thread_id,
                    labels=sorted(mail.labels),
                    order=mail.order,
                    history=mail.history_id,
                    at=mail.stored_at,
                )
                return about + b"\n" + mail.letter.raw
            case "history" if box is not None:
                record = next(iter(box.since(int(rest) - 1)))
                return _json(
                    kind=record.kind,
                    message=record.message_id,
                    thread=record.thread_id,
                    labels=record.labels,
                    changed=record.changed,
                )
        return None

    def _restore(self, rows: dict[str, list[tuple[str, bytes]]]) -> None:
        google = self._google
        world = google.world
        for address, body in rows.get("mailbox", ()):
            saved = json.loads(body)
            world.add_account(Account(address, saved["name"], saved["role"]))
            box = world.mailboxes[address]
            box.history_id, box.history_floor = saved["history_id"], saved["floor"]
            box.labels, box.drafts = saved["labels"], saved["drafts"]
        for key, body in rows.get("mail", ()):
            address, _, mail_id = key.partition("/")
            about, _, raw = body.partition(b"\n")
            saved = json.loads(about)
            order = (saved["order"][0], saved["order"][1])
            mail = Mail(
                mail_id, saved["thread"], set(saved["labels"]), Letter(raw), order, saved["history"], saved["at"]
            )
            world.mailboxes[address].place(mail)
            world.ids.last = max(world.ids.last, int(mail_id, 16))
        for key, body in rows.get("history", ()):
            address, _, number = key.partition("/")
            saved = json.loads(body)
            record = Happening(
                int(number),
                saved["kind"],
                saved["message"],
                saved["thread"],
                tuple(saved["labels"]),
                tuple(saved["changed"]),
            )
            world.mailboxes[address].history.append(record)
        for box in world.mailboxes.values():
            box.history.sort(key=lambda record: record.id)
        for _, body in rows.get("oauth", ()):
            saved = json.loads(body)
            for email, client, scopes, refresh in saved["grants"]:
                google.grants.grants[(email, client)] = Grant(set(scopes), deque(refresh))
            for token, email, client, scopes in saved["refresh"]:
                google.grants.refresh[token] = (email, client, frozenset(scopes))
        for _, body in rows.get("arrivals", ()):
            saved = json.loads(body)
            google.arrivals.arrived.update(saved["arrived"])
            google.arrivals.connected.update(saved["connected"])


def _history_in_order(row: tuple[str, str]) -> tuple[str, int, str]:
    return (row[0], len(row[1]), row[1])


def _json(**fields: Any) -> bytes:
    return json.dumps(fields).encode()
