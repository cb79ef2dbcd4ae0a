import pytest

from rag.documents import parse_document
from rag.index import Asked, build_index
from rag.links import link_share, names_by_links
from rag.ranking import search
from rag.tongue import language_among

PAGES = {
    "en/sending.md": "We dispatch parcels on Monday. See [our terms](/help/terms/) and [Opening hours](/help/times/).",
    "en/times.md": "The door stands open from nine until five.",
    "en/terms.md": "See also:\n\n* [Sending parcels](/help/sending/)\n* [Opening hours](/help/times/#week)\n",
    "de/zeiten.md": "Die Tür steht von neun bis fünf offen. Geöffnet ist an allen Werktagen.",
}


@pytest.fixture
def pages():
    return [parse_document(path, text.encode()) for path, text in PAGES.items()]


def found(index, embedder, question, language="en"):
    return [
        hit.passage.document.path for hit in search(index, Asked(question, embedder.embed([question])[0]), [], language)
    ]


def test_a_document_is_found_by_what_others_call_it(pages, embedder):
    assert names_by_links(pages)["en/times.md"] == ("Opening hours",)
    assert found(build_index(pages, embedder), embedder, "Opening hours")[0] == "en/times.md"


def test_a_link_to_a_name_that_two_documents_share_names_neither(pages):
    double = [*pages, parse_document("en/old/times.md", b"Formerly from ten.")]
    assert "en/times.md" not in names_by_links(double)


def test_of_many_names_only_those_that_two_documents_use_count(pages):
    more = [
        *pages,
        parse_document("en/x.md", b"Look [here](times.md)."),
        parse_document("en/y.md", b"[Opening hours](times.md)"),
    ]
    assert names_by_links(more)["en/times.md"] == ("Opening hours",)


def test_a_passage_of_links_stands_behind_those_that_say_something(pages, embedder):
    assert link_share(PAGES["en/terms.md"]) > 0.5 > link_share(PAGES["en/sending.md"])
    assert found(build_index(pages, embedder), embedder, "Sending parcels")[0] == "en/sending.md"


@pytest.mark.parametrize("text", ["", "no link", "![picture](a.png)", "[](x)", "a ](b"])
def test_what_holds_no_link_has_no_share_of_links(text):
    assert link_share(text) == 0.0


def test_an_address_alone_is_a_link():
    assert link_share("https://shop.example/returns") == 1.0


def test_the_rest_of_a_document_speaks_for_its_passage(embedder):
    around = "# Chairs\n\n## Oak\nOak chairs are oiled.\n\n## Repair\nGlue it and wait for a day.\n"
    other = "# Lamps\n\n## Bulbs\nBulbs are sold in pairs.\n\n## Mending\nGlue it and wait for a day.\n"
    index = build_index(
        [parse_document("en/a.md", other.encode()), parse_document("en/b.md", around.encode())], embedder
    )
    hits = search(index, Asked("glue oiled oak", embedder.embed(["glue"])[0]), [], "en")
    glue = {hit.passage.document.path: hit for hit in hits if "Glue" in hit.passage.text}
    assert glue["en/b.md"].document > glue["en/a.md"].document
    assert glue["en/b.md"].score > glue["en/a.md"].score


def test_scores_fall_and_the_first_of_another_document_comes_before_a_like_passage_of_the_same(embedder):
    body = "".join(f"## Part {number}\nReturns are free within {number} days.\n" for number in range(20, 26))
    pages = [parse_document("en/a.md", body.encode()), parse_document("en/b.md", b"Returns are free.")]
    hits = search(
        build_index(pages, embedder), Asked("Are returns free?", embedder.embed(["returns free"])[0]), [], "en"
    )
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    assert {hit.passage.document.path for hit in hits[:2]} == {"en/a.md", "en/b.md"}


@pytest.mark.parametrize(
    ("text", "named", "language"),
    [
        ("Geöffnet an Werktagen", "und", "de"),
        ("Geöffnet an Werktagen", "nl", "de"),
        ("parcels on Monday", "und", "en"),
        ("parcels on Monday", "de", "de"),
        ("xyzzy", "und", "und"),
        ("", "und", "und"),
        ("Dove posso ritirare il mio ordine e quando siete aperti il lunedì mattina presto?", "it", "it"),
    ],
)
def test_a_short_text_is_in_the_language_whose_documents_know_its_words(pages, embedder, text, named, language):
    assert language_among(build_index(pages, embedder).parts, text, named) == language


def test_chinese_is_known_by_its_script(embedder):
    parts = build_index(
        [parse_document("zh/a.md", "门票多少钱".encode()), parse_document("en/b.md", b"Tickets")], embedder
    ).parts
    assert language_among(parts, "退票", "und") == "zh"
    assert language_among({}, "退票", "und") == "und"
