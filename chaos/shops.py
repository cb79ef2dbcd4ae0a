"""The two workspaces of a run: one answers by Gmail with a note on the ticket, one by the ticket; both pay back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from adapters.gmail.tokens import Tokens
from adapters.ticketing import Connection
from bootstrap import Services
from chaos.place import Place
from chaos.plan import TO, Mail
from chaos.stand_ins import StandIns
from commands.importing import save_checked_mail, save_documents
from domain.bridging import BridgeRules, Mode
from domain.refund_policy import RefundPolicy
from evaluation.bench_shop import SCOPES, order_of, shipped
from rag.checked import WRONG_ANSWERS
from settings import ROOT
from storage import (
    answer_standings,
    checked,
    gate,
    indexing,
    learning,
    mailboxes,
    members,
    orders,
    refund_policies,
    shop_webhooks,
    tenants,
    ticketing,
)
from understanding.shipped import labelled_mails
from web import passwords

SLUGS = ("lumen-oak", "second-oak")
MODES = (Mode.GMAIL_WITH_NOTE, Mode.TICKET_ONLY)
# Small sums go back without a person, larger ones when the run's own person approves.
POLICY = RefundPolicy(
    evidence_for=frozenset(),
    alone_up_to={"EUR": 7_900},
    second_person_above={"EUR": 100_000},
    per_customer_and_month=99,
)
AGENT, SECRET = "agent", "secret"  # the stand-in's own
AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Workspace:
    tenant: UUID
    member: str


def member_of(number: int) -> str:
    return f"olivia@{SLUGS[number]}.example"


def open_shops(
    services: Services, place: Place, outside: StandIns, mails: Sequence[Mail], known: Sequence[Any]
) -> None:
    """Make both, with everything in them; `known` are the orders that the mails speak of."""
    password_hash = passwords.hashed(place.kept.member_password)
    shop_of = {mail.number: mail.number % len(TO) for mail in mails}
    for order in known:
        outside.know(order)
    for number, address in enumerate(TO):
        tenant = uuid4()
        with services.database.transaction(tenant) as db:
            tenants.create(db, tenant, slug=SLUGS[number], name=SLUGS[number])
            owner = members.add(
                db, tenant, email=member_of(number), name="Olivia", password_hash=password_hash, role="owner"
            )
            # All mails of the run come within minutes.
            gate.set_limits(db, tenant, per_day=1_000_000, per_hour=1_000_000)
            refund_policies.save(db, tenant, POLICY, owner)
            answer_standings.set_target(db, tenant, WRONG_ANSWERS)
        _connect(services, place, tenant, owner, mode=MODES[number])
        _fill(services, tenant, [one for one in known if shop_of[_number(one)] == number], with_answers=not number)
        answer = outside.account(address)
        tokens = Tokens(
            answer["refresh_token"], answer["access_token"], datetime.now(UTC) + timedelta(seconds=answer["expires_in"])
        )
        with services.database.transaction(tenant) as db:
            mailbox, _ = mailboxes.connect(
                db, tenant, member=owner, google_sub=f"chaos-{number}", address=address, scopes=SCOPES
            )
            mailboxes.save_tokens(db, tenant, mailbox, services.sealed(tenant, mailbox, tokens))


def are_ready(services: Services) -> bool:
    """Whether it is known in both what may be answered by itself, and what from."""
    for slug in SLUGS:
        with services.database.without_tenant() as db:
            tenant = tenants.by_slug(db, slug)
        if tenant is None:
            return False
        with services.database.transaction(tenant) as db:
            if not (learning.is_settled(db, tenant) and indexing.is_settled(db, tenant)):
                return False
    return True


def _connect(services: Services, place: Place, tenant: UUID, owner: UUID, *, mode: Mode) -> None:
    desk = services.sealed_ticketing(tenant, Connection(f"{place.urls['ticketing']}/api/sdt/1", AGENT, SECRET))
    shop = services.sealed_webhook(tenant, place.urls["shop"], place.kept.shop_secret)
    with services.database.transaction(tenant) as db:
        ticketing.put(db, tenant, desk, BridgeRules(mode), actor="command")
        shop_webhooks.put(db, tenant, shop, member=owner)


def _fill(services: Services, tenant: UUID, known: Sequence[Mapping[str, Any]], *, with_answers: bool) -> None:
    for start in range(0, len(known), AT_ONCE):
        with services.database.transaction(tenant) as db:
            orders.save(db, tenant, [order_of(dict(one)) for one in known[start : start + AT_ONCE]])
    save_documents(services, tenant, ROOT / "knowledge_base")
    # What may be answered by itself is earned like everywhere: a worker reads this mail, and what was right counts.
    # Asking all checked questions takes longest, so that only the first shop answers questions by itself.
    if with_answers:
        save_checked_mail(services, tenant)
    else:
        with services.database.transaction(tenant) as db:
            checked.ship(db, tenant, [shipped(one) for one in labelled_mails()])


def _number(order: Mapping[str, Any]) -> int:
    """The place in the mix of the mail that speaks of this order (sandbox/mix_letters.py)."""
    return int(order["order_number"].removeprefix("LO-")) - 60_000
