"""What was really done, held against what a text says was done."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from domain.claims.amounts import Amount
from domain.claims.claim import Claim
from domain.money import Money
from domain.order_action import Action

# Which acts make which words true. What a customer gets anew may be called either.
_PROVEN_BY = {
    Action.REFUND: frozenset({Action.REFUND, Action.CANCEL}),
    Action.RETURN: frozenset({Action.RETURN}),
    Action.CANCEL: frozenset({Action.CANCEL}),
    Action.EXCHANGE: frozenset({Action.EXCHANGE, Action.REPLACEMENT}),
    Action.REPLACEMENT: frozenset({Action.REPLACEMENT, Action.EXCHANGE}),
}


@dataclass(frozen=True, slots=True)
class Done:
    """One act that was done. `paid` is what the ledger says was paid back by it, None where nothing was."""

    action: Action
    paid: Money | None = None


@dataclass(frozen=True, slots=True)
class Proven:
    """Everything that was done in the cases of one conversation."""

    done: tuple[Done, ...] = ()


def unproven(claims: Iterable[Claim], proven: Proven) -> tuple[Claim, ...]:
    """Those claims that nothing proves.

    A refund needs money in the ledger, and each amount that is named has to be an amount paid, or all of them
    together; the others need one act of their kind.
    """
    return tuple(claim for claim in claims if not _is_proven(claim, proven.done))


def _is_proven(claim: Claim, done: Sequence[Done]) -> bool:
    fitting = [one for one in done if one.action in _PROVEN_BY[claim.kind]]
    if claim.kind is not Action.REFUND:
        return bool(fitting)
    paid = [one.paid for one in fitting if one.paid is not None]
    return bool(paid) and (not claim.amounts or _are_paid(claim.amounts, paid))


def _are_paid(named: Sequence[Amount], paid: Sequence[Money]) -> bool:
    possible = [*paid, *_sum(paid)]
    each = all(any(amount.fits(money) for money in possible) for amount in named)
    currencies = {amount.currency for amount in named}
    together = Amount(sum((amount.value for amount in named), start=named[0].value * 0), named[0].currency)
    return each or (len(currencies) == 1 and any(together.fits(money) for money in possible))


def _sum(paid: Sequence[Money]) -> list[Money]:
    """All that was paid, where it was paid in one currency."""
    currencies = {money.currency for money in paid}
    return [Money(sum(money.minor for money in paid), currencies.pop())] if len(currencies) == 1 else []
