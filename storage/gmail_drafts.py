"""A reply that a person takes to Gmail: written as a draft there, for its owner to finish, and never sent by us.

The decision is settled and a person has its case: what they write in Gmail, and whether they send it, nobody here
knows. When they do, the mail comes in as any other that was sent by hand, and is joined with the reply
(`storage/sent_from_gmail.py`).
"""

from uuid import UUID

from sqlalchemy import Connection, text

from domain.delivery import DraftRef, EffectState
from domain.settlement import Settlement
from storage import acts, events, settling, tickets
from storage.effect import Effect
from storage.settling import Answer

_LEFT = text("""
    UPDATE outbox SET state = 'left_as_draft', draft_id = :draft, mime_sha256 = :sha256, lease_until = NULL,
        last_error = ''
    WHERE tenant_id = :tenant AND id = :id AND fence = :fence AND state = 'pending' AND as_draft
""")

_IN_GMAIL = "A member finishes the reply in Gmail."


def save(
    db: Connection,
    tenant: UUID,
    decision: UUID,
    *,
    member: UUID,
    text_to_send: str,
    reference: str,
    claim_reason: str = "",
    wall_reason: str = "",
) -> bool:
    """A person takes the reply, as it stands, to Gmail; a worker lays it down there in its thread.

    False when somebody else settled it before. An order action that was proposed with the draft is given up, and a
    person has the case. Raises BadInput, and nothing is changed, when there is nobody to answer or no mailbox.
    """
    waiting = settling.lock(db, tenant, decision)
    if waiting is None:
        return False
    act = acts.held(db, tenant, decision)
    answer = Answer(member, text_to_send, reference, claim_reason, wall_reason, as_draft=True)
    settling.settle(db, tenant, decision, member=member, settlement=Settlement.GMAIL_DRAFT, for_good=True)
    settling.reply(db, tenant, waiting, answer, state=EffectState.PENDING)
    if act is not None or waiting.step is not None:
        settling.to_person(db, tenant, waiting, act.case if act else None, member=member, reason=_IN_GMAIL)
    acts.cancel(db, tenant, decision, reason=_IN_GMAIL)
    events.record(db, tenant, actor=str(member), kind="reply_taken_to_gmail", subject=waiting.message)
    return True


def left(db: Connection, effect: Effect, draft: DraftRef | None, mime_sha256: bytes) -> bool:
    """Gmail holds the draft, or its owner has sent it by now (None): here it ends. False where the lease was lost."""
    values = {"tenant": effect.tenant, "id": effect.id, "fence": effect.fence, "sha256": mime_sha256}
    if db.execute(_LEFT, {**values, "draft": draft.draft_id if draft else None}).rowcount != 1:
        return False
    if effect.decision is not None:
        tickets.no_reply_leaves(db, effect.tenant, effect.decision)
    events.record(db, effect.tenant, actor="machine", kind="reply_left_as_draft", subject=effect.message)
    return True
