"""Sign and publish: RS256 id_tokens and the key set that proves them."""

import base64
import functools
import hashlib
from typing import Any

from joserfc import jwt
from joserfc.jwk import RSAKey

from sandbox.accounts import Account

LIFE_S = 3600


@functools.cache
def process_key() -> RSAKey:
    """One key for every sandbox in this process: making one takes a tenth of a second."""
    return _new_key()


def _new_key() -> RSAKey:
    # A key id per key: a client that cached the set of an earlier run then knows that it must fetch it again.
    return RSAKey.generate_key(2048, {"use": "sig", "alg": "RS256"}, private=True, auto_kid=True)


def key_set() -> dict[str, Any]:
    return {"keys": [process_key().as_dict(private=False)]}


def id_token(
    account: Account,
    *,
    issuer: str,
    client_id: str,
    access_token: str,
    nonce: str,
    now: float,
    foreign_key: bool = False,
) -> str:
    """The signed statement who consented; `foreign_key` signs with a key that the key set does not hold."""
    half = hashlib.sha256(access_token.encode("ascii")).digest()[:16]
    claims = {
        "iss": issuer,
        "azp": client_id,
        "aud": client_id,
        "sub": account.sub,
        "email": account.email,
        "email_verified": True,
        "name": account.name,
        "at_hash": base64.urlsafe_b64encode(half).rstrip(b"=").decode(),
        "iat": int(now),
        "exp": int(now) + LIFE_S,
    }
    if nonce:
        claims["nonce"] = nonce
    key = _new_key() if foreign_key else process_key()
    return jwt.encode({"alg": "RS256", "kid": process_key().kid}, claims, key)
