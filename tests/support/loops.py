"""Machines that answer us, and what we answer them: over the sandbox Google, by the whole way of a mail.

The reader is the worst there could be: what is not a machine's by its headers or suspect by its words is a clear
question to it, and every question has an answer. So nothing but the limits stands between two machines.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

from domain.category import Category
from domain.ports import Answer
from domain.understanding import Understanding
from sandbox.letter import Letter
from storage import notices
from storage.notices import What
from tests.support.little_models import PlainAnswers, PlainReader
from tests.support.pipeline import Shop, TestServices, stock
from understanding.automatic import automatic_sign
from understanding.mass_mail import suspicion_of
from understanding.quotes import split

PARCEL = "question: when does my parcel come?"
DAY = timedelta(hours=24, minutes=1)


class Gullible(PlainReader):
    def _one(self, message, own_addresses):
        automatic = automatic_sign(message, own_addresses)
        numbers = tuple(part.strip(".,!?") for part in message.text.split() if part.startswith("LO-"))
        return Understanding(
            text=split(message.text, message.subject).text, language="en", category=Category.QUESTION, confidence=0.99,
            importance=2, automatic=automatic, suspicion="" if automatic else suspicion_of(message),
            order_numbers=numbers,
        )  # fmt: skip


class Talkative(PlainAnswers):
    def answer(self, question: str, subject: str, language: str) -> Answer:
        return super().answer("parcel", subject, language)


class GullibleServices(TestServices):
    @property
    def reader(self):
        return Gullible()

    def _answers(self, tenant, abstention):
        stock(self, tenant)
        return Talkative()


def sent(shop: Shop, address: str) -> list:
    """What left this mailbox, as Gmail's Sent folder has it."""
    return [mail for mail in shop.google.mailbox(address).messages.values() if "SENT" in mail.labels]


def held(shop: Shop) -> list[str]:
    return [
        one.reason for one in shop.rows("SELECT reason FROM decision WHERE disposition = 'hold' ORDER BY created_at")
    ]


def ignored(shop: Shop) -> list[str]:
    return [one.reason for one in shop.rows("SELECT reason FROM decision WHERE disposition = 'ignore'")]


def limited(shop: Shop) -> list[notices.Notice]:
    """What the desk says of answers that stopped."""
    with shop.services.database.transaction(shop.tenant) as db:
        return [one for one in notices.looked(db, shop.tenant, tokens_per_day=0) if one.what is What.LIMITED]


@dataclass
class Robot:
    """Somebody's machine outside, which writes to `to` for every mail that it gets at `domain`.

    `writes` says what, from our mail and its number: the fields of a delivery, or None for silence.
    """

    shop: Shop
    to: str
    domain: str
    writes: Callable[[int, Letter], dict | None]
    got: int = 0
    wrote: int = 0

    def __call__(self) -> bool:
        """Answer what came since; False when that was nothing."""
        came = [raw for to, raw in self.shop.google.world.post.outside if to.endswith(f"@{self.domain}")]
        fresh, self.got = came[self.got :], len(came)
        for raw in fresh:
            fields = self.writes(self.wrote, Letter(raw))
            if fields is not None:
                self.wrote += 1
                self.shop.google.deliver(self.to, **fields)
        return bool(fresh)


@dataclass
class Days:
    """Days in which machines write to shops, until all are quiet or `rounds` are over."""

    shops: list[Shop]
    robots: list[Callable[[], bool]]
    rounds: int = 40
    took: list[int] = field(default_factory=list)

    def day(self, begin: Callable[[], object]) -> int:
        """`begin` writes the first mail; returns how many rounds it took until all were quiet."""
        begin()
        for number in range(self.rounds):
            for shop in self.shops:
                shop.sync_and_settle()
            wrote = [robot() for robot in self.robots]
            if not any(wrote):
                self.took.append(number)
                return number
        self.took.append(self.rounds)
        return self.rounds

    def night(self) -> None:
        """A day is over: what counts by the day counts anew."""
        for shop in self.shops:
            shop.change("UPDATE outbox SET created_at = created_at - %s, sent_at = sent_at - %s", DAY, DAY)
            shop.change("UPDATE reply_counter SET day = day - %s WHERE day = current_date", 100 - len(self.took))
