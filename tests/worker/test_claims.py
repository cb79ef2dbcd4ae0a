import json

from storage import messages
from tests.support.pipeline import Shop

BACKLOG = 600


def blocks_read(shop: Shop, statement: str, **values: str) -> int:
    for name, value in values.items():
        statement = statement.replace(f":{name}", value)
    [[plan]] = shop.rows(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {statement}")
    [found] = json.loads(plan) if isinstance(plan, str) else plan
    assert found["Plan"]["Actual Rows"] == 32
    return found["Plan"]["Shared Hit Blocks"] + found["Plan"]["Shared Read Blocks"]


def test_claiming_from_a_backlog_costs_no_more_than_its_length(shop):
    shop.change(
        "INSERT INTO message (tenant_id, id, mailbox_id, gmail_id, thread_id, direction, state, parsed)"
        " SELECT %s, gen_random_uuid(), %s, 'm' || n, 't' || n, 'in', 'discovered', '{}' FROM generate_series(1, %s) n",
        shop.tenant, shop.mailbox, BACKLOG,
    )  # fmt: skip
    shop.change("UPDATE message SET state = 'fetched'")
    read = blocks_read(
        shop, messages._CLAIM_FETCHED.text, tenant=f"'{shop.tenant}'", limit="32", lease="interval '1 minute'"
    )
    assert read < BACKLOG * 20
