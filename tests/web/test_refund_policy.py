"""The rules for refunds as a form: read by all, tried on past cases, saved as a version by who manages."""

import re
from dataclasses import replace

import pytest

from domain.order_action import Action
from domain.refund_policy import RefundPolicy, Rule
from domain.request import Reason
from storage import refund_policies
from tests.web.conftest import Browser, seen
from tests.web.filling import Filler
from tests.web.refunding import Till
from web.refund_policy_form import policy_of, typed_of
from web.refund_policy_words import changes

PAGE = "/settings/refunds"
FULL = RefundPolicy(
    allowed={"pending": frozenset({Action.CANCEL}), "delivered": frozenset(Action)},
    window_days={"delivered": 14, "returned": 0},
    final_sale=frozenset({"SALE", "B-1"}),
    excluded=frozenset({"bulbs"}),
    evidence_for=frozenset({Reason.DAMAGED, Reason.DEFECTIVE}),
    reason_needed=True,
    partial=False,
    restocking_percent=15,
    per_customer_and_month=3,
    alone_up_to={"EUR": 2050, "JPY": 300},
    second_person_above={"EUR": 10_000, "JPY": 5000, "KWD": 1},
    phrases={Rule.WINDOW: {"de": "Nach {days} Tagen nicht mehr.", "en": "Too late: {number}."}},
)


def stored(filler: Filler) -> RefundPolicy:
    with filler.database.transaction(filler.tenant) as db:
        return refund_policies.newest(db, filler.tenant)


def typed_on(html: str) -> dict[str, str]:
    """What a browser would send of the form on this page, its buttons aside."""
    form = html.split('<form class="policy"', maxsplit=1)[1].split("</form>", maxsplit=1)[0]
    fields = {}
    for tag in re.findall(r"<input[^>]*>", form):
        name, value = re.search(r'name="([^"]*)"', tag), re.search(r'value="([^"]*)"', tag)
        if name and ('type="checkbox"' not in tag or " checked" in tag):
            fields[name[1]] = value[1] if value else ""
    for name, text in re.findall(r'<textarea[^>]*name="([^"]*)"[^>]*>\n?([^<]*)</textarea>', form):
        fields[name] = text
    fields.pop("csrf_token")
    return fields


def preview(browser: Browser, **changed: str) -> str:
    return browser.press(PAGE, {**typed_on(browser.page(PAGE)), **changed, "act": "preview"})


def save(browser: Browser, html: str, **changed: str) -> str:
    return browser.press(PAGE, {**typed_on(html), **changed, "act": "save"})


@pytest.mark.parametrize("policy", [RefundPolicy(), FULL, RefundPolicy(allowed={}, second_person_above={})])
def test_a_policy_survives_its_form(policy: RefundPolicy) -> None:
    read, problems = policy_of(typed_of(policy))
    assert problems == {}
    assert changes(policy, read) == ()
    assert replace(read, allowed={}, window_days={}) == replace(policy, allowed={}, window_days={})
    assert {status: actions for status, actions in policy.allowed.items() if actions} == read.allowed
    assert policy.window_days == read.window_days


def test_the_page_begins_with_the_usual_rules_in_plain_words(browser: Browser) -> None:
    html = browser.page(PAGE)
    page = seen(html)
    assert "Nobody has changed them yet: these are the usual ones." in page
    assert "None yet: the first one that you save is version 1." in page
    assert "Preview the effect" in page
    assert "Save as version" not in page
    fields = typed_on(html)
    assert fields["days-delivered"] == "30"
    assert fields["second-EUR"] == "200.00"
    assert fields["allow-pending-cancel"] == "yes"
    assert "allow-pending-refund" not in fields


def test_a_preview_changes_nothing_and_a_saved_version_is_kept_with_who_wrote_it(
    browser: Browser, filler: Filler
) -> None:
    html = preview(browser, **{"days-delivered": "14", "alone-EUR": "20,5", "final_sale": "SALE\r\n\r\n B-1 "})
    assert "There are no past cases yet to try them on." in seen(html)
    assert "Save as version 1" in seen(html)
    assert stored(filler).version == 0
    page = seen(save(browser, html))
    assert "Saved as version 1. New requests are judged by it from now on." in page
    assert "This is version 1, by Olivia Owner" in page
    policy = stored(filler)
    assert (policy.version, policy.window_days["delivered"], policy.alone_up_to) == (1, 14, {"EUR": 2050})
    assert policy.final_sale == {"SALE", "B-1"}
    version = seen(browser.page(f"{PAGE}/version?number=1"))
    assert "the current version by Olivia Owner" in version
    assert "Days for an order that is delivered Before: 30 In version 1: 14" in version
    assert "The machine alone up to Before: never In version 1: 20.50 EUR" in version
    [event] = filler.rows("SELECT detail FROM event WHERE tenant_id = :tenant AND kind = 'refund_policy_saved'")
    assert event.detail == {"version": 1}


def test_the_preview_says_which_past_cases_would_have_ended_otherwise(browser: Browser, filler: Filler) -> None:
    till, mailbox = Till(filler), filler.mailbox()
    till.order("LO-1")
    till.order("LO-2")
    till.wanted(mailbox, number="LO-1")
    till.wanted(mailbox, number="LO-2")
    unchanged = seen(preview(browser))
    assert re.search(r"Of 2 past cases (none|2|1)", unchanged)
    html = preview(browser, **{"days-delivered": "3"})
    page = seen(html)
    assert "Of 2 past cases 2 would have ended otherwise : 2 granted before, refused now." in page
    assert "LO-1" in page.split("What these rules would have done")[1]
    assert filler.rows("SELECT state FROM support_case WHERE tenant_id = :tenant") == [("eligible",), ("eligible",)]


def test_what_was_changed_after_the_preview_is_looked_at_once_more(browser: Browser, filler: Filler) -> None:
    html = preview(browser, **{"days-delivered": "14"})
    html = save(browser, html, **{"days-delivered": "7"})
    assert "Nothing was saved yet: you changed the rules after the preview." in seen(html)
    assert stored(filler).version == 0
    save(browser, html)
    assert stored(filler).window_days["delivered"] == 7


def test_whoever_comes_second_sees_what_changed_and_keeps_what_was_typed(
    browser: Browser, filler: Filler, join
) -> None:
    anna = join("admin")
    mine = preview(browser, **{"days-delivered": "14", "excluded": "bulbs"})
    save(anna, preview(anna, per_month="5"))
    html = save(browser, mine)
    page = seen(html)
    assert "Somebody saved version 1 while you wrote" in page
    assert "Refunds for one customer in 30 days Before: 2 In version 1: 5" in page
    assert "Days for an order that is delivered Before" not in page
    fields = typed_on(html)
    assert (fields["days-delivered"], fields["excluded"], fields["base"]) == ("14", "bulbs", "1")
    assert stored(filler).window_days["delivered"] == 30
    html = browser.press(PAGE, {**fields, "act": "preview"})
    save(browser, html)
    policy = stored(filler)
    assert (policy.version, policy.window_days["delivered"], policy.excluded) == (2, 14, {"bulbs"})


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("days-delivered", "two weeks", "Write a whole number of days from 0 to 3650."),
        ("days-delivered", "-1", "Write a whole number of days"),
        ("days-delivered", "9999", "Write a whole number of days"),
        ("restocking", "100", "Write a whole number of per cent from 0 to 99."),
        ("per_month", "", "Write a whole number of refunds from 0 to 1000."),
        ("alone-EUR", "20.005", "Write an amount in EUR like 20.00."),
        ("alone-EUR", "1,000.00", "Write an amount in EUR like 20.00."),
        ("second-EUR", "a lot", "Write an amount in EUR like 20.00."),
        ("alone-EUR", "500", "It must be less than the amount from which on two people approve"),
        ("currency", "krona", "Write a currency as three letters, like SEK."),
        ("second-new", "20", "Write which currency these amounts are in."),
        ("phrase-window-en", "After {dags} days", "In braces there may only stand {days}, {number}, {status}."),
        ("phrase-status-en", "{item}", "In braces there may only stand {number}, {status}."),
        ("phrase-window-de", "x" * 501, "It must be one line of 1 to 500 characters."),
        ("final_sale", "x\n" * 3 + "y" * 120, "is no article or category: it needs 1 to 100 characters."),
        ("excluded", "\n".join(map(str, range(501))), "At most 500 articles and categories are kept."),
    ],
)
def test_a_bad_field_gets_one_sentence_where_it_stands(
    browser: Browser, filler: Filler, field: str, value: str, said: str
) -> None:
    html = preview(browser, **{field: value})
    page = seen(html)
    assert "Nothing was saved. 1 field needs another look" in page
    place = {"second-new": "currency"}.get(field, field)
    problem = html.split(f'id="{place}-problem"')[1].split("</p>")[0]
    assert said in seen(f"<p{problem}</p>")
    assert "Save as version" not in page
    # What was typed is still there.
    assert typed_on(html)[field].strip() == value.strip()
    assert stored(filler).version == 0


def test_a_currency_can_be_added(browser: Browser, filler: Filler) -> None:
    html = preview(browser, **{"currency": "sek", "alone-new": "100", "second-new": "2000"})
    save(browser, html)
    policy = stored(filler)
    assert (policy.alone_up_to["SEK"], policy.second_person_above["SEK"]) == (10_000, 200_000)
    assert typed_on(browser.page(PAGE))["second-SEK"] == "2000.00"


def test_what_is_typed_is_inert(browser: Browser, filler: Filler) -> None:
    evil = '"><script>alert(1)</script>'
    html = preview(browser, final_sale=evil, **{"phrase-window-en": evil, "days-delivered": evil, "currency": evil})
    assert "<script>alert" not in html
    html = preview(browser, final_sale=evil, **{"phrase-window-en": evil})
    html = save(browser, html, final_sale=evil, **{"phrase-window-en": evil})
    assert stored(filler).final_sale == {evil}
    assert "<script>alert" not in browser.page(f"{PAGE}/version?number=1")


@pytest.mark.parametrize("role", ["agent", "viewer"])
def test_others_read_the_rules_and_change_nothing(filler: Filler, browser: Browser, join, role: str) -> None:
    save(browser, preview(browser, **{"days-delivered": "14"}))
    other = join(role)
    html = other.page(PAGE)
    assert "An owner or admin of this workspace can change them." in seen(html)
    assert "<textarea" not in html
    assert "Days for an order that is delivered 14" in seen(html)
    assert other.get(f"{PAGE}/version?number=1").status_code == 200
    assert other.post(PAGE, {"act": "save", "base": "1"}).status_code == 403
    assert stored(filler).version == 1


def test_another_workspace_has_versions_of_its_own(browser: Browser, rival: Filler) -> None:
    with rival.database.transaction(rival.tenant) as db:
        refund_policies.save(db, rival.tenant, replace(FULL, excluded=frozenset({"CANARY"})), rival.member)
    assert "CANARY" not in browser.page(PAGE)
    assert "Nobody has changed them yet" in browser.page(PAGE)
    for number in ("1", "0", "-1", "x", str(2**63)):
        assert browser.get(f"{PAGE}/version?number={number}").status_code == 404
    save(browser, preview(browser, **{"days-delivered": "14"}))
    with rival.database.transaction(rival.tenant) as db:
        assert refund_policies.newest(db, rival.tenant).excluded == {"CANARY"}


@pytest.mark.parametrize("base", ["", "x", "-5", str(2**40), "7"])
def test_a_made_up_base_saves_nothing(browser: Browser, filler: Filler, base: str) -> None:
    fields = typed_on(browser.page(PAGE))
    browser.press(PAGE, {**fields, "base": base, "act": "save"})
    assert stored(filler).version == 0
