"""Bytes to clean text: which charset to believe, and which characters nobody may see."""

import codecs
import re
import unicodedata
from itertools import groupby

MAX_TEXT = 1_000_000
CUT = "\n\n[The rest of this mail was cut: it is too long.]"

# Codecs that are text for Python but never the charset of a mail; the others of this kind are refused by being no text.
_NO_CHARSETS = frozenset({"idna", "punycode", "undefined", "unicode_escape", "raw_unicode_escape", "mbcs", "oem"})
# Software labels the larger set with the name of the smaller one.
_WIDER = {
    "ascii": "cp1252",
    "iso8859-1": "cp1252",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "euc_kr": "cp949",
    "shift_jis": "cp932",
    "iso8859-9": "cp1254",
}
_ALIASES = {"ks_c_5601-1987": "cp949", "x-sjis": "cp932", "unicode-1-1-utf-7": "utf-7", "iso-8859-8-i": "iso8859-8"}
_NAME = re.compile(r"[A-Za-z0-9_:-]{1,40}", re.ASCII)

# C0 and C1 but tab and newline; soft hyphen; marks and overrides of direction; zero-width; fillers that show nothing;
# annotation anchors; tags and the second block of variation selectors, with which text is smuggled past a reader.
_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u3164\ufeff\uffa0\ufff0-\ufffb\ufffe\uffff\U000e0000-\U000e0fff]+"
)
_LINE_ENDS = re.compile("\r\n|[\r\u2028\u2029\x85]")
_SURROGATES = re.compile("[\ud800-\udfff]")
_MAX_MARKS = 30  # Unicode's stream-safe limit (UAX 15): longer runs make normalisation quadratic


def codec(charset: str) -> str:
    """Python's name of a charset that may be used to decode mail text, or an empty string."""
    name = charset.strip().strip("\"'").lower()
    if not _NAME.fullmatch(name):
        return ""
    try:
        found = codecs.lookup(_ALIASES.get(name, name))
    except (LookupError, ValueError):
        return ""
    # CodecInfo tells text from transformations (rot13, hex, zip) only in this field.
    is_text = bool(getattr(found, "_is_text_encoding", False))
    plain = found.name.replace("-", "_")
    return found.name if is_text and plain not in _NO_CHARSETS else ""


def decode(raw: bytes, charset: str) -> str:
    """Decode what a part claims to be `charset`; claims that the bytes disprove are not believed. Never fails."""
    claimed = codec(charset)
    wider = _WIDER.get(claimed, claimed)
    # Valid UTF-8 beyond ASCII is hardly ever anything else; only multi-byte charsets deserve belief before it.
    single = not claimed or claimed.startswith(("iso8859", "cp125", "koi8", "ascii", "mac"))
    for name in ("utf-8", wider, "cp1252") if single and not raw.isascii() else (wider, "utf-8", "cp1252"):
        if name:
            try:
                return raw.decode(name)
            except (UnicodeError, ValueError):
                continue
    if wider and not single and wider != "utf-8":
        try:
            return raw.decode(wider, "replace")
        except (UnicodeError, ValueError):
            pass
    return raw.decode("cp1252", "replace") if claimed != "utf-8" else raw.decode("utf-8", "replace")


def clean(text: str) -> str:
    """NFC, newlines as LF, nothing invisible: no control, bidirectional, zero-width or tag characters."""
    if len(text) > MAX_TEXT:
        text = text[:MAX_TEXT] + CUT
    text = _LINE_ENDS.sub("\n", text)
    if text.isascii():
        return _UNSEEN.sub("", text)
    text = _UNSEEN.sub("", _SURROGATES.sub("\ufffd", text)).replace("\xa0", " ")
    if any(map(unicodedata.combining, text)):
        text = _with_few_marks(text)
    return unicodedata.normalize("NFC", text)


def clean_line(text: str) -> str:
    """Clean text on one line, white space collapsed: for headers and names."""
    return " ".join(clean(text).split())


def _with_few_marks(text: str) -> str:
    runs = (
        (is_mark, "".join(run)) for is_mark, run in groupby(text, key=lambda letter: unicodedata.combining(letter) > 0)
    )
    return "".join(run[:_MAX_MARKS] if is_mark else run for is_mark, run in runs)


def unflow(text: str, *, delete_space: bool) -> str:
    """Join the soft line ends of `format=flowed` (RFC 3676); quotes keep their depth, `-- ` stays a line."""
    joined: list[str] = []
    flowing, depth_before = False, 0
    pieces: list[str] = []
    for line in text.split("\n"):
        content = line.lstrip(">")
        depth = len(line) - len(content)
        content = content.removeprefix(" ")
        signature = content == "-- "
        if not (flowing and depth == depth_before and not signature):
            if pieces:
                joined.append("".join(pieces))
            pieces = [(">" * depth + " ") if depth else ""]
        flowing = content.endswith(" ") and not signature
        pieces.append(content[:-1] if flowing and delete_space else content)
        depth_before = depth
    joined.append("".join(pieces))
    return "\n".join(joined)
