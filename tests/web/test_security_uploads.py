"""Files from people: who may bring them, what is in them, what they are called, and that nobody runs them."""

import io
import zipfile
from email.message import EmailMessage
from pathlib import Path

import pytest

from adapters.mime.parse import parse
from tests.web.conftest import Browser, seen
from tests.web.filling import Filler

ROOT = Path(__file__).parents[2]
# The file that every scanner knows. None is asked here: it is a text like any other, and nobody runs it.
EICAR = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
SCRIPT = b"<html><body><h1>Returns</h1><script>alert(1)</script><p onclick='alert(2)'>Thirty days.</p></body></html>"
PATHS = {"/knowledge/upload": "files", "/orders/upload": "file", "/try": "file"}


def zipped(size: int) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.txt", b"\0" * size)
    return made.getvalue()


def bring(browser: Browser, name: str, content: bytes) -> str:
    form = {"files": (io.BytesIO(content), name), "folder": "en"}
    answer = browser.post("/knowledge/upload", form, content_type="multipart/form-data")
    assert answer.status_code == 200
    return answer.text


@pytest.mark.parametrize("path", PATHS)
def test_who_may_bring_nothing_is_refused_before_a_file_is_read(stranger: Browser, join, path: str) -> None:
    viewer, asked = join("viewer"), []

    class Counting(io.BytesIO):
        def read(self, *args) -> bytes:
            asked.append(args)
            return super().read(*args)

    for browser in (stranger, viewer) if path != "/try" else (stranger,):
        body = Counting(b"x" * 3_000_000)
        answer = browser.client.post(
            path, input_stream=body, content_length=3_000_000, content_type="multipart/form-data; boundary=x"
        )
        assert answer.status_code == 413
        assert asked == []


def test_a_body_without_a_length_or_with_a_wrong_one_is_bounded(browser: Browser) -> None:
    """More fields or more parts than any form has end in a refusal, too."""
    many = "&".join(f"a{number}=x" for number in range(2000))
    kind = "application/x-www-form-urlencoded"
    assert browser.client.post("/account/name", data=many, content_type=kind).status_code in {400, 413}
    part = '--x\r\nContent-Disposition: form-data; name="a"\r\n\r\nx\r\n'
    kind = "multipart/form-data; boundary=x"
    answer = browser.client.post("/account/name", data=part * 1500 + "--x--\r\n", content_type=kind)
    assert answer.status_code == 413


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("a.pdf", zipped(1000), ""),
        ("a.pdf", SCRIPT, ""),
        ("a.pdf", b"\x7fELF" + b"\0" * 100, ""),
        ("a.exe", b"MZ", "not a kind read here"),
        ("a.svg", b"<svg onload='alert(1)'/>", "not a kind read here"),
        ("a.php", b"<?php system('id');", "not a kind read here"),
        ("a.zip", zipped(50_000_000), "not a kind read here"),
        ("a.docx", zipped(1000), "not a kind read here"),
        ("a.md.exe", b"x", "not a kind read here"),
        (".htaccess", b"x", ""),
    ],
)
def test_a_file_that_is_not_what_its_name_says_is_refused_or_only_text(
    browser: Browser, filler: Filler, name: str, content: bytes, told: str
) -> None:
    """A PDF is looked into by a worker, in the child: until then, and where it is none, nothing of it is shown."""
    page = seen(bring(browser, name, content))
    assert told in page
    assert not filler.rows("SELECT 1 FROM document WHERE tenant_id = :tenant AND body IS NOT NULL"), page
    assert b"alert(" not in browser.get(f"/knowledge/edit?path=en/{name}").data


def test_what_was_brought_is_nowhere_a_file_and_is_run_by_nobody(browser: Browser, filler: Filler, settings) -> None:
    """Not under the pages, not in the data: a row, shown as text and escaped. The scanners' test file is one too."""

    def files() -> set[Path]:
        return {one for top in (ROOT / "static", ROOT / "templates", settings.data_dir) for one in top.rglob("*")}

    before = files()
    bring(browser, "page.html", SCRIPT)
    bring(browser, "eicar.txt", EICAR)
    assert files() == before
    assert len(filler.rows("SELECT 1 FROM document WHERE tenant_id = :tenant")) == 2
    for path in ("/knowledge", "/knowledge/edit?path=en/page.html", "/knowledge/edit?path=en/eicar.txt"):
        answer = browser.get(path)
        assert b"alert(" not in answer.data, path
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
    for path in ("/static/en/page.html", "/en/page.html", "/knowledge/en/page.html"):
        assert browser.get(path).status_code == 404


NAMES = (
    'a"; filename="evil.exe', "a\r\nSet-Cookie: x=y", "../../../etc/passwd", "C:\\x\\y.txt", "ü€\u202egpj.exe",
    "x" * 400,
)  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_a_name_of_an_attachment_breaks_no_header(browser: Browser, filler: Filler, name: str) -> None:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "anna@customer.example", "support@lumen.example", "Look"
    mail.set_content("See the file.")
    mail.add_attachment(EICAR, maintype="application", subtype="x-msdownload", filename=name.replace("\r\n", " "))
    raw = mail.as_bytes()
    held = filler.held(filler.mailbox(), parse(raw), raw=raw)
    answer = browser.get(f"/messages/{held.message}/attachment?number=0")
    assert (answer.status_code, answer.mimetype) == (200, "application/octet-stream")
    disposition = answer.headers["Content-Disposition"]
    assert disposition.startswith("attachment; filename")
    assert len(answer.headers.getlist("Content-Disposition")) == 1
    assert not any(sign in disposition for sign in ("\r", "\n", "\u202e", "/", "../"))
    assert 'filename="evil.exe' not in disposition.replace('\\"', "")
    assert "Set-Cookie" not in answer.headers
    assert "sandbox" in answer.headers["Content-Security-Policy"]
