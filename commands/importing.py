"""`flask orders import` and `flask kb import`: bring a tenant's orders and documents in."""

from collections.abc import Callable, Sequence
from pathlib import Path
from uuid import UUID

import click
from flask.cli import AppGroup

from adapters.order_csv import BadRow, GoodRow
from bootstrap import Services
from commands.index_here import index_here, progress
from commands.order_file import read_orders
from commands.settings_of import services_for
from domain.errors import BadInput
from storage import answer_verdicts, checked, documents, tenants
from storage import orders as order_rows
from storage.checked import Shipped
from storage.documents import StoredDocument

orders = AppGroup("orders", help="The shop's orders.")
kb = AppGroup("kb", help="The knowledge base.")

BATCH = 500

LESS_THAN_REFUNDED = (
    "More than this total, or in another currency, was refunded or promised already: the order stays as it was."
)


@orders.command("import", with_appcontext=False)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--tenant", "slug", required=True, help="The workspace's short name.")
def import_orders(file: Path, slug: str) -> None:
    """Add the orders of a CSV FILE; bad rows are named and left out."""
    with services_for("database") as services:
        added, bad = save_orders(services, tenant_of(services, slug), file, said=progress)
    for row in bad:
        click.echo(f"line {row.line}: {row.reason}", err=True)
    click.echo(f"{added} orders imported, {len(bad)} rows left out.")


@kb.command("import", with_appcontext=False)
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--tenant", "slug", required=True, help="The workspace's short name.")
@click.option("--replace", is_flag=True, help="End every document that has no file in FOLDER; its versions are kept.")
@click.option("--wait", is_flag=True, help="Index them here, and return when they are searched.")
def import_documents(folder: Path, slug: str, *, replace: bool, wait: bool) -> None:
    """Add the documents of FOLDER to the workspace's knowledge base, or newer versions of those it has.

    Bad files are named and left out; what stood there of them before stays.
    """
    with services_for("database") as services:
        tenant = tenant_of(services, slug)
        kept, others, problems = save_documents(services, tenant, folder, said=progress, replace=replace)
        for problem in problems:
            click.echo(problem, err=True)
        click.echo(f"{kept} documents imported, {len(problems)} left out.")
        if others:
            click.echo(f"{others} others {'ended' if replace else 'stay as they are: --replace ends them'}.")
        if not wait:
            click.echo("A worker indexes them; until then, answers come from what was indexed before.")
            return
        left_out = index_here(services, tenant)
    for problem in left_out:
        click.echo(problem, err=True)
    click.echo("All of them are searched." if not left_out else f"Searched, but for {len(left_out)}.")


def tenant_of(services: Services, slug: str) -> UUID:
    with services.database.without_tenant() as db:
        found = tenants.by_slug(db, slug)
    if found is None:
        raise BadInput("tenant", f"There is no workspace called {slug!r}.")
    return found


def save_orders(
    services: Services, tenant: UUID, file: Path, said: Callable[[str], None] = lambda _: None
) -> tuple[int, list[BadRow]]:
    """Store every good row; returns their number, and the bad ones. Raises BadInput when it is no such CSV at all."""
    batch: list[GoodRow] = []
    bad: list[BadRow] = []
    refused: list[BadRow] = []
    read = 0
    for row in read_orders(file):
        if isinstance(row, BadRow):
            bad.append(row)
            continue
        batch.append(row)
        read += 1
        if len(batch) == BATCH:
            refused += _save(services, tenant, batch)
            said(f"{read} orders read, up to line {row.line}")
            batch = []
    refused += _save(services, tenant, batch)
    said("")
    return read - len(refused), sorted([*bad, *refused], key=lambda row: row.line)


def save_documents(
    services: Services,
    tenant: UUID,
    folder: Path,
    said: Callable[[str], None] = lambda _: None,
    *,
    replace: bool = False,
) -> tuple[int, int, list[str]]:
    """Store every good document; returns how many, how many the workspace has beside the folder's files, and what is
    wrong with the bad ones. With `replace` those beside are ended.

    Nothing is embedded here: a worker is asked. Raises BadInput where nothing is good and everything would end.
    """
    from rag.documents import Problem, files_in

    good: list[StoredDocument] = []
    problems: list[str] = []
    there: set[str] = set()
    for path, content in files_in(folder):
        there.add(path)
        said(f"{len(good)} documents read")
        if isinstance(content, Problem):
            problems.append(f"{path}: {content.reason}")
            continue
        try:
            good.append(services.read_document(path, content))
        except BadInput as error:
            problems.append(f"{path}: {error.reason}")
    if replace and not good:
        raise BadInput("folder", "No document of it can be read, so none was replaced and nothing was changed.")
    with services.database.transaction(tenant) as db:
        documents.put_all(db, tenant, good)
        others = [one.path for one in documents.current(db, tenant) if one.path not in there]
        for path in others if replace else ():
            documents.remove(db, tenant, path)
    return len(good), len(others), problems


def save_checked_mail(services: Services, tenant: UUID) -> int:
    """Store the demonstration shop's labelled mail and questions in this workspace; a worker learns from them."""
    from rag.checked import checked_questions
    from understanding.shipped import labelled_mails

    mails = [Shipped(one.id, one.text, one.subject, one.language, one.category) for one in labelled_mails()]
    with services.database.transaction(tenant) as db:
        checked.ship(db, tenant, mails)
        answer_verdicts.ship(db, tenant, checked_questions())
    return len(mails)


def _save(services: Services, tenant: UUID, batch: Sequence[GoodRow]) -> list[BadRow]:
    """Store them; returns those that the tables do not take."""
    with services.database.transaction(tenant) as db:
        refused = order_rows.save(db, tenant, [row.order for row in batch])
    return [BadRow(row.line, LESS_THAN_REFUNDED) for row in batch if row.order in refused]
