"""Have a tenant's own shop carry something out: one signed POST, and a signed GET that asks what became of it.

The signature is that of the Standard Webhooks specification 1.0 (webhook-id, webhook-timestamp, webhook-signature):
v1,base64(HMAC-SHA256(secret, id.timestamp.body)). The id is the key of the act, and the body the same bytes for the
same key for ever, so that the shop can tell a repetition. Anything but a proof, either way, is unclear.
"""

import base64
import binascii
import hashlib
import hmac
import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from adapters.pinned_http import Document, Limits, NotAsked, PinnedHttp, checked_url
from domain.delivery import ShopDone, ShopTask
from domain.errors import BadInput, MailwrightError, NeedsPerson, NotDone, TryAgain, Unclear

FIELD = "shop_webhook"
LIMITS = Limits(connect_s=5.0, read_s=20.0, total_s=20.0, document_bytes=64 * 1024)
# With these a shop may refuse, by its own word in the body: what stands between us and it says 404, too.
REFUSALS = frozenset({400, 402, 404, 409, 410, 422})
_PREFIX, _NEW_BYTES = "whsec_", 32
_LEAST_BYTES, _MOST_BYTES = 24, 64
_LONGEST_WAIT = timedelta(hours=1)


def new_secret() -> str:
    """A fresh secret, in the form in which the specification hands it to the shop."""
    return _PREFIX + base64.b64encode(secrets.token_bytes(_NEW_BYTES)).decode()


def key_of(secret: str) -> bytes:
    """The bytes that sign. Raises BadInput with a sentence that never shows them."""
    try:
        key = base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not secret.startswith(_PREFIX) or not _LEAST_BYTES <= len(key) <= _MOST_BYTES:
        raise BadInput("secret", f"It must be {_PREFIX} and then 24 to 64 random bytes in base64.")
    return key


def signature(key: bytes, webhook_id: str, timestamp: int, body: bytes) -> str:
    """What stands in webhook-signature. `timestamp` in seconds since 1970."""
    mac = hmac.new(key, f"{webhook_id}.{timestamp}.".encode() + body, hashlib.sha256)
    return f"v1,{base64.b64encode(mac.digest()).decode()}"


def shop_address(url: str, *, private_allowed: bool = False) -> str:
    """The webhook's address in the form in which it is kept. Raises BadInput, which says what is wrong with it."""
    plain = url.strip().rstrip("/")
    checked_url(plain, private_allowed=private_allowed, names=FIELD)
    return plain


def way_to_shops(*, private_allowed: bool) -> PinnedHttp:
    return PinnedHttp(private_allowed, LIMITS, what="The shop", names=FIELD)


@dataclass(frozen=True, slots=True)
class ShopWebhook:
    """The port `Shop` over one tenant's webhook. `open_secret` opens it each time anew: it is kept nowhere."""

    http: PinnedHttp
    url: str
    open_secret: Callable[[], str] = field(repr=False)
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)

    def carry_out(self, task: ShopTask) -> ShopDone:
        body = body_of(task)
        headers = {**self._signed(task.key, body), "Content-Type": "application/json", "Idempotency-Key": str(task.key)}
        try:
            document = self.http.post(self.url, headers, body)
        except NotAsked:
            raise
        except BadInput as error:
            raise NeedsPerson(f"The shop's address may not be asked: {error.reason}") from error
        except MailwrightError as error:
            raise Unclear(str(error)) from error
        said = _said(document, task.key)
        if document.status == 401 or (document.status == 403 and said is not None):
            raise NotDone("The shop did not accept our signature.")
        if document.status in REFUSALS and said is not None and said.get("state") == "refused":
            reason = _line(said.get("reason"))
            raise NotDone(reason or f"The shop refused with {document.status}.").quoting(reason)
        if 200 <= document.status < 300 and said is not None and said.get("state") == "done":
            return ShopDone(_line(said.get("reference"), 100))
        raise Unclear(f"The shop answered {document.status} without saying what became of it.")

    def look(self, key: UUID) -> ShopDone | None:
        """As the port says. Unclear: the shop answered, and does not know yet. NeedsPerson: it will not tell us."""
        try:
            document = self.http.look(f"{self.url}/{key}", self._signed(key, b""))
        except BadInput as error:
            raise NeedsPerson(f"The shop's address may not be asked: {error.reason}") from error
        said = _said(document, key)
        state = said.get("state") if said is not None else None
        if document.status in {200, 404} and said is not None and state == "refused":
            reason = _line(said.get("reason"))
            raise NotDone(reason or "The shop refused it.").quoting(reason)
        if document.status == 404:
            return None
        if document.status == 200 and said is not None and state == "done":
            return ShopDone(_line(said.get("reference"), 100))
        raise _no_answer(document)

    def _signed(self, key: UUID, body: bytes) -> dict[str, str]:
        at = int(self.clock().timestamp())
        secret = key_of(self.open_secret())
        return {
            "Accept": "application/json",
            "webhook-id": str(key),
            "webhook-timestamp": str(at),
            "webhook-signature": signature(secret, str(key), at, body),
        }


def body_of(task: ShopTask) -> bytes:
    """The same bytes for the same key for ever: what changes here changes for acts that are under way, too."""
    known = {
        "id": str(task.key),
        "type": task.action.value,
        "order_number": task.order_number,
        "amount_minor": task.amount.minor if task.amount else None,
        "currency": task.amount.currency if task.amount else None,
        "items": [{"sku": item.sku, "quantity": item.quantity} for item in task.items],
        "reason": task.reason,
        "created_at": task.created_at.astimezone(UTC).isoformat() if task.created_at else None,
    }
    return json.dumps(known, ensure_ascii=True, separators=(",", ":")).encode()


def _said(document: Document, key: UUID) -> Mapping[str, Any] | None:
    """What the shop says of this key; None where that is no answer of the kind that was agreed, or of another key."""
    try:
        found = json.loads(document.body)
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, dict) or not isinstance(found.get("state"), str):
        return None
    return found if found.get("id", str(key)) == str(key) else None


def _no_answer(document: Document) -> MailwrightError:
    status = document.status
    if status == 429 or status >= 500:
        wait = document.headers.get("retry-after", "")
        after = timedelta(seconds=int(wait)) if wait.isascii() and wait.isdigit() and len(wait) < 6 else timedelta()
        return TryAgain(f"The shop answers {status}.", min(max(after, timedelta(seconds=5)), _LONGEST_WAIT))
    if status in {200, 202}:
        return Unclear("The shop does not say what became of it.")
    if status in {401, 403}:
        return NeedsPerson("The shop did not accept our signature.")
    return NeedsPerson(f"The shop answers {status} when it is asked what became of it.")


def _line(value: object, longest: int = 300) -> str:
    """One line of a stranger's text, without what nobody sees."""
    if not isinstance(value, str):
        return ""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in value[: 4 * longest]).split())[:longest]
