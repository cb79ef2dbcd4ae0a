"""Mailboxes: connected Gmail accounts, their sealed tokens, their health."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy import Connection, text
from sqlalchemy.exc import IntegrityError

from domain.errors import BadInput
from domain.sealed import Sealed
from storage import revocations


@dataclass(frozen=True, slots=True)
class Mailbox:
    """As the desk shows it: receiving and sending health apart."""

    id: UUID
    address: str
    status: str
    sync_state: str
    connected_at: datetime
    last_ok_at: datetime | None
    last_error: str
    last_sent_at: datetime | None
    last_send_error: str
    blocked_until: datetime | None


@dataclass(frozen=True, slots=True)
class Tokens:
    """A mailbox's grant as it lies in the database. `access_expires_at` is UTC."""

    refresh: Sealed
    access: Sealed | None
    access_expires_at: datetime | None


# All of a tenant's, or one.
_SHOW = text("""
    SELECT id, address, status, sync_state, connected_at, last_ok_at, last_error, last_sent_at, last_send_error,
        CASE WHEN blocked_until > now() THEN blocked_until END AS blocked_until
    FROM mailbox WHERE tenant_id = :tenant AND (CAST(:id AS uuid) IS NULL OR id = :id) ORDER BY connected_at, id
""")

_CONNECT = text("""
    INSERT INTO mailbox (tenant_id, id, google_sub, address, status, scopes, connected_by)
    VALUES (:tenant, :id, :sub, :address, 'active', :scopes, :member)
""")

# The row of before, with its conversations. What came while it was disconnected is older than this connecting.
_REVIVE = text("""
    UPDATE mailbox SET status = 'active', address = :address, scopes = :scopes, connected_by = :member,
        connected_at = now(), last_error = '', last_send_error = '', attempts = 0, blocked_until = NULL,
        next_sync_at = now()
    WHERE tenant_id = :tenant AND id = (SELECT id FROM mailbox
        WHERE tenant_id = :tenant AND google_sub = :sub AND status = 'disconnected'
        ORDER BY connected_at DESC, id LIMIT 1)
    RETURNING id
""")

_FETCH_AGAIN = text("""
    UPDATE message SET state = 'discovered', last_error = '', attempts = 0, next_at = now()
    WHERE tenant_id = :tenant AND mailbox_id = :id AND state = 'gone' AND last_error = 'The mailbox was disconnected.'
""")

_RECONNECT = text("""
    UPDATE mailbox SET status = CASE status WHEN 'paused' THEN 'paused' ELSE 'active' END, address = :address,
        scopes = :scopes, last_error = '', last_send_error = '', attempts = 0,
        blocked_until = NULL, next_sync_at = now()
    WHERE tenant_id = :tenant AND google_sub = :sub AND status <> 'disconnected' RETURNING id
""")

# Nobody disconnects one before what is just written for it stands in the outbox, where the disconnecting finds it.
_KEEP = text("""
    SELECT id FROM mailbox WHERE tenant_id = :tenant AND id = :id AND status <> 'disconnected' FOR SHARE
""")
_KEEP_FREE = text("""
    SELECT id FROM mailbox WHERE tenant_id = :tenant AND status <> 'disconnected' FOR SHARE SKIP LOCKED
""")

_SAVE_TOKENS = text("""
    UPDATE mailbox SET refresh_sealed = :refresh, access_sealed = :access, access_expires_at = :expires
    WHERE tenant_id = :tenant AND id = :id AND status <> 'disconnected'
""")


def every(db: Connection, tenant: UUID) -> list[Mailbox]:
    return [Mailbox(*row) for row in db.execute(_SHOW, {"tenant": tenant, "id": None})]


def get(db: Connection, tenant: UUID, mailbox: UUID) -> Mailbox | None:
    row = db.execute(_SHOW, {"tenant": tenant, "id": mailbox}).one_or_none()
    return Mailbox(*row) if row else None


def own_addresses(db: Connection, tenant: UUID) -> frozenset[str]:
    """The addresses of every mailbox of this tenant: mail from these is never answered."""
    return frozenset(
        db.execute(text("SELECT address FROM mailbox WHERE tenant_id = :tenant"), {"tenant": tenant}).scalars()
    )


def connect(
    db: Connection,
    tenant: UUID,
    *,
    member: UUID,
    google_sub: str,
    address: str,
    scopes: Sequence[str],
    meant: UUID | None = None,
) -> tuple[UUID, bool]:
    """Make the mailbox, or bring it back to life; returns its id and whether it is new.

    One that was disconnected comes back with its conversations, and only mail from now on is answered by the machine.
    A paused one stays paused. `meant` is the mailbox that was to be reconnected, whatever account Google answers for.
    Raises BadInput when that is another account; when the account is active in another workspace, for revoking one
    would end both; and while Google is being told to end its earlier access, which would end the new one too.
    """
    _refuse_another(db, tenant, meant, google_sub=google_sub, address=address)
    if not revocations.drop(db, tenant, google_sub):
        raise BadInput(
            "mailbox", "Google is just ending the earlier access to this account: connect it in two minutes."
        )
    values = {"tenant": tenant, "sub": google_sub, "address": address.lower(), "scopes": list(scopes), "member": member}
    known = db.execute(_RECONNECT, values).scalar()
    if known is not None:
        return known, False
    mailbox = uuid4()
    try:
        with db.begin_nested():
            revived: UUID | None = db.execute(_REVIVE, values).scalar()
            if revived is None:
                db.execute(_CONNECT, {**values, "id": mailbox})
    except IntegrityError:
        raise BadInput("mailbox", "This Google account is already connected in another workspace.") from None
    if revived is None:
        return mailbox, True
    db.execute(_FETCH_AGAIN, {"tenant": tenant, "id": revived})
    return revived, False


def _refuse_another(db: Connection, tenant: UUID, meant: UUID | None, *, google_sub: str, address: str) -> None:
    wanted = db.execute(
        text("SELECT google_sub, address FROM mailbox WHERE tenant_id = :tenant AND id = :id"),
        {"tenant": tenant, "id": meant},
    ).one_or_none()
    if wanted is not None and wanted.google_sub != google_sub:
        raise BadInput(
            "mailbox",
            f"{wanted.address} was to be reconnected, but the account chosen at Google is {address}: choose the other.",
        )


def keep_connected(db: Connection, tenant: UUID, mailbox: UUID) -> bool:
    """Hold the mailbox as it is until the commit; False where it is disconnected.

    Before whatever else is locked, as who disconnects one locks it first. It may wait for Google: who renews the access
    to a mailbox holds it meanwhile.
    """
    return db.execute(_KEEP, {"tenant": tenant, "id": mailbox}).one_or_none() is not None


def keep_free(db: Connection, tenant: UUID) -> frozenset[UUID]:
    """The same for all of the tenant's that nobody else holds at this moment, for workers, who wait for nobody."""
    return frozenset(db.execute(_KEEP_FREE, {"tenant": tenant}).scalars())


def set_status(
    db: Connection, tenant: UUID, mailbox: UUID, status: str, *, only_from: Sequence[str], error: str = ""
) -> bool:
    """Pause, resume, or mark as needing a new consent; False when the mailbox was in none of `only_from`."""
    changed = db.execute(
        text("""
            UPDATE mailbox SET status = :status, last_error = :error, next_sync_at = now()
            WHERE tenant_id = :tenant AND id = :id AND status = ANY(:only_from)
        """),
        {"tenant": tenant, "id": mailbox, "status": status, "only_from": list(only_from), "error": error},
    )
    return changed.rowcount == 1


def get_tokens(db: Connection, tenant: UUID, mailbox: UUID, *, lock: bool = False) -> Tokens | None:
    """The sealed tokens; `lock` holds the row so that two workers do not refresh at once."""
    question = (
        "SELECT refresh_sealed, access_sealed, access_expires_at FROM mailbox WHERE tenant_id = :tenant AND id = :id"
    )
    row = db.execute(
        text(question + " FOR UPDATE" if lock else question), {"tenant": tenant, "id": mailbox}
    ).one_or_none()
    if row is None or row.refresh_sealed is None:
        return None
    access = Sealed(row.access_sealed) if row.access_sealed is not None else None
    return Tokens(Sealed(row.refresh_sealed), access, row.access_expires_at)


def save_tokens(db: Connection, tenant: UUID, mailbox: UUID, tokens: Tokens) -> None:
    access = tokens.access.value if tokens.access else None
    values = {"refresh": tokens.refresh.value, "access": access, "expires": tokens.access_expires_at}
    db.execute(_SAVE_TOKENS, {"tenant": tenant, "id": mailbox, **values})


def block(db: Connection, tenant: UUID, mailbox: UUID, after: timedelta, error: str) -> None:
    """Google asked us to wait, or does not answer: leave this mailbox alone for a while. Others are not concerned."""
    db.execute(
        text("""
            UPDATE mailbox SET last_error = :error,
                blocked_until = greatest(coalesce(blocked_until, now()), now() + :after)
            WHERE tenant_id = :tenant AND id = :id
        """),
        {"tenant": tenant, "id": mailbox, "after": after, "error": error},
    )


def note_sending(db: Connection, tenant: UUID, mailbox: UUID, *, error: str = "") -> None:
    """Sending health, shown apart from receiving."""
    db.execute(
        text("""
            UPDATE mailbox SET last_send_error = :error,
                last_sent_at = CASE WHEN :error = '' THEN now() ELSE last_sent_at END
            WHERE tenant_id = :tenant AND id = :id
        """),
        {"tenant": tenant, "id": mailbox, "error": error},
    )


def set_label(db: Connection, tenant: UUID, mailbox: UUID, label: str) -> None:
    db.execute(
        text("UPDATE mailbox SET label_id = :label WHERE tenant_id = :tenant AND id = :id"),
        {"tenant": tenant, "id": mailbox, "label": label},
    )


def get_label(db: Connection, tenant: UUID, mailbox: UUID) -> str:
    """The Gmail id of our label in this mailbox, or an empty string."""
    label: str = db.execute(
        text("SELECT label_id FROM mailbox WHERE tenant_id = :tenant AND id = :id"), {"tenant": tenant, "id": mailbox}
    ).scalar_one()
    return label
