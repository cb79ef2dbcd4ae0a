"""Mail of the system: what the server gets, and what is said when it does not take it."""

from queue import Queue

import pytest

from adapters.system_mail import MailServer, SmtpMail
from domain.errors import TryAgain
from sandbox.smtp import running_smtp


def to(port: int) -> SmtpMail:
    return SmtpMail(MailServer("127.0.0.1", port, "desk@x.example", "none"))


def test_a_mail_arrives_as_it_was_meant():
    mails: Queue = Queue()
    with running_smtp(mails.put) as port:
        to(port).send("anna@x.example", "Grüße", "A line.\n.\n.. and dots.\n")
    mail = mails.get(timeout=60)
    assert (mail["To"], mail["From"], mail["Subject"]) == ("anna@x.example", "desk@x.example", "Grüße")
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail.get_content() == "A line.\n.\n.. and dots.\n"


def test_a_header_cannot_be_broken_by_an_address():
    with running_smtp(print) as port, pytest.raises(ValueError, match="linefeed"):
        to(port).send("anna@x.example\nBcc: eve@x.example", "x", "x")


def test_a_server_that_refuses_or_is_away_is_tried_again_and_no_address_is_told():
    with running_smtp(print, accepts=False) as port, pytest.raises(TryAgain) as refused:
        to(port).send("anna@x.example", "x", "x")
    with pytest.raises(TryAgain) as away:
        to(port).send("anna@x.example", "x", "x")
    assert "anna" not in str(refused.value) + str(away.value)


def test_a_password_shows_in_no_repr():
    assert "secret" not in repr(MailServer("x", 1, "a@b.example", username="me", password="secret"))
