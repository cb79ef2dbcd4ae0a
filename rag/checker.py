"""Prove each sentence that a language model wrote, or say what speaks against it. Code alone decides, no model.

A sentence stands when its quotes stand in the passages, and it says nothing beyond the sentences of the passages in
which they stand: no value, name, condition, negation or word of content. Similarity is no proof: "are free" and "are
not free" are alike (MODELS.md 6).
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from domain.composition import Composition, Judged, Quoted, Sentence
from domain.decision import Citation
from domain.ports import FoundPassage
from rag.clauses import binding, complete, order
from rag.grounds import Ground, grounds_of
from rag.quoting import citation, find
from rag.senses import Meaning, is_courtesy, meaning_of, promises, speaks

# Words of content, or values, from which on there is something to compare.
FEWEST = 2
NO_QUOTE = "It has no quote."
_NOT_IN_A_MAIL = re.compile(r"[<>\[\]{}|`\\^*#~\n\r\t]")
_CAPITALISED = re.compile(r"(?<![.!?:]\s)(?<=[\s(\"“„«'’-])[^\W\d_a-z][\w'’-]*")


@dataclass(frozen=True, slots=True)
class Proof:
    """A sentence that stands. Courtesy has no citations."""

    sentence: Sentence
    citations: tuple[Citation, ...] = ()
    grounds: tuple[Ground, ...] = ()


def prove(sentence: Sentence, passages: Sequence[FoundPassage], language: str) -> Proof | str:
    """The proof, or what speaks against the sentence, as a sentence."""
    text = sentence.text
    objection = _form(text, language)
    if not objection and is_courtesy(text, language):
        return Proof(sentence)
    objection = objection or _unquoted(sentence, passages)
    if objection:
        return objection
    spans = [(passages[one.passage - 1], span) for one in sentence.citations if (span := _found(one, passages))]
    grounds = grounds_of(spans, language)
    said = meaning_of(text, language)
    objection = (
        _values(said, grounds)
        or _sense(said, grounds)
        or _wording(text, said, grounds, language)
        or order(text, language, grounds)
        or binding(text, language, grounds)
        or complete(text, language, grounds)
    )
    return objection or Proof(sentence, tuple(dict.fromkeys(citation(span, one) for one, span in spans)), grounds)


def judged(
    composition: Composition, passages: Sequence[FoundPassage], language: str
) -> tuple[list[Proof], list[Judged]]:
    """The proofs of the sentences that stand, and every sentence with its verdict, both in their order."""
    proofs, verdicts = [], []
    for sentence in composition.sentences:
        proof = prove(sentence, passages, language)
        verdicts.append(Judged(sentence, proof if isinstance(proof, str) else ""))
        if isinstance(proof, Proof):
            proofs.append(proof)
    return proofs, verdicts


def _form(text: str, language: str) -> str:
    """What can be seen without any quote."""
    invisible = any(unicodedata.category(sign) in {"Cc", "Cf", "Co", "Cn", "Cs"} for sign in text)
    if not text.strip() or invisible or _NOT_IN_A_MAIL.search(text):
        return "It is empty or holds marks that do not belong into a mail."
    if promises(text, language):
        return "It promises something, or says that something was done."
    if not speaks(text, language):
        return f"It is not in the language of the mail ({language})."
    return "It asks something." if "?" in text else ""


def _unquoted(sentence: Sentence, passages: Sequence[FoundPassage]) -> str:
    wrong = [one for one in sentence.citations if _found(one, passages) is None]
    if wrong:
        return f"Its quote does not stand in passage {wrong[0].passage}."
    return "" if sentence.citations else NO_QUOTE


def _found(one: Quoted, passages: Sequence[FoundPassage]) -> tuple[int, int] | None:
    return find(one.quote, passages[one.passage - 1]) if 1 <= one.passage <= len(passages) else None


def _values(said: Meaning, grounds: Sequence[Ground]) -> str:
    proven = Counter(one.same for ground in grounds for one in ground.values)
    # As often as it stands there: "0 and 1" is not "1 and 1".
    missing = Counter(one.same for one in said.values) - proven
    first = next((one for one in said.values if missing[one.same]), None)
    return f"Its quotes do not hold {' '.join(part for part in first.what if part)}." if first else ""


def _sense(said: Meaning, grounds: Sequence[Ground]) -> str:
    """Negations, conditions and who acts must be the same; what is said of things must be said there."""
    strict = frozenset().union(*(one.said.strict for one in grounds))
    if said.negations != sum(one.said.negations for one in grounds):
        return "It says yes where its quote says no, or no where it says yes."
    if said.strict != strict:
        return f"It changes a condition ({', '.join(sorted(said.strict ^ strict))})."
    here = frozenset().union(*(one.said.every_concept for one in grounds))
    above = frozenset().union(*(one.heading.concepts for one in grounds))
    if beyond := sorted("/".join(sorted(names)) for names in said.named if not names & (here | above)):
        return f"Its quotes do not say so ({', '.join(beyond)})."
    ours, yours = any(one.said.ours for one in grounds), any(one.said.yours for one in grounds)
    if (said.ours and not ours) or (said.yours and not said.ours and ours and not yours):
        return "It changes who does it."
    return ""


def _wording(text: str, said: Meaning, grounds: Sequence[Ground], language: str) -> str:
    """Every word of content stands in the quoted sentences or their headings, or means what stands there."""
    if len(said.words) + len(said.values) < FEWEST:
        return "It says nothing that could be compared with its quote."
    sources = [meaning for one in grounds for meaning in (one.said, one.heading)]
    concepts = frozenset().union(*(meaning.every_concept for meaning in sources))
    stems = frozenset().union(*(one.said.stems | one.heading.stems for one in grounds if one.same_language))
    literal = {word.text for meaning in sources for word in meaning.words}
    for word in said.words:
        if word.stem not in stems and word.text not in literal and not word.concepts & concepts:
            return f'Its quotes do not hold "{word.text}".'
    if language != "de":
        shown = {part.casefold() for one in grounds for part in re.findall(r"\w+", f"{one.text} {one.passage.heading}")}
        for name in _CAPITALISED.findall(text):
            parts = re.findall(r"\w+", name.casefold())
            meant = meaning_of(name, language).every_concept & concepts
            if (
                name[0].isupper()
                and name != "I"
                and not meant
                and not shown.issuperset(parts)
                and not meaning_of(name, language).values
            ):
                return f'Its quotes do not name "{name}".'
    return ""
