import numpy as np
import pytest

import rag.assembling
from rag.documents import knowledge_version, parse_document
from rag.index import Asked, build_index
from rag.lexical_building import character_index, word_index
from rag.ranking import search


def hits(index, embedder, text, language="en", limit=10):
    return search(index, Asked(text, embedder.embed([text])[0]), [], language, limit=limit)


def test_the_section_that_answers_comes_first(documents, embedder):
    index = build_index(documents, embedder)
    assert hits(index, embedder, "Do you deliver to Norway?")[0].passage.document.path == "en/delivery.md"
    assert hits(index, embedder, "who pays for return shipping")[0].passage.section == "Who pays the return shipping?"


def test_a_sample_question_leads_to_the_section_it_belongs_to(documents, embedder):
    best = hits(build_index(documents, embedder), embedder, "Can I send a lamp back?")[0]
    assert best.passage.document.path == "en/returns.md"
    assert best.title == pytest.approx(1.0, abs=1e-3)


def test_internal_documents_are_never_candidates(documents, embedder):
    index = build_index(documents, embedder)
    found = hits(index, embedder, "Goodwill for customers who complain", limit=100)
    assert "en/goodwill.md" not in {hit.passage.document.path for hit in found} | set(index.documents)


def test_staff_may_search_internal_documents(documents, embedder):
    index = build_index(documents, embedder, for_staff=True)
    assert hits(index, embedder, "goodwill percent")[0].passage.document.path == "en/goodwill.md"


def test_a_passage_in_the_language_of_the_mail_comes_first(documents, embedder):
    index = build_index(documents, embedder)
    assert hits(index, embedder, "Artikel zurückgeben", "de")[0].passage.document.language == "de"


def test_front_matter_is_never_found(documents, embedder):
    index = build_index(documents, embedder)
    assert not any("visibility" in passage.text or "title:" in passage.text for passage in index.passages)


def test_an_empty_knowledge_base_finds_nothing(embedder):
    assert hits(build_index([], embedder), embedder, "Anything?") == ()


def test_a_large_index_finds_the_same_as_an_exact_one(embedder, monkeypatch):
    bodies = [f"Article {number} speaks of thing{number} and of matter{number % 7}." for number in range(400)]
    many = [parse_document(f"en/{number}.md", body.encode()) for number, body in enumerate(bodies)]
    exact = build_index(many, embedder)
    monkeypatch.setattr(rag.assembling, "EXACT_UP_TO", 10)
    large = build_index(many, embedder)
    for number in (0, 123, 399):
        asked = f"What about article {number}, and matter{number % 7} of thing{number}?"
        found = [[hit.number for hit in hits(index, embedder, asked, limit=5)] for index in (exact, large)]
        assert found[0][0] == number
        assert found[0] == found[1]


def test_the_same_documents_have_the_same_version_whatever_their_order(documents):
    assert knowledge_version(documents) == knowledge_version(documents[::-1])
    assert knowledge_version(documents) != knowledge_version(documents[1:])


def test_a_rare_word_counts_more_than_a_common_one():
    index = word_index([("", "lamp oak"), ("", "lamp steel"), ("", "lamp glass")], "en")
    scores = index.scores("lamps of oak")
    assert scores.argmax() == 0
    assert index.idf("unheard") > index.idf("oak") > index.idf("lamp")


def test_scores_of_words_are_shares_of_what_can_be_reached():
    scores = word_index([("oak lamp", "oak lamp"), ("", "steel")], "en").scores("oak lamp")
    assert 0 < scores[0] <= 1
    assert scores[1] == 0


def test_characters_survive_compounds_and_misspelling():
    index = character_index(["Rücksendeetikett drucken", "Zahlung per Rechnung"])
    assert index.scores("rucksende etiket").argmax() == 0
    assert np.isclose(index.scores("Zahlung per Rechnung")[1], 1.0)


def test_passages_in_the_language_of_the_mail_are_looked_for_among_themselves(embedder, monkeypatch):
    monkeypatch.setattr(rag.assembling, "EXACT_UP_TO", 100)
    english = [parse_document(f"en/{at}.md", f"Parcel number{at} goes by ship.".encode()) for at in range(800)]
    german = [parse_document(f"de/{at}.md", f"Paket nummer{at} geht per Schiff.".encode()) for at in range(700)]
    few = [parse_document(f"fr/{at}.md", f"Le colis numero{at} part en bateau.".encode()) for at in range(20)]
    index = build_index([*english, *german, *few], embedder)
    for language, text, own in (("de", "Parcel nummer77 by ship", 700), ("fr", "Parcel numero7 by ship", 20)):
        found = index.signals([Asked(text, embedder.embed([text])[0])], language)
        spoken = index.languages[found.numbers]
        assert len(found.numbers) < 700
        assert ((spoken == language) == ~found.foreign).all()
        assert (spoken == language).sum() == min(own, (spoken == language).sum())
        assert language == "fr" or set(spoken) == {"de"}
    assert (spoken == "fr").sum() == 20
    unknown = index.signals([Asked("nummer5 numero5 number5", embedder.embed(["number5"])[0])], "it")
    assert set(index.languages[unknown.numbers]) >= {"en", "de", "fr"}
    assert not unknown.foreign.any()
