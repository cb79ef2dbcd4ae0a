"""What the program may rely on in a mailbox: the same for the fake in memory and for Gmail over the sandbox Google."""

from datetime import UTC, datetime, timedelta

import pytest

from adapters.gmail.connect import Gmail
from adapters.mime.build import build_reply
from domain.delivery import DraftState, Signs
from domain.errors import DraftGone, Gone, HistoryExpired, NeedsPerson, NotSent
from domain.mailbox import Box
from domain.message import Address
from domain.triage import MAX_BYTES
from sandbox.google import Google
from sandbox.letter import Letter
from tests.adapters.conftest import CUSTOMER, SHOP
from tests.support.fake_gmail import FakeGmail
from tests.support.letters import letter

QUESTION_ID = "<question-1@example.org>"
SIGNS = Signs(reference="K7F3Q2", in_reply_to=QUESTION_ID, recipient=CUSTOMER)


def question(number: int = 1, text: str = "Where is my parcel?") -> bytes:
    return letter(CUSTOMER, SHOP, f"Question {number}", text, message_id=f"<question-{number}@example.org>")


def reply(text: str = "On its way.\n\nRef: K7F3Q2\n", answers: str = QUESTION_ID) -> bytes:
    return letter(SHOP, CUSTOMER, "Re: Question 1", text, answers=answers)


class FakeMailbox:
    def __init__(self) -> None:
        self.source = self.outgoing = self._fake = FakeGmail(SHOP)

    def deliver(self, raw, at=None):
        return self._fake.deliver(raw, at=at)

    def relabel(self, gmail_id, add=(), remove=()):
        self._fake.relabel((gmail_id,), add, remove)

    def delete(self, gmail_id):
        self._fake.delete(gmail_id)

    def edit_draft(self, draft_id, raw):
        self._fake.edit_draft(draft_id, raw)

    def expire_history(self):
        self._fake.expire_history()

    def page_of(self, size):
        self._fake.page_size = size


class SandboxMailbox:
    def __init__(self, google: Google, gmail: Gmail) -> None:
        self._google = google
        self.source, self.outgoing = gmail.source, gmail.outgoing

    def deliver(self, raw, at=None):
        return self._google.deliver_raw(SHOP, raw, at=at.timestamp() if at else None).id

    def relabel(self, gmail_id, add=(), remove=()):
        mailbox = self._google.mailbox(SHOP)
        mailbox.relabel(mailbox.messages[gmail_id], list(add), list(remove))

    def delete(self, gmail_id):
        self._google.delete_message(SHOP, gmail_id)

    def edit_draft(self, draft_id, raw):
        mailbox = self._google.mailbox(SHOP)
        mailbox.messages[mailbox.drafts[draft_id]].letter = Letter(raw)

    def expire_history(self):
        self._google.expire_history(SHOP)

    def page_of(self, size):
        self._google.settings.page_cap = size


@pytest.fixture(params=["fake", "sandbox"])
def box(request):
    if request.param == "fake":
        return FakeMailbox()
    return SandboxMailbox(request.getfixturevalue("google"), request.getfixturevalue("gmail"))


# -- reading


def test_the_profile_names_the_mailbox_and_where_its_history_stands(box):
    before = box.source.profile()
    box.deliver(question())
    assert before.address == SHOP
    assert box.source.profile().history_id > before.history_id


def test_changes_are_what_arrived_since(box):
    box.deliver(question(1))
    start = box.source.profile().history_id
    second = box.deliver(question(2))
    changes = box.source.changes(start)
    assert [added.gmail_id for added in changes.added] == [second]
    assert set(changes.added[0].labels) == {"INBOX", "UNREAD"}
    assert changes.history_id == box.source.profile().history_id
    assert box.source.changes(changes.history_id).added == ()


def test_a_look_into_the_history_may_end_early_and_goes_on_where_it_stopped(box):
    start = box.source.profile().history_id
    arrived = [box.deliver(question(number)) for number in range(5)]
    box.page_of(2)
    first = box.source.changes(start, most=2)
    assert [added.gmail_id for added in first.added] == arrived[:4]
    assert first.next_page
    box.deliver(question(9))
    rest = box.source.changes(start, first.next_page, most=2)
    assert rest.added[0].gmail_id == arrived[4]
    assert rest.next_page == ""
    assert box.source.changes(start).next_page == ""


def test_our_own_mail_comes_back_through_the_history_with_its_label(box):
    box.deliver(question())
    start = box.source.profile().history_id
    sent = box.outgoing.send_draft(box.outgoing.create_draft(reply(), "").draft_id)
    labels = {added.gmail_id: added.labels for added in box.source.changes(start).added}
    assert "SENT" in labels[sent.gmail_id]


def test_a_history_that_gmail_has_forgotten_is_said_to_be_expired(box):
    start = box.source.profile().history_id
    box.deliver(question())
    box.expire_history()
    with pytest.raises(HistoryExpired):
        box.source.changes(start)


def test_the_inbox_is_listed_page_by_page_newest_first_from_a_moment_on(box):
    now = datetime.now(UTC)
    box.deliver(question(9), at=now - timedelta(days=3))
    wanted = [box.deliver(question(n), at=now - timedelta(hours=n)) for n in range(1, 6)]
    box.page_of(2)
    found, page = [], ""
    while True:
        listed = box.source.list_since(now - timedelta(days=1), page)
        assert len(listed.added) <= 2
        found += [added.gmail_id for added in listed.added]
        if not (page := listed.next_page):
            break
    assert found == wanted


def test_an_empty_inbox_is_an_empty_page(box):
    listed = box.source.list_since(datetime.now(UTC) - timedelta(days=1))
    assert (listed.added, listed.next_page) == ((), "")


def test_what_was_archived_is_listed_as_received_and_what_left_as_sent(box):
    inbox, archived, *others = (box.deliver(question(number)) for number in range(1, 5))
    box.relabel(archived, remove=("INBOX",))
    for gmail_id, label in zip(others, ("SPAM", "TRASH"), strict=True):
        box.relabel(gmail_id, add=(label,), remove=("INBOX",))
    sent = box.outgoing.send_draft(box.outgoing.create_draft(reply(), "").draft_id)
    box.outgoing.create_draft(reply(), "")
    since = datetime.now(UTC) - timedelta(days=1)
    listed = {one: box.source.list_since(since, box=one).added for one in Box}
    assert {one: {added.gmail_id for added in found} for one, found in listed.items()} == {
        Box.INBOX: {inbox},
        Box.RECEIVED: {inbox, archived},
        Box.SENT: {sent.gmail_id},
    }
    assert [added.labels for added in listed[Box.SENT]] == [("SENT",)]


def test_a_mail_is_fetched_byte_for_byte(box):
    raw = question() + bytes(range(256))
    at = datetime.now(UTC) - timedelta(minutes=5)
    mail = box.source.fetch(box.deliver(raw, at=at))
    assert mail.raw == raw
    assert mail.size == len(raw)
    assert set(mail.labels) == {"INBOX", "UNREAD"}
    assert abs(mail.received_at - at) < timedelta(milliseconds=2)
    assert mail.received_at.tzinfo is not None


@pytest.mark.parametrize("length", range(4))
def test_every_length_survives_base64(box, length):
    raw = question() + b"x" * length
    assert box.source.fetch(box.deliver(raw)).raw == raw


def test_a_mail_that_was_deleted_meanwhile_is_gone(box):
    gmail_id = box.deliver(question())
    box.delete(gmail_id)
    with pytest.raises(Gone):
        box.source.fetch(gmail_id)


def test_a_mail_over_the_limit_comes_without_its_bytes(box):
    gmail_id = box.deliver(question() + b"x" * MAX_BYTES)
    mail = box.source.fetch(gmail_id)
    assert mail.raw == b""
    assert mail.size > MAX_BYTES
    assert (mail.gmail_id, mail.thread_id) == (gmail_id, gmail_id)


def test_many_are_fetched_with_a_fate_each(box):
    raws = [question(number, "text " * number) for number in range(45)]
    ids = [box.deliver(raw) for raw in raws]
    box.delete(ids[3])
    fates = box.source.fetch_many(ids)
    assert isinstance(fates[3], Gone)
    assert [fate.raw for place, fate in enumerate(fates) if place != 3] == raws[:3] + raws[4:]
    assert box.source.fetch_many([]) == []


# -- drafting and sending


def test_a_draft_waits_and_its_send_consumes_it(box):
    thread_id = box.source.fetch(box.deliver(question())).thread_id
    start = box.source.profile().history_id
    draft = box.outgoing.create_draft(reply(), thread_id)
    assert draft.thread_id == thread_id
    assert box.outgoing.draft_state(draft.draft_id) is DraftState.DRAFT
    assert box.outgoing.find_sent(thread_id, SIGNS, start) is None

    sent = box.outgoing.send_draft(draft.draft_id)
    assert sent.thread_id == thread_id
    assert sent.gmail_id != draft.message_id
    assert box.outgoing.draft_state(draft.draft_id) is DraftState.GONE
    with pytest.raises(DraftGone):
        box.outgoing.send_draft(draft.draft_id)
    assert box.outgoing.find_sent(thread_id, SIGNS, start) == sent


def test_what_gmail_calls_a_sent_mail_is_what_its_copy_says(box):
    draft = box.outgoing.create_draft(letter(SHOP, CUSTOMER, "First", "Hello.", message_id="<ours@example.org>"), "")
    sent = box.outgoing.send_draft(draft.draft_id)
    known_as = box.outgoing.message_id_of(sent.gmail_id)
    assert known_as.encode() in box.source.fetch(sent.gmail_id).raw
    box.delete(sent.gmail_id)
    assert box.outgoing.message_id_of(sent.gmail_id) == ""


def test_a_sent_mail_that_left_the_thread_is_found_through_the_history(box):
    thread_id = box.source.fetch(box.deliver(question())).thread_id
    start = box.source.profile().history_id
    draft = box.outgoing.create_draft(reply(answers="<somebody-else@example.org>"), thread_id)
    sent = box.outgoing.send_draft(draft.draft_id)
    assert sent.thread_id != thread_id
    assert box.outgoing.find_sent(thread_id, SIGNS, start) == sent
    assert box.outgoing.find_sent("", SIGNS, start) == sent


def test_another_answer_in_the_thread_is_not_taken_for_ours(box):
    thread_id = box.source.fetch(box.deliver(question())).thread_id
    start = box.source.profile().history_id
    box.outgoing.send_draft(box.outgoing.create_draft(reply("I answer this by hand."), thread_id).draft_id)
    assert box.outgoing.find_sent(thread_id, SIGNS, start) is None


def test_without_a_reference_the_mail_answered_and_the_recipient_are_the_sign(box):
    thread_id = box.source.fetch(box.deliver(question())).thread_id
    start = box.source.profile().history_id
    sent = box.outgoing.send_draft(box.outgoing.create_draft(reply("No reference."), thread_id).draft_id)
    assert box.outgoing.find_sent(thread_id, Signs("", QUESTION_ID, CUSTOMER), start) == sent
    assert box.outgoing.find_sent(thread_id, Signs("", QUESTION_ID, "other@example.org"), start) is None
    assert box.outgoing.find_sent(thread_id, Signs("", "", ""), start) is None


def test_a_look_that_the_history_no_longer_allows_is_never_read_as_not_sent(box):
    thread_id = box.source.fetch(box.deliver(question())).thread_id
    start = box.source.profile().history_id
    box.expire_history()
    with pytest.raises(NeedsPerson):
        box.outgoing.find_sent(thread_id, SIGNS, start)


def test_a_mail_that_began_a_thread_is_found_also_after_the_history_is_over(box):
    start = box.source.profile().history_id
    sent = box.outgoing.send_draft(box.outgoing.create_draft(reply(), "").draft_id)
    box.expire_history()
    assert box.outgoing.find_sent("", SIGNS, start) == sent


def test_a_draft_left_behind_is_found_by_its_sign(box):
    thread_id = box.source.fetch(box.deliver(question())).thread_id
    box.outgoing.create_draft(reply("Another one, Ref: OTHER1"), thread_id)
    assert box.outgoing.find_draft(SIGNS, thread_id) is None
    draft = box.outgoing.create_draft(reply(), thread_id)
    assert box.outgoing.find_draft(SIGNS, thread_id) == draft
    assert box.outgoing.find_draft(SIGNS, "1234567890abcdef") is None


def test_a_draft_that_its_owner_sent_is_no_draft_any_more_and_is_found_among_what_was_sent(box):
    thread_id = box.source.fetch(box.deliver(question())).thread_id
    start = box.source.profile().history_id
    draft = box.outgoing.create_draft(reply(), thread_id)
    box.edit_draft(draft.draft_id, reply("On its way, says its owner.\n\nRef: K7F3Q2\n"))
    sent = box.outgoing.send_draft(draft.draft_id)
    assert box.outgoing.find_draft(SIGNS, thread_id) is None
    assert box.outgoing.find_sent(thread_id, SIGNS, start) == sent


def test_a_draft_that_nobody_touched_says_the_same_until_it_is_sent_or_deleted(box):
    mime = build_reply(
        sender=Address(SHOP), to=Address(CUSTOMER), subject="Größe = 5 € " * 12, text="Grüße.\n\n" + "Langes Wort " * 9,
        in_reply_to="", references=(), reference_token="K7F3Q2", automatic=True, date=datetime.now(UTC),
    )  # fmt: skip
    kept, sent = (box.outgoing.create_draft(mime, "").draft_id for _ in range(2))
    assert box.outgoing.compare_draft(kept, mime) is DraftState.DRAFT
    box.outgoing.send_draft(sent)
    box.outgoing.delete_draft(kept)
    assert box.outgoing.compare_draft(sent, mime) is DraftState.GONE
    assert box.outgoing.compare_draft(kept, mime) is DraftState.GONE


@pytest.mark.parametrize(
    "changed",
    [
        reply().replace(b"To: anna@example.org", b"To: eve@example.org"),
        reply().replace(b"To: anna@example.org", b"To: anna@example.org, eve@example.org"),
        reply().replace(b"To: anna@example.org", b"To: anna@example.org\r\nCc: eve@example.org"),
        reply().replace(b"To: anna@example.org", b"To: anna@example.org\r\nBcc: eve@example.org"),
        reply().replace(b"To: anna@example.org\r\n", b""),
        reply().replace(b"Subject: Re: Question 1", b"Subject: Re: Question 2"),
        reply().replace(b"text/plain", b"text/html"),
        reply("Not on its way.\n\nRef: K7F3Q2\n"),
        reply("On its way.\n"),
    ],
)
def test_a_draft_that_its_owner_changed_is_seen_to_be_changed(box, changed):
    draft_id = box.outgoing.create_draft(reply(), "").draft_id
    assert changed != reply()
    box.edit_draft(draft_id, changed)
    assert box.outgoing.compare_draft(draft_id, reply()) is DraftState.CHANGED
    assert box.outgoing.draft_state(draft_id) is DraftState.DRAFT


def test_deleting_a_draft_twice_is_deleting_it(box):
    draft = box.outgoing.create_draft(reply(), "")
    box.outgoing.delete_draft(draft.draft_id)
    box.outgoing.delete_draft(draft.draft_id)
    assert box.outgoing.draft_state(draft.draft_id) is DraftState.GONE
    with pytest.raises(Gone):
        box.source.fetch(draft.message_id)


def test_a_mail_without_recipient_is_refused_for_good(box):
    draft = box.outgoing.create_draft(b"From: shop@example.com\r\nSubject: x\r\n\r\nhello\r\n", "")
    with pytest.raises(NotSent) as raised:
        box.outgoing.send_draft(draft.draft_id)
    assert raised.value.after is None
    assert box.outgoing.draft_state(draft.draft_id) is DraftState.DRAFT


def test_a_draft_in_a_conversation_that_does_not_exist_is_refused_for_good(box):
    with pytest.raises(NotSent):
        box.outgoing.create_draft(reply(), "1234567890abcdef")


# -- labels


def test_a_label_is_made_once_whatever_its_case(box):
    label = box.outgoing.ensure_label("AI/Answered")
    assert box.outgoing.ensure_label("AI/Answered") == label
    assert box.outgoing.ensure_label("ai/answered") == label
    assert box.outgoing.ensure_label("AI/Held") != label


@pytest.mark.parametrize("count", [1, 3, 25])
def test_relabelling_is_idempotent_and_passes_over_what_is_gone(box, count):
    label = box.outgoing.ensure_label("AI/Answered")
    ids = tuple(box.deliver(question(number)) for number in range(count))
    gone = box.deliver(question(99))
    box.delete(gone)
    for _ in range(2):
        box.outgoing.relabel((*ids, gone), (label,), ("UNREAD",))
    assert {frozenset(fate.labels) for fate in box.source.fetch_many(ids)} == {frozenset({"INBOX", label})}
    box.outgoing.relabel((), (label,))
    box.outgoing.relabel(ids, ())
