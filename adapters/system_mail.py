"""Mail of the system itself to its members, by SMTP: not a word of a customer's mail ever goes this way."""

import smtplib
import ssl
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from typing import Literal

from domain.errors import TryAgain

TIMEOUT_S = 10


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where mail is handed over. `security` says how the connection is encrypted; `none` is for this machine alone."""

    host: str
    port: int
    sender: str
    security: Literal["starttls", "tls", "none"] = "starttls"
    username: str = ""
    password: str = field(default="", repr=False)


class SmtpMail:
    """Hands one mail to the server, once. What happens to it after that is the server's."""

    def __init__(self, server: MailServer) -> None:
        self._server = server

    def send(self, to: str, subject: str, text: str) -> None:
        """Raises TryAgain where the server is away or refuses it; the caller asks a person to try again."""
        mail = EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = self._server.sender, to, subject
        mail["Date"], mail["Message-ID"] = formatdate(), make_msgid(domain="mailwright.invalid")
        mail["Auto-Submitted"] = "auto-generated"
        mail.set_content(text)
        try:
            with self._connected() as connection:
                if self._server.username:
                    connection.login(self._server.username, self._server.password)
                connection.send_message(mail)
        except (OSError, smtplib.SMTPException) as error:
            # Its words may hold the address: the kind says enough.
            raise TryAgain(f"The mail server did not take the mail ({type(error).__name__}).") from error

    def _connected(self) -> smtplib.SMTP:
        server = self._server
        if server.security == "tls":
            context = ssl.create_default_context()
            return smtplib.SMTP_SSL(server.host, server.port, timeout=TIMEOUT_S, context=context)
        connection = smtplib.SMTP(server.host, server.port, timeout=TIMEOUT_S)
        if server.security == "starttls":
            connection.starttls(context=ssl.create_default_context())
        return connection
