"""Values as JSON rows: what is written is read back, by this release, from an earlier and from a later one."""

import json
from dataclasses import asdict, fields, replace
from uuid import uuid4

from domain.case import Case, CaseState, Identity
from domain.category import Category
from domain.composition import Attempt, Judged, Quoted, Sentence
from domain.money import Money
from domain.order_action import Action, WantedItem
from domain.understanding import Place, Priority, Reading, Sentiment, Understanding
from storage.codec import case_from_json, composition_from_json, composition_to_json, dumps, understanding_from_json

READ = Understanding(
    text="The lamp is broken.",
    language="en",
    category=Category.REFUND,
    sub_intent="damaged",
    confidence=0.9,
    importance=4,
    importance_reason="damaged, asks for a person",
    quoted="> old",
    signature="-- \nAnna",
    order_numbers=("LO-1", "LO-2"),
    asks_for_person=True,
    threat="legal: “my lawyer”",
    probabilities={Category.REFUND: 0.9, Category.OTHER: 0.1},
    forwarded="From: a",
    disclaimer="This mail is confidential.",
    priority=Priority.URGENT,
    sentiment=Sentiment.NEGATIVE,
    key_issues=("The lamp is broken",),
    error_codes=("E-4021",),
    ticket_numbers=("DE25000315",),
    purchase_orders=("D400000001",),
    read_from=(Reading("order_numbers", Place.SUBJECT, "LO-1, LO-2"),),
)
# The columns of the first release.
FIRST = {"text", "language", "category", "sub_intent", "confidence", "importance", "importance_reason", "automatic",
         "quoted", "signature", "order_numbers", "asks_for_person", "threat"}  # fmt: skip


def test_a_case_comes_back_as_it_was_written_and_one_of_an_earlier_release_with_what_it_knew():
    case = replace(
        Case("refund").moved_to(CaseState.CHECKING, order_number="LO-1"), asked=("order_number",), version=3,
        action=Action.RETURN, items=(WantedItem("LAMP-1", 2),), reason="damaged", evidence=("ab" * 32,),
        identity=Identity.LINK, amount=Money(4990, "EUR"), rule="window", policy_version=2,
        words=("The lamp broke.",), doubts=("It was passed on.",),
        language="fr", writer="ana@customer.example", previous=uuid4(), id=uuid4(), wrong_numbers=("LO-9",),
    )  # fmt: skip
    assert case_from_json(json.loads(dumps(asdict(case)))) == case
    first = {"kind": "refund", "state": "order_wanted", "order_number": "", "asked": [], "wrong_numbers": ["LO-9"]}
    assert case_from_json({**first, "version": 1}) == Case(
        "refund", CaseState.ORDER_WANTED, wrong_numbers=("LO-9",), version=1
    )


def row(**changed):
    return {**json.loads(dumps(READ)), **changed}


def test_what_is_written_is_read_back():
    assert understanding_from_json(row()) == READ
    assert understanding_from_json(json.loads(dumps(Understanding("")))) == Understanding("")
    assert understanding_from_json({}) is None


def test_rows_of_an_earlier_release_have_the_usual_values_for_what_they_lack():
    read = understanding_from_json({name: value for name, value in row().items() if name in FIRST})
    assert (read.text, read.category, read.order_numbers) == (READ.text, READ.category, READ.order_numbers)
    assert (read.priority, read.sentiment, read.read_from) == (Priority.NORMAL, Sentiment.NEUTRAL, ())
    assert read.probabilities == {}
    assert read.claimed_orders == READ.order_numbers


def test_any_field_but_the_first_may_be_missing():
    for field in fields(Understanding):
        read = understanding_from_json({name: value for name, value in row().items() if name != field.name})
        assert read is not None
        others = [one.name for one in fields(Understanding) if one.name != field.name]
        assert all(getattr(read, name) == getattr(READ, name) for name in others)


def test_rows_of_a_later_release_are_read_without_what_this_one_does_not_know():
    later = row(
        mood_ring="blue",
        category="gardening",
        priority="volcanic",
        sentiment="puzzled",
        probabilities={"refund": 0.4, "gardening": 0.6},
        read_from=[
            {"field": "text", "place": "the stars", "words": ""},
            {"field": "text", "place": "new text", "words": "", "sure": 1},
        ],
    )
    read = understanding_from_json(later)
    assert (read.category, read.priority, read.sentiment) == (Category.OTHER, Priority.NORMAL, Sentiment.NEUTRAL)
    assert read.probabilities == {Category.REFUND: 0.4}
    assert read.read_from == (Reading("text", Place.NEW_TEXT),)
    assert read.key_issues == READ.key_issues


def test_what_a_language_model_was_asked_and_said_is_read_back():
    sentence = Sentence("Returns are free.", (Quoted(2, "are free"),))
    attempts = (
        Attempt("m", "asked", "{}", (Judged(sentence, "No."), Judged(sentence))),
        Attempt("m", "", "", (), "slow"),
    )
    assert composition_from_json(json.loads(composition_to_json(attempts))) == attempts
    assert composition_from_json([]) == ()
