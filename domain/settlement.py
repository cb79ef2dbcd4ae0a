"""How a person settled a mail that waited for them."""

from enum import StrEnum


class Settlement(StrEnum):
    """`GMAIL_DRAFT` was taken to the merchant's own Gmail: whether it left, nobody here decided."""

    SENT = "sent"
    DISMISSED = "dismissed"
    GMAIL_DRAFT = "gmail_draft"
