"""The claim guard: what a text says was done, and whether it was. Code decides, in four languages, before it leaves."""

from domain.claims.amounts import Amount
from domain.claims.claim import Claim
from domain.claims.proof import Done, Proven, unproven
from domain.claims.reading import claims_in

__all__ = ["Amount", "Claim", "Done", "Proven", "claims_in", "unproven"]
