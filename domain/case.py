"""The state of a refund or order action over several mails: its states, the only ways between them, what it knows."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType
from uuid import UUID

from domain.money import Money
from domain.order_action import Action, WantedItem


class CaseState(StrEnum):
    """Everything up to `EVIDENCE_WANTED` waits for the customer; the last five are reached without another mail."""

    REQUESTED = "requested"
    ORDER_WANTED = "order_wanted"
    IDENTITY_WANTED = "identity_wanted"
    REASON_WANTED = "reason_wanted"
    EVIDENCE_WANTED = "evidence_wanted"
    CHECKING = "checking"
    ELIGIBLE = "eligible"
    PERSON = "person"
    APPROVED = "approved"
    EXECUTING = "executing"
    EXECUTED = "executed"
    CONFIRMED = "confirmed"
    REFUSED = "refused"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"


S = CaseState

# Of each mail, in characters: whoever reads wishes says of a longer text that it is too long.
LONGEST_WORDS = 5_000

# In these the machine waits for the customer, and decides about the next mail by itself.
ASKING = frozenset({S.REQUESTED, S.ORDER_WANTED, S.IDENTITY_WANTED, S.REASON_WANTED, S.EVIDENCE_WANTED})
# Nothing follows any more: a later mail opens a case of its own, linked to this one.
ENDED = frozenset({S.REFUSED, S.EXECUTED, S.CONFIRMED, S.EXPIRED, S.WITHDRAWN})
# In these a person may refuse or ask where the machine would not go on by itself: nothing is promised or under way.
WITH_US = frozenset(S) - ENDED - {S.APPROVED, S.EXECUTING}

_WANTED = {S.IDENTITY_WANTED, S.REASON_WANTED, S.EVIDENCE_WANTED}
_WAYS_OUT = {S.PERSON, S.WITHDRAWN, S.EXPIRED}

# Every transition there is, written once: `docs/refunds.md` draws this table, and nothing moves a case but by it.
TRANSITIONS: Mapping[CaseState, frozenset[CaseState]] = MappingProxyType({
    S.REQUESTED: frozenset({S.ORDER_WANTED, S.CHECKING, *_WANTED, *_WAYS_OUT}),
    S.ORDER_WANTED: frozenset({S.ORDER_WANTED, S.CHECKING, *_WANTED, *_WAYS_OUT}),
    S.IDENTITY_WANTED: frozenset({S.IDENTITY_WANTED, S.CHECKING, *_WAYS_OUT}),
    S.REASON_WANTED: frozenset({S.CHECKING, *_WAYS_OUT}),
    S.EVIDENCE_WANTED: frozenset({S.CHECKING, *_WAYS_OUT}),
    S.CHECKING: frozenset({S.REASON_WANTED, S.EVIDENCE_WANTED, S.ELIGIBLE, S.REFUSED, *_WAYS_OUT}),
    S.ELIGIBLE: frozenset({S.APPROVED, S.REFUSED, S.CHECKING, *_WAYS_OUT}),
    S.PERSON: frozenset({S.CHECKING, S.ORDER_WANTED, *_WANTED, S.APPROVED, S.REFUSED, S.WITHDRAWN, S.EXPIRED}),
    S.APPROVED: frozenset({S.EXECUTING, S.PERSON}),
    S.EXECUTING: frozenset({S.EXECUTED, S.PERSON}),
    S.EXECUTED: frozenset({S.CONFIRMED}),
    **dict.fromkeys((S.CONFIRMED, S.REFUSED, S.EXPIRED, S.WITHDRAWN), frozenset()),
})  # fmt: skip


class Identity(StrEnum):
    """How the writer was found to be the customer on the order: by Gmail's verdict, or by the link sent there."""

    UNKNOWN = ""
    SENDER = "sender"
    LINK = "link"


# What a doubt quotes of a mail, and an address that one names.
_QUOTED, _ADDRESS = re.compile("“.*”", re.DOTALL), re.compile(r"[^\s()“”]+@[^\s()“”]+")


def unquoted(said: str) -> str:
    """A sentence of ours without what it quotes of a mail, and without addresses."""
    return _ADDRESS.sub("…", _QUOTED.sub("“…”", said))


class NoSuchMove(ValueError):
    """A move that the table does not have: a defect of ours, never a customer's."""


@dataclass(frozen=True, slots=True)
class Case:
    """`asked` remembers what was asked for, so that nothing is asked twice; `wrong_numbers` what was tried in vain.

    `kind` is the category whose handler moves it. `items` empty means the whole order. `reason` is why the customer
    wants it, one of the words of `domain/request.py`, or empty; `evidence` names attachments that came (by sha256).
    `amount` is what was found to be due, `rule` the rule that refused it, `policy_version` by which policy.
    `words` is what the customer wrote in it so far, a text for each mail: what they want is read anew from all of it
    once the order is known. `doubts` are those that its words alone do not show: that a subject said something else,
    that it was passed on, or that another one wrote before. `language` (ISO 639-1) is that of the first mail that told
    one: a bare number tells none. `writer` is the address that began it: what is asked for is their wish and nobody
    else's, and the link that confirms it as the customer's says nothing of any other.
    `previous` is an ended case of the same conversation that this one follows. `trail` are the states it passed since
    it was read. `version` rises with every move: two mails, or a worker and a member, cannot both move one case.
    """

    kind: str
    state: CaseState = CaseState.REQUESTED
    order_number: str = ""
    asked: tuple[str, ...] = ()
    wrong_numbers: tuple[str, ...] = ()
    version: int = 0
    action: Action | None = None
    items: tuple[WantedItem, ...] = ()
    reason: str = ""
    evidence: tuple[str, ...] = ()
    identity: Identity = Identity.UNKNOWN
    amount: Money | None = None
    rule: str = ""
    policy_version: int = 0
    words: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()
    language: str = ""
    writer: str = ""
    previous: UUID | None = None
    id: UUID | None = None
    trail: tuple[CaseState, ...] = ()

    @property
    def asks(self) -> bool:
        """Whether the machine waits for the customer; otherwise a person or the shop has it, or it has ended."""
        return self.state in ASKING

    @property
    def is_open(self) -> bool:
        """Whether anything may still follow: a conversation has at most one such case."""
        return self.state not in ENDED

    @property
    def has_ended(self) -> bool:
        return self.state in ENDED

    def asking(self, what: str, state: CaseState) -> "Case":
        return replace(self.moved_to(state), asked=(*self.asked, what))

    def moved_to(self, state: CaseState, *, order_number: str = "") -> "Case":
        """The case one step on. Raises NoSuchMove where the table has no such step."""
        if state not in TRANSITIONS[self.state]:
            raise NoSuchMove(f"No case goes from {self.state} to {state}.")
        return replace(self, state=state, order_number=order_number or self.order_number, trail=(*self.trail, state))

    def with_wrong_numbers(self, *numbers: str) -> "Case":
        new = tuple(number for number in numbers if number not in self.wrong_numbers)
        return replace(self, wrong_numbers=(*self.wrong_numbers, *new))

    def without(self, writer: str, texts: Collection[str], *, nobody: str) -> "Case":
        """The case without one who wrote in it: their `texts` and their address.

        What was doubtful stays so, and whoever wrote before stays somebody else: nobody else's wish becomes of it.
        """
        return replace(
            self,
            words=tuple(one for one in self.words if one not in texts),
            doubts=tuple(dict.fromkeys(map(unquoted, self.doubts))),
            writer=nobody if self.writer == writer else self.writer,
        )

    def onto(self, now: "Case | None") -> "Case | None":
        """Take this step, decided earlier, only now; None where there is no step to take any more.

        What was asked and tried meanwhile is kept. A case that a person has by now, or that has ended, stays so.
        """
        if now is None:
            return replace(self, version=0, id=None)
        if now.has_ended and self.version == 0:
            return self
        if not now.asks or now.kind != self.kind:
            return None
        if now.version == self.version:
            return self
        number = self.order_number or now.order_number
        return replace(
            self,
            id=now.id,
            order_number=number,
            # Who was confirmed meanwhile was confirmed for one order.
            identity=self.identity or (now.identity if number == now.order_number else Identity.UNKNOWN),
            words=tuple(dict.fromkeys((*now.words, *self.words))),
            doubts=tuple(dict.fromkeys((*now.doubts, *self.doubts))),
            language=self.language or now.language,
            writer=self.writer or now.writer,
            asked=tuple(dict.fromkeys((*now.asked, *self.asked))),
            wrong_numbers=tuple(dict.fromkeys((*now.wrong_numbers, *self.wrong_numbers))),
            version=now.version,
        )
