"""Hostile HTML: to the text that a reader would see, and to the little HTML that is safe to show."""

import re
from typing import Any

import lxml.html
import nh3

from adapters.mime.text import CUT, clean, clean_line

MAX_HTML = 1_000_000


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_TAGS = _words(
    """
    a abbr b blockquote br caption code dd del div dl dt em h1 h2 h3 h4 h5 h6 hr i img ins li ol p pre q s small
    span strong sub sup table tbody td tfoot th thead tr u ul
    """
)
# What carries no words of the writer, or could run.
_DROPPED = _words(
    """
    script style head title template object embed applet svg math iframe frame frameset noframes audio video
    canvas select option textarea button input noscript xml meta link base map area
    """
)
_BLOCKS = _words(
    """
    address article aside blockquote body center dd details div dl dt fieldset figcaption figure footer form h1
    h2 h3 h4 h5 h6 header hr html li main nav ol p pre section summary table tbody tfoot thead tr ul
    """
)
_PARAGRAPHS = _words("p h1 h2 h3 h4 h5 h6 ul ol table blockquote pre")
_HIDING = re.compile(
    r"(?:^|;)(?:display:none|visibility:(?:hidden|collapse)|mso-hide:all"
    r"|(?:font-size|opacity|max-height|max-width):[+-]?(?:0{1,9}(?:\.0{0,9})?|\.0{1,9})"
    r"(?:px|pt|em|rem|ex|ch|%|vh|vw|cm|mm|in|pc)?(?:!important)?(?:;|$))"
)
_COMMENT = re.compile(r"/\*[^*]*\*/")
# libxml2 reads these out of a page, by themselves or as &#8;, and refuses to have them written.
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_MAX_QUOTE = 5
# Browsers, and nh3, take the second for the first.
_IMAGES = {"img", "image"}
_LONGEST_ADDRESS = 2000
_BEFORE = {"li": "- ", "td": " ", "th": " "}

_lxml: Any = lxml.html  # it carries no types
Element = Any


def parse(source: str) -> tuple[Element | None, bool]:
    """The tree of a page without scripts, styles and hidden elements, and whether the page was cut to `MAX_HTML`.

    lxml is the one parser here whose time does not explode on hostile input (RELIABILITY.md, section 5).
    """
    was_cut = len(source) > MAX_HTML
    # libxml2 stops at NUL, and refuses lone surrogates.
    raw = source[:MAX_HTML].replace("\0", "").encode("utf-8", "replace")
    parser = _lxml.HTMLParser(encoding="utf-8", no_network=True, remove_comments=True, remove_pis=True)
    try:
        root = _lxml.document_fromstring(raw, parser=parser)
    except _lxml.etree.ParserError:
        return None, was_cut  # nothing but white space
    for element in [one for one in root.iter() if is_unseen(one)]:
        remove(element)
    return (root if not is_unseen(root) else None), was_cut


def is_unseen(element: Element) -> bool:
    if not isinstance(element.tag, str):
        return True
    # Only the local name counts: <o:p> is Outlook's, <svg:script> somebody else's.
    if element.tag.rpartition(":")[2].lower() in _DROPPED or element.get("hidden") is not None:
        return True
    style = element.get("style")
    return bool(style) and _HIDING.search(_COMMENT.sub("", "".join(style.lower().split()))) is not None


def remove(element: Element) -> None:
    parent = element.getparent()
    if parent is None:
        return
    if element.tail:
        before = element.getprevious()
        if before is not None:
            before.tail = _NOT_XML.sub("", (before.tail or "") + element.tail)
        else:
            parent.text = _NOT_XML.sub("", (parent.text or "") + element.tail)
    parent.remove(element)


def to_text(source: str) -> str:
    """What a reader of the page sees, as clean text; quotes are marked `> `, list items `- `."""
    root, was_cut = parse(source)
    return (_text_of(root) if root is not None else "") + (CUT if was_cut else "")


def _text_of(root: Element) -> str:
    lines = _Lines()
    # Walked without recursion.
    for event, element in _lxml.etree.iterwalk(root, events=("start", "end")):
        tag = element.tag.lower()
        if event == "start":
            lines.open(tag)
            lines.add(element.text)
        else:
            lines.close(tag)
            lines.add(element.tail if element is not root else "")
    return clean(lines.text()).strip()


class _Lines:
    """The lines of text that a page becomes, block by block."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._words: list[str] = []
        self._quotes = 0
        self._preformatted = 0

    def open(self, tag: str) -> None:
        if tag in _BLOCKS:
            self._end_line()
        if tag in _PARAGRAPHS:
            self._gap()
        self._quotes += tag == "blockquote"
        self._preformatted += tag == "pre"
        if tag == "br":
            if not self._end_line():
                self._gap()
        elif tag in _BEFORE:
            self.add(_BEFORE[tag])

    def close(self, tag: str) -> None:
        if tag in _BLOCKS:
            self._end_line()
        self._quotes -= tag == "blockquote"
        self._preformatted -= tag == "pre"
        if tag in _PARAGRAPHS:
            self._gap()

    def add(self, text: str | None) -> None:
        self._words.append(text or "")

    def text(self) -> str:
        self._end_line()
        return "\n".join(self._lines)

    def _end_line(self) -> bool:
        """Write the words so far, and say whether there were any."""
        text = "".join(self._words)
        self._words.clear()
        text = text.rstrip() if self._preformatted else " ".join(text.split())
        if text:
            self._lines.extend(f"{'> ' * min(self._quotes, _MAX_QUOTE)}{line}" for line in text.split("\n"))
        return bool(text)

    def _gap(self) -> None:
        empty = ("> " * min(self._quotes, _MAX_QUOTE)).rstrip()
        if self._lines and self._lines[-1].strip("> "):
            self._lines.append(empty)
        elif self._lines:
            self._lines[-1] = empty


def to_safe_html(source: str) -> str:
    """A small, harmless rest of the page: no styles, classes or forms; links do not tell where they stood.

    No image loads either: of those that lie on the web the address is kept, for `adapters.mime.pictures`.
    """
    root, _ = parse(source)
    if root is None:
        return ""
    for image in [one for one in root.iter() if one.tag in _IMAGES]:
        _put_away(image)
    # Cleaned before the sanitiser, never after: composing `>` with a following mark would undo the end of a tag.
    for element in root.iter():
        element.text, element.tail = clean(element.text or ""), clean(element.tail or "")
        if "href" in element.attrib:
            element.set("href", clean_line(element.get("href")))
    # Serialised by lxml first: nh3 alone takes minutes for a megabyte of nested elements.
    safe = nh3.clean(
        _lxml.tostring(root, encoding="unicode"),
        tags=set(_TAGS),
        attributes={
            "a": {"href"},
            "img": {"data-src", "alt"},
            "td": {"colspan", "rowspan"},
            "th": {"colspan", "rowspan"},
        },
        url_schemes={"http", "https", "mailto"},
        link_rel="noopener noreferrer nofollow",
        strip_comments=True,
    )
    # Escaping makes some pages many times longer; then the text has to do.
    return safe if len(safe) <= MAX_HTML else ""


def _put_away(image: Element) -> None:
    """Keep the address of a picture first among what is left of it; one that lies nowhere on the web goes."""
    address, alt = clean_line(image.get("src") or "").strip(), clean_line(image.get("alt") or "")
    image.attrib.clear()
    image.tag = "img"
    if not address.lower().startswith("https://") or len(address) > _LONGEST_ADDRESS:
        remove(image)
        return
    image.set("data-src", address)
    if alt:
        image.set("alt", alt[:200])
