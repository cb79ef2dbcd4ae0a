"""Order numbers that were named in vain, with who named them: for members alone."""

from collections.abc import Sequence

from sqlalchemy import Connection, text

from domain.decision import Tried
from storage.messages import Claimed

_INSERT = text("""
    INSERT INTO order_attempt (tenant_id, message_id, conversation_id, number, known, sender_address)
    SELECT :tenant, m.id, m.conversation_id, :number, :known, m.sender_address
    FROM message m WHERE m.tenant_id = :tenant AND m.id = :message
""")


def record(db: Connection, claim: Claimed, tried: Sequence[Tried]) -> None:
    rows = [{"number": one.number[:100], "known": one.exists} for one in tried]
    db.execute(_INSERT, [{"tenant": claim.tenant, "message": claim.id, **row} for row in rows])
