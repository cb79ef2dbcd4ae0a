"""A copy of everything about one customer, as a file that they may have."""

import io
import json
import zipfile
from uuid import UUID, uuid4

from storage import customer_data, events
from storage.database import Database


def copy_of(database: Database, tenant: UUID, address: str, *, actor: str) -> tuple[bytes, int]:
    """A zip of `data.json`, the rows by their kind, and each mail as it came; and how many rows that are.

    Written whole in memory: one customer's mail is some megabytes, and half a copy would look like a whole one.
    """
    with database.transaction(tenant) as db:
        rows, mails = customer_data.rows(db, tenant, address), customer_data.mails(db, tenant, address)
        n = sum(map(len, rows.values()))
        if n:
            events.record(db, tenant, actor=actor, kind="customer_copied", subject=uuid4(), n=n)
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("data.json", json.dumps({"address": address.lower(), **rows}, ensure_ascii=False, indent=1))
        for message, raw in mails:
            file.writestr(f"mails/{message}.eml", raw)
    return content.getvalue(), n
