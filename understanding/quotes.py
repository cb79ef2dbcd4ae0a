"""What the writer newly wrote, apart from what is quoted below it and from the signature.

Our own line patterns instead of a library: every step looks at a bounded number of lines, so that the time is linear
in the length of the text. A forwarded mail stays in the new text: forwarding is what its writer wants to say.
"""

import re
from dataclasses import dataclass

from understanding.signatures import signature_start

MAX_TEXT = 64 * 1024
_WRAPPED = 6  # lines over which "On ... wrote:" may be wrapped
_BLOCK = 8  # lines in which the headers of a quoted mail must stand

# English and Romance languages put the verb last; German and its neighbours put the writer behind it.
_VERB = re.compile(
    r"\b(?:wrote|writes|a [eé]crit|escribi[oó]|ha scritto|geschreven|escreveu"
    r"|написал\(а\)|написала?|kirjoitti)[\s:*-]*$"
    r"|\b(?:schrieb|schreibt|schreef|skrev|napisał(?:a|\(a\))?)(?=$|[\s:*-])[^!?]{0,150}$",
    re.IGNORECASE,
)
_SENT = re.compile(r"\bsent[\s:*-]*$", re.IGNORECASE)
_SENTENCE_END = re.compile(r"(?<!m)[.!?]$", re.IGNORECASE)  # but "9:00 a.m."
# Who tells what somebody wrote ("On 3 May you wrote:") quotes nothing.
_TELLING = re.compile(
    r"\b(?:you|i|we|they|he|she|who|sie|ich|wir|er|vous|je|nous|usted|yo|ella)\s+"
    r"(?:wrote|sent|schrieb|a [eé]crit|escribi[oó])\b",
    re.IGNORECASE,
)
_OPENING = re.compile(
    r"[-_*\s>]{0,20}(?:on|am|le|el|il|op|den|em|dnia|w dniu|på|vào|(?:mon|tue|wed|thu|fri|sat|sun)[a-z]{0,6},)\s",
    re.IGNORECASE,
)
_DATE_FIRST = re.compile(r"\s{0,3}\d{4}[-/.]\d{1,2}[-/.]\d{1,2}\b")
_ADDRESS_LAST = re.compile(r"<\s?[^<>\s]{1,100}@[^<>\s]{1,200}\s?>\s?:?$")
_WROTE_LAST = re.compile(
    r"<\s?[^<>\s]{1,100}@[^<>\s]{1,200}\s?>\s?(?:wrote|sent|schrieb|a [eé]crit|escribi[oó]|ha scritto)\s?:$",
    re.IGNORECASE,
)
_DASHED = re.compile(
    r"\s{0,3}-{2,}\s?[^-\n]{1,80}\s(?:wrote|schrieb|a [eé]crit|escribi[oó])\s?-{2,}\s*$", re.IGNORECASE
)
_ORIGINAL = re.compile(
    r"[\s*>]{0,5}[-_]{2,}\s?(?:original message|reply message|urspr[uü]ngliche (?:nachricht|e-?mail)|originalnachricht"
    r"|message d['’]origine|message original|mensaje original|messaggio originale|oorspronkelijk bericht"
    r"|mensagem original|ursprungligt meddelande)\s?[-_]{2,}",
    re.IGNORECASE,
)
_FORWARDED = re.compile(
    r"[\s*]{0,5}(?:[-_]{2,}\s?(?:forwarded message|weitergeleitete (?:nachricht|e-?mail)|message transf[eé]r[eé]"
    r"|mensaje reenviado|messaggio inoltrato|doorgestuurd bericht|mensagem encaminhada)\s?[-_]{2,}"
    r"|(?:begin forwarded message|anfang der weitergeleiteten (?:nachricht|e-?mail)"
    r"|d[eé]but du message (?:r[eé]exp[eé]di[eé]|transf[eé]r[eé])|inicio del mensaje reenviado"
    r"|inizio messaggio inoltrato)\s?:)",
    re.IGNORECASE,
)
_HEADER = re.compile(r"[\s>*|]{0,8}([A-Za-zÀ-ÿ]{1,12}(?: (?:el|à|a|am))?)\s?\*?\s?:\s?\*?(?:\s|$)")
_HEADER_KINDS = {
    "from": "from", "von": "from", "de": "from", "da": "from", "van": "from", "från": "from", "fra": "from",
    "sent": "date", "date": "date", "gesendet": "date", "gesendet am": "date", "datum": "date", "envoyé": "date",
    "envoyé à": "date", "enviado": "date", "enviado el": "date", "fecha": "date", "inviato": "date", "data": "date",
    "verzonden": "date", "skickat": "date",
    "to": "to", "an": "to", "à": "to", "para": "to", "a": "to", "aan": "to", "till": "to", "pour": "to",
    "cc": "cc", "kopie": "cc",
    "subject": "subject", "betreff": "subject", "objet": "subject", "asunto": "subject", "oggetto": "subject",
    "onderwerp": "subject", "ämne": "subject", "assunto": "subject",
}  # fmt: skip
_INLINE = re.compile(r"(?<!-)-{3,40}\s?(?=(?:On|Am|Le|El)\s)")
_QUOTED = re.compile(r"\s{0,3}>")
_DECORATION = re.compile(r"\s*[-_=*]{4,}\s*$")


@dataclass(frozen=True, slots=True)
class Parts:
    """`text` is never empty for a mail that is not; `quoted` and `signature` hold what was taken out of it."""

    text: str
    quoted: str = ""
    signature: str = ""


def split(text: str) -> Parts:
    """Separate the new text of a mail. What lies beyond 64 KB counts as quoted."""
    lines = _lines(text[:MAX_TEXT])
    new, quoted = _without_quotes(lines)
    forward = next((at for at, line in enumerate(new) if _FORWARDED.match(line)), len(new))
    head, forwarded = _trimmed(new[:forward]), new[forward:]
    at = signature_start(head)
    kept = "\n".join([*_trimmed(head[:at]), *([""] if forwarded and head else []), *forwarded]).strip()
    if not kept:
        return Parts(text[:MAX_TEXT].strip(), text[MAX_TEXT:].strip())
    signature = "\n".join(head[at:]).strip()
    return Parts(kept, "\n".join([*quoted, text[MAX_TEXT:]]).strip(), signature)


def _lines(text: str) -> list[str]:
    """The lines, runs of empty ones shortened, and a reply header that shares a line with text put on its own."""
    lines: list[str] = []
    for line in text.split("\n"):
        if not line.strip() and [one.strip() for one in lines[-2:]] == ["", ""]:
            continue
        shared = _INLINE.search(line) if "---" in line else None
        if shared and line[: shared.start()].strip():
            lines += [line[: shared.start()], line[shared.start() :]]
        else:
            lines.append(line)
    return lines


def _without_quotes(lines: list[str]) -> tuple[list[str], list[str]]:
    new: list[str] = []
    quoted: list[str] = []
    marked = sum(1 for line in lines if _QUOTED.match(line) and "<<" not in line)
    at = 0
    while at < len(lines):
        if _FORWARDED.match(lines[at]):
            return [*new, *lines[at:]], quoted
        end = _intro_end(lines, at)
        follows = next((line for line in lines[end : end + 4] if line.strip()), "")
        if end > at and not _QUOTED.match(follows):
            return new, [*quoted, *lines[at:]]
        if end > at or (marked > 1 and _QUOTED.match(lines[at])):
            end = _marked_end(lines, end)
            quoted += lines[at:end]
            while end < len(lines) and not lines[end].strip():
                end += 1
            at = end
        else:
            new.append(lines[at])
            at += 1
    return new, quoted


def _marked_end(lines: list[str], at: int) -> int:
    """The end of the block of `>` lines that starts at or shortly after `at`."""
    end = at
    for number in range(at, len(lines)):
        line = lines[number]
        if _QUOTED.match(line):
            end = number + 1
        elif line.strip() and not (end == number and _is_rest_of_link(lines[number - 1], line)):
            break
    return end


def _is_rest_of_link(before: str, line: str) -> bool:
    """A long link that a mail program broke, so that its rest lost the mark."""
    return "http" in before and " " not in line.strip()


def _intro_end(lines: list[str], at: int) -> int:
    """The line after what introduces a quote at `at` ("On ... wrote:", a block of headers), else `at`."""
    line = lines[at]
    if not line.strip():
        return at
    if _ORIGINAL.match(line) or _DASHED.match(line):
        return at + 1
    if _is_header_block(lines, at):
        return at + 1
    return _wrote_end(lines, at)


def _wrote_end(lines: list[str], at: int) -> int:
    opening = _OPENING.match(lines[at]) is not None
    dated = _DATE_FIRST.match(lines[at]) is not None
    joined = ""
    for end in range(at, min(at + _WRAPPED, len(lines))):
        joined = f"{joined} {lines[end].strip()}".strip()
        if len(joined) > 600 or (end > at and _SENTENCE_END.search(lines[end - 1].rstrip()[-3:])):
            break
        bare = joined.rstrip("* ")
        closes = bare.endswith(":") or re.search(r"\w-{3,}$", bare[-40:]) is not None
        # A date makes the difference between a quote and a sentence.
        has_date = any(letter.isdigit() for letter in joined[:120])
        verb = _VERB.search(joined) or (_SENT.search(joined) and ("," in joined or "@" in joined))
        wrote = opening and closes and has_date and verb and not _TELLING.search(joined)
        named = end <= at + 1 and ((dated and _ADDRESS_LAST.search(bare)) or _WROTE_LAST.search(bare))
        if wrote or named:
            return end + 1
        if not opening and end > at:
            break
    return at


def _is_header_block(lines: list[str], at: int) -> bool:
    first = _kind(lines[at])
    if first not in {"from", "date"}:
        return False
    block: list[str] = []
    for line in lines[at : at + _BLOCK]:
        if not line.strip() and len(block) > 1:
            break
        block.append(line)
    kinds = {_kind(line) for line in block} - {""}
    # "From: Berlin, To: Munich, Date: 3 May" is what a traveller writes: a mail has an address or a subject.
    of_mail = "subject" in kinds or any("@" in line for line in block)
    return of_mail and (len(kinds) > 2 or (len(kinds) == 2 and "date" in kinds))


def _kind(line: str) -> str:
    header = _HEADER.match(line)
    return _HEADER_KINDS.get(header[1].lower(), "") if header else ""


def _trimmed(lines: list[str]) -> list[str]:
    """Without empty lines at both ends, and without the ruler above a quote."""
    start, end = 0, len(lines)
    while end > start and (not lines[end - 1].strip() or _DECORATION.match(lines[end - 1])):
        end -= 1
    while start < end and not lines[start].strip():
        start += 1
    return lines[start:end]
