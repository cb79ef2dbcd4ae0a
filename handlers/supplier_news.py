"""What a customer may be told of a supplier's answer: fixed sentences around what code took from it."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import replace

from domain import wall
from domain.hidden_words import unwrapped
from domain.message import Address, Message
from domain.supplier import Directory
from domain.supplier_news import SupplierNews
from handlers.wording import Wording, wording_for

_SIGNS = re.compile(r"[\W_]+")


def told(news: SupplierNews, to: Address, language: str, directory: Directory, purchase_orders: Sequence[str]) -> str:
    """The whole mail to the customer, or nothing where there is nothing to tell, or nobody wrote it in `language`.

    A tracking link that would show who the supplier is, or our purchase order, is left out. Nothing is told to an
    address of a supplier's. `domain.wall` has the last word over the whole text.
    """
    wording = wording_for(language)
    if news.tracking and _shows(news.tracking, directory, purchase_orders):
        news = replace(news, tracking="")
    if wording is None or not news.is_any or wall.misdirected(to, directory, for_supplier=False):
        return ""
    letter = wording.letter(Message(to), " ".join(_sentences(news, wording)), *_link(news, wording))
    return "" if wall.told_to_customer(letter, directory, purchase_orders) else letter


def _sentences(news: SupplierNews, wording: Wording) -> list[str]:
    said = wording.supplier_news
    return [
        said["intro"],
        *([said[news.status.value]] if news.status else []),
        *([said["leaves"].format(day=news.leaves.strftime(wording.day))] if news.leaves else []),
        *([said["arrives"].format(day=news.arrives.strftime(wording.day))] if news.arrives else []),
    ]


def _link(news: SupplierNews, wording: Wording) -> list[str]:
    return [wording.tracking.format(url=news.tracking)] if news.tracking else []


def _shows(link: str, directory: Directory, purchase_orders: Sequence[str]) -> bool:
    """Whether a link tells of a supplier or a purchase order, also where it is written without spaces or signs."""
    if wall.told_to_customer(link, directory, purchase_orders):
        return True
    plain = _plain(unwrapped(link))
    names = (name for one in directory.suppliers for name in wall.said_as(one.name))
    hidden = (*names, *purchase_orders, *(part for one in directory.suppliers for part in one.domains))
    return any(_plain(one) in plain for one in hidden if len(_plain(one)) >= wall.SHORTEST_NAME)


def _plain(text: str) -> str:
    simple = unicodedata.normalize("NFKD", text.casefold())
    return _SIGNS.sub("", "".join(one for one in simple if not unicodedata.combining(one)))
