"""Write the mails that tests send and receive."""

from email.message import EmailMessage
from email.policy import SMTP


def letter(sender: str, to: str, subject: str, text: str, *, message_id: str = "", answers: str = "") -> bytes:
    """A plain mail; `answers` is the Message-ID that it replies to."""
    mail = EmailMessage(policy=SMTP)
    mail["From"], mail["To"], mail["Subject"] = sender, to, subject
    if message_id:
        mail["Message-ID"] = message_id
    if answers:
        mail["In-Reply-To"] = mail["References"] = answers
    mail.set_content(text, cte="base64")
    return bytes(mail)
