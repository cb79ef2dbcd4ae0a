"""The fixed sentences of a reply in each language; one JSON file per language beside this file."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from domain.message import Address, Message
from domain.money import Money

# Names come from strangers. A name is used in a greeting only when it cannot be read as anything else.
_NAME = re.compile(r"[^\W\d_]'?[^\W\d_]*(?:[-'’][^\W\d_]+)*")
_NO_NAME = frozenset({
    "account", "admin", "administrator", "approved", "bank", "billing", "buchhaltung", "cancelled", "client",
    "commande", "confirmed", "contact", "customer", "erstattet", "erstattung", "facture", "finance", "free", "from",
    "genehmigt", "granted", "hello", "help", "info", "invoice", "kunde", "kundenservice", "mail", "marketing",
    "newsletter", "noreply", "office", "order", "payment", "paypal", "pedido", "please", "rechnung", "reembolso",
    "refund", "refunded", "reply", "sales", "security", "server", "service", "shop", "storniert", "support",
    "system", "team", "urgent", "verified", "you", "your",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Wording:
    """Texts with {name}, {title}, {number}, {status}, {url} and times where a value belongs. See the JSON files.

    `day` and `moment` are forms for times in UTC. `words` are the beginnings of what customers write, by what they say:
    that they ask for an order's status, or where it is and nothing wider, that they wish for something else, did not
    receive what was delivered, have trouble.
    One that ends with `|` is a whole word.
    `refused` has a sentence for each rule of a refund policy, `done` one for each action that was carried out.
    `supplier_news` has what a customer may be told of an answer that others gave us: nothing in it says who.
    `identity_mail` goes to the address on an order: in it {link} stays, until the mail leaves.
    """

    greeting: str
    greeting_named: str
    closing: str
    closing_asking: str
    source: str
    order_wanted: str
    order_wanted_again: str
    identity_subject: str
    identity_mail: str
    reason_wanted: str
    evidence_wanted: str
    withdrawn: str
    decimal: str
    items_named: str
    refused: Mapping[str, str]
    done: Mapping[str, str]
    received: str
    order_status: str
    tracking: str
    statuses: Mapping[str, str]
    order_since: str
    order_as_of: str
    supplier_news: Mapping[str, str]
    incident: str
    day: str
    moment: str
    words: Mapping[str, Sequence[str]]

    def day_of(self, moment: datetime) -> str:
        return moment.astimezone(UTC).strftime(self.day)

    def moment_of(self, moment: datetime) -> str:
        return moment.astimezone(UTC).strftime(self.moment)

    def amount_of(self, money: Money) -> str:
        """The amount with its currency, as it is written in the language."""
        return str(money).replace(".", self.decimal)

    def speaks_of(self, what: str, text: str) -> bool:
        """Whether one of these words stands in the text, or a longer one that begins with it."""
        folded = " ".join(text[:8_000].casefold().replace("’", "'").split())
        return any(pattern.search(folded) for pattern in map(_beginning, self.words[what]))

    def letter(self, message: Message, *paragraphs: str, asking: bool = False) -> str:
        """A whole mail: greeting, paragraphs, closing."""
        name = plausible_name(message.sender)
        greeting = self.greeting_named.format(name=name) if name else self.greeting
        return "\n\n".join((greeting, *paragraphs, self.closing_asking if asking else self.closing))


@cache
def _beginning(word: str) -> re.Pattern[str]:
    end = r"(?!\w)" if word.endswith("|") else ""
    return re.compile(rf"(?<!\w){re.escape(word.removesuffix('|').casefold())}{end}")


@cache
def wording_for(language: str) -> Wording | None:
    """The texts in a language (ISO 639-1), or None where nobody wrote them."""
    if not re.fullmatch(r"[a-z]{2}", language):
        return None
    file = Path(__file__).with_name(f"{language}.json")
    return Wording(**json.loads(file.read_text(encoding="utf-8"))) if file.is_file() else None


def plausible_name(sender: Address | None) -> str:
    """The display name if it looks like the name of one person, else an empty string."""
    if sender is None or len(sender.name) > 40:
        return ""
    words = sender.name.split()
    if not 1 <= len(words) <= 3 or {word.casefold() for word in words} & _NO_NAME:
        return ""
    # "Ana Lopez", not "FREE GIFT", "click here", or an address.
    proper = all(_NAME.fullmatch(word) and word[0].isupper() and len(word) > 1 and not word.isupper() for word in words)
    return " ".join(words) if proper else ""
