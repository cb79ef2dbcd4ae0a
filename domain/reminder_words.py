"""The words of a reminder to a supplier, in four languages, and of an alert to operations. Nothing of a customer's."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from domain.supplier import Purpose


@dataclass(frozen=True, slots=True)
class _Words:
    subject: str
    text: str
    date: str


_WORDS = {
    "en": _Words(
        "Our purchase order {purchase}",
        "Hello,\n\nwe wrote to you about our purchase order {purchase} on {day} and have not heard from you yet. "
        "Could you please let us know how it stands?\n\nKind regards",
        "%Y-%m-%d",
    ),
    "de": _Words(
        "Unsere Bestellung {purchase}",
        "Guten Tag,\n\nwir haben Ihnen am {day} zu unserer Bestellung {purchase} geschrieben und noch keine Antwort "
        "erhalten. Könnten Sie uns bitte kurz mitteilen, wie es damit steht?\n\nMit freundlichen Grüßen",
        "%d.%m.%Y",
    ),
    "fr": _Words(
        "Notre commande {purchase}",
        "Bonjour,\n\nnous vous avons écrit le {day} au sujet de notre commande {purchase} et n'avons pas encore reçu "
        "de réponse. Pourriez-vous nous dire où elle en est ?\n\nCordialement",
        "%d/%m/%Y",
    ),
    "es": _Words(
        "Nuestro pedido {purchase}",
        "Hola:\n\nel {day} les escribimos sobre nuestro pedido {purchase} y todavía no hemos recibido respuesta. "
        "¿Podrían decirnos cómo va?\n\nUn saludo",
        "%d/%m/%Y",
    ),
}

_ABOUT = {Purpose.GENERAL: "a question", Purpose.RETURNS: "a return", Purpose.TRACKING: "where a delivery is"}


def reminder(language: str, purchase_order: str, asked_at: datetime, zone: str) -> tuple[str, str]:
    """Subject and text in the supplier's language, in English where it is none of the four. `zone` is the tenant's."""
    words = _WORDS.get(language, _WORDS["en"])
    day = asked_at.astimezone(ZoneInfo(zone)).strftime(words.date)
    return words.subject.format(purchase=purchase_order), words.text.format(purchase=purchase_order, day=day)


def alert(
    supplier: str, purchase_order: str, purpose: Purpose, asked_at: datetime, zone: str, *, reminded: int, link: str
) -> tuple[str, str]:
    """Subject and text for operations: who owes an answer on what, since when, and how often they were reminded."""
    since = asked_at.astimezone(ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M")
    times = {0: "No reminder has left.", 1: "One reminder has left."}.get(reminded, f"{reminded} reminders have left.")
    name = " ".join(supplier.split())
    who = f"{name} has not answered on the purchase order {purchase_order}."
    what = f"We asked on {since} ({zone}) about {_ABOUT[purpose]}. {times}"
    return f"{name} has not answered on {purchase_order}", f"{who}\n\n{what}\n\n{link}"
