"""Names of files that lead elsewhere or end a line: on a download, in a copy of a customer's data, in the documents."""

import io
import zipfile
from email.message import Message as Header
from urllib.parse import unquote

import pytest

from adapters.mime.parse import parse
from domain.errors import BadInput
from rag.formats.kinds import kind_of
from tests.hostile.making import NAMES
from tests.web.filling import Filler
from web.conversation import _download
from web.document_paths import document_path

ENDS = ("\r\n", "\n", "\r", "\x00", "\x0b", "\x1c", "\x85", "\u2028", "\u2029")
ALL = (
    *NAMES,
    *(f"a{end}X-Evil: yes{end}{end}<script>" for end in ENDS),
    "a/../../b.txt",
    "\u202e\u2066x",
    "a" * 300 + ".eml",
)


def mail_with(name: str) -> bytes:
    encoded = "".join(f"%{letter:02x}" for letter in name.encode("utf-8", "surrogatepass"))
    return (
        "From: anna@customer.example\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nSee it.\r\n--b\r\n"
        f"Content-Disposition: attachment; filename*=utf-8''{encoded}\r\n\r\ncontent\r\n--b--\r\n"
    ).encode("ascii")


def names_in(header: str) -> list[str]:
    """Every name that a browser may take from it."""
    read = Header()
    read["Content-Disposition"] = header
    found = read.get_params(header="content-disposition")
    return [unquote(value[2] if isinstance(value, tuple) else value) for name, value in found if "filename" in name]


def leads_nowhere(name: str) -> bool:
    return not set(name) & set("/\\\r\n\x00") and name not in {"", ".", ".."} and name.isprintable()


def is_told_safely(headers) -> bool:
    told = headers.getlist("Content-Disposition")
    assert len(told) == 1
    assert told[0].startswith("attachment; filename")
    # A name in ASCII, and perhaps the whole one beside it.
    assert 1 <= len(names_in(told[0])) <= 2
    assert all(map(leads_nowhere, names_in(told[0]))), told
    return "X-Evil" not in headers


def test_a_download_has_one_name_that_leads_nowhere_and_no_header_of_a_strangers(app, browser, filler: Filler):
    mailbox = filler.mailbox()
    for name in ("../../etc/passwd", ALL[-5], "", ".."):
        raw = mail_with(name)
        held = filler.held(mailbox, parse(raw), raw=raw)
        answer = browser.get(f"/messages/{held.message}/attachment?number=0")
        assert (answer.status_code, answer.data) == (200, b"content"), name
        assert is_told_safely(answer.headers)
    with app.test_request_context():
        for name in ALL:
            (file,) = parse(mail_with(name)).attachments
            assert is_told_safely(_download(b"content", file.name or "attachment").headers)


def test_a_copy_of_a_customers_data_is_unpacked_into_its_own_folder(browser, filler: Filler):
    mailbox = filler.mailbox()
    for name in ALL[:12]:
        raw = mail_with(name)
        filler.held(mailbox, parse(raw), raw=raw)
    copy = browser.post("/data/copy", {"address": "anna@customer.example"})
    with zipfile.ZipFile(io.BytesIO(copy.data)) as file:
        names = file.namelist()
    assert len(names) == 13
    assert all(name == "data.json" or name.startswith("mails/") for name in names)
    assert not any(".." in name or name.startswith("/") or "\\" in name for name in names)


@pytest.mark.parametrize("folder", ["", "en", "../..", "/", "en/../..", "C:\\", ".git"])
def test_a_document_stands_in_the_list_of_its_tenant_or_nowhere(folder):
    for path in filter(None, (stored_at(folder, f"{name}.md") for name in ALL)):
        parts = path.split("/")
        assert not {"", ".", ".."} & set(parts), path
        assert not any(part.startswith(".") for part in parts), path
        assert "\\" not in path
        assert path.isprintable()
    assert bool(stored_at(folder, "a.md")) == (folder in {"", "en", "/"})


def stored_at(folder: str, name: str) -> str:
    try:
        path = document_path(folder, name)
        kind_of(path, b"x")
    except BadInput:
        return ""
    return path
