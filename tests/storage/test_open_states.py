"""What is on its way is written in many statements: all of them agree with the states that the domain calls open."""

import re
from pathlib import Path

import pytest
from sqlalchemy import text

import storage
from domain.delivery import OPEN_STATES, EffectState

OPEN = frozenset(OPEN_STATES)
WAITING, UNCERTAIN = frozenset({EffectState.WAITING}), frozenset({EffectState.UNCERTAIN})
NOT_BEGUN = frozenset({EffectState.PENDING, EffectState.DRAFTED})

# Each list of states with a draft of ours in it, in the order of the file.
LISTS = {
    "completeness": [OPEN | WAITING],
    "conversations": [(OPEN | WAITING) - UNCERTAIN],
    "disconnecting": [OPEN | WAITING, NOT_BEGUN | WAITING],
    "erasure": [OPEN | WAITING],
    "notices": [NOT_BEGUN],
    "outbox": [OPEN, OPEN, NOT_BEGUN, OPEN],
    "requests_shown": [OPEN],
    "retention": [OPEN | WAITING],
}


def lists_in(sql: str) -> list[frozenset[str]]:
    found = [frozenset(re.findall(r"'(\w+)'", one)) for one in re.findall(r"state (?:IN|= ANY) \(+([^)]*)\)", sql)]
    return [one for one in found if EffectState.DRAFTED in one]


def test_every_statement_means_the_same_by_what_is_on_its_way():
    files = sorted(Path(storage.__path__[0]).glob("*.py"))
    found = {one.stem: lists_in(one.read_text()) for one in files}
    assert {name: lists for name, lists in found.items() if lists} == LISTS


@pytest.mark.parametrize(
    "source", ["SELECT pg_get_indexdef('outbox_due'::regclass)", "SELECT pg_get_viewdef('due'::regclass)"]
)
def test_the_index_and_the_view_by_which_it_is_found_mean_the_same(owner, source):
    assert lists_in(owner.execute(text(source)).scalar_one()) == [OPEN]
