"""What every room stands on: settings, databases, the vault, and the child process that reads hostile bytes."""

import threading
from functools import cached_property

from adapters.mime.jail import Jail
from adapters.system_mail import MailServer, SmtpMail
from adapters.vault import KeyRing, Vault
from settings import Settings
from storage.database import Database


class Core:
    """Parts are made when they are first asked for, so that web loads no model."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.stopping = threading.Event()
        """Set when the program was asked to stop: whoever works in a loop looks at it between two rows."""

    @cached_property
    def database(self) -> Database:
        return Database(self.settings.database_url)

    @cached_property
    def listener_database(self) -> Database:
        """Under the narrow role that sees which tenant has something due."""
        return Database(self.settings.database_listener_url, pool_size=1)

    @cached_property
    def vault(self) -> Vault:
        return Vault(KeyRing.parse(self.settings.key_ring))

    @cached_property
    def system_mail(self) -> SmtpMail | None:
        """Mail to our own members, where the settings name a server; None where they do not."""
        one = self.settings
        if not one.mail_host:
            return None
        server = MailServer(
            one.mail_host, one.mail_port, one.mail_from, one.mail_security, one.mail_username, one.mail_password
        )
        return SmtpMail(server)

    @cached_property
    def jail(self) -> Jail:
        """The child process in which hostile mail is read."""
        return Jail()

    def close(self) -> None:
        for name in ("database", "listener_database", "jail"):
            if name in self.__dict__:
                getattr(self, name).close()
