"""What came of everything: what the stand-ins saw, and how each piece of work stands in our tables."""

import re
from collections import Counter

from tests.points.world import World
from tests.support.pipeline import SHOP

# Names that are drawn anew each time, and moments, as programs, customers and suppliers are told of them.
_ANEW = re.compile(
    r"as of .* UTC|\[[^\]]*\]|[0-9a-f]{8}-[0-9a-f-]{27}|\b[0-9a-f]{12,}\b"
    r"|\d{4}-\d\d-\d\dT[\d:.+]+|\b\d{4}-\d\d-\d\d\b|\b\d\d:\d\d\b"
)

# Each row of these says how one piece of work stands, and nothing that is different from run to run.
QUESTIONS = {
    "mail": "SELECT m.subject, m.direction, m.state, m.label_due, coalesce(d.disposition, ''), coalesce(d.category, '')"
    " FROM message m LEFT JOIN decision d ON d.message_id = m.id AND d.is_current",
    "outbox": "SELECT kind, automatic, recipient, state, text FROM outbox",
    "decision": "SELECT disposition, reason, settlement FROM decision WHERE is_current",
    "told": "SELECT kind, count(*) FROM event WHERE starts_with(kind, 'reply') GROUP BY kind",
    "counted": "SELECT scope, CAST(sum(n) AS integer) FROM reply_counter GROUP BY scope",
    "act": "SELECT action, order_number, amount_minor, state FROM order_act",
    "ledger": "SELECT order_number, kind, amount_minor FROM ledger_entry",
    "case": "SELECT kind, state, order_number FROM support_case",
    "ticketing": "SELECT mode, last_error <> '' FROM ticketing",
    "ticket": "SELECT order_number, state, next_at IS NOT NULL AS due, last_error <> '' FROM ticket",
    "words": "SELECT side, text, state, last_error <> '' FROM ticket_words",
    "request": "SELECT purchase_order, recipient, asked_at IS NOT NULL, rungs_done, answered_at IS NOT NULL,"
    " closed_at IS NOT NULL FROM supplier_request",
    "step": "SELECT kind, channel, state FROM supplier_step",
    "link": "SELECT found_by, answers FROM supplier_link",
    "mailbox": "SELECT address, status, sync_state, sync_page FROM mailbox",
    "compared": "SELECT at_gmail, here, missing FROM reconciliation",
    "noted": "SELECT kind, count(*) FROM event"
    " WHERE kind IN ('mailbox_reconciled', 'mailbox_needs_reauth', 'head_learned') GROUP BY kind",
    "to revoke": "SELECT count(*) FROM revocation",
    "to learn": "SELECT wanted > done, model <> '' FROM learning",
    "head": "SELECT n, version FROM model_head",
    "abstention": "SELECT n, version FROM answer_model",
    "standing": "SELECT category, n, wrong FROM standing",
    "answers' standing": "SELECT method, model, n, wrong FROM answer_standing",
    "checked": "SELECT act, category, said_category, said_at IS NOT NULL FROM checked_mail",
    "verdict": "SELECT question, is_right FROM answer_verdict",
    "to index": "SELECT wanted > done, total, embedded, not_kept FROM knowledge",
    "document": "SELECT d.path, d.version, d.is_current, d.visibility, coalesce(i.problem, ''), i.ready_at IS NOT NULL"
    " FROM document d LEFT JOIN document_index i ON i.document_id = d.id",
    "published": "SELECT d.path, d.version FROM published_document p JOIN document d ON d.id = p.document_id",
    "passage": "SELECT heading, begins, ends, body_vector IS NOT NULL FROM passage",
    "sample question": "SELECT number, owner FROM sample_question",
    "to group": "SELECT wanted > done FROM gap_work",
    "gap": "SELECT g.state, count(*) FROM gap g JOIN gap_question q ON q.gap_id = g.id GROUP BY g.id, g.state",
    "asked in vain": "SELECT count(*) FROM gap_question",
    "trial": "SELECT state, result IS NOT NULL FROM trial",
    "incident": "SELECT name, status, resolved_at IS NULL FROM incident",
    "page": "SELECT url, fetched_at IS NOT NULL, last_error FROM status_page",
}

Seen = Counter[tuple[str, ...]]


def outside(world: World) -> Seen:
    """What happened at Gmail, at the ticketing system and at the shop: none of it may happen twice."""
    found: Seen = Counter()
    mailbox = world.outsides.google.mailbox(SHOP)
    for mail in mailbox.messages.values():
        if "SENT" in mail.labels:
            found["sent", mail.letter.first("to"), mail.letter.first("subject")] += 1
        for label in mail.labels & set(mailbox.labels):
            found["labelled", mailbox.labels[label], mail.letter.first("subject")] += 1
    found["drafts",] += len(mailbox.drafts)
    found["grants",] += len(world.outsides.google.grants.grants)
    for one in world.outsides.ticketing.system.desk.effects:
        whom, files = str(one.get("order", one.get("to"))), str(one["files"])
        found["ticketing", one["call"], whom, files, _plain(one["text"])] += 1
    for kept in world.outsides.orders.kept.values():
        found["shop", _plain(str(kept.body.decode())), str(kept.effects)] += 1
    return +found


def inside(world: World) -> Seen:
    """How each piece of work stands."""
    return Counter(
        (what, *(_plain(str(value)) for value in row))
        for what, question in QUESTIONS.items()
        for row in world.shop.rows(question)
    )


def _plain(text: str) -> str:
    return _ANEW.sub("…", text)
