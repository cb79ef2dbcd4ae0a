"""Kill the program at a chosen place: before or after each commit of a transaction and each call to Gmail."""

from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest
from sqlalchemy import event

from adapters.gmail.connect import Gmail
from storage.database import Database
from tests.support.pipeline import TestServices


class Killed(BaseException):
    """The process ends here. No `except Exception` sees it, as none would see a kill -9."""


def dying(db, at: int) -> None:
    """The process ends before the statement of this number, counted from 1, in this transaction."""
    seen = []

    def before(*_) -> None:
        seen.append(1)
        if len(seen) == at:
            raise Killed

    event.listen(db, "before_cursor_execute", before)


@dataclass
class Plan:
    """Dies at the `kill_at`-th place that is passed; 0 never. `places` lists what was passed."""

    kill_at: int = 0
    places: list[str] = field(default_factory=list)
    open_transactions: int = 0

    def pass_by(self, place: str) -> None:
        self.places.append(place)
        if len(self.places) == self.kill_at:
            raise Killed(place)


class MortalDatabase(Database):
    plan: Plan

    @contextmanager
    def transaction(self, tenant):
        with super().transaction(tenant) as db:
            self.plan.open_transactions += 1
            try:
                yield db
                self.plan.pass_by("before a commit")
            finally:
                self.plan.open_transactions -= 1
        self.plan.pass_by("after a commit")


class MortalPort:
    """One of the two ports to Gmail; each call is a place, and none is made while a transaction is open."""

    def __init__(self, port, plan: Plan) -> None:
        self._port = port
        self._plan = plan

    def __getattr__(self, name):
        call = getattr(self._port, name)

        def mortal(*args, **kwargs):
            if self._plan.open_transactions:
                pytest.fail(f"{name} is asked while a transaction is open")  # nor does any `except Exception` see this
            self._plan.pass_by(f"before {name}")
            answer = call(*args, **kwargs)
            self._plan.pass_by(f"after {name}")
            return answer

        return mortal


class MortalServices(TestServices):
    """The services of a process that may die at any place of its `plan`."""

    def __init__(self, settings) -> None:
        super().__init__(settings)
        self.plan = Plan()
        self.database = MortalDatabase(settings.database_url)
        self.database.plan = self.plan

    @contextmanager
    def open_mailbox(self, tenant, mailbox):
        with super().open_mailbox(tenant, mailbox) as gmail:
            yield Gmail(MortalPort(gmail.source, self.plan), MortalPort(gmail.outgoing, self.plan))

    def dying_at(self, kill_at: int) -> Plan:
        self.plan = self.database.plan = Plan(kill_at)
        return self.plan
