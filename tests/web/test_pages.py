"""Every page, in an empty workspace and in a full one: what a person reads on it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from domain.category import Category
from domain.decision import Decision
from domain.opinion import SecondLook
from domain.understanding import Place, Priority, Reading, Sentiment
from tests.web.conftest import Browser, seen
from tests.web.filling import MESSAGE, UNDERSTANDING, Filler


def test_an_empty_workspace_says_what_to_do_first(browser: Browser) -> None:
    assert "Connect Gmail" in seen(browser.page("/"))
    assert "No conversations yet" in seen(browser.page("/conversations"))
    page = seen(browser.page("/mailboxes/"))
    assert "No mailbox is connected" in page
    assert "We never delete mail" in page


def test_a_row_of_the_queue_says_who_what_why_and_since_when(browser: Browser, filler: Filler) -> None:
    mailbox = filler.mailbox()
    filler.held(mailbox, at=datetime(2026, 11, 20, 8, 30, tzinfo=UTC))
    html = browser.page("/")
    page = seen(html)
    for words in ("Anna Winter", "Sending the lamp back", "How long may I send it back?"):
        assert words in page
    assert "Question: It asks for a person." in page
    assert "▲ today" in page
    assert 'title="2026-11-20 08:30:00 UTC"' in html
    assert "Queue (1)" in page


def test_the_queue_is_sorted_by_importance_then_age(browser: Browser, filler: Filler) -> None:
    mailbox = filler.mailbox()
    for subject, importance in (("first normal", 2), ("second normal", 2), ("urgent", 5)):
        read = replace(UNDERSTANDING, importance=importance)
        filler.held(mailbox, replace(MESSAGE, subject=subject), understanding=read)
    page = browser.page("/")
    assert page.index("urgent") < page.index("first normal") < page.index("second normal")


def test_the_filter_stands_in_the_address_bar(browser: Browser, filler: Filler) -> None:
    mailbox = filler.mailbox()
    filler.held(mailbox)
    refund = replace(UNDERSTANDING, category=Category.REFUND, text="Money back for the 100% wool rug")
    filler.held(mailbox, replace(MESSAGE, subject="Money back", text=refund.text), understanding=refund)
    page = browser.page("/?category=refund")
    assert "Money back" in page
    assert "Sending the lamp back" not in page
    assert "Money back" in browser.page("/?q=100%25+wool")
    assert "Nothing here fits" in browser.page("/?q=_____")
    assert "Sending the lamp back" in browser.page("/?category=nonsense&after=nonsense&q=%00")


def test_pages_follow_each_other_by_key(browser: Browser, filler: Filler) -> None:
    mailbox = filler.mailbox()
    for number in range(51):
        filler.held(mailbox, replace(MESSAGE, subject=f"Subject {number:02}."))
    first = browser.page("/")
    assert "Subject 49." in first
    assert "Subject 50." not in first
    address = first.split('rel="next" href="')[1].split('"')[0].replace("&amp;", "&")
    second = browser.page(address)
    assert "Subject 50." in second
    assert "Subject 49." not in second
    assert "Nothing further down" in browser.page(f"/?after={filler.tenant}")
    listed = browser.page("/conversations")
    address = listed.split('rel="next" href="')[1].split('"')[0]
    assert browser.page(address).count("data-row") == 1


def test_the_empty_queue_says_what_was_handled_and_by_whom(browser: Browser, filler: Filler) -> None:
    mailbox = filler.mailbox()
    filler.released(mailbox)
    filler.decide(filler.store(mailbox, MESSAGE), Decision.ignore("A machine wrote it: a list."), UNDERSTANDING)
    sent, dismissed = filler.held(mailbox), filler.held(mailbox)
    browser.press(f"/decisions/{sent.decision}/send", {"text": "Yes."})
    browser.press(f"/decisions/{dismissed.decision}/dismiss")
    page = seen(browser.page("/"))
    assert "1 mail answered by itself" in page
    assert "Olivia Owner sent 1 reply and dismissed 1" in page
    assert "1 mail that a machine wrote was ignored" in page


def test_a_conversation_shows_thread_draft_and_reasons(browser: Browser, filler: Filler) -> None:
    held = filler.held(filler.mailbox())
    html = browser.page(f"/conversations/{held.conversation}")
    page = seen(html)
    assert "Send to anna @example.org" in page
    assert html.count("btn-primary") == 1
    assert "You can return it within 30 days." in html.split("<textarea")[1].split("</textarea>")[0]
    assert "It is about: Question , 93 % sure." in page
    assert "Passed: Sure enough what it is about" in page
    assert "Failed: The writer does not ask for a person." in page
    assert "en/returns.md" in page
    assert "<blockquote" in html
    assert "Gmail verified the sender’s address." in page
    assert "Order numbers in it: LO-48213" in page
    quoted = html.split("Earlier mail, quoted")[1].split("</details>")[0]
    assert "Your parcel has left." in quoted
    assert "lamp.jpg 205 kB" in page
    for jargon in ("disposition", "embedding", "handler"):
        assert jargon not in page.lower()


def test_a_second_opinion_is_told_in_one_sentence_with_its_cost(browser: Browser, filler: Filler) -> None:
    look = SecondLook("question", 0.61, "sorter-1", "refund", "return", 512, 20, 0.0592, '{"category": "refund"}')
    read = replace(UNDERSTANDING, category=Category.REFUND, decided_by="local models and sorter-1", second_look=look)
    held = filler.held(filler.mailbox(), understanding=read)
    page = seen(browser.page(f"/conversations/{held.conversation}"))
    assert (
        "A language model ( sorter-1 ) was asked too, since we were only 61 % sure of Question : it said Refund ,"
        " which cost 0.0592 US cents."
    ) in page
    assert "local models and sorter-1" in page


def test_a_second_opinion_without_a_price_or_without_an_answer_says_so(browser: Browser, filler: Filler) -> None:
    mailbox = filler.mailbox()
    unpriced = SecondLook("question", 0.61, "sorter-1", "refund", "return", 512, 20, None, "{}")
    silent = SecondLook("question", 0.61, "sorter-1", reason="today's budget for it is used up")
    held = [filler.held(mailbox, understanding=replace(UNDERSTANDING, second_look=look)) for look in (unpriced, silent)]
    pages = [seen(browser.page(f"/conversations/{one.conversation}")) for one in held]
    assert "it said Refund ; what that cost is not known." in pages[0]
    assert "no language model could help: today's budget for it is used up." in pages[1]


def test_every_state_of_a_reply_explains_itself(browser: Browser, filler: Filler) -> None:
    mailbox = filler.mailbox()
    told = {
        "pending": "leaving It leaves for anna@example.org as soon as Gmail takes it.",
        "sending": "Gmail is being asked to send it",
        "uncertain": "Gmail did not confirm. We will look again in 4 minutes. Nothing is sent twice.",
        "sent": "ago to anna@example.org , answered by itself",
        "cancelled": "not sent It was not sent.",
    }
    for state, words in told.items():
        made = filler.released(mailbox, state)
        assert words in seen(browser.page(f"/conversations/{made.conversation}"))


def test_a_reply_that_may_have_left_asks_to_look_first(browser: Browser, filler: Filler) -> None:
    made = filler.released(filler.mailbox(), "needs_person")
    filler.rows("UPDATE decision SET disposition = 'hold' WHERE tenant_id = :tenant RETURNING 1")
    html = browser.page(f"/conversations/{made.conversation}")
    assert "We cannot tell whether this reply left" in seen(html)
    assert "Look into the Sent folder of support@lumen.example first" in seen(html)
    assert "Within 30 days." in html.split("<textarea")[1].split("</textarea>")[0]


def test_unreadable_mail_is_shown_as_such(browser: Browser, filler: Filler) -> None:
    reason = "It is larger than 25 MB (31 MB)."
    claim = filler.store(filler.mailbox(), None, state="unreadable", error=reason)
    filler.decide(claim, Decision.hold(reason), None, state="unreadable")
    page = seen(browser.page("/"))
    assert "Unknown sender" in page
    assert f"Not read: {reason}" in page
    page = seen(browser.page(f"/conversations/{claim.conversation}"))
    assert f"unreadable {reason} It is kept as it came" in page
    assert "This mail names nobody who could be answered." in page
    assert "unreadable" in seen(browser.page("/conversations"))


def test_mail_on_its_way_and_mail_written_by_hand_are_shown(browser: Browser, filler: Filler) -> None:
    mailbox = filler.mailbox()
    claim = filler.store(mailbox, MESSAGE, thread="t1")
    filler.store(mailbox, MESSAGE, thread="t1", direction="out", state="noted")
    page = seen(browser.page(f"/conversations/{claim.conversation}"))
    assert "being read" in page
    assert "by hand, in Gmail" in page
    assert "in work" in seen(browser.page("/conversations"))


def test_the_list_of_conversations_says_what_became_of_each(browser: Browser, filler: Filler) -> None:
    mailbox = filler.mailbox()
    held = filler.held(mailbox, replace(MESSAGE, subject="a held one"))
    filler.released(mailbox, "uncertain", message=replace(MESSAGE, subject="an uncertain one"))
    filler.released(mailbox, message=replace(MESSAGE, subject="an answered one"))
    rows = {row.split("</li>")[0] for row in browser.page("/conversations").split("data-row>")[1:]}
    words = {seen(row) for row in rows}
    assert any("held" in row and "a held one" in row for row in words)
    assert any("uncertain" in row and "an uncertain one" in row for row in words)
    assert any("answered" in row and "an answered one" in row for row in words)
    browser.press(f"/decisions/{held.decision}/dismiss")
    assert "dismissed" in seen(browser.page("/conversations"))
    assert "a held one" not in browser.page("/conversations?q=answered+one")


def test_the_page_of_an_uncertain_moment_never_says_zero_minutes(browser: Browser, filler: Filler) -> None:
    made = filler.released(filler.mailbox(), "uncertain")
    past = datetime.now(UTC) - timedelta(minutes=3)
    filler.rows("UPDATE outbox SET next_at = :past WHERE tenant_id = :tenant RETURNING 1", past=past)
    assert "look again in a minute" in seen(browser.page(f"/conversations/{made.conversation}"))


def test_why_says_what_was_understood_and_what_it_was_read_from(browser: Browser, filler: Filler) -> None:
    read = replace(
        UNDERSTANDING,
        priority=Priority.URGENT,
        sentiment=Sentiment.NEGATIVE,
        key_issues=("the glass is broken", "When will you send it?"),
        threat="legal: “my lawyer”",
        asks_for_person=True,
        ticket_numbers=("DE25000315",),
        purchase_orders=("D400000001",),
        error_codes=("E-4021",),
        forwarded="From: Max\n\nPlease look.",
        disclaimer="This mail is confidential.",
        read_from=(
            Reading("order_numbers", Place.THREAD, "LO-48213"),
            Reading("ticket_numbers", Place.SUBJECT, "DE25000315"),
            Reading("sentiment", Place.WORD_LIST, "disappointed"),
            Reading("threat", Place.WORD_LIST, "legal: “my lawyer”"),
            Reading("asks_for_person", Place.WORD_LIST, "talk to a human"),
        ),
    )
    made = filler.held(filler.mailbox(), understanding=read)
    html = browser.page(f"/conversations/{made.conversation}")
    page = seen(html)
    for sentence in (
        "In the writer’s words: the glass is broken , When will you send it?",
        "It wants an answer at once . The writer sounds unhappy : disappointed .",
        "It threatens ( legal: “my lawyer” ).",
        "The writer asks for a person: talk to a human .",
        "Order numbers in it: LO-48213 (only in the earlier mail quoted below) .",
        "Ticket numbers: DE25000315 (in the subject) .",
        "Purchase orders: D400000001 .",
        "Error codes: E-4021 .",
        "The writer forwards another mail; it is kept apart from their own words.",
    ):
        assert sentence in page
    raw = page.split("Raw values")[1]
    assert "Priority urgent Sentiment negative" in raw
    assert "Order numbers read from: only in the earlier mail quoted below, “ LO-48213 ”" in raw
    assert "Please look." in html
    assert "Legal notice of the sender" in page


def test_who_writes_of_smoke_is_not_said_to_threaten(browser: Browser, filler: Filler) -> None:
    made = filler.held(filler.mailbox(), understanding=replace(UNDERSTANDING, threat="safety: “was smoking”"))
    page = seen(browser.page(f"/conversations/{made.conversation}"))
    assert "It speaks of danger ( safety: “was smoking” )." in page
    assert "It threatens" not in page


def test_what_the_sureness_of_an_answer_is_reckoned_from_stands_in_words(browser: Browser, filler: Filler) -> None:
    made = filler.held(filler.mailbox())
    raw = seen(browser.page(f"/conversations/{made.conversation}")).split("Raw values")[1]
    assert "how sure it is was reckoned from the figures that follow" in raw
    assert "Share of the question’s words that the passage holds 0.800" in raw


def test_a_mail_that_is_still_being_read_is_not_said_to_be_settled(browser: Browser, filler: Filler) -> None:
    fetched = filler.store(filler.mailbox(), MESSAGE)
    html = browser.page(f"/conversations/{fetched.conversation}")
    assert "Nothing has been decided yet." in seen(html)
    assert "This mail is settled" not in html


def test_why_of_a_calm_mail_is_short(browser: Browser, filler: Filler) -> None:
    made = filler.held(filler.mailbox(), understanding=replace(UNDERSTANDING, order_numbers=()))
    page = seen(browser.page(f"/conversations/{made.conversation}"))
    assert "It wants an answer as usual ." in page
    for words in ("The writer sounds", "It threatens", "In the writer’s words", "Order numbers", "Forwarded mail"):
        assert words not in page
