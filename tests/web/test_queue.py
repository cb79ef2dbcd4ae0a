"""The queue as a person uses it: filters in the address, views, acts on many, and who has what."""

from dataclasses import replace
from html import unescape

import pytest

from domain.category import Category
from tests.web.conftest import Browser, seen
from tests.web.filling import MESSAGE, UNDERSTANDING, Filler, Held
from tests.web.refunding import Till


@pytest.fixture
def three(filler: Filler) -> list[Held]:
    """A German question, a refund and a complaint, in two mailboxes."""
    first, second = filler.mailbox(), filler.mailbox("shop@lumen.example", "two")
    mails = (
        (first, "Eine Frage", replace(UNDERSTANDING, language="de", importance=5)),
        (first, "Money back", replace(UNDERSTANDING, category=Category.REFUND)),
        (second, "A complaint", replace(UNDERSTANDING, category=Category.OTHER, importance=1)),
    )
    return [
        filler.held(box, replace(MESSAGE, subject=about, rfc_message_id=about), understanding=read)
        for box, about, read in mails
    ]


def subjects(browser: Browser, address: str) -> list[str]:
    """The subjects of the rows, in their order."""
    rows = browser.page(address).split("data-row>")[1:]
    return [unescape(row.split('dir="auto">')[1].split("<")[0]) for row in rows]


def test_each_filter_stands_in_the_address_bar(browser: Browser, filler: Filler, three: list[Held]) -> None:
    [box] = filler.rows("SELECT id FROM mailbox WHERE tenant_id = :tenant AND address = 'shop@lumen.example'")
    assert subjects(browser, "/") == ["Eine Frage", "Money back", "A complaint"]
    assert subjects(browser, "/?category=refund") == ["Money back"]
    assert subjects(browser, "/?language=de") == ["Eine Frage"]
    assert subjects(browser, "/?kind=person") == ["Eine Frage", "Money back", "A complaint"]
    assert subjects(browser, "/?kind=threat") == []
    assert subjects(browser, f"/?mailbox={box.id}") == ["A complaint"]
    assert subjects(browser, "/?assignee=me") == []
    assert subjects(browser, "/?assignee=nobody&category=other") == ["A complaint"]
    assert len(subjects(browser, "/?language=xx&kind=x&mailbox=x&assignee=x&state=x")) == 3


def test_counts_stand_beside_the_choices(browser: Browser, three: list[Held]) -> None:
    page = seen(browser.page("/?language=de"))
    assert "Question 1" in page
    assert "Refund 0" in page
    assert "German (1)" in page
    assert "English (2)" in page
    assert "1 mail fits." in page


def test_mail_is_given_to_somebody_and_found_under_their_name(browser: Browser, join, three: list[Held]) -> None:
    tom = join("agent")
    page = tom.press(f"/conversations/{three[0].conversation}/assign", {"assignee": "me"})
    assert "Tom has it now." in seen(page)
    assert subjects(tom, "/?assignee=me") == ["Eine Frage"]
    assert subjects(browser, "/?assignee=nobody") == ["Money back", "A complaint"]
    assert "has it: Tom" in seen(browser.page("/"))
    browser.press(f"/conversations/{three[0].conversation}/assign", {"assignee": "nobody"})
    assert subjects(tom, "/?assignee=me") == []


def test_mail_rests_and_waits_again(browser: Browser, three: list[Held]) -> None:
    path = f"/conversations/{three[1].conversation}/snooze"
    assert "back at once when the customer writes again" in seen(browser.press(path, {"for": "1d"}))
    assert subjects(browser, "/") == ["Eine Frage", "A complaint"]
    assert subjects(browser, "/?state=snoozed") == ["Money back"]
    assert "Choose for how long" in seen(browser.press(path, {"for": "ever"}))
    browser.press(path, {"for": "now", "next": "/?category=refund"})
    assert subjects(browser, "/?category=refund") == ["Money back"]


def test_a_conversation_is_closed_and_opened_again(browser: Browser, three: list[Held]) -> None:
    path = f"/conversations/{three[0].conversation}"
    assert "1 mail dismissed, nothing was sent" in seen(browser.press(f"{path}/close"))
    assert subjects(browser, "/?state=done") == ["Eine Frage"]
    assert "waits again" in seen(browser.press(f"{path}/reopen"))
    assert "You can return it within 30 days." in browser.page(path).split("<textarea")[1]
    assert "nothing to take back" in seen(browser.press(f"{path}/reopen"))


def test_a_viewer_looks_and_changes_nothing(join, three: list[Held]) -> None:
    viewer = join("viewer")
    assert 'name="pick"' not in viewer.page("/")
    assert (
        viewer.post("/queue/bulk", {"act": "dismiss", "sure": "yes", "pick": str(three[0].decision)}).status_code == 403
    )
    for act in ("assign", "snooze", "close", "reopen"):
        assert viewer.post(f"/conversations/{three[0].conversation}/{act}").status_code == 403
    assert len(subjects(viewer, "/")) == 3


def test_a_view_is_saved_shared_and_removed(browser: Browser, join, three: list[Held]) -> None:
    tom = join("agent")
    assert "Saved as “German”" in seen(tom.press("/views", {"name": "German", "view": "language=de&assignee=me"}))
    assert "German" in tom.page("/")
    assert ">German<" not in browser.page("/").split("More filters")[0]
    assert tom.post("/views", {"name": "All", "view": "", "shared": "yes"}).status_code == 403
    browser.press("/views", {"name": "Refunds", "view": "category=refund&nonsense=1", "shared": "yes"})
    page = tom.page("/?category=refund")
    assert 'href="/?category=refund" aria-current="true"><bdi>Refunds</bdi>' in page
    view = page.split('id="view-')[-1].split('"')[0]
    for one in page.split('id="view-')[1:]:
        if "Refunds</bdi>" in one.split("</a>")[0]:
            view = one.split('"')[0]
    assert tom.post(f"/views/{view}/remove").status_code == 404
    assert "No mail was touched" in seen(browser.press(f"/views/{view}/remove"))
    assert "Not saved." in seen(browser.press("/views", {"name": " ", "view": ""}))


def test_many_are_given_away_and_what_was_settled_meanwhile_is_told(browser: Browser, three: list[Held]) -> None:
    browser.post(f"/decisions/{three[2].decision}/dismiss")
    ticked = {
        "pick": [str(one.decision) for one in three],
        "act": "assign",
        "assignee": "me",
        "view": "category=refund",
    }
    page = seen(browser.press("/queue/bulk", ticked))
    assert "Given to Olivia Owner: 2 mails. 1 was left: somebody settled that meanwhile." in page
    assert subjects(browser, "/?assignee=me") == ["Eine Frage", "Money back"]


def test_dismissing_many_says_how_many_and_asks_first(browser: Browser, filler: Filler, three: list[Held]) -> None:
    till = Till(filler)
    till.order("LO-1")
    wanted = till.wanted(filler.mailbox("money@lumen.example", "three"), message=replace(MESSAGE, rfc_message_id="x"))
    form = {"pick": [str(one.decision) for one in (*three, wanted)], "act": "dismiss"}
    page = seen(browser.press("/queue/bulk", form))
    assert "Dismiss 3 mails?" in page
    assert "1 mail is left out: an order action goes with it." in page
    assert len(subjects(browser, "/")) == 4
    page = seen(browser.press("/queue/bulk", {**form, "sure": "yes"}))
    assert "Dismissed: 3 mails. 1 was left: an order action goes with it; decide about each alone." in page
    assert subjects(browser, "/?state=done&language=de") == ["Eine Frage"]
    [act] = filler.rows("SELECT state FROM order_act WHERE tenant_id = :tenant")
    assert act.state == "held"


def test_all_that_a_filter_shows_is_taken_at_once(browser: Browser, three: list[Held]) -> None:
    form = {"all": "yes", "view": "category=other", "act": "snooze", "for": "3h"}
    assert "Resting for 3 hours: 1 mail." in seen(browser.press("/queue/bulk", form))
    assert subjects(browser, "/") == ["Eine Frage", "Money back"]


def test_many_are_read_again_as_something_else(browser: Browser, filler: Filler, three: list[Held]) -> None:
    form = {"pick": [str(one.decision) for one in three], "act": "say", "category": "other", "view": ""}
    assert "Read 3 mails again as Other?" in seen(browser.press("/queue/bulk", form))
    page = seen(browser.press("/queue/bulk", {**form, "sure": "yes"}))
    assert "Read again as Other: 2 mails. 1 was that already" in page
    assert len(filler.rows("SELECT id FROM message WHERE tenant_id = :tenant AND state = 'fetched'")) == 2


@pytest.mark.parametrize(
    "form", [{"act": "dismiss"}, {"act": "send"}, {"act": "assign", "assignee": "x"}, {"act": "snooze"}]
)
def test_what_no_form_offers_does_nothing(browser: Browser, three: list[Held], form: dict[str, str]) -> None:
    ticked = {} if form["act"] == "dismiss" else {"pick": str(three[0].decision)}
    browser.press("/queue/bulk", {**form, **ticked})
    assert len(subjects(browser, "/?assignee=nobody")) == 3


def test_ticks_are_carried_from_page_to_page_without_a_script(browser: Browser, filler: Filler) -> None:
    mailbox = filler.mailbox()
    held = [filler.held(mailbox, replace(MESSAGE, subject=f"Subject {number:02}.")) for number in range(51)]
    first = browser.page("/")
    address = unescape(first.split('formaction="')[1].split('"')[0])
    ticked = {"pick": [str(held[0].decision), str(held[50].decision)]}
    second = browser.press(address, ticked)
    assert "2 mails are ticked" in seen(second)
    assert f'<input type="hidden" name="pick" value="{held[0].decision}">' in second
    assert second.count("checked>") == 1


def test_another_tenants_mail_is_not_touched_by_an_act_on_many(
    browser: Browser, rival: Filler, three: list[Held]
) -> None:
    theirs = rival.held(rival.mailbox("x@rival.example", "x"))
    before = [str(row) for row in rival.rows("SELECT * FROM decision WHERE tenant_id = :tenant")]
    for form in (
        {"act": "dismiss", "sure": "yes"},
        {"act": "assign", "assignee": "me"},
        {"act": "snooze", "for": "1d"},
    ):
        browser.press("/queue/bulk", {**form, "pick": str(theirs.decision)})
    assert [str(row) for row in rival.rows("SELECT * FROM decision WHERE tenant_id = :tenant")] == before
    assert rival.rows("SELECT assignee_id FROM conversation WHERE tenant_id = :tenant") == [(None,)]


def test_the_page_of_fifty_rows_is_light(browser: Browser, filler: Filler) -> None:
    mailbox = filler.mailbox()
    for number in range(51):
        filler.held(mailbox, replace(MESSAGE, subject=f"A subject of a usual length, number {number:02}"))
    assert len(browser.page("/").encode()) <= 120_000
