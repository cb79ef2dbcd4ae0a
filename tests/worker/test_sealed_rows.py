"""What is sealed opens in its own row alone, in every sealed column that there is; and keys change under traffic."""

import threading
import time
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from adapters.gmail.tokens import Tokens
from adapters.vault import CannotOpen, KeyRing, Vault, new_key
from bootstrap import build
from commands.keys import _rotate
from domain.sealed import Sealed
from storage import mailboxes
from storage.database import psycopg_url
from tests.support.sealed import COLUMNS, OPENED, Place, fill
from tests.support.waiting import until

# How long each step of a rotation has traffic; every one is walked through in full.
TURNS = 8


@pytest.fixture
def places(services, workspace, other_workspace) -> list[Place]:
    return [*fill(services, workspace), *fill(services, other_workspace)]


def test_every_sealed_column_is_known_here(owner, places):
    columns = {f"{row.table_name}.{row.column_name}" for row in owner.execute(COLUMNS)}
    assert columns == set(OPENED) == {place.column for place in places}


def test_a_sealed_value_opens_in_no_other_row_tenant_or_column(services, owner, places):
    values = {place: place.read(owner) for place in places}
    opened = {place: place.open(services, owner) for place in places}
    assert len(set(opened.values())) == len(places)
    tried = 0
    for target in places:
        for source in places:
            if source != target:
                target.write(owner, values[source])
                with pytest.raises(CannotOpen):
                    target.open(services, owner)
                tried += 1
        target.write(owner, values[target])
        assert target.open(services, owner) == opened[target]
    assert tried == len(places) * (len(places) - 1)


class Traffic:
    """A program that opens and seals all the time, as web and workers do; it can be started anew under another ring."""

    def __init__(self, settings, owner_of, places, ring) -> None:
        self.settings, self._owner_of, self._places = settings, owner_of, places
        self.failed: Counter[str] = Counter()
        self.turns = 0
        self.restart(ring)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def restart(self, ring) -> None:
        self.services = build(replace(self.settings, key_ring=ring))

    def walk(self, turns=TURNS) -> None:
        """Wait until it went so many times through everything since now."""
        wanted = self.turns + turns + 1
        until(lambda: self.turns >= wanted or not self._thread.is_alive())
        assert self._thread.is_alive()

    def end(self) -> None:
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        owner = self._owner_of()
        known: dict[int, object] = {}
        while not self._stopping.is_set():
            services = self.services
            known[id(services)] = services
            for place in self._places:
                try:
                    self._use(services, place, owner)
                except CannotOpen:
                    self.failed[place.column] += 1
                owner.rollback()
            self.turns += 1
        owner.close()
        for one in known.values():
            one.close()

    def _use(self, services, place, owner) -> None:
        said = place.open(services, owner)
        if place.column == "mailbox.refresh_sealed":
            # As after each refresh at Google: the access token is another one, sealed by whoever asked.
            fresh = Tokens(said, f"access {time.monotonic_ns()}", datetime.now(UTC))
            with services.database.transaction(place.tenant) as db:
                mailboxes.get_tokens(db, place.tenant, place.row, lock=True)
                mailboxes.save_tokens(db, place.tenant, place.row, services.sealed(place.tenant, place.row, fresh))


@pytest.fixture
def programs(settings, urls, places):
    """Two programs under the ring that the places were sealed with."""
    engine = create_engine(psycopg_url(urls.owner), poolclass=NullPool)
    made = [Traffic(settings, engine.connect, places, settings.key_ring) for _ in range(2)]
    yield made
    for one in made:
        one.end()
    engine.dispose()


def restarted_one_after_the_other(programs, ring) -> None:
    for one in programs:
        one.restart(ring)
        for other in programs:
            other.walk()


def test_keys_change_while_everything_reads_and_writes_and_nothing_fails(settings, programs, owner, places):
    """As docs/running.md says it: the new key behind, then in front, then all sealed anew, then the old one out."""
    old, new = settings.key_ring, new_key("k2")
    opened = {place: place.open(programs[0].services, owner) for place in places if "access" not in place.column}
    for ring in (f"{old},{new}", f"{new},{old}"):
        restarted_one_after_the_other(programs, ring)
    sealing = build(replace(settings, key_ring=f"{new},{old}"))
    _rotate(sealing)
    sealing.close()
    restarted_one_after_the_other(programs, new)
    assert [one.failed for one in programs] == [Counter(), Counter()]
    owner.rollback()
    vault = Vault(KeyRing.parse(new))
    sealed_under = Counter(vault.needs_rotation(Sealed(place.read(owner))) for place in places)
    assert sealed_under == {False: len(places)}
    assert {place: place.open(programs[0].services, owner) for place in opened} == opened


def test_a_new_key_that_goes_in_front_at_once_is_one_that_others_cannot_open_yet(settings, programs):
    """The control, and why the key goes behind first: one program seals what the other has no key for."""
    programs[0].restart(f"{new_key('k2')},{settings.key_ring}")
    for one in programs:
        one.walk()
    assert programs[1].failed["mailbox.refresh_sealed"] > 0
    assert programs[0].failed == Counter()
