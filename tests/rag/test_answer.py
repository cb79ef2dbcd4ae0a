from dataclasses import replace

import pytest

from domain.errors import BadInput
from rag.answer import KnowledgeAnswers
from rag.citing import MOST_COMPARED, cite, sentence_spans, verified
from rag.documents import parse_document
from rag.evidence import FEATURES, load_abstention
from rag.index import Asked, build_index
from rag.ranking import search


@pytest.fixture
def answers(documents, embedder, abstention):
    return KnowledgeAnswers(build_index(documents, embedder), embedder, abstention)


def test_an_answer_is_a_quote_from_a_stored_version(answers, documents):
    answer = answers.answer("Hello,\n\nwhich countries do you deliver to?\n\nThanks\nAnna", "Question", "en")
    assert answer.answered
    assert answer.text == "We deliver to Norway, Switzerland and all countries of the European Union."
    citation = answer.citations[0]
    assert citation.quote == documents[1].body[citation.start : citation.end]
    assert (citation.source, citation.version) == ("en/delivery.md", documents[1].version)


def test_the_text_shows_the_quote_without_marks(answers):
    answer = answers.answer("How long can I return an item?", "", "en")
    assert "**30 days**" in answer.citations[0].quote
    assert "within 30 days of delivery. See our form (https://shop.example/returns)." in answer.text


def test_what_the_documents_do_not_hold_is_not_answered(answers):
    answer = answers.answer("Do you repair pianos and violins?", "", "en")
    assert (answer.answered, answer.text, answer.citations) == (False, "", ())
    assert answer.passages
    assert "is asked for" in answer.reason


def test_several_questions_are_all_answered(answers):
    answer = answers.answer("How long can I return an item? Which countries do you deliver to?", "", "en")
    assert [citation.source for citation in answer.citations] == ["en/returns.md", "en/delivery.md"]


def test_one_question_without_an_answer_leaves_all_unanswered(answers):
    answer = answers.answer("How long can I return an item? Do you repair pianos and violins?", "", "en")
    assert not answer.answered
    assert "pianos" in answer.reason


def test_too_many_questions_are_not_answered(answers):
    answer = answers.answer("How long can I return an item? " * 2 + "Is oak hard? Is pine soft? Is ash grey?", "", "en")
    assert not answer.answered


def test_a_passage_in_another_language_is_no_answer(answers):
    answer = answers.answer("¿Norway, Switzerland, countries of the European Union?", "", "es")
    assert not answer.answered
    assert "language" in answer.reason


def test_nothing_internal_is_ever_shown(answers):
    answer = answers.answer("Do customers who complain get goodwill of 20 percent?", "", "en")
    assert "goodwill" not in str(answer.passages) + answer.text


def test_at_most_three_short_texts_are_embedded_beside_the_mail(answers, embedder):
    mail = "My lamp is broken. The table has a dent. The chair came late. The shelf is too long. I am not amused."
    answers.answer(mail, "", "en")
    of_mail, of_best_passage = embedder.embedded[-2:]
    assert len(of_mail) == 4
    assert of_mail[0] == mail
    assert len(of_best_passage) <= MOST_COMPARED


def test_a_mail_that_asks_nothing_is_not_answered(answers):
    assert not answers.answer("Thanks!", "", "en").answered


def test_an_empty_knowledge_base_answers_nothing(embedder, abstention):
    assert not KnowledgeAnswers(build_index([], embedder), embedder, abstention).answer("Why?", "", "en").answered


def test_an_index_of_another_engine_is_refused(documents, embedder, abstention):
    index = build_index(documents, embedder)
    embedder.engine = "another"
    with pytest.raises(BadInput, match="cannot search"):
        KnowledgeAnswers(index, embedder, abstention)


def test_a_citation_is_verified_only_if_every_character_stands_there(documents, embedder):
    index = build_index(documents, embedder)
    hit = search(index, Asked("deliver", embedder.embed(["deliver"])[0]), [], "en")[0]
    citation = cite(hit, "deliver", index)
    assert verified(citation, index.documents)
    for wrong in (
        replace(citation, quote=citation.quote.replace("30", "60") + " "),
        replace(citation, start=citation.start + 1),
        replace(citation, version="another"),
        replace(citation, source="nowhere.md"),
        replace(citation, start=-1),
        replace(citation, start=0, end=0, quote=""),
    ):
        assert not verified(wrong, index.documents)


def test_a_quote_of_an_internal_document_is_never_verified(documents, embedder):
    staff = build_index(documents, embedder, for_staff=True)
    hit = search(staff, Asked("goodwill", embedder.embed(["goodwill"])[0]), [], "en")[0]
    assert hit.passage.document.visibility == "internal"
    assert not verified(cite(hit, "goodwill", staff), staff.documents)


def test_of_a_long_passage_the_three_sentences_that_answer_are_quoted(embedder):
    filler = " ".join(f"Sentence {number} tells something about woods and their grain." for number in range(25))
    body = f"{filler} Oak is oiled twice a year. Use our oil. Wipe it dry. {filler}"
    index = build_index([parse_document("en/care.md", body.encode())], embedder)
    hit = search(index, Asked("oil oak", embedder.embed(["oil oak"])[0]), [], "en")[0]
    citation = cite(hit, "How often is oak oiled and wiped dry?", index)
    assert citation.quote == "Oak is oiled twice a year. Use our oil. Wipe it dry."


def test_sentences_do_not_end_at_abbreviations_or_dates():
    text = "Use e.g. oil, z.B. unser Öl. Delivery on 3. March costs 4.90 EUR! Right?"
    assert [text[a:b] for a, b in sentence_spans(text, 0, len(text))] == [
        "Use e.g. oil, z.B. unser Öl.",
        "Delivery on 3. March costs 4.90 EUR!",
        "Right?",
    ]


def test_the_trained_abstention_can_be_read_and_shows_its_evidence():
    trained = load_abstention()
    assert set(trained.weights) == set(FEATURES)
    assert 0.5 < trained.threshold <= 1


@pytest.mark.parametrize("content", ["", "{}", '{"features": ["other"]}', "[]"])
def test_a_broken_abstention_file_is_named(tmp_path, content):
    (tmp_path / "abstention.json").write_text(content)
    with pytest.raises(BadInput, match="train_abstention"):
        load_abstention(tmp_path / "abstention.json")


def test_a_passage_that_shares_one_word_is_no_answer(answers):
    assert not answers.answer("Norway?", "", "en").answered


def test_a_mail_of_unknown_language_is_read_in_the_only_language_there_is(documents, embedder, abstention):
    english = build_index([document for document in documents if document.language == "en"], embedder)
    answer = KnowledgeAnswers(english, embedder, abstention).answer("Deliver Norway, Switzerland?", "", "und")
    assert answer.answered


def test_a_mail_of_unknown_language_is_not_answered_where_there_are_several(answers):
    answer = answers.answer("Deliver Norway, Switzerland?", "", "und")
    assert (answer.answered, answer.reason) == (False, "The language of the mail is not known.")


def test_what_is_not_answered_never_looks_as_sure_as_what_is(answers, abstention):
    refused = answers.answer("¿Norway, Switzerland, countries of the European Union?", "", "es")
    assert not refused.answered
    assert refused.confidence < abstention.threshold


def test_a_mail_that_asks_nothing_still_shows_the_nearest_passages(answers):
    assert answers.answer("Thanks!", "", "en").passages
