"""The figures of the whole machine: what they count, since when work is due, and that they name nobody."""

import re
from collections import defaultdict
from datetime import timedelta

import pytest
from sqlalchemy import TextClause, text

from domain.supplier import Purpose, Supplier
from domain.supplier_request import Channel, ToAsk
from storage import metrics, notices, supplier_requests, suppliers
from storage.due import Kind
from storage.supplier_requests import Anchor
from tests.web.filling import Filler


@pytest.fixture
def filler(database, workspace) -> Filler:
    return Filler(database, workspace.id, workspace.owner)


@pytest.fixture
def rival(database, other_workspace) -> Filler:
    return Filler(database, other_workspace.id, other_workspace.owner)


def counted(database) -> dict[tuple[str, ...], float]:
    with database.without_tenant() as db:
        return {(one.name, one.one, one.two): one.value for one in metrics.figures(db)}


def branches(owner, view: str) -> dict[str, str]:
    """From where and under which condition a view takes each kind of work, as Postgres writes it."""
    definition = owner.execute(text("SELECT pg_get_viewdef(CAST(:view AS regclass))"), {"view": view}).scalar_one()
    found = {}
    for branch in " ".join(definition.rstrip(";").split()).split(" UNION ALL "):
        kind = re.search(r"'(\w+)'::text", branch)
        assert kind
        found[kind[1]] = branch.partition(" FROM ")[2]
    return found


def test_work_is_due_for_the_figures_exactly_where_it_is_due_for_the_workers(owner) -> None:
    assert branches(owner, "due_since") == branches(owner, "due")
    assert set(branches(owner, "due_since")) == set(Kind)


def test_the_owner_of_the_function_may_read_every_table_that_it_counts(owner) -> None:
    """Row-level security is forced: where a policy is missing, a figure would be 0 for ever."""
    body = owner.execute(text("SELECT prosrc FROM pg_proc WHERE proname = 'metrics'")).scalar_one()
    tables = set(re.findall(r"public\.(\w+)", body)) - {"due_since"}
    for branch in branches(owner, "due_since").values():
        tables |= set(re.findall(r"(?:^\(?|JOIN )(\w+)", branch))
    readable = set(
        owner.execute(
            text("""
                SELECT c.relname FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid
                WHERE p.polcmd = 'r' AND pg_get_expr(p.polqual, p.polrelid) = 'true' AND c.relowner = ANY(p.polroles)
            """)
        ).scalars()
    )
    assert len(tables) >= 15
    assert tables - readable == set()


def test_an_empty_machine_has_figures_and_they_are_zero(database) -> None:
    found = counted(database)
    assert found["waiting_mails", "", ""] == found["answers_count", "", ""] == found["llm_tokens_in", "", ""] == 0
    assert not [key for key in found if key[0] == "due_rows"]


def test_mail_of_all_workspaces_is_counted_together(database, filler: Filler, rival: Filler) -> None:
    for one, address in ((filler, "support@lumen.example"), (rival, "help@rival.example")):
        mailbox = one.mailbox(address)
        one.held(mailbox)
        one.released(mailbox)
        one.released(mailbox, "uncertain")
        stuck = one.released(mailbox, "needs_person") if one is rival else None
    filler.mailbox("more@lumen.example")
    with database.transaction(rival.tenant) as db:
        db.execute(text("UPDATE decision SET disposition = 'hold' WHERE id = :id"), {"id": stuck.decision})
    with database.transaction(filler.tenant) as db:
        db.execute(text("UPDATE mailbox SET status = 'needs_reauth' WHERE address = 'more@lumen.example'"))
    found = counted(database)
    assert found["workspaces", "answering", ""] == 2
    assert found["waiting_mails", "", ""] == 3
    assert found["outcomes", "question", "held"] == 3
    assert found["outcomes", "question", "answered"] == 4
    assert found["outbox_rows", "uncertain", ""] == 2
    assert found["outbox_rows", "needs_person", ""] == 1
    assert found["mailboxes", "active", ""] == 2
    assert found["mailboxes", "needs_reauth", ""] == 1
    # They came five minutes ago and were answered now.
    assert (found["answers", "120", ""], found["answers", "900", ""], found["answers_count", "", ""]) == (0, 2, 2)
    assert found["answers_seconds", "", ""] == pytest.approx(600, abs=60)


def test_what_a_person_has_settled_is_not_counted_as_stuck(database, filler: Filler) -> None:
    stuck = filler.released(filler.mailbox(), "needs_person")
    with database.transaction(filler.tenant) as db:
        db.execute(text("UPDATE decision SET settled_at = now() WHERE id = :id"), {"id": stuck.decision})
    assert ("outbox_rows", "needs_person", "") not in counted(database)


@pytest.mark.parametrize(
    "ended",
    [
        text("UPDATE supplier_request SET answered_at = now()"),
        text("UPDATE supplier_request SET closed_at = now()"),
    ],
    ids=["answered", "closed"],
)
def test_what_a_supplier_was_asked_is_counted_as_stuck_until_it_is_answered_or_closed(
    database, filler: Filler, ended: TextClause
) -> None:
    mailbox = filler.mailbox()
    held = filler.held(mailbox)
    with database.transaction(filler.tenant) as db:
        supplier = suppliers.save(db, filler.tenant, Supplier("Acme", ("acme.example",)), actor="test")
        wish = ToAsk(supplier, "D400000001", Purpose.TRACKING, "desk@acme.example", "A question", "Where is it?")
        anchor = Anchor(mailbox, held.message)
        supplier_requests.ask(db, filler.tenant, wish, anchor, channel=Channel.GMAIL, member=filler.member)
        db.execute(text("UPDATE outbox SET state = 'failed' WHERE kind = 'supplier_mail'"))
    assert counted(database)["outbox_rows", "failed", ""] == 1
    with database.transaction(filler.tenant) as db:
        (notice,) = notices.looked(db, filler.tenant, tokens_per_day=1000)
        assert (notice.what, notice.n, notice.subject) == ("supplier_needs_person", 1, held.conversation)
        db.execute(ended)
        assert notices.looked(db, filler.tenant, tokens_per_day=1000) == []
    assert ("outbox_rows", "failed", "") not in counted(database)


def test_work_that_waits_has_an_age_and_what_failed_before_is_counted_as_retrying(database, filler: Filler) -> None:
    mailbox = filler.mailbox()
    claim = filler.store(mailbox, None)
    with database.transaction(filler.tenant) as db:
        values = {"id": claim.id, "ago": timedelta(minutes=12)}
        db.execute(
            text("""
                UPDATE message SET state = 'fetched', next_at = now() - :ago, lease_until = NULL, attempts = 2
                WHERE id = :id
            """),
            values,
        )
        db.execute(text("UPDATE mailbox SET last_ok_at = now() - :ago, connected_at = now() - :ago"), values)
    found = counted(database)
    assert found["due_rows", "process", ""] == found["retrying_rows", "process", ""] == 1
    assert found["due_age_seconds", "process", ""] == pytest.approx(720, abs=60)
    assert found["mailbox_read_age_seconds", "", ""] == pytest.approx(720, abs=60)


def test_no_figure_carries_a_name_an_address_or_a_word_of_a_tenant(database, filler: Filler, rival: Filler) -> None:
    for one in (filler, rival):
        mailbox = one.mailbox(f"canary-{one.tenant}@x.example")
        one.held(mailbox)
        one.released(mailbox)
    said = defaultdict(set)
    for name, first, second in counted(database):
        said[name] |= {first, second}
    for name, words in said.items():
        assert all(re.fullmatch(r"[a-z_]*|\d+", word) for word in words), (name, words)


def test_a_transaction_of_a_tenant_sees_its_own_due_work_alone(database, filler: Filler, rival: Filler) -> None:
    rival.mailbox("help@rival.example")
    with database.transaction(filler.tenant) as db:
        assert db.execute(text("SELECT count(*) FROM due_since WHERE kind = 'sync'")).scalar_one() == 0
    with database.transaction(rival.tenant) as db:
        assert db.execute(text("SELECT count(*) FROM due_since WHERE kind = 'sync'")).scalar_one() == 1
