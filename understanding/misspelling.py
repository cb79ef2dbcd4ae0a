"""Words of refunds that are one slip of the finger away from being spelt right."""

import re
from functools import lru_cache

# Long words only: a slip in a short one makes another word.
_RIGHT = frozenset(
    """
    refund refunds refunded refunding reimburse reimbursed reimbursement reimbursements repayment compensation
    compensations restitution cancel cancels canceling cancelling canceled cancelled cancellation
    rückerstattung rückzahlung erstattung erstatten stornieren stornierung widerrufen umtauschen zurückschicken
    zurücksenden rembourser remboursement remboursements annuler annulation dédommagement indemnisation
    reembolso reembolsar reembolsen devolución devolver cancelar cancelación compensación indemnización
    """.split()  # noqa: SIM905  # read as a list of words
)
_SHORTEST = 6
_LONGEST = max(map(len, _RIGHT)) + 1
_WORD = re.compile(r"[^\W\d_]{6,20}")


def misspelt(folded: str) -> str:
    """The first word of a folded text that is no word of refunds, but one letter more, less, wrong or swapped makes it
    one; else an empty string. Linear in the text: each word is compared by what is left of it without one letter
    (Garbe's symmetric deletion, 2012).
    """
    return next((word for word in _WORD.findall(folded) if _slipped(word)), "")


@lru_cache(maxsize=4096)
def _slipped(word: str) -> bool:
    if word in _RIGHT or not _SHORTEST <= len(word) <= _LONGEST:
        return False
    return any(_one_apart(word, right) for shorter in _shorter(word) for right in _BY_SHORTER.get(shorter, ()))


def _shorter(word: str) -> set[str]:
    """The word, and the word without each one of its letters."""
    return {word, *(word[:at] + word[at + 1 :] for at in range(len(word)))}


def _one_apart(left: str, right: str) -> bool:
    """Whether one insertion, deletion, substitution or swap of neighbours makes one of the other (Damerau 1964)."""
    start = 0
    while start < min(len(left), len(right)) and left[start] == right[start]:
        start += 1
    left, right = left[start:], right[start:]
    if len(left) != len(right):
        return left[1:] == right or left == right[1:]
    return left[1:] == right[1:] or (left[:2] == right[1::-1] and left[2:] == right[2:])


def _by_shorter() -> dict[str, tuple[str, ...]]:
    known: dict[str, tuple[str, ...]] = {}
    for right in sorted(_RIGHT):
        for shorter in _shorter(right):
            known[shorter] = (*known.get(shorter, ()), right)
    return known


_BY_SHORTER = _by_shorter()
