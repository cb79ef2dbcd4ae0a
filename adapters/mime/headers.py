"""Header values: encoded words to text, and the addresses in them."""

import base64
import binascii
import quopri
import re
from collections.abc import Iterator
from dataclasses import dataclass

from adapters.mime.text import clean_line, decode
from domain.message import Address

MAX_VALUE = 32 * 1024
MAX_ADDRESSES = 500

_WORD = re.compile(r"=\?([^?\s]{1,80})\?([bBqQ])\?([^?]*)\?=")
_PLAIN_ADDRESS = re.compile(
    r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?",
    re.ASCII,
)
_MESSAGE_ID = re.compile(r"<[!-;=?-~]{3,248}>", re.ASCII)


def raw_text(value: object) -> str:
    """A header as the parser gives it (surrogates for bytes beyond ASCII) as text on one line, words still encoded."""
    text = str(value)[:MAX_VALUE]
    if not text.isascii():
        text = decode(text.encode("utf-8", "surrogateescape"), "utf-8")
    return text.replace("\r", "").replace("\n", " ")


def decoded(value: str) -> str:
    """A header's text with its encoded words (RFC 2047) decoded, clean and on one line. Never fails."""
    pieces: list[str] = []
    pending, pending_charset = b"", ""
    end = 0
    for word in _WORD.finditer(value):
        between = value[end : word.start()]
        charset = word[1].partition("*")[0].lower()
        content = _word_bytes(word[2], word[3])
        # A character may be split over two words, so words of one charset are decoded together.
        if pending and not between.strip() and charset == pending_charset:
            pending += content
        else:
            pieces.append(decode(pending, pending_charset) if pending else "")
            if between.strip() or not pending:
                pieces.append(between)
            pending, pending_charset = content, charset
        end = word.end()
    if pending:
        pieces.append(decode(pending, pending_charset))
    pieces.append(value[end:])
    return clean_line("".join(pieces))


def _word_bytes(encoding: str, content: str) -> bytes:
    raw = content.encode("utf-8", "replace")
    if encoding in "qQ":
        return quopri.decodestring(raw, header=True)
    letters = re.sub(rb"[^A-Za-z0-9+/]", b"", raw)
    try:
        return base64.b64decode(letters[: len(letters) - (len(letters) % 4 == 1)] + b"===")
    except binascii.Error:
        return raw


def is_plain_address(text: str) -> bool:
    """Whether this is an address that may be answered: ASCII, no quotes, a domain with a dot, at most 254 long."""
    local = text.partition("@")[0]
    return len(text) <= 254 and len(local) <= 64 and _PLAIN_ADDRESS.fullmatch(text) is not None


@dataclass(frozen=True, slots=True)
class AddressList:
    """`usable` in order; `broken` counts what holds an @ but is of no use, `fragments` what is only part of a name."""

    usable: tuple[Address, ...] = ()
    broken: int = 0
    fragments: int = 0

    @property
    def only(self) -> Address | None:
        """The one address, when the list names exactly one."""
        return self.usable[0] if len(self.usable) == 1 and not self.broken else None


def addresses(value: str) -> AddressList:
    """Read a header's addresses, words still encoded.

    The structure is read before words are decoded: no display name can smuggle in a comma or an address.
    """
    found: list[Address] = []
    broken = fragments = 0
    name_before = ""
    for piece in _pieces(value)[:MAX_ADDRESSES]:
        address = _one(piece)
        if address is not None:
            if name_before:
                address = Address(address.address, clean_line(f"{decoded(name_before)}, {address.name}")[:200])
            found.append(address)
        elif "@" in piece or "<" in piece:
            broken += 1
        elif piece.strip():
            # `Doe, John <j@d.example>` without quotes: half a name.
            fragments += 1
        name_before = piece.strip() if address is None and "@" not in piece else ""
    return AddressList(tuple(found), broken, fragments)


def _one(piece: str) -> Address | None:
    """One mailbox of a list: `name <address>`, `<address>` or a bare address."""
    bare = "".join(letter for letter, place in scan(piece) if place == "text")
    if "<" not in bare and ">" not in bare:
        address, name = piece.strip(), ""
    else:
        before, _, rest = bare.partition("<")
        inside, closing, after = rest.partition(">")
        address = inside.strip()
        # An address as an unquoted display name confuses: which of the two is the writer?
        doubtful = "@" in before and before.strip().lower() != address.lower()
        if not closing or after.strip() or doubtful or '"' in piece[piece.rfind("<") :]:
            return None
        name = piece[: piece.rfind("<")].strip()
    # Some foreign letters turn into Latin ones when they are made small: they are refused as they were written.
    if not address.isascii() or not is_plain_address(address.lower()):
        return None
    if name.startswith('"') and name.endswith('"') and len(name) > 1:
        name = re.sub(r"\\(.)", r"\1", name[1:-1])
    return Address(address.lower(), decoded(name)[:200])


def scan(value: str) -> Iterator[tuple[str, str]]:
    """Each character with where it stands: "text", "string" (quotes included) or "comment"; at last ("", place)."""
    place = "text"
    depth = 0
    escaped = False
    for letter in value:
        if escaped:
            escaped = False
            yield letter, place
        elif place == "string":
            escaped = letter == "\\"
            yield letter, place
            place = "text" if letter == '"' else place
        elif letter == "(" or place == "comment":
            escaped = letter == "\\"
            depth += (letter == "(") - (letter == ")")
            yield letter, "comment"
            place = "comment" if depth else "text"
        else:
            place = "string" if letter == '"' else place
            yield letter, place
    yield "", place


def _pieces(value: str) -> list[str]:
    """Split an address list at its commas, comments removed, groups opened."""
    pieces: list[list[str]] = [[]]
    for letter, place in scan(value):
        if place == "text" and letter and letter in ",;":
            pieces.append([])
        elif place == "text" and letter == ":" and "<" not in pieces[-1]:
            pieces[-1] = []  # the name of a group: `undisclosed-recipients:;`
        elif place != "comment":
            pieces[-1].append(letter)
    return ["".join(piece) for piece in pieces]


def message_ids(value: str, most: int = 100) -> tuple[str, ...]:
    """The well-formed message ids in a header, in their order, the newest `most` of them."""
    return tuple(dict.fromkeys(_MESSAGE_ID.findall(value)))[-most:]
