"""Which actions a mail asks for, and what makes that unsure: denials, conditions, choices, questions about rules."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from domain.order_action import Action
from handlers.wish.sentences import Sentence
from handlers.wish.words import Words

_SHORT = 3
_NEAR = 3
_CLAUSE = re.compile(r"[,;:]|\s[–—-]\s|(?<!\w)(?:but|so|sondern|aber|mais|donc|sino|pero|asi que)(?!\w)")
_JOINED = re.compile(r"(?<!\w)(?:and|und|et|y|e)(?!\w)")
# A wish that takes in another one: who returns for a refund, or cancels for one, is paid by that alone.
_INCLUDES = (
    (Action.RETURN, Action.REFUND),
    (Action.CANCEL, Action.REFUND),
    (Action.EXCHANGE, Action.RETURN),
    (Action.EXCHANGE, Action.REPLACEMENT),
)
RULES = "It asks about the rules, not for something."
CONDITION = "It makes what it wants depend on something."
CHOICE = "It leaves a choice."
DENIED = "It may say that something is not wanted."
MENTION = "It speaks of something without asking for it."
HESITATES = "It is not sure yet that it wants this."
OWN_DOING = "It may tell of the customer's own doing."
CORRECTED = "It corrects itself."
TURNS = "It may turn round what it asks for."
EARLIER = "It speaks of something that was done or promised before."
# What makes a mail unsure in whichever sentence it stands.
_ANYWHERE = {"corrected": CORRECTED, "own_doing": OWN_DOING}
# What makes a wish unsure, by the frames in which it is said.
_UNSURE = {"condition": CONDITION, "choice": CHOICE, "hesitates": HESITATES}


@dataclass(frozen=True, slots=True)
class Asked:
    """What one sentence asks for. `mentions` says that it names an action at all, `denied` that it denies one."""

    actions: tuple[Action, ...] = ()
    doubts: tuple[str, ...] = ()
    mentions: bool = False
    denied: bool = False
    asks_status: bool = False
    withdrawn: bool = False


def asked_in(sentence: Sentence, words: Words) -> Asked:
    frames = words.frames
    doubts = [doubt for name, doubt in _ANYWHERE.items() if frames[name].search(sentence.folded)]
    text = frames["harmless"].sub(" … ", sentence.folded)
    withdrawn = frames["withdrawn"].search(text) is not None
    text = frames["withdrawn"].sub(" … ", text)
    doubts += [TURNS] if frames["turns"].search(text) else []
    if not _mentioned(text, words):
        doubts += [EARLIER] if frames["earlier"].search(text) else []
        return Asked(doubts=tuple(doubts), mentions=withdrawn, withdrawn=withdrawn)
    if frames["rules"].search(text):
        return Asked(doubts=(*doubts, RULES), mentions=True, withdrawn=withdrawn)
    status = frames["status"].search(text) is not None
    rest = frames["status"].sub(" … ", text)
    doubts += [EARLIER] if frames["earlier"].search(rest) else []
    rest = frames["earlier"].sub(" … ", rest)
    clauses = [_wanted(clause, words) for clause in _CLAUSE.split(rest)]
    actions = tuple(dict.fromkeys(action for clause in clauses for action in clause.actions))
    denied = any(clause.denied for clause in clauses)
    doubts += [doubt for clause in clauses for doubt in clause.doubts]
    if actions and not (len(sentence.words) <= _SHORT or frames["want"].search(rest) or _begins(rest, words)):
        doubts, actions = [*doubts, MENTION], ()
    # "Refund my order?" asks for nothing, nor does "Why would I want a refund?".
    if actions and sentence.asks and (frames["rhetorical"].search(rest) or not frames["want"].search(rest)):
        doubts.append(MENTION)
    if actions or denied:
        doubts += [doubt for name, doubt in _UNSURE.items() if frames[name].search(rest)]
    return Asked(
        actions,
        tuple(dict.fromkeys(doubts)),
        mentions=True,
        denied=denied,
        asks_status=status,
        withdrawn=withdrawn,
    )


def together(asked: Sequence[Asked]) -> tuple[Action, ...]:
    """All that is asked for, in its order, without what another one includes."""
    actions = list(dict.fromkeys(action for one in asked for action in one.actions))
    for larger, smaller in _INCLUDES:
        if larger in actions and smaller in actions:
            actions.remove(smaller)
    return tuple(actions)


def _begins(text: str, words: Words) -> bool:
    """Whether a sentence begins with what it asks for: "Refund me", "Either cancel"."""
    first = min((match.start() for pattern in words.actions.values() if (match := pattern.search(text))), default=99)
    before = text[:first].strip(" ,.!:")
    return not before or any(one.fullmatch(before) for one in (words.greeting, words.frames["choice"]))


def _mentioned(text: str, words: Words) -> bool:
    return any(pattern.search(text) for pattern in words.actions.values())


def _wanted(clause: str, words: Words) -> Asked:
    """The actions of one clause in the order in which they stand, without those that it denies."""
    found: list[tuple[int, Action]] = []
    denied, doubts = False, []
    for start, end, action in _places(clause, words):
        before = _JOINED.split(clause[max(0, start - 40) : start])[-1]
        if _ends_with(words.frames["not"], before):
            denied = True
            continue
        # "Erstatten Sie nicht": what denies may stand behind.
        behind = _JOINED.split(clause[end : end + 200])[0].strip(" .!?").split()
        # Near by, or in German at the very end: "Erstatten Sie die Bestellung LO-1 nicht".
        after = " ".join((*behind[:_NEAR], *behind[-1:]))
        if words.frames["near_not"].search(before) or words.frames["near_not"].search(after):
            doubts.append(DENIED)
        found.append((start, action))
    return Asked(tuple(action for _, action in sorted(found, key=lambda one: one[0])), tuple(doubts), denied=denied)


def _places(clause: str, words: Words) -> Iterator[tuple[int, int, Action]]:
    for action, pattern in words.actions.items():
        yield from ((match.start(), match.end(), action) for match in pattern.finditer(clause))


def _ends_with(pattern: re.Pattern[str], before: str) -> bool:
    """Whether a denial stands right before: at most an article between."""
    end = max((match.end() for match in pattern.finditer(before)), default=None)
    return end is not None and len(before[end:].split()) <= 1
