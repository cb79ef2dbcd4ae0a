"""What a mail can be about, in the words of the pages, as a member chooses it."""

from collections.abc import Mapping

from domain.category import Category
from domain.errors import BadInput

TOPICS: Mapping[Category, Mapping[str, str]] = {
    Category.QUESTION: {
        "shipping": "delivery and its cost",
        "order_status": "where an order is",
        "product": "a product",
        "policy": "the rules for returns and guarantee",
        "payment": "ways to pay",
        "billing": "an invoice",
        "account": "the customer's account",
        "technical": "something does not work",
        "opening_hours": "opening hours and visits",
    },
    Category.REFUND: {
        "refund_request": "wants money back",
        "refund_status": "asks where the money is",
        "return": "wants to send something back",
        "cancel_order": "wants to cancel",
        "exchange": "wants to swap",
        "replacement": "wants a replacement",
    },
    Category.SUPPLIER: {
        "purchase_order": "our purchase order",
        "delivery_advice": "a delivery to us",
        "invoice": "an invoice to us",
        "price_list": "prices",
        "stock": "what they have in stock",
        "return": "goods that we sent back",
    },
    Category.OTHER: {
        "complaint": "a complaint",
        "praise": "praise",
        "thanks": "thanks",
        "feedback": "an idea",
        "human": "wants to talk to a person",
        "legal": "a lawyer or a threat",
        "privacy": "personal data",
        "job": "an application",
        "press": "the press",
        "sales_pitch": "somebody wants to sell",
        "spam": "spam",
        "notification": "a notice of another service",
        "smalltalk": "small talk",
        "out_of_scope": "not for us",
    },
}


def topic(value: str) -> tuple[Category, str]:
    """Category and sub-intent from what the form sends, "question/shipping" or "question/". Raises BadInput."""
    category, _, sub_intent = value.partition("/")
    if category not in set(Category) or sub_intent not in {"", *TOPICS[Category(category)]}:
        raise BadInput("topic", "Choose what it is about from the list.")
    return Category(category), sub_intent


def in_words(category: str, sub_intent: str) -> str:
    """A sub-intent as a member would say it; nothing where there is none."""
    return TOPICS[Category(category)].get(sub_intent, "") if category in set(Category) else ""
