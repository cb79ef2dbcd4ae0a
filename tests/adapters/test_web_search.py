"""The search of the web through LangChain's own tool, over real HTTP: what is found, what leaves, and how it fails."""

import pytest

from adapters.web_search import TavilyWeb
from domain.decision import Suggestion
from domain.ports import Question
from sandbox.web_search import Web, serve
from tests.support.llm import Clock
from tests.support.waiting import let_go, nothing_runs_on

GOOD = {"title": "Bulbs", "url": "https://bulbs.example/e27", "content": "All about bulbs.", "score": 0.9}
KEY = "tvly-secret-0123456789"


@pytest.fixture(scope="module")
def server():
    found = Web()
    with serve(found):
        yield found


@pytest.fixture
def web(server):
    server.reset()
    server.results = [GOOD]
    return server


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def search(web, clock):
    tavily = TavilyWeb(KEY, web.base_url, clock, patience_s=60.0)
    return lambda *texts, names=(): tavily.search([Question(text, names) for text in texts])


def test_each_question_gets_title_address_and_words(search):
    assert search("Which bulbs fit?", "And shades?") == [(Suggestion("Bulbs", GOOD["url"], GOOD["content"]),)] * 2


def test_it_asks_for_three_pages_without_answers_or_pictures(search, web):
    search("Which bulbs fit?")
    (request,) = web.requests
    asked = request["body"]
    assert (asked["query"], asked["max_results"], asked["search_depth"]) == ("Which bulbs fit?", 3, "basic")
    assert not any(asked.get(name) for name in ("include_answer", "include_raw_content", "include_images"))
    assert request["key"] == f"Bearer {KEY}"


def test_no_name_address_or_number_leaves(search, web):
    text = (
        "I am Anna Petrova, anna@private.example, +49 30 901820, order LO-48213, IBAN DE89 3704 0044 0532 0130 00, "
        "see https://private.example/me: which bulbs fit?"
    )
    search(text, names=("Anna Petrova",))
    (request,) = web.requests
    asked = request["body"]["query"]
    assert "which bulbs fit?" in asked
    assert not [part for part in ("Anna", "Petrova", "private", "901820", "48213", "0532", "<") if part in asked]


def test_a_long_question_is_cut_and_one_of_nothing_is_not_asked(search, web):
    search("word " * 500)
    assert len(web.requests[0]["body"]["query"]) <= 350
    assert search("anna@private.example") == [()]
    assert len(web.requests) == 1


@pytest.mark.parametrize(
    "row",
    [
        None, 3, "text", {}, {"title": "No address"}, {"url": "javascript:alert(1)", "title": "x"},
        {"url": "https://a b.example"}, {"url": "data:text/html,x"}, {"url": 'https://a.example/"><script>'},
        {"url": "https://a.example/" + "a" * 600}, {"url": "https://a.example/\njavascript:x"},
    ],
)  # fmt: skip
def test_what_is_no_page_of_the_web_is_left_out(search, web, row):
    web.results = [row, GOOD]
    (found,) = search("Which bulbs fit?")
    assert [one.url for one in found] == [GOOD["url"]]


def test_words_are_one_short_line_without_what_nobody_sees(search, web):
    web.results = [{"url": GOOD["url"], "title": "A\u202eB\n" + "t" * 500, "content": {"not": "text"}}] * 9
    (found,) = search("Which bulbs fit?")
    assert len(found) == 3
    assert found[0].title.startswith("A B t")
    assert (len(found[0].title), found[0].snippet) == (200, "")


def test_nothing_found_is_nothing_and_no_trouble(search, web):
    web.results = []
    assert search("Which bulbs fit?") == [()]
    web.results = [GOOD]
    assert search("Which bulbs fit?") != [()]


@pytest.mark.parametrize("fault", ["500_before", "401", "429", "malformed_json", "drop_before"])
def test_after_trouble_the_provider_is_left_alone_for_five_minutes(search, web, clock, fault):
    web.order(fault)
    assert search("Which bulbs fit?") == [()]
    assert search("Which bulbs fit?") == [()]
    assert len(web.requests) == 1
    clock.now += 301
    assert search("Which bulbs fit?") != [()]


def test_a_slow_provider_is_given_up(web, clock):
    web.order("slow_before", seconds=60)
    assert TavilyWeb(KEY, web.base_url, clock, patience_s=0.3).search([Question("Which bulbs fit?")]) == [()]
    let_go(web.stopping, nothing_runs_on)


def test_no_question_asks_nothing(search, web):
    assert search() == []
    assert not web.requests
