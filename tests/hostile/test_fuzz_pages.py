"""Whatever HTML comes: what is left of it is of few kinds, as somebody else's parser sees it, and comes in time."""

import re
import time
from html.parser import HTMLParser

import pytest
from hypothesis import given

from adapters.markdown import to_safe_html as markdown
from adapters.mime.html import MAX_HTML, to_safe_html, to_text
from adapters.mime.pictures import with_pictures
from adapters.mime.text import clean
from tests.hostile.growth import grows_too_fast
from tests.hostile.making import TAGS, deep, examples, pages, writings

PLAIN = frozenset({
    "a", "abbr", "b", "blockquote", "br", "caption", "code", "dd", "del", "div", "dl", "dt", "em", "h1", "h2", "h3",
    "h4", "h5", "h6", "hr", "i", "img", "ins", "li", "ol", "p", "pre", "q", "s", "small", "span", "strong", "sub",
    "sup", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "u", "ul",
})  # fmt: skip
ALLOWED = {
    "a": {"href", "rel"},
    "img": {"data-src", "alt"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan"},
    "ol": {"start"},
}
SCHEME = re.compile(r"(?:https?:|mailto:)", re.IGNORECASE)
OTHER_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)
PATIENCE = 5.0


class Harm(HTMLParser):
    """Python's own parser, which has no part in the cleaning: it notes whatever could run, load or lead elsewhere."""

    def __init__(self, allowed=ALLOWED) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []
        self._allowed = allowed

    def handle_starttag(self, tag, attrs):
        if tag not in PLAIN:
            self.found.append(f"<{tag}>")
        for name, value in attrs:
            if name not in self._allowed.get(tag, ()):
                self.found.append(f"<{tag} {name}>")
            elif not _may_be(name, value or ""):
                self.found.append(f"<{tag} {name}={value!r}>")

    handle_startendtag = handle_starttag

    def handle_comment(self, data):
        self.found.append("a comment")

    def handle_decl(self, decl):
        self.found.append("a declaration")

    handle_pi = unknown_decl = handle_decl


def _may_be(name: str, value: str) -> bool:
    if name in {"data-src", "src"}:
        return value.lower().startswith("https://")
    return name != "href" or _leads_to_the_web(_squeezed(value))


def _leads_to_the_web(address: str) -> bool:
    """Relative addresses lead nowhere from within the frame."""
    return SCHEME.match(address) is not None or OTHER_SCHEME.match(address) is None


def _squeezed(value: str) -> str:
    """As a browser reads the beginning of an address: without what it leaves out."""
    return re.sub(r"[\x00-\x20\x7f-\x9f]", "", value)


def harm_in(html: str, allowed=ALLOWED) -> list[str]:
    parser = Harm(allowed)
    parser.feed(html)
    parser.close()
    return parser.found


def test_the_eye_sees_what_would_do_harm():
    for tag in ("<script>", "<svg/onload=1>", "<a onclick=1>", "<a href=' java\nscript:1'>", "<img src=x>", "<!-- -->"):
        assert harm_in(f"<p>x</p>{tag}"), tag


@examples(150)
@given(pages)
def test_nothing_of_any_page_runs_or_loads(page):
    safe = to_safe_html(page)
    assert harm_in(safe) == []
    # Cleaned once more it is still harmless, also for a parser that had mended it in between.
    assert harm_in(to_safe_html(safe)) == []
    shown = {**ALLOWED, "img": {"src", "alt", "referrerpolicy"}}
    assert harm_in(with_pictures(safe), shown) == []
    text = to_text(page)
    assert clean(text) == text


@examples(80)
@given(writings)
def test_nothing_of_any_document_runs_or_loads(words):
    assert harm_in(markdown(clean(words))) == []


@examples(60)
@given(pages)
def test_nothing_of_a_page_within_a_document_runs_or_loads(page):
    assert harm_in(markdown(clean(page))) == []


@examples(4)
@given(deep())
def test_any_page_of_any_depth_is_done_in_time(page):
    begun = time.process_time()
    to_text(page)
    assert len(to_safe_html(page)) <= MAX_HTML
    assert time.process_time() - begun < PATIENCE


@pytest.mark.parametrize("work", [to_text, to_safe_html, markdown], ids=["text", "layout", "document"])
def test_no_piece_of_a_page_takes_more_than_its_share_of_time(work):
    slow = {}
    for piece in filter(None, map(clean, TAGS)):
        found = grows_too_fast(work, lambda size, piece=piece: piece * (size // len(piece) + 1), 6_000)
        if found:
            slow[piece] = found
    assert slow == {}
