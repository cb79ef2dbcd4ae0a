"""The disk is full where an index is to be kept: answers go on, no half file is used, and it is put right by itself."""

import resource
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from commands.demo import environment
from rag.shelf import HEADER
from settings import ROOT
from storage import documents
from storage.documents import StoredDocument
from storage.due import Kind
from storage.indexing import index_kept
from tests.support.outages import read
from tests.support.waiting import until
from worker.jobs import Waker

# Without bytecode: half of a file of it would lie there for the next program.
BRAIN = ("-B", "-m", "tests.support.indexed_worker", "brain")
# Fewer bytes than the smallest part of an index that holds a vector: whatever is larger breaks off in the middle.
ROOM = 1024
ENDLESS = resource.RLIM_INFINITY
WORDS = "When does my parcel come? A parcel comes within three days."
PARCELS = StoredDocument("en/parcels.md", "v1", WORDS, body=WORDS, title="Parcels", language="en")


@contextmanager
def brain(settings) -> Iterator[subprocess.Popen[bytes]]:
    """The process that answers. It logs nowhere: its log would find no room either."""
    null = subprocess.DEVNULL
    started = subprocess.Popen([sys.executable, *BRAIN], cwd=ROOT, env=environment(settings), stdout=null, stderr=null)
    try:
        yield started
    finally:
        started.kill()
        started.wait()


def stored(folder: Path) -> list[Path]:
    return sorted(folder.glob("*/*"))


def answer(shop, letters, settings) -> None:
    """One more mail, decided by the process, and its reply sent."""
    letters.write("answered")
    shop.fetch()
    waker = Waker(settings.redis_url)
    # A hint may be lost on a busy machine: it is given again.
    until(lambda: waker(Kind.PROCESS) or shop.one("SELECT count(*) FROM message WHERE state = 'fetched'") == 0, 60)
    shop.run(Kind.DELIVER)


def test_a_full_disk_costs_no_answer_and_is_told_until_there_is_room(shop, letters, quick, browser):
    with shop.services.database.transaction(shop.tenant) as db:
        documents.put(db, shop.tenant, PARCELS)
    shop.settle()
    folder = quick.index_folder
    with brain(quick) as process:
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (ROOM, ENDLESS))
        answer(shop, letters, quick)
        letters.check()
        assert stored(folder) == []
        alert = read(browser, "/alerts")
        assert "What your documents are searched with cannot be kept on the server’s disk" in alert
        assert "The disk says: File too large. Questions are answered as ever, from memory. Nothing is lost" in alert
        # There is room again, and the same process tries once more when it is next asked.
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (ENDLESS, ENDLESS))
        until(lambda: answer(shop, letters, quick) or stored(folder), 60)
        letters.check()
    [index] = stored(folder)
    assert (index / HEADER).stat().st_size > 0
    assert "Nothing needs looking at." in read(browser, "/alerts")


def test_since_when_an_index_is_not_kept_stays_while_its_reason_changes(shop, database):
    with database.transaction(shop.tenant) as db:
        documents.put(db, shop.tenant, PARCELS)
        index_kept(db, shop.tenant, "The disk says: No space left on device.")
    since = shop.one("SELECT not_kept_at FROM knowledge")
    with database.transaction(shop.tenant) as db:
        index_kept(db, shop.tenant, "The disk says: Read-only file system.")
    assert shop.rows("SELECT not_kept, not_kept_at FROM knowledge") == [
        ("The disk says: Read-only file system.", since)
    ]
    with database.transaction(shop.tenant) as db:
        index_kept(db, shop.tenant, "")
    assert shop.rows("SELECT not_kept, not_kept_at FROM knowledge") == [("", None)]
