"""The record of every call of a language model, and what it adds up to. It holds no word of any mail."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import Connection, text

from domain.opinion import Call

# What a call whose usage the vendor did not tell (it broke off, say) counts against the budget.
UNKNOWN_USAGE = 1000


@dataclass(frozen=True, slots=True)
class Made:
    """One call that was made about a mail. Tokens and cost, in US cents, are None where nobody knows them."""

    at: datetime
    purpose: str
    model: str
    outcome: str
    duration_ms: int
    input_tokens: int | None
    output_tokens: int | None
    cost_minor: float | None


_OF_MESSAGE = text("""
    SELECT at, purpose, model, outcome, duration_ms, input_tokens, output_tokens,
        CAST(cost_minor AS double precision) AS cost_minor
    FROM llm_call WHERE tenant_id = :tenant AND message_id = :message ORDER BY at, id
""")


def record(db: Connection, tenant: UUID, call: Call) -> None:
    """Add one call. The application can neither change nor remove it afterwards."""
    db.execute(
        text("""
            INSERT INTO llm_call (tenant_id, id, message_id, purpose, model, method, input_tokens, output_tokens,
                cost_minor, outcome, duration_ms)
            VALUES (:tenant, :id, :message, :purpose, :model, :method, :input_tokens, :output_tokens,
                :cost_minor, :outcome, :duration_ms)
        """),
        {
            "tenant": tenant,
            "id": uuid4(),
            "message": call.message,
            "purpose": call.purpose,
            "model": call.model,
            "method": call.method,
            "input_tokens": call.input_tokens,
            "output_tokens": call.output_tokens,
            "cost_minor": call.cost_minor,
            "outcome": call.outcome,
            "duration_ms": call.duration_ms,
        },
    )


def tokens_since(db: Connection, tenant: UUID, since: datetime) -> int:
    """What the tenant's calls have used, in and out together."""
    found: int = db.execute(
        text("""
            SELECT CAST(coalesce(sum(coalesce(input_tokens + output_tokens, :unknown)), 0) AS bigint) FROM llm_call
            WHERE tenant_id = :tenant AND at >= :since
        """),
        {"tenant": tenant, "since": since, "unknown": UNKNOWN_USAGE},
    ).scalar_one()
    return found


def of_message(db: Connection, tenant: UUID, message: UUID) -> list[Made]:
    """Every call that was made about one mail, the first one first."""
    return [Made(*row) for row in db.execute(_OF_MESSAGE, {"tenant": tenant, "message": message})]
