"""Facts from data beside the documents: the status of the writer's own order, and what the status page says is wrong.

Only the customer on an order hears of it, and only where Gmail verified the sender (`handlers/ownership.py`). Whoever
else names an order gets what somebody gets who names none that exists: nothing that they see tells the two apart.
"""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

from domain.decision import Check, Decision, Disposition, Fact, Reply
from domain.facts import FactRules
from domain.incident import Incident
from domain.message import Address, Message
from domain.order import Order, normal_number
from domain.ports import Incidents, Orders
from domain.understanding import Understanding
from handlers.incident_words import explains, may_be_explained
from handlers.ownership import may_hear_of, order_checks
from handlers.wording import Wording, wording_for

# A question about an order's status, as the models name it; the second also stands for delivery in general.
ORDER_STATUS, DELIVERY = "order_status", "shipping"

_SENTENCE = re.compile(r"[^.!?\n]+[.!?]*")


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Facts:
    """Tells what orders and incidents say, each with its time. `now` is the clock that ages are told by."""

    def __init__(
        self,
        orders: Orders,
        incidents: Incidents | None = None,
        rules: FactRules | None = None,
        now: Callable[[], datetime] = _utc_now,
    ) -> None:
        self._orders = orders
        self._incidents = incidents
        self._rules = rules or FactRules()
        self._now = now

    def about_orders(
        self, message: Message, sender: Address, understanding: Understanding, wording: Wording, follow_up: Check
    ) -> Decision:
        """The order's status where its customer asks for nothing else; whatever is not plain waits for a person."""
        claimed: dict[str, str] = {}
        for number in understanding.claimed_orders:
            claimed.setdefault(normal_number(number), number)
        found = [(number, self._orders.find(number)) for number in claimed.values()]
        own = [order for _, order in found if order is not None and may_hear_of(message, order)]
        checks = tuple(check for number, order in found for check in order_checks(message, number, order))
        names = ", ".join(claimed.values())
        if not own:
            return Decision.hold(f"It asks about an order ({names}): a person answers.").checked(*checks)
        reply = Reply(
            sender,
            message.subject,
            wording.letter(message, *(part for order in own for part in _told(order, wording))),
        )
        facts = [_fact(order, order.as_of) for order in own if order.as_of]
        objection = (
            f"It asks about several orders ({names}): a person answers."
            if len(claimed) > 1
            else self._objection(own[0], understanding, message.subject, wording)
        )
        if objection:
            return Decision.hold(objection, reply).known_from(*facts).checked(*checks)
        return (
            Decision.release(f"Told the status of order {own[0].number} to its customer.", reply)
            .known_from(*facts)
            .checked(*checks, Check("It asks for nothing but where the order is.", passed=True), follow_up)
        )

    def with_incidents(
        self, decision: Decision, message: Message, understanding: Understanding, follow_up: Check
    ) -> Decision:
        """The decision with an open incident in its reply, where one plausibly explains what the mail says.

        It then waits for a person, unless the workspace lets the machine tell of incidents by itself.
        """
        wording, sender = wording_for(understanding.language), message.sender
        if self._incidents is None or wording is None or sender is None:
            return decision
        if not may_be_explained(understanding, message.subject, wording):
            return decision
        now = self._now()
        current = (one for one in self._incidents.open() if one.is_current(now))
        hits = ((one, explains(one, understanding, message.subject, wording)) for one in current)
        told, words = next(((one, words) for one, words in hits if words), (None, ""))
        if told is None:
            return decision
        sentence = _incident_sentence(told, wording)
        fact = Fact(
            f"incident: {told.name}",
            f"{told.status or 'open'}, open since {told.began_at:%Y-%m-%d %H:%M} UTC"
            + (f". {told.text}" if told.text else ""),
            told.fetched_at,
            told.link,
        )
        check = Check(f"An open incident may explain it: “{told.name}” (by: {words}).", passed=True)
        if decision.effects:
            decision = replace(
                decision,
                effects=tuple(_beside(one, sentence) if isinstance(one, Reply) else one for one in decision.effects),
            )
            if decision.disposition is Disposition.RELEASE and not self._rules.incident_replies:
                decision = decision.held(f"An open incident may explain it (“{told.name}”): a person decides.")
            return decision.known_from(fact).checked(check)
        reply = Reply(sender, message.subject, wording.letter(message, sentence))
        if self._rules.incident_replies and not understanding.claimed_orders and len(_questions(understanding)) <= 1:
            return (
                Decision.release(f"Told of an open incident: “{told.name}”.", reply)
                .known_from(fact)
                .checked(check, follow_up)
            )
        held = replace(decision, effects=(reply,), reason=f"{decision.reason} An open incident may explain it.")
        return held.known_from(fact).checked(check)

    def _objection(self, order: Order, understanding: Understanding, subject: str, wording: Wording) -> str:
        """Why a person answers about this order of the writer's own, or an empty string."""
        text, status = f"{subject}\n{understanding.text}", order.status
        known = order.as_of
        old = known is None or (order.is_moving and self._now() - known > self._rules.orders_current_for)
        of = f"{known:%Y-%m-%d %H:%M} UTC" if known else "an unknown time"
        rules = (
            (status in {"cancelled", "returned"}, f"is {status}: a person answers."),
            (old, f"is known as of {of}: too old to be told."),
            (status == "shipped" and not order.safe_tracking_url, "is on its way, but has no tracking link."),
            (status == "delivered" and wording.speaks_of("not_received", text), "is delivered; the writer lacks it."),
        )
        if not _asks_for_status_alone(understanding, text, wording):
            return f"It may ask for more than where order {order.number} is: a person answers."
        return next((f"Order {order.number} {reason}" for applies, reason in rules if applies), "")


def _asks_for_status_alone(understanding: Understanding, text: str, wording: Wording) -> bool:
    """Whether the mail asks where the order is, and by no word for anything else."""
    read_as = understanding.sub_intent
    # Neither the models nor the words are believed alone; about delivery there is more to ask than where a parcel is.
    asked = (read_as == ORDER_STATUS and wording.speaks_of("order_status", text)) or (
        read_as in {"", DELIVERY} and wording.speaks_of("whereabouts", text)
    )
    if not asked or wording.speaks_of("other_wish", text):
        return False
    questions = _questions(understanding)
    # Of several questions each must ask where it is: "How much is delivery to Spain?" speaks of delivery as well.
    return len(questions) <= 1 or all(wording.speaks_of("whereabouts", one) for one in questions)


def _questions(understanding: Understanding) -> list[str]:
    return [one for one in _SENTENCE.findall(understanding.text[:8_000]) if one.rstrip().endswith("?")]


def _told(order: Order, wording: Wording) -> list[str]:
    """The paragraphs about one order, for its customer."""
    lines = [wording.order_status.format(number=order.number, status=wording.statuses[order.status])]
    if order.status_since:
        lines.append(wording.order_since.format(day=wording.day_of(order.status_since)))
    if order.as_of:
        lines.append(wording.order_as_of.format(moment=wording.moment_of(order.as_of)))
    link = order.safe_tracking_url if order.status in {"shipped", "delivered"} else ""
    return [" ".join(lines), *([wording.tracking.format(url=link)] if link else [])]


def _fact(order: Order, as_of: datetime) -> Fact:
    since = f" since {order.status_since:%Y-%m-%d}" if order.status_since else ""
    return Fact(f"order {order.number}", f"{order.status}{since}", as_of, order.safe_tracking_url)


def _incident_sentence(incident: Incident, wording: Wording) -> str:
    return wording.incident.format(
        began=wording.moment_of(incident.began_at),
        name=incident.name,
        moment=wording.moment_of(incident.fetched_at),
        url=incident.link,
    )


def _beside(reply: Reply, sentence: str) -> Reply:
    """The same letter with the sentence below its greeting."""
    greeting, _, rest = reply.text.partition("\n\n")
    # In German the first sentence below a greeting goes on in lower case; it is the second one now.
    return replace(reply, text=f"{greeting}\n\n{sentence}\n\n{rest[:1].upper()}{rest[1:]}")
