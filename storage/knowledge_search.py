"""A search by words over the passages that answers come from: Postgres alone, no model."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection, text

# Around each word of `marked` that was asked for; neither can stand in a text that was read.
BEGIN, END = "\x02", "\x03"
MOST_TOKENS = 20

# Order numbers, article numbers, error codes: found as they are written.
_EXACT = re.compile(r"\w[\w./#-]*")

# The stemmers that Postgres brings; every other language is compared word by word.
_CONFIGURATIONS = {
    "ar": "arabic", "ca": "catalan", "da": "danish", "de": "german", "el": "greek", "en": "english", "es": "spanish",
    "eu": "basque", "fi": "finnish", "fr": "french", "ga": "irish", "hi": "hindi", "hu": "hungarian",
    "hy": "armenian", "id": "indonesian", "it": "italian", "lt": "lithuanian", "nb": "norwegian", "ne": "nepali",
    "nl": "dutch", "nn": "norwegian", "no": "norwegian", "pt": "portuguese", "ro": "romanian", "ru": "russian",
    "sr": "serbian", "sv": "swedish", "ta": "tamil", "tr": "turkish", "yi": "yiddish",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage with its place. `marked` is its text with the words asked for between BEGIN and END.

    `found` of the `asked` word stems stand in it; `exact` counts numbers and codes that stand in it as written;
    `score` is what Postgres' `ts_rank` says of it, normalised by length.
    """

    path: str
    version: str
    title: str
    heading: str
    begins: int
    ends: int
    language: str
    visibility: str
    is_current: bool
    score: float
    exact: int
    found: int
    asked: int
    marked: str
    total: int

    @property
    def internal(self) -> bool:
        return self.visibility == "internal"


_CONFIGURATION = {"languages": list(_CONFIGURATIONS), "configurations": list(_CONFIGURATIONS.values())}

# A heading says more than a text: Postgres weighs A ten times D.
_KEEP = text("""
    UPDATE passage p SET words = setweight(to_tsvector(c.config, p.heading), 'A') || to_tsvector(c.config, t.body)
    FROM unnest(CAST(:texts AS text[])) WITH ORDINALITY AS t (body, number), (
        SELECT d.id, coalesce(name, 'simple')::regconfig AS config
        FROM document d LEFT JOIN unnest(CAST(:languages AS text[]), CAST(:configurations AS text[]))
            AS n (language, name) USING (language)
        WHERE d.tenant_id = :tenant AND d.id = :document
    ) c
    WHERE p.tenant_id = :tenant AND p.engine = :engine AND p.document_id = c.id AND p.position = t.number - 1
""")

# Any of the words is enough: what asks for all of them finds something for few questions (MODELS.md, 4). Numbers and
# codes are looked for once in each document, since taking a passage out of a long text costs what stands before it.
_SEARCH = text("""
    WITH asked AS (
        SELECT language, config, replace(plainto_tsquery(config, :words)::text, ' & ', ' | ')::tsquery AS query,
            tsvector_to_array(to_tsvector(config, :words)) AS stems
        FROM (
            SELECT language, coalesce(name, 'simple')::regconfig AS config
            FROM (SELECT DISTINCT language FROM document WHERE tenant_id = :tenant) l
                LEFT JOIN unnest(CAST(:languages AS text[]), CAST(:configurations AS text[])) AS n (language, name)
                USING (language)
        ) c
    ), searched AS (
        SELECT s.engine, d.id, d.path, d.version, d.title, d.language, d.visibility, d.is_current
        FROM knowledge k JOIN published_document s ON s.tenant_id = k.tenant_id AND s.engine = k.engine
            JOIN document d ON d.tenant_id = s.tenant_id AND d.id = s.document_id
        WHERE k.tenant_id = :tenant
    ), spot AS (
        SELECT s.id, token, number, count(*) OVER token_of AS parts,
            sum(length(part) + length(token)) OVER (token_of ORDER BY number) - length(token) AS place
        FROM searched s JOIN document d ON d.tenant_id = :tenant AND d.id = s.id
            CROSS JOIN unnest(CAST(:tokens AS text[])) AS token
            CROSS JOIN LATERAL string_to_table(lower(d.body), token) WITH ORDINALITY AS p (part, number)
        WHERE d.body ILIKE ANY(CAST(:patterns AS text[])) WINDOW token_of AS (PARTITION BY s.id, token)
    ), exact AS (
        SELECT document_id, position, count(DISTINCT token) AS n FROM (
            SELECT p.document_id, p.position, spot.token
            FROM spot JOIN searched s ON s.id = spot.id
                JOIN passage p ON p.tenant_id = :tenant AND p.engine = s.engine AND p.document_id = s.id
                    AND p.begins <= spot.place AND p.ends > spot.place
            WHERE spot.number < spot.parts
            UNION ALL
            SELECT p.document_id, p.position, token
            FROM searched s JOIN passage p ON p.tenant_id = :tenant AND p.engine = s.engine AND p.document_id = s.id
                CROSS JOIN unnest(CAST(:tokens AS text[])) AS token
            WHERE strpos(lower(p.heading), token) > 0
        ) hit GROUP BY document_id, position
    ), found AS (
        SELECT s.id, p.position, coalesce(e.n, 0) AS exact, ts_rank(v.words, a.query, 1) AS score, v.words, s.path,
            count(*) OVER () AS total
        FROM searched s JOIN asked a ON a.language = s.language
            JOIN passage p ON p.tenant_id = :tenant AND p.engine = s.engine AND p.document_id = s.id
            LEFT JOIN exact e ON e.document_id = p.document_id AND e.position = p.position
            CROSS JOIN LATERAL (SELECT CASE WHEN p.words IS NOT NULL THEN p.words ELSE (
                SELECT setweight(to_tsvector(a.config, p.heading), 'A')
                    || to_tsvector(a.config, substr(d.body, p.begins + 1, p.ends - p.begins))
                FROM document d WHERE d.tenant_id = :tenant AND d.id = s.id) END AS words) v
        WHERE v.words @@ a.query OR e.n > 0
        ORDER BY exact DESC, score DESC, s.path, p.position LIMIT :limit
    )
    SELECT s.path, s.version, s.title, p.heading, p.begins, p.ends, s.language, s.visibility, s.is_current, f.score,
        f.exact, (SELECT count(*) FROM unnest(a.stems) w WHERE w = ANY(tsvector_to_array(f.words))) AS found,
        cardinality(a.stems) AS asked,
        CASE WHEN numnode(a.query) > 0 THEN ts_headline(a.config, x.body, a.query, :marks) ELSE x.body END AS marked,
        f.total
    FROM found f JOIN searched s ON s.id = f.id JOIN asked a ON a.language = s.language
        JOIN passage p ON p.tenant_id = :tenant AND p.engine = s.engine AND p.document_id = f.id
            AND p.position = f.position
        CROSS JOIN LATERAL (SELECT substr(d.body, p.begins + 1, p.ends - p.begins) AS body
            FROM document d WHERE d.tenant_id = :tenant AND d.id = f.id) x
    ORDER BY f.exact DESC, f.score DESC, s.path, p.position
""")


def keep_words(db: Connection, tenant: UUID, document: UUID, engine: str, texts: Sequence[str]) -> None:
    """Keep the words of a document's passages, given in their order, when they have been cut."""
    db.execute(
        _KEEP, {"tenant": tenant, "document": document, "engine": engine, "texts": list(texts), **_CONFIGURATION}
    )


def exact_tokens(words: str) -> tuple[str, ...]:
    """What of a question has a digit in it, and so is looked for as it is written."""
    tokens = (found[0].rstrip("./#-") for found in _EXACT.finditer(words))
    return tuple(dict.fromkeys(one for one in tokens if len(one) > 1 and any(map(str.isdigit, one))))[:MOST_TOKENS]


def search(db: Connection, tenant: UUID, words: str, *, limit: int = 20) -> list[Hit]:
    """The passages of the published set that hold any of these words, the best first; internal ones among them."""
    tokens = [token.lower() for token in exact_tokens(words)]
    rows = db.execute(
        _SEARCH,
        {
            "tenant": tenant, "words": words, "limit": limit, "tokens": tokens, **_CONFIGURATION,
            "patterns": [f"%{_literally(token)}%" for token in tokens],
            "marks": f"HighlightAll=true, StartSel={BEGIN}, StopSel={END}",
        },
    )  # fmt: skip
    return [Hit(*row) for row in rows]


def _literally(token: str) -> str:
    return re.sub(r"([\\%_])", r"\\\1", token)
