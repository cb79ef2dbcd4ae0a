"""What a search by words asks of the database: a text search over the new text, the subject and the sender of mail.

The words of a decision's mail are kept beside it by a trigger (migration 0014), stemmed in the mail's own language.
"""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection, text

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


_WAITING = text("""
    SELECT CAST(q AS text) AS query, (SELECT count(*) FROM waiting_with_words(q, :most)) AS hits
    FROM words_asked(:tenant, :words) q
""")

_DECIDED = text("""
    SELECT CAST(q AS text) AS query, (SELECT count(*) FROM decided_with_words(q, :most)) AS hits
    FROM words_asked(:tenant, :words) q
""")


def waiting(db: Connection, tenant: UUID, words: str) -> Asked | None:
    """What `words` ask of the mail that waits; None where there is no word in them, so that nothing fits."""
    return _asked(db.execute(_WAITING, {"tenant": tenant, "words": words, "most": MOST + 1}).one())


def decided(db: Connection, tenant: UUID, words: str) -> Asked | None:
    """The same of all mail that was decided about."""
    return _asked(db.execute(_DECIDED, {"tenant": tenant, "words": words, "most": MOST + 1}).one())


def _asked(row: object) -> Asked | None:
    query, hits = row  # type: ignore[misc]  # a row of two
    return Asked(query, hits > MOST) if query else None
