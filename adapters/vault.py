"""Seal secrets before they are stored, and open them at the last moment.

AES-256-GCM. What a secret belongs to (tenant, mailbox, field, key id) is authenticated with it, so that a ciphertext
copied into another row does not open there. Layout of the sealed bytes: format (1), length of the key id (1), key id,
nonce (12), ciphertext with its tag (16). Random 96-bit nonces are safe for 2**32 secrets per key (NIST SP 800-38D 8.3).
"""

import base64
import binascii
import os
import re
from dataclasses import dataclass, field
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from domain.errors import BadInput, NeedsPerson
from domain.sealed import Sealed

_FORMAT = 1
_NONCE_BYTES = 12
_TAG_BYTES = 16
_KEY_BYTES = 32
_KID = re.compile(r"[A-Za-z0-9_.-]{1,32}")


class CannotOpen(NeedsPerson):
    """A stored secret does not open: its key is missing, or it is not the one that was sealed for this row."""


def new_key(kid: str) -> str:
    """One fresh entry for the key ring, to be put in front of the others."""
    return f"{kid}:{base64.b64encode(os.urandom(_KEY_BYTES)).decode()}"


@dataclass(frozen=True, slots=True)
class KeyRing:
    """The keys by their ids; the first one seals, the others only open what they sealed before."""

    current: str
    keys: dict[str, bytes] = field(repr=False)

    @classmethod
    def parse(cls, text: str, field_name: str = "encryption keys") -> "KeyRing":
        """Read `kid:base64key[,kid2:base64key2...]`; raises BadInput with a sentence that never shows a key."""
        keys: dict[str, bytes] = {}
        for number, entry in enumerate((part.strip() for part in text.split(",") if part.strip()), start=1):
            kid, colon, encoded = entry.partition(":")
            if not colon or not _KID.fullmatch(kid):
                raise BadInput(
                    field_name,
                    f"Entry {number} must read name:key; names have up to 32 letters, digits or any of . _ -",
                )
            if kid in keys:
                raise BadInput(field_name, f"The name {kid!r} stands there twice; give each key its own.")
            keys[kid] = _decoded(encoded, kid, field_name)
        if not keys:
            raise BadInput(
                field_name,
                f"There is no key; give at least one as name:key, the key being {_KEY_BYTES} random bytes in base64.",
            )
        return cls(next(iter(keys)), keys)


def _decoded(encoded: str, kid: str, field_name: str) -> bytes:
    try:
        key = base64.b64decode(encoded.translate(str.maketrans("-_", "+/")), validate=True)
    except (binascii.Error, ValueError):
        raise BadInput(field_name, f"The key {kid!r} is not base64.") from None
    if len(key) != _KEY_BYTES:
        raise BadInput(field_name, f"The key {kid!r} has {len(key)} bytes; AES-256 needs {_KEY_BYTES}.")
    return key


class Vault:
    """Seals and opens with one key ring. Safe to share between threads."""

    def __init__(self, ring: KeyRing) -> None:
        self._current = ring.current
        self._ciphers = {kid: AESGCM(key) for kid, key in ring.keys.items()}

    def seal(self, plaintext: bytes, *, tenant: UUID | str, mailbox: UUID | str, field: str) -> Sealed:
        """Encrypt for one field of one row; `mailbox` is empty for a secret of the whole tenant."""
        nonce = os.urandom(_NONCE_BYTES)
        bound_to = _bound_to(tenant, mailbox, field, self._current)
        ciphertext = self._ciphers[self._current].encrypt(nonce, plaintext, bound_to)
        kid = self._current.encode()
        return Sealed(bytes((_FORMAT, len(kid))) + kid + nonce + ciphertext)

    def open(self, sealed: Sealed, *, tenant: UUID | str, mailbox: UUID | str, field: str) -> bytes:
        """Decrypt what was sealed for exactly this field of this row. Raises CannotOpen."""
        kid, nonce, ciphertext = _parts(sealed)
        cipher = self._ciphers.get(kid)
        if cipher is None:
            raise CannotOpen(
                f"A secret was sealed with the key {kid!r}, which is not among the keys that we were given."
            )
        try:
            return cipher.decrypt(nonce, ciphertext, _bound_to(tenant, mailbox, field, kid))
        except InvalidTag:
            raise CannotOpen(f"The stored {field} was not sealed for this row, or it was changed since.") from None

    def needs_rotation(self, sealed: Sealed) -> bool:
        """Whether another key than the current one sealed it."""
        return _parts(sealed)[0] != self._current

    def reseal(self, sealed: Sealed, *, tenant: UUID | str, mailbox: UUID | str, field: str) -> Sealed:
        """The same secret under the current key and a new nonce."""
        opened = self.open(sealed, tenant=tenant, mailbox=mailbox, field=field)
        return self.seal(opened, tenant=tenant, mailbox=mailbox, field=field)


def _bound_to(*parts: UUID | str) -> bytes:
    """Each part with its length before it, so that no two rows give the same bytes."""
    encoded = [str(part).encode() for part in parts]
    return b"".join(len(part).to_bytes(4, "big") + part for part in encoded)


def _parts(sealed: Sealed) -> tuple[str, bytes, bytes]:
    value = sealed.value
    start = 2 + (value[1] if len(value) > 1 else 0)
    if len(value) < start + _NONCE_BYTES + _TAG_BYTES or value[0] != _FORMAT:
        raise CannotOpen("What is stored there is no sealed secret of ours.")
    kid = value[2:start].decode("ascii", errors="replace")
    return kid, value[start : start + _NONCE_BYTES], value[start + _NONCE_BYTES :]
