"""The bytes of a text file as text: UTF-8, UTF-16 with its mark, or what the front matter names."""

import codecs
import re

from domain.errors import BadInput

_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
# Written before the text can be read, so it stands on a line of plain letters in the front matter.
_NAMED = re.compile(rb"\A---[ \t]*\r?\n(?:[^\r\n]*\r?\n){0,30}?encoding[ \t]*:[ \t]*[\"']?([\w-]{1,20})", re.IGNORECASE)
_ENCODINGS = {
    "cp1252": "cp1252", "windows-1252": "cp1252", "latin-1": "cp1252", "latin1": "cp1252", "iso-8859-1": "cp1252",
    "iso-8859-15": "iso-8859-15", "iso-8859-2": "iso-8859-2", "cp1250": "cp1250", "windows-1250": "cp1250",
}  # fmt: skip


# What nobody sees on a page or in a mail, and what turns the order of the letters after it around.
_UNSEEN = dict.fromkeys(
    [*range(9), 11, *range(14, 32), *range(0x7F, 0xA0), *range(0x202A, 0x202F), *range(0x2066, 0x206A)], " "
)


def visible(text: str) -> str:
    """The same text, as long as before, with a space for each control character."""
    return text.translate(_UNSEEN)


def text_of(path: str, content: bytes) -> str:
    """The text with LF as line end and without a mark at its beginning. Raises BadInput with one sentence."""
    if content.startswith(_UTF_16):
        text = _decoded(path, content, "utf-16", "is not UTF-8 text, and no whole UTF-16 either; save it as UTF-8.")
    else:
        try:
            text = content.decode()
        except UnicodeDecodeError as error:
            text = _as_named(path, content, error)
    if "\0" in text:
        raise BadInput(path, "contains NUL characters; it is not a text file.")
    return visible(text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n"))


def _as_named(path: str, content: bytes, error: UnicodeDecodeError) -> str:
    """As the front matter says; it is asked last, because what is valid as UTF-8 is hardly ever anything else."""
    named = _NAMED.match(content)
    if named is None:
        raise BadInput(path, f"is not UTF-8 text (byte {error.start}); save it as UTF-8.") from error
    name = named.group(1).decode("ascii").lower()
    if name not in _ENCODINGS:
        raise BadInput(path, f"names the encoding {name!r}, which is not read here; save it as UTF-8.") from error
    return _decoded(path, content, _ENCODINGS[name], f"is not {name} as it says; save it as UTF-8.")


def _decoded(path: str, content: bytes, encoding: str, reason: str) -> str:
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        raise BadInput(path, reason) from error
