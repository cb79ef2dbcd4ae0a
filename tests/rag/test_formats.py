import pytest

from domain.errors import BadInput
from domain.ports import Converted
from rag.documents import load_folder, parse_document
from rag.passages import passages_of

TEXT = "Größe und Maß: 5 €"


class Converter:
    """The port `Converts`: it takes the bytes for the text."""

    def convert(self, path, kind, content):
        if content == b"bad":
            raise BadInput(path, "is bad.")
        return Converted(content.decode(), f"A {kind}", "fr-CA", "https://shop.example/x")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_text_is_read_in_the_encodings_that_say_what_they_are(encoding):
    assert parse_document("a.txt", TEXT.encode(encoding)).body == TEXT


def test_another_encoding_is_read_where_the_front_matter_names_it():
    source = f"---\ntitle: x\nencoding: windows-1252\n---\n{TEXT}"
    assert parse_document("a.md", source.encode("cp1252")).body == TEXT
    # An editor that saved it anew as UTF-8 left the word in it.
    assert parse_document("a.md", source.encode()).body == TEXT
    with pytest.raises(BadInput, match="names the encoding 'ebcdic'"):
        parse_document("a.md", source.replace("windows-1252", "ebcdic").encode("cp1252"))
    with pytest.raises(BadInput, match="not UTF-8 text"):
        parse_document("a.md", TEXT.encode("cp1252"))


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("---\na: &a [x]\nb: [*a, *a]\n---\nText", "not YAML"),
        ("---\ntitle: " + "[" * 5000 + "\n---\nText", "front matter"),
        ("---\ndate: 2026-99-99\n---\nText", "cannot be read"),
        ("---\ntitle: " + "x" * 50_001 + "\n---\nText", "more than 50000 characters"),
        ("---\nquestions: [" + "x, " * 101 + "]\n---\nText", "101 sample questions"),
    ],
)
def test_a_front_matter_that_would_cost_much_is_refused(content, reason):
    with pytest.raises(BadInput, match=reason):
        parse_document("a.md", content.encode())


@pytest.mark.parametrize(
    "path",
    ["", "/", "a\nb.md", "a\0.md", "x" * 400 + ".md", "../a.md", "en/../../a.md", "/etc/a.md", "./a.md", "en//a.md",
     "en\\a.md"],
)  # fmt: skip
def test_a_name_that_cannot_be_used_is_refused(path):
    with pytest.raises(BadInput, match="name"):
        parse_document(path, b"Text.")


def test_pages_and_pdfs_are_read_by_the_converter_and_say_what_they_are():
    document = parse_document("a.pdf", b"# One\n\nText.", convert=Converter())
    assert (document.title, document.language, document.url) == ("One", "fr", "https://shop.example/x")
    assert document.body == "# One\n\nText."
    assert parse_document("a.html", b"Text.", convert=Converter()).title == "A html"
    with pytest.raises(BadInput, match="is not a kind read here"):
        parse_document("a.pdf", b"x")


@pytest.mark.parametrize("path", ["a.md", "a.markdown", "a.txt", "a.html", "a.htm"])
@pytest.mark.parametrize(
    "above",
    [
        "---\nvisibility: internal\n---\n",
        "\n\n---\nvisibility: internal\n---\n",
        "\ufeff---\r\nVisibility: Internal\r\n---\r\n",
    ],
)
def test_a_front_matter_that_says_internal_is_obeyed_in_every_kind_of_text_and_is_no_text(path, above):
    document = parse_document(path, f"{above}Forty percent.".encode(), convert=Converter())
    assert not document.public
    assert document.body.removeprefix("\ufeff") == "Forty percent."


def test_a_page_is_internal_where_either_its_head_or_the_front_matter_above_it_says_so():
    class Internal:
        def convert(self, path, kind, content):
            return Converted(content.decode("utf-8-sig"), visibility="internal")

    above = b"---\nvisibility: public\ntitle: Margins\n---\nForty percent."
    document = parse_document("a.html", above, convert=Internal())
    assert (document.title, document.visibility) == ("Margins", "internal")


@pytest.mark.parametrize("path", ["a.md", "a.html"])
def test_a_misspelt_internal_never_becomes_public(path):
    with pytest.raises(BadInput, match="visibility"):
        parse_document(path, b"---\nvisibility: intern\n---\nForty percent.", convert=Converter())


def test_what_nobody_sees_stands_in_no_title_and_no_heading_and_moves_no_span():
    source = '---\ntitle: "Ret\\x1b[31murns \\u202e"\n---\n## A\x1bB \u202e\nText\x07s.'
    document = parse_document("a.md", source.encode())
    assert document.title == "Ret [31murns"
    assert document.body == "## A B  \nText s."
    (passage,) = passages_of(document)
    assert passage.heading == "Ret [31murns > A B"


def test_markup_in_a_title_stays_what_it_is_and_is_shown_as_text():
    document = parse_document("a.md", b"# <script>alert(1)</script>\n\nText.")
    assert document.title == "<script>alert(1)</script>"


def test_what_is_said_beside_a_file_counts_and_belongs_to_its_version():
    plain, internal = (parse_document("a.md", b"Text.", visibility=said) for said in ("", "internal"))
    assert (plain.visibility, internal.visibility) == ("public", "internal")
    assert plain.version != internal.version
    said_public = parse_document("a.md", b"---\nvisibility: internal\n---\nText.", visibility="public")
    assert said_public.visibility == "internal"


def test_what_lies_in_a_folder_called_internal_is_internal_unless_it_says_otherwise():
    assert parse_document("en/Internal/a.pdf", b"Text.", convert=Converter()).visibility == "internal"
    assert parse_document("internal/a.md", b"---\nvisibility: public\n---\nText.").visibility == "public"
    assert parse_document("en/internal.md", b"Text.").visibility == "public"


def test_a_folder_holds_all_kinds_and_a_bad_one_is_named(tmp_path):
    for name, content in (("a.md", b"A"), ("b.HTML", b"B"), ("c.pdf", b"bad"), ("d.docx", b"D")):
        (tmp_path / name).write_bytes(content)
    documents, problems = load_folder(tmp_path, convert=Converter())
    assert [document.path for document in documents] == ["a.md", "b.HTML"]
    assert [(problem.path, problem.reason) for problem in problems] == [
        ("c.pdf", "is bad."), ("d.docx", ".docx is not a kind read here."),
    ]  # fmt: skip
