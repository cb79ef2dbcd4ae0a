"""The port `SecondOpinion`: which kind of mail a language model takes each mail to be."""

from collections.abc import Sequence
from functools import partial

from adapters.llm.answer import Kind, kind_in
from adapters.llm.ladder import TOO_LONG, Asking, Heard, Ladder, NotHeard
from adapters.llm.language_model import LanguageModel
from adapters.llm.model import ChatModel, Form
from adapters.llm.placeholders import Replaced, replace_personal
from adapters.llm.prompt import SCHEMA, fenced, instructions, new_fence, shortened
from adapters.llm.side_by_side import side_by_side
from domain.opinion import Excerpt, NoOpinion, Opinion
from domain.ports import Spending

PURPOSE = "classify"
KIND = Form(SCHEMA, kind_in)
LONGEST_TEXT, LONGEST_SUBJECT = 6000, 300
# More than the characters of any number with its spaces.
LONGEST_VALUE = 100
# Well below the lease of the mails that wait for it (`worker/process.py`), whatever the vendor does.
PATIENCE_S = 60.0


class ModelOpinion:
    """Asks the model about one tenant's mails, on that tenant's budget."""

    def __init__(self, model: LanguageModel, spending: Spending, patience_s: float = PATIENCE_S) -> None:
        self._model = model
        self._ladder = Ladder(model, spending)
        self._patience_s = patience_s

    def ask(self, mails: Sequence[Excerpt]) -> list[Opinion | NoOpinion]:
        # Made here, so that a wrong setting is told once and not by four threads.
        answers = side_by_side(partial(self._opinion, self._model.chat), mails, seconds=self._patience_s)
        return [answer or NoOpinion(TOO_LONG, self._model.choice.model) for answer in answers]

    def _opinion(self, chat: ChatModel, mail: Excerpt) -> Opinion | NoOpinion:
        private, subject, text = _private(mail)
        fence = new_fence()
        orders = partial(instructions, fence)
        heard = self._ladder.ask(chat, Asking(PURPOSE, mail.message, KIND, orders, fenced(fence, subject, text)))
        if isinstance(heard, NotHeard):
            return NoOpinion(heard.reason, self._model.choice.model)
        return self._told(heard, private.restore(heard.reply.raw))

    def _told(self, heard: Heard[Kind], raw: str) -> Opinion:
        choice, kind, reply = self._model.choice, heard.said, heard.reply
        return Opinion(
            kind.category, kind.sub_intent, kind.language, choice.model, heard.method,
            reply.input_tokens, reply.output_tokens, choice.cost_minor(reply.input_tokens, reply.output_tokens), raw,
        )  # fmt: skip


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
