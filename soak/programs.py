"""The programs of a run, each started as production starts it, and its settings, which are production's own."""

from dataclasses import replace

from chaos.place import Place
from commands.demo import environment
from evaluation.bench_programs import GUNICORN, LISTENER, worker
from settings import ROOT, Settings
from worker.supervisor import Command

WORKERS = ("io-1", "io-2", "brain")
# What chaos makes shorter, so that more happens in its minutes.
OWN_PACE = ("google_timeout_seconds", "listen_seconds", "poll_seconds")


def unhurried(place: Place) -> Place:
    usual = Settings()
    return replace(place, settings=replace(place.settings, **{name: getattr(usual, name) for name in OWN_PACE}))


def programs(place: Place) -> list[Command]:
    env = environment(place.settings)
    return [
        Command("web", (*GUNICORN, f"127.0.0.1:{place.kept.web_port}", "--log-level", "warning"), env, ROOT),
        Command("listener", LISTENER, env, ROOT),
        *(Command(name, worker(name.partition("-")[0]), env, ROOT) for name in WORKERS),
    ]
