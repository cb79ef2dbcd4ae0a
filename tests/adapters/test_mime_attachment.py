from email.message import EmailMessage

import pytest

from adapters.mime.attachment import extract
from adapters.mime.parse import parse
from domain.errors import Unreadable


def a_mail_with(*attachments: tuple[str, bytes]) -> bytes:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "anna@customer.example", "help@shop.example", "Photos"
    mail.set_content("See the photos.")
    for name, content in attachments:
        mail.add_attachment(content, maintype="image", subtype="png", filename=name)
    return mail.as_bytes()


PHOTOS = a_mail_with(("one.png", b"\x89PNG one"), ("two.png", b"\x89PNG two"))


def test_the_attachment_handed_out_is_the_one_that_the_message_names():
    for number, named in enumerate(parse(PHOTOS).attachments):
        assert extract(PHOTOS, number) == b"\x89PNG " + named.name.removesuffix(".png").encode()


@pytest.mark.parametrize("before", [b"\r\n", b"\n\n", b"\xef\xbb\xbf"])
def test_what_stands_before_a_mail_moves_no_attachment(before):
    raw = before + PHOTOS
    assert len(parse(raw).attachments) == 2
    assert extract(raw, 0) == b"\x89PNG one"


@pytest.mark.parametrize(("raw", "number"), [(PHOTOS, 2), (PHOTOS, -1), (b"", 0), (b"\x00\xff" * 50, 0)])
def test_what_is_not_there_is_said_so(raw, number):
    with pytest.raises(Unreadable):
        extract(raw, number)
