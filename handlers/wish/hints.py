"""What the subject and the model say about the action: hints. The words of the mail decide; a difference is a doubt."""

import re
from collections.abc import Mapping, Sequence

from domain.order_action import Action
from handlers.wish.actions import Asked
from handlers.wish.words import Words

_MEANT: Mapping[str, frozenset[Action]] = {
    "refund_request": frozenset({Action.REFUND, Action.RETURN, Action.CANCEL}),
    "return": frozenset({Action.RETURN, Action.REFUND, Action.EXCHANGE}),
    "exchange": frozenset({Action.EXCHANGE, Action.REPLACEMENT, Action.RETURN}),
    "replacement": frozenset({Action.REPLACEMENT, Action.EXCHANGE}),
    "cancel_order": frozenset({Action.CANCEL}),
    "refund_status": frozenset(),
}
_ANSWER = re.compile(r"\s{0,3}(?:re|aw|sv|rv|tr|wg|fwd?|antw|res)\s?:")
DISAGREE = "The words ask for {words}, the model reads {model}."
SILENT = "The model reads {model}, the words ask for nothing."
SUBJECT = "Its subject asks for {subject}, its text for {words}."


def own_subject(folded: str) -> str:
    """A subject as far as it was written for this mail: one with "Re:" was not."""
    return "" if _ANSWER.match(folded) else folded


def agreed(
    actions: tuple[Action, ...], asked: Sequence[Asked], sub_intent: str, subject: str, words: Words, *, first: bool
) -> tuple[tuple[Action, ...], tuple[str, ...]]:
    """The actions, with the subject's where the text names none at all; and what speaks against them.

    `first` says that the mail opens a case: later ones answer, and need not say again what is wanted.
    """
    in_subject = {action for action, pattern in words.actions.items() if pattern.search(subject)}
    silent = not any(one.mentions for one in asked)
    if not actions and silent and len(in_subject) == 1:
        actions = tuple(in_subject)
    doubts = []
    meant = _MEANT.get(sub_intent)
    if actions and meant is not None and meant.isdisjoint(actions):
        doubts.append(DISAGREE.format(words=", ".join(actions), model=sub_intent))
    if first and meant and not actions and not any(one.withdrawn or one.asks_status for one in asked):
        doubts.append(SILENT.format(model=sub_intent))
    # "Refund" heads all sorts of mails; another action in the subject is another wish.
    other = in_subject - set(actions) - {Action.REFUND, Action.RETURN}
    if actions and other:
        doubts.append(SUBJECT.format(subject=", ".join(sorted(other)), words=", ".join(actions)))
    return actions, tuple(doubts)
