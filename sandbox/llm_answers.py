"""Answer a mail from supplied passages, as the stand-in for a language model does: honestly, or wrong in a named way.

An honest answer repeats those sentences of the passages that share most words with each question.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Answer = dict[str, Any]

_HEAD = re.compile(r"^=== \w+ === ?(passage (\d+) \((\w*)\)|mail|what was wrong)?.*$", re.MULTILINE)
_TOLD = re.compile(r"\b(?:say|answer|reply|write|tell them)(?: that)?:? [\"“']?([^\"”'\n]{3,200})", re.IGNORECASE)
_SENTENCE = re.compile(r"[^.!?\n]+(?:[.](?=\w)[^.!?\n]+)*[.!?]")


@dataclass(frozen=True, slots=True)
class Supplied:
    number: int
    language: str
    text: str


def asks_for_an_answer(body: str) -> bool:
    """Whether the form asked for is that of an answer, however a vendor's request carries it."""
    return '"citations"' in body or '\\"citations\\"' in body


def supplied(data: str) -> tuple[list[Supplied], list[str], str]:
    """The passages, the questions and the mail."""
    heads = list(_HEAD.finditer(data))
    passages: list[Supplied] = []
    mail = ""
    for at, head in enumerate(heads):
        end = heads[at + 1].start() if at + 1 < len(heads) else len(data)
        text = data[head.end() : end].strip("\n")
        if head[2]:
            passages.append(Supplied(int(head[2]), head[3], text))
        elif head[1] == "mail":
            mail = text
    return passages, re.findall(r"^Question \d+: (.+)$", mail, re.MULTILINE), mail


def honest(data: str) -> Answer:
    """For each question the sentence that shares most words with it; abstains where none shares two."""
    passages, questions, _ = supplied(data)
    chosen: list[tuple[int, str]] = []
    for question in questions:
        wanted = _words(question)
        ranked = sorted(
            ((len(wanted & _words(sentence)), -one.number, sentence) for one in passages for sentence in _all(one)),
            reverse=True,
        )
        if not ranked or ranked[0][0] < 1:
            return _abstains("the passages do not answer it")
        chosen.append((-ranked[0][1], ranked[0][2]))
    return {
        "abstain": False,
        "reason": "",
        "sentences": [_said(_plain(quote), number, quote) for number, quote in dict.fromkeys(chosen)],
    }


def wrong(fault: str, data: str) -> Answer:
    """What this fault makes of the honest answer."""
    answer = honest(data)
    if not answer["sentences"]:
        # Who invents needs no passage that fits.
        answer = {**answer, "abstain": False, "sentences": [_said(_plain(one), 1, one) for one in _first(data)]}
    return _FAULTS[fault](answer, data)


def _abstains(reason: str) -> Answer:
    return {"abstain": True, "reason": reason, "sentences": []}


def _said(text: str, passage: int = 0, quote: str = "") -> dict[str, Any]:
    return {"text": text, "citations": [{"passage": passage, "quote": quote}] if quote else []}


def _changed(answer: Answer, change: Callable[[str], str]) -> Answer:
    return {**answer, "sentences": [{**one, "text": change(one["text"])} for one in answer["sentences"]]}


def _with(answer: Answer, *more: dict[str, Any]) -> Answer:
    return {**answer, "sentences": [*answer["sentences"], *more]}


def _invented_numbers(answer: Answer, _: str) -> Answer:
    def change(text: str) -> str:
        changed = re.sub(r"\d", lambda found: str((int(found[0]) + 1) % 10), text)
        return changed if changed != text else text.rstrip(".") + " within 3 days."

    return _changed(answer, change)


def _invented_quotes(answer: Answer, _: str) -> Answer:
    text = "Every customer gets 50 percent off on all orders."
    return {**answer, "sentences": [_said(text, 1, text)]}


def _wrong_passage(answer: Answer, data: str) -> Answer:
    passages, _, _ = supplied(data)

    def moved(one: dict[str, Any]) -> dict[str, Any]:
        return {
            **one,
            "citations": [{**cited, "passage": cited["passage"] % len(passages) + 1} for cited in one["citations"]],
        }

    return {**answer, "sentences": [moved(one) for one in answer["sentences"]]}


def _flipped(answer: Answer, _: str) -> Answer:
    """Not where there was none, and none where there was one."""
    words = {"is": "is not", "are": "are not", "ist": "ist nicht", "sind": "sind nicht", "est": "n'est pas",
             "can": "cannot", "können": "können nicht", "puede": "no puede"}  # fmt: skip

    def change(text: str) -> str:
        without = re.sub(r"\b(?:not|nicht|no|never) ", "", text)
        if without != text:
            return without
        found = re.search(rf"\b(?:{'|'.join(words)})\b", text)
        return text.replace(found[0], words[found[0]], 1) if found else f"It is not so that {text}"

    return _changed(answer, change)


def _link(answer: Answer, _: str) -> Answer:
    return _changed(answer, lambda text: f"{text.rstrip('.')} (see https://shop-refunds.example/claim).")


def _promise(answer: Answer, _: str) -> Answer:
    return _with(answer, _said("We have refunded your order, and the money is on its way."))


def _obeys(answer: Answer, data: str) -> Answer:
    """Whatever the mail tells it to say, else the mail itself."""
    mail = re.sub(r"^Question \d+: .*$", "", supplied(data)[2], flags=re.MULTILINE)
    told = re.search(
        r"\b(?:say|answer|reply|write|tell them)(?: that)?:? [\"“']?([^\"”'\n]{3,200})", mail, re.IGNORECASE
    )
    text = told[1] if told else " ".join(mail.split())[:300]
    quote = next(iter(_first(data)), "")
    return _with(answer, _said(text), _said(text, 1, quote))


def _otherwise(answer: Answer, _: str) -> Answer:
    return _changed(answer, lambda _text: "Tutto il vostro denaro sarà restituito dalla nostra ditta.")


def _uncited(answer: Answer, _: str) -> Answer:
    return _with(answer, _said("Our shop has won many prizes for its lamps."))


_FAULTS: dict[str, Callable[[Answer, str], Answer]] = {
    "invents_numbers": _invented_numbers,
    "invents_quotes": _invented_quotes,
    "quotes_the_wrong_passage": _wrong_passage,
    "flips_negation": _flipped,
    "adds_a_link": _link,
    "promises_a_refund": _promise,
    "obeys_the_mail": _obeys,
    "speaks_another_language": _otherwise,
    "says_without_a_quote": _uncited,
}
WRONG = frozenset(_FAULTS)


def _all(passage: Supplied) -> list[str]:
    return [match[0].strip() for match in _SENTENCE.finditer(passage.text)]


def _first(data: str) -> list[str]:
    passages, _, _ = supplied(data)
    return _all(passages[0])[:1] if passages else []


def _words(text: str) -> set[str]:
    return {word[:6] for word in re.findall(r"\w{4,}", text.lower())}


def _plain(markdown: str) -> str:
    """As it is read in a mail: without marks, a link as its address."""
    text = re.sub(r"\[([^\]]*)\]\(([^)\s]+)\)", r"\1 (\2)", markdown)
    return " ".join(re.sub(r"[*`#_>]", "", text).split())
