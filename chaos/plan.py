"""What will happen in a run, dealt from its seed alone: the mails, the order of the blows, the deck of the faults.

The same counts and seed give the same plan. When each thing happens follows from the machine, and is not planned.
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

# Of a hundred kills with -9. A `point` is a worker that dies at a named point; a `parser` the child that reads mail.
KILL_PERCENT = {
    "point": 45, "io-1": 11, "io-2": 11, "brain": 8, "redis": 6, "parser": 5, "listener": 5, "web": 5, "postgres": 4,
}  # fmt: skip
# Beside the kills, for so many of them one: Redis loses everything, Postgres stops at once or is restarted.
BESIDE = {"redis wiped": 15, "postgres stopped": 30, "postgres restarted": 30}

TO = ("support@lumen-oak.example", "desk@second-oak.example")
ANSWERS_SHARE = 0.12
CHATTY = frozenset({"question"})

_BEFORE = ("503_before", "500_before", "drop_before", "429")
_AFTER = ("503_after", "500_after", "drop_after", "malformed_json", "short_read", "slow")
_GMAIL = (*_BEFORE, *_AFTER, "403_rate", "401", "slow_before")
_TICKETING = (*_BEFORE, *_AFTER, "401", "502_before", "html_before", "html_500", "html_after", "unsuccessful")
_SHOP = (*_BEFORE, *_AFTER, "401", "html", "html_after", "redirect", "unknown", "huge", "accepted", "other_key")
_GMAIL_ROUTES = (
    "drafts.create", "drafts.send", "drafts.list", "drafts.get", "drafts.delete", "threads.get", "history.list",
    "messages.list", "messages.get", "messages.modify", "messages.batchModify", "labels.list", "getProfile",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Card:
    """One fault: whom it befalls (gmail, ticketing, shop), on which of its routes, which."""

    whom: str
    route: str
    fault: str


FAULTS: tuple[Card, ...] = (
    *(Card("gmail", route, fault) for route in _GMAIL_ROUTES for fault in _GMAIL),
    *(Card("gmail", route, "empty_page") for route in ("history.list", "messages.list")),
    *(Card("gmail", "history.list", fault) for fault in ("404", "mail_arrives")),
    *(Card("gmail", "expire", what) for what in ("history", "access_tokens")),
    *(
        Card("ticketing", route, fault)
        for route in ("login", "by_order", "get", "upsert", "customer", "internal")
        for fault in _TICKETING
    ),
    *(Card("ticketing", "get", fault) for fault in ("nulls", "404")),
    *(Card("shop", route, fault) for route in ("act", "look") for fault in _SHOP),
    Card("shop", "look", "404"),
)


# What a sender that repeats blindly fails at: the answers of calls that act, lost after they took effect.
LOST_ANSWERS: tuple[Card, ...] = tuple(
    Card(whom, route, fault)
    for whom, route in (("gmail", "drafts.send"), ("ticketing", "customer"), ("ticketing", "internal"), ("shop", "act"))
    for fault in ("503_after", "500_after", "drop_after")
)


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail as the sandbox takes it: the fields of POST /sandbox/mail."""

    number: int
    fields: Mapping[str, Any]

    @property
    def message_id(self) -> str:
        return str(self.fields["message_id"])


@dataclass(frozen=True, slots=True)
class Plan:
    mails: tuple[Mail, ...]
    blows: tuple[str, ...]
    faults: tuple[Card, ...]

    @property
    def kills(self) -> int:
        return sum(blow in KILL_PERCENT for blow in self.blows)


def plan(mix: Sequence[Mapping[str, Any]], kills: int, seed: int, *, control: bool = False) -> Plan:
    """Deal the mails of the mix, so many kills with what happens beside them, and all faults; for a control, few."""
    chance = random.Random(seed)
    blows = [name for name, number in _shares(kills).items() for _ in range(number)]
    blows += [name for name, one_for in BESIDE.items() for _ in range(-(-kills // one_for))]
    faults = list(LOST_ANSWERS if control else FAULTS)
    chance.shuffle(blows)
    chance.shuffle(faults)
    return Plan(tuple(_mails(mix, chance)), tuple(blows), tuple(faults))


def _shares(kills: int) -> dict[str, int]:
    """Each kind once where there are kills enough, the rest in whole shares by largest remainder."""
    once = int(kills >= len(KILL_PERCENT))
    rest = kills - once * len(KILL_PERCENT)
    shares = {name: once + rest * percent // 100 for name, percent in KILL_PERCENT.items()}
    by_remainder = sorted(KILL_PERCENT, key=lambda name: -(rest * KILL_PERCENT[name] % 100))
    for name in by_remainder[: kills - sum(shares.values())]:
        shares[name] += 1
    return shares


def _mails(mix: Sequence[Mapping[str, Any]], chance: random.Random) -> list[Mail]:
    """Every second one goes to the other shop; some are answers in the thread of an earlier one of their language."""
    mails: list[Mail] = []
    earlier: dict[tuple[int, str], list[Mapping[str, Any]]] = {}
    for number, one in enumerate(mix):
        expected, shop = one["expected"], number % 2
        fields = {name: value for name, value in one.items() if name != "expected"}
        fields |= {"to": TO[shop], "message_id": f"<chaos-{number}@mix.example>"}
        known = earlier.setdefault((shop, expected["language"]), [])
        if expected["category"] in CHATTY and known and chance.random() < ANSWERS_SHARE:
            first = chance.choice(known)
            fields |= {"in_reply_to": first["message_id"], "subject": f"Re: {first['subject']}"}
            fields |= {"from": first["from"], "from_name": first["from_name"]}
        elif expected["category"] in CHATTY:
            known.append(fields)
        mails.append(Mail(number, fields))
    return mails
