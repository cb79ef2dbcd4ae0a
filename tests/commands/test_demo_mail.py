"""Mail of the system in the demo: what its program printed comes onto the console, once."""

from commands.demo_mail import NAME, Mails, with_mail
from settings import Settings


def test_new_mail_is_said_once_and_what_an_earlier_demo_left_is_not(tmp_path):
    file, said = tmp_path / f"{NAME}.log", []
    file.write_text("of yesterday\n")
    look = Mails(tmp_path, said.append)
    look()
    assert said == []
    with file.open("a") as log:
        log.write("A mail to anna@x.example: a link\n")
    look()
    look()
    assert said == ["A mail to anna@x.example: a link"]


def test_before_the_program_has_printed_anything_there_is_nothing_to_say(tmp_path):
    said = []
    Mails(tmp_path, said.append)()
    assert said == []


def test_the_settings_name_the_sandbox_and_need_no_more():
    assert with_mail(Settings(), 8055).mail_security == "none"
