"""Try a mail: what was typed is kept, what is wrong is one sentence, and its member alone sees what would happen."""

from io import BytesIO

import pytest

from domain.decision import Decision, EffectKind
from domain.triage import MAX_BYTES
from storage import trials
from storage.due import Kind
from tests.support.letters import letter
from tests.support.pipeline import TestServices
from tests.web.conftest import seen
from tests.web.filling import MESSAGE, UNDERSTANDING
from web.words import EFFECTS
from worker.drain import STAGES

TYPED = {
    "sender": "Anna Winter <anna@customer.example>", "subject": "Parcel <b>bold</b>",
    "text": "question: when does my parcel come?", "verified": "yes",
}  # fmt: skip


@pytest.fixture
def services(settings):
    """The little models of the worker's tests: a page never loads the real ones."""
    built = TestServices(settings)
    yield built
    built.close()


@pytest.fixture
def read(services, workspace):
    """Let a worker read what waits."""

    def run() -> int:
        return STAGES[Kind.TRIAL](services, workspace.id)

    return run


def tried(browser, form: dict, **more) -> str:
    """Press the button; the address of the page that it leads to."""
    answer = browser.post("/try", form, **more)
    assert answer.status_code == 302, seen(answer.text)
    return answer.headers["Location"]


def as_file(content: bytes, name: str = "mail.eml") -> dict:
    return {"file": (BytesIO(content), name)}


def test_every_page_leads_to_it(browser):
    for path in ("/", "/conversations", "/settings"):
        assert 'href="/try"' in browser.page(path)


def test_a_typed_mail_is_read_and_what_would_happen_is_shown(browser, filler, read):
    filler.mailbox()
    path = tried(browser, TYPED)
    waiting = browser.page(path)
    assert "being read …" in seen(waiting)
    assert f'href="{path}"' in waiting
    assert read() == 1
    page = browser.page(path)
    words = seen(page)
    assert "By itself and at once: what follows would leave without a person." in words
    assert "Reply to anna@customer.example" in words
    assert "Parcels take three days." in words
    assert "<mark>Parcels take three days.</mark>" in page
    assert "It is about: Question , 99 % sure." in words
    assert "Gmail verified the sender’s address." in words
    assert "Parcel &lt;b&gt;bold&lt;/b&gt;" in page
    assert filler.rows("SELECT count(*) AS n FROM message WHERE tenant_id = :tenant")[0].n == 0


def test_the_sender_is_proven_only_where_it_was_ticked(browser, filler, read):
    filler.mailbox()
    path = tried(browser, {**TYPED, "verified": ""})
    read()
    words = seen(browser.page(path))
    assert "Gmail did not verify the sender’s address" in words


def test_a_file_is_tried_as_it_is(browser, read):
    content = b"Auto-Submitted: auto-replied\r\n" + letter("x@y.example", "a@b.example", "Away", "I am away.")
    path = tried(browser, {**TYPED, **as_file(content, "Away.EML")})
    read()
    words = seen(browser.page(path))
    assert "Nothing would be done, and nobody would be asked." in words
    assert "A machine wrote it" in words


def test_what_is_no_mail_says_so(browser, read):
    path = tried(browser, {**TYPED, **as_file(b"%PDF-1.4 \x00\x01")})
    read()
    assert "It would wait for a person, without a draft." in seen(browser.page(path))


@pytest.mark.parametrize(
    ("form", "says"),
    [
        ({"text": ""}, "Write or paste what the mail says, or choose a file that ends in .eml."),
        ({"text": "x" * 100_001}, "At most 100,000 characters can be pasted"),
        ({"sender": ""}, "From whom?"),
        ({"sender": "nobody"}, "From whom?"),
        ({"sender": "a@b.example, c@d.example"}, "From whom?"),
        ({"sender": "jürgen@b.example"}, "From whom?"),
        ({"sender": "a b@c.example\r\nBcc: x@y.example"}, "From whom?"),
        (as_file(b"x", "photo.png"), "Only a mail can be tried"),
        (as_file(b" \n", "empty.eml"), "This file is empty"),
    ],
)
def test_what_is_wrong_is_one_sentence_and_what_was_typed_is_kept(browser, workspace, database, form, says):
    answer = browser.post("/try", {**TYPED, **form})
    assert answer.status_code == 200
    assert says in seen(answer.text)
    assert 'value="Parcel &lt;b&gt;bold&lt;/b&gt;"' in answer.text
    with database.transaction(workspace.id) as db:
        assert trials.claim(db, workspace.id, trials.KEPT) is None


def as_form(size: int, **fields: str) -> dict:
    """A form with a file of this size, as a browser writes it."""
    disposition = 'Content-Disposition: form-data; name="{}"'
    parts = [f"--x\r\n{disposition.format(name)}\r\n\r\n{value}\r\n" for name, value in fields.items()]
    head = f'--x\r\n{disposition.format("file")}; filename="a.eml"\r\n\r\n'
    data = "".join([*parts, head]).encode() + b"0" * size + b"\r\n--x--\r\n"
    return {"data": data, "content_type": "multipart/form-data; boundary=x"}


def test_a_mail_that_is_larger_than_gmail_brings_is_refused_with_one_sentence(browser):
    answer = browser.client.post("/try", **as_form(MAX_BYTES + 1, csrf_token=browser.token(), **TYPED))
    assert answer.status_code == 200
    assert "This file is larger than 25 MB" in seen(answer.text)
    assert "choose it again" in seen(answer.text)
    much = browser.client.post("/try", **as_form(9), environ_overrides={"CONTENT_LENGTH": str(60 * 1024 * 1024)})
    assert much.status_code == 413
    assert "25 MB of a mail to be tried" in seen(much.text)


def test_a_name_or_subject_cannot_become_a_header_of_its_own(browser, read, filler):
    form = {**TYPED, "sender": '"An\r\nBcc: x" <a@customer.example>', "subject": "A\r\nReply-To: x@y.example"}
    path = tried(browser, form)
    read()
    words = seen(browser.page(path))
    assert "A Reply-To: x@y.example" in words
    assert "to x@y.example" not in words


def test_when_several_wait_already_nothing_typed_is_lost(browser, workspace, database):
    with database.transaction(workspace.id) as db:
        for _ in range(trials.MOST_WAITING):
            trials.ask(db, workspace.id, member=workspace.owner, raw=b"x")
    answer = browser.post("/try", TYPED)
    assert "5 mails of this workspace are being read already" in seen(answer.text)
    assert "when does my parcel come?" in answer.text


def test_what_nothing_came_of_says_why(browser, workspace, database):
    path = tried(browser, TYPED)
    with database.transaction(workspace.id) as db:
        trials.give_up(db, trials.claim(db, workspace.id, trials.KEPT), "The models are not built.")
    assert "The models are not built. Nothing was sent." in seen(browser.page(path))


def test_it_is_its_members_alone_and_gone_after_an_hour(app, browser, join, filler):
    path = tried(browser, TYPED)
    assert join("admin").get(path).status_code == 404
    filler.rows("UPDATE trial SET created_at = now() - interval '61 minutes' WHERE tenant_id = :tenant RETURNING id")
    assert browser.get(path).status_code == 404


def test_a_viewer_may_try_a_mail_too(join, read):
    viewer = join("viewer")
    path = tried(viewer, TYPED)
    read()
    assert "What would be done" in seen(viewer.page(path))


def test_who_has_not_signed_in_may_not_and_sends_no_file(stranger):
    assert stranger.get("/try").status_code == 302
    assert stranger.client.post("/try", **as_form(2_000_000)).status_code == 413


def test_every_kind_of_effect_has_words_that_say_for_whom():
    assert set(EFFECTS) == set(EffectKind)
    assert all(words.count("{}") == 1 for words in EFFECTS.values())


def test_words_of_every_kind_of_effect(browser, workspace, database):
    path = tried(browser, TYPED)
    effects = [
        {"kind": "identity", "to": "real@customer.example", "text": "Was it you? {link}"},
        {"kind": "ticket_message", "to": "anna@customer.example", "text": "On the ticket."},
        {"kind": "internal_note", "to": "LO-1", "text": "For members."},
        {"kind": "order_act", "to": "LO-1", "text": "refund 49.90 EUR"},
        {"kind": "from_a_later_release", "to": "<b>\u202eanna</b>", "text": "What is it?"},
    ]
    with database.transaction(workspace.id) as db:
        claimed = trials.claim(db, workspace.id, trials.KEPT)
        decision = Decision.release("It is proven.")
        trials.finish(db, claimed, MESSAGE, understanding=UNDERSTANDING, decision=decision, effects=effects)
    words = seen(browser.page(path))
    for said in (
        "A mail with a link to confirm, to the address on the order: real@customer.example Was it you? (the link)",
        "Words on the order’s ticket, for anna@customer.example",
        "Note on the ticket of order LO-1 , for members alone",
        "On order LO-1 refund 49.90 EUR",
        "For <b>anna</b> What is it?",
    ):
        assert said in words
