"""Index a workspace's documents in this process, or watch a worker do it, with its progress on a terminal."""

import sys
from uuid import UUID

import click

from bootstrap import Services
from storage import document_list, indexing
from worker import index

LOOK_EVERY = 0.5


def index_here(services: Services, tenant: UUID) -> list[str]:
    """Work until everything is searched; returns what was left out, each with its reason.

    Where a worker is at it already, this one waits for its turn, and goes on where that one stops.
    """
    while True:
        with services.database.transaction(tenant) as db:
            settled, far = indexing.is_settled(db, tenant), indexing.progress(db, tenant)
        if far is not None and far.total:
            progress(f"{far.embedded} of {far.total} passages indexed")
        if settled:
            break
        if not index.work(services, tenant):
            services.stopping.wait(LOOK_EVERY)
    progress("")
    with services.database.transaction(tenant) as db:
        listed = document_list.listed(db, tenant)
    return [f"{one.path}: {one.problem}" for one in listed if one.state == "failed"]


def progress(line: str) -> None:
    """Say how far it is, on one line of a terminal, and nowhere else; an empty line takes it away."""
    if sys.stderr.isatty():
        click.echo(f"\r\x1b[K{line}", nl=False, err=True)
