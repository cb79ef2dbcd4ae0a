"""Whatever stands in a mail, what leaves in answer to it has our headers, each once, and one recipient."""

import email
import email.policy
import json
from collections import Counter
from datetime import UTC, datetime
from email.message import EmailMessage
from queue import Queue

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.mime.build import build_notice, build_reply
from adapters.mime.parse import parse
from adapters.system_mail import MailServer, SmtpMail
from adapters.ticketing import Connection, Ticketing
from domain.errors import BadInput, Unreadable
from domain.message import Address
from domain.ticket import File, NewTicket, TicketText, TicketType
from sandbox.smtp import running_smtp
from sandbox.ticketing import TicketingSystem, serve
from tests.hostile.making import NAMES, examples, mails
from tests.support.pipeline import CUSTOMER, SHOP, Shop, connect_mailbox, running_google, services_over

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
US, THEM = Address("help@shop.example", "Müllers Lädchen"), Address(CUSTOMER, "Anna")
ALWAYS = {"from", "to", "subject", "date", "x-mailwright-reference", "auto-submitted", "x-auto-response-suppress"}
ALWAYS |= {"content-type", "content-transfer-encoding", "mime-version", "message-id"}
PERHAPS = {"in-reply-to", "references"}
# How a line may end for somebody, if not for us.
ENDS = ("\r\n", "\n", "\r", "\x00", "\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\u2029", "\r\n\r\n", "=0D=0A", "%0d%0a")
MORE = [f"Hello{end}Bcc: eve@evil.example{end}X-Evil: yes" for end in ENDS]
# Written into the headers of a mail that comes in.
ATTACKS = (
    *MORE, "=?utf-8?q?Hello=0D=0ABcc:_eve@evil.example?=", "=?utf-8?b?SGVsbG8NCkJjYzogZXZlQGV2aWwuZXhhbXBsZQ==?=",
    "x" * 5000, "=?utf-8?q?" + "=E2=80=A8Bcc:_eve@evil.example" * 3 + "?=", "é" * 998 + "\r\n .\r\n", "\ud800",
)  # fmt: skip


def headers_of(raw: bytes) -> Counter[str]:
    """As they stand in the bytes: each line of the head that is no continuation."""
    head = raw.partition(b"\r\n\r\n")[0]
    assert b"\r" not in head.replace(b"\r\n", b""), "a bare CR ends a line for some"
    assert b"\n" not in head.replace(b"\r\n", b""), "a bare LF ends a line for some"
    assert raw.isascii()
    lines = [line for line in head.split(b"\r\n") if not line.startswith((b" ", b"\t"))]
    return Counter(line.partition(b":")[0].decode("ascii").lower() for line in lines)


def is_ours(raw: bytes, recipient: str) -> bool:
    found = headers_of(raw)
    assert set(found) - PERHAPS == ALWAYS, found
    assert set(found.values()) == {1}
    mail = email.message_from_bytes(raw, policy=email.policy.default)
    assert [one.addr_spec for one in mail["To"].addresses] == [recipient]
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    return True


def reply_to(message, to=THEM, subject=None):
    return build_reply(
        sender=US, to=to, subject=message.subject if subject is None else subject, text="It is on its way.",
        in_reply_to=message.rfc_message_id, references=message.references, reference_token="K7F3Q2", automatic=True,
        date=NOW, message_id_domain="shop.example",
    )  # fmt: skip


@examples(50)
@given(mails())
def test_the_answer_to_any_mail_has_our_headers_alone(raw):
    try:
        message = parse(raw)
    except Unreadable:
        return
    to = message.sender or THEM
    assert is_ours(reply_to(message, to), to.address)


@pytest.mark.parametrize("attack", ATTACKS, ids=range(len(ATTACKS)))
def test_no_line_end_of_any_kind_in_any_header_begins_one_of_ours(attack):
    written = attack.encode("utf-8", "surrogatepass")
    heads = b"Subject: %b\nFrom: %b <anna@customer.example>\nMessage-ID: <%b@x>\nReferences: <a@b> %b <c@d>\n"
    message = parse(heads % ((written,) * 4) + b"\nWhere is it?")
    assert is_ours(reply_to(message), CUSTOMER)


@examples(100)
@given(
    subject=st.one_of(st.text(max_size=60), st.sampled_from(MORE)),
    name=st.one_of(st.text(max_size=30), st.sampled_from(MORE)),
)
def test_what_a_person_or_a_merchant_writes_into_a_header_is_one_line_or_refused(subject, name):
    try:
        raw = build_notice(
            sender=Address(US.address, name), to=THEM, subject=subject, text="x", reference_token="K7F3Q2", date=NOW
        )
    except BadInput:
        return
    assert set(headers_of(raw)) == ALWAYS - {"message-id"}
    assert set(headers_of(raw).values()) == {1}


@pytest.mark.parametrize(
    "address", ["a@b.example\r\nBcc: eve@evil.example", "a@b.example, eve@evil.example", "a", "a@b\n"]
)
def test_nobody_is_written_to_whose_address_is_more_than_one(address):
    with pytest.raises(BadInput):
        reply_to(parse(b"Subject: x\n\nx"), Address(address))


def test_an_answer_that_leaves_by_gmail_carries_nothing_of_a_hostile_head(settings, workspace):
    subject = "=?utf-8?q?Parcel=0D=0ABcc:_eve@evil.example=E2=80=A8X-Evil:_yes?="
    with running_google(SHOP, CUSTOMER, "eve@evil.example") as google, services_over(settings, google) as services:
        shop = Shop(google, services, workspace, connect_mailbox(google, services, workspace))
        shop.settle()
        google.deliver_raw(
            SHOP,
            f"From: =?utf-8?q?Anna=0D=0ABcc:_eve=40evil.example?= <{CUSTOMER}>\r\nTo: {SHOP}\r\nSubject: {subject}\r\n"
            "Message-ID: <a@customer.example>\r\nReferences: <x@y>\r\n <eve@evil.example>\rBcc: eve@evil.example\r\n"
            "Reply-To: eve@evil.example\r\n\r\nquestion: where is my parcel?\r\n".encode(),
            auth="pass",
        )
        shop.sync_and_settle()
        (answer,) = shop.received()
        assert shop.received("eve@evil.example") == []
        found = headers_of(answer.letter.raw.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"))
        assert not {"bcc", "cc", "x-evil", "reply-to"} & set(found)
        assert found["to"] == found["subject"] == found["from"] == 1


@pytest.mark.parametrize("attack", MORE, ids=range(len(MORE)))
def test_mail_of_the_system_is_one_mail_to_one_person_or_none(attack):
    mails: Queue[EmailMessage] = Queue()
    with running_smtp(mails.put) as port:
        post = SmtpMail(MailServer("127.0.0.1", port, "desk@x.example", "none"))
        for to, subject in (("anna@x.example", attack), (attack, "Hello")):
            try:
                post.send(to, subject, "x")
            except ValueError:
                continue
            mail = mails.get(timeout=60)
            assert not {"bcc", "x-evil"} & {name.lower() for name in mail}
            assert mail["To"].count("@") <= 2


def test_a_file_that_goes_onto_a_ticket_is_one_part_under_one_name():
    system = TicketingSystem()
    system.desk.know_order("306-0000001-0000001", customerName="Erika")
    seen: list[bytes] = []
    answered = system.answer

    def overheard(request):
        seen.append(request.body or b"")
        return answered(request)

    system.answer = overheard
    names = [name.encode("utf-8", "replace").decode() for name in (*NAMES, *MORE)]
    files = tuple(File(name, b"content", "text/plain") for name in names)
    new = NewTicket(
        "306-0000001-0000001", TicketType.RETURN, MORE[0], body="Where?", subject=MORE[0], sender=CUSTOMER,
        sent_at=NOW, thread_id="199fbb1c2d3e4f50", files=files,
    )  # fmt: skip
    with serve(system) as url:
        client = Ticketing(Connection(url, "agent", "secret"))
        ticket = client.get(client.create(new))
        client.note(ticket, TicketText(MORE[0], "MW-1"))
        client.close()
    for body in (one for one in seen if b"form-data" in one):
        boundary = body.split(b"\r\n", 1)[0]
        for part in body.split(boundary)[1:-1]:
            head = part.partition(b"\r\n\r\n")[0].strip(b"\r\n").split(b"\r\n")
            assert all(line.startswith((b"Content-Disposition:", b"Content-Type:")) for line in head), head
            assert b"X-Evil" not in b"".join(line for line in head if not line.startswith(b"Content-Disposition"))
    assert any(b"Attachments" in one for one in seen)
    assert json.dumps(system.desk.effects)
