"""Read the mails that members try: what would happen is written down for their page, and nothing is done."""

from datetime import timedelta
from uuid import UUID

from bootstrap import Services
from domain.errors import BadInput, NeedsPerson
from parts.trying import in_words
from storage import trials
from storage.trials import Trial
from worker.attempt import attempt, reason_of
from worker.backoff import after_attempts

LEASE = timedelta(minutes=1)
MAX_ATTEMPTS = 2
VAIN = f"It was tried {MAX_ATTEMPTS} times in vain: {{}}."


def work(services: Services, tenant: UUID) -> int:
    """Read one mail, so that one that kills the process takes no other with it; and forget those whose hour is over."""
    with services.database.transaction(tenant) as db:
        forgotten = trials.forget(db, tenant)
        trial = trials.claim(db, tenant, LEASE)
    if trial is None:
        return forgotten
    if trial.attempts > MAX_ATTEMPTS:
        why = trial.last_error or "the program ended each time"
        with services.database.transaction(tenant) as db:
            trials.give_up(db, trial, VAIN.format(why))
        return forgotten + 1

    def failed(error: Exception) -> None:
        with services.database.transaction(tenant) as db:
            if isinstance(error, BadInput | NeedsPerson):
                # Trying it again would say the same.
                trials.give_up(db, trial, error.reason)
            else:
                trials.give_back(db, trial, after=after_attempts(trial.attempts), error=reason_of(error))

    attempt(lambda: _read(services, trial), failed, tenant=tenant, trial=trial.id, stage="trial")
    return forgotten + 1


def _read(services: Services, trial: Trial) -> None:
    (one,) = services.explained(services.tenant_bench(trial.tenant), [trial.raw])
    effects = [in_words(effect) for effect in one.decision.effects]
    with services.database.transaction(trial.tenant) as db:
        trials.finish(db, trial, one.message, understanding=one.understanding, decision=one.decision, effects=effects)
