"""The page of the record: who may see it, what it says of who decided, and how it is filtered."""

import ast
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import text

from domain.decision import Decision
from storage import events
from storage.audit import Entry
from tests.web.conftest import Browser, seen
from tests.web.filling import MESSAGE, UNDERSTANDING, Filler
from web.audit_words import WORDS, decider_of, word_of

ROOT = Path(__file__).resolve().parents[2]


def note(filler: Filler, kind: str, actor: str = "machine", **detail) -> None:
    with filler.database.transaction(filler.tenant) as db:
        events.record(db, filler.tenant, actor=actor, kind=kind, subject=uuid4(), **detail)


def rows(page: str) -> str:
    return seen(page.split("<tbody>")[1].split("</tbody>", maxsplit=1)[0]) if "<tbody>" in page else ""


def test_what_a_person_and_the_machine_did_stands_there_with_who_decided(browser: Browser, filler: Filler) -> None:
    mailbox = filler.mailbox()
    filler.held(mailbox)
    claim = filler.store(mailbox, replace(MESSAGE, rfc_message_id="<2@example.org>"))
    automatic = replace(UNDERSTANDING, automatic="a bounce")
    filler.decide(claim, Decision.ignore("A machine wrote it: a bounce."), automatic)
    note(filler, "answering_paused", str(filler.member))
    shown = rows(browser.page("/record"))
    assert "Held a mail for a person Read as a question, 93% sure." in shown
    assert "the machine: local models, within the rules" in shown
    assert "Left a mail alone" in shown
    assert "the machine: a rule" in shown
    assert shown.index("Paused answering by itself") < shown.index("Left a mail alone")
    assert "Olivia Owner" in shown


@pytest.mark.parametrize("role", ["agent", "viewer"])
def test_who_does_not_answer_for_the_workspace_does_not_see_it(join, role: str) -> None:
    other = join(role)
    assert other.get("/record").status_code == 403
    assert "/record" not in other.page("/reports")


def test_an_admin_sees_it_and_finds_it_under_reports(join) -> None:
    admin = join("admin")
    assert 'href="/record"' in admin.page("/reports")
    assert admin.get("/record").status_code == 200


def test_the_record_is_filtered_by_part_person_and_day(browser: Browser, filler: Filler) -> None:
    note(filler, "supplier_saved", str(filler.member))
    note(filler, "reply_sent")
    assert rows(browser.page("/record?about=Replies")).count("Details") == 1
    assert "A reply left" in rows(browser.page("/record?about=Replies"))
    assert "Saved a supplier" in rows(browser.page(f"/record?who={filler.member}"))
    assert "A reply left" not in rows(browser.page(f"/record?who={filler.member}"))
    assert "Nothing here fits" in browser.page("/record?day=2020-01-01")
    for nonsense in ("about=x", "who=x", "day=x", "before=x", "before=-1", "before=99999999999999999999"):
        assert "A reply left" in rows(browser.page(f"/record?{nonsense}")), nonsense


def test_pages_go_on_below_the_last_row_and_keep_the_filter(browser: Browser, filler: Filler) -> None:
    for _ in range(51):
        note(filler, "reply_sent")
    first = browser.page("/record?about=Replies")
    path = first.split('rel="next" href="')[1].split('"')[0].replace("&amp;", "&")
    assert "about=Replies" in path
    assert rows(first).count("A reply left") == 50
    assert rows(browser.page(path)).count("A reply left") == 1


def test_the_page_counts_the_record_again_and_says_where_it_is_broken(browser: Browser, filler: Filler, owner) -> None:
    note(filler, "reply_sent")
    assert "none was changed" in browser.page("/record?check=yes")
    owner.execute(text("UPDATE event SET actor = 'nobody'"))
    owner.commit()
    assert "it was changed" in browser.page("/record?check=yes")


def test_who_is_gone_or_no_member_has_a_name_all_the_same() -> None:
    entry = Entry(1, None, "", "x", None, {})
    said = {actor: decider_of(replace(entry, actor=actor), {}) for actor in ("customer", "command", str(uuid4()))}
    assert list(said.values()) == ["a customer", "the command line", "a member who is gone"]
    model = replace(entry, actor="machine", detail={"by": "local models and gpt"})
    assert decider_of(model, {}) == "the machine: local models and gpt, within the rules"


def kinds_in_the_code() -> set[str]:
    """Every kind that is written out where an event is recorded."""
    found = set()
    for file in [
        *ROOT.glob("storage/*.py"),
        *ROOT.glob("web/*.py"),
        *ROOT.glob("worker/*.py"),
        *ROOT.glob("commands/*.py"),
    ]:
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] in {"record", "note"}:
                found |= {
                    one.value.value
                    for one in node.keywords
                    if one.arg == "kind" and isinstance(one.value, ast.Constant)
                }
    return found


def test_every_kind_of_event_has_its_words() -> None:
    known = {kind for kinds in WORDS.values() for kind in kinds}
    assert len(kinds_in_the_code()) > 20
    assert not kinds_in_the_code() - known
    assert word_of("made_by_a_later_release") == "Made by a later release"
