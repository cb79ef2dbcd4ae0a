"""A supplier's mail in one to three sentences of its own: those that say how something stands."""

import re

from understanding.sentences import sentences
from understanding.supplier_words import words

MOST = 3
LONGEST = 300

_FIGURE = re.compile(r"\d|https://")


def summary_of(text: str) -> tuple[str, ...]:
    """The first three sentences that tell of a status, or carry a number, a day or a link; else the first of all.

    They are the writer's words, not ours: whoever shows them marks them as quoted.
    """
    every = sentences(text)
    telling = [one for one in every if words().telling.search(one.casefold())]
    figures = [one for one in every if _FIGURE.search(one) and one not in telling]
    chosen = [*telling, *figures][:MOST] or every[:1]
    return tuple(one[:LONGEST] for one in every if one in chosen)[:MOST]
