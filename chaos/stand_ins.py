"""The three stand-ins over HTTP: what befalls them, and what they say was done to them. Only they are believed."""

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import requests

from chaos.plan import TO, Card, Mail

# What ends each mail of ours, and each text of ours on a ticket (domain/bridging.py).
REFERENCE = re.compile(r"^Ref: ([A-Z0-9]{4,32})\s*$", re.MULTILINE)
MARKER = re.compile(r"\[(MW-[2-9A-HJKMNP-Z]{6})\]")

# Whom faults are ordered of; the status page is there to be read.
FAULTY = ("gmail", "ticketing", "shop")

# So many calls of a route are spared before one suffers: of what is called again and again one in nine or so does. What
# is called rarely suffers every third time: were it every time, a mailbox that lists its mail anew would never be done.
SPARED, SPARED_RARE = 8, 2
# What nobody may ask twice ends at a person where its answer is lost before it took effect: one in 25 suffers.
SPARED_ONCE = 24
ONCE = frozenset({("ticketing", "upsert"), ("ticketing", "customer"), ("ticketing", "internal"), ("shop", "act")})
BUSY = frozenset(
    {
        *(("gmail", route) for route in ("drafts.create", "drafts.send", "history.list", "messages.get")),
        *(("ticketing", route) for route in ("login", "by_order", "get")),
    }
)

# A slow answer comes later than anybody here waits for one, but for the shop, whose callers are patient.
SLOW = {"seconds": 3.0, "retry_after": 5}


@dataclass(frozen=True, slots=True)
class Done:
    """What the stand-ins saw, each counted: automatic replies by the mail that they answer, mails of ours by reference,
    texts on tickets by ticket and marker, refunds and other acts by key and by order, drafts in Gmail by reference.
    """

    replies: Mapping[str, int]
    references: Mapping[str, int]
    markers: Mapping[tuple[int, str], int]
    acts: Mapping[str, int]
    refunded: Mapping[str, int]
    drafts: Mapping[str, int]


@dataclass
class StandIns:
    """`urls` by name: gmail, ticketing, shop, page. No more than `spared` calls go well before a fault does its work.

    `ordered` counts faults; those still waiting were not played.
    """

    urls: Mapping[str, str]
    spared: int = SPARED_ONCE
    ordered: Counter[Card] = field(default_factory=Counter)
    session: requests.Session = field(default_factory=requests.Session)

    def deliver(self, mail: Mail) -> None:
        self._post("gmail", "mail", dict(mail.fields))

    def account(self, address: str) -> dict[str, Any]:
        """A shop's mailbox with its consent: the token answer."""
        self._post("gmail", "accounts", {"email": address, "name": "Support", "role": "shop"})
        answer: dict[str, Any] = self._post("gmail", "authorize", {"user": address})
        return answer

    def know(self, order: Mapping[str, Any]) -> None:
        number = order["order_number"]
        self._post("ticketing", "orders", {"reference": number, "customerName": order["customer_name"]})
        known = {"total_minor": order["total_minor"], "currency": order["currency"], "status": order["status"]}
        self._post("shop", "orders", {"number": number, **known})

    def befall(self, card: Card) -> None:
        """Let the next call on that route suffer this."""
        if card.route == "expire":
            self._post("gmail", "expire", {"what": card.fault, **({"user": TO[0]} if card.fault == "history" else {})})
        else:
            skip = self._spared((card.whom, card.route))
            self._post(card.whom, "faults", {"route": card.route, "fault": card.fault, "skip": skip, **SLOW})
        self.ordered[card] += 1

    def _spared(self, route: tuple[str, str]) -> int:
        return min(self.spared, SPARED_ONCE if route in ONCE else SPARED if route in BUSY else SPARED_RARE)

    def waiting(self) -> Counter[Card]:
        """The faults that nobody has suffered yet."""
        return Counter(
            Card(whom, one["route"], one["fault"]) for whom in FAULTY for one in self._get(whom, "faults")["waiting"]
        )

    def heal(self) -> None:
        """No more faults; those that were not suffered are forgotten."""
        self.ordered -= self.waiting()
        for whom in FAULTY:
            self.session.delete(self._url(whom, "faults"), timeout=10).raise_for_status()

    def arrived(self) -> set[str]:
        """The Message-IDs of what lies in the shops' mailboxes."""
        boxes = [self._get("gmail", f"letters?user={address}&label=INBOX") for address in TO]
        return {letter["message_id"] for box in boxes for letter in box}

    def done(self) -> Done:
        state = self._get("shop", "state")
        return read(self._letters("SENT"), self._letters("DRAFT"), self._get("ticketing", "effects"), state["kept"])

    def _letters(self, label: str) -> list[dict[str, Any]]:
        return [one for to in TO for one in self._get("gmail", f"letters?user={to}&label={label}&text=yes")]

    def _url(self, whom: str, name: str) -> str:
        return f"{self.urls[whom]}/sandbox/{name}"

    def _get(self, whom: str, name: str) -> Any:
        answer = self.session.get(self._url(whom, name), timeout=30)
        answer.raise_for_status()
        return answer.json()

    def _post(self, whom: str, name: str, body: Mapping[str, Any]) -> Any:
        answer = self.session.post(self._url(whom, name), json=body, timeout=30)
        answer.raise_for_status()
        return answer.json()


def read(
    sent: Sequence[Mapping[str, Any]],
    drafts: Sequence[Mapping[str, Any]],
    effects: Sequence[Mapping[str, Any]],
    kept: Mapping[str, Mapping[str, Any]],
) -> Done:
    """Count what lies in Sent and as drafts, what was done to tickets, and what became of each key at the shop."""
    refunded: Counter[str] = Counter()
    for one in kept.values():
        asked = json.loads(one["body"]) if one["effects"] else {}
        if asked.get("type") == "refund":
            refunded[asked["order_number"]] += one["effects"]
    return Done(
        replies=Counter(one["in_reply_to"] for one in sent if one["automatic"] and one["in_reply_to"]),
        references=_references(sent),
        markers=Counter((one["ticket"], mark) for one in effects for mark in MARKER.findall(one["text"])[-1:]),
        acts=Counter({key: one["effects"] for key, one in kept.items() if one["effects"]}),
        refunded=refunded,
        drafts=_references(drafts),
    )


def _references(letters: Sequence[Mapping[str, Any]]) -> Counter[str]:
    return Counter(mark for one in letters for mark in REFERENCE.findall(one["text"])[-1:])
