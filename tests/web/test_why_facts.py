"""*Why* shows what our data says with its time, and apart from it what the web may hold."""

from dataclasses import replace
from datetime import UTC, datetime

from domain.decision import Decision, Fact, Reply, Suggestion
from tests.web.conftest import Browser, seen
from tests.web.filling import MESSAGE, UNDERSTANDING, Filler

AS_OF = datetime(2026, 11, 25, 14, 3, tzinfo=UTC)
ORDER = Fact("order LO-48213", "delivered since 2026-11-12", AS_OF, "https://lumen-oak.example/track/LO-48213")
INCIDENT = Fact(
    "incident: Coupon codes are rejected at checkout",
    "identified, open since 2026-11-25 13:30 UTC. Some codes are refused with error E-4021.",
    AS_OF,
    "https://status.lumen-oak.example/incidents/inc0001",
)
PAGE = Suggestion("Coupon codes <b>explained</b>", "https://web.example/coupons?a=1&b=2", "Why a code may be refused.")


def held_with(filler: Filler, *, facts=(), suggestions=()):
    claim = filler.store(filler.mailbox(), MESSAGE)
    reply = Reply(MESSAGE.sender, MESSAGE.subject, "Hello,\n\nThe machine's draft.")
    decision = Decision.hold("A person answers.", reply).known_from(*facts).suggesting(*suggestions)
    filler.decide(claim, decision, UNDERSTANDING)
    return f"/conversations/{claim.conversation}"


def test_a_fact_is_shown_with_its_source_its_words_its_time_and_its_link(browser: Browser, filler: Filler) -> None:
    html = browser.page(held_with(filler, facts=[ORDER, INCIDENT]))
    page = seen(html)
    assert "What our data says" in page
    assert "Order LO-48213 as of 2026-11-25 14:03 UTC" in page
    assert "delivered since 2026-11-12" in page
    assert "Incident: Coupon codes are rejected at checkout as of 2026-11-25 14:03 UTC" in page
    assert f'href="{ORDER.url}" rel="noopener noreferrer nofollow"' in html


def test_pages_of_the_web_stand_apart_and_say_that_nobody_checked_them(browser: Browser, filler: Filler) -> None:
    html = browser.page(held_with(filler, suggestions=[PAGE]))
    page = seen(html)
    assert "Nobody has checked them, and nothing of them is in the draft." in page
    assert "Why a code may be refused." in page
    assert "Coupon codes &lt;b&gt;explained&lt;/b&gt;" in html
    draft = html[html.index("<textarea") : html.index("</textarea>")]
    assert "The machine&#39;s draft." in draft
    assert "coupon" not in draft.lower()


def test_where_there_is_neither_nothing_is_said(browser: Browser, filler: Filler) -> None:
    page = seen(browser.page(held_with(filler)))
    assert "What our data says" not in page
    assert "Pages of the web" not in page


def test_times_are_read_back_as_they_were_written(filler: Filler, database) -> None:
    from storage import thread

    path = held_with(filler, facts=[replace(ORDER, url="")], suggestions=[PAGE])
    conversation = path.rpartition("/")[2]
    with database.transaction(filler.tenant) as db:
        (one,) = thread.find(db, filler.tenant, conversation).messages
    assert one.facts == (replace(ORDER, url=""),)
    assert one.suggestions == (PAGE,)
