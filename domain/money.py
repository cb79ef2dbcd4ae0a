"""Money in minor units with its currency."""

from dataclasses import dataclass

# ISO 4217: the currencies whose smallest unit is not a hundredth.
DIGITS = {
    **dict.fromkeys(("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND"), 0),
    **dict.fromkeys(("VUV", "XAF", "XOF", "XPF"), 0),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
}


@dataclass(frozen=True, slots=True)
class Money:
    """`minor` is a whole number of the currency's smallest unit (cents); `currency` is ISO 4217."""

    minor: int
    currency: str

    def __str__(self) -> str:
        digits = DIGITS.get(self.currency, 2)
        whole, rest = divmod(abs(self.minor), 10**digits)
        sign = "-" if self.minor < 0 else ""
        return f"{sign}{whole}{f'.{rest:0{digits}d}' if digits else ''} {self.currency}"
