"""Where a mail's signature begins: below `-- `, a device's advertisement or contact lines; and where its disclaimer."""

import re
from collections.abc import Sequence
from itertools import takewhile

_MARK = re.compile(r"\s{0,3}(?:--|—|––)\s*$")
_DEVICE = re.compile(
    r"\s{0,3}\W{0,3}(?:sent (?:from|via|with) (?:my|mail|outlook|yahoo|samsung|acompli|the|an?|proton|gmail|galaxy|i)\b"
    r"|get outlook for|von meinem .{1,40} gesendet|gesendet (?:von|mit|aus|über)\b|diese nachricht wurde von meinem"
    r"|envoy[eé] (?:de|depuis|à partir de|avec)\b|t[eé]l[eé]charge[rz] outlook|enviado (?:desde|de|do|com)\b"
    r"|obt[eé]n(?:er)? outlook|descarga outlook|inviato da|scarica outlook|verzonden (?:vanaf|met|via)\b"
    r"|skickat från|sendt fra|outlook für (?:ios|android) (?:beziehen|herunterladen)|holen sie sich outlook)",
    re.IGNORECASE,
)
# Matched against a line and the two below it, since mail programs wrap lines.
_DISCLAIMER = re.compile(
    r"\s{0,3}\W{0,3}(?:(?:confidentiality|privacy|legal) (?:notice|note|disclaimer)\b|(?:e-?mail )?disclaimer\s?:"
    r"|(?:this|the) (?:e-?mail|message|communication|transmission)\b(?:,| and| is| may| contains?| \(|, including)"
    r".{0,160}(?:confidential\b|privileged\b|intended (?:only|solely|exclusively|for the|recipient)|not the intended)"
    r"|the information (?:contained |transmitted )?(?:in|with|by) this (?:e-?mail|message)"
    r"|if you (?:are not the intended|have received this (?:e-?mail|message|communication) (?:in error|by mistake))"
    r"|diese (?:e-?mail|nachricht|mitteilung).{0,120}(?:vertrauliche|rechtlich gesch[uü]tzt|nur f[uü]r den)"
    r"|vertraulichkeitshinweis|rechtlicher hinweis\s?:|haftungsausschluss\s?:?\s*$|wenn sie nicht der richtige adressat"
    r"|ce (?:message|courriel|mail|e-?mail).{0,140}(?:confidentiel|destin[eé]s? (?:exclusivement|uniquement|[aà]))"
    r"|avis de confidentialit[eé]|si vous (?:n['’][eê]tes pas le destinataire|avez re[cç]u ce \S{4,8} par)"
    r"|este (?:mensaje|correo).{0,140}(?:confidencial|dirigid[oa]s? (?:exclusivamente|[uú]nicamente|a su))"
    r"|aviso (?:legal|de confidencialidad)|si (?:usted )?no es el destinatario"
    r"|questo messaggio.{0,100}(?:riservat|confidenzial)|dit (?:bericht|e-?mail).{0,100}vertrouwelijk"
    r"|please consider the environment|bitte denken sie an die umwelt|pensez [aà] l['’]environnement"
    r"|antes de imprimir|(?:think|denken sie) .{0,30}(?:before (?:you )?print|bevor sie .{0,30}drucken))",
    re.IGNORECASE,
)
_JOINED = 3
# What a mailing list puts below each mail: a ruler, and its name or address.
_LIST_RULER = re.compile(r"_{20,80}\s*$")
_LIST_NAME = re.compile(r"\S{1,80} mailing list\s*$|\S{1,80}@lists?\.", re.IGNORECASE)
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


def signature_start(lines: Sequence[str], *, may_be_all: bool = False) -> int:
    """The index of the first line that belongs to the signature; the number of lines when there is none.

    A closing with a name stays with the text ("Thanks, Alex"): it is the writer's word. Contact lines below do not.
    `may_be_all` says that no text need stand above `-- `.
    """
    found = [len(lines)]
    tail = max(len(lines) - 40, 0)
    for at in range(len(lines)):
        line = lines[at][:400]
        if _MARK.match(line) and (may_be_all or any(one.strip() for one in lines[:at])):
            found.append(at)
            break
        if at >= tail and (_is_device(lines, at) or _is_disclaimer(lines, at)):
            found.append(at)
            break
    end = min(found)
    return min(end, _contact_start(lines, end))


def disclaimer_start(lines: Sequence[str]) -> int:
    """The index of the first line that belongs to a disclaimer or a list's footer; the number of lines without any."""
    return next((at for at in range(max(len(lines) - 40, 0), len(lines)) if _is_disclaimer(lines, at)), len(lines))


def _is_disclaimer(lines: Sequence[str], at: int) -> bool:
    if _LIST_RULER.match(lines[at][:100]):
        return at + 1 < len(lines) and _LIST_NAME.match(lines[at + 1].strip()[:200]) is not None
    paragraph = takewhile(str.strip, lines[at : at + _JOINED])
    joined = " ".join(line[:400].strip() for line in paragraph)
    return _DISCLAIMER.match(joined) is not None


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
