"""What needs looking at: what happened, what it means for the mail, and what to press."""

from collections.abc import Mapping

from flask import Blueprint, render_template

from storage.due import Kind
from storage.tenants import Tenant
from web.session import Page, allowed, services

pages = Blueprint("alerts", __name__)

# What is late, in words that end "... has waited for 20 min", and where its page is.
WORK: Mapping[Kind, tuple[str, str, str]] = {
    Kind.SYNC: ("Asking Gmail for new mail", "mailboxes.page", "Look at the mailboxes"),
    Kind.FETCH: ("Fetching mail from Gmail", "mailboxes.page", "Look at the mailboxes"),
    Kind.PROCESS: ("Reading and deciding about mail", "queue.every", "Look at the conversations"),
    Kind.DELIVER: ("Sending replies", "mailboxes.page", "Look at the mailboxes"),
    Kind.LABEL: ("Setting labels in Gmail", "mailboxes.page", "Look at the mailboxes"),
    Kind.REVOKE: ("Ending our access to a mailbox at Google", "mailboxes.page", "Look at the mailboxes"),
    Kind.LEARN: ("Learning from what you decided", "learning.page", "Look at what was learned"),
    Kind.INDEX: ("Making your documents searchable", "knowledge.page", "Look at the documents"),
    Kind.INCIDENTS: ("Reading your status page", "workspace.settings", "To the settings"),
    Kind.GAPS: ("Grouping questions that no document answers", "gaps.page", "Look at these questions"),
    Kind.ACT: ("Asking your shop to carry out what was approved", "refunds.page", "Look at the refunds"),
    Kind.TICKET: ("Writing on tickets", "tickets.page", "Look at the tickets"),
    Kind.REMIND: ("Reminding suppliers", "supplier_requests.page", "Look at the open requests"),
    Kind.TRIAL: ("Reading mail that somebody tries", "trying.page", "Try a mail"),
}

# What a customer waits for while it lies; everything else is a matter of the house.
STOPS_MAIL = frozenset({Kind.SYNC, Kind.FETCH, Kind.PROCESS, Kind.DELIVER})


@pages.get("/alerts")
@allowed("manage")
def page() -> Page:
    """The frame around the page has looked already: both show the same."""
    return render_template("alerts/page.html", work=WORK, stops=STOPS_MAIL)


def budget(workspace: Tenant) -> int:
    """The language model's tokens of a day, as the worker counts them: the workspace's own wish, or the server's."""
    wished = workspace.llm.get("tokens_per_day")
    return wished if isinstance(wished, int) else services().settings.llm_tokens_per_day
