"""Sign the links that are mailed to customers, and read what comes back: a link's ids and proof that we made it."""

import hashlib
import hmac
import re
from dataclasses import dataclass
from uuid import UUID

# Hexadecimal digits: two ids of 16 bytes and a code of 16. No mail program takes the last one for punctuation, and no
# link can be written in two ways.
_TOKEN = re.compile(r"[0-9a-f]{96}", re.ASCII)
_CODE_DIGITS = 32

# A key of its own, so that nothing else that is signed with the secret is ever a link, nor a link anything else.
_PURPOSE = b"mailwright identity link 1"


@dataclass(frozen=True, slots=True)
class LinkIds:
    """What a link names: a row of a tenant. When it ends, and whether it was used, stands in the row."""

    tenant: UUID
    link: UUID


def signed(ids: LinkIds, secret: str) -> str:
    """The token of a link: the same for the same row, so that a mail which is built again is the same mail."""
    named = ids.tenant.hex + ids.link.hex
    return named + _code(named, secret)


def unsigned(token: str, secret: str) -> LinkIds | None:
    """The ids in a token, or None where we did not sign it; how far it is right does not show in the time."""
    if not _TOKEN.fullmatch(token):
        return None
    named, code = token[:-_CODE_DIGITS], token[-_CODE_DIGITS:]
    if not hmac.compare_digest(code, _code(named, secret)):
        return None
    return LinkIds(UUID(named[:32]), UUID(named[32:]))


def _code(named: str, secret: str) -> str:
    """HMAC-SHA-256 (RFC 2104), its first 128 bits."""
    key = hmac.digest(secret.encode(), _PURPOSE, hashlib.sha256)
    return hmac.digest(key, named.encode("ascii"), hashlib.sha256).hex()[:_CODE_DIGITS]
