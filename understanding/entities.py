"""What numbers of orders, tickets and purchase orders look like. Every pattern takes time linear in the text."""

import re
from collections.abc import Iterator, Sequence

from domain.errors import BadInput

LOOKED_AT = 20_000
MOST = 10

_DIGIT = re.compile(r"\d")

# What stands before a code that is no order: `INV-20441`, `Rechnung #12`, `ISO-8859`.
_OTHER_NUMBERS = (
    "inv invoice re rg rechnung facture factura fattura art sku item ean gtin isbn iso rfc din en ticket tkt case rma "
    "vat ust tva iban bic po tel fax phone version model typ plz zip article artikel articulo artículo tracking"
)
_NOT_ORDERS = frozenset(_OTHER_NUMBERS.split())
_ORDER_WORDS = (
    r"(?:orders?|purchases?|bestell(?:ung|nummer|nr|-nr)|auftrag(?:snummer|s-nr|snr)?|commandes?|pedidos?|compras?|"
    r"ordin[ei]|bestelling|encomenda|ordernummer|ordernumber|orderno|order-id)"
)
_NUMBER_WORDS = (
    r"(?:numbers?|nummer|num(?:[ée]ro)?|n[úu]mero|nr|n[°ºo]|#|id|ref(?:erence|erenz|erencia|érence)?|code|is|ist|est|es|"
    r"mit|der|de|with|lautet|la|el)"
)
_GAP = r"[\s.:#()°º=\"'“”„-]"
_CODE = r"(?P<number>[a-z]{0,5}-?\d{3,15}(?:-\d{1,8}){0,3})(?![\w]|-\w|[.,/:]\d)"

# 306-0000001-0000001, ORD12345, LO-48213: known by their shape alone.
_MARKETPLACE = re.compile(r"(?<![\w-])(?P<number>\d{3}-\d{7}-\d{7})(?![\w-])")
_PREFIXED = re.compile(r"(?<![\w-])(?P<number>(?P<kind>[a-z]{2,5})-\d{4,12})(?!\w|-\w)", re.IGNORECASE)
_GLUED = re.compile(r"(?<![\w-])(?P<number>(?:ord|order)#?\d{4,12})(?!\w|-\w)", re.IGNORECASE)
# "order no: #1234567", "Bestellung Nr. 48213", "n° de commande : 48213": known by the word before.
_NAMED = re.compile(
    rf"(?<!\w){_ORDER_WORDS}(?P<between>(?:{_GAP}{{1,4}}{_NUMBER_WORDS}(?!\w)){{0,3}}{_GAP}{{1,5}}){_CODE}",
    re.IGNORECASE,
)
_MORE = re.compile(
    r"\s{0,3}(?:,|/|&|and|und|et|y|or|oder)\s{0,3}(?:(?:and|und|et|y)\s)?#?(?P<number>\d{4,15})(?![\w/-]|[.:]\d)",
    re.IGNORECASE,
)
_HASH = re.compile(r"(?P<kind>[^\W\d_]{0,12})[ .:]{0,3}#\s?(?P<number>\d{4,15})(?![\w]|-\w)")
# A mail that is little more than a number answers "what is your order number?".
_ALONE = re.compile(r"[^\d\n@]{0,40}(?<![\w+/.,-])#?(?P<number>\d{5,15})(?![\w/-]|[.,]\d)[^\d\n@]{0,30}")
_SHORT = 200

_PURCHASE_ORDER = re.compile(r"(?<![\w-])(?P<number>D\d{9})(?![\w-])", re.IGNORECASE)
_NAMED_PURCHASE = re.compile(
    r"(?<!\w)(?:po|p\.o\.|purchase order|lieferantenbestellung|bon de commande fournisseur|orden de compra)"
    r"[\s:#.-]{0,3}(?:(?:number|no|nr|n[°ºo]|ref)[\s:#.]{1,3})?(?P<number>[a-z]{0,3}-?\d{4,12})(?!\w|-\w|[.,/:]\d)",
    re.IGNORECASE,
)
_TICKET = re.compile(r"(?<![\w-])(?P<number>(?:DE|FR|BE|LU|NL|AT|IT)\d{8})(?![\w-])", re.IGNORECASE)
_NAMED_TICKET = re.compile(
    r"(?<!\w)(?:ticket|case|vorgang|fall|anfrage|dossier|caso|incidencia)s?-?"
    r"(?:[\s-]?(?:number|nummer|num[ée]ro|n[úu]mero|id|no|nr|n[°ºo])\b\.?)?[\s:#]{1,3}"
    r"(?P<number>[a-z]{0,4}-?\d{4,12})(?!\w|-\w|[.,/:]\d)",
    re.IGNORECASE,
)
# LU12345678 is also what a tax number of Luxembourg looks like.
_TAX_BEFORE = re.compile(r"\b(?:vat|ust|uid|tva|iva|btw|tax)\b[^\n]{0,12}$", re.IGNORECASE)


def has_digit(text: str) -> bool:
    """Whether any number can be in it."""
    return _DIGIT.search(text) is not None


def order_numbers(text: str, subject: str = "", patterns: Sequence[re.Pattern[str]] = ()) -> tuple[str, ...]:
    """Every order number that the new text names, in its order, in capitals; only without any, the subject's.

    `patterns` are the tenant's own (see `shape`). When they match nothing, the common forms are tried, since
    customers mistype: a wrong number is asked about, a missed one is asked for twice.
    """
    return orders_in(text, patterns) or orders_in(subject, patterns)


def orders_in(
    text: str, patterns: Sequence[re.Pattern[str]] = (), *, alone: bool = True, forms_only: bool = False
) -> tuple[str, ...]:
    """The order numbers of one place, as `order_numbers` finds them.

    `alone` also takes the number that a short text consists of; `forms_only` leaves out what only a word announces.
    """
    text = text[:LOOKED_AT]
    found = _by_shape(text, patterns) or (
        _by_shape(text, (_MARKETPLACE,)) if forms_only else _common(text, alone=alone)
    )
    return tuple(dict.fromkeys(found))[:MOST]


def tickets_in(text: str, patterns: Sequence[re.Pattern[str]] = ()) -> tuple[str, ...]:
    """The ticket numbers of one place: of the tenant's forms, else of the usual form, else announced by a word."""
    text = text[:LOOKED_AT]
    usual = [
        match["number"].upper()
        for match in _TICKET.finditer(text)
        if not _TAX_BEFORE.search(text[max(0, match.start() - 24) : match.start()])
    ]
    return tuple(dict.fromkeys(_by_shape(text, patterns) or usual or _by_shape(text, (_NAMED_TICKET,))))[:MOST]


def purchases_in(text: str, patterns: Sequence[re.Pattern[str]] = ()) -> tuple[str, ...]:
    """The numbers of our own purchase orders in one place; the order of what is tried as for tickets."""
    text = text[:LOOKED_AT]
    found = _by_shape(text, patterns) or _by_shape(text, (_PURCHASE_ORDER,)) or _by_shape(text, (_NAMED_PURCHASE,))
    return tuple(dict.fromkeys(found))[:MOST]


def purchase_order_numbers(text: str, subject: str = "") -> tuple[str, ...]:
    """Numbers of our own purchase orders (`D` and nine digits) in text and subject."""
    both = f"{text[:LOOKED_AT]}\n{subject[:LOOKED_AT]}"
    found = _PURCHASE_ORDER.findall(both) if has_digit(both) else ()
    return tuple(dict.fromkeys(number.upper() for number in found))[:MOST]


def shape(form: str, what: str = "order number") -> re.Pattern[str]:
    """A tenant's own form of a number: `#` is a digit, `@` a letter, all else itself, as in `LO-#####`.

    Tenants write no regular expressions: theirs could take for ever.
    """
    if not 3 <= len(form) <= 40 or "#" not in form:
        raise BadInput(what, f"{form!r} is no form like LO-##### (3 to 40 characters, at least one #).")
    parts = {"#": r"\d", "@": r"[^\W\d_]"}
    inner = "".join(parts.get(character, re.escape(character)) for character in form)
    return re.compile(rf"(?<![\w-])(?P<number>{inner})(?!\w|-\w)", re.IGNORECASE)


def _by_shape(text: str, patterns: Sequence[re.Pattern[str]]) -> list[str]:
    hits = sorted((match.start(), match["number"].upper()) for each in patterns for match in each.finditer(text))
    return [number for _, number in hits]


def _common(text: str, *, alone: bool = True) -> list[str]:
    hits: list[tuple[int, str]] = []
    taken: set[int] = set()
    for match in _candidates(text):
        span = set(range(*match.span("number")))
        if not span & taken and not _is_another(match["number"]):
            taken |= span
            hits.append((match.start("number"), match["number"].upper()))
    if alone and not hits and len(text) <= _SHORT:
        return [number for line in text.splitlines() for number in _alone(line.strip())]
    return [number for _, number in sorted(hits)]


def _candidates(text: str) -> Iterator[re.Match[str]]:
    """What looks like an order number, the surest form first."""
    yield from _MARKETPLACE.finditer(text)
    yield from (match for match in _PREFIXED.finditer(text) if match["kind"].lower() not in _NOT_ORDERS)
    yield from _GLUED.finditer(text)
    for match in filter(_is_named, _NAMED.finditer(text)):
        yield match
        more = _MORE.match(text, match.end("number"))
        while more:
            yield more
            more = _MORE.match(text, more.end("number"))
    yield from (match for match in _HASH.finditer(text) if match["kind"].lower() not in _NOT_ORDERS)


def _alone(line: str) -> list[str]:
    match = _ALONE.fullmatch(line)
    words = line.lower().replace(":", " ").replace(".", " ").split()
    return [match["number"]] if match and _NOT_ORDERS.isdisjoint(words) else []


def _is_another(number: str) -> bool:
    """Whether the number has the usual form of a purchase order or a ticket."""
    return bool(_PURCHASE_ORDER.fullmatch(number) or _TICKET.fullmatch(number))


def _is_named(match: re.Match[str]) -> bool:
    """Whether the word before really names the number: "order 2024" does not, "order no. 2024" does."""
    number, between = match["number"], match["between"].lower()
    digits = sum(map(str.isdigit, number))
    prefix = number.split("-")[0].rstrip("0123456789").lower()
    if prefix in _NOT_ORDERS:
        return False
    marked = any(mark in between for mark in ("#", ":", "no", "nr", "num", "núm", "n°", "nº", "id", "ref", "code"))
    return marked or digits >= 5 or bool(prefix)
