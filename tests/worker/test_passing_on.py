"""A customer's attachments go with the making of the ticket, or with the first note about a later mail."""

from email.message import EmailMessage

import pytest

from domain.bridging import Mode
from domain.decision import WordsFor
from storage import ticket_files, ticket_work, tickets
from storage.codec import message_to_json
from storage.tickets import Words
from tests.support.pipeline import CUSTOMER, SHOP
from tests.support.ticketing import ORDER
from worker import passing_on
from worker.passing_on import LARGEST, MOST_FILES, files_of
from worker.tickets import LEASE

ASKED = f"question: Where is the parcel of {ORDER} ?"


@pytest.fixture
def bridge(unbridged):
    unbridged.connect(Mode.GMAIL_WITH_NOTE)
    return unbridged


def mail(bridge, *files, number=1):
    """A mail about the order with these files, as the stages before would have left it; returns its id."""
    letter = EmailMessage()
    letter["From"], letter["To"], letter["Subject"] = CUSTOMER, SHOP, "A question"
    letter["Message-ID"] = f"<{number}@customer.example>"
    letter.set_content(ASKED)
    for name, content in files:
        letter.add_attachment(content, maintype="image", subtype="png", filename=name)
    raw = letter.as_bytes()
    message = bridge.shop.services.jail.read(raw)
    shop = bridge.shop
    shop.change(
        "INSERT INTO message (tenant_id, id, mailbox_id, gmail_id, thread_id, direction, sender_address, state, parsed)"
        " VALUES (%s, gen_random_uuid(), %s, %s, %s, 'in', %s, 'decided', CAST(%s AS jsonb))",
        shop.tenant, shop.mailbox, f"g{number}", f"{number:x}", CUSTOMER, message_to_json(message),
    )  # fmt: skip
    key = shop.one("SELECT id FROM message WHERE gmail_id = %s", f"g{number}")
    kept = "INSERT INTO raw_mail (tenant_id, message_id, raw, sha256) VALUES (%s, %s, %s, '')"
    shop.change(kept, shop.tenant, key, raw)
    return key


def files(bridge):
    """How many files came with each effect, in their order."""
    return [(one["call"], one["files"]) for one in bridge.desk.effects]


def test_the_files_of_the_mail_that_opens_a_ticket_come_with_its_making_and_not_again_with_its_note(bridge):
    bridge.words(message=mail(bridge, ("lamp.png", b"one"), ("box.png", b"two")))
    bridge.run()
    assert files(bridge) == [("upsert", 2), ("internal", 0)]


def test_the_files_of_a_later_mail_come_with_the_first_note_about_it(bridge):
    bridge.words()
    bridge.run()
    later = mail(bridge, ("lamp.png", b"one"))
    with bridge.shop.services.database.transaction(bridge.shop.tenant) as db:
        for words in ("First.", "Second."):
            tickets.write(db, bridge.shop.tenant, bridge.ticket().id, Words(WordsFor.NOTE, words, message=later))
    bridge.later()
    assert files(bridge) == [("upsert", 0), ("internal", 0), ("internal", 1), ("internal", 0)]


def test_an_empty_file_is_no_part_and_is_told_of(bridge):
    bridge.words(message=mail(bridge, ("empty.png", b""), ("lamp.png", b"one")))
    bridge.run()
    assert files(bridge)[0] == ("upsert", 1)
    assert "One attachment of the mail is not here: see Mailwright." in bridge.desk.effects[0]["text"]


def test_too_many_and_too_large_ones_stay_at_the_desk(bridge, monkeypatch):
    monkeypatch.setattr(passing_on, "MOST_FILES", 2)
    monkeypatch.setattr(passing_on, "LARGEST", 4)
    many = [("a.png", b"123"), ("b.png", b"12345"), ("c.png", b"123"), ("d.png", b"123")]
    bridge.words(message=mail(bridge, *many))
    bridge.run()
    assert files(bridge)[0] == ("upsert", 2)
    assert "2 attachments of the mail are not here: see Mailwright." in bridge.desk.effects[0]["text"]
    assert (MOST_FILES, LARGEST) == (10, 5 * 1024 * 1024)


def test_names_and_types_of_strangers_become_plain(bridge):
    key = mail(bridge, ('..\\..//"x"\u202e.png', b"one"), ("", b"two"))
    bridge.shop.change(
        "UPDATE message SET parsed = jsonb_set(parsed, '{attachments,1,content_type}', '\"text/x\\r\\ny: z\"')"
    )
    bridge.words(message=key)
    with bridge.shop.services.database.transaction(bridge.shop.tenant) as db:
        attached = ticket_files.of_ticket(db, ticket_work.claim(db, bridge.shop.tenant, LEASE))
    found, left = files_of(bridge.shop.services, bridge.shop.tenant, attached)
    assert left == 0
    assert [(one.content, one.content_type) for one in found] == [
        (b"one", "image/png"), (b"two", "application/octet-stream"),
    ]  # fmt: skip
    assert all(not set(one.name) & set('"\\/\r\n\u202e') and one.name.strip(" .") for one in found)
