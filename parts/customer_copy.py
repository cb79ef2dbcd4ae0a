"""A copy of everything about one customer, as a file that they may have: what tells of a supplier is left out of it."""

import io
import json
import zipfile
from collections.abc import Mapping
from typing import Any
from uuid import UUID, uuid4

from domain import wall
from storage import customer_data, events, suppliers, wall_facts
from storage.database import Database

# What we wrote down ourselves. Their own words they know, whatever those name; and what left reached them.
_OURS = ("decisions", "replies", "notes", "kept_replies", "ticket_words")
_THEIRS = frozenset({"understanding", "recipient", "recipient_name"})
_LEFT = frozenset({"text", "subject"})


def copy_of(database: Database, tenant: UUID, address: str, *, actor: str) -> tuple[bytes, int]:
    """A zip of `data.json`, the rows by their kind, and each mail as it came; and how many rows that are.

    Written whole in memory: one customer's mail is some megabytes, and half a copy would look like a whole one.
    """
    with database.transaction(tenant) as db:
        rows, mails = customer_data.rows(db, tenant, address), customer_data.mails(db, tenant, address)
        rows |= _behind_the_wall(db, tenant, rows)
        n = sum(map(len, rows.values()))
        if n:
            events.record(db, tenant, actor=actor, kind="customer_copied", subject=uuid4(), n=n)
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("data.json", json.dumps({"address": address.lower(), **rows}, ensure_ascii=False, indent=1))
        for message, raw in mails:
            file.writestr(f"mails/{message}.eml", raw)
    return content.getvalue(), n


def _behind_the_wall(
    db: Any, tenant: UUID, rows: Mapping[str, list[dict[str, Any]]]
) -> dict[str, list[dict[str, Any]]]:
    """The parts that we wrote down, without each field that a customer may not read."""
    directory = suppliers.directory(db, tenant)
    conversations = [UUID(row["id"]) for row in rows["conversations"]]
    numbers, costs = wall_facts.secrets(db, tenant, directory, conversations=conversations)

    def tells(row: Mapping[str, Any], name: str) -> bool:
        known = name in _THEIRS or (name in _LEFT and row.get("state") == "sent")
        said = json.dumps(row[name], ensure_ascii=False)
        return (
            not known
            and isinstance(row[name], str | list | dict)
            and bool(wall.told_to_customer(said, directory, numbers, costs))
        )

    return {
        part: [{name: None if tells(row, name) else row[name] for name in row} for row in rows[part]] for part in _OURS
    }
