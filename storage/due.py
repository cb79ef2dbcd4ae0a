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


def kinds_due(db: Connection) -> list[Kind]:
    """The kinds of work that some tenant has due now."""
    return [Kind(value) for value in db.execute(text("SELECT DISTINCT kind FROM due")).scalars()]


def tenants_due(db: Connection, kind: Kind) -> list[UUID]:
    """The tenants that have work of this kind due now, in random order, so that nobody is always last."""
    question = text("SELECT tenant_id FROM (SELECT DISTINCT tenant_id FROM due WHERE kind = :kind) t ORDER BY random()")
    return list(db.execute(question, {"kind": kind.value}).scalars())


def every_tenant(db: Connection) -> list[UUID]:
    """The ids of all tenants, for upkeep that concerns everyone."""
    return list(db.execute(text("SELECT tenant_id FROM tenant ORDER BY tenant_id")).scalars())
