"""Whether an open incident plausibly explains what a mail complains of: by its words and error codes, and nothing else.

A mail must speak of trouble, and name either one whole component of the incident or what the incident's own name names.
An error code that the incident names too is enough by itself.
"""

import re
from collections.abc import Iterable

from domain.incident import Incident
from domain.understanding import Understanding
from handlers.wording import Wording

LOOKED_AT = 8_000
SHORTEST = 3
# Of an incident's name, so many words that say what it is about must stand in the mail, or all where it has fewer.
NAMED = 2

# What every incident is called, in any language of the pages: it says nothing about what is hit.
_COMMON = """
    a an and are at be by for from in is it its not of on or our some the to we with all any may see new
    issue problem trouble incident disruption outage interruption maintenance degraded degradation performance partial
    major minor elevated increased higher slow slower delay delayed error rate latency unavailable intermittent down
    service system customer user affected affecting experiencing investigating identified monitoring failing failure
    störung ausfall wartung und der die das für mit bei dienst langsam verzögerung
    panne perturbation et les des pour avec dans lenteur retard
    incidencia interrupción mantenimiento problema con los las para del servicio lentitud retraso
"""
_EVERYBODYS = frozenset(_COMMON.split())
_WORD = re.compile(r"[^\W_]+")


def may_be_explained(understanding: Understanding, subject: str, wording: Wording) -> bool:
    """Whether the mail speaks of trouble at all, so that asking for incidents pays."""
    return bool(understanding.error_codes) or wording.speaks_of("trouble", _text(understanding, subject))


def explains(incident: Incident, understanding: Understanding, subject: str, wording: Wording) -> str:
    """The words or the code by which it explains the mail, or an empty string."""
    for code in understanding.error_codes:
        if any(_names(text, code) for text in (incident.name, incident.text, *incident.components)):
            return code
    text = _text(understanding, subject)
    if not wording.speaks_of("trouble", text):
        return ""
    said = set(_roots(text))
    for component in incident.components:
        wanted = _telling(component)
        if wanted and wanted <= said:
            return component
    wanted = _telling(incident.name)
    found = wanted & said
    return ", ".join(sorted(found)) if found and len(found) >= min(NAMED, len(wanted)) else ""


def _text(understanding: Understanding, subject: str) -> str:
    return f"{subject}\n{understanding.text}"[:LOOKED_AT]


def _names(text: str, code: str) -> bool:
    return re.search(rf"(?<![\w-]){re.escape(code)}(?![\w-])", text, re.IGNORECASE) is not None


def _telling(text: str) -> set[str]:
    """The words of a name that tell it from other names."""
    return {word for word in _roots(text) if len(word) >= SHORTEST and not word.isdigit() and word not in _EVERYBODYS}


def _roots(text: str) -> Iterable[str]:
    """Each word in lower case and in the singular, as far as an `s` tells it."""
    for word in _WORD.findall(text.casefold()):
        if word.endswith("ies") and len(word) > 4:
            yield word[:-3] + "y"
        else:
            yield word.removesuffix("s") if len(word) > 3 and not word.endswith("ss") else word
