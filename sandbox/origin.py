"""The sandbox Google without its sockets: what a test or a page may ask of it and do to it."""

import base64
import hashlib
import secrets
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from sandbox.accounts import Account, new_account
from sandbox.arrivals import Arrivals
from sandbox.call_log import Call
from sandbox.faults import Fault
from sandbox.gmail_drafts import discard
from sandbox.gmail_records import Mail
from sandbox.gmail_store import Mailbox
from sandbox.google_oauth import Grants
from sandbox.new_mail import compose, from_json
from sandbox.oauth_records import MODIFY, Client
from sandbox.seed import SECONDS_PER_MINUTE, read_seed, seed_bytes
from sandbox.world import World

DEMO_CLIENT = Client("sandbox-client.apps.googleusercontent.com", "sandbox-client-key")


class Google:
    """Accounts, mail, consent, faults and the record of calls. Safe to use from any thread while it serves."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self.world = World(clock)
        self.grants = Grants(self.world.settings, clock, self.world.changed)
        self.grants.clients[DEMO_CLIENT.id] = DEMO_CLIENT
        self.base_url = ""
        self.stopping = threading.Event()
        self.arrivals = Arrivals(self.world)
        self._sample = 0

    @property
    def settings(self) -> Any:
        return self.world.settings

    # -- accounts and consent

    def account(self, email: str, name: str = "", role: str = "customer") -> Account:
        """Open an account; raises ValueError for an address that is none."""
        return self.world.add_account(new_account(email, name, role))

    def client(self, client_id: str, client_secret: str, redirect_uris: Iterable[str] = ()) -> Client:
        """Register a program that may ask for consent."""
        client = Client(client_id, client_secret, tuple(redirect_uris))
        with self.world.lock:
            self.grants.clients[client_id] = client
        return client

    def authorize(
        self, email: str, scopes: Iterable[str] = ("openid", "email", MODIFY), client: Client = DEMO_CLIENT
    ) -> dict[str, Any]:
        """A consent without a browser; returns the token answer: `access_token`, `refresh_token`, `expires_in`, ..."""
        verifier = secrets.token_urlsafe(48)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        with self.world.lock:
            code = self.grants.consent(
                self.world.accounts[email], client, "http://127.0.0.1:1/", scopes, nonce="", challenge=challenge,
                offline=True, prompt="consent", include_granted=False,
            )  # fmt: skip
            issued = self.grants.exchange(client, code, "http://127.0.0.1:1/", verifier)
        self.arrivals.mailbox_connected(email)
        return issued.as_json()

    def revoke(self, email: str, client_id: str = "") -> int:
        """The user withdraws consent (from every client unless one is named); returns how many grants ended."""
        with self.world.lock:
            return self.grants.end(email, client_id)

    def expire_access_tokens(self, email: str = "") -> int:
        with self.world.lock:
            return self.grants.expire_access(email)

    # -- mail

    def mailbox(self, email: str) -> Mailbox:
        """Read it under `world.lock` while the sandbox serves; raises KeyError."""
        return self.world.mailboxes[email]

    def deliver(self, to: str, sender: str, subject: str, text: str, **more: Any) -> Mail:
        """A mail arrives. `more`: from_name, html, headers, attachments, message_id, references,
        auth, at (epoch s), spam.

        Raises ValueError for what cannot be written, GmailError 404 for a mailbox that is not here.
        """
        at = more.pop("at", None)
        auth, spam = more.pop("auth", "pass"), more.pop("spam", False)
        references = tuple(more.pop("references", ()))
        now = self.world.clock() if at is None else at
        raw = compose(from_json({"to": to, "from": sender, "subject": subject, "text": text, **more}, now, references))
        return self.deliver_raw(to, raw, auth=auth, at=at, spam=spam)

    def deliver_raw(
        self, to: str, raw: bytes, *, auth: str = "as_is", at: float | None = None, spam: bool = False
    ) -> Mail:
        """The bytes of a mail land in a mailbox; with auth "as_is" not one byte is added."""
        with self.world.lock:
            return self.world.post.receive(to.strip().lower(), raw, auth=auth, at=at, spam=spam)

    def deliver_some(self, to: str, count: int) -> None:
        """Plain mails, numbered, from one customer: what arrives "meanwhile"."""
        for _ in range(count):
            self._sample += 1
            subject = f"Sample {self._sample}"
            self.deliver(to, "sample@customer.example", subject, f"This is mail number {self._sample}.")

    def send_as(self, email: str, raw: bytes, thread_id: str = "") -> Mail:
        """A person sends from the web page of the account."""
        with self.world.lock:
            return self.world.post.send(self.world.mailboxes[email], raw, thread_id)

    def delete_message(self, email: str, message_id: str) -> None:
        with self.world.lock:
            self.world.mailboxes[email].remove(message_id)

    def delete_draft(self, email: str, draft_id: str) -> None:
        with self.world.lock:
            discard(self.world.mailboxes[email], draft_id)

    def expire_history(self, email: str) -> int:
        """Every history id of this mailbox given out so far becomes too old; returns the floor."""
        with self.world.lock:
            return self.world.mailboxes[email].expire_history()

    # -- faults and the record

    def fault(self, route: str, fault: str, **more: Any) -> None:
        """Order a fault; `more` as in `Fault`. Raises ValueError or TypeError for an unknown kind or field."""
        self.world.faults.add(Fault(route, fault, **more))

    def calls(self, route: str = "", user: str = "", since: int = 0) -> list[Call]:
        return self.world.log.calls(route=route, user=user, since=since)

    def quota(self) -> dict[str, dict[str, object]]:
        with self.world.lock:
            return self.world.quota.totals(self.world.clock())

    def pause(self, seconds: float) -> None:
        """Wait, but not longer than until the sandbox stops."""
        self.stopping.wait(seconds)

    # -- beginnings and ends

    def load_seed(self, folder: Path) -> int:
        """Accounts and mails of a seed folder; mails that an earlier run has laid in already are passed over.

        Returns how many mails lie in the mailboxes now because of it; the others wait for a mailbox to be connected.
        """
        seed = read_seed(folder)
        for account in seed.accounts:
            if account.email not in self.world.accounts:
                self.world.add_account(account)
        now = self.world.clock()
        laid = 0
        for mail in seed.mails:
            if mail.name in self.arrivals.arrived:
                continue
            if mail.to not in self.world.mailboxes:
                raise ValueError(f"{mail.name}: there is no account {mail.to}")
            if mail.minutes_ago is None:
                self.arrivals.hold(mail)
                continue
            at = now - mail.minutes_ago * SECONDS_PER_MINUTE
            self.deliver_raw(mail.to, seed_bytes(mail, at), auth=mail.auth, at=at)
            self.arrivals.note(mail.name)
            laid += 1
        return laid

    def reset(self) -> None:
        """Forget everything but the registered clients."""
        with self.world.lock:
            self.arrivals.clear()
            self.grants.clear()
            self.world.clear()
