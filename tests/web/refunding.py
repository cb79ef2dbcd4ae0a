"""Orders, cases and order actions in a workspace, as the shop, the handler and the workers would have left them."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from domain.case import Case, CaseState, Identity
from domain.decision import Check, Decision, OrderAct, Reply, Tried
from domain.message import Address, Message
from domain.money import Money
from domain.order import Order, OrderItem
from domain.order_action import Action, WantedItem
from storage import ledger, orders
from tests.web.filling import MESSAGE, UNDERSTANDING, Filler, Held

DRAFT = "Dear Anna,\n\nWe have refunded 49.90 EUR for your order LO-1."
CHECKS = (
    Check("The sender is the customer on order LO-1, and Gmail verified the address.", passed=True),
    Check("It is within 30 days of the delivery.", passed=True),
    Check("No picture came.", passed=False),
)
LAMP = OrderItem("ALBA-OA", "Alba table lamp, oak", 1, 4990)
REFUND = replace(MESSAGE, subject="My lamp is broken", text="I want my money back.", html="")


@dataclass(frozen=True)
class Till:
    """Fills one workspace with what has to do with money."""

    filler: Filler

    def order(self, number: str = "LO-1", total: int = 10_000, **more) -> Order:
        placed = more.pop("placed_at", datetime.now(UTC) - timedelta(days=9))
        delivered = placed + timedelta(days=2)
        order = Order(
            number=number, customer_email=more.pop("email", "anna@example.org"), status=more.pop("status", "delivered"),
            total=Money(total, more.get("currency", "EUR")), refunded=Money(0, more.pop("currency", "EUR")),
            placed_at=placed, delivered_at=delivered, items=more.pop("items", (LAMP,)),
            customer_name=more.pop("name", "Anna Winter"), **more,
        )  # fmt: skip
        with self.filler.database.transaction(self.filler.tenant) as db:
            orders.save(db, self.filler.tenant, [order])
        return order

    def wanted(
        self,
        mailbox: UUID,
        *,
        number: str = "LO-1",
        action: Action = Action.REFUND,
        minor: int | None = 4990,
        approvals: int = 1,
        draft: str = DRAFT,
        message: Message = REFUND,
        reason: str = "The rules allow it; a person approves it.",
        case: Case | None = None,
        thread: str = "",
    ) -> Held:
        """A mail whose wish may be granted, with the action that waits for its approvals."""
        amount = Money(minor, "EUR") if minor is not None else None
        items = (WantedItem("ALBA-OA"),)
        case = case or Case("refund")
        known = replace(case, action=action, items=items, reason="damaged", identity=Identity.SENDER, amount=amount)
        eligible = known.moved_to(CaseState.CHECKING, order_number=number).moved_to(CaseState.ELIGIBLE)
        act = OrderAct(action, number, amount, items, "damaged", approvals)
        claim = self.filler.store(mailbox, message, thread=thread)
        reply = Reply(message.sender or Address("nobody@example.org"), message.subject, draft)
        decision = Decision.hold(reason, reply, act).checked(*CHECKS).moving(eligible)
        made = self.filler.decide(claim, decision, UNDERSTANDING)
        return Held(made, claim.conversation, claim.id)

    def with_a_person(self, mailbox: UUID, case: Case | None = None, message: Message = REFUND) -> Held:
        """A mail whose case the machine gave up: nothing is proposed."""
        claim = self.filler.store(mailbox, message)
        case = case or replace(Case("refund"), order_number="LO-1", action=Action.REFUND)
        decision = Decision.hold("A person decides.").checked(*CHECKS).moving(case.moved_to(CaseState.PERSON))
        return Held(self.filler.decide(claim, decision, UNDERSTANDING), claim.conversation, claim.id)

    def tried(self, mailbox: UUID, *numbers: tuple[str, bool], message: Message = REFUND) -> Held:
        """A mail that names numbers in vain; beside each whether it is somebody else's order."""
        claim = self.filler.store(mailbox, message)
        decision = replace(Decision.hold("No number fits."), tried=tuple(Tried(*one) for one in numbers))
        return Held(self.filler.decide(claim, decision, UNDERSTANDING), claim.conversation, claim.id)

    def act(self, held: Held) -> UUID:
        [row] = self.filler.rows(
            "SELECT id FROM order_act WHERE tenant_id = :tenant AND decision_id = :id ORDER BY created_at DESC LIMIT 1",
            id=held.decision,
        )
        return row.id

    def became(self, held: Held, state: str, error: str = "", reference: str = "") -> None:
        """Put an order action where the workers would have put it."""
        act = self.act(held)
        self.filler.rows(
            "UPDATE order_act SET state = :state, last_error = :error, provider_reference = :reference,"
            " done_at = CASE WHEN :state = 'done' THEN now() END WHERE tenant_id = :tenant AND id = :id RETURNING 1",
            id=act, state=state, error=error, reference=reference,
        )  # fmt: skip
        if state == "done":
            with self.filler.database.transaction(self.filler.tenant) as db:
                ledger.paid(db, self.filler.tenant, act, reference=reference)
