"""Where a mail's signature begins: below `-- `, a device's advertisement, a disclaimer, or contact lines."""

import re
from collections.abc import Sequence

_MARK = re.compile(r"\s{0,3}(?:--|—|––)\s*$")
_DEVICE = re.compile(
    r"\s{0,3}\W{0,3}(?:sent (?:from|via|with) (?:my|mail|outlook|yahoo|samsung|acompli|the|an?|proton|gmail|galaxy|i)\b"
    r"|get outlook for|von meinem .{1,40} gesendet|gesendet (?:von|mit|aus|über)\b|diese nachricht wurde von meinem"
    r"|envoy[eé] (?:de|depuis|à partir de|avec)\b|t[eé]l[eé]charge[rz] outlook|enviado (?:desde|de|do|com)\b"
    r"|obt[eé]n(?:er)? outlook|descarga outlook|inviato da|scarica outlook|verzonden (?:vanaf|met|via)\b"
    r"|skickat från|sendt fra|outlook für (?:ios|android) (?:beziehen|herunterladen)|holen sie sich outlook)",
    re.IGNORECASE,
)
_DISCLAIMER = re.compile(
    r"\s{0,3}\W{0,3}(?:confidentiality (?:notice|note)|disclaimer\s?:|legal notice\s?:"
    r"|this (?:e-?mail|message|communication)(?:,| and| is| may| contains| \(|, including).{0,120}"
    r"(?:confidential|privileged|intended)|the information (?:contained )?in this (?:e-?mail|message)"
    r"|diese (?:e-?mail|nachricht).{0,80}(?:vertraulich|rechtlich gesch[uü]tzt)|vertraulichkeitshinweis"
    r"|ce (?:message|courriel|mail|e-?mail).{0,100}(?:confidentiel|destin)|avis de confidentialit[eé]"
    r"|este (?:mensaje|correo).{0,100}(?:confidencial|dirigid)|aviso (?:legal|de confidencialidad)"
    r"|questo messaggio.{0,100}(?:riservat|confidenzial)"
    r"|please consider the environment|bitte denken sie an die umwelt|pensez [aà] l['’]environnement)",
    re.IGNORECASE,
)
_CLOSING = re.compile(
    r"\s{0,3}(?:(?:best|kind|warm|many|with)?\s?(?:regards|wishes|thanks)|(?:all the )?best|cheers|sincerely"
    r"|yours\b.{0,20}"
    r"|thank you|thanks(?: a lot| again| in advance)?"
    r"|mit (?:freundliche[mn]|besten|lieben|herzlichen) gr(?:u|ü|ue)(?:ß|ss)e?n?"
    r"|(?:viele|liebe|beste|sch[oö]ne|freundliche|herzliche) gr(?:ü|ue)(?:ß|ss)e|(?:mfg|lg|vg)|danke|vielen dank"
    r"|(?:bien )?cordialement|(?:sinc[eè]res |meilleures )?salutations|merci(?: d['’]avance)?|bien [aà] vous"
    r"|(?:un )?(?:cordial )?saludos?(?: cordiales)?|atentamente|gracias|cordiali saluti|distinti saluti|grazie|saluti)"
    r"(?:\s(?:aus|from|und|and|de|desde)\s.{1,20})?\s?[,.!]?\s*$",
    re.IGNORECASE,
)
_CONTACT = re.compile(
    r"\b(?:tel|telefon|phone|mobile?|handy|fax|t[eé]l|m[oó]vil|mob|e-?mail|web)\b\.?\s?:|(?:\+|\b00)\d[\d\s()/.-]{6,}"
    r"|\b\d{3,5}[\s/.-]\d{3}[\s.-]?\d{3,5}\b|\bwww\.|https?://|@[a-z0-9-]+\.|\b(?:gmbh|inc\.|ltd|s\.a\.r?\.?l?\.?|ust-?id)\b",
    re.IGNORECASE,
)
_MOST_LINES = 15


def signature_start(lines: Sequence[str]) -> int:
    """The index of the first line that belongs to the signature; the number of lines when there is none.

    A closing with a name stays with the text ("Thanks, Alex"): it is the writer's word. Contact lines below do not.
    """
    found = [len(lines)]
    tail = max(len(lines) - 40, 0)
    for at in range(len(lines)):
        line = lines[at][:400]
        if _MARK.match(line) and any(one.strip() for one in lines[:at]):
            found.append(at)
            break
        if at >= tail and (_is_device(lines, at) or _DISCLAIMER.match(line)):
            found.append(at)
            break
    end = min(found)
    return min(end, _contact_start(lines, end))


def _is_device(lines: Sequence[str], at: int) -> bool:
    """A device's line at the end of the text. A sentence that only begins like one ends like a sentence, or goes on."""
    line = lines[at].strip()
    rest = [one for one in lines[at + 1 :] if one.strip()]
    sentence = len(line) > 80 or line.endswith((".", "!", "?")) or ", " in line
    return bool(_DEVICE.match(line)) and not sentence and len(rest) <= 6


def _contact_start(lines: Sequence[str], end: int) -> int:
    """Below a closing and a name: the first line, when there are contact lines among those up to `end`."""
    for at in range(max(0, end - _MOST_LINES), end):
        if _CLOSING.match(lines[at][:100]):
            filled = [number for number in range(at + 1, end) if lines[number].strip()]
            # The name may share its line with a contact; then the whole line goes.
            after = filled[1:] if filled and not _CONTACT.search(lines[filled[0]][:300]) else filled
            contacts = [number for number in after if _CONTACT.search(lines[number][:300])]
            if contacts and all(len(lines[number]) <= 120 for number in after):
                return after[0]
    return end
