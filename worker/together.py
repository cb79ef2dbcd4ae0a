"""Write what came of a batch in one transaction, and each row in its own where one of them spoils that."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from bootstrap import Services
from storage.messages import Claimed
from worker.attempt import attempt


@dataclass(frozen=True, slots=True)
class Row:
    """What is to be written about one claimed message. `write` takes the connection and may be repeated."""

    claim: Claimed
    write: Callable[[Any], object]


def write_all(
    services: Services, rows: Sequence[Row], failed: Callable[[Claimed, Exception], None], stage: str
) -> None:
    """Write every row of one tenant. A crash undoes the whole batch, which is then claimed and worked on again.

    One commit for a batch waits for the disk once instead of once for each mail.
    """
    if len(rows) > 1 and attempt(partial(_write, services, rows), _passed_over, rows=len(rows), stage=stage):
        return
    for row in rows:
        attempt(partial(_write, services, [row]), partial(failed, row.claim), message=row.claim.id, stage=stage)


def _write(services: Services, rows: Sequence[Row]) -> None:
    with services.database.transaction(rows[0].claim.tenant) as db:
        for row in rows:
            row.write(db)


def _passed_over(_: Exception) -> None:
    """Each row is tried again alone, and the one to blame says so itself."""
