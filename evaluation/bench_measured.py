"""What the bench measured, as values, and the figures that follow from them."""

from collections.abc import Mapping
from dataclasses import dataclass

from evaluation.bench_cpu import Memory
from evaluation.bench_model import Arrangement, Speed
from evaluation.bench_shop import Ended

GET = 20  # units of one messages.get
METHOD_OF_A_POLL = "history.list"


@dataclass(frozen=True, slots=True)
class Stage:
    """What the workers' logs say of one stage: rounds of work, rows in all, wall seconds in all."""

    rounds: int
    rows: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Handled:
    """The one run of all mails. `cpu` is processor seconds by process, `units` quota units by method of Gmail."""

    mails: int
    ended: Ended
    seconds: float
    cpu: Mapping[str, float]
    stages: Mapping[str, Stage]
    units: Mapping[str, int]

    @property
    def mails_per_second(self) -> float:
        return self.mails / self.seconds

    @property
    def units_in_all(self) -> int:
        return sum(self.units.values())

    @property
    def units_per_answer(self) -> float:
        """Units on the way of an answered mail: all but the polls and the fetching of mails that were not answered."""
        unanswered = GET * (self.mails - self.ended.answered)
        polls = self.units.get(METHOD_OF_A_POLL, 0)
        return (self.units_in_all - unanswered - polls) / max(self.ended.answered, 1)


@dataclass(frozen=True, slots=True)
class Started:
    """Seconds from the start of a process until it was there, and its memory then."""

    seconds: float
    memory: Memory


@dataclass(frozen=True, slots=True)
class Web:
    """The pages: their start, and which libraries of the models they had loaded."""

    started: Started
    model_libraries: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Measured:
    """Everything. `model` is its speed in each arrangement, before and after the run."""

    handled: Handled
    model: tuple[Mapping[Arrangement, Speed], Mapping[Arrangement, Speed]]
    units_per_idle_poll: float
    idle_polls: int
    started: Mapping[str, Started]
    peaks: Mapping[str, Memory]
    web: Web

    @property
    def model_arrangement(self) -> Arrangement:
        """The faster one, by the mean of before and after."""
        return max(self.model[0], key=self._mean_speed)

    @property
    def model_mails_per_second(self) -> float:
        return self._mean_speed(self.model_arrangement)

    @property
    def model_cpu_per_mail(self) -> float:
        return sum(speeds[self.model_arrangement].cpu_per_mail for speeds in self.model) / 2

    def _mean_speed(self, arrangement: Arrangement) -> float:
        return sum(speeds[arrangement].mails_per_second for speeds in self.model) / 2

    @property
    def ratio(self) -> float:
        return self.handled.mails_per_second / self.model_mails_per_second

    @property
    def ratio_of_cpu(self) -> float:
        """The same by processor time: what the ratio would be if no core ever waited. Other work disturbs it less."""
        return self.model_cpu_per_mail * self.handled.mails / sum(self.handled.cpu.values())

    @property
    def last_line(self) -> str:
        return (
            f"bench: mails_per_s {self.handled.mails_per_second:.1f}"
            f" model_mails_per_s {self.model_mails_per_second:.1f} ratio {self.ratio:.2f}"
            f" units_per_answer {self.handled.units_per_answer:.1f}"
            f" units_per_idle_poll {self.units_per_idle_poll:.1f}"
        )
