"""The demonstration shop in our own database: workspace, owner, orders, help centre, checked mail; made once."""

import json
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path
from uuid import UUID, uuid4

from adapters.vault import new_key
from bootstrap import Services
from commands.importing import save_checked_mail, save_documents, save_orders
from rag.checked import WRONG_ANSWERS
from settings import ROOT
from storage import answer_standings, members, tenants
from web import passwords

SHOP = ROOT / "demonstration_shop"
SLUG = "lumen-oak"
OWNER = "olivia@lumen-oak.example"


@dataclass(frozen=True, slots=True)
class Secrets:
    """What the demo keeps from one start to the next, in a file that only its user can read."""

    secret_key: str
    key_ring: str
    app_password: str
    listener_password: str
    owner_password: str


def kept_secrets(file: Path) -> Secrets:
    """The secrets of an earlier start, or new ones."""
    if file.exists():
        return Secrets(**json.loads(file.read_text()))
    made = Secrets(
        secret_key=secrets.token_hex(32),
        key_ring=new_key("demo"),
        app_password=secrets.token_hex(16),
        listener_password=secrets.token_hex(16),
        owner_password="-".join(secrets.token_hex(2) for _ in range(3)),
    )
    file.touch(mode=0o600)
    file.write_text(json.dumps(asdict(made)))
    return made


def ensure_shop(services: Services, kept: Secrets) -> UUID:
    """The shop's workspace; made with everything in it when it is not there."""
    with services.database.without_tenant() as db:
        known = tenants.by_slug(db, SLUG)
    if known is not None:
        save_checked_mail(services, known)
        return known
    tenant, password_hash = uuid4(), passwords.hashed(kept.owner_password)
    with services.database.transaction(tenant) as db:
        tenants.create(db, tenant, slug=SLUG, name="Lumen & Oak")
        members.add(db, tenant, email=OWNER, name="Olivia Reed", password_hash=password_hash, role="owner")
    save_orders(services, tenant, SHOP / "orders.csv")
    save_documents(services, tenant, ROOT / "knowledge_base")
    with services.database.transaction(tenant) as db:
        answer_standings.set_target(db, tenant, WRONG_ANSWERS)
    # Its automatic answers are earned like everybody's: a worker reads this mail, and what was right counts.
    save_checked_mail(services, tenant)
    return tenant
