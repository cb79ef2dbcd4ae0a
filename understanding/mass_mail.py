"""The signs of mail that a program made for many, where no header says so: left-over templates, data, sales tricks.

Each rule is one that a person's own mail cannot meet by accident: whoever is taken for a machine is never answered.
"""

import re

from domain.message import Message

LOOKED_AT = 20_000

_SPAM_HEADERS = ("x-spam-flag", "x-spam-status", "x-spam")
# What a mailing program was to fill in and did not: `%FIRST_NAME%`, `{{name}}`, a PHP list printed as one.
_UNFILLED = re.compile(r"[$%](?:RND|RAND|RANDOM|FIRST|LAST|NAME|EMAIL|FROM|TO|WORD)[_A-Z]{2,20}|\{\{\s?\w{2,30}\s?\}\}")
_LISTED = ("to", "cc", "bcc", "reply-to")
# One address for each mail that was sent, so that bounces can be counted: only numbers, and many.
_COUNTED = re.compile(r"(?:\d{1,12}[.=_-]){4,20}\d{1,12}")
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


def spam_header_sign(message: Message) -> str:
    """What a filter on the way said of it."""
    for name in _SPAM_HEADERS:
        if message.header(name).strip().lower().startswith("yes"):
            return f"a filter on its way calls it spam ({name.title()})"
    return ""


def program_sign(message: Message) -> str:
    """What only a program leaves in a mail."""
    for name, value in message.headers:
        if name in _LISTED and value.strip() == "Array":
            return f"a script wrote its headers ({name.title()}: Array)"
        if name in {"message-id", "from"} and _UNFILLED.search(value[:1000]):
            return f"its headers hold a template that was not filled in ({name.title()})"
    counted = next((one for one in message.reply_to if _COUNTED.fullmatch(one.address.partition("@")[0])), None)
    if counted is not None:
        return f"its address for replies only counts mail ({counted.address})"
    return "its text is data, not words" if _DATA.match(message.text) else ""


def offer_sign(message: Message) -> str:
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
