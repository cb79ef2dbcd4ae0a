"""What a decision quotes, held against the documents as they are now."""

from uuid import UUID

from sqlalchemy import Connection, text

# A version never changes, so its span is asked for exactly; what is current may hold the same words elsewhere.
_QUOTED = text("""
    SELECT c.quoted ->> 'heading' AS heading,
        EXISTS (SELECT FROM document v WHERE v.tenant_id = d.tenant_id AND v.path = c.quoted ->> 'source'
            AND v.version = c.quoted ->> 'version' AND c.quoted ->> 'quote' <> ''
            AND substr(v.body, CAST(c.quoted ->> 'start' AS integer) + 1,
                greatest(CAST(c.quoted ->> 'end' AS integer) - CAST(c.quoted ->> 'start' AS integer), 0))
                = c.quoted ->> 'quote') AS is_proven,
        EXISTS (SELECT FROM document n WHERE n.tenant_id = d.tenant_id AND n.path = c.quoted ->> 'source'
            AND n.is_current AND n.visibility = 'public') AS is_public,
        EXISTS (SELECT FROM document n WHERE n.tenant_id = d.tenant_id AND n.path = c.quoted ->> 'source'
            AND n.is_current AND strpos(n.body, c.quoted ->> 'quote') > 0) AS is_said_still
    FROM decision d, jsonb_array_elements(d.citations) WITH ORDINALITY AS c (quoted, position)
    WHERE d.tenant_id = :tenant AND d.id = :decision ORDER BY c.position
""")


def doubt(db: Connection, tenant: UUID, decision: UUID) -> str:
    """Why what this decision quotes proves it no longer, in words, or nothing.

    Each quote has to stand literally in its version, and somewhere in the document as customers may read it now.
    """
    for row in db.execute(_QUOTED, {"tenant": tenant, "decision": decision}):
        if not row.is_proven:
            return f"Its quote of “{row.heading}” does not stand in the stored document."
        if not row.is_public:
            return f"It quotes “{row.heading}”, which was removed or made internal since."
        if not row.is_said_still:
            return f"It quotes “{row.heading}”, which says something else by now."
    return ""
