"""Which tenants have something due, by kind of work: the only questions that look across tenants.

They are asked under the listener's role, which sees ids, states and times and nothing else. The conditions stand in
the view `due` of the migrations; the workers' claims repeat them for one tenant, with the rows locked.
"""

from enum import StrEnum
from uuid import UUID

from sqlalchemy import Connection, text


class Kind(StrEnum):
    """The stages, in the order in which mail meets them."""

    SYNC = "sync"
    FETCH = "fetch"
    PROCESS = "process"
    DELIVER = "deliver"
    LABEL = "label"
    REVOKE = "revoke"
    LEARN = "learn"
    INDEX = "index"
    INCIDENTS = "incidents"
    GAPS = "gaps"
    ACT = "act"
    TICKET = "ticket"
    REMIND = "remind"
    TRIAL = "trial"


# Each question ends at the first row that answers it, so that a hundred thousand due rows cost no more than one.
_KINDS = text("""
    SELECT k.kind FROM unnest(CAST(:kinds AS text[])) AS k (kind)
        CROSS JOIN LATERAL (SELECT FROM due d WHERE d.kind = k.kind LIMIT 1) AS one
""")

_TENANTS = text("""
    SELECT t.tenant_id FROM tenant t
        CROSS JOIN LATERAL (SELECT FROM due d WHERE d.kind = :kind AND d.tenant_id = t.tenant_id LIMIT 1) AS one
    ORDER BY random()
""")


def kinds_due(db: Connection) -> list[Kind]:
    """The kinds of work that some tenant has due now."""
    return [Kind(value) for value in db.execute(_KINDS, {"kinds": [kind.value for kind in Kind]}).scalars()]


def tenants_due(db: Connection, kind: Kind) -> list[UUID]:
    """The tenants that have work of this kind due now, in random order, so that nobody is always last."""
    return list(db.execute(_TENANTS, {"kind": kind.value}).scalars())


def every_tenant(db: Connection) -> list[UUID]:
    """The ids of all tenants, for upkeep that concerns everyone."""
    return list(db.execute(text("SELECT tenant_id FROM tenant ORDER BY tenant_id")).scalars())
