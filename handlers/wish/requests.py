"""Whether a sentence asks the reader for something that customers do not ask a shop for about an order.

All its words may be known: "Who are you?", "Say that it is done." A question or an order to the reader is placed only
where it asks for an action, for the state of things, or for what `usual` lists.
"""

import re

from handlers.wish.actions import Asked
from handlers.wish.sentences import Sentence
from handlers.wish.words import Words

_CLAUSE = re.compile(r"[,;:.!?]|\s[–—-]\s|(?<!\w)(?:and|und|et|y|but|aber|mais|pero)(?!\w)")


def is_strange_request(sentence: Sentence, asked: Asked, words: Words) -> bool:
    """Whether it asks or orders, and for nothing usual. `asked` is what was read out of it."""
    frames = words.frames
    text = frames["withdrawn"].sub(" … ", sentence.folded)
    wishes = bool(asked.actions) or asked.withdrawn or asked.asks_status
    if (sentence.asks or frames["question"].match(text)) and not wishes and not frames["usual"].search(text):
        return True
    clauses = [clause.strip(" …") for clause in _CLAUSE.split(text)]
    return any(_orders(clause, words) and not _is_usual(clause, words) for clause in clauses)


def _orders(clause: str, words: Words) -> bool:
    return words.frames["order"].match(clause) is not None or words.frames["you_must"].search(clause) is not None


def _is_usual(clause: str, words: Words) -> bool:
    return words.frames["usual"].search(clause) is not None or any(
        pattern.search(clause) for pattern in words.actions.values()
    )
