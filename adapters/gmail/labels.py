"""Put labels on messages: idempotent, best effort. The database, not the label, is the truth."""

from collections.abc import Sequence

from googleapiclient.errors import HttpError

from adapters.gmail.client import Connection, said
from adapters.gmail.errors import TRANSPORT_ERRORS, translated
from domain.errors import Gone, TryAgain

MODIFY_AT_MOST = 9  # ten times `modify` (5 units) cost what one `batchModify` costs (50)
RELABEL_AT_MOST = 1000  # Gmail's limit for one batchModify


def ensure_label(connection: Connection, name: str) -> str:
    """The label's id. 1 unit when it exists; 6 when it is created; 7 when another was quicker."""
    found = _find(connection, name)
    if found:
        return found
    body = {"name": name, "labelListVisibility": "labelShow", "messageListVisibility": "show"}
    try:
        return str(said(connection.execute(connection.routes.labels.create(userId="me", body=body, fields="id")), "id"))
    except TRANSPORT_ERRORS as error:
        # Another may have created it, or Gmail has and could not say so: the list tells.
        found = _find(connection, name)
        if not found:
            raise _no_label(error, connection) from error
        return found


def _no_label(error: Exception, connection: Connection) -> Exception:
    if isinstance(error, HttpError) and error.resp.status == 409:
        return TryAgain("Gmail says that the label exists, and does not list it yet.")
    return translated(error, connection.clock())


def _find(connection: Connection, name: str) -> str:
    answer = connection.ask(connection.routes.labels.list(userId="me", fields="labels(id,name)"))
    # Gmail takes names that differ in case alone for the same label.
    wanted = name.casefold()
    return next((label["id"] for label in answer.get("labels", ()) if label["name"].casefold() == wanted), "")


def relabel(connection: Connection, gmail_ids: Sequence[str], add: Sequence[str], remove: Sequence[str]) -> None:
    """5 units for each of a few messages, 50 for up to 1,000. Messages that are gone are passed over."""
    if not add and not remove:
        return
    body = {"addLabelIds": list(add), "removeLabelIds": list(remove)}
    messages = connection.routes.messages
    if len(gmail_ids) > MODIFY_AT_MOST:
        for start in range(0, len(gmail_ids), RELABEL_AT_MOST):
            ids = list(gmail_ids[start : start + RELABEL_AT_MOST])
            connection.tell(messages.batchModify(userId="me", body={"ids": ids, **body}))
        return
    for gmail_id in gmail_ids:
        try:
            connection.ask(messages.modify(userId="me", id=gmail_id, body=body, fields="id"))
        except Gone:
            continue
