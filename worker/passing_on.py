"""A customer's attachments as files for a ticket: taken from the mail when needed, few and small, never empty."""

import re
from collections.abc import Sequence
from uuid import UUID

import structlog

from adapters.mime.attachment import extract
from bootstrap import Services
from domain.errors import Unreadable
from domain.ticket import File
from storage import thread
from storage.ticket_files import Attached

log = structlog.get_logger()

# The contract names no bound: a call may take 30 seconds, and one large mail must not keep a merchant's others waiting.
MOST_FILES = 10
LARGEST = 5 * 1024 * 1024
ALL_TOGETHER = 15 * 1024 * 1024

_TYPE = re.compile(r"[a-z]+/[a-z0-9.+-]{1,80}")
_UNFIT = re.compile(r"[^\w .()+-]+")


def files_of(services: Services, tenant: UUID, attached: Sequence[Attached]) -> tuple[tuple[File, ...], int]:
    """The files, and how many of the mail's stay at the desk: too many, too large, empty or unreadable.

    Each is read in a child process with limits of its own. No transaction is open meanwhile.
    """
    chosen = _within(attached)
    if not chosen:
        return (), len(attached)
    with services.database.transaction(tenant) as db:
        raw = thread.raw_of(db, tenant, chosen[0].message)
    found = [file for one in chosen if raw is not None and (file := _file(raw, one)) is not None]
    return tuple(found), len(attached) - len(found)


def left_behind(count: int) -> str:
    """What is said of those that did not come along, or nothing."""
    if not count:
        return ""
    which = "One attachment of the mail is" if count == 1 else f"{count} attachments of the mail are"
    return f"\n\n{which} not here: see Mailwright."


def _within(attached: Sequence[Attached]) -> list[Attached]:
    """The first that fit, by the sizes that were seen when the mail was read."""
    chosen: list[Attached] = []
    left = ALL_TOGETHER
    for one in attached:
        if len(chosen) < MOST_FILES and 0 < one.size <= min(LARGEST, left):
            chosen.append(one)
            left -= one.size
    return chosen


def _file(raw: bytes, one: Attached) -> File | None:
    try:
        content = extract(raw, one.number)
    except Unreadable:
        log.info("attachment_left_behind", message=one.message, number=one.number)
        return None
    if not 0 < len(content) <= LARGEST:
        return None
    # A stranger chose both: the name becomes plain, the type one that can stand in a header.
    name = " ".join(_UNFIT.sub("_", one.name).split()).strip(" .")[-100:] or f"attachment-{one.number + 1}"
    kind = one.content_type.lower()
    return File(name, kind if _TYPE.fullmatch(kind) else "application/octet-stream", content)
