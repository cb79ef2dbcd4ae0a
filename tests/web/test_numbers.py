"""The forms of a workspace's numbers: an owner tries them, saves them, and is told what is wrong with them."""

import pytest

from storage import tenants
from tests.web.conftest import Browser, seen
from tests.web.filling import Filler

FORMS = {"orders": "LO-#####\r\nX@-####", "tickets": "T-######", "purchases": "PO/####"}


def stored(filler: Filler):
    with filler.database.transaction(filler.tenant) as db:
        return tenants.get(db, filler.tenant).number_forms()


def test_forms_are_saved_and_shown_again(browser: Browser, filler: Filler) -> None:
    assert "Saved. Mail that comes in from now on" in seen(browser.press("/numbers/", FORMS))
    assert "LO-#####\nX@-####" in browser.page("/numbers/")
    forms = stored(filler)
    assert (forms.orders, forms.tickets, forms.purchases) == (("LO-#####", "X@-####"), ("T-######",), ("PO/####",))
    browser.press("/numbers/", {"orders": "", "tickets": "", "purchases": ""})
    assert stored(filler).orders == ()


def test_the_rest_of_the_policy_stays_as_it_is(browser: Browser, filler: Filler) -> None:
    before = "UPDATE tenant SET policy = CAST(:policy AS jsonb) WHERE tenant_id = :tenant RETURNING 1"
    filler.rows(before, policy='{"thresholds": {"refund": 0.9}}')
    browser.press("/numbers/", FORMS)
    [row] = filler.rows("SELECT policy FROM tenant WHERE tenant_id = :tenant")
    assert row.policy["thresholds"] == {"refund": 0.9}


def test_a_pasted_text_shows_what_is_found_and_nothing_is_kept(browser: Browser, filler: Filler) -> None:
    text = "lo-12345 and lo-54321, see t-123456\n\nOn Mon, 2 Mar 2026 at 9:00, Shop <a@b.example> wrote:\n> po/1234"
    page = seen(browser.press("/numbers/try", {**FORMS, "sample": text}))
    assert "Orders LO-12345, LO-54321 (in the new text)" in page
    assert "Tickets T-123456 (in the new text)" in page
    assert "Purchase orders PO/1234 (only in the earlier mail quoted below)" in page
    assert stored(filler).orders == ()


def test_what_is_on_the_page_stays_there_when_it_is_tried(browser: Browser) -> None:
    html = browser.press("/numbers/try", {"orders": "ZZ-####", "sample": "<b>nothing</b>"})
    assert "ZZ-####" in html
    assert "<b>nothing</b>" not in html
    assert "Orders none" in seen(html)


@pytest.mark.parametrize(
    ("forms", "words"),
    [
        ({"orders": "LOLO-"}, "is no form like LO-#####"),
        ({"tickets": "###"}, "too short to tell a number by"),
        ({"purchases": "#" * 41}, "is no form like LO-#####"),
        ({"orders": "LO-####", "tickets": "lo-####"}, "stands here twice"),
        ({"orders": "\n".join(f"A{one}-###" for one in range(11))}, "at most 10 forms of order numbers"),
    ],
)
@pytest.mark.parametrize("path", ["/numbers/", "/numbers/try"])
def test_a_form_that_cannot_be_one_is_refused_in_one_sentence(
    browser: Browser, filler: Filler, forms, words, path
) -> None:
    html = browser.press(path, forms)
    assert "Nothing was changed." in seen(html)
    assert words in seen(html)
    assert next(iter(forms.values())).split("\n")[0] in html
    assert stored(filler).orders == ()


@pytest.mark.parametrize("role", ["agent", "viewer"])
def test_only_owners_and_admins_change_forms_others_may_look(join, browser: Browser, filler: Filler, role: str) -> None:
    browser.press("/numbers/", FORMS)
    other = join(role)
    page = other.page("/numbers/")
    assert "LO-#####, X@-####" in seen(page)
    assert "An owner or admin of this workspace can change them." in seen(page)
    for path in ("/numbers/", "/numbers/try"):
        assert other.post(path, {"orders": "BAD-####"}).status_code == 403
    assert stored(filler).orders == ("LO-#####", "X@-####")


def test_an_admin_may_change_them(join, filler: Filler) -> None:
    join("admin").press("/numbers/", FORMS)
    assert stored(filler).orders == ("LO-#####", "X@-####")


def test_a_stranger_is_sent_to_sign_in(stranger: Browser) -> None:
    assert stranger.get("/numbers/").status_code == 302
