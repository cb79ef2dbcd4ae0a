"""What a mail has to do with suppliers, on its page: what it answers, by whom that was asked, and a person's word."""

from uuid import UUID, uuid4

import pytest

from domain.category import Category
from domain.supplier import Purpose, Supplier
from domain.supplier_request import Channel, FoundBy, ToAsk
from domain.understanding import Understanding
from storage import supplier_links, supplier_requests, suppliers
from storage.supplier_requests import Anchor
from tests.web.conftest import seen

PURCHASE = "D400000001"
READ = Understanding("It left today.", "en", Category.SUPPLIER, confidence=0.9, purchase_orders=(PURCHASE,))


@pytest.fixture
def asked(filler):
    """Acme was asked for a customer, and their mail is here; returns both mails and the request."""
    mailbox = filler.mailbox()
    customer, theirs = filler.held(mailbox), filler.held(mailbox, understanding=READ, draft="")
    with filler.database.transaction(filler.tenant) as db:
        acme = suppliers.save(db, filler.tenant, Supplier("Acme", ("acme.example",)), actor="test")
        wish = ToAsk(acme, PURCHASE, Purpose.TRACKING, "desk@acme.example", "A question", "Where is it?", "LO-1")
        where = Anchor(mailbox, customer.message, customer.conversation)
        request = supplier_requests.ask(db, filler.tenant, wish, where, channel=Channel.GMAIL, member=filler.member)
        db.exec_driver_sql("UPDATE supplier_request SET first_asked_at = now() - interval '2 days', asked_at = now()")
    return customer, theirs, request


def link(filler, theirs, request: UUID) -> None:
    with filler.database.transaction(filler.tenant) as db:
        supplier_requests.link(db, filler.tenant, theirs.message, request, FoundBy.PURCHASE_ORDER, answers=True)
        at = db.exec_driver_sql("SELECT now()").scalar()
        supplier_requests.heard(db, filler.tenant, request, theirs.message, at=at)


def answered(filler, request: UUID) -> bool:
    [row] = filler.rows("SELECT answered_at FROM supplier_request WHERE id = :id", id=request)
    return row.answered_at is not None


def test_the_page_says_what_the_mail_is_about_and_the_customers_page_where_the_answer_is(browser, filler, asked):
    customer, theirs, request = asked
    link(filler, theirs, request)
    page = browser.page(f"/conversations/{theirs.conversation}")
    assert f"About: purchase order {PURCHASE} of Acme , asked 2 d ago by" in seen(page)
    assert "order LO-1" in seen(page)
    assert "The mail names the number." in seen(page)
    assert f"/conversations/{customer.conversation}" in page
    behind = browser.page(f"/conversations/{customer.conversation}")
    assert f"Acme on {PURCHASE} : they wrote" in seen(behind)
    assert f"/conversations/{theirs.conversation}" in behind


def test_before_there_is_an_answer_the_customers_page_says_that_too(browser, asked):
    page = seen(browser.page(f"/conversations/{asked[0].conversation}"))
    assert page.count(f"Acme on {PURCHASE}") == 1
    assert "This mail answers" not in page


def test_a_person_links_a_mail_by_hand_and_takes_it_back(browser, filler, asked):
    _, theirs, request = asked
    assert f'<option value="{request}">' in browser.page(f"/conversations/{theirs.conversation}")
    page = seen(browser.press(f"/messages/{theirs.message}/answers", {"request": str(request)}))
    assert "Noted: nobody is reminded of it any more." in page
    assert "A person said so." in page
    assert answered(filler, request)
    page = seen(browser.press(f"/messages/{theirs.message}/no-answer", {"request": str(request)}))
    assert "Taken back: an answer is waited for again." in page
    assert not answered(filler, request)
    assert "already" in seen(browser.press(f"/messages/{theirs.message}/no-answer", {"request": str(request)}))


@pytest.mark.parametrize("wrong", ["", "no id", "nobodys"])
def test_a_request_that_is_none_is_not_linked(browser, filler, asked, wrong):
    _, theirs, request = asked
    wish = {"request": str(uuid4()) if wrong == "nobodys" else wrong}
    assert "Choose a purchase order." in seen(browser.press(f"/messages/{theirs.message}/answers", wish))
    assert not answered(filler, request)


def test_another_tenants_request_is_not_linked(browser, filler, rival, asked):
    *_, request = asked
    own = rival.held(rival.mailbox("desk@rival.example"))
    with rival.database.transaction(rival.tenant) as db:
        assert not supplier_links.by_person(db, rival.tenant, own.message, request, member=rival.member)
    assert not answered(filler, request)


def test_a_reader_sees_the_link_and_no_form(join, filler, asked):
    _, theirs, request = asked
    link(filler, theirs, request)
    viewer = join("viewer")
    page = viewer.page(f"/conversations/{theirs.conversation}")
    assert f"About: purchase order {PURCHASE}" in seen(page)
    assert "no-answer" not in page
    assert viewer.post(f"/messages/{theirs.message}/answers", {"request": str(request)}).status_code in {302, 403}


def test_what_left_before_a_decision_was_superseded_still_stands_in_the_thread(browser, filler):
    sent = filler.released(filler.mailbox())
    filler.rows("UPDATE decision SET is_current = false WHERE id = :id RETURNING 1", id=sent.decision)
    assert "Within 30 days." in seen(browser.page(f"/conversations/{sent.conversation}"))
