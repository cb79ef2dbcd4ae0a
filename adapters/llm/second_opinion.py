"""The port `SecondOpinion`: budget, placeholders, fence and the ladder of methods around each call, and its record."""

import secrets
import time
from collections.abc import Sequence
from datetime import timedelta
from functools import partial

import structlog

from adapters.llm.answer import Kind, Outcome
from adapters.llm.errors import METHOD, NO_MORE_CALLS
from adapters.llm.language_model import LanguageModel
from adapters.llm.model import ChatModel, Reply
from adapters.llm.placeholders import Replaced, replace_personal
from adapters.llm.prompt import fenced, instructions, shortened
from adapters.llm.side_by_side import side_by_side
from domain.errors import BadInput, NeedsPerson, TryAgain
from domain.opinion import Call, Excerpt, NoOpinion, Opinion
from domain.ports import Spending

log = structlog.get_logger()

PURPOSE = "classify"
LONGEST_TEXT, LONGEST_SUBJECT = 6000, 300
# More than the characters of any number with its spaces.
LONGEST_VALUE = 100
# Well below the lease of the mails that wait for it (`worker/process.py`), whatever the vendor does.
PATIENCE_S = 60.0
# A wrong key is not put right within seconds; a call in a while shows whether it was.
REST_FOR_PERSON = timedelta(minutes=5)

_NO_FORM = "it gave no answer in the form that was asked for"
_REASONS = {
    Outcome.REFUSED: "it refused to answer",
    Outcome.OUTSIDE: "its answer was none of those asked for",
    Outcome.NOTHING: _NO_FORM,
    Outcome.UNREADABLE: _NO_FORM,
}
# Another way of asking may help with these; with the others it would be paid for in vain.
_NEXT_RUNG = {Outcome.METHOD_REFUSED, Outcome.NOTHING, Outcome.UNREADABLE}


class ModelOpinion:
    """Asks the model about one tenant's mails, on that tenant's budget."""

    def __init__(self, model: LanguageModel, spending: Spending, patience_s: float = PATIENCE_S) -> None:
        self._model = model
        self._spending = spending
        self._patience_s = patience_s

    def ask(self, mails: Sequence[Excerpt]) -> list[Opinion | NoOpinion]:
        # Made here, so that a wrong setting is told once and not by four threads.
        answers = side_by_side(partial(self._opinion, self._model.chat), mails, seconds=self._patience_s)
        return [answer or self._none("it took too long") for answer in answers]

    def _opinion(self, chat: ChatModel, mail: Excerpt) -> Opinion | NoOpinion:
        """One rung after the other until one gives an answer; every call is recorded."""
        private, subject, text = _private(mail)
        fence = f"=== {secrets.token_hex(12)} ==="
        fenced_mail = fenced(fence, subject, text)
        reason = ""
        for method in self._model.methods():
            if obstacle := self._obstacle():
                return self._none(obstacle)
            orders = instructions(fence, with_schema=method == "json_mode")
            reply, reason = self._asked(chat, mail, method, orders, fenced_mail)
            if reply.kind is not None:
                self._model.worked(method)
                return self._heard(reply.kind, reply, method, private.restore(reply.raw))
            if reply.outcome not in _NEXT_RUNG:
                break
        return self._none(reason)

    def _obstacle(self) -> str:
        """Why nothing may be asked just now, or an empty text."""
        if self._model.rests:
            return "it had trouble a moment ago and is left alone for a while"
        return "" if self._spending.has_room() else "today's budget for it is used up"

    def _asked(self, chat: ChatModel, mail: Excerpt, method: str, orders: str, fenced_mail: str) -> tuple[Reply, str]:
        """One call and its record; the reply, and why it gives no answer."""
        began = time.monotonic()
        try:
            reply = chat.ask(method, orders, fenced_mail)
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
                mail.message, PURPOSE, self._model.choice.model, method, reply.outcome.value, took,
                reply.input_tokens, reply.output_tokens, cost,
            )
        )  # fmt: skip
        return reply, reason

    def _heard(self, kind: Kind, reply: Reply, method: str, raw: str) -> Opinion:
        choice = self._model.choice
        return Opinion(
            kind.category, kind.sub_intent, kind.language, choice.model, method,
            reply.input_tokens, reply.output_tokens, choice.cost_minor(reply.input_tokens, reply.output_tokens), raw,
        )  # fmt: skip

    def _none(self, reason: str) -> NoOpinion:
        return NoOpinion(reason, self._model.choice.model)


def _private(mail: Excerpt) -> tuple[Replaced, str, str]:
    """The mail with its placeholders, and what may leave of its subject and text.

    Of a mail that is cut, the last words before the cut do not leave: half a number is not recognised as one.
    """
    subject = " ".join(mail.subject[: 2 * LONGEST_SUBJECT].split())
    private = replace_personal(f"{subject}\n{mail.text[: 2 * LONGEST_TEXT]}", mail.names)
    subject, _, text = private.text.partition("\n")
    if len(mail.subject) > 2 * LONGEST_SUBJECT:
        subject = shortened(subject, len(subject) - LONGEST_VALUE)
    if len(mail.text) > 2 * LONGEST_TEXT:
        text = shortened(text, len(text) - LONGEST_VALUE)
    return private, shortened(subject, LONGEST_SUBJECT), shortened(text, LONGEST_TEXT)
