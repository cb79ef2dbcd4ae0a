"""The port `Composes`: an answer in a language model's words, with the quotes that it names. Nothing is proven here."""

import time
from collections import deque
from collections.abc import Callable
from functools import partial

from adapters.llm.composing_prompt import SCHEMA, instructions, proposal_in, supplied
from adapters.llm.ladder import TOO_LONG, Asking, Heard, Ladder
from adapters.llm.language_model import LanguageModel
from adapters.llm.model import ChatModel, Form
from adapters.llm.placeholders import Replaced, replace_personal
from adapters.llm.prompt import new_fence, shortened
from adapters.llm.side_by_side import side_by_side
from domain.composition import Composition, NoComposition, Quoted, Sentence
from domain.ports import FoundPassage, Spending, ToCompose

PURPOSE = "answer"
ANSWER = Form(SCHEMA, proposal_in, longest_raw=20_000)
LONGEST_TEXT = 4000
# Together with the second opinions on the same batch this stays below its lease (`worker/process.py`).
PATIENCE_S, WITHIN_S = 45.0, 120.0


class ModelComposer:
    """Asks the model for one tenant's answers, on that tenant's budget.

    It takes no more than `patience_s` of any two minutes, however many mails ask: they wait for it one after another.
    """

    def __init__(
        self,
        model: LanguageModel,
        spending: Spending,
        patience_s: float = PATIENCE_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._model = model
        self._ladder = Ladder(model, spending)
        self._patience_s = patience_s
        self._clock = clock
        self._taken: deque[tuple[float, float]] = deque()

    def compose(self, task: ToCompose) -> Composition | NoComposition:
        patience = self._patience()
        if patience <= 0:
            return NoComposition("it has taken all the time that there is for it", self._model.choice.model)
        began = self._clock()
        (made,) = side_by_side(partial(self._composed, self._model.chat), [task], seconds=patience)
        self._taken.append((self._clock(), self._clock() - began))
        return made or NoComposition(TOO_LONG, self._model.choice.model)

    def _patience(self) -> float:
        while self._taken and self._taken[0][0] < self._clock() - WITHIN_S:
            self._taken.popleft()
        return self._patience_s - sum(took for _, took in self._taken)

    def _composed(self, chat: ChatModel, task: ToCompose) -> Composition | NoComposition:
        private, asked, text = _private(task)
        fence = new_fence()
        data = supplied(fence, task.passages, asked, text, task.refused)
        orders = partial(instructions, fence, task.language, task.asker.mood)
        heard = self._ladder.ask(chat, Asking(PURPOSE, task.asker.message, ANSWER, orders, data))
        model, prompt = self._model.choice.model, f"{orders(with_schema=False)}\n\n{data}"
        if not isinstance(heard, Heard):
            return NoComposition(heard.reason, model, prompt, heard.raw)
        abstain, reason, sentences = heard.said
        restored = tuple(_restored(one, private, task.passages) for one in sentences)
        return Composition(abstain, reason, restored, model, prompt, heard.reply.raw)


def _private(task: ToCompose) -> tuple[Replaced, tuple[str, ...], str]:
    """The mail with its placeholders, and what may leave of its questions and its text."""
    questions = [" ".join(one.split()) for one in task.questions]
    # Cut before it is looked at: half a number at the end is cut off again with the words around it.
    text = shortened(task.text[: 2 * LONGEST_TEXT], LONGEST_TEXT)
    private = replace_personal("\n".join([*questions, text]), task.asker.names)
    # Where a placeholder swallowed the end of a line, the text is the shorter for it.
    lines = [*private.text.split("\n", len(questions)), *[""] * (len(questions) + 1)]
    return private, tuple(lines[: len(questions)]), lines[len(questions)]


def _restored(sentence: Sentence, private: Replaced, passages: tuple[FoundPassage, ...]) -> Sentence:
    """What was taken out of the mail comes back only where the tenant's own text holds it, too."""
    texts = [passage.text for passage in passages]
    known = {place: value for place, value in private.values.items() if any(value in text for text in texts)}
    public = Replaced("", known)
    return Sentence(
        public.restore(sentence.text),
        tuple(Quoted(one.passage, public.restore(one.quote)) for one in sentence.citations),
    )
