import hashlib

import pytest

from domain.errors import BadInput
from rag.documents import load_folder, parse_document
from rag.formats.kinds import MAX_BYTES


def test_front_matter_is_understood_and_is_no_text():
    document = parse_document("a.md", b"---\ntitle: My title\nlanguage: de\nvisibility: internal\n---\n\nText.\n")
    assert (document.title, document.language, document.visibility) == ("My title", "de", "internal")
    assert document.body == "Text."


def test_the_version_is_the_hash_of_the_files_bytes():
    assert parse_document("a.md", b"Text.").version == hashlib.sha256(b"Text.").hexdigest()


def test_line_ends_of_every_system_give_the_same_body():
    bodies = {parse_document("a.md", b"A\n\nB".replace(b"\n", end)).body for end in (b"\n", b"\r\n", b"\r")}
    assert bodies == {"A\n\nB"}


def test_a_title_comes_from_the_first_heading_or_the_file_name():
    assert parse_document("a.md", b"# Care of oak\n\nOil it.").title == "Care of oak"
    assert parse_document("x/care-of-oak.txt", b"Oil it.").title == "Care of oak"


def test_the_language_comes_from_front_matter_then_folder_then_argument_then_words():
    text = "Wir liefern nur in die Länder, die auf der Seite stehen, und das ist nicht viel.".encode()
    assert parse_document("de/a.md", b"---\nlanguage: fr-CA\n---\nText", "es").language == "fr"
    assert parse_document("help/de/a.md", b"Text", "es").language == "de"
    assert parse_document("a.md", b"Text", "es").language == "es"
    assert parse_document("a.md", text).language == "de"
    assert parse_document("a.md", b"Xyzzy").language == "und"


def test_norwegian_is_not_read_as_false():
    assert parse_document("a.md", b"---\nlanguage: no\n---\nTekst").language == "no"


def test_dashes_at_the_start_that_are_no_front_matter_are_text():
    assert parse_document("a.md", b"---\nA rule above.\n").body == "---\nA rule above."


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"\xff\xfe\x00", "not UTF-8"),
        (b"---\ntitle: [\n---\nText", "not YAML"),
        (b"---\ntitle: open\nText", "does not close"),
        (b"---\ntitle: x\n---\n\n", "no text"),
        (b"", "no text"),
        (b"a\0b", "NUL"),
        (b"---\nvisibility: intern\n---\nText", "public or internal"),
        (b"---\nlanguage: klingon\n---\nText", "language"),
        (b"---\nquestions: {a: b}\n---\nText", "sample questions"),
        (b"---\nurl: javascript:alert(1)\n---\nText", "https://"),
        (b"x" * (MAX_BYTES["text"] + 1), "larger than"),
    ],
)
def test_a_bad_file_is_named_with_one_sentence(content, reason):
    with pytest.raises(BadInput, match=reason) as raised:
        parse_document("help/bad.md", content)
    assert raised.value.field == "help/bad.md"


def test_a_bad_file_never_breaks_the_rest(tmp_path):
    (tmp_path / "en").mkdir()
    (tmp_path / "en" / "good.md").write_text("Good text.")
    (tmp_path / "bad.md").write_bytes(b"\xff")
    (tmp_path / "photo.png").write_bytes(b"x")
    (tmp_path / ".hidden.md").write_text("x")
    (tmp_path / "link.md").symlink_to("/etc/hostname")
    documents, problems = load_folder(tmp_path)
    assert [document.path for document in documents] == ["en/good.md"]
    assert [problem.path for problem in problems] == ["bad.md", "link.md", "photo.png"]


def test_a_folder_that_is_none_is_said_in_one_sentence(tmp_path):
    with pytest.raises(BadInput, match="is not a folder"):
        load_folder(tmp_path / "nowhere")
