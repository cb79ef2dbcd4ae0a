"""Small files that want to be large: read within the limits of the child, or refused with one sentence."""

import base64
import gzip
import io
import time
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from adapters.documents.jail import DocumentJail, DocumentLimits
from adapters.mime.attachment import extract
from adapters.mime.jail import Jail, JailLimits
from adapters.mime.parse import parse
from domain.errors import BadInput
from rag.formats.kinds import KINDS, kind_of
from tests.support import pdfs

PATIENT = DocumentLimits(seconds=60.0, memory_bytes=512 * 1024**2)
HURRIED = replace(PATIENT, seconds=5.0)
MB = 1024 * 1024


@pytest.fixture(scope="module")
def jail():
    jail = DocumentJail(PATIENT)
    yield jail
    jail.close()


@contextmanager
def hurried(jail: DocumentJail) -> Iterator[None]:
    """Only what wants too much has little time."""
    jail._limits = HURRIED
    try:
        yield
    finally:
        jail._limits = PATIENT


def text_or_reason(read) -> tuple[str, str]:
    """What was read, or why nothing was."""
    try:
        return read() or "", ""
    except BadInput as refused:
        return "", refused.reason


def stream(data: bytes, filters: str = "") -> bytes:
    return b"<< /Length %d %b >>\nstream\n%b\nendstream" % (len(data), filters.encode(), data)


def objects(*bodies: bytes, root: int = 1) -> bytes:
    """A PDF of these objects, numbered from 1."""
    out, places = io.BytesIO(), []
    out.write(b"%PDF-1.5\n")
    for number, body in enumerate(bodies, 1):
        places.append(out.tell())
        out.write(b"%d 0 obj\n%b\nendobj\n" % (number, body))
    table = out.tell()
    out.write(b"xref\n0 %d\n0000000000 65535 f \n" % (len(bodies) + 1))
    out.writelines(b"%010d 00000 n \n" % place for place in places)
    out.write(b"trailer << /Size %d /Root %d 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(bodies) + 1, root, table))
    return out.getvalue()


def page(content: bytes, resources: bytes = b"") -> bytes:
    return objects(
        b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] /Contents 4 0 R /Resources << %b >> >>" % resources,
        content,
    )  # fmt: skip


def packed(data: bytes, times: int = 1) -> bytes:
    for _ in range(times):
        data = zlib.compress(data, 9)
    return stream(data, f"/Filter [{' /FlateDecode' * times}]")


CATALOG = b"<< /Type /Catalog /Pages 2 0 R >>"
PDFS = {
    "much in little": page(packed(b" " * 60 * MB)),
    "packed twice": page(packed(b"\0" * 200 * MB, 2)),
    "packed a hundred times": page(stream(b"x", f"/Filter [{' /FlateDecode' * 100}]")),
    "much text": page(packed(b"BT /F1 9 Tf " + b"(aaaaaaaa) Tj " * 700_000 + b"ET")),
    "pages within themselves": objects(CATALOG, b"<< /Type /Pages /Kids [2 0 R 2 0 R] /Count 2 >>"),
    "pages in a ring": objects(
        CATALOG, b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>", b"<< /Type /Pages /Kids [2 0 R] /Count 1 >>"
    ),
    "pages that double": objects(
        CATALOG,
        *(b"<< /Type /Pages /Kids [%d 0 R %d 0 R] /Count 2 >>" % (one + 1, one + 1) for one in range(2, 40)),
        b"<< /Type /Page /MediaBox [0 0 9 9] >>",
    ),
    "a thousand million pages": objects(CATALOG, b"<< /Type /Pages /Kids [3 0 R] /Count 1000000000 >>", b"<< >>"),
    "ten thousand pages": objects(
        CATALOG,
        b"<< /Type /Pages /Kids [%b] /Count 10000 >>" % (b"3 0 R " * 10_000),
        b"<< /Type /Page /MediaBox [0 0 9 9] >>",
    ),
    "nested lists": page(stream(b"[" * 200_000)),
    "nested dictionaries": objects(b"<< /A " * 50_000 + b">>" * 50_000),
    "nested states": page(stream(b"q " * 1_000_000)),
    "a form within itself": page(
        stream(b"/X Do", "/Type /XObject /Subtype /Form /Resources << /XObject << /X 4 0 R >> >>"),
        b"/XObject << /X 4 0 R >>",
    ),
    "a length in a ring": page(b"<< /Length 4 0 R >>\nstream\nx\nendstream"),
    "a table before itself": (
        b"%PDF-1.5\nxref\n0 1\n0000000000 65535 f \ntrailer << /Size 1 /Prev 9 >>\nstartxref\n9\n%%EOF"
    ),
    "an odd filter": page(stream(b"\x97JB2\r\n\x1a\n" + b"\xff" * 99, "/Filter /JBIG2Decode")),
    "a picture of a thousand million dots": page(
        stream(b"/X Do"),
        b"/XObject << /X << /Subtype /Image /Width 99999 /Height 99999 /Filter /FlateDecode >> >>",
    ),
    "run lengths": page(stream(b"\x81a" * 1_000_000, "/Filter /RunLengthDecode")),
    "letters of five": page(stream(b"z" * 4_000_000 + b"~>", "/Filter /ASCII85Decode")),
    "an endless picture between": page(stream(b"BI /W 99999 /H 99999 ID " + b"x" * 500_000)),
    "a predictor": page(
        stream(zlib.compress(b"\x02" * 20 * MB, 9), "/Filter /FlateDecode /DecodeParms << /Predictor 12 /Columns 1 >>")
    ),
    "nothing but its name": b"%PDF-",
    "many ends": b"%PDF-1.5\n" + b"startxref\n9\n%%EOF\n" * 100_000,
}


@pytest.mark.parametrize("bomb", PDFS.values(), ids=PDFS.keys())
def test_a_pdf_that_wants_too_much_ends_in_a_sentence_or_a_text_and_in_time(jail, bomb):
    begun = time.monotonic()
    with hurried(jail):
        text, reason = text_or_reason(lambda: jail.convert("help/a.pdf", "pdf", bomb).text)
    assert len(text) <= MB
    assert text or (reason.endswith(".") and "\n" not in reason)
    # Its five seconds, and what a new child may take to start in the place of one that was ended.
    assert time.monotonic() - begun < HURRIED.seconds + 30
    # Whatever became of it, the next is read.
    assert "Hello" in jail.convert("help/b.pdf", "pdf", pdfs.pdf([(12, "Hello")])).text


LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 12))
PAGES = {
    "a thousand million laughs": f'<!DOCTYPE html [<!ENTITY l0 "ha">{LAUGHS}]><p>Hello &l11;</p>'.encode(),
    "a file of this machine": b'<!DOCTYPE html [<!ENTITY x SYSTEM "file:///etc/passwd">]><p>Hello &x;</p>',
    "an include": b'<xi:include href="file:///etc/passwd" parse="text"/><p>Hello</p>',
}


@pytest.mark.parametrize("page", PAGES.values(), ids=PAGES.keys())
def test_no_entity_of_a_page_is_anything(jail, page):
    text = jail.convert("a.html", "html", page).text
    assert "Hello" in text
    assert "root:" not in text
    assert len(text) < 1000


def zipped(megabytes: int) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("../../../etc/cron.d/x", b"\0" * (megabytes * MB))
    return out.getvalue()


@pytest.mark.parametrize("suffix", [".zip", ".docx", ".xlsx", ".odt", ".gz", ".tar", ".png", ".svg", ".eml", ""])
def test_archives_office_files_and_pictures_are_no_documents(suffix):
    """Nothing is unpacked here, so that nothing can be larger than it came."""
    assert suffix not in KINDS
    with pytest.raises(BadInput, match="not a kind read here"):
        kind_of(f"en/bomb{suffix}", zipped(1))


@pytest.mark.parametrize("suffix", [".md", ".html", ".pdf"])
def test_an_archive_under_the_name_of_a_document_is_refused_or_read_as_the_little_that_it_is(services, suffix):
    for content in (zipped(8), gzip.compress(b"\0" * 8 * MB)):
        text, reason = text_or_reason(
            lambda content=content: services.read_document(f"en/bomb{suffix}", content, maker="test").body
        )
        assert len(text) <= len(content) * 2
        assert text or reason.endswith(".")


def test_an_archive_in_a_mail_stays_packed():
    bomb = zipped(100)
    raw = (
        b"From: a@b.example\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nSee the file.\n--b\n"
        b"Content-Type: application/zip; name=a.zip\nContent-Encoding: gzip\nContent-Transfer-Encoding: base64\n\n"
        + base64.encodebytes(bomb)
        + b"\n--b--\n"
    )
    with Jail(JailLimits(deadline_seconds=60)) as jail:
        (file,) = jail.read(raw).attachments
    assert file.size == len(bomb) == parse(raw).attachments[0].size
    assert extract(raw, 0) == bomb
