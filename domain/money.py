"""Money in minor units with its currency."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Money:
    """`minor` is a whole number of the currency's smallest unit (cents); `currency` is ISO 4217."""

    minor: int
    currency: str

    def __str__(self) -> str:
        sign = "-" if self.minor < 0 else ""
        return f"{sign}{abs(self.minor) // 100}.{abs(self.minor) % 100:02d} {self.currency}"
