from domain.category import Category
from understanding.train import EXAMPLES, read_examples
from web.topics import TOPICS


def test_a_member_can_choose_everything_that_the_machine_can_say():
    said = {(example.category, example.sub_intent) for example in read_examples(EXAMPLES)}
    assert said == {(category, name) for category in Category for name in TOPICS[category]}
