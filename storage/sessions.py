"""The sessions of one member, as they see them: where they are signed in, and the end of each."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, text

from storage import events
from storage.members import ABSOLUTE, IDLE


@dataclass(frozen=True, slots=True)
class Session:
    """`agent` is what the browser called itself, `network` where it signed in from; each may be empty."""

    id: UUID
    agent: str
    network: str
    created_at: datetime
    seen_at: datetime


_LIVE = text("""
    SELECT id, agent, network, created_at, seen_at FROM web_session
    WHERE tenant_id = :tenant AND member_id = :member AND revoked_at IS NULL
        AND seen_at > now() - :idle AND created_at > now() - :absolute
    ORDER BY seen_at DESC, id LIMIT 100
""")
_END = text("""
    UPDATE web_session SET revoked_at = now()
    WHERE tenant_id = :tenant AND member_id = :member AND id = :id AND revoked_at IS NULL
""")
_END_OTHERS = text("""
    UPDATE web_session SET revoked_at = now()
    WHERE tenant_id = :tenant AND member_id = :member AND id <> :kept AND revoked_at IS NULL
        AND seen_at > now() - :idle AND created_at > now() - :absolute
""")
_LIMITS = {"idle": IDLE, "absolute": ABSOLUTE}


def live(db: Connection, tenant: UUID, member: UUID) -> list[Session]:
    """Those that open pages now, the one that was used last first; a hundred at most."""
    return [Session(*row) for row in db.execute(_LIVE, {"tenant": tenant, "member": member, **_LIMITS})]


def end(db: Connection, tenant: UUID, member: UUID, session: UUID) -> bool:
    """End one session of this member; False where it is not theirs or has ended."""
    if db.execute(_END, {"tenant": tenant, "member": member, "id": session}).rowcount != 1:
        return False
    events.record(db, tenant, actor=str(member), kind="session_ended", subject=session)
    return True


def end_others(db: Connection, tenant: UUID, member: UUID, *, kept: UUID) -> int:
    """End every other session than `kept`; returns how many."""
    ended = db.execute(_END_OTHERS, {"tenant": tenant, "member": member, "kept": kept, **_LIMITS}).rowcount
    if ended:
        events.record(db, tenant, actor=str(member), kind="sessions_ended", subject=member, n=ended)
    return ended
