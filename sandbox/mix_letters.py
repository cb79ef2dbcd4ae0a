"""Write one mail of the demonstration mix from a template of `mix_texts/`: its letter, its label, its order."""

import html
import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

SHOP = "support@lumen-oak.example"
NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
FIRST_ORDER = 60_000
HISTORY_SHARE = 0.75
SECOND_QUOTE_SHARE = 0.3
HTML_SHARE = 0.2
PRODUCTS = {
    "Alba": ("ALBA-OA", 8900),
    "Soleil": ("SOL-02", 14900),
    "Nook": ("NOOK-03", 6900),
    "Pip": ("PIP-WH", 3900),
    "Fern": ("FERN-05", 7900),
    "Riva": ("RIVA-06", 34900),
    "Torv": ("TORV-07", 11900),
    "Hejla": ("HEJ-08", 15900),
    "Miro": ("MIRO-09", 7500),
}

Texts = Mapping[str, Any]
Record = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Writer:
    """A person of the mix; for a newsletter or a bounce nobody in particular."""

    first: str
    last: str
    address: str

    @property
    def name(self) -> str:
        return f"{self.first} {self.last}".strip()


@dataclass(frozen=True, slots=True)
class Card:
    """What was dealt for one mail: `number` is its place in the mix, `words` the texts of its language."""

    kind: str
    language: str
    words: Texts
    writer: Writer
    number: int


def written(card: Card, chance: random.Random) -> tuple[Record, Record | None]:
    """The mail with its label, and the order it names if the shop has that order."""
    template = chance.choice(card.words[card.kind])
    product, slots = _slots(card, template, chance)
    mail: Record = {"to": SHOP, "from_name": card.writer.name, "from": card.writer.address}
    mail["subject"] = template["subject"].format_map(slots)
    if card.kind == "automatic":
        mail |= _machine(template["kind"], card, slots, chance)
        text = template["text"].format_map(slots) + "\n"
        return mail | {"text": text, "auth": "pass", "expected": _label(card, template)}, None
    if card.kind == "supplier":
        mail["from_name"], mail["from"] = chance.choice(card.words["suppliers"])
        slots["name"] += f"\n{mail['from_name']}"
    mail["text"] = _letter(card, template["text"], slots, chance)
    if card.kind != "supplier" and chance.random() < HTML_SHARE:
        mail["html"] = _as_html(mail["text"])
    kept = template.get("order", "none")
    mail["auth"] = "none" if kept == "stranger" else "pass"
    order = _order(kept, card, product, slots["order"]) if kept not in {"none", "wrong"} else None
    return mail | {"expected": _label(card, template)}, order


def _slots(card: Card, template: Texts, chance: random.Random) -> tuple[str, dict[str, str]]:
    """The product that the mail is about, and the words for every slot a text may have."""
    words = card.words
    lamp, furniture = chance.choice(list(words["lamps"])), chance.choice(list(words["furniture"]))
    # A wrong number comes from a range in which no order lies, neither of the mix nor of the demonstration shop.
    order = chance.randint(10_000, 19_999) if template.get("order") == "wrong" else FIRST_ORDER + card.number
    return lamp if "{lamp}" in template["text"] else furniture, {
        "first": card.writer.first,
        "name": card.writer.name,
        "city": chance.choice(words["cities"]),
        "weekday": chance.choice(words["weekdays"]),
        "n": str(chance.randint(2, 9)),
        "digits": f"{chance.randrange(10_000):04d}",
        "number": str(1000 + card.number),
        "lamp": words["lamps"][lamp],
        "furniture": words["furniture"][furniture],
        "po": f"D4{chance.randrange(10**8):08d}",
        "order": f"LO-{order}",
    }


def _label(card: Card, template: Texts) -> Record:
    """What the program should make of the mail, with the fields of `shop/expected.json`."""
    category, expect, note = card.kind, "hold", ""
    if card.kind == "question":
        expect = "answer"
    elif card.kind == "unanswered":
        category = "question"
    elif card.kind == "automatic":
        category, expect, note = "other", "ignore", template["kind"]
    elif card.kind == "refund":
        expect = "ask_order" if template["order"] in {"none", "wrong", "stranger"} else "hold"
        note = f"order: {template['order']}"
    return {
        "category": category,
        "language": card.language,
        "automatic": card.kind == "automatic",
        "expect": expect,
        "document": template.get("document"),
        "note": note,
    }


def _letter(card: Card, core: str, slots: Mapping[str, str], chance: random.Random) -> str:
    """Greeting, chatter, the matter itself, good-bye, signature, and in most mails what the shop wrote before."""
    words = card.words
    chatty = card.kind in {"question", "unanswered", "refund"}
    opener = chance.choice(words["openers"]) if chatty else ""
    parts = [chance.choice(words["greetings"]), f"{opener} {core[0].upper()}{core[1:]}" if opener else core]
    if chatty:
        parts.append(chance.choice(words["closers"]))
    signature = "{name}" if card.kind == "supplier" else chance.choice(words["signatures"])
    letter = "\n\n".join([*parts, f"{chance.choice(words['goodbyes'])}\n{signature}"])
    if card.kind != "supplier" and chance.random() < HISTORY_SHARE:
        blocks = chance.sample(words["history"], 2 if chance.random() < SECOND_QUOTE_SHARE else 1)
        quoted = f"\n\n{words['history_head']}\n\n".join(blocks)
        letter += f"\n\n{words['history_head']}\n> " + quoted.replace("\n", "\n> ")
    return letter.format_map(slots) + "\n"


def _as_html(text: str) -> str:
    paragraphs = (html.escape(part).replace("\n", "<br>") for part in text.strip().split("\n\n"))
    return "<html><body>" + "".join(f"<p>{part}</p>" for part in paragraphs) + "</body></html>"


def _machine(kind: str, card: Card, slots: Mapping[str, str], chance: random.Random) -> Record:
    """The sender and the headers that mark a newsletter, an out-of-office note or a bounce."""
    if kind == "newsletter":
        leave = f"<https://letters.mix.example/leave/{card.number}>"
        marks = {"List-Id": "<letter.mix.example>", "List-Unsubscribe": leave, "Precedence": "bulk"}
        return {
            "from_name": chance.choice(card.words["senders"]),
            "from": "letter@letters.mix.example",
            "headers": marks,
        }
    if kind == "bounce":
        failed = f"nobody-{slots['digits']}@mix.example"
        marks = {"Return-Path": "<>", "Auto-Submitted": "auto-replied", "X-Failed-Recipients": failed}
        return {"from_name": "Mail Delivery System", "from": "mailer-daemon@mix.example", "headers": marks}
    return {"headers": {"Auto-Submitted": "auto-replied", "X-Auto-Response-Suppress": "All"}}


def _order(kept: str, card: Card, product: str, order_number: str) -> Record:
    """The order behind a refund mail; a stranger writes about the delivered order of somebody else."""
    sku, price = PRODUCTS[product]
    stranger = kept == "stranger"
    placed = NOW - timedelta(hours=14 if kept == "pending" else 24 * (10 + card.number % 12))
    return {
        "order_number": order_number,
        "customer_email": f"owner-{card.number:05d}@mix.example" if stranger else card.writer.address,
        "customer_name": "Somebody Else" if stranger else card.writer.name,
        "status": "delivered" if stranger else kept,
        "currency": "EUR",
        "total_minor": price,
        "refunded_minor": 0,
        "placed_at": placed.isoformat(),
        "delivered_at": None if kept == "pending" else (placed + timedelta(days=4)).isoformat(),
        "items": [{"sku": sku, "name": product, "quantity": 1, "price_minor": price}],
        "tracking_url": "" if kept == "pending" else f"https://lumen-oak.example/track/{order_number}",
    }
