"""Ask a model one thing: budget, one way of asking after the other, and the record of every call."""

import time
from dataclasses import dataclass
from datetime import timedelta
from typing import Generic, Protocol
from uuid import UUID

import structlog

from adapters.llm.answer import Outcome
from adapters.llm.errors import METHOD, NO_MORE_CALLS
from adapters.llm.language_model import LanguageModel
from adapters.llm.model import ChatModel, Form, Reply, Said
from domain.errors import BadInput, NeedsPerson, TryAgain
from domain.opinion import Call
from domain.ports import Spending

log = structlog.get_logger()

# A wrong key is not put right within seconds; a call in a while shows whether it was.
REST_FOR_PERSON = timedelta(minutes=5)
TOO_LONG = "it took too long"

_NO_FORM = "it gave no answer in the form that was asked for"
_REASONS = {
    Outcome.REFUSED: "it refused to answer",
    Outcome.OUTSIDE: "its answer was none of those asked for",
    Outcome.NOTHING: _NO_FORM,
    Outcome.UNREADABLE: _NO_FORM,
}
# Another way of asking may help with these; with the others it would be paid for in vain.
_NEXT_RUNG = {Outcome.METHOD_REFUSED, Outcome.NOTHING, Outcome.UNREADABLE}


class Orders(Protocol):
    def __call__(self, *, with_schema: bool) -> str: ...


@dataclass(frozen=True, slots=True)
class Asking(Generic[Said]):
    """One question about one mail. `orders` gives our instructions, with the form in words where it is told to.

    `data` is all that others wrote, fenced.
    """

    purpose: str
    message: UUID | None
    form: Form[Said]
    orders: Orders
    data: str


@dataclass(frozen=True, slots=True)
class Heard(Generic[Said]):
    """An answer in the form that was asked for, and how it came."""

    said: Said
    reply: Reply[Said]
    method: str


@dataclass(frozen=True, slots=True)
class NotHeard:
    """Why there is no answer, and what the model wrote all the same."""

    reason: str
    raw: str = ""


class Ladder:
    """Asks on one tenant's budget. Safe to use from several threads."""

    def __init__(self, model: LanguageModel, spending: Spending) -> None:
        self._model = model
        self._spending = spending

    def ask(self, chat: ChatModel, asking: Asking[Said]) -> Heard[Said] | NotHeard:
        """One rung after the other until one gives an answer; every call is recorded."""
        reason = raw = ""
        for method in self._model.methods():
            if obstacle := self._obstacle():
                return NotHeard(obstacle, raw)
            reply, reason = self._asked(chat, asking, method)
            raw = reply.raw or raw
            if reply.said is not None:
                self._model.worked(method)
                return Heard(reply.said, reply, method)
            if reply.outcome not in _NEXT_RUNG:
                break
        return NotHeard(reason, raw)

    def _obstacle(self) -> str:
        """Why nothing may be asked just now, or an empty text."""
        if self._model.rests:
            return "it had trouble a moment ago and is left alone for a while"
        return "" if self._spending.has_room() else "today's budget for it is used up"

    def _asked(self, chat: ChatModel, asking: Asking[Said], method: str) -> tuple[Reply[Said], str]:
        """One call and its record; the reply, and why it gives no answer."""
        began = time.monotonic()
        reply: Reply[Said]
        try:
            reply = chat.ask(asking.form, method, asking.orders(with_schema=method == "json_mode"), asking.data)
            reason = _REASONS.get(reply.outcome, "")
        except BadInput as error:
            outcome = Outcome.METHOD_REFUSED if error.field == METHOD else Outcome.FAILED
            reply, reason = Reply(outcome, input_tokens=0, output_tokens=0), error.reason
        except (TryAgain, NeedsPerson) as error:
            self._model.rest(error.after if isinstance(error, TryAgain) else REST_FOR_PERSON)
            log.warning("language_model_failed", model=self._model.choice.model, reason=error.reason)
            # What was not let in costs nothing; of what broke off nobody knows.
            used = 0 if isinstance(error, NeedsPerson) or error.reason == NO_MORE_CALLS else None
            reply, reason = Reply(Outcome.FAILED, None, "", used, used), error.reason
        cost = self._model.choice.cost_minor(reply.input_tokens, reply.output_tokens)
        took = round((time.monotonic() - began) * 1000)
        self._spending.record(
            Call(
                asking.message, asking.purpose, self._model.choice.model, method, reply.outcome.value, took,
                reply.input_tokens, reply.output_tokens, cost,
            )
        )  # fmt: skip
        return reply, reason
