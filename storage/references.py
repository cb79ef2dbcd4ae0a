"""The references of our mails: a few letters that each mail of ours ends with."""

import secrets

# Letters and digits that nobody takes for one another when they are read aloud.
_LETTERS = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"


def new_reference() -> str:
    """Six letters, shown to the customer, by which our mail is found again: about 887 million of them."""
    return "".join(secrets.choice(_LETTERS) for _ in range(6))
