"""The labelled mail of the demonstration shop: sound, our own, and nothing that the model was trained on."""

import json
import re
import tomllib
from collections import Counter
from pathlib import Path

import pytest

from domain.category import Category
from domain.errors import BadInput
from understanding.shipped import STANDINGS, labelled_mails, shipped_standings
from understanding.train import EXAMPLES, read_examples
from web.topics import TOPICS

ROOT = Path(__file__).parents[2]
RUN = 6  # words in a row that two mails share only if one was copied


def words(text: str) -> list[str]:
    return re.findall(r"[\w']+", text.lower())


def runs(text: str) -> set[tuple[str, ...]]:
    found = words(text)
    return {tuple(found[at : at + RUN]) for at in range(len(found) - RUN + 1)}


def texts_of_the_sandbox() -> list[str]:
    """What the demonstration's mails say, told and made from the mix."""
    told = [json.loads(file.read_text()).get("text", "") for file in (ROOT / "demonstration_shop/mails").glob("*.json")]
    mixed = []
    for file in (ROOT / "sandbox/mix_texts").glob("*.toml"):
        for kinds in tomllib.loads(file.read_text()).values():
            if isinstance(kinds, list):
                mixed += [str(one.get("text", "")) if isinstance(one, dict) else str(one) for one in kinds]
    return told + mixed


def test_there_are_hundreds_in_four_languages_and_every_category():
    mails = labelled_mails()
    assert len(mails) >= 300
    assert len({mail.id for mail in mails}) == len(mails)
    assert min(Counter(mail.language for mail in mails).values()) >= 40
    assert set(Counter(mail.language for mail in mails)) == {"en", "de", "fr", "es"}
    assert min(Counter(mail.category for mail in mails).values()) >= 20
    assert all(mail.sub_intent in TOPICS[mail.category] for mail in mails)


def test_none_is_said_twice():
    said = Counter(" ".join(words(mail.text)) for mail in labelled_mails())
    assert [text for text, times in said.items() if times > 1] == []


@pytest.mark.parametrize("where", ["examples", "sandbox"])
def test_none_is_copied_from_what_the_model_learned_or_will_be_shown(where):
    known = (
        [example.text.text for example in read_examples(EXAMPLES)] if where == "examples" else texts_of_the_sandbox()
    )
    assert len(known) > 80
    taken = set().union(*(runs(text) for text in known))
    whole = {" ".join(words(text)) for text in known}
    copied = [
        mail.id for mail in labelled_mails() if len(runs(mail.text) & taken) > 1 or " ".join(words(mail.text)) in whole
    ]
    assert copied == []


def test_what_it_earned_belongs_to_one_model(models, tmp_path, embedder):
    assert Category.QUESTION in shipped_standings(models, embedder.engine)
    assert shipped_standings(models, "another engine") == {}
    for name in ("classifier.json", STANDINGS):
        (tmp_path / name).write_bytes((models / name).read_bytes())
    assert shipped_standings(tmp_path, embedder.engine)
    (tmp_path / "classifier.json").write_bytes(b"another model")
    assert shipped_standings(tmp_path, embedder.engine) == {}
    (tmp_path / STANDINGS).unlink()
    assert shipped_standings(tmp_path, embedder.engine) == {}


def test_a_wrong_line_is_named(tmp_path):
    (tmp_path / "mails.jsonl").write_text('{"id": "a"}\n')
    with pytest.raises(BadInput, match=r"mails\.jsonl:1"):
        labelled_mails(tmp_path / "mails.jsonl")
