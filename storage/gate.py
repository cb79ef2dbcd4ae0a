"""What stands between a draft and its sending: asked in the transaction that begins it, in the instant before."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import Connection, text

from domain.delivery import Gate
from domain.triage import Policy
from storage import by_hand, citations, claims, identity_links, phases, supplier_sending, taking_over, walls
from storage.effect import Effect

# Everything that must still be true in the instant before a mail leaves.
_ASKED = f"""
    SELECT b.status, t.answering, o.sending_at IS NULL AS is_first, o.text = o.draft_text AS as_drafted,
        o.claim_reason,
        CAST(t.policy ->> 'replies_per_mailbox_and_day' AS integer) AS per_day,
        CAST(t.policy ->> 'replies_per_mailbox_and_hour' AS integer) AS per_hour,
        coalesce(d.understanding ->> 'automatic', '') <> '' AS to_a_machine,
        d.is_current AND d.disposition = 'release' AS stands,
        o.act_id IS NULL AND o.created_at < now() - CAST(:oldest AS interval) AS too_old,
        {by_hand.SEEN}
    FROM outbox o JOIN mailbox b ON b.tenant_id = o.tenant_id AND b.id = o.mailbox_id
        JOIN message m ON m.tenant_id = o.tenant_id AND m.id = o.message_id
        JOIN decision d ON d.tenant_id = o.tenant_id AND d.id = o.decision_id
        JOIN tenant t ON t.tenant_id = o.tenant_id
    WHERE o.tenant_id = :tenant AND o.id = :id AND o.fence = :fence
    FOR UPDATE OF o
"""  # noqa: S608  # a constant of ours
_GATE = text(_ASKED)

_COUNT = text("""
    INSERT INTO reply_counter (tenant_id, scope, key, day, n)
    VALUES (:tenant, :scope, CAST(:key AS text) || coalesce(to_char(now(), CAST(:within AS text)), ''), current_date, 1)
    ON CONFLICT (tenant_id, scope, key, day) DO UPDATE SET n = reply_counter.n + 1 WHERE reply_counter.n < :limit
    RETURNING n
""")

_SET_LIMITS = text("""
    UPDATE tenant SET policy = policy || jsonb_build_object('replies_per_mailbox_and_day', CAST(:per_day AS integer),
        'replies_per_mailbox_and_hour', CAST(:per_hour AS integer))
    WHERE tenant_id = :tenant
""")

# Below the 500 mails that Gmail lets a private account send a day (2,000 in Google Workspace), so that a fault of ours
# never costs the merchant the mailbox, and somebody sees it while it is small.
REPLIES_PER_MAILBOX_AND_DAY = 400
REPLIES_PER_MAILBOX_AND_HOUR = 300


# What tells of an act that was done is true however long the act took.
_OLDEST = Policy().oldest_answered
_TOO_OLD = "It could not leave for a day: it may be settled already."


def forbidden(db: Connection, effect: Effect, *, sight: timedelta) -> tuple[Gate, str]:
    """What stands in its way now, and why, in words; its row stays locked until the commit.

    What nobody approved leaves only while the mailbox was synced within `sight`: somebody may have answered by hand.
    """
    if effect.decision is None:
        return _of_request(db, effect, sight)
    return _of_decision(db, effect, effect.decision, sight)


def set_limits(db: Connection, tenant: UUID, *, per_day: int, per_hour: int) -> None:
    """How many automatic replies may leave one mailbox of this tenant: more for Google Workspace, say."""
    db.execute(_SET_LIMITS, {"tenant": tenant, "per_day": per_day, "per_hour": per_hour})


def _of_request(db: Connection, effect: Effect, sight: timedelta) -> tuple[Gate, str]:
    gate, reason = supplier_sending.forbidden(db, effect.tenant, effect.id, effect.fence, sight=sight)
    if gate is not Gate.OPEN:
        return gate, reason
    over_the_wall = walls.doubt(db, effect)
    if over_the_wall:
        return Gate.HOLD, f"{over_the_wall} A person decides."
    if not effect.automatic or effect.handed_over:
        return Gate.OPEN, ""
    per_day, per_hour = supplier_sending.limits(db, effect.tenant)
    exceeded = _exceeded(
        db, effect, per_day=per_day or REPLIES_PER_MAILBOX_AND_DAY, per_hour=per_hour or REPLIES_PER_MAILBOX_AND_HOUR
    )
    return (Gate.REST, f"Too many automatic mails {exceeded}.") if exceeded else (Gate.OPEN, "")


def _of_decision(db: Connection, effect: Effect, decision: UUID, sight: timedelta) -> tuple[Gate, str]:
    values = {"tenant": effect.tenant, "id": effect.id, "fence": effect.fence}
    now = db.execute(_GATE, {**values, "sight": sight, "oldest": _OLDEST}).one_or_none()
    if now is None:
        return Gate.LOST, "Another worker took it."
    unapproved = effect.automatic
    unwanted = _unwanted(db, effect, stands=now.stands)
    taken_over = taking_over.objection(db, effect.tenant, decision) if unapproved else ""
    by_phase = phases.forbids(db, effect.tenant, decision) if unapproved else ""
    objections = (
        (now.status != "active", Gate.WAIT, "The mailbox is paused."),
        (now.another_leaving, Gate.WAIT, by_hand.ANOTHER_LEAVING),
        (unapproved and now.answered_by_hand, Gate.CANCEL, by_hand.ANSWERED),
        (bool(unwanted), Gate.CANCEL, unwanted),
        (unapproved and now.to_a_machine, Gate.HOLD, "A machine wrote the mail that this answers."),
        (unapproved and not now.answering, Gate.HOLD, "Answering by itself is paused."),
        (unapproved and now.is_first and now.too_old, Gate.HOLD, _TOO_OLD),
        (bool(taken_over), Gate.HOLD, taken_over),
        (bool(by_phase), Gate.HOLD, by_phase),
        (unapproved and not now.in_sight, Gate.WAIT, by_hand.OUT_OF_SIGHT),
    )
    for objects, gate, reason in objections:
        if objects:
            return gate, reason
    # Who approved the draft may not know; who changed it answers in their own words.
    doubt = citations.doubt(db, effect.tenant, decision) if unapproved or now.as_drafted else ""
    if doubt:
        return Gate.HOLD, f"{doubt} {'A person decides.' if unapproved else 'Change the reply before you send it.'}"
    # Nobody tells a customer what was not done; a person who gave their reason for it is answerable.
    claim = claims.doubt(db, effect.tenant, decision, effect.text) if unapproved or not now.claim_reason else ""
    forbidden = claim or walls.doubt(db, effect)
    if forbidden:
        return Gate.HOLD, f"{forbidden} A person decides."
    if unapproved and now.is_first:
        per_day, per_hour = now.per_day or REPLIES_PER_MAILBOX_AND_DAY, now.per_hour or REPLIES_PER_MAILBOX_AND_HOUR
        exceeded = _exceeded(db, effect, per_day=per_day, per_hour=per_hour)
        if exceeded:
            return Gate.HOLD, f"Too many automatic replies {exceeded}; a person decides."
    return Gate.OPEN, ""


def _unwanted(db: Connection, effect: Effect, *, stands: bool) -> str:
    """Why a mail with a link is not wanted any more, or nothing."""
    if effect.answers:
        return ""
    if not stands:
        return "A person has it by now."
    alive = identity_links.look(db, effect.tenant, effect.id) is not None
    return "" if alive else "Its link does not work any more."


def _exceeded(db: Connection, effect: Effect, *, per_day: int, per_hour: int) -> str:
    """Count this reply against each limit, and say which one it exceeds; counting and comparing are one statement."""
    limits = (
        ("sender", effect.recipient.reaches, "", Policy().max_replies_per_sender_and_day, "to this sender today"),
        ("mailbox", str(effect.mailbox), "", per_day, "from this mailbox today"),
        ("mailbox_hour", str(effect.mailbox), "/HH24", per_hour, "from this mailbox within an hour"),
    )
    # How many links go to one address is counted where they are made. The hour first: what waits for it and asks again
    # counts no more days.
    for scope, key, within, limit, words in limits if effect.answers else limits[:0:-1]:
        values = {"tenant": effect.tenant, "scope": scope, "key": key, "within": within, "limit": limit}
        if db.execute(_COUNT, values).scalar() is None:
            return words
    return ""
