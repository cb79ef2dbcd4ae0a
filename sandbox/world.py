"""Hold everything the sandbox knows, behind one lock."""

import random
import threading
from collections.abc import Callable

from sandbox.accounts import Account
from sandbox.call_log import CallLog
from sandbox.faults import Faults
from sandbox.gmail_records import MailIds
from sandbox.gmail_store import Mailbox
from sandbox.post_office import PostOffice
from sandbox.quota import Quota
from sandbox.settings import Settings

# Above 2**63, so that a client which keeps historyId in a signed column is found out.
HISTORY_START = 2**63


class World:
    """Accounts, mailboxes and habits. `lock` is held, shortly, around everything that reads or changes a mailbox."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.clock = clock
        self.lock = threading.RLock()
        self.settings = Settings()
        self.faults = Faults()
        self.log = CallLog()
        self.quota = Quota()
        self.accounts: dict[str, Account] = {}
        self.mailboxes: dict[str, Mailbox] = {}
        self.ids = MailIds(clock)
        self.post = PostOffice(self.mailboxes, self.settings, clock)
        self.dirty: set[tuple[str, str]] | None = None  # rows to be saved; None = nothing is ever saved

    def changed(self, kind: str, key: str) -> None:
        if self.dirty is not None:
            self.dirty.add((kind, key))

    def add_account(self, account: Account) -> Account:
        """Open an account with an empty mailbox; one that exists only changes its name and role."""
        with self.lock:
            self.accounts[account.email] = account
            if account.email not in self.mailboxes:
                start = HISTORY_START + random.getrandbits(40)
                self.mailboxes[account.email] = Mailbox(account.email, self.ids, self.clock, self.changed, start)
            self.changed("mailbox", account.email)
        return account

    def everything_changed(self) -> None:
        """Every row is to be saved anew, or deleted when it is gone by then."""
        for email, mailbox in self.mailboxes.items():
            self.changed("mailbox", email)
            for mail_id in mailbox.messages:
                self.changed("mail", f"{email}/{mail_id}")
            for record in mailbox.history:
                self.changed("history", f"{email}/{record.id}")

    def clear(self) -> None:
        """Forget accounts, mail, faults, calls and settings."""
        with self.lock:
            self.everything_changed()
            self.accounts.clear()
            self.mailboxes.clear()
            self.forget_traffic()
            self.settings.reset()

    def forget_traffic(self) -> None:
        """Forget faults, the recorded calls and the units counted, and keep the mail."""
        self.faults.clear()
        self.log.clear()
        self.quota = Quota()
