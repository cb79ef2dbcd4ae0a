"""Which actions a mail asks for, and what makes that unsure: denials, conditions, choices, questions about rules."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from domain.order_action import Action
from handlers.wish.sentences import Sentence
from handlers.wish.words import Words

_SHORT = 3
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
EARLIER = "It speaks of something that was done or promised before."


@dataclass(frozen=True, slots=True)
class Asked:
    """What one sentence asks for. `mentions` says that it names an action at all."""

    actions: tuple[Action, ...] = ()
    doubts: tuple[str, ...] = ()
    mentions: bool = False
    asks_status: bool = False
    withdrawn: bool = False


def asked_in(sentence: Sentence, words: Words) -> Asked:
    frames = words.frames
    text = frames["harmless"].sub(" … ", sentence.folded)
    if frames["withdrawn"].search(text):
        return Asked(withdrawn=True, mentions=True)
    if not _mentioned(text, words):
        return Asked()
    if frames["rules"].search(text):
        return Asked(doubts=(RULES,), mentions=True)
    status = frames["status"].search(text) is not None
    rest = frames["status"].sub(" … ", text)
    doubts = [EARLIER] if frames["earlier"].search(rest) else []
    rest = frames["earlier"].sub(" … ", rest)
    actions: list[Action] = []
    for clause in _CLAUSE.split(rest):
        found, unsure = _wanted(clause, words)
        actions += found
        doubts += unsure
    wants = len(sentence.words) <= _SHORT or frames["want"].search(rest) or _begins(rest, words)
    if actions and not wants:
        doubts, actions = [*doubts, MENTION], []
    if actions and frames["condition"].search(rest):
        doubts.append(CONDITION)
    if actions and frames["choice"].search(rest):
        doubts.append(CHOICE)
    return Asked(tuple(dict.fromkeys(actions)), tuple(dict.fromkeys(doubts)), mentions=True, asks_status=status)


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


def _wanted(clause: str, words: Words) -> tuple[list[Action], list[str]]:
    """The actions of one clause in the order in which they stand, without those that it denies."""
    found: list[tuple[int, Action]] = []
    doubts: list[str] = []
    for start, action in _first_places(clause, words):
        before = _JOINED.split(clause[max(0, start - 40) : start])[-1]
        if _ends_with(words.frames["not"], before):
            continue
        if words.frames["near_not"].search(before):
            doubts.append(DENIED)
        found.append((start, action))
    return [action for _, action in sorted(found, key=lambda one: one[0])], doubts


def _first_places(clause: str, words: Words) -> Iterator[tuple[int, Action]]:
    for action, pattern in words.actions.items():
        for match in pattern.finditer(clause):
            yield match.start(), action


def _ends_with(pattern: re.Pattern[str], before: str) -> bool:
    """Whether a denial stands right before: at most an article between."""
    last = None
    for match in pattern.finditer(before):
        last = match
    return last is not None and len(before[last.end() :].split()) <= 1
