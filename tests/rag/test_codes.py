import pytest

from rag.codes import codes
from rag.documents import parse_document
from rag.index import Asked, build_index


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("The display shows E-4021.", {"e-4021"}),
        ("Order 48213, item SKU.77x/B!", {"48213", "sku.77x/b"}),
        ("ERR_CONNECTION_RESET appears", {"err_connection_reset"}),
        ("Fehler E–4021 (Gerät AB12)", {"e-4021", "ab12"}),
        ("within 30 days, the 2nd time, 10 kg or 10kg, 49.99, open 24/7", set()),
        ("nothing to see_here", set()),
        ("7" * 100, set()),
    ],
)
def test_what_looks_like_a_code(text, found):
    assert codes(text) == found


def test_a_code_is_found_literally_or_not_at_all(embedder):
    bodies = {"a": "Error E-4021 means that water is missing.", "b": "Error E-4022 means that the door is open."}
    index = build_index([parse_document(f"en/{name}.md", body.encode()) for name, body in bodies.items()], embedder)
    texts = ("What is e-4021?", "E-4021 or E-9999", "E-402", "no code here")
    found = index.signals([Asked(text, embedder.embed([text])[0]) for text in texts], "en")
    assert found.exact.tolist() == [[1, 0], [0.5, 0], [0, 0], [0, 0]]


def test_a_passage_with_the_code_is_a_candidate_among_many(embedder, monkeypatch):
    monkeypatch.setattr("rag.assembling.EXACT_UP_TO", 100)
    many = [parse_document(f"en/{number}.md", f"Part number X{number:05d}.".encode()) for number in range(700)]
    index = build_index(many, embedder)
    text = "Where does X00345 go?"
    found = index.signals([Asked(text, embedder.embed([text])[0])], "en")
    assert len(found.numbers) < 700
    assert found.numbers[found.exact[0] == 1].tolist() == [345]
