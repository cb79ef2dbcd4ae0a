"""The closed set of what a mail can be about."""

from enum import StrEnum


class Category(StrEnum):
    QUESTION = "question"
    REFUND = "refund"
    SUPPLIER = "supplier"
    OTHER = "other"


REFUND_INTENTS = ("refund_request", "refund_status", "return", "cancel_order", "exchange", "replacement")
