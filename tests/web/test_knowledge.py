"""The knowledge base as pages: what stands there, what was brought, changed, found, quoted and taken away."""

from io import BytesIO

import pytest

from storage import documents, indexing
from tests.web.conftest import seen
from tests.web.shelf import Shelf

RETURNS = """---
language: en
team: care
---
# Returns

You can return a lamp within thirty days.

## Costs
Returning LO-48213 is free."""


@pytest.fixture
def shelf(services, filler):
    return Shelf(services, filler.tenant)


def upload(browser, files, **form):
    given = [(BytesIO(content), name) for name, content in files]
    return browser.client.post(
        "/knowledge/upload", data={"csrf_token": browser.token(), "files": given, **form},
        content_type="multipart/form-data",
    )  # fmt: skip


def save(browser, follow=True, **form):
    sent = {"act": "save", "title": "Returns", "body": "Within thirty days.", **form}
    return browser.post("/knowledge/edit", sent, follow_redirects=follow)


def current(filler):
    return {
        row.path: row
        for row in filler.rows("SELECT path, version, source, visibility, language, maker, member_id, questions"
                               " FROM document WHERE tenant_id = :tenant AND is_current")
    }  # fmt: skip


# -- the list


def test_the_list_says_what_each_document_is_and_puts_those_left_out_first(browser, shelf):
    shelf.put("en/a.md", RETURNS)
    shelf.put("en/secret.md", "---\nvisibility: internal\nlanguage: en\n---\nFor us alone.")
    shelf.put("en/zebra.md", "---\nlanguage: en\n---\nBroken.")
    shelf.index()
    shelf.left_out("en/zebra.md", "is damaged.")
    html = browser.page("/knowledge")
    page = seen(html)
    assert html.index("en/zebra.md") < html.index("en/a.md")
    assert "left out It is damaged." in page
    assert "members alone" in page
    assert "3 documents, 1 left out" in page
    assert "Returns" in seen(browser.page("/knowledge?q=RETURNS"))
    assert "1 of 3 documents" in seen(browser.page("/knowledge?q=en/a"))
    assert "Nothing here fits" in seen(browser.page("/knowledge?language=de"))


def test_the_list_shows_how_far_reading_in_has_come_without_any_script(browser, shelf):
    shelf.put("en/a.md", RETURNS)
    shelf.index()
    assert "Answers come from 2 passages of 1 document" in seen(browser.page("/knowledge"))
    shelf.put("en/b.md", RETURNS)
    shelf.progress(1240, 3000)
    html = browser.page("/knowledge")
    assert "1,240 of 3,000 passages are ready; answers come from the version of" in seen(html)
    assert '<progress id="how-far" max="3000" value="1240">' in html
    assert '<noscript><meta http-equiv="refresh"' in html


def test_documents_follow_each_other_by_key(browser, shelf):
    for number in range(53):
        shelf.put(f"en/n{number:02}.md", f"Text {number}.")
    assert "en/n50.md" not in browser.page("/knowledge")
    assert "en/n50.md" in browser.page("/knowledge?after=en/n49.md")


# -- files from a person's machine


def test_good_files_are_stored_and_each_bad_one_is_named_with_its_reason(browser, filler):
    answer = upload(
        browser,
        [("returns.md", RETURNS.encode()), ("run.exe", b"MZ"), ("empty.txt", b" "), ("b.md", b"---\nlang: xx\n---\nA")],
        folder="en/help", visibility="internal",
    )  # fmt: skip
    page = seen(answer.text)
    assert (
        "1 file is in the knowledge base , 3 left out" in page or "1 file is in the knowledge base, 3 left out" in page
    )
    assert ".exe is not a kind read here" in page
    assert "It has no text beside its front matter." in page
    assert "It names the language 'xx'" in page
    row = current(filler)["en/help/returns.md"]
    assert (row.visibility, row.maker, row.member_id) == ("internal", "upload", filler.member)
    assert set(current(filler)) == {"en/help/returns.md"}


def test_a_file_of_the_same_name_is_a_new_version_and_the_earlier_one_stays(browser, filler):
    upload(browser, [("a.md", b"# A\n\nOne.")])
    assert "nothing new in it" in upload(browser, [("a.md", b"# A\n\nOne.")]).text
    assert "new version" in upload(browser, [("a.md", b"# A\n\nTwo.")]).text
    assert "2 versions" in seen(browser.page("/knowledge/versions?path=a.md"))


@pytest.mark.parametrize(
    ("name", "path"),
    [("../../etc/a.md", "a.md"), ("C:\\\\x\\\\a.md", "a.md"), ("/etc/a.md", "a.md"), ("a\nb.md", "a b.md")],
)
def test_a_files_name_leads_nowhere(browser, filler, name, path):
    upload(browser, [(name, b"Text.")])
    assert set(current(filler)) <= {path}


@pytest.mark.parametrize("folder", ["../up", "a/../b", ".hidden", "a//b"])
def test_a_folder_that_leads_out_is_refused(browser, filler, folder):
    assert "left out" in upload(browser, [("a.md", b"Text.")], folder=folder).text
    assert not current(filler)


def as_form(size):
    """A form with one file of this size, as a browser writes it."""
    head = b'--x\r\nContent-Disposition: form-data; name="files"; filename="a.md"\r\n\r\n'
    return {"data": head + b"0" * size + b"\r\n--x--\r\n", "content_type": "multipart/form-data; boundary=x"}


def test_files_may_be_larger_than_forms_for_those_alone_who_may_bring_them(browser, join, stranger):
    """What is small enough is read, and then lacks its token."""
    large = as_form(3 * 1024 * 1024)
    assert browser.client.post("/knowledge/upload", **large).status_code == 400
    assert browser.client.post("/knowledge/restore", **large).status_code == 413
    assert stranger.client.post("/knowledge/upload", **large).status_code == 413
    assert join("viewer").client.post("/knowledge/upload", **large).status_code == 413
    answer = browser.client.post(
        "/knowledge/upload", **as_form(9), environ_overrides={"CONTENT_LENGTH": str(60 * 1024 * 1024)}
    )
    assert answer.status_code == 413
    assert "50 MB of documents" in seen(answer.text)


# -- the editor


def test_an_article_is_written_with_its_front_matter_by_code(browser, filler):
    about = {"title": 'Returns: "no"', "language": "en", "url": "https://lumen.example/returns"}
    page = seen(save(browser, **about, questions="May I?\n\n When? ").text)
    assert "Saved. Answers come from it" in page
    row = current(filler)["en/returns-no.md"]
    assert row.source == (
        "---\ntitle: 'Returns: \"no\"'\nlanguage: en\nvisibility: public\nurl: https://lumen.example/returns\n"
        "questions:\n- May I?\n- When?\n---\n\nWithin thirty days.\n"
    )
    assert (row.questions, row.maker, row.member_id) == (["May I?", "When?"], "member", filler.member)


def test_what_a_file_said_beyond_the_form_stays_in_it(browser, shelf, filler):
    base = shelf.put("en/a.md", RETURNS)
    assert "You can return a lamp" in browser.page("/knowledge/edit?path=en/a.md")
    save(browser, path="en/a.md", base=base, language="en", body="New.")
    assert "team: care" in current(filler)["en/a.md"].source


def test_the_preview_saves_nothing_and_runs_nothing(browser, filler):
    form = {
        "act": "preview", "title": "T",
        "body": "**bold** <script>alert(1)</script> [x](javascript:alert(1)) ![p](https://x.example/p.png) [l](https://l.example)",
    }  # fmt: skip
    page = browser.post("/knowledge/edit", form).text
    preview = page.partition('class="rendered"')[2]
    assert "<strong>bold</strong>" in preview
    assert "<script" not in preview
    assert "<img" not in preview
    assert 'href="javascript' not in preview
    assert 'rel="noopener noreferrer nofollow"' in preview
    assert not current(filler)


def test_a_text_that_cannot_be_kept_comes_back_with_the_reason(browser, filler):
    for form, reason in (
        ({"title": ""}, "It needs a title."),
        ({"body": " "}, "It needs a text."),
        ({"url": "http://plain.example"}, "It has a link that does not begin with https://."),
        ({"path": "../x"}, "no name in it may begin with a dot"),
    ):
        page = save(browser, questions="Kept?", **form).text
        assert reason in seen(page)
        assert "Kept?" in page
    assert not current(filler)


def test_who_saves_second_is_shown_both_and_loses_nothing(browser, join, shelf, filler):
    base = shelf.put("en/a.md", RETURNS)
    save(join("agent"), path="en/a.md", base=base, body="Theirs, ninety days.")
    theirs = current(filler)["en/a.md"].version
    page = save(browser, path="en/a.md", base=base, body="Mine, ten days.").text
    assert "Somebody saved this document while you wrote" in seen(page)
    assert "Theirs, ninety days." in page
    assert "Mine, ten days." in page.partition("<textarea")[2]
    assert current(filler)["en/a.md"].version == theirs
    assert f'name="base" value="{theirs}"' in page
    save(browser, path="en/a.md", base=theirs, body="Mine, ten days.")
    assert "Mine, ten days." in current(filler)["en/a.md"].source
    assert "3 versions" in seen(browser.page("/knowledge/versions?path=en/a.md"))


def test_a_new_article_never_takes_the_place_of_another(browser, shelf, filler):
    version = shelf.put("en/returns.md", RETURNS)
    assert "stands a document already" in seen(save(browser, language="en").text)
    assert current(filler)["en/returns.md"].version == version


def test_an_internal_document_says_so_and_stays_so(browser, filler, shelf):
    assert "for members alone" in seen(save(browser, visibility="internal").text)
    assert current(filler)["returns.md"].visibility == "internal"
    shelf.put("b.md", "Text.", visibility="internal")
    assert 'value="internal" checked' in browser.page("/knowledge/edit?path=b.md")


def test_what_is_no_text_is_not_edited(browser, shelf):
    shelf.put("a.html", b"<html><body><h1>Returns</h1><p>Within thirty days.</p></body></html>")
    assert "A web page is not changed here" in seen(browser.page("/knowledge/edit?path=a.html"))


# -- versions


def test_versions_are_compared_and_an_earlier_one_is_made_current_again(browser, shelf, filler):
    first = shelf.put("en/a.md", RETURNS)
    second = shelf.put("en/a.md", RETURNS.replace("thirty", "ninety"))
    page = seen(browser.page(f"/knowledge/differences?path=en/a.md&old={first}&new={second}"))
    assert "removed You can return a lamp within thirty days." in page
    assert "added You can return a lamp within ninety days." in page
    assert "current again" in browser.press("/knowledge/restore", {"path": "en/a.md", "version": first})
    assert current(filler)["en/a.md"].version == first


def test_a_document_is_removed_after_a_question_and_can_come_back(browser, shelf, filler, services):
    version = shelf.put("en/a.md", RETURNS)
    shelf.index()
    assert "Remove Returns" in seen(browser.page("/knowledge/remove?path=en/a.md"))
    assert "Removed" in browser.press("/knowledge/remove", {"path": "en/a.md"})
    assert not current(filler)
    assert "No passage holds these words" in seen(browser.page("/knowledge/search?q=lamp"))
    assert "This document was removed" in seen(browser.page(f"/knowledge/passage?path=en/a.md&version={version}"))
    browser.press("/knowledge/restore", {"path": "en/a.md", "version": version})
    assert set(current(filler)) == {"en/a.md"}


def test_what_is_internal_becomes_public_again_only_when_that_is_said(browser, shelf, filler):
    public = shelf.put("en/a.md", RETURNS)
    shelf.put("en/a.md", RETURNS + " Internal.", visibility="internal")
    page = browser.press("/knowledge/restore", {"path": "en/a.md", "version": public})
    assert "to customers again?" in seen(page)
    assert current(filler)["en/a.md"].visibility == "internal"
    browser.press("/knowledge/restore", {"path": "en/a.md", "version": public, "public": "yes"})
    assert current(filler)["en/a.md"].visibility == "public"


# -- search


def test_search_finds_words_in_every_form_and_marks_them(browser, shelf):
    shelf.put("en/a.md", RETURNS)
    shelf.put("de/a.md", "---\nlanguage: de\n---\n# Rückgabe\n\nLampen geben Sie in dreißig Tagen zurück.")
    shelf.index()
    html = browser.page("/knowledge/search?q=returned+lamps+yesterday")
    assert "<mark>return</mark>" in html
    assert "<mark>lamp</mark>" in html
    assert "2 of 3 words" in seen(html)
    assert "This looks for words" in seen(html)
    assert "<mark>Lampen</mark>" in browser.page("/knowledge/search?q=Lampe")


def test_search_finds_numbers_as_they_are_written_and_leads_to_the_passage(browser, shelf):
    version = shelf.put("en/a.md", RETURNS)
    shelf.index()
    html = browser.page("/knowledge/search?q=LO-48213")
    assert "1 number or code as written" in seen(html)
    [link] = [part.partition('"')[0] for part in html.split('href="') if part.startswith("/knowledge/passage")]
    page = browser.page(link.replace("&amp;", "&").partition("#")[0])
    assert '<mark id="cited">Returning LO-48213 is free.</mark>' in page
    assert version[:12] in page
    assert "the current version" in page


def test_passages_that_an_earlier_release_cut_are_found_too(browser, shelf):
    shelf.put("en/a.md", RETURNS)
    shelf.index(keep_words=False)
    assert "<mark>lamp</mark>" in browser.page("/knowledge/search?q=lamps")


def test_a_number_is_counted_in_the_passage_that_holds_it_and_in_headings(browser, shelf):
    shelf.put("en/a.md", "# Codes\n\n## One\n\nNothing.\n\n## Two\n\nÄÖ e17, E17 and E18.\n\n## E17 again\n\nText.")
    shelf.index()
    html = browser.page("/knowledge/search?q=E17+E18")
    assert seen(html).count("as written") == 2
    assert "2 numbers or codes as written" in seen(html)
    assert html.index("Codes &gt; Two") < html.index("Codes &gt; E17 again")
    assert "<mark>e17</mark>" in html


@pytest.mark.parametrize("words", ["%25", "'", "the", "a & | !", "%00", "\\", "100%25 wool_"])
def test_search_takes_whatever_is_typed(browser, shelf, words):
    shelf.put("en/a.md", RETURNS)
    shelf.index()
    browser.page(f"/knowledge/search?q={words}")


def test_search_marks_internal_documents_and_hides_no_markup_in_a_snippet(browser, shelf):
    shelf.put("en/a.md", "---\nvisibility: internal\nlanguage: en\n---\nA lamp <b onclick=x>secret</b> & more.")
    shelf.index()
    html = browser.page("/knowledge/search?q=lamp")
    assert "members alone" in seen(html)
    assert "<b onclick" not in html


def test_search_answers_from_what_is_published_and_says_when_that_is_an_earlier_version(browser, shelf):
    shelf.put("en/a.md", RETURNS)
    shelf.index()
    shelf.put("en/a.md", RETURNS.replace("lamp", "rug"))
    assert "an earlier version" in seen(browser.page("/knowledge/search?q=lamp"))


# -- a cited span


def test_a_passage_says_whether_its_version_is_still_the_current_one(browser, shelf):
    first = shelf.put("en/a.md", RETURNS)
    shelf.put("en/a.md", RETURNS.replace("thirty", "ninety"))
    page = browser.page(f"/knowledge/passage?path=en/a.md&version={first}&start=0&end=9")
    assert '<mark id="cited"># Returns</mark>' in page
    assert "This is an earlier version" in seen(page)
    assert "does not stand in this version" in browser.page(
        f"/knowledge/passage?path=en/a.md&version={first}&start=5&end=99999"
    )
    assert browser.get("/knowledge/passage?path=en/a.md&version=nothing").status_code == 404


# -- who may


def test_a_viewer_reads_and_changes_nothing(join, shelf, filler):
    version = shelf.put("en/a.md", RETURNS)
    viewer = join("viewer")
    for path in ("/knowledge", "/knowledge/versions?path=en/a.md", "/knowledge/search?q=lamp", "/gaps"):
        page = viewer.page(path)
        assert "Write an article" not in page
        assert "Remove" not in page
    assert viewer.get("/knowledge/edit").status_code == 403
    assert upload(viewer, [("b.md", b"Text.")]).status_code == 403
    assert save(viewer).status_code == 403
    assert viewer.post("/knowledge/restore", {"path": "en/a.md", "version": version}).status_code == 403
    assert set(current(filler)) == {"en/a.md"}


def test_only_who_manages_may_remove(join, shelf, filler):
    shelf.put("en/a.md", RETURNS)
    agent = join("agent")
    assert agent.get("/knowledge/remove?path=en/a.md").status_code == 403
    assert agent.post("/knowledge/remove", {"path": "en/a.md"}).status_code == 403
    assert set(current(filler)) == {"en/a.md"}


def test_a_form_without_its_token_changes_nothing(browser, app, filler):
    app.config["WTF_CSRF_ENABLED"] = True
    for path in ("/knowledge/edit", "/knowledge/upload", "/knowledge/restore", "/knowledge/remove"):
        assert browser.client.post(path, data={"act": "save", "title": "T", "body": "B"}).status_code == 400
    assert not current(filler)


def test_the_index_is_asked_for_when_a_document_is_saved(browser, database, filler):
    save(browser)
    with database.transaction(filler.tenant) as db:
        assert indexing.progress(db, filler.tenant).waiting
        assert documents.of_path(db, filler.tenant, "returns.md")
