import json
from collections import Counter
from pathlib import Path

import pytest

from sandbox.mix import (
    KIND_PERCENT,
    LANGUAGE_PERCENT,
    apportioned,
    demonstration_mix,
    demonstration_orders,
    main,
    texts,
)

ROOT = Path(__file__).parents[2]
COUNT = 1000
MAILS = tuple(demonstration_mix(COUNT, seed=7))
ORDERS = {order["order_number"]: order for order in demonstration_orders(COUNT, seed=7)}


def labelled(expect):
    return [mail for mail in MAILS if mail["expected"]["expect"] == expect]


def kept_order(mail):
    return mail["expected"]["note"].removeprefix("order: ")


def test_the_same_seed_gives_the_same_mails_and_another_seed_others():
    assert list(demonstration_mix(60, seed=3)) == list(demonstration_mix(60, seed=3))
    assert list(demonstration_mix(60, seed=3)) != list(demonstration_mix(60, seed=4))


@pytest.mark.parametrize("count", [0, 1, 2, 7, 99, 1000])
def test_any_number_of_mails_can_be_asked_for(count):
    assert len(list(demonstration_mix(count, seed=1))) == count


def test_a_negative_number_is_refused():
    with pytest.raises(ValueError, match="cannot be negative, but is -1"):
        next(demonstration_mix(-1))


def test_the_shares_of_the_kinds_are_those_of_the_demonstration():
    counted = Counter((mail["expected"]["category"], mail["expected"]["automatic"]) for mail in MAILS)
    assert counted == {
        ("question", False): 550,
        ("refund", False): 200,
        ("supplier", False): 60,
        ("other", False): 90,
        ("other", True): 100,
    }
    assert len(labelled("answer")) == 450


def test_the_shares_of_the_languages_are_those_of_the_demonstration():
    assert Counter(mail["expected"]["language"] for mail in MAILS) == {"en": 550, "de": 200, "fr": 130, "es": 120}


@pytest.mark.parametrize("count", [1, 3, 33, 101])
def test_shares_of_an_odd_number_add_up(count):
    for percent in (KIND_PERCENT, LANGUAGE_PERCENT):
        shares = apportioned(count, percent)
        assert sum(shares.values()) == count
        assert all(abs(shares[name] - count * percent[name] / 100) < 1 for name in percent)


def test_no_two_mails_have_the_same_words():
    assert len({(mail["subject"], mail["text"]) for mail in MAILS}) == COUNT


def test_the_length_is_that_of_real_mail():
    words = [len(mail["text"].split()) for mail in MAILS]
    assert 110 <= sum(words) / COUNT <= 140
    assert min(words) >= 15


def test_no_slot_is_left_open():
    assert not [mail for mail in MAILS if "{" in mail["subject"] + mail["text"] + mail.get("html", "")]


def test_there_are_at_least_eighty_templates_and_every_kind_in_every_language():
    counted = {(language, kind): len(texts(language)[kind]) for language in LANGUAGE_PERCENT for kind in KIND_PERCENT}
    assert sum(counted.values()) >= 80
    assert min(counted.values()) >= 1


def test_customers_come_from_a_pool_of_half_the_count_and_none_writes_too_often():
    writers = Counter(mail["from"] for mail in MAILS if mail["from"].startswith("customer-"))
    assert set(writers) <= {f"customer-{number:05d}@mix.example" for number in range(COUNT // 2 + 1)}
    # The program answers five mails of one sender a day by itself; more would measure that limit.
    assert max(writers.values()) <= 5


def test_every_document_that_should_answer_exists_in_the_language_of_the_mail():
    for mail in labelled("answer"):
        document = mail["expected"]["document"]
        assert (ROOT / "knowledge_base" / document).is_file()
        assert document.startswith(mail["expected"]["language"] + "/")


def test_every_automatic_mail_can_be_told_by_its_headers():
    for mail in labelled("ignore"):
        assert {"List-Id", "Auto-Submitted"} & set(mail["headers"])
    assert all("headers" not in mail for mail in MAILS if not mail["expected"]["automatic"])


def test_a_refund_mail_names_an_order_of_its_sender_unless_its_label_says_otherwise():
    for mail in MAILS:
        if mail["expected"]["category"] != "refund":
            continue
        named = [number for number in ORDERS if number in mail["subject"] + mail["text"]]
        if kept_order(mail) in {"none", "wrong"}:
            assert named == []
        else:
            assert len(named) == 1
            own = ORDERS[named[0]]["customer_email"] == mail["from"]
            assert own == (kept_order(mail) != "stranger")
        # Somebody else's order gets the same answer as an unknown number, so that a stranger learns nothing.
        asked = kept_order(mail) in {"none", "wrong", "stranger"}
        assert mail["expected"]["expect"] == ("ask_order" if asked else "hold")


def test_a_stranger_is_never_authenticated_and_a_customer_is():
    strangers = [mail for mail in MAILS if kept_order(mail) == "stranger"]
    assert strangers
    assert all(mail["auth"] == "none" for mail in strangers)
    assert all(mail["auth"] == "pass" for mail in MAILS if mail not in strangers)


def test_an_order_costs_what_its_items_cost():
    assert len(ORDERS) > 50
    for order in ORDERS.values():
        assert order["total_minor"] == sum(item["quantity"] * item["price_minor"] for item in order["items"])
        assert (order["delivered_at"] is None) == (order["status"] == "pending")


@pytest.mark.parametrize(("option", "dealt"), [([], demonstration_mix), (["--orders"], demonstration_orders)])
def test_the_command_prints_one_json_object_a_line(capsys, option, dealt):
    assert main(["30", "3", *option]) == 0
    assert [json.loads(line) for line in capsys.readouterr().out.splitlines()] == list(dealt(30, seed=3))


def test_the_command_refuses_a_negative_number_in_one_sentence(capsys):
    assert main(["-1"]) == 2
    assert capsys.readouterr().err == "sandbox mix: The number of mails cannot be negative, but is -1.\n"
