"""The sentences of a mail's new text, as far as anything is taken from them."""

import re

LOOKED_AT = 8_000

# "3. Dezember" and "3.12. geliefert" go on; a line that ends is the end of a sentence in most mail.
_END = re.compile(r"(?<=[^\W\d][.!?])\s+|(?<=[)\"”][.!?])\s+|\n\s*\n|(?<=[.!?:,;])\n")


def sentences(text: str) -> list[str]:
    """Each on one line, without empty ones. Only the first 8,000 characters are looked at."""
    found = (" ".join(one.split()) for one in _END.split(text[:LOOKED_AT]))
    return [one for one in found if one]
