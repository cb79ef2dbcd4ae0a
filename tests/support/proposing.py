"""A workspace with an order and mail about it, where a test writes what the machine decides."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from uuid import UUID, uuid4

from sqlalchemy import select, table, text

from domain.case import Case, CaseState
from domain.category import Category
from domain.decision import Decision, OrderAct, Reply
from domain.money import Money
from domain.order import Order
from domain.order_action import Action
from domain.sealed import Sealed
from storage import approvals, case_history, decisions, desk, ledger, members, orders, shop_webhooks
from storage.decisions import new_reference
from storage.messages import Claimed
from storage.shop_webhooks import Webhook
from tests.web.filling import MESSAGE, UNDERSTANDING, Filler

TOTAL = 10_000
TABLES = (
    "decision", "outbox", "support_case", "case_event", "order_act", "act_approval", "ledger_entry", "shop_order",
    "event", "message", "checked_mail",
)  # fmt: skip
DRAFT = "Dear Anna,\n\nwe have paid it back."
READ = replace(UNDERSTANDING, category=Category.REFUND)

S = CaseState
OPENED = Case(Category.REFUND.value, order_number="LO-1", action=Action.REFUND)
ELIGIBLE = OPENED.moved_to(S.CHECKING).moved_to(S.ELIGIBLE)
WITH_PERSON = OPENED.moved_to(S.CHECKING).moved_to(S.PERSON)


def refund(minor: int = 2500, *, approvals: int = 1, **more) -> OrderAct:
    return OrderAct(**{"action": Action.REFUND, "order_number": "LO-1", "amount": Money(minor, "EUR"),
                       "approvals": approvals, **more})  # fmt: skip


@dataclass(frozen=True)
class Proposed:
    decision: UUID
    conversation: UUID
    message: UUID


class Desk(Filler):
    """Fills one workspace; what a person does is done as its owner where no other member is named."""

    def order(self, number: str = "LO-1", total: int = TOTAL, refunded: int = 0) -> None:
        money = (Money(total, "EUR"), Money(refunded, "EUR"))
        order = Order(number, "anna@example.org", "delivered", *money, datetime.now(UTC), customer_name="Anna Winter")
        with self.database.transaction(self.tenant) as db:
            orders.save(db, self.tenant, [order])

    def connect_shop(self) -> None:
        with self.database.transaction(self.tenant) as db:
            webhook = Webhook("https://shop.example/acts", Sealed(b"never opened here"))
            shop_webhooks.put(db, self.tenant, webhook, member=self.member)

    def colleague(self, name: str = "Carla") -> UUID:
        with self.database.transaction(self.tenant) as db:
            email = f"{name.lower()}@lumen.example"
            return members.add(db, self.tenant, email=email, name=name, password_hash="x", role="agent")

    def mail(self, thread: str = "", **more) -> Claimed:
        boxes = self.rows("SELECT id FROM mailbox WHERE tenant_id = :tenant")
        box = boxes[0].id if boxes else self.mailbox()
        return self.store(box, replace(MESSAGE, rfc_message_id=f"<{uuid4()}@example.org>", **more), thread=thread)

    def propose(self, decision: Decision, thread: str = "") -> Proposed:
        claim = self.mail(thread)
        return Proposed(self.decide(claim, decision, READ), claim.conversation, claim.id)

    def held(self, act: OrderAct | None = None, case: Case = ELIGIBLE, thread: str = "") -> Proposed:
        """A proposal that is sure of what it read: its case has moved, and it waits for approval."""
        return self.propose(Decision.hold("A person approves.", act or refund(), reply()).moving(case), thread)

    def approve(self, made: Proposed, member: UUID | None = None, text: str = DRAFT, **more) -> approvals.Approved:
        with self.database.transaction(self.tenant) as db:
            return approving(db, self.tenant, made.decision, member or self.member, text, **more)

    def refuse(self, made: Proposed, rule: str = "window") -> bool:
        with self.database.transaction(self.tenant) as db:
            return refusing(db, self.tenant, made.decision, self.member, rule)

    def ask(self, made: Proposed, what: approvals.Wanted = approvals.Wanted.EVIDENCE) -> bool:
        with self.database.transaction(self.tenant) as db:
            return asking(db, self.tenant, made.decision, self.member, what)

    def send(self, made: Proposed, text: str = "Dear Anna, soon.", **more) -> bool:
        with self.database.transaction(self.tenant) as db:
            return sending(db, self.tenant, made.decision, self.member, text, **more)

    def dismiss(self, made: Proposed) -> bool:
        with self.database.transaction(self.tenant) as db:
            return desk.dismiss(db, self.tenant, made.decision, member=self.member)

    def move_case(self, case: Case, thread: str, claim: Claimed | None = None) -> bool:
        """A later mail of the conversation moves its case, as `process` writes it."""
        claim = claim or self.mail(thread)
        with self.database.transaction(self.tenant) as db:
            return decisions.record(db, claim, Decision.hold("It changed.").moving(case), READ)

    def case(self, made: Proposed) -> Case:
        with self.database.transaction(self.tenant) as db:
            return case_history.of_conversation(db, self.tenant, made.conversation)[0]

    def steps(self, made: Proposed) -> list[tuple[str, str]]:
        with self.database.transaction(self.tenant) as db:
            return [(one.before, one.after) for one in case_history.history(db, self.tenant, self.case(made).id)]

    def act(self, made: Proposed):
        [found] = self.rows("SELECT * FROM order_act WHERE decision_id = :id", id=made.decision)
        return found

    def acts(self) -> list[str]:
        return [row.state for row in self.rows("SELECT state FROM order_act ORDER BY created_at, id")]

    def reply(self, made: Proposed):
        [found] = self.rows("SELECT * FROM outbox WHERE decision_id = :id", id=made.decision)
        return found

    def decision(self, made: Proposed):
        [found] = self.rows("SELECT * FROM decision WHERE id = :id", id=made.decision)
        return found

    def lines(self, number: str = "LO-1") -> list[str]:
        with self.database.transaction(self.tenant) as db:
            return [line.kind.value for line in ledger.entries(db, self.tenant, number)]

    def refunded(self, number: str = "LO-1") -> int:
        with self.database.transaction(self.tenant) as db:
            return orders.find(db, self.tenant, number).refunded.minor

    def everything(self) -> dict[str, list[str]]:
        """Each row of the tenant as text, to see whether anything at all has changed."""
        with self.database.transaction(self.tenant) as db:
            return {name: list(db.execute(_rows_of(name)).scalars()) for name in TABLES}


def _rows_of(name: str):
    return select(text("t::text AS row")).select_from(table(name).alias("t")).order_by(text("row"))


def reply(text: str = DRAFT) -> Reply:
    return Reply(MESSAGE.sender, "Re: Sending the lamp back", text)


def approving(db, tenant, decision, member, text=DRAFT, **more) -> approvals.Approved:
    return approvals.approve(db, tenant, decision, member=member, text_to_send=text, reference=new_reference(), **more)


def refusing(db, tenant, decision, member, rule="window") -> bool:
    return approvals.refuse(
        db, tenant, decision, member=member, rule_or_reason=rule, text_to_send="Dear Anna, no.",
        reference=new_reference(),
    )  # fmt: skip


def asking(db, tenant, decision, member, what=approvals.Wanted.EVIDENCE) -> bool:
    return approvals.ask(
        db, tenant, decision, member=member, what=what, text_to_send="A picture, please?", reference=new_reference()
    )


def sending(db, tenant, decision, member, text="Dear Anna, soon.", **more) -> bool:
    return desk.send(db, tenant, decision, member=member, text_to_send=text, reference=new_reference(), **more)


def dismissing(db, tenant, decision, member) -> bool:
    return desk.dismiss(db, tenant, decision, member=member)


# What a person can do with what waits for them, by name.
BY_A_PERSON = {
    "approve": approving,
    "refuse": refusing,
    "ask": asking,
    "send": sending,
    "dismiss": dismissing,
    "ask for the order": partial(asking, what=approvals.Wanted.ORDER_NUMBER),
}
