"""A mail goes in, and what has to come of it comes of it."""

from tests.support.pipeline import CUSTOMER, SHOP


def test_a_question_is_answered_in_its_thread_and_marked_as_automatic(shop):
    shop.settle()
    shop.write("question: when does my parcel come?", "Parcel")
    shop.sync_and_settle()
    (mail,) = shop.received()
    raw = mail.letter.raw.decode()
    assert "Auto-Submitted: auto-replied" in raw
    assert "Parcels take three days." in raw
    assert "Subject: Re: Parcel" in raw
    assert shop.one("SELECT state FROM outbox") == "sent"
    threads = {one.thread_id for one in shop.google.mailbox(SHOP).messages.values()}
    assert len(threads) == 1


def test_what_cannot_be_answered_waits_for_a_person(shop):
    shop.settle()
    shop.write("question: do you sell boats?")
    shop.sync_and_settle()
    assert shop.received() == []
    assert shop.one("SELECT disposition FROM decision") == "hold"


def test_mail_from_before_the_connection_is_kept_and_never_answered(google, settings, workspace):
    from tests.support import pipeline

    google.deliver(SHOP, CUSTOMER, "Parcel", "question: when does my parcel come?", at=google.world.clock() - 3600)
    with pipeline.services_over(settings, google) as services:
        shop = pipeline.Shop(google, services, workspace, pipeline.connect_mailbox(google, services, workspace))
        shop.settle()
        assert shop.one("SELECT disposition FROM decision") == "ignore"
        assert shop.received() == []
