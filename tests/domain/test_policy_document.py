"""A policy as a document: strict, clear about what is wrong, and the same after a round trip."""

import json
from dataclasses import fields

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from domain.errors import BadInput
from domain.order import ORDER_STATUSES
from domain.order_action import Action
from domain.policy_document import policy_from_json, policy_to_json, problems_of
from domain.refund_policy import PLACEHOLDERS, RefundPolicy, Rule
from domain.request import Reason

CURRENCIES = some.sampled_from(("EUR", "USD", "JPY"))
names = some.frozensets(some.text("abc DÉ-1", min_size=1).map(str.strip).filter(bool), max_size=3)
lines = some.text("abc é{}number.", min_size=1).map(str.strip).filter(lambda text: text and not {"{", "}"} & set(text))
policies = some.builds(
    RefundPolicy,
    version=some.integers(0, 99),
    allowed=some.dictionaries(some.sampled_from(ORDER_STATUSES), some.frozensets(some.sampled_from(Action))),
    window_days=some.dictionaries(some.sampled_from(ORDER_STATUSES), some.integers(0, 3650)),
    final_sale=names,
    excluded=names,
    evidence_for=some.frozensets(some.sampled_from(Reason)),
    reason_needed=some.booleans(),
    partial=some.booleans(),
    restocking_percent=some.integers(0, 99),
    per_customer_and_month=some.integers(0, 1000),
    alone_up_to=some.dictionaries(some.just("EUR"), some.integers(0, 4999)),
    second_person_above=some.dictionaries(CURRENCIES, some.integers(0, 10**12)).map(
        lambda found: {**found, "EUR": 5000}
    ),
    phrases=some.dictionaries(some.sampled_from(Rule), some.dictionaries(some.sampled_from(("en", "de")), lines)),
)


@settings(max_examples=150)
@given(policies)
def test_a_policy_is_the_same_after_it_was_written_and_read(policy):
    assert policy_from_json(json.loads(json.dumps(policy_to_json(policy)))) == policy


def test_the_document_has_every_field_of_a_policy():
    assert set(policy_to_json(RefundPolicy())) == {field.name for field in fields(RefundPolicy)}


def test_what_is_left_out_has_its_usual_value():
    assert policy_from_json({}) == RefundPolicy()
    assert policy_from_json({"partial": False}) == RefundPolicy(partial=False)


ALL_WRONG = {
    "version": -1,
    "allowed": {"pending": ["cancel", "explode"]},
    "window_days": {"delivered": 3651},
    "final_sale": "socks",
    "excluded": [" "],
    "evidence_for": ["boredom"],
    "reason_needed": "yes",
    "partial": 1,
    "restocking_percent": 100,
    "per_customer_and_month": True,
    "alone_up_to": {"euro": 1},
    "second_person_above": [],
    "phrases": {"window": {"en": "Only {days.__class__} days."}},
    "refund_everybody": True,
}


def test_every_field_that_is_wrong_is_named_with_one_sentence():
    found = problems_of(ALL_WRONG)
    assert set(found) == {
        "version", "allowed.pending", "window_days.delivered", "final_sale", "excluded", "evidence_for",
        "reason_needed", "partial", "restocking_percent", "per_customer_and_month", "alone_up_to.euro",
        "second_person_above", "phrases.window.en", "refund_everybody",
    }  # fmt: skip
    assert all(sentence.endswith(".") and "\n" not in sentence for sentence in found.values())
    with pytest.raises(BadInput) as raised:
        policy_from_json(ALL_WRONG)
    assert raised.value.field == ", ".join(found)
    assert "window_days.delivered: It must be a whole number from 0 to 3650." in raised.value.reason


@pytest.mark.parametrize(
    ("document", "field", "words"),
    [
        ([], "policy", "object"),
        ({"allowed": []}, "allowed", "object"),
        ({"allowed": {"lost": []}}, "allowed.lost", "none of pending"),
        ({"allowed": {"pending": "cancel"}}, "allowed.pending", "list"),
        ({"excluded": ["x" * 101]}, "excluded", "100"),
        ({"final_sale": ["x"] * 501}, "final_sale", "500"),
        ({"phrases": {"luck": {}}}, "phrases.luck", "none of status"),
        ({"phrases": {"status": {"english": "No."}}}, "phrases.status.english", "language"),
        ({"phrases": {"status": {"en": "Two\nlines."}}}, "phrases.status.en", "one line"),
        ({"phrases": {"status": {"en": "Only {days} days."}}}, "phrases.status.en", "{number}, {status}"),
        ({"phrases": {"status": {"en": "Open {"}}}, "phrases.status.en", "braces"),
        ({"alone_up_to": {"EUR": 20_000}}, "alone_up_to.EUR", "two people"),
        ({"alone_up_to": {"JPY": 1}}, "alone_up_to.JPY", "named as well"),
        ({3: 4}, "3", "no such field"),
    ],
)
def test_one_wrong_field_is_one_sentence(document, field, words):
    with pytest.raises(BadInput, match=words) as raised:
        policy_from_json(document)
    assert raised.value.field == field


@pytest.mark.parametrize("rule", list(Rule))
def test_a_sentence_may_name_what_its_rule_knows(rule):
    said = " ".join(f"{{{name}}}" for name in sorted(PLACEHOLDERS[rule]))
    policy = policy_from_json({"phrases": {rule.value: {"en": said}}})
    assert policy.phrases[rule]["en"].format(**dict.fromkeys(PLACEHOLDERS[rule], "x"))
