"""The stand-in for language models by itself: the wire, the faults and what it shows of its requests."""

import json
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from sandbox.llm import LanguageModels, serve

ROOT = Path(__file__).parents[2]
CHAT = "/v1/chat/completions"


def call(url: str, body: object = None, method: str | None = None) -> tuple[int, dict]:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, method=method)
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


@pytest.fixture
def url():
    with serve(LanguageModels()) as base:
        yield base


def asked(text: str, **more: object) -> dict:
    return {"model": "m", "messages": [{"role": "user", "content": f"=== a ===\n{text}\n=== a ==="}], **more}


@pytest.mark.parametrize(
    ("text", "category"),
    [
        ("I want my money back", "refund"),
        ("Ich möchte die Lampe zurückschicken und bitte das Geld", "refund"),
        ("Our purchase order 7", "supplier"),
        ("How long does it take?", "question"),
        ("This is unacceptable", "other"),
        ("", "other"),
    ],
)
def test_it_sorts_by_simple_words(url, text, category):
    status, answer = call(url + CHAT, asked(text, response_format={"type": "json_object"}))
    assert status == 200
    assert json.loads(answer["choices"][0]["message"]["content"])["category"] == category
    assert answer["usage"]["total_tokens"] == answer["usage"]["prompt_tokens"] + answer["usage"]["completion_tokens"]


def test_a_function_is_called_when_one_is_given(url):
    tool = {"type": "function", "function": {"name": "sort", "parameters": {}}}
    _, answer = call(url + CHAT, asked("How long?", tools=[tool]))
    function = answer["choices"][0]["message"]["tool_calls"][0]["function"]
    assert function["name"] == "sort"
    assert json.loads(function["arguments"])["category"] == "question"


def test_a_fault_is_ordered_over_http_and_played_once(url):
    call(f"{url}/sandbox/faults", {"fault": "500_before"})
    assert [call(url + CHAT, asked("x"))[0] for _ in range(2)] == [500, 200]
    assert call(f"{url}/sandbox/faults", {"fault": "nonsense"})[0] == 400


def test_what_it_was_sent_can_be_read_and_forgotten(url):
    call(url + CHAT, asked("hello"))
    _, found = call(f"{url}/sandbox/requests")
    assert found["requests"][0]["body"]["messages"][0]["content"] == "=== a ===\nhello\n=== a ==="
    call(f"{url}/sandbox/requests", method="DELETE")
    assert call(f"{url}/sandbox/requests")[1] == {"requests": []}


def test_there_is_nothing_else(url):
    assert call(f"{url}/v1/embeddings", {})[0] == 404
    assert call(f"{url}/sandbox/nothing")[0] == 404


def test_it_runs_as_a_program_and_stops_when_told():
    process = subprocess.Popen(
        [sys.executable, "-m", "sandbox.llm", "--port", "0"], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    url = json.loads(process.stdout.readline())["ready"]
    assert call(url + CHAT, asked("x"))[0] == 200
    process.terminate()
    process.communicate(timeout=60)
    assert process.returncode == 0
