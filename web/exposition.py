"""The machine's figures as Prometheus reads them: the one table of their names, labels and meanings."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from prometheus_client import CollectorRegistry
from prometheus_client.exposition import generate_latest
from prometheus_client.metrics_core import GaugeHistogramMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from storage.due import Kind
from storage.metrics import Figure

KINDS = tuple(kind.value for kind in Kind)


@dataclass(frozen=True, slots=True)
class Family:
    """`labels` are at most two. `always` are the values of the first that are told as 0 where nothing is known of them:
    a rule over a series that is not there never speaks.
    """

    name: str
    meaning: str
    labels: tuple[str, ...] = ()
    always: tuple[str, ...] = ()


# By the name that the function `metrics()` gives them.
FAMILIES: Mapping[str, Family] = {
    "workspaces": Family(
        "mailwright_workspaces", "Workspaces, by whether they answer by themselves.", ("answering",),
        ("answering", "paused"),
    ),
    "due_rows": Family("mailwright_due_rows", "Rows that are due and that nobody works on.", ("kind",), KINDS),
    "due_age_seconds": Family(
        "mailwright_due_age_seconds", "For how long the oldest row has been due that nobody works on.", ("kind",), KINDS
    ),
    "retrying_rows": Family(
        "mailwright_retrying_rows", "Open rows whose last try failed.", ("kind",),
        ("sync", "fetch", "process", "deliver", "act", "ticket"),
    ),
    "mailboxes": Family(
        "mailwright_mailboxes", "Mailboxes by state.", ("status",), ("active", "paused", "needs_reauth", "disconnected")
    ),
    "mailboxes_resting": Family("mailwright_mailboxes_resting", "Active mailboxes that rest since Gmail limited us."),
    "mailbox_read_age_seconds": Family(
        "mailwright_mailbox_read_age_seconds", "Since when the active mailbox was read that was read longest ago."
    ),
    "waiting_mails": Family("mailwright_waiting_mails", "Mails that wait for a person."),
    "unreadable_mails": Family("mailwright_unreadable_mails", "Mails that could not be read and wait for a person."),
    "outcomes": Family(
        "mailwright_outcomes_24h", "What was decided about mail in the last 24 hours.", ("category", "outcome")
    ),
    "outbox_rows": Family(
        "mailwright_outbox_rows", "Replies on their way, and those that a person has to look at.", ("state",),
        ("pending", "drafted", "sending", "uncertain", "needs_person", "failed"),
    ),
    "llm_tokens_in": Family("mailwright_llm_tokens_in_today", "Tokens given to language models since midnight UTC."),
    "llm_tokens_out": Family("mailwright_llm_tokens_out_today", "Tokens made by language models since midnight UTC."),
    "llm_calls": Family("mailwright_llm_calls_today", "Calls of language models since midnight UTC.", ("outcome",)),
    "order_acts": Family(
        "mailwright_order_acts", "What shops were asked to do and have not done.", ("state",),
        ("pending", "sending", "uncertain", "needs_person"),
    ),
    "ticketing_in_trouble": Family("mailwright_ticketing_in_trouble", "Ticketing systems that cannot be worked with."),
    "ticket_words": Family(
        "mailwright_ticket_words", "Texts for tickets that a person has to look at.", ("state",),
        ("needs_person", "refused"),
    ),
}  # fmt: skip

ANSWERS = "mailwright_time_to_answer_seconds"
_ANSWERS_MEANING = "From a mail's arrival to its automatic reply, of the replies of the last 24 hours."
_OF_ANSWERS = frozenset({"answers", "answers_count", "answers_seconds"})


def exposed(figures: Sequence[Figure]) -> bytes:
    """The page, in Prometheus's text format 0.0.4. What this release has no name for is left out."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Collected(figures))
    return generate_latest(registry)


class _Collected(Collector):
    def __init__(self, figures: Sequence[Figure]) -> None:
        self._figures = figures

    def collect(self) -> Iterator[Metric]:
        for name, family in FAMILIES.items():
            yield _gauge(family, [one for one in self._figures if one.name == name])
        yield _answers([one for one in self._figures if one.name in _OF_ANSWERS])


def _gauge(family: Family, figures: Iterable[Figure]) -> Metric:
    metric = GaugeMetricFamily(family.name, family.meaning, labels=family.labels)
    silent: list[tuple[str, ...]] = [(value,) for value in family.always] if family.labels else [()]
    known: dict[tuple[str, ...], float] = dict.fromkeys(silent, 0.0)
    known |= {(one.one, one.two)[: len(family.labels)]: one.value for one in figures}
    for labels, value in known.items():
        metric.add_metric(labels, value)
    return metric


def _answers(figures: Iterable[Figure]) -> Metric:
    """A histogram of the last day: it falls as well as rises, and is asked without `rate`."""
    known = {(one.name, one.one): one.value for one in figures}
    bounds = sorted(int(bound) for name, bound in known if name == "answers")
    buckets = [(str(bound), known["answers", str(bound)]) for bound in bounds]
    every = known.get(("answers_count", ""), 0.0)
    metric = GaugeHistogramMetricFamily(ANSWERS, _ANSWERS_MEANING)
    metric.add_metric([], [*buckets, ("+Inf", every)], known.get(("answers_seconds", ""), 0.0))
    return metric
