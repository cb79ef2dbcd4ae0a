"""Every way into the pages: each route with each method, with ids and links that are really there."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask import Flask
from sqlalchemy import Connection, text
from werkzeug.routing import Rule

from storage import invitations, resets
from tests.web.filling import Filler
from tests.web.test_isolation import TAKES, Rows, _filled
from web.secret_links import written

# What looking itself leaves behind: when a session was seen, how often somebody tried, who has a conversation open.
LEFT_BY_ASKING = ("web_session", "sign_in_attempt", "presence")
LINKS = {"invitation.page", "invitation.accept", "new_password.choose", "new_password.save"}


@dataclass(frozen=True, slots=True)
class Way:
    endpoint: str
    method: str
    path: str


def ways(app: Flask, full: Rows, methods: Sequence[str] = ("GET", "HEAD", "OPTIONS", "POST")) -> list[Way]:
    """Each route by each of its methods. `full` is a workspace in which every id that a route may take exists."""
    adapter, links = app.url_map.bind("localhost"), _links(full)
    found = []
    for rule in app.url_map.iter_rules():
        path = adapter.build(rule.endpoint, _values(rule, full, links))
        found += [Way(rule.endpoint, method, path) for method in methods if method in (rule.methods or ())]
    return found


def everything(owner: Connection) -> dict[str, str]:
    """A hash of each table of the database, but for those that every request writes to."""
    tables = owner.execute(
        text("SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'"
             " AND table_type = 'BASE TABLE' ORDER BY 1")
    ).scalars()  # fmt: skip
    wanted = [name for name in tables if name not in LEFT_BY_ASKING]
    hashed = "SELECT '{0}' AS name, md5(string_agg(t::text, ';' ORDER BY t::text)) AS hash FROM \"{0}\" t"
    pieces = " UNION ALL ".join(hashed.format(name) for name in wanted)
    found = {row.name: row.hash for row in owner.exec_driver_sql(pieces)}
    owner.rollback()
    return found


def _values(rule: Rule, full: Rows, links: dict[str, str]) -> dict[str, Any]:
    if rule.endpoint in TAKES:
        return dict.fromkeys(rule.arguments, full.ids[TAKES[rule.endpoint]])
    known = {"filename": "desk.css" if rule.endpoint == "static" else "css/bootstrap.min.css", "token": "nonsense"}
    return {name: links[rule.endpoint] if name == "link" else known[name] for name in rule.arguments}


def _links(full: Rows) -> dict[str, str]:
    """A living link of each kind, by the pages that it opens."""
    filler = full.filler
    with filler.database.transaction(filler.tenant) as db:
        invited = invitations.invite(db, filler.tenant, email="new@x.example", role="agent", by=filler.member)
        forgotten = resets.make(db, filler.tenant, filler.member, by_mail=True)
    assert forgotten is not None
    made = {"invitation": written(filler.tenant, invited), "new_password": written(filler.tenant, forgotten)}
    return {endpoint: made[endpoint.partition(".")[0]] for endpoint in LINKS}


def full_workspace(filler: Filler) -> Rows:
    """A workspace with something of everything in it."""
    return _filled(filler, "OWN")
