"""How far a tenant's checked mail shows that a category may be answered without a person."""

from dataclasses import dataclass

# A category is answered by itself only where at most this share of it is misread ...
USUAL_TARGET = 0.05
# ... and where a bound says so that fails in at most this share of all cases: 90 % sure.
DELTA = 0.1


@dataclass(frozen=True, slots=True)
class Earned:
    """From confidence `threshold` on, `accepted` of `n` checked mails were read as this category, `errors` wrongly.

    `upper_bound` is what the share of errors among the accepted does not exceed, `coverage` is accepted / n.
    """

    threshold: float
    n: int
    accepted: int
    errors: int
    upper_bound: float
    coverage: float


@dataclass(frozen=True, slots=True)
class NotEnough:
    """`needed` is how many checked mails there must be at the least, if all further ones are right; more than `n`."""

    n: int
    needed: int

    @property
    def missing(self) -> int:
        return self.needed - self.n


Standing = Earned | NotEnough

# Where a person has said what a mail is about, nothing need be earned.
CERTAIN = Earned(0.0, 0, 0, 0, 0.0, 1.0)


def share_of(value: object) -> float:
    """The share of wrong ones that a policy accepts, where it says one: a slip in it must not end the learning."""
    return float(value) if isinstance(value, int | float) and 0 < value < 1 else USUAL_TARGET
