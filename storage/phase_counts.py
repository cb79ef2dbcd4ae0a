"""What the machine sent by itself and what it would have sent but for its phase, counted for each category."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection, text

from domain.category import Category

DAYS, NEWEST = 30, 200


@dataclass(frozen=True, slots=True)
class Counts:
    """Of one category. Of the `mails` of the last 30 days `sent` were answered by the machine, and `would` are those
    that the phase alone kept back. Those of them that a person settled left `as_written` or `edited`, were `dismissed`,
    or went to Gmail and have not been sent there (`to_gmail`). Of the `newest` mails, 200 at most, `would_newest` left
    by themselves, or would have.
    """

    mails: int = 0
    sent: int = 0
    would: int = 0
    as_written: int = 0
    edited: int = 0
    dismissed: int = 0
    to_gmail: int = 0
    newest: int = 0
    would_newest: int = 0

    @property
    def looked_at(self) -> int:
        return self.as_written + self.edited + self.dismissed + self.to_gmail


RECENT = text("""
    SELECT d.handled_as, count(*) AS mails, count(*) FILTER (WHERE r.by_itself) AS sent,
        count(*) FILTER (WHERE d.would_release) AS would,
        count(*) FILTER (WHERE d.would_release AND d.settlement = 'dismissed') AS dismissed,
        count(*) FILTER (WHERE d.would_release AND d.settlement = 'gmail_draft' AND NOT r.by_hand) AS to_gmail,
        count(*) FILTER (WHERE d.would_release AND (d.settlement = 'sent' OR d.settlement = 'gmail_draft' AND r.by_hand)
            AND r.words_changed = 0) AS as_written,
        count(*) FILTER (WHERE d.would_release AND (d.settlement = 'sent' OR d.settlement = 'gmail_draft' AND r.by_hand)
            AND r.words_changed IS DISTINCT FROM 0) AS edited
    FROM decision d LEFT JOIN LATERAL (SELECT bool_or(o.automatic AND o.state = 'sent') AS by_itself,
            coalesce(bool_or(o.as_draft AND o.sent_at IS NOT NULL), false) AS by_hand,
            (array_agg(o.words_changed ORDER BY o.position DESC) FILTER (WHERE o.words_changed IS NOT NULL))[1]
                AS words_changed
        FROM outbox o WHERE o.tenant_id = d.tenant_id AND o.decision_id = d.id AND o.kind = 'reply') r
        ON d.disposition = 'release' OR d.would_release AND d.settled_at IS NOT NULL
    WHERE d.tenant_id = :tenant AND d.is_current AND d.disposition <> 'ignore'
        AND d.created_at > now() - make_interval(days => :days)
    GROUP BY d.handled_as
""")

NEWEST_OF_KIND = text("""
    SELECT kind AS handled_as, count(*) AS newest, count(*) FILTER (WHERE n.gone) AS would_newest
    FROM unnest(CAST(:kinds AS text[])) kind CROSS JOIN LATERAL (
        SELECT d.would_release OR d.disposition = 'release' AS gone FROM decision d
        WHERE d.tenant_id = :tenant AND d.handled_as = kind AND d.is_current AND d.disposition <> 'ignore'
        ORDER BY d.created_at DESC LIMIT :newest) n
    GROUP BY kind
""")


def every(db: Connection, tenant: UUID) -> dict[Category, Counts]:
    """A row for each category, also where there was no mail of it."""
    recent = db.execute(RECENT, {"tenant": tenant, "days": DAYS}).mappings()
    kinds = [category.value for category in Category]
    newest = db.execute(NEWEST_OF_KIND, {"tenant": tenant, "kinds": kinds, "newest": NEWEST}).mappings()
    known: dict[str, dict[str, int]] = {}
    for row in (*recent, *newest):
        known.setdefault(row["handled_as"], {}).update({name: row[name] for name in row if name != "handled_as"})
    return {category: Counts(**known.get(category.value, {})) for category in Category}
