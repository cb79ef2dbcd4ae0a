"""Mails, pages and lines as somebody makes them who means no good: strategies for hypothesis.

A few examples of each run with the suite; FUZZ=100000 in the environment runs so many.
"""

import base64
import os
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

MAILS = sorted((Path(__file__).parents[1] / "mails").glob("*.eml"))
MANY = int(os.environ.get("FUZZ", "0"))


def examples(few: int):
    """Settings for a test that runs so many examples in the suite."""
    return settings(
        max_examples=MANY or few,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
    )


# --- mails ---

CHARSETS = (
    "utf-8", "us-ascii", "iso-8859-1", "utf-16", "utf-7", "utf-32-be", "big5", "hz", "iso-2022-jp", "gb2312", "idna",
    "punycode", "rot13", "zip", "unicode_escape", "undefined", "x" * 200, "", '"', "a\x00b", "utf-8; charset=utf-16",
    "=?utf-8?q?utf-8?=", "utf-8''", "mbcs", "cp65001",
)  # fmt: skip
NAMES = (
    "../../etc/passwd", "..\\..\\boot.ini", "C:\\a.txt", "/etc/shadow", "a\x00.exe", "lamp\u202egpj.exe", "CON", ".",
    "..", "", " ", "a" * 5000, 'a"; filename="b', "a\r\nX-Evil: yes", "=?utf-8?q?=0D=0AX-Evil:_yes?=", "\ud800.txt",
    "<script>alert(1)</script>", "=cmd|' /C calc'!A0", "a\u2028b", "%2e%2e%2fa", "~/x", "-rf", "a;b,c", "é" * 300,
)  # fmt: skip
KINDS = (
    "text/plain", "text/html", "multipart/mixed", "multipart/alternative", "multipart/related", "multipart/report",
    "multipart/digest", "multipart/signed", "multipart/", "message/rfc822", "message/delivery-status",
    "message/external-body", "message/partial", "message/global", "text/calendar", "application/ms-tnef",
    "application/octet-stream", "image/svg+xml", "text", "/", "", "text/plain/x", "text/" + "x" * 300, "\x00/\x00",
)  # fmt: skip
ENCODINGS = ("7bit", "8bit", "base64", "quoted-printable", "x-uuencode", "uuencode", "binary", "x-unknown", "", "b\x00")
TNEF = b"\x78\x9f\x3e\x22" + b"\xff" * 60
UU = b"begin 644 ../../x\n#0V%T\n`\nend\n"
BROKEN_UU = b"begin 999999999999 x\n\xff\xff\xffM" + b"!" * 200

_texts = st.one_of(
    st.text(max_size=60).map(lambda text: text.encode("utf-8", "surrogatepass")),
    st.binary(max_size=80),
    st.sampled_from([TNEF, UU, BROKEN_UU, b"=" * 90, b"=\n" * 40, b"From x\n.\n..\n", b"\xff\xfe\x00\x00" * 9]),
    st.text(max_size=90).map(lambda text: base64.b64encode(text.encode("utf-8", "surrogatepass"))),
)
_words = st.one_of(
    st.text(max_size=40),
    st.sampled_from([
        "=?utf-8?b?////?=", "=?utf-8?q?=00=0D=0A?=", "=?x?b?" + "A" * 999 + "?=", "=?utf-7?q?+AD?=", "=?" * 50,
        '"' * 31, "(" * 500, "\\" * 99, "<" * 99 + "@" * 99, "a@b.example, " * 300, "<a@b.example>" * 200,
    ]),
)  # fmt: skip


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def rfc2231(name: str) -> bytes:
    """A name in numbered pieces, some of them encoded and one that does not say how."""
    return b";\n filename*0*=utf-8''%s;\n filename*1=%s;\n filename*01*=%%ff%%;\n filename*9999999=x" % (
        b"".join(b"%%%02x" % letter for letter in _bytes(name)[:60]),
        _bytes(name)[:60].replace(b"\n", b"").replace(b"\r", b""),
    )


@st.composite
def parts(draw, depth: int = 0) -> bytes:
    """One part with its headers: what it is, what it claims, and what is in it need not fit."""
    kind, charset = draw(st.sampled_from(KINDS)), draw(st.sampled_from(CHARSETS))
    boundary = draw(st.sampled_from(["b", "b b", "b" * 300, "(.*)+$", "--b", "", "\xff", "b--", "=?utf-8?q?b?="]))
    head = [b"Content-Type: %s; charset=%s; boundary=%s" % (_bytes(kind), _bytes(charset), _bytes(f'"{boundary}"'))]
    if draw(st.booleans()):
        head.append(b"Content-Transfer-Encoding: " + _bytes(draw(st.sampled_from(ENCODINGS))))
    if draw(st.booleans()):
        name = draw(st.one_of(st.sampled_from(NAMES), st.text(max_size=20)))
        plain = b'; filename="%s"' % _bytes(name)
        how = draw(st.sampled_from([b"attachment", b"inline", b"", b"\xff", b"ATTACHMENT;" * 20]))
        head.append(b"Content-Disposition: " + how + draw(st.sampled_from([plain, rfc2231(name)])))
    if draw(st.booleans()):
        head.append(b"Content-ID: " + draw(st.sampled_from([b"<a>", b"<b>", b"<", b"<a@b>" * 50])))
    if depth < 4 and kind.startswith(("multipart", "message")) and draw(st.booleans()):
        mark = b"--" + _bytes(boundary)
        inner = draw(st.lists(parts(depth + 1), max_size=3))
        ends = draw(st.sampled_from([mark + b"--\n", b"", mark, mark + b"\x00--", mark + b" --\n"]))
        body = b"".join(mark + b"\n" + one + b"\n" for one in inner) + ends
        if kind.startswith("message"):
            body = draw(parts(depth + 1))
    elif kind == "text/html":
        body = _bytes(draw(pages))
    else:
        body = draw(_texts)
    return b"\n".join(head) + draw(st.sampled_from([b"\n\n", b"\r\n\r\n", b"\n", b"\r\r"])) + body


@st.composite
def mails(draw) -> bytes:
    """A whole mail: headers that come twice, are folded, too long or none at all, and a tree of parts."""
    names = st.sampled_from([
        "From", "To", "Cc", "Reply-To", "Subject", "Message-ID", "References", "In-Reply-To", "Date", "Sender",
        "Authentication-Results", "Return-Path", "List-Unsubscribe", "Auto-Submitted", "X" * 200, "", "From ", "\x00",
    ])  # fmt: skip
    heads = draw(st.lists(st.tuples(names, _words), max_size=8))
    folds = draw(st.sampled_from(["", "\n ", "\r\n\t", "\n\n ", "\r", "\x0b"]))
    top = b"".join(_bytes(f"{name}: {folds}{value}\n") for name, value in heads)
    return draw(st.sampled_from([b"", b"\n", b"From x\n", b"\xef\xbb\xbf"])) + top + draw(parts())


@st.composite
def spoiled(draw) -> bytes:
    """A good mail, of which bytes were flipped, cut, doubled, or put behind those of another."""
    raw = bytearray(draw(st.sampled_from(MAILS)).read_bytes())
    for _ in range(draw(st.integers(1, 10))):
        at, size = draw(st.integers(0, max(len(raw) - 1, 0))), draw(st.integers(0, 40))
        how = draw(st.sampled_from(["flip", "cut", "double", "splice", "insert"]))
        if how == "flip" and raw:
            raw[at] ^= 1 << draw(st.integers(0, 7))
        elif how == "cut":
            del raw[at : at + size]
        elif how == "double":
            raw[at:at] = raw[at : at + size] * draw(st.integers(1, 30))
        elif how == "splice":
            other = draw(st.sampled_from(MAILS)).read_bytes()
            raw[at:] = other[draw(st.integers(0, len(other))) :]
        else:
            raw[at:at] = draw(st.binary(max_size=8))
    return bytes(raw)


# --- pages ---

SIREN = "http://127.0.0.1:1/siren"
TAGS = (
    "<p>", "</p>", "<div", ">", "</div>", "<svg>", "</svg>", "<math>", "<mtext>", "<mglyph>", "<style>", "</style>",
    "<table>", "<td>", "<form action=x>", "<form id=x>", "<input name=x>", "<select>", "<option>", "<template>",
    "<noscript>", "</noscript>", "<title>", "</title>", "<textarea>", "</textarea>", "<xmp>", "<plaintext>",
    "<iframe srcdoc='<script>1</script>'>", "<annotation-xml encoding='text/html'>", "<foreignObject>", "<desc>",
    "<script>window.__owned=1</script>", "<script src=//a>", "<!--", "-->", "--!>", "<![CDATA[", "]]>", "<?xml ?>",
    "<image src=https://a.example/x>", "<img src=x onerror=window.__owned=1>", "<img srcset='https://a.example 2x'>",
    "<base href=//a.example>", "<meta http-equiv=refresh content='0;url=//a.example'>", "<link rel=preload href=//a>",
    "<a ping=//a.example href=https://b.example>", "<a href=javascript:window.__owned=1>",
    "<a href=' \tjava\nscript:1'>",
    "<a href=data:text/html,x>", "<a href='https://x' onclick=1>", "<b style='background:url(//a)'>",
    "<p style=@import'//a'>", "<video poster=//a>", "<body background=//a onload=1>", "<body>", "<html hidden>",
    "<br/>",
    "&lt;script&gt;", "&#x3c;", "&#0;", "&#xd800;", "&NewLine;", "&colon;", "&#106", "\x00", "\ufeff", "\u2028",
    "\ud800", "'", '"', "`", "=", "/", "<", "x", " ", "\n", "<o:p>", "<svg:script>", "<1>",
    "< p>", "<p/onload=1>", "é", "\u0338",
)  # fmt: skip
pages = st.lists(st.one_of(st.sampled_from(TAGS), st.text(max_size=6)), max_size=30).map("".join)


@st.composite
def deep(draw) -> str:
    """A page of some hundred thousand characters: one piece again and again."""
    piece = "".join(draw(st.lists(st.sampled_from(TAGS), min_size=1, max_size=3)))
    return piece * (draw(st.sampled_from([1_000, 20_000, 200_000])) // len(piece) + 1)


# --- what is written ---

LINES = (
    ">", "> ", ">>>>", "> > ", "\n", "\n\n", " ", "\t", "On Mon, 2 Nov 2026 at 10:00, Anna <a@b.example> wrote:",
    "Am 2.11.2026 schrieb Anna:", "-----Original Message-----", "From: a", "Sent: b", "To: c", "Subject: d", "-- ",
    "--", "---", "_" * 40, "---------- Forwarded message ---------", "Sent from my iPhone", "Best regards",
    "Tel: +49 1", "http://a.example/", "order ", "order no. ", "Bestellung Nr. ", "commande n° ", "pedido ", "LO-",
    "#", "D400000001", "DE12345678", "306-", "0000001-", "1", "123456", "9" * 40, "9" * 5000, "٣٤٥", "１２３", "\u200f",
    "\u202e", "\u200b", "\u0301", "ß", "İ", "refund ", "we have refunded ", "20.00 EUR", "E-1234 ", "error ",
    "0x80070005", "INV-", "vat DE1", "a@b.example", "Hello,", "!", "?", ".", ",", ";", ":", "-", "/", "(", ")", "\\",
    '"', "'", "\x00", "\ud800", "\U000e0041", "a" * 300,
)  # fmt: skip
writings = st.lists(st.one_of(st.sampled_from(LINES), st.text(max_size=8)), max_size=50).map("".join)
