"""The record of every call of a language model, and what it adds up to. It holds no word of any mail."""

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import Connection, text

from domain.opinion import Call

# What a call whose usage the vendor did not tell (it broke off, say) counts against the budget.
UNKNOWN_USAGE = 1000


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
