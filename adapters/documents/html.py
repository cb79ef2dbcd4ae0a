"""A page of HTML to Markdown: its headings, lists, tables and links; no script, style, form or navigation."""

import codecs
import re
from typing import Any

import lxml.html
from markdownify import MarkdownConverter

from adapters.mime.html import is_unseen, remove
from adapters.mime.text import MAX_TEXT, clean, clean_line, decode
from domain.errors import Unreadable
from domain.ports import Converted

MAX_BYTES = 2 * 1024 * 1024
# What stands around the words of a page and is the same on every page.
_AROUND = frozenset({"nav", "footer", "aside", "form", "dialog", "menu", "search"})
_ROLES = frozenset({"navigation", "banner", "contentinfo", "search", "complementary", "dialog"})
_CHARSET = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([\w.:-]{1,40})", re.IGNORECASE)
_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_BLANK_LINES = re.compile(r"\n{3,}")

_lxml: Any = lxml.html  # it carries no types


def read(content: bytes) -> Converted:
    """Raises Unreadable. Runs in the jailed child only."""
    if len(content) > MAX_BYTES:
        raise Unreadable("is larger than 2 MB; split it into several documents.")
    root = _parsed(_text(content))
    if root is None:
        raise Unreadable("has no text.")
    title = clean_line(root.findtext(".//title") or "")
    language = root.get("lang") or ""
    url = next((str(one.get("href") or "") for one in root.iter("link") if one.get("rel") == "canonical"), "")
    said = (one.get("content") or "" for one in root.iter("meta") if (one.get("name") or "").lower() == "visibility")
    visibility = next(said, "")
    for element in [one for one in root.iter() if _is_around(one) or is_unseen(one)]:
        if element is not root:
            remove(element)
    text = _markdown(_main(root))
    if not re.search(r"\w", text):
        raise Unreadable("has no text.")
    return Converted(text, title, language, url if url.startswith("https://") else "", visibility)


def _text(content: bytes) -> str:
    for bom, charset in _BOMS:
        if content.startswith(bom):
            return content[len(bom) :].decode(charset, "replace")
    declared = _CHARSET.search(content, 0, 4096)
    return decode(content, declared.group(1).decode("ascii") if declared else "utf-8")


def _parsed(source: str) -> Any:
    # libxml2 stops at NUL, and refuses lone surrogates.
    raw = source.replace("\0", "").encode("utf-8", "replace")
    parser = _lxml.HTMLParser(encoding="utf-8", no_network=True, remove_comments=True, remove_pis=True)
    try:
        return _lxml.document_fromstring(raw, parser=parser)
    except _lxml.etree.ParserError:
        return None  # nothing but white space


def _is_around(element: Any) -> bool:
    if not isinstance(element.tag, str):
        return True
    return element.tag in _AROUND or (element.get("role") or "").lower() in _ROLES


def _main(root: Any) -> Any:
    """The one part that a page names as its content, else all of it."""
    for found in (root.findall(".//main"), root.xpath(".//*[@role='main']"), root.findall(".//article")):
        if len(found) == 1:
            return found[0]
    return root


def _markdown(element: Any) -> str:
    converter = MarkdownConverter(
        heading_style="ATX",
        bullets="-",
        strip=["img", "picture", "svg"],
        # Words stay as they are searched for: an address is no "john\\_doe".
        escape_asterisks=False,
        escape_underscores=False,
        table_infer_header=True,
        bs4_options="lxml",
    )
    text = converter.convert(_lxml.tostring(element, encoding="unicode", with_tail=False))
    if len(text) > MAX_TEXT:
        raise Unreadable("holds more than a million characters of text; split it into several documents.")
    lines = (line.rstrip() for line in clean(text).split("\n"))
    return _BLANK_LINES.sub("\n\n", "\n".join(lines)).strip()
