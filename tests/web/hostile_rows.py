"""A workspace in which every word that anybody could choose is an attack: put into the tables, column by column."""

import json
from uuid import UUID

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from adapters.mime.html import to_safe_html
from tests.web.filling import Filler
from tests.web.test_isolation import Rows, _filled

MARK, CANARY = "OWN", "CANARY7"

# A policy is read whole or not at all, and what members may write into one is looked at as they do.
_COLUMNS = text("""
    SELECT c.table_name, c.column_name, c.udt_name FROM information_schema.columns c
    JOIN information_schema.tables t USING (table_schema, table_name)
    WHERE t.table_schema = 'public' AND t.table_type = 'BASE TABLE' AND c.udt_name IN ('text', '_text', 'jsonb')
        AND c.is_generated = 'NEVER' AND c.table_name <> 'refund_policy'
        AND EXISTS (SELECT FROM information_schema.columns o
            WHERE o.table_name = c.table_name AND o.column_name = 'tenant_id')
    ORDER BY 1, 2
""")
_CHANGED = {
    "text": "replace(replace({0}, :mark, :evil), :file, :evil)",
    "_text": "(SELECT array_agg(replace(one, :mark, :evil)) FROM unnest({0}) one)",
    "jsonb": "replace(replace({0}::text, :mark, :within), :file, :within)::jsonb",
}


def evil(trap: str) -> str:
    """One line that breaks out of every place a page may put it in: text, attribute, field, title, script and style."""
    return (
        f"{CANARY}'\"></textarea></title></style></script><script>window.__owned=1</script>"
        f"<img src={trap}/img onerror=window.__owned=1><svg onload=window.__owned=1>"
        f"<iframe src={trap}/frame srcdoc='<script>parent.__owned=1</script>'></iframe>"
        f"<form action={trap}/form><input autofocus onfocus=window.__owned=1></form>"
        f"<meta http-equiv=refresh content='0;url={trap}/away'><base href={trap}/base/>"
        f"<link rel=stylesheet href={trap}/css><a href='javascript:window.__owned=1' ping={trap}/ping>x</a>"
        f"{{{{7*7}}}}${{7*7}}&lt;script&gt;"
    )


def filled_with(filler: Filler, owner: Connection, words: str) -> tuple[Rows, set[str]]:
    """Rows of every kind, and the columns in which `words` stand now. What a table refuses stays as it was."""
    rows = _filled(filler, MARK)
    changed = {
        f"{table}.{column}"
        for table, column, kind in owner.execute(_COLUMNS).all()
        if _change(owner, table, column, kind, filler.tenant, words)
    }
    # No layout comes into the tables but what was left of it when its mail was read.
    kept = text(
        "UPDATE message SET parsed = jsonb_set(parsed, '{html}', to_jsonb(CAST(:html AS text))) WHERE parsed ? 'html'"
    )
    owner.execute(kept, {"html": to_safe_html(words)})
    owner.commit()
    return rows, changed


def _change(owner: Connection, table: str, column: str, kind: str, tenant: UUID, words: str) -> bool:
    name = f'"{column}"'
    where = f"tenant_id = :tenant AND ({name}::text LIKE '%{MARK} %' OR {name}::text LIKE '%{MARK}.txt%')"
    question = f'UPDATE "{table}" SET {name} = {_CHANGED[kind].format(name)} WHERE {where}'  # noqa: S608  # names of our own schema
    values = {"mark": f"{MARK} ", "file": f"{MARK}.txt", "evil": words, "within": json.dumps(words)[1:-1]}
    try:
        with owner.begin_nested():
            return owner.execute(text(question), {**values, "tenant": tenant}).rowcount > 0
    except DBAPIError:
        return False
