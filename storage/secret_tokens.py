"""Secrets that travel in a cookie or a link: 256 random bits, of which the tables hold a hash alone."""

import hashlib
import secrets


def fresh() -> str:
    """A new secret, as 64 hexadecimal digits: no mail program takes its end for punctuation."""
    return secrets.token_hex(32)


def hashed(token: str) -> bytes:
    """SHA-256 is enough for what has 256 random bits; nothing that a person chose may be stored like this."""
    return hashlib.sha256(token.encode()).digest()
