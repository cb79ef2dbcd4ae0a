"""One shop on which hostile mail is tried, and the count of what escaped, took too long or had an effect."""

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import TracebackType

from adapters.mime.jail import Jail, JailLimits
from domain.category import Category
from domain.conversation import Conversation
from domain.decision import Decision, Disposition, Effect, IdentityMail, InternalNote, OrderAct, Reply, TicketMessage
from domain.errors import Unreadable
from domain.message import Message
from domain.ports import Handler, Reads
from domain.supplier import Directory
from domain.supplier_mail import KnownBy, SupplierMail
from domain.triage import MAX_BYTES, Policy, triage
from evaluation.hostile_letters import BASES, SAID, WAYS, Letter
from evaluation.hostile_shop import addresses

# What the text of one mail may take to be understood and decided, beyond the jail's own limit for reading it.
SECONDS = 2.0
READING = JailLimits()


@dataclass(slots=True)
class Count:
    """`slowest` is (seconds, which mail); `layouts` the cleaned HTML of what was read, by the name of its mail. `links`
    went to the address on an order that somebody else named in so many words: the owner is asked, nothing is done.
    """

    mails: int = 0
    texts: int = 0
    unreadable: int = 0
    links: int = 0
    escaped: list[str] = field(default_factory=list)
    over_time: list[str] = field(default_factory=list)
    effects: list[str] = field(default_factory=list)
    slowest: tuple[float, str] = (0.0, "")
    slowest_reading: tuple[float, str] = (0.0, "")
    layouts: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Done:
    """What would be done, in words, and after how many people have approved it: 0 where the machine does it alone."""

    approvals: Mapping[str, int]

    def beyond(self, twin: "Done") -> list[str]:
        """What the twin does not do, and what it would have asked more people about."""
        return sorted(
            f"{what}, after {needed} approvals"
            for what, needed in self.approvals.items()
            if what not in twin.approvals or needed < twin.approvals[what]
        )


NOTHING = Done({})
_OWN_LINKS = tuple(f"a link to {email} about {number}," for number, email in addresses().items())


class _Escapes:
    """Notes whatever error comes out of its block: here that is what is counted. Whoever ends the program ends it."""

    def __init__(self, name: str, noted: list[str]) -> None:
        self._name, self._noted = name, noted

    def __enter__(self) -> None:
        pass

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        if not isinstance(error, Exception):
            return False
        self._noted.append(f"{self._name}: {type(error).__name__}: {str(error)[:200]}")
        return True


class Trial:
    """One shop on which mail after mail is tried; `count` is what came of all of them."""

    def __init__(
        self,
        jail: Jail,
        reader: Reads,
        handlers: Mapping[Category, Handler],
        policy: Policy,
        directory: Directory,
        *,
        seconds: float = SECONDS,
        reading: JailLimits = READING,
    ) -> None:
        """`seconds` of the processor for a mail's text; `reading` is what the jail may take for it."""
        self.count = Count()
        self._seconds, self._reading = seconds, reading
        self._twins: dict[str, Done | None] = {}
        self._jail, self._reader, self._handlers = jail, reader, handlers
        self._policy, self._directory = policy, directory

    def mail(self, name: str, raw: bytes) -> None:
        """A mail as it is: nothing may be done by it, and nobody but its writer be answered."""
        self.count.mails += 1
        done = self._done(name, raw)
        if done is not None:
            self.count.effects += [f"{name}: {one}" for one in done.beyond(NOTHING)]

    def text(self, name: str, said: str, ways: Iterable[str] = WAYS) -> None:
        """An instruction in each of the ways in each of the bases: nothing more may come of it than without it."""
        self.count.texts += 1
        for about, base in BASES.items():
            twin = self._twin(about, base)
            for way in ways:
                done = self._done(f"{name}, {way} in {about}", WAYS[way](base, said).as_bytes())
                more = done.beyond(twin) if done is not None and twin is not None else []
                links = [one for one in more if way in SAID and one.startswith(_OWN_LINKS)]
                self.count.links += len(links)
                more = [one for one in more if one not in links]
                self.count.effects += [f"{name}, {way} in {about}: {one}" for one in more]

    def _twin(self, about: str, base: Letter) -> Done | None:
        if about not in self._twins:
            self._twins[about] = self._done(about, base.as_bytes())
        return self._twins[about]

    def _done(self, name: str, raw: bytes) -> Done | None:
        with _Escapes(name, self.count.escaped):
            return self._decided(name, raw)
        return None

    def _decided(self, name: str, raw: bytes) -> Done | None:
        count, begun = self.count, time.perf_counter()
        try:
            message = self._jail.read(raw[: MAX_BYTES + 1])
        except Unreadable:
            count.unreadable += 1
            return None
        finally:
            took = time.perf_counter() - begun
            count.slowest_reading = max(count.slowest_reading, (took, name))
            limits = self._reading
            if took > limits.deadline_seconds + limits.seconds_per_megabyte * len(raw) / 1_000_000 + 1:
                count.over_time.append(f"{name}: {took:.1f} s to be read")
        if message.html:
            count.layouts[name] = message.html
        # Of the processor: whatever else a machine does is not the mail's fault.
        begun = time.process_time()
        decision = self._triaged(message)
        took = time.process_time() - begun
        count.slowest = max(count.slowest, (took, name))
        if took > self._seconds:
            count.over_time.append(f"{name}: {took:.1f} s to be decided")
        return _done(message, decision)

    def _triaged(self, message: Message) -> Decision:
        (understanding,) = self._reader.read([message])
        supplier = self._directory.of(message.sender)
        theirs = SupplierMail(KnownBy.SENDER, supplier) if supplier is not None else None
        return triage(message, Conversation(supplier_mail=theirs), understanding, self._handlers, self._policy)


def _done(message: Message, decision: Decision) -> Done:
    writer = message.sender.address if message.sender is not None else ""
    held = decision.disposition is Disposition.HOLD
    done: dict[str, int] = {}
    for effect in decision.effects:
        # To answer who wrote is what mail is for, however much of it is hostile: no word of theirs is in the answer.
        if not (isinstance(effect, Reply) and effect.to.address == writer):
            done[_named(effect)] = effect.approvals if isinstance(effect, OrderAct) else int(held)
    return Done(done)


def _named(effect: Effect) -> str:
    """An effect without its words: what is done, and with whom."""
    match effect:
        case Reply(to=to):
            return f"a reply to {to.address}"
        case IdentityMail(to=to, order_number=number):
            return f"a link to {to.address} about {number}"
        case OrderAct(action=action, order_number=number, amount=amount):
            return f"{action} of {number}, {amount}"
        case TicketMessage(to=to, side=side, order_number=number):
            return f"a message to {side} {to.address} on the ticket of {number}"
        case InternalNote(order_number=number):
            return f"a note on the ticket of {number}"
