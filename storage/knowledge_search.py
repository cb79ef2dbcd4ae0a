"""A search by words over the passages that answers come from: Postgres alone, no model."""

import re
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


# Any of the words is enough: what asks for all of them finds something for few questions (MODELS.md, 4).
_SEARCH = text("""
    WITH configuration AS (
        SELECT language, coalesce(name, 'simple')::regconfig AS config
        FROM (SELECT DISTINCT language FROM document WHERE tenant_id = :tenant) l
            LEFT JOIN unnest(CAST(:languages AS text[]), CAST(:configurations AS text[])) AS c (language, name)
            USING (language)
    ), asked AS (
        SELECT language, config, replace(plainto_tsquery(config, :words)::text, ' & ', ' | ')::tsquery AS query,
            tsvector_to_array(to_tsvector(config, :words)) AS stems
        FROM configuration
    ), found AS (
        SELECT d.path, d.version, d.title, p.heading, p.begins, p.ends, d.language, d.visibility, d.is_current,
            ts_rank(v.words, a.query, 1) AS score,
            (SELECT count(*) FROM unnest(CAST(:exact AS text[])) e WHERE x.body ILIKE e OR p.heading ILIKE e) AS exact,
            v.words, a.stems, a.config, a.query, x.body
        FROM knowledge k
            JOIN published_document s ON s.tenant_id = k.tenant_id AND s.engine = k.engine
            JOIN passage p ON p.tenant_id = s.tenant_id AND p.engine = s.engine AND p.document_id = s.document_id
            JOIN document d ON d.tenant_id = p.tenant_id AND d.id = p.document_id
            JOIN asked a ON a.language = d.language
            CROSS JOIN LATERAL (SELECT substr(d.body, p.begins + 1, p.ends - p.begins) AS body) x
            CROSS JOIN LATERAL (
                SELECT setweight(to_tsvector(a.config, p.heading), 'A') || to_tsvector(a.config, x.body) AS words) v
        WHERE k.tenant_id = :tenant
            AND (v.words @@ a.query OR x.body ILIKE ANY(CAST(:exact AS text[]))
                OR p.heading ILIKE ANY(CAST(:exact AS text[])))
    ), best AS (
        SELECT *, count(*) OVER () AS total FROM found ORDER BY exact DESC, score DESC, path, begins LIMIT :limit
    )
    SELECT path, version, title, heading, begins, ends, language, visibility, is_current, score, exact,
        (SELECT count(*) FROM unnest(stems) w WHERE w = ANY(tsvector_to_array(words))) AS found,
        cardinality(stems) AS asked,
        CASE WHEN numnode(query) > 0 THEN ts_headline(config, body, query, :marks) ELSE body END AS marked, total
    FROM best ORDER BY exact DESC, score DESC, path, begins
""")


def exact_tokens(words: str) -> tuple[str, ...]:
    """What of a question has a digit in it, and so is looked for as it is written."""
    tokens = (found[0].rstrip("./#-") for found in _EXACT.finditer(words))
    return tuple(dict.fromkeys(one for one in tokens if len(one) > 1 and any(map(str.isdigit, one))))[:MOST_TOKENS]


def search(db: Connection, tenant: UUID, words: str, *, limit: int = 20) -> list[Hit]:
    """The passages of the published set that hold any of these words, the best first; internal ones among them."""
    rows = db.execute(
        _SEARCH,
        {
            "tenant": tenant, "words": words, "limit": limit, "languages": list(_CONFIGURATIONS),
            "configurations": list(_CONFIGURATIONS.values()),
            "exact": [f"%{_literally(token)}%" for token in exact_tokens(words)],
            "marks": f"HighlightAll=true, StartSel={BEGIN}, StopSel={END}",
        },
    )  # fmt: skip
    return [Hit(*row) for row in rows]


def _literally(token: str) -> str:
    return re.sub(r"([\\%_])", r"\\\1", token)
