"""The weak signs that nobody wrote a mail to this shop: newsletters, offers to everybody, absence notes, odd headers.

None of them is proof, since a person may write such words or use a bad program: a mail with one waits for a person.
What proves that a machine wrote it stands in `understanding/automatic.py`.
"""

import re
from collections.abc import Callable

from domain.message import Message

LOOKED_AT = 20_000

# RFC 2045, section 6, and what some have called the same before it.
_ENCODINGS = frozenset(
    ["7bit", "8bit", "binary", "quoted-printable", "base64", "7-bit", "8-bit", "uuencode", "x-uuencode"]
)
# RFC 5322, section 3.3, and its older forms: names of zones, years of two digits, no seconds, no day of the week.
_DATE = re.compile(
    r"(?:\w{2,12}\.?,?\s+)?\d{1,2}[\s-]+\w{3,12}\.?[\s-]+\d{2,4},?\s+\d{1,2}[:.]\d{2}(?:[:.]\d{2})?(?:\s*(?:[+-]\d{3,4}|[a-z]{1,5}\b"
    r"|\(|\"|$)|\s*$)|\w{3},?\s+\w{3}\s+\d{1,2}\s+\d{1,2}:\d{2}|\d{4}-\d{2}-\d{2}",
    re.IGNORECASE,
)
_SPAM_HEADERS = ("x-spam-flag", "x-spam-status", "x-spam")
# Only what a person does not write as a subject. `Re:` before it means that a person answered such a mail.
_AWAY = re.compile(
    r"(?:auto(?:matic|mated)?[ -]?(?:reply|response|answer)\b|auto: |automatische (?:antwort|reaktion)\b"
    r"|automatisch antwoord\b|autoantwort\b|auto-antwort\b|abwesenheits(?:notiz|nachricht|meldung|assistent|info)\b"
    r"|r[eé]ponse automatique\b|(?:message|notification|avis) d['’]absence\b|absence du bureau\b"
    r"|respuesta autom[aá]tica\b|contestaci[oó]n autom[aá]tica\b|risposta automatica\b|resposta autom[aá]tica\b"
    r"|autosvar\b|automaattinen vastaus\b|odpowied[zź] automatyczna\b"
    r"|vacation (?:reply|response|notice|auto)\b|away until\b|urlaubsnotiz\b"
    r"|(?:i am |i'm |currently )?out of (?:the )?office(?: (?:auto)?re(?:ply|sponse)| message| notice)?\s*(?:[:(\[-]|$)"
    r"|(?:nicht im (?:b[uü]ro|haus)|absent(?:e|\(e\))? du bureau|fuera de (?:la )?oficina|fuori (?:ufficio|sede))"
    r"\s*(?:[:(\[]|$))",
    re.IGNORECASE,
)
_BOUNCE = re.compile(
    r"(?:undeliverable|unzustellbar|non remis|no se puede entregar|non recapitabile)\s?:"
    r"|undelivered mail returned to sender|mail delivery (?:failed|failure)(?:: returning message to sender)?\s*$"
    r"|delivery status notification\b|delivery notification: delivery has failed|returned mail: "
    r"|mail system error - returned mail|warning: message .{1,60} delayed|delayed mail \(still being retried\)"
    r"|banned file: |\*\*message you sent blocked by our bulk email filter",
    re.IGNORECASE,
)
# What stands below a newsletter and nowhere else.
# A customer may well write "I want to unsubscribe", so the phrases are those of the sender of a newsletter.
_FOOTER = re.compile(
    r"\b(?:you(?:'re| are)? (?:are )?receiv(?:ing|ed) this (?:e-?mail|message|newsletter) (?:because|as)"
    r"|(?:click|go) here to (?:unsubscribe|opt[ -]out)"
    r"|to (?:unsubscribe|opt[ -]out),? (?:please )?(?:click|visit|reply)"
    r"|if you (?:no longer|do not|don't) (?:wish|want) to receive|to be removed from (?:this|our) (?:mailing )?list"
    r"|view (?:this e-?mail )?in (?:your )?browser|can't read this e-?mail\? click"
    r"|newsletter hier abbestellen|im browser (?:ansehen|anzeigen)|sie erhalten diese (?:e-?mail|nachricht), weil"
    r"|pour (?:vous|se) d[eé]s(?:inscrire|abonner),? cliquez|voir (?:cet e-?mail )?dans (?:votre|le) navigateur"
    r"|para darse de baja,? (?:haga|pulse)|ver (?:este correo )?en (?:tu|el|su) navegador"
    r"|per annullare l['’]iscrizione,? clicca)",
    re.IGNORECASE,
)
_SHORTEST_NEWSLETTER = 300
_TALKING = re.compile(r"\s*(?:re|aw|antw|sv|fwd?|wg|tr|rv|i|r|enc)\s?:", re.IGNORECASE)
_DATA = re.compile(r"\s{0,20}<\?xml\s", re.IGNORECASE)

# Offers to everybody, by what they promise; two different ones make an offer. Before each the words of which one stands
# in every such promise: a mail without any of those need not be searched for the promises.
_PROMISES = (
    ("approved|selected|qualified",
     r"you(?:'ve| have)? (?:been )?(?:pre-?approved|pre-?selected|qualified) for (?:a|an|the)\b"),
    ("loan|mortgage", r"\$?[\d,.]{5,12} (?:home |personal |business )?(?:loan|mortgage)"),
    ("refinance", r"refinance your (?:home|mortgage|loan)"),
    ("no problem", r"(?:bad|no) credit,? no problem"),
    ("interest rate", r"interest rates? as low as"),
    ("beneficiary", r"attention:? (?:dear )?beneficiary"),
    ("beneficiary|winner|homeowner|investor", r"dear (?:beneficiary|winner|lucky winner|homeowner|investor)"),
    ("western union|money gram|moneygram", r"(?:western union|money ?gram)\b.{0,20} transfer"),
    ("$", r"\$\s?\d{1,3}(?:,\d{3}){2,4}"),
    ("million", r"million (?:us |united states )?dollars"),
    ("next of kin", r"next of kin"),
    ("winning fund|compensation fund", r"your (?:winning|compensation) fund"),
    ("transferred", r"(?:funds?|sum) .{0,40}transferred (?:to|into) your"),
    ("confidential business", r"confidential business proposal"),
    ("have won", r"you have won"),
    ("pharmacy", r"(?:online|canadian|internet) pharmacy"),
    ("medicine|medication|prescription|drugs",
     r"(?:medicines?|medications?|prescriptions?|drugs) (?:online|by mail|without)"),
    ("viagra|cialis|valium|xanax", r"\b(?:viagra|cialis|valium|xanax)\b"),
    ("weight loss", r"weight loss (?:pills?|secret)"),
    ("hot stock|penny stock|ticker", r"hot stock|penny stocks?|\bticker\s?:"),
    ("forward-looking", r"forward-looking statements"),
    ("strong buy", r"strong buy"),
    ("explode|soar", r"shares? will (?:explode|soar)"),
    ("stock alert|investor alert", r"(?:stock|investor) alert"),
    ("first page", r"first page (?:of|on) google"),
    ("ranking", r"increase your (?:google )?ranking"),
    ("followers|backlinks", r"buy (?:followers|backlinks)"),
    ("%", r"\d{2,3} ?% (?:guaranteed )?(?:roi|profit|return) (?:daily|weekly|guaranteed)"),
    ("casino", r"online casino"),
)  # fmt: skip
_OFFERS = re.compile("|".join(pattern for _, pattern in _PROMISES))
_WORDS_OF_OFFERS = frozenset(word for words, _ in _PROMISES for word in words.split("|"))
# Words of sales that nobody but a sender of spam spells with digits and signs, so that no filter knows them.
_TRADE = frozenset(
    [
        "cialis",
        "click",
        "credit",
        "loan",
        "money",
        "mortgage",
        "pharmacy",
        "pills",
        "refinance",
        "remove",
        "stock",
        "viagra",
        "winner",
    ]
)
_DISGUISED = re.compile(r"(?<![\w@.-])[a-z][a-z0-9@_-]{3,20}[a-z](?![\w@.-])")
_SIGNS = "013@"
_MASK = str.maketrans({"0": "o", "1": "i", "3": "e", "@": "a", "-": "", "_": ""})
_INSIDE_WORDS = re.compile(r"(?<=[a-z])[_\"](?=[a-z])")


def suspicion_of(message: Message) -> str:
    """The sign that the mail is none to answer, in plain words; else an empty string."""
    return next((sign for rule in _RULES if (sign := rule(message))), "")


def _by_filter(message: Message) -> str:
    """What a filter on the way said of it, which also went by its words."""
    for name in _SPAM_HEADERS:
        if message.header(name).strip().lower().startswith("yes"):
            return f"a filter on its way calls it spam ({name.title()})"
    return ""


def _by_broken_header(message: Message) -> str:
    """Programs that people write with keep to RFC 5322 and RFC 2045 here; scripts that send in bulk often do not."""
    encoding = message.header("content-transfer-encoding").split(";")[0].strip().lower()
    if encoding and encoding not in _ENCODINGS:
        return "its headers are broken (Content-Transfer-Encoding)"
    date = message.header("date").strip()
    return "its headers are broken (Date)" if date and not _DATE.match(date) else ""


def _by_data(message: Message) -> str:
    return "its text is data, not words" if _DATA.match(message.text) else ""


def _by_subject(message: Message) -> str:
    subject = message.subject.strip()
    if _BOUNCE.match(subject):
        return "its subject is that of a bounce"
    return "its subject is that of an absence note" if _AWAY.match(subject) else ""


def _by_footer(message: Message) -> str:
    """Newsletters without a list header. Who answers or forwards one quotes its footer, so those are let through."""
    talking = message.references or message.header("in-reply-to") or _TALKING.match(message.subject)
    if talking or len(message.text) < _SHORTEST_NEWSLETTER or not _FOOTER.search(message.text[:200_000]):
        return ""
    return "it has the footer of a newsletter"


def _by_offer(message: Message) -> str:
    """An offer to everybody. Who answers or forwards one quotes its words, so conversations are let through."""
    if message.references or message.header("in-reply-to"):
        return ""
    text = " ".join(f"{message.subject}\n{message.text}"[:LOOKED_AT].lower().replace("’", "'").split())
    whole = _INSIDE_WORDS.sub("", text) if "_" in text or '"' in text else text
    offers = set()
    if any(map(whole.__contains__, _WORDS_OF_OFFERS)):
        offers = {match[0] for match in _OFFERS.finditer(whole)}
    if any(sign in text for sign in _SIGNS):
        offers |= {match[0] for match in _DISGUISED.finditer(text) if _is_disguised(match[0])}
    return f"its text is an offer to everybody (“{'”, “'.join(sorted(offers)[:2])}”)" if len(offers) > 1 else ""


def _is_disguised(word: str) -> bool:
    return any(sign in word for sign in _SIGNS) and word.translate(_MASK) in _TRADE


_RULES: tuple[Callable[[Message], str], ...] = (
    _by_filter,
    _by_broken_header,
    _by_data,
    _by_subject,
    _by_footer,
    _by_offer,
)
