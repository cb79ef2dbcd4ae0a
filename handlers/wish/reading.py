"""A mail read as a wish: what is asked for, of which items, why, and everything that makes that unsure."""

from collections.abc import Iterator, Sequence
from itertools import islice

from domain.case import Case
from domain.message import Message
from domain.order import Order
from domain.order_action import Action, WantedItem
from domain.request import Wish
from domain.understanding import Understanding
from handlers.wish.actions import DENIED, Asked, asked_in, together
from handlers.wish.chosen import Read, items_in
from handlers.wish.counts import unplaced_number
from handlers.wish.folding import fold, tokens
from handlers.wish.hints import agreed, own_subject
from handlers.wish.items import item_words
from handlers.wish.others import also_wanted
from handlers.wish.placing import not_placed, shown
from handlers.wish.reasons import one_of, reasons_in
from handlers.wish.sentences import Sentence, sentences_of
from handlers.wish.signs import signs_in, spoken_signs
from handlers.wish.words import LANGUAGES, Words, words_of

# No mail that a machine may act on alone is longer than so many characters, or than so many sentences.
READ = 4_000
SENTENCES = 60
MOST_DOUBTS = 12
TOO_LONG = "It is too long for the machine to be sure of every sentence."
FOREIGN = "It is not in a language whose requests the machine reads."
PASSED_ON = "It passes on what somebody else wrote."
APART = "It speaks of sending back and of exchanging, and of several items: which is for which?"
BOTH = "It takes something back and asks for something."
DIFFERENT = "It asks for something else than before."


def read_wish(
    understanding: Understanding, message: Message, order: Order | None, *, earlier: Case | None = None
) -> Wish:
    """What the new text asks for of this order; of the subject only what action it hints at.

    `order` is None while it is not known: then no item is looked for. `earlier` is the case that the mail continues.
    The same mail gives the same wish. Never raises. Of a text past 4,000 characters or 60 sentences the rest is not
    read, which is a doubt.
    """
    text = understanding.text[:READ]
    words = words_of(language_of(text, understanding.language))
    sentences = tuple(islice(sentences_of(text, words), SENTENCES + 1))
    read = [Read(one, asked_in(one, words), reasons_in(one, words)) for one in sentences]
    asked = [one.asked for one in read]
    actions = together(asked)
    withdrawn = any(one.withdrawn for one in asked)
    items, item_doubts = ((), ()) if withdrawn else items_in(read, order, words, actions)
    reason, reason_doubt = one_of([reason for one in read for reason in one.reasons])
    subject = own_subject(fold(message.subject[:200]))
    actions, hint_doubts = agreed(actions, asked, understanding.sub_intent, subject, words, first=earlier is None)
    changed = earlier is not None and earlier.action is not None and actions and actions != (earlier.action,)
    doubts = (
        *([TOO_LONG] if len(understanding.text) > READ or len(sentences) > SENTENCES else []),
        *([FOREIGN] if understanding.language not in {*LANGUAGES, "und"} else []),
        *([PASSED_ON] if understanding.forwarded.strip() else []),
        *_signs(text, message, sentences),
        *(
            f"It says something that the machine cannot place: “{shown(one)}”"
            for one in _odd(sentences, asked, message, order, words)
        ),
        *(doubt for one in asked for doubt in one.doubts),
        *also_wanted(sentences, words, order, subject),
        *(doubt for one in read if order is not None for doubt in _numbers(one, order, words)),
        *item_doubts,
        *([reason_doubt] if reason_doubt else []),
        *hint_doubts,
        *([DIFFERENT] if changed else []),
        *([BOTH] if withdrawn and actions else []),
        *([APART] if _for_different_items(asked, items, order) else []),
        *([DENIED] if not actions and any(one.denied for one in asked) else []),
    )
    return Wish(
        actions=actions,
        items=items,
        reason=reason,
        withdrawn=withdrawn,
        asks_status=any(one.asks_status for one in asked) and not actions,
        doubts=tuple(dict.fromkeys(doubts))[:MOST_DOUBTS],
    )


def _for_different_items(asked: Sequence[Asked], items: Sequence[WantedItem], order: Order | None) -> bool:
    """To send back and to exchange one item is one wish; of several, the one may be for this, the other for that."""
    both = {Action.RETURN, Action.EXCHANGE} <= {action for one in asked for action in one.actions}
    return both and order is not None and len(items) != 1 and len(order.items) > 1


def _numbers(one: Read, order: Order, words: Words) -> Iterator[str]:
    return unplaced_number(one.sentence, one.asked, order, words, tells=one.tells)


def language_of(text: str, said: str) -> str:
    """The language by whose words the text is read: what was understood, else the one that knows most of its words."""
    if said in LANGUAGES:
        return said
    found = tokens(fold(text))
    return max(LANGUAGES, key=lambda one: sum(stem in words_of(one).known for stem in words_of(one).stems(found)))


def _signs(text: str, message: Message, sentences: Sequence[Sentence]) -> Iterator[str]:
    own = frozenset({message.sender.address, message.sender.mailbox} if message.sender else ())
    yield from signs_in(text, own)
    for sentence in sentences:
        yield from (f"{says}: “{shown(sentence)}”" for says in spoken_signs(sentence.folded))


def _odd(
    sentences: Sequence[Sentence], asked: Sequence[Asked], message: Message, order: Order | None, words: Words
) -> Iterator[Sentence]:
    names = tokens(fold(f"{message.sender.name[:80]} {message.sender.address[:80]}")) if message.sender else ()
    of_order = (*item_words(order), *tokens(fold(order.customer_name))) if order else ()
    return not_placed(sentences, asked, words, frozenset({*names, *of_order}))
