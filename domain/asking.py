"""Whether a mail that we wrote asks something: a question mark, or a word of asking in one of four languages."""

import re

LOOKED_AT = 20_000

# Not the one in an address of the web.
_MARK = re.compile(r"¿|\?(?=[\s\"'»”)!?]|$)")

_WORDS = re.compile(
    r"\b(?:"
    r"please(?!\s+(?:find|note|be\s+aware))|could\s+you|can\s+you|would\s+you|let\s+(?:me|us)\s+know|kindly\s+\w|"
    r"we\s+(?:need|ask|request|would\s+like)\s|when\s+(?:will|can|do)\s|"
    r"bitte(?!\s+(?:sch[öo]n|sehr|gern))|k[öo]nn(?:t)?en\s+sie|k[öo]nn(?:t)?et\s+ihr|w[üu]rden\s+sie|geben\s+sie\s+uns|"
    r"wir\s+(?:ben[öo]tigen|brauchen|bitten)\s|wann\s+(?:kommt|wird|k[öo]nnen)|"
    r"merci\s+de\s|pourriez-vous|pouvez-vous|veuillez(?!\s+trouver)|s['’]il\s+vous\s+pla[îi]t|svp|"
    r"nous\s+(?:avons\s+besoin|vous\s+prions)|"
    r"por\s+favor|podr[íi]an?\s|pueden?\s+(?:decir|enviar|confirmar)|rogamos|les\s+agradecer[íi]amos|necesitamos\s"
    r")",
    re.IGNORECASE,
)


def asks_something(text: str) -> bool:
    """`text` is the new text alone, without what it quotes."""
    looked_at = text[:LOOKED_AT]
    return bool(_MARK.search(looked_at) or _WORDS.search(looked_at))
