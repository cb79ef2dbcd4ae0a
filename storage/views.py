"""Saved views: filters of the queue with a name, a member's own or shared with all."""

from dataclasses import dataclass
from uuid import UUID, uuid4

from sqlalchemy import Connection, text

from domain.errors import BadInput
from storage import events

LONGEST_NAME = 60
MOST = 50


@dataclass(frozen=True, slots=True)
class View:
    """`filter` is what stands behind the question mark of its address; `own`: the member who asks saved it."""

    id: UUID
    name: str
    filter: str
    shared: bool
    own: bool


_EVERY = text("""
    SELECT id, name, filter, shared, member_id = :member AS own FROM saved_view
    WHERE tenant_id = :tenant AND (shared OR member_id = :member) ORDER BY shared, lower(name), id
""")

# The same name once more is the same view with another filter; whoever shares it anew is its author from then on.
_SAVE = {
    False: text("""
        INSERT INTO saved_view (tenant_id, id, member_id, shared, name, filter)
        VALUES (:tenant, :id, :member, false, :name, :filter)
        ON CONFLICT (tenant_id, member_id, name) WHERE NOT shared DO UPDATE SET filter = excluded.filter RETURNING id
    """),
    True: text("""
        INSERT INTO saved_view (tenant_id, id, member_id, shared, name, filter)
        VALUES (:tenant, :id, :member, true, :name, :filter)
        ON CONFLICT (tenant_id, name) WHERE shared
            DO UPDATE SET filter = excluded.filter, member_id = excluded.member_id RETURNING id
    """),
}

_REMOVE = text("""
    DELETE FROM saved_view
    WHERE tenant_id = :tenant AND id = :id AND (member_id = :member AND NOT shared OR shared AND :manages)
    RETURNING shared
""")


def every(db: Connection, tenant: UUID, member: UUID) -> list[View]:
    """What this member sees: their own, then those shared with all, each by name."""
    return [View(*row) for row in db.execute(_EVERY, {"tenant": tenant, "member": member})]


def save(db: Connection, tenant: UUID, *, member: UUID, name: str, filter_: str, shared: bool) -> UUID:
    """Keep a filter under a name; the same name replaces it. Whether they may share is asked before.

    Raises BadInput where it has no name, or there are too many already.
    """
    if not name or len(name) > LONGEST_NAME:
        raise BadInput("name", f"A view needs a name of at most {LONGEST_NAME} characters.")
    seen = every(db, tenant, member)
    if len(seen) >= MOST and all((one.name, one.shared) != (name, shared) for one in seen):
        raise BadInput("name", f"There are {MOST} views already: remove one first.")
    values = {"tenant": tenant, "id": uuid4(), "member": member, "name": name, "filter": filter_}
    kept: UUID = db.execute(_SAVE[shared], values).scalar_one()
    if shared:
        events.record(db, tenant, actor=str(member), kind="view_shared", subject=kept)
    return kept


def remove(db: Connection, tenant: UUID, view: UUID, *, member: UUID, manages: bool) -> bool:
    """Forget a view of one's own, or a shared one where the member manages the workspace; False where it is neither."""
    values = {"tenant": tenant, "id": view, "member": member, "manages": manages}
    shared = db.execute(_REMOVE, values).scalar()
    if shared:
        events.record(db, tenant, actor=str(member), kind="view_removed", subject=view)
    return shared is not None
