"""The lines that introduce what somebody else wrote: "On ... wrote:", a block of headers, a forwarding mark.

Every step looks at a bounded number of lines for each, so that the time is linear in the text.
"""

import re
from collections.abc import Sequence

_WRAPPED = 6  # lines over which "On ... wrote:" may be wrapped
_BLOCK = 8  # lines in which the headers of a quoted mail must stand

# English and Romance languages put the verb last; German and its neighbours put the writer behind it.
_VERB = re.compile(
    r"\b(?:wrote|writes|a [eé]crit|escribi[oó]|ha scritto|geschreven|escreveu|ha escrit|a scris"
    r"|napsal(?:a|\(a\))?|írta|yazdı|đã viết|έγραψε|написа[лв]\(а\)|написа(?:ла?|в)|kirjoitti)[\s:*-]*$"
    r"|\b(?:schrieb|schreibt|schreef|skrev|napisał(?:a|\(a\))?)(?=$|[\s:*-])[^!?]{0,150}$",
    re.IGNORECASE,
)
# Languages that put no space between words.
_UNSPACED = re.compile(r"(?:写道|寫道|のメッセージ|님이 작성)\s?[:：]?$")
_SENT = re.compile(r"\bsent[\s:*-]*$", re.IGNORECASE)
_SENTENCE_END = re.compile(r"(?<!m)[.!?]$", re.IGNORECASE)  # but "9:00 a.m."
# Who tells what somebody wrote ("On 3 May you wrote:") quotes nothing.
_TELLING = re.compile(
    r"\b(?:you|i|we|they|he|she|who|sie|ich|wir|er|vous|je|nous|usted|yo|ella)\s+"
    r"(?:wrote|sent|schrieb|a [eé]crit|escribi[oó])\b",
    re.IGNORECASE,
)
# A little word, a weekday, or the day itself.
_OPENING = re.compile(
    r"[-_*\s>]{0,20}(?:(?:on|am|le|el|il|op|den|em|dne|dnia|w dniu|på|vào|în|στις|la|no dia)\s"
    r"|(?:mon|tue|wed|thu|fri|sat|sun)[a-z]{0,6},\s|[^\W\d_]{2,4}[.,]{0,2}\s\d{1,2}\.?\s"
    r"|\d{1,2}[./-]\d{1,2}[./-]\d{2,4}\b|\d{4}[./-]\s?(?:\d{1,2}[./-]|[^\W\d_]{3,4}\.)|\d{1,2}\.?\s[^\W\d_]{3,10}\.?\s\d{4}\b)",
    re.IGNORECASE,
)
_DATE_FIRST = re.compile(r"\s{0,3}\d{4}(?:[-/.]\d{1,2}[-/.]\d{1,2}\b|年)")
_DIGIT = re.compile(r"\d")
_TIME = re.compile(r"\b\d{1,2}[:.]\d\d\b")
_ADDRESS_LAST = re.compile(r"<\s?[^<>\s]{1,100}@[^<>\s]{1,200}\s?>\s?:?$")
_WROTE_LAST = re.compile(
    r"<\s?[^<>\s]{1,100}@[^<>\s]{1,200}\s?>\s?(?:wrote|sent|schrieb|a [eé]crit|escribi[oó]|ha scritto)\s?:$",
    re.IGNORECASE,
)
_DASHED = re.compile(
    r"\s{0,3}-{2,}\s?[^-\n]{1,80}\s(?:wrote|schrieb|a [eé]crit|escribi[oó])\s?-{2,}\s*$", re.IGNORECASE
)
_ORIGINAL = re.compile(
    r"[\s*>]{0,5}[-_]{2,}\s?(?:original (?:message|appointment)|reply message"
    r"|urspr[uü]ngliche (?:nachricht|e-?mail|mail)|original-?nachricht"
    r"|message (?:d['’]origine|original|initial)|mensaje (?:original|anterior)"
    r"|messaggio originale|oorspronkelijk bericht|mensagem original|ursprungligt meddelande|oprindelig meddelelse"
    r"|opprinnelig melding|alkuperäinen viesti|původní zpráva|oryginalna wiadomość|wiadomość oryginalna"
    r"|исходное сообщение|原始邮件|原始郵件|元のメッセージ)\s?[-_]{2,}",
    re.IGNORECASE,
)
_FORWARDED = re.compile(
    r"[\s*]{0,5}(?:[-_]{2,}\s?(?:forwarded (?:message|mail)|weitergeleitete (?:nachricht|e-?mail|mail)"
    r"|message (?:transf[eé]r[eé]|transmis|r[eé]exp[eé]di[eé])|mensaje reenviado|messaggio inoltrato"
    r"|doorgestuurd bericht|mensagem (?:encaminhada|reencaminhada)|przekazana wiadomość|wiadomość przekazana"
    r"|vidarebefordrat meddelande|videresendt (?:meddelelse|melding)|пересылаемое сообщение|转发的邮件)\s?[-_]{2,}"
    r"|(?:begin forwarded message|anfang der weitergeleiteten (?:nachricht|e-?mail)"
    r"|d[eé]but du message (?:r[eé]exp[eé]di[eé]|transf[eé]r[eé])|inicio del mensaje reenviado"
    r"|inizio (?:del )?messaggio inoltrato|begin doorgestuurd bericht)\s?:)",
    re.IGNORECASE,
)
_FORWARDING_SUBJECT = re.compile(r"\s*(?:fwd?|wg|tr|rv|wtr|enc|i|doorst|vs|vb|pd)\s?:", re.IGNORECASE)
_HEADER = re.compile(r"[\s>*|]{0,8}([^\W\d_]{1,14}(?: (?:el|à|a|am))?)\s?\*?\s?[:：]\s?\*?(?:\s|$|(?<=：))")
_HEADERS = {
    "from": "from von de da van från fra od lähettäjä от 发件人 寄件者 差出人",
    "date": "sent date gesendet datum envoyé enviado fecha inviato data verzonden skickat sendt wysłano odesláno "
    "lähetetty отправлено дата 发送时间 日期 日時 送信日時",
    "to": "to an à para a aan till pour til do komu vastaanottaja кому 收件人 收件者 宛先",
    "cc": "cc kopie copia",
    "subject": "subject betreff objet asunto oggetto onderwerp ämne assunto emne temat předmět aihe тема 主题 主旨 "
    "件名",
}
_HEADER_KINDS = {word: kind for kind, words in _HEADERS.items() for word in words.split()}


def is_forwarding(line: str) -> bool:
    """Whether a mail that is passed on begins at this line."""
    return _FORWARDED.match(line) is not None


def is_forwarding_subject(subject: str) -> bool:
    return _FORWARDING_SUBJECT.match(subject) is not None


def introduction_end(lines: Sequence[str], at: int) -> int:
    """The line after what introduces a quote at `at` ("On ... wrote:", a block of headers), else `at`."""
    line = lines[at]
    if not line.strip():
        return at
    if _ORIGINAL.match(line) or _DASHED.match(line):
        return at + 1
    if _is_header_block(lines, at):
        return at + 1
    return _wrote_end(lines, at)


def _can_introduce(lines: Sequence[str]) -> bool:
    """Whether a date or an address stands there: nothing introduces a quote without one."""
    text = "\n".join(lines)
    return "@" in text or _DIGIT.search(text) is not None or (not text.isascii() and any(map(str.isdigit, text)))


def _wrote_end(lines: Sequence[str], at: int) -> int:
    if not _can_introduce(lines[at : at + _WRAPPED]):
        return at
    opening = _OPENING.match(lines[at]) is not None
    dated = _DATE_FIRST.match(lines[at]) is not None or (opening and _TIME.search(lines[at][:120]) is not None)
    joined = ""
    for end in range(at, min(at + _WRAPPED, len(lines))):
        joined = f"{joined} {lines[end].strip()}".strip()
        if len(joined) > 600 or (end > at and _SENTENCE_END.search(lines[end - 1].rstrip()[-3:])):
            break
        bare = joined.rstrip("* ")
        closes = bare.endswith((":", "：")) or re.search(r"\w-{3,}$", bare[-40:]) is not None
        # A date makes the difference between a quote and a sentence.
        has_date = any(letter.isdigit() for letter in joined[:120])
        verb = _VERB.search(joined) or (_SENT.search(joined) and ("," in joined or "@" in joined))
        telling = _TELLING.search(joined) is not None
        wrote = opening and closes and has_date and verb and not telling
        unspaced = has_date and end <= at + 1 and _UNSPACED.search(bare[-20:])
        named = end <= at + 1 and (
            (dated and _ADDRESS_LAST.search(bare) and not _TELLING.search(joined)) or _WROTE_LAST.search(bare)
        )
        if wrote or unspaced or named:
            return end + 1
        if not opening and end > at:
            break
    return at


def _is_header_block(lines: Sequence[str], at: int) -> bool:
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
    # "Enviado el", "Gesendet am": the first word says it.
    return _HEADER_KINDS.get(header[1].lower().partition(" ")[0], "") if header else ""
