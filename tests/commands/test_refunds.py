"""`flask refunds`: the export for finance, the webhook's row, and a reconciliation that repeats nothing."""

import csv
import io
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from adapters.shop_webhook import FIELD, new_secret
from commands.reconciling import difference, differences
from domain.delivery import ActState, ShopDone
from domain.errors import NotDone, TryAgain
from domain.money import Money
from parts.finance import HEADING, payments, safe_cell
from storage import refund_export, shop_webhooks
from storage.refund_export import Asked
from tests.commands.test_upkeep import flask
from tests.support import pipeline
from tests.support.acting import Acting, running_shop
from tests.support.pipeline import Shop


@pytest.fixture(scope="module")
def outside():
    with running_shop() as shop:
        yield shop


@pytest.fixture
def acting(settings, workspace, outside):
    outside.reset()
    services = pipeline.TestServices(settings)
    yield Acting(Shop(None, services, workspace, None), outside)
    services.close()


def here(settings):
    return replace(settings, shop_webhook_private=True)


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_finance_gets_each_payment_once_with_who_approved_it(settings, acting, workspace):
    acting.connect()
    by_machine, by_person, _ = acting.act(2050), acting.act(500, needed=1), acting.act(None, action="exchange")
    acting.run()
    acting.outside.orders.clear()
    acting.act(100)
    acting.run()
    done = flask(settings, "refunds", "export", "--tenant", "lumen")
    assert done.returncode == 0, done.stderr
    assert done.stderr.endswith("2 payments exported.\n")
    first, second = rows_of(done.stdout)
    assert tuple(first) == HEADING
    assert (first["key"], second["key"]) == (str(by_machine), str(by_person))
    assert (first["amount"], first["amount_minor"], first["currency"]) == ("20.50", "2050", "EUR")
    assert (first["order_number"], first["customer_email"], first["action"]) == (
        "LO-1",
        "anna@customer.example",
        "refund",
    )
    assert (first["reference"], first["approved_by"]) == ("SHOP-00001", "machine")
    assert second["approved_by"] == workspace.email
    assert datetime.fromisoformat(first["at"]).tzinfo == UTC


def test_finance_gets_the_period_that_it_asks_for(settings, acting, tmp_path):
    acting.act(100)
    acting.run()
    now = datetime.now(UTC)
    file = tmp_path / "out.csv"
    for since, until, count in ((-1, 1, 1), (1, 2, 0), (-2, -1, 0)):
        period = [f"{now + timedelta(days=days):%Y-%m-%dT%H:%M:%SZ}" for days in (since, until)]
        done = flask(
            settings, "refunds", "export", "--tenant", "lumen", "--since", period[0], "--until", period[1], "--output",
            str(file),
        )  # fmt: skip
        assert (done.returncode, done.stdout) == (0, ""), done.stderr
        assert len(rows_of(file.read_text())) == count
    done = flask(settings, "refunds", "export", "--tenant", "lumen", "--since", "yesterday")
    assert (done.returncode, done.stderr[:7]) == (2, "since: ")


def test_more_than_a_page_is_exported_in_the_ledgers_order(settings, acting, monkeypatch):
    monkeypatch.setattr(refund_export, "PAGE", 2)
    acts = [acting.act(100 + number) for number in range(5)]
    acting.run()
    since, until = datetime.now(UTC) - timedelta(days=1), datetime.now(UTC) + timedelta(days=1)
    found = list(payments(acting.shop.services.database, acting.shop.tenant, since, until))
    assert [row.key for row in found] == acts


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"])
def test_a_cell_is_never_a_formula(start):
    assert safe_cell(f"{start}cmd|' /C calc'!A0").startswith(f"'{start}")
    assert safe_cell("LO-1") == "LO-1"


def test_a_reference_of_the_shop_is_no_formula_in_the_export(settings, acting):
    acting.act(100)
    acting.run()
    act = acting.act(100)
    acting.shop.change("INSERT INTO ledger_entry (tenant_id, order_number, key, kind, amount_minor, currency, actor,"
                       " provider_reference) VALUES (%s, 'LO-1', %s, 'paid', 100, 'EUR', 'machine', %s)",
                       acting.shop.tenant, act, '=HYPERLINK("http://evil.example")')  # fmt: skip
    text = flask(settings, "refunds", "export", "--tenant", "lumen").stdout
    assert rows_of(text)[1]["reference"] == '\'=HYPERLINK("http://evil.example")'


def test_a_webhook_is_set_with_a_secret_that_is_shown_once_and_stored_sealed(settings, acting, workspace):
    done = flask(settings, "refunds", "webhook", "set", "https://shop.example/hook/", "--tenant", "lumen")
    assert done.returncode == 0, done.stderr
    secret = done.stdout.split()[-1]
    assert secret.startswith("whsec_")
    services, tenant = acting.shop.services, workspace.id
    with services.database.transaction(tenant) as db:
        found = shop_webhooks.find(db, tenant)
    assert found.url == "https://shop.example/hook"
    assert secret.encode() not in found.secret.value
    assert services.vault.open(found.secret, tenant=tenant, mailbox="", field=FIELD).decode() == secret
    assert acting.one("SELECT set_by FROM shop_webhook") == workspace.owner
    assert acting.one("SELECT count(*) FROM event WHERE kind = 'shop_webhook_set'") == 1
    done = flask(settings, "refunds", "webhook", "clear", "--tenant", "lumen")
    assert "asked no more" in done.stdout
    assert "There was no webhook" in flask(settings, "refunds", "webhook", "clear", "--tenant", "lumen").stdout


def test_a_secret_of_the_shops_own_is_read_from_a_file_and_not_shown(settings, acting, tmp_path):
    secret = new_secret()
    (tmp_path / "secret").write_text(secret + "\n")
    words = ("refunds", "webhook", "set", "https://shop.example", "--tenant", "lumen", "--secret-file")
    done = flask(settings, *words, str(tmp_path / "secret"))
    assert done.returncode == 0, done.stderr
    assert secret not in done.stdout + done.stderr
    (tmp_path / "weak").write_text("secret")
    assert flask(settings, *words, str(tmp_path / "weak")).returncode == 2


def test_an_address_or_a_member_that_may_not_be_is_refused_with_a_sentence(settings, acting):
    words = ("refunds", "webhook", "set")
    done = flask(settings, *words, "http://127.0.0.1:8046", "--tenant", "lumen")
    assert (done.returncode, done.stderr) == (2, "shop_webhook: It must begin with https://.\n")
    assert flask(here(settings), *words, "http://127.0.0.1:8046", "--tenant", "lumen").returncode == 0
    done = flask(settings, *words, "https://shop.example", "--tenant", "lumen", "--by", "nobody@shop.example")
    assert (done.returncode, done.stderr) == (2, "by: There is no such member.\n")


def test_keys_are_rotated_with_the_webhooks_secret_among_them(settings, acting):
    from adapters.vault import KeyRing, Vault, new_key

    acting.connect()
    rotated = replace(settings, key_ring=f"{new_key('k2')},{settings.key_ring}")
    assert flask(rotated, "rotate-keys").returncode == 0
    with acting.shop.services.database.transaction(acting.shop.tenant) as db:
        found = shop_webhooks.find(db, acting.shop.tenant)
    alone = Vault(KeyRing.parse(rotated.key_ring.partition(",")[0]))
    assert (
        alone.open(found.secret, tenant=acting.shop.tenant, mailbox="", field=FIELD).decode() == acting.outside.secret
    )


def test_setting_another_address_says_what_is_under_way(settings, acting):
    acting.connect()
    acting.outside.fault("act", "drop_after")
    acting.act(100)
    acting.run()
    done = flask(settings, "refunds", "webhook", "set", "https://shop.example", "--tenant", "lumen")
    assert "1 acts are under way at the address before" in done.stderr


def test_both_sides_agree_and_nothing_is_asked_twice(settings, acting):
    acting.connect()
    for _ in range(3):
        acting.act(100)
    acting.outside.fault("act", "drop_after", skip=2)
    acting.run()
    before = acting.outside.posts
    done = flask(here(settings), "refunds", "reconcile", "--tenant", "lumen")
    assert (done.returncode, done.stdout, done.stderr[-34:]) == (0, "", "3 acts compared, 0 differences.\n"[-34:])
    assert acting.outside.posts == before == 3


def test_a_payment_that_the_shop_does_not_know_is_a_difference(settings, acting):
    acting.connect()
    act = acting.act(100)
    acting.run()
    acting.outside.kept.clear()
    done = flask(here(settings), "refunds", "reconcile", "--tenant", "lumen")
    assert done.returncode == 1
    assert done.stdout == f"LO-1 1.00 EUR {act}: It is booked as done here. The shop never took it.\n"
    assert (acting.state(act), acting.outside.posts) == ("done", 1)


@pytest.fixture
def unheard(acting):
    """An act of which the shop never said what became."""
    acting.connect()
    act = acting.act(100)
    acting.shop.change("UPDATE order_act SET state = 'needs_person', sent_to = %s", acting.outside.base_url)
    return act


@pytest.mark.parametrize(
    ("word", "state", "entry", "refunded"), [("--done", "done", "paid", 100), ("--not-done", "refused", "released", 0)]
)
def test_what_a_person_found_out_ends_the_promise_once(
    settings, acting, unheard, workspace, word, state, entry, refunded
):
    words = ("refunds", "settle", str(unheard), "--tenant", "lumen", "--reference", "R-9", "--by", workspace.email)
    done = flask(settings, *words, word)
    assert done.returncode == 0, done.stderr
    assert (acting.state(unheard), acting.ledger(unheard), acting.refunded()) == (state, ["promised", entry], refunded)
    row = acting.shop.rows("SELECT actor, provider_reference FROM ledger_entry WHERE kind = %s", entry)[0]
    assert (row.actor, row.provider_reference) == (str(workspace.owner), "R-9")
    for again in ("--done", "--not-done"):
        assert flask(settings, *words, again).returncode == 2
    assert acting.ledger(unheard) == ["promised", entry]
    assert acting.outside.posts == 0


def test_nobody_settles_what_a_worker_still_has(settings, acting, workspace):
    act = acting.act(100)
    words = ("refunds", "settle", str(act), "--tenant", "lumen", "--by", workspace.email, "--not-done")
    assert flask(settings, *words).returncode == 2
    assert (acting.state(act), acting.ledger(act)) == ("pending", ["promised"])


class Says:
    """The port `Shop` for one look."""

    def __init__(self, answer) -> None:
        self.answer = answer

    def carry_out(self, task):
        pytest.fail("a reconciliation repeats nothing")

    def look(self, key):
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


DONE, OTHER, REFUSED, SILENT = ShopDone("R-1"), ShopDone("R-2"), NotDone("No."), TryAgain("The shop answers 500.")


@pytest.mark.parametrize(
    ("state", "said", "words"),
    [
        ("done", DONE, ""),
        ("done", OTHER, "the shop calls it 'R-2'"),
        ("done", None, "The shop never took it."),
        ("done", REFUSED, "The shop refused it: No."),
        ("refused", DONE, "given up here, and the shop did it"),
        ("refused", None, ""),
        ("refused", REFUSED, ""),
        ("cancelled", DONE, "given up here"),
        ("needs_person", DONE, "the shop did it as 'R-1'"),
        ("needs_person", None, "waits for a person here. The shop never took it."),
        ("needs_person", REFUSED, "The shop refused it"),
        ("uncertain", DONE, ""),
        ("sending", None, ""),
        ("done", SILENT, "does not tell: The shop answers 500."),
        ("refused", SILENT, "does not tell"),
    ],
)
def test_what_counts_as_a_difference(state, said, words):
    act = Asked(uuid4(), ActState(state), "https://shop.example", "LO-1", Money(100, "EUR"), "R-1")
    found = difference(act, Says(said))
    assert words in found
    assert bool(found) == bool(words)


def test_what_was_asked_at_another_address_is_named_and_not_asked_here(acting, monkeypatch):
    monkeypatch.setattr(refund_export, "PAGE", 1)
    acting.connect()
    for _ in range(2):
        acting.act(100)
    acting.run()
    acting.shop.change("UPDATE order_act SET sent_to = 'https://before.example'")
    looks = acting.outside.looks
    found = list(differences(acting.shop.services, acting.shop.tenant, datetime.now(UTC) - timedelta(days=1)))
    assert len(found) == 2
    assert all("another address" in words for _, words in found)
    assert acting.outside.looks == looks
