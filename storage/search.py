"""What a search by words asks of the database: a text search over the new text, the subject and the sender of mail.

The words of a decision's mail are kept beside it by a trigger (migration 0014), stemmed in the mail's own language.
"""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection, TextClause, text

# As many hits are taken from the index of words. What hits more often is common: then a page is found sooner by walking
# the list in its order and looking at each row's words.
MOST = 2000


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked for, as Postgres writes a `tsquery`. `common`: more than MOST mails have it."""

    query: str
    common: bool

    @property
    def values(self) -> dict[str, object]:
        return {"asked": self.query, "most": MOST + 1}


# How often the words occur decides about the plan: one that is kept for all words would be the wrong one for most.
_WAITING = text("""
    SELECT CAST(q AS text) AS query, (SELECT count(*) FROM waiting_with_words(q, :most)) AS hits,
        set_config('plan_cache_mode', 'force_custom_plan', true)
    FROM words_asked(:tenant, :words) q
""")

_DECIDED = text("""
    SELECT CAST(q AS text) AS query, (SELECT count(*) FROM decided_with_words(q, :most)) AS hits,
        set_config('plan_cache_mode', 'force_custom_plan', true)
    FROM words_asked(:tenant, :words) q
""")


def waiting(db: Connection, tenant: UUID, words: str) -> Asked | None:
    """What `words` ask of the mail that waits; None where there is no word in them, so that nothing fits."""
    return _asked(db, _WAITING, tenant, words)


def decided(db: Connection, tenant: UUID, words: str) -> Asked | None:
    """The same of all mail that was decided about."""
    return _asked(db, _DECIDED, tenant, words)


def _asked(db: Connection, question: TextClause, tenant: UUID, words: str) -> Asked | None:
    row = db.execute(question, {"tenant": tenant, "words": words, "most": MOST + 1}).one()
    return Asked(row.query, row.hits > MOST) if row.query else None
